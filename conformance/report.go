package conformance

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// Report is the outcome of a run.
type Report struct {
	Target string `json:"target"`
	// Counts holds every outcome, and "known" for the failures that the
	// baseline has.
	Counts  map[string]int `json:"counts"`
	Results []Result       `json:"results"`
	// Baseline says what is wrong with the baseline.
	Baseline []string `json:"baselineProblems,omitempty"`
}

// NewReport counts results. The baseline has been applied to them.
func NewReport(target string, results []Result, problems []string) Report {
	r := Report{Target: target, Results: append([]Result{}, results...), Baseline: problems, Counts: map[string]int{"known": 0}}
	for _, outcome := range []Outcome{Pass, Fail, Warn, Skip, Error} {
		r.Counts[string(outcome)] = 0
	}
	for _, result := range results {
		if result.Known {
			r.Counts["known"]++
			continue
		}
		r.Counts[string(result.Outcome)]++
	}
	return r
}

// Broken tells whether a case could not be judged.
func (r Report) Broken() bool { return r.Counts[string(Error)] > 0 }

// Failed tells whether a case failed that is not known to, or the baseline is
// wrong.
func (r Report) Failed() bool { return r.Counts[string(Fail)] > 0 || len(r.Baseline) > 0 }

// WriteText writes a report for people. A case that passed takes one line.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, result := range r.Results {
		label := string(result.Outcome)
		if result.Known {
			label = "known"
		}
		fmt.Fprintf(&b, "%-5s  %s  (%s)\n", label, result.ID, result.Duration.Round(time.Millisecond))
		if result.Outcome == Pass {
			continue
		}
		fmt.Fprintf(&b, "       %s: %s\n", result.Level, result.Title)
		if result.Reason != "" {
			fmt.Fprintf(&b, "       %s\n", result.Reason)
		}
		if result.Outcome == Skip {
			continue
		}
		for _, f := range result.Failures {
			fmt.Fprintf(&b, "       - %s\n", f)
		}
		fmt.Fprintf(&b, "       from: %s\n", result.Ref)
		for _, e := range result.Log {
			writeExchange(&b, e)
		}
	}
	for _, problem := range r.Baseline {
		fmt.Fprintf(&b, "baseline, %s\n", problem)
	}
	cases := "cases"
	if len(r.Results) == 1 {
		cases = "case"
	}
	fmt.Fprintf(&b, "%s: %d %s: %d pass, %d fail, %d warn, %d known, %d skip, %d error\n", r.Target, len(r.Results), cases,
		r.Counts["pass"], r.Counts["fail"], r.Counts["warn"], r.Counts["known"], r.Counts["skip"], r.Counts["error"])
	_, err := io.WriteString(w, b.String())
	return err
}

func writeExchange(b *strings.Builder, e Exchange) {
	fmt.Fprintf(b, "       > %s\n", e.Request)
	if e.Sent != "" {
		fmt.Fprintf(b, "         %s\n", e.Sent)
	}
	if e.Error != "" {
		fmt.Fprintf(b, "       < %s\n", e.Error)
		return
	}
	b.WriteString("       <")
	if e.Status != 0 {
		fmt.Fprintf(b, " %d", e.Status)
	}
	if e.TransactionID != "" {
		fmt.Fprintf(b, " transaction %s", e.TransactionID)
	}
	fmt.Fprintf(b, "\n         %s\n", e.Received)
}

// WriteJSON writes a report for programs.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Seconds float64       `xml:"time,attr"`
	Failure *junitMessage `xml:"failure"`
	Error   *junitMessage `xml:"error"`
	Skipped *junitMessage `xml:"skipped"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes a report for build servers. JUnit has neither warnings nor
// known failures: they pass, with their text as output.
func (r Report) WriteJUnit(w io.Writer) error {
	suite := junitSuite{Name: r.Target, Tests: len(r.Results)}
	for _, result := range r.Results {
		area, _, _ := strings.Cut(result.ID, "/")
		c := junitCase{Class: area, Name: result.ID, Seconds: result.Duration.Seconds()}
		lines := make([]string, 0, len(result.Failures)+1)
		for _, f := range result.Failures {
			lines = append(lines, f.String())
		}
		message := &junitMessage{result.Title, strings.Join(append(lines, result.Ref), "\n")}
		switch {
		case result.Outcome == Skip:
			suite.Skipped++
			c.Skipped = &junitMessage{Message: result.Reason}
		case result.Outcome == Error:
			suite.Errors++
			c.Error = &junitMessage{result.Reason, message.Text}
		case result.Outcome == Fail && !result.Known:
			suite.Failures++
			c.Failure = message
		case result.Outcome != Pass:
			c.Output = fmt.Sprintf("%s: %s", result.Outcome, message.Text)
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, problem := range r.Baseline {
		suite.Tests++
		suite.Failures++
		suite.Cases = append(suite.Cases, junitCase{Class: "baseline", Name: problem, Failure: &junitMessage{Message: problem}})
	}
	data, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	return err
}

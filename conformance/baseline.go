package conformance

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Baseline is what a target is known to fail: addresses of cases, each with a
// reason. The zero value knows of nothing.
type Baseline struct {
	entries []baselineEntry
}

type baselineEntry struct {
	line       int
	id, reason string
}

// ReadBaseline reads one entry per line: an address, then # and the reason.
// Blank lines, and lines that begin with #, are skipped.
func ReadBaseline(r io.Reader) (Baseline, error) {
	var b Baseline
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		id, reason, _ := strings.Cut(text, "#")
		id, reason = strings.TrimSpace(id), strings.TrimSpace(reason)
		switch {
		case !address.MatchString(id):
			return Baseline{}, fmt.Errorf("baseline, line %d: %q is not the address of a case", n, id)
		case reason == "":
			return Baseline{}, fmt.Errorf("baseline, line %d: %s has no reason; write it after a #", n, id)
		case b.has(id):
			return Baseline{}, fmt.Errorf("baseline, line %d: %s stands there twice", n, id)
		}
		b.entries = append(b.entries, baselineEntry{n, id, reason})
	}
	if err := lines.Err(); err != nil {
		return Baseline{}, fmt.Errorf("baseline: %w", err)
	}
	return b, nil
}

func (b Baseline) has(id string) bool {
	return slices.ContainsFunc(b.entries, func(e baselineEntry) bool { return e.id == id })
}

// Apply marks the failures that are known. It returns what is wrong with the
// baseline: entries that name none of all cases, and entries of cases that
// passed. Entries of cases that were not run, were skipped, or could not be
// judged, are left alone.
func (b Baseline) Apply(all []Case, results []Result) []string {
	var problems []string
	for _, e := range b.entries {
		if !slices.ContainsFunc(all, func(c Case) bool { return c.ID == e.id }) {
			problems = append(problems, fmt.Sprintf("line %d: there is no case %s", e.line, e.id))
			continue
		}
		i := slices.IndexFunc(results, func(r Result) bool { return r.ID == e.id })
		if i < 0 {
			continue
		}
		switch results[i].Outcome {
		case Pass:
			problems = append(problems, fmt.Sprintf("line %d: %s passes, so it is no known failure any more", e.line, e.id))
		case Fail, Warn:
			results[i].Known, results[i].Reason = true, e.reason
		}
	}
	return problems
}

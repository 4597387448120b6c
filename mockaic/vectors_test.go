package mockaic_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

// vector is a conversation with the CREST reference implementation.
type vector struct {
	ID     string           `json:"id"`
	Class  string           `json:"class"`
	Exotic bool             `json:"exotic"`
	Server string           `json:"server"`
	Seed   []map[string]any `json:"seed"`
	Steps  []struct {
		Request struct {
			Method  string            `json:"method"`
			Path    string            `json:"path"`
			Query   string            `json:"query"`
			Headers map[string]string `json:"headers"`
			Body    json.RawMessage   `json:"body"`
			Raw     *string           `json:"raw"`
		} `json:"request"`
		Response vectorResponse `json:"response"`
	} `json:"steps"`
}

type vectorResponse struct {
	Status       int            `json:"status"`
	Headers      map[string]any `json:"headers"`
	Body         any            `json:"body"`
	Text         *string        `json:"text"`
	MessageScope string         `json:"messageScope"`
}

// exceptions are the vectors that a tenant is known, or has, to answer otherwise.
var exceptions = []struct {
	reason  string
	applies func(v vector, step int) bool
}{
	{"managed objects have one resource version only", func(v vector, _ int) bool { return v.Server != "" }},
	{"HTTP cannot carry an empty method, nor CONNECT with a path", func(v vector, i int) bool {
		method := v.Steps[i].Request.Method
		return method == "" || method == "CONNECT"
	}},
	{"HTTP trims blanks around a header's value", func(v vector, i int) bool {
		version := v.Steps[i].Request.Headers["Accept-API-Version"]
		return version != strings.TrimSpace(version)
	}},
	{"IDM has no action clear, and refuses unknown ones with 400", func(v vector, _ int) bool {
		request, status := v.Steps[0].Request, v.Steps[0].Response.Status
		return request.Method == "POST" && (status == 200 || status == 501) && strings.Contains(request.Query, "_action=") &&
			!strings.Contains(strings.ToLower(request.Query)+"&", "_action=create&")
	}},
	{"IDM takes the _id of a body as the new ID", func(v vector, i int) bool {
		return v.Class == "create" && bytes.Contains(v.Steps[0].Request.Body, []byte(`"_id":"mine"`))
	}},
	{"IDM's patch engine answers 500 where the generic one answers 409", func(v vector, i int) bool {
		return v.Steps[i].Response.Status == http.StatusConflict && v.Class != "date-conditions"
	}},
	{"a number beyond double precision is kept as it was sent, not turned into a string", func(v vector, _ int) bool {
		body := v.Steps[0].Request.Raw
		return body != nil && strings.Contains(*body, "1e400")
	}},
	{"a newer protocol counts: _countOnly is known", func(v vector, _ int) bool {
		return strings.Contains(v.Steps[0].Request.Query, "_countOnly")
	}},
	{"IDM does not write, nor give a new revision, when a patch changes nothing", func(v vector, i int) bool {
		return v.Class == "body-patch" && v.Steps[i].Request.Method == "PATCH" && v.Steps[i].Response.Status == http.StatusOK &&
			reflect.DeepEqual(withoutRevision(v.Steps[i].Response.Body), withoutRevision(v.Seed[0]))
	}},
	{"IDM knows _fields=* as all fields", func(v vector, i int) bool {
		query := v.Steps[i].Request.Query
		return strings.Contains(query, "_fields=*") || strings.Contains(query, "_fields=%2A")
	}},
}

func TestReferenceConversations(t *testing.T) {
	mock := mockaic.Start(t, mockaic.Seed("testdata/reference"), mockaic.DevToken("dev"))
	used := map[string]bool{}
	for _, file := range []string{"crest-http.jsonl", "crest-mvcc.jsonl"} {
		classes := map[string][]vector{}
		for _, v := range readVectors(t, file) {
			if !v.Exotic {
				classes[v.Class] = append(classes[v.Class], v)
			}
		}
		for class, vectors := range classes {
			t.Run(strings.TrimSuffix(file, ".jsonl")+"/"+class, func(t *testing.T) {
				held := 0
				for _, v := range vectors {
					held += playVector(t, mock, v, used)
				}
				t.Logf("%d answers agree", held)
			})
		}
	}
	for _, e := range exceptions {
		if !used[e.reason] {
			t.Errorf("no vector needs the exception %q any more", e.reason)
		}
	}
}

func exception(v vector, step int) string {
	for _, e := range exceptions {
		if e.applies(v, step) {
			return e.reason
		}
	}
	return ""
}

func readVectors(t *testing.T, name string) []vector {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var vectors []vector
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		vectors = append(vectors, v)
	}
	return vectors
}

// playVector resets the collection, has the conversation, and returns how many
// answers agreed.
func playVector(t *testing.T, mock *mockaic.Tenant, v vector, used map[string]bool) int {
	t.Helper()
	var page struct{ Result []map[string]any }
	answer := call(t, mock, "GET", "/openidm/managed/user?_queryFilter=true&_fields=_id", nil, "")
	if err := json.Unmarshal(answer.body, &page); err != nil {
		t.Fatal(err)
	}
	for _, object := range page.Result {
		call(t, mock, "DELETE", "/openidm/managed/user/"+url.PathEscape(object["_id"].(string)), nil, "")
	}
	for _, object := range v.Seed {
		body, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		call(t, mock, "PUT", "/openidm/managed/user/"+object["_id"].(string), jsonHeader, string(body))
	}
	held := 0
	for i, step := range v.Steps {
		q := step.Request
		body := string(q.Body)
		if q.Raw != nil {
			body = *q.Raw
		}
		if reason := exception(v, i); reason != "" {
			used[reason] = true
			// What follows in the conversation rests on an answer that differs.
			return held
		}
		target := q.Path
		if q.Query != "" {
			target += "?" + q.Query
		}
		got := call(t, mock, q.Method, target, q.Headers, body)
		if problem := compare(q.Method, got, step.Response); problem != "" {
			t.Errorf("%s step %d: %s %s %v %.120s: %s", v.ID, i, q.Method, target, q.Headers, body, problem)
			return held
		}
		held++
	}
	return held
}

func withoutRevision(body any) map[string]any {
	object, _ := body.(map[string]any)
	object = maps.Clone(object)
	delete(object, "_rev")
	return object
}

var jsonHeader = map[string]string{"Content-Type": "application/json"}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// call sends a request as the developer.
func call(t *testing.T, mock *mockaic.Tenant, method, target string, headers map[string]string, body string) answer {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, mock.URL+target, reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	if request.Header.Get("Authorization") == "" {
		request.Header.Set("Authorization", "Bearer dev")
	}
	response, err := mock.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, text}
}

var randomID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f-]{27}$`)

// compare tells what is different, by what the reference's answers mean: the
// order of members and the backend's own messages are free, headers follow the
// recordings of tenants.
func compare(method string, got answer, want vectorResponse) string {
	if got.status != want.Status {
		return "status " + http.StatusText(got.status) + ", want " + http.StatusText(want.Status) + ": " + string(got.body)
	}
	if tag, _ := want.Headers["ETag"].(string); tag != got.header.Get("ETag") && !(got.status == 201) {
		return "ETag " + got.header.Get("ETag") + ", want " + tag
	}
	if _, located := want.Headers["Location"]; located != (got.header.Get("Location") != "") {
		return "Location " + got.header.Get("Location")
	}
	if method == "HEAD" || got.status == http.StatusNotModified {
		return "" // has no body in HTTP
	}
	body := want.Body
	if want.Text != nil {
		if err := json.Unmarshal([]byte(*want.Text), &body); err != nil {
			if *want.Text != string(got.body) {
				return "text " + string(got.body)
			}
			return ""
		}
		if strings.Contains(*want.Text, "\n") != bytes.Contains(got.body, []byte("\n")) {
			return "layout: " + string(got.body)
		}
	}
	var have any
	if len(got.body) > 0 {
		if err := json.Unmarshal(got.body, &have); err != nil {
			return "not JSON: " + string(got.body)
		}
	}
	if problem, ok := body.(map[string]any); ok && problem["code"] != nil {
		delete(problem, "detail")
		if mine, ok := have.(map[string]any); ok {
			delete(mine, "detail")
			if want.MessageScope != "protocol" {
				delete(mine, "message")
				delete(problem, "message")
			}
		}
	}
	if object, ok := have.(map[string]any); ok && got.status == http.StatusCreated {
		if id, _ := object["_id"].(string); randomID.MatchString(id) {
			object["_id"] = body.(map[string]any)["_id"]
		}
	}
	sortResult(have)
	sortResult(body)
	if !reflect.DeepEqual(have, body) {
		return "body " + string(got.body)
	}
	return ""
}

// sortResult orders the result of a query without sort keys.
func sortResult(body any) {
	page, _ := body.(map[string]any)
	result, _ := page["result"].([]any)
	for i := range result {
		for j := i; j > 0; j-- {
			a, _ := json.Marshal(result[j-1])
			b, _ := json.Marshal(result[j])
			if string(a) > string(b) {
				result[j-1], result[j] = result[j], result[j-1]
			}
		}
	}
}

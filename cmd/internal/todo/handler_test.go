package todo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"aicmcp/cmd/internal/todo"
)

// verify knows the tokens of the tests.
func verify(_ context.Context, token string) (todo.Caller, error) {
	both := []string{todo.ScopeRead, todo.ScopeWrite}
	switch token {
	case "ann":
		return todo.Caller{Subject: "ann", Scopes: both}, nil
	case "ben":
		return todo.Caller{Subject: "ben", Scopes: both}, nil
	case "reader":
		return todo.Caller{Subject: "ann", Scopes: both[:1]}, nil
	case "writer":
		return todo.Caller{Subject: "ann", Scopes: both[1:]}, nil
	case "nobody":
		return todo.Caller{Scopes: both}, nil
	case "outage":
		return todo.Caller{}, errors.New("the issuer is away")
	}
	return todo.Caller{}, fmt.Errorf("%w: it has expired", todo.ErrRefused)
}

type api struct {
	*testing.T
	url string
	log *syncBuffer
	now time.Time // moves on by a second at each look
	mu  sync.Mutex
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{T: t, log: &syncBuffer{}, now: time.Date(2026, 11, 22, 8, 0, 0, 123456789, time.UTC)}
	server := httptest.NewServer(todo.NewHandler(todo.Options{
		Store:  open(t, filepath.Join(t.TempDir(), "todo.db")),
		Verify: verify, Now: a.tick, Logger: slog.New(slog.NewTextHandler(a.log, nil)),
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *api) tick() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(time.Second)
	return a.now
}

type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// send sends a request with these headers; a body is JSON unless they say otherwise.
func (a *api) send(method, path, body string, headers ...string) reply {
	a.Helper()
	request, err := http.NewRequestWithContext(a.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Content-Type" {
			request.Header.Del(name)
		}
		request.Header.Add(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		a.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		a.Fatal(err)
	}
	got := reply{response.StatusCode, response.Header, string(text), nil}
	if got.status == http.StatusNoContent || method == "HEAD" {
		return got
	}
	if err := json.Unmarshal(text, &got.body); err != nil || got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
		a.Errorf("%s %s: %v: %v %q", method, path, err, got.header, text)
	}
	if got.status >= 400 && (got.body["error"] == "" || got.body["message"] == "" || len(got.body) != 2) {
		a.Errorf("%s %s: %q", method, path, text)
	}
	return got
}

func (a *api) as(token, method, path, body string) reply {
	a.Helper()
	return a.send(method, path, body, "Authorization: Bearer "+token)
}

// add returns the path of a new todo.
func (a *api) add(token, text string) string {
	a.Helper()
	got := a.as(token, "POST", "/api/todos", fmt.Sprintf(`{"text":%q}`, text))
	if got.status != http.StatusCreated {
		a.Fatalf("%d %s", got.status, got.text)
	}
	return got.header.Get("Location")
}

// texts is the user's list; completed ones have a mark.
func (a *api) texts(token string) string {
	a.Helper()
	got := a.as(token, "GET", "/api/todos", "")
	list, ok := got.body["todos"].([]any)
	if !ok || got.status != http.StatusOK {
		a.Fatalf("%d %s", got.status, got.text)
	}
	var texts []string
	for _, entry := range list {
		text := entry.(map[string]any)["text"].(string)
		if entry.(map[string]any)["completed"].(bool) {
			text = "✓" + text
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func TestTodoIsMadeChangedAndDeleted(t *testing.T) {
	a := newAPI(t)
	if got := a.as("ann", "GET", "/api/todos", ""); got.text != `{"todos":[]}`+"\n" {
		t.Errorf("at first: %q", got.text)
	}
	made := a.as("ann", "POST", "/api/todos", `{"text":"<buy> milk & 🥚"}`)
	path := made.header.Get("Location")
	if made.status != http.StatusCreated || path != fmt.Sprintf("/api/todos/%s", made.body["id"]) ||
		made.body["text"] != "<buy> milk & 🥚" || made.body["completed"] != false || made.body["created"] != "2026-11-22T08:00:04.123Z" || len(made.body) != 4 {
		t.Errorf("%d %s %s", made.status, path, made.text)
	}
	if !strings.Contains(made.text, "<buy> milk &") {
		t.Errorf("escaped: %s", made.text)
	}
	want := made.body
	want["completed"] = true
	if got := a.as("ann", "PATCH", path, `{"completed":true}`); got.status != http.StatusOK || !reflect.DeepEqual(got.body, want) {
		t.Errorf("%d %s", got.status, got.text)
	}
	want["completed"], want["text"] = false, "buy bread"
	if got := a.as("ann", "PATCH", path, `{"completed":false,"text":"buy bread"}`); got.status != http.StatusOK || !reflect.DeepEqual(got.body, want) {
		t.Errorf("%d %s", got.status, got.text)
	}
	if got := a.as("ann", "GET", "/api/todos", ""); !reflect.DeepEqual(got.body, map[string]any{"todos": []any{want}}) {
		t.Errorf("%s", got.text)
	}
	if got := a.as("ann", "DELETE", path, ""); got.status != http.StatusNoContent || got.text != "" {
		t.Errorf("%d %q", got.status, got.text)
	}
	for _, method := range []string{"DELETE", "PATCH"} {
		if got := a.as("ann", method, path, `{"completed":true}`); got.status != http.StatusNotFound || got.body["error"] != "not_found" {
			t.Errorf("%s of what is gone: %d %s", method, got.status, got.text)
		}
	}
	if got := a.texts("ann"); got != "" {
		t.Errorf("left: %s", got)
	}
}

func TestOpenTodosComeFirstThenTheOlder(t *testing.T) {
	a := newAPI(t)
	var paths []string
	for _, text := range []string{"a", "b", "c", "d"} {
		paths = append(paths, a.add("ann", text))
	}
	for _, path := range []string{paths[2], paths[0]} {
		a.as("ann", "PATCH", path, `{"completed":true}`)
	}
	if got := a.texts("ann"); got != "b, d, ✓a, ✓c" {
		t.Error(got)
	}
	a.as("ann", "PATCH", paths[0], `{"completed":false}`)
	if got := a.texts("ann"); got != "a, b, d, ✓c" {
		t.Error(got)
	}
	a.mu.Lock()
	a.now = a.now.Add(-time.Hour)
	a.mu.Unlock()
	a.add("ann", "early")
	if got := a.texts("ann"); got != "early, a, b, d, ✓c" {
		t.Error(got)
	}
}

func TestUsersReachTheirOwnTodosOnly(t *testing.T) {
	a := newAPI(t)
	path := a.add("ann", "secret of ann")
	if got := a.texts("ben"); got != "" {
		t.Errorf("ben sees %s", got)
	}
	a.add("ben", "x")
	for _, method := range []string{"PATCH", "DELETE"} {
		got := a.as("ben", method, path, `{"completed":true}`)
		unknown := a.as("ben", method, "/api/todos/0198c0de-0000-7000-8000-000000000000", `{"completed":true}`)
		if got.status != http.StatusNotFound || got.text != unknown.text {
			t.Errorf("%s: %d %s, of an unknown one %s", method, got.status, got.text, unknown.text)
		}
	}
	if got := a.texts("ann"); got != "secret of ann" {
		t.Errorf("ann has %s", got)
	}
}

// TestUsersWriteAtOnce lets users work side by side; each ends up with the own list.
func TestUsersWriteAtOnce(t *testing.T) {
	a := newAPI(t)
	var group sync.WaitGroup
	for _, user := range []string{"ann", "ben"} {
		for range 4 {
			group.Go(func() {
				for range 5 {
					kept, gone := a.add(user, "of "+user), a.add(user, "gone")
					a.as(user, "PATCH", kept, `{"completed":true}`)
					a.as(user, "DELETE", gone, "")
					a.texts(user)
				}
			})
		}
	}
	group.Wait()
	for _, user := range []string{"ann", "ben"} {
		if got, want := a.texts(user), strings.TrimSuffix(strings.Repeat("✓of "+user+", ", 20), ", "); got != want {
			t.Errorf("%s has %s", user, got)
		}
	}
}

func TestTokens(t *testing.T) {
	a := newAPI(t)
	path := a.add("ann", "x")
	const read, write = `Bearer error="insufficient_scope", scope="todo_api:read"`, `Bearer error="insufficient_scope", scope="todo_api:write"`
	for _, c := range []struct {
		method        string
		authorization []string
		status        int
		code          string
		challenge     string
	}{
		{"GET", nil, 401, "unauthorized", "Bearer"},
		{"GET", []string{"Basic YW5uOmFubg=="}, 401, "unauthorized", "Bearer"},
		{"GET", []string{"ann"}, 401, "unauthorized", "Bearer"},
		{"GET", []string{"Bearer"}, 401, "invalid_token", `Bearer error="invalid_token"`},
		{"GET", []string{"Bearer ann ann"}, 401, "invalid_token", `Bearer error="invalid_token"`},
		{"GET", []string{"Bearer ann,"}, 401, "invalid_token", `Bearer error="invalid_token"`},
		{"GET", []string{"Bearerann"}, 401, "invalid_token", `Bearer error="invalid_token"`},
		{"GET", []string{"Bearer ann", "Bearer ann"}, 400, "invalid_request", `Bearer error="invalid_request"`},
		{"GET", []string{"Bearer old"}, 401, "invalid_token", `Bearer error="invalid_token"`},
		{"GET", []string{"Bearer nobody"}, 401, "invalid_token", `Bearer error="invalid_token"`},
		{"GET", []string{"Bearer outage"}, 503, "temporarily_unavailable", ""},
		{"GET", []string{"Bearer writer"}, 403, "insufficient_scope", read},
		{"POST", []string{"Bearer reader"}, 403, "insufficient_scope", write},
		{"PATCH", []string{"Bearer reader"}, 403, "insufficient_scope", write},
		{"DELETE", []string{"Bearer reader"}, 403, "insufficient_scope", write},
		{"GET", []string{"bearer reader"}, 200, "", ""},
		{"HEAD", []string{"BEARER  reader"}, 200, "", ""},
		{"HEAD", []string{"Bearer old"}, 401, "", `Bearer error="invalid_token"`},
		{"PATCH", []string{"Bearer writer"}, 200, "", ""},
	} {
		at, body := "/api/todos", `{"text":"x"}`
		if c.method == "PATCH" || c.method == "DELETE" {
			at = path
		}
		var headers []string
		for _, value := range c.authorization {
			headers = append(headers, "Authorization: "+value)
		}
		got := a.send(c.method, at, body, headers...)
		code, _ := got.body["error"].(string)
		if got.status != c.status || code != c.code || strings.Join(got.header.Values("WWW-Authenticate"), "|") != c.challenge {
			t.Errorf("%s with %q: %d %s %v", c.method, c.authorization, got.status, got.text, got.header)
		}
	}
	if got := a.send("GET", "/api/todos?access_token=ann", ""); got.status != 401 {
		t.Errorf("a token in the query: %d", got.status)
	}
	if got := a.texts("ann"); got != "x" {
		t.Errorf("ann has %s", got)
	}
}

func TestBodies(t *testing.T) {
	a := newAPI(t)
	path := a.add("ann", "x")
	longest := strings.Repeat("ä", todo.MaxText)
	for _, c := range []struct {
		method, body string
		status       int
		message      string
	}{
		{"POST", ``, 415, "must be JSON"},
		{"POST", ` `, 400, "not valid JSON"},
		{"POST", `{"text":"x"`, 400, "not valid JSON"},
		{"POST", `{"text":"x"} {}`, 400, "not valid JSON"},
		{"POST", `{"text":"x"}x`, 400, "not valid JSON"},
		{"POST", `[]`, 400, "must be a JSON object"},
		{"POST", `"x"`, 400, "must be a JSON object"},
		{"POST", `null`, 400, "must be a JSON object"},
		{"POST", `{}`, 400, `"text" is missing`},
		{"POST", `{"Text":"x"}`, 400, `"Text" is unknown; known are: text`},
		{"POST", `{"text":"x","completed":true}`, 400, `"completed" is unknown`},
		{"POST", `{"text":null}`, 400, `"text" must be a string`},
		{"POST", `{"text":5}`, 400, `"text" must be a string`},
		{"POST", `{"text":""}`, 400, "must not be blank"},
		{"POST", `{"text":" \u00a0\t"}`, 400, "must not be blank"},
		{"POST", `{"text":"a\nb"}`, 400, "control characters"},
		{"POST", `{"text":"a\u0000b"}`, 400, "control characters"},
		{"POST", `{"text":"a\u009bb"}`, 400, "control characters"},
		{"POST", "{\"text\":\"a\xffb\"}", 400, "valid UTF-8"},
		{"POST", `{"text":"a\ud800b"}`, 400, "valid UTF-8"},
		{"POST", `{"text":"` + longest + `ä"}`, 400, "at most 1000 characters, not 1001"},
		{"POST", `{"text":"` + strings.Repeat(`\ud83e\udd5a`, todo.MaxText) + `"}`, 201, ""},
		{"POST", `{"text":"x"` + strings.Repeat(" ", 16<<10) + `}`, 413, "must not exceed 16384 bytes"},
		{"PATCH", ``, 415, "must be JSON"},
		{"PATCH", `{}`, 400, "nothing to change"},
		{"PATCH", `{"id":"x"}`, 400, `"id" is unknown; known are: completed, text`},
		{"PATCH", `{"completed":"true"}`, 400, `"completed" must be a bool`},
		{"PATCH", `{"completed":null}`, 400, `"completed" must be a bool`},
		{"PATCH", `{"text":true}`, 400, `"text" must be a string`},
		{"PATCH", `{"completed":true,"text":" "}`, 400, "must not be blank"},
		{"PATCH", `{"text":"` + longest + `"}`, 200, ""},
	} {
		at := map[string]string{"POST": "/api/todos", "PATCH": path}[c.method]
		got := a.as("ann", c.method, at, c.body)
		message, _ := got.body["message"].(string)
		if got.status != c.status || !strings.Contains(message, c.message) {
			t.Errorf("%s %.60q: %d %.200s", c.method, c.body, got.status, got.text)
		}
	}
	for kind, status := range map[string]int{
		"application/json; charset=UTF-8": 201, "Application/JSON": 201,
		"application/json; charset=latin1": 415, "text/plain": 415, "application/jsonp": 415, "application/json;;": 415,
		"application/x-www-form-urlencoded": 415,
	} {
		if got := a.send("POST", "/api/todos", `{"text":"x"}`, "Authorization: Bearer ann", "Content-Type: "+kind); got.status != status {
			t.Errorf("%s: %d %s", kind, got.status, got.text)
		}
	}
	if list := a.as("ann", "GET", "/api/todos", "").body["todos"].([]any); len(list) != 4 || list[0].(map[string]any)["text"] != longest || list[0].(map[string]any)["completed"] != false {
		t.Errorf("%d todos: %.100s", len(list), list)
	}
}

func TestFullListIsAConflict(t *testing.T) {
	a := newAPI(t)
	for range todo.MaxTodos {
		a.add("ann", "x")
	}
	if got := a.as("ann", "POST", "/api/todos", `{"text":"x"}`); got.status != http.StatusConflict || got.body["error"] != "list_full" || !strings.Contains(got.text, "500") {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	a := newAPI(t)
	for request, allow := range map[string]string{
		"PUT /api/todos": "GET, HEAD, POST", "DELETE /api/todos": "GET, HEAD, POST", "OPTIONS /api/todos": "GET, HEAD, POST",
		"GET /api/todos/x": "DELETE, PATCH", "POST /api/todos/x": "DELETE, PATCH", "POST /healthz": "GET, HEAD",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := a.as("ann", method, path, ""); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != allow || got.body["error"] != "method_not_allowed" {
			t.Errorf("%s: %d %v %s", request, got.status, got.header, got.text)
		}
	}
	for _, path := range []string{"/", "/api", "/api/todos/", "/api/todos/x/y", "/api/Todos"} {
		if got := a.as("ann", "GET", path, ""); got.status != http.StatusNotFound || got.body["error"] != "not_found" {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
	for _, id := range []string{"x", "%00", "%2F", "..%2F..", strings.Repeat("x", 5000), "users"} {
		if got := a.as("ann", "DELETE", "/api/todos/"+id, ""); got.status != http.StatusNotFound {
			t.Errorf("%.20s: %d %s", id, got.status, got.text)
		}
	}
}

func TestHealth(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "todo.db"))
	server := httptest.NewServer(todo.NewHandler(todo.Options{Store: store, Verify: verify}))
	defer server.Close()
	a := &api{T: t, url: server.URL}
	if got := a.send("GET", "/healthz", ""); got.status != http.StatusOK || got.body["status"] != "ok" {
		t.Errorf("%d %s", got.status, got.text)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := a.send("GET", "/healthz", ""); got.status != http.StatusInternalServerError || strings.Contains(got.text, "database") {
		t.Errorf("without the database: %d %s", got.status, got.text)
	}
	for _, method := range []string{"GET", "POST"} {
		if got := a.as("ann", method, "/api/todos", `{"text":"x"}`); got.status != http.StatusInternalServerError || got.body["error"] != "server_error" {
			t.Errorf("%s without the database: %d %s", method, got.status, got.text)
		}
	}
}

func TestLogHoldsNoTokenAndNoText(t *testing.T) {
	a := newAPI(t)
	path := a.add("ann", "private")
	a.as("ann", "PATCH", path, `{"text":"private again"}`)
	a.as("sensitive", "GET", "/api/todos", "")
	a.as("sensitive,", "GET", "/api/todos", "")
	a.as("outage", "GET", "/api/todos", "")
	a.as("ann", "POST", "/api/todos", `{"private":"private"}`)
	a.as("ann", "GET", "/private?access_token=sensitive", "")
	log := a.log.String()
	for _, word := range []string{"private", "sensitive", "Bearer", path} {
		if strings.Contains(log, word) {
			t.Errorf("%q is in the log:\n%s", word, log)
		}
	}
	for _, words := range []string{`route="POST /api/todos" status=201`, "it has expired", "level=ERROR", "the issuer is away"} {
		if !strings.Contains(log, words) {
			t.Errorf("%q is missing from the log:\n%s", words, log)
		}
	}
}

type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

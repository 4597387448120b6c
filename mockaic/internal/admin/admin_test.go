package admin_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
)

// api is the admin API of a tenant, over HTTP.
type api struct {
	t      *testing.T
	tenant *mockaic.Tenant
	url    string
}

func start(t *testing.T, options ...mockaic.Option) *api {
	t.Helper()
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	options = append([]mockaic.Option{
		mockaic.Seed("empty"), mockaic.DevToken("dev"), mockaic.Clock(func() time.Time { return at }),
	}, options...)
	tenant := mockaic.Start(t, options...)
	server := httptest.NewServer(tenant.Admin())
	t.Cleanup(server.Close)
	return &api{t, tenant, server.URL}
}

func do(t *testing.T, method, address string, header map[string]string, body io.Reader) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		if name == "Host" {
			request.Host = value
		}
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// call demands a status and returns the body.
func (a *api) call(method, path string, status int, body string) string {
	a.t.Helper()
	response, text := do(a.t, method, a.url+path, nil, strings.NewReader(body))
	if response.StatusCode != status {
		a.t.Errorf("%s %s: %s %.500s", method, path, response.Status, text)
	}
	return text
}

// user makes a user of the tenant.
func (a *api) user(name string) {
	a.t.Helper()
	response, text := do(a.t, "POST", a.tenant.URL+"/openidm/managed/alpha_user?_action=create",
		map[string]string{"Authorization": "Bearer dev", "Content-Type": "application/json", "X-ForgeRock-TransactionId": "for-" + name},
		strings.NewReader(`{"userName":"`+name+`","givenName":"G","sn":"S","mail":"`+name+`@example.com"}`))
	if response.StatusCode != http.StatusCreated {
		a.t.Fatalf("%s %s", response.Status, text)
	}
}

// archive is a tar archive of files, by name.
func archive(t *testing.T, files map[string]string, more ...tar.Header) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, header := range more {
		header.Size = int64(len(files[header.Name]))
		if header.Typeflag != tar.TypeReg {
			header.Size = 0
		}
		if err := w.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// unpacked are the files of an archive.
func unpacked(t *testing.T, text string) map[string]string {
	t.Helper()
	files := map[string]string{}
	r := tar.NewReader(strings.NewReader(text))
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeReg {
			files[header.Name] = string(content)
		}
	}
}

func TestASeedTravels(t *testing.T) {
	from, to := start(t), start(t)
	from.user("ann")
	sent := from.call("GET", "/seed", 200, "")
	to.call("PUT", "/seed", 204, sent)
	got, want := unpacked(t, to.call("GET", "/seed", 200, "")), unpacked(t, sent)
	if !maps.Equal(got, want) || !strings.Contains(want["managed/alpha_user.json"], `"userName": "ann"`) {
		t.Errorf("%d files became %d", len(want), len(got))
	}
}

// What is sent in the form that `tar -c .` gives it, with files beside the seed.
func TestASeedInAFolder(t *testing.T) {
	a := start(t)
	files := map[string]string{"./README.md": "read", "./._x": "junk", "./.git/config": "junk", "./config/a/b.json": `{"n":1.50}`}
	a.call("PUT", "/seed", 204, archive(t, files, tar.Header{Name: "./", Typeflag: tar.TypeDir}, tar.Header{Name: "./config/", Typeflag: tar.TypeDir}))
	if got := unpacked(t, a.call("GET", "/seed", 200, "")); !strings.Contains(got["config/a/b.json"], `"n": 1.50`) || got["config/access.json"] == "" {
		t.Errorf("%v", slices.Sorted(maps.Keys(got)))
	}
}

func TestBrokenSeedsLeaveTheTenantAsItWas(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	a := start(t)
	a.user("ann")
	before := unpacked(t, a.call("GET", "/seed", 200, ""))
	whole := archive(t, map[string]string{"config/a.json": strings.Repeat(" ", 4096) + "{}"})
	for want, body := range map[string]string{
		"holds no file":                 "",
		"not a whole tar archive":       "{}" + strings.Repeat("x", 1024),
		"archive: unexpected EOF":       whole[:1024],
		"not a name below":              archive(t, map[string]string{"../config/a.json": "{}"}),
		`\"/config/a.json\"`:            archive(t, map[string]string{"/config/a.json": "{}"}),
		`\"config/../../a.json\"`:       archive(t, map[string]string{"config/../../a.json": "{}"}),
		"neither a file nor":            archive(t, nil, tar.Header{Name: "config/a.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}),
		"neither a file nor a dir":      archive(t, nil, tar.Header{Name: "config/a.json", Typeflag: tar.TypeLink, Linkname: "config/b.json"}),
		"not part of a seed":            archive(t, map[string]string{"users.json": "[]"}),
		"config/a.txt is not part":      archive(t, map[string]string{"config/a.txt": "[]"}),
		"cannot be made":                archive(t, map[string]string{"config/a.json": ""}, tar.Header{Name: "config/a.json", Typeflag: tar.TypeReg}),
		"config/a.json/b.json":          archive(t, map[string]string{"config/a.json": "{}", "config/a.json/b.json": "{}"}),
		"managed/zoo 1: unexpected EOF": archive(t, map[string]string{"tenant.json": `{"complete":true}`, "managed/zoo.json": `[{"_id":"x","_rev":"1"},`}),
	} {
		text := a.call("PUT", "/seed", 400, body)
		if !strings.Contains(text, want) || strings.Contains(text, temporary) {
			t.Errorf("%s: %s", want, text)
		}
	}
	if after := unpacked(t, a.call("GET", "/seed", 200, "")); !maps.Equal(after, before) {
		t.Error("the tenant changed")
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestReset(t *testing.T) {
	dir := t.TempDir()
	a := start(t, mockaic.Seed(dir))
	a.user("ann")
	a.call("POST", "/reset", 204, "")
	if got := unpacked(t, a.call("GET", "/seed", 200, "")); got["managed/alpha_user.json"] != "" {
		t.Error("the user is still there")
	}
	if err := os.WriteFile(filepath.Join(dir, "clients.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := a.call("POST", "/reset", 500, ""); !strings.Contains(text, "clients.json") {
		t.Errorf("%s", text)
	}
}

func TestJournal(t *testing.T) {
	a := start(t)
	if text := a.call("GET", "/journal", 200, ""); text != "[]" {
		t.Errorf("%s", text)
	}
	a.user("ann")
	a.user("bob")
	for path, want := range map[string]int{"/journal": 2, "/journal?transactionId=for-bob": 1, "/journal?transactionId=": 0} {
		var entries []map[string]any
		if err := json.Unmarshal([]byte(a.call("GET", path, 200, "")), &entries); err != nil || len(entries) != want {
			t.Errorf("%s: %v %v", path, entries, err)
		}
	}
	want := `[{"time":"2026-05-04T03:02:01Z","method":"POST","path":"/openidm/managed/alpha_user","status":201,"duration":0,"transactionId":"for-bob"}]`
	if got := a.call("GET", "/journal?transactionId=for-bob", 200, ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if text := a.call("GET", "/", 200, ""); !strings.Contains(text, "for-bob") {
		t.Error("the page does not show the request")
	}
	a.call("DELETE", "/journal", 204, "")
	if text := a.call("GET", "/journal", 200, ""); text != "[]" {
		t.Errorf("%s", text)
	}
}

func TestClock(t *testing.T) {
	a := start(t)
	for _, step := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"advance":"1h30m"}`, 200, `{"now":"2026-05-04T04:32:01Z"}`},
		{`{"advance":"-30m"}`, 200, `{"now":"2026-05-04T04:02:01Z"}`},
		{`{"now":"2030-01-01T01:00:00+01:00"}`, 200, `{"now":"2030-01-01T00:00:00Z"}`},
		{`{"now":"2199-12-31T00:00:00Z"}`, 200, `{"now":"2199-12-31T00:00:00Z"}`},
		{`{"advance":"48h"}`, 400, "1970 to 2199"},
		{`{"now":"9999-01-01T00:00:00Z"}`, 400, "1970 to 2199"},
		{`{"now":"0001-01-01T00:00:00Z"}`, 400, "1970 to 2199"},
		{`{"now":"tomorrow"}`, 400, "tomorrow"},
		{`{"advance":"soon"}`, 400, "soon"},
		{`{"advance":5}`, 400, "The body must be"},
		{`{"advance":"1h","now":"2030-01-01T00:00:00Z"}`, 400, "either advance or now"},
		{`{}`, 400, "either advance or now"},
		{`{"advance":"1h","by":"me"}`, 400, "unknown field"},
		{`{"advance":"1h"} {}`, 400, "something after"},
		{``, 400, "EOF"},
		{strings.Repeat(" ", 5000) + `{"advance":"1h"}`, 400, "too large"},
	} {
		if got := a.call("POST", "/clock", step.status, step.body); !strings.Contains(got, step.want) {
			t.Errorf("%s: %s", step.body, got)
		}
	}
	if got := a.call("GET", "/clock", 200, ""); got != `{"now":"2199-12-31T00:00:00Z"}` {
		t.Errorf("%s", got)
	}
}

func TestErrorsAreJSON(t *testing.T) {
	a := start(t)
	for request, allow := range map[string]string{
		"DELETE /seed": "GET, PUT", "GET /reset": "POST", "PATCH /clock": "GET, POST", "PUT /journal": "DELETE, GET", "POST /": "GET", "OPTIONS /seed": "GET, PUT",
		"GET /seeds": "",
	} {
		method, path, _ := strings.Cut(request, " ")
		response, text := do(t, method, a.url+path, nil, nil)
		var body map[string]string
		err := json.Unmarshal([]byte(text), &body)
		status := http.StatusMethodNotAllowed
		if allow == "" {
			status = http.StatusNotFound
		}
		if response.StatusCode != status || response.Header.Get("Allow") != allow || err != nil || body["message"] == "" || len(body) != 1 {
			t.Errorf("%s: %s, Allow %q: %s", request, response.Status, response.Header.Get("Allow"), text)
		}
	}
}

func TestPagesElsewhereAreShutOut(t *testing.T) {
	a := start(t)
	a.user("ann")
	for name, c := range map[string]struct {
		method, path string
		header       map[string]string
		status       int
	}{
		"rebound name":           {"GET", "/journal", map[string]string{"Host": "evil.example:9090"}, 403},
		"rebound name, write":    {"POST", "/reset", map[string]string{"Host": "evil.example"}, 403},
		"name that ends alike":   {"GET", "/journal", map[string]string{"Host": "notlocalhost"}, 403},
		"other address":          {"GET", "/journal", map[string]string{"Host": "192.0.2.1"}, 403},
		"localhost":              {"GET", "/journal", map[string]string{"Host": "localhost:9090"}, 200},
		"name below localhost":   {"GET", "/journal", map[string]string{"Host": "tenant.LOCALHOST"}, 200},
		"IPv6":                   {"GET", "/journal", map[string]string{"Host": "[::1]:9090"}, 200},
		"IPv6, no port":          {"GET", "/journal", map[string]string{"Host": "[::1]"}, 200},
		"link from elsewhere":    {"GET", "/", map[string]string{"Sec-Fetch-Site": "cross-site"}, 200},
		"form elsewhere":         {"POST", "/reset", map[string]string{"Origin": "https://evil.example"}, 403},
		"form in a frame":        {"POST", "/reset", map[string]string{"Origin": "null"}, 403},
		"other port":             {"POST", "/reset", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		"DELETE from elsewhere":  {"DELETE", "/journal", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"typed in by the person": {"DELETE", "/journal", map[string]string{"Sec-Fetch-Site": "none"}, 204},
	} {
		response, text := do(t, c.method, a.url+c.path, c.header, nil)
		if response.StatusCode != c.status || response.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %s %.300s", name, response.Status, text)
		}
	}
	if got := unpacked(t, a.call("GET", "/seed", 200, "")); got["managed/alpha_user.json"] == "" {
		t.Error("a page has reset the tenant")
	}
}

func TestKeysAreRotated(t *testing.T) {
	a := start(t)
	keys := func() int {
		_, text := do(t, "GET", a.tenant.URL+"/am/oauth2/connect/jwk_uri", nil, nil)
		return strings.Count(text, `"kid"`)
	}
	before := keys()
	a.call("POST", "/keys", http.StatusNoContent, "")
	if after := keys(); before == 0 || after != 2*before {
		t.Errorf("%d keys, then %d", before, after)
	}
	a.call("GET", "/keys", http.StatusMethodNotAllowed, "")
}

package mockaic_test

import (
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

func TestFaultsHitTheNextMatchingRequests(t *testing.T) {
	mock := start(t)
	mock.Inject(mockaic.Fault{Method: "GET", Path: "/openidm/managed/*", Status: 429, RetryAfter: 1500 * time.Millisecond, Times: 2})
	mock.Inject(mockaic.Fault{Path: "*/alpha_user"})
	var got []int
	for range 4 {
		a := call(t, mock, "GET", users+"?_queryFilter=true", nil, "")
		got = append(got, a.status)
		if a.status == 429 && a.header.Get("Retry-After") != "2" {
			t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
		}
	}
	if want := []int{429, 429, 503, 200}; !slices.Equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	if status := call(t, mock, "GET", "/openidm/config/managed", nil, "").status; status != 200 {
		t.Errorf("another path failed too: %d", status)
	}
	defer func() {
		if recover() == nil {
			t.Error("a fault that is no failure was taken")
		}
	}()
	mock.Inject(mockaic.Fault{Status: 200})
}

func TestJournalHoldsNoSecrets(t *testing.T) {
	mock := start(t)
	call(t, mock, "GET", users+"?_queryFilter=mail+eq+%22secret%22", map[string]string{"X-ForgeRock-TransactionId": "mine-1"}, "")
	entries := mock.Requests()
	if len(entries) != 1 {
		t.Fatalf("%d entries", len(entries))
	}
	e := entries[0]
	if e.Method != "GET" || e.Path != users || e.Status != 200 || e.TransactionID != "mine-1" {
		t.Errorf("entry %+v", e)
	}
	for range 1100 {
		call(t, mock, "GET", "/nowhere/"+strings.Repeat("x", 2000), nil, "")
	}
	entries = mock.Requests()
	if len(entries) != 1000 || len(entries[999].Path) > 512 {
		t.Errorf("%d entries, path of %d bytes", len(entries), len(entries[999].Path))
	}
}

func TestEveryAnswerCarriesTheTenantsHeaders(t *testing.T) {
	mock := start(t)
	for _, path := range []string{users + "?_queryFilter=true", users + "/none", "/am/oauth2/.well-known/openid-configuration", "/am/XUI/?realm=/", "/am/oauth2/authorize", "/elsewhere", "/environment/secrets"} {
		for sent, want := range map[string]string{"": "", "abc-1/0": "abc-1/0", "bad id": "", strings.Repeat("x", 300): ""} {
			got := call(t, mock, "GET", path, map[string]string{"X-ForgeRock-TransactionId": sent}, "")
			id := got.header.Get("X-ForgeRock-TransactionId")
			if id == "" || want != "" && id != want || want == "" && sent != "" && id == sent {
				t.Errorf("%s: transaction %q became %q", path, sent, id)
			}
			if got.header.Get("Strict-Transport-Security") == "" || got.header.Get("X-Robots-Tag") != "none" {
				t.Errorf("%s: headers %v", path, got.header)
			}
			if got.status == 200 && len(got.body) == 0 {
				t.Errorf("%s: an empty 200", path)
			}
		}
	}
	idm := call(t, mock, "GET", users+"?_queryFilter=true", nil, "").header
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Content-Type": "application/json;charset=utf-8", "X-Frame-Options": "DENY",
		"Content-Security-Policy": "default-src 'none';frame-ancestors 'none';sandbox", "Content-Api-Version": "protocol=2.1,resource=1.0",
	} {
		if idm.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, idm.Get(name), want)
		}
	}
}

func TestDevTokenWorksFromThisMachineOnly(t *testing.T) {
	tenant, err := mockaic.New(mockaic.DevToken("dev"), mockaic.Seed("empty"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		remote, header, token string
		want                  int
	}{
		"loopback":        {"127.0.0.1:5", "", "dev", 200},
		"loopback v6":     {"[::1]:5", "", "dev", 200},
		"elsewhere":       {"192.0.2.1:5", "", "dev", 401},
		"behind a proxy":  {"127.0.0.1:5", "192.0.2.1", "dev", 401},
		"another token":   {"127.0.0.1:5", "", "def", 401},
		"no token at all": {"127.0.0.1:5", "", "", 401},
	} {
		request := httptest.NewRequest("GET", "/openidm/config/managed", nil)
		request.RemoteAddr = c.remote
		request.Header.Set("Authorization", "Bearer "+c.token)
		if c.header != "" {
			request.Header.Set("X-Forwarded-For", c.header)
		}
		recorder := httptest.NewRecorder()
		tenant.ServeHTTP(recorder, request)
		if recorder.Code != c.want {
			t.Errorf("%s: %d, want %d", name, recorder.Code, c.want)
		}
	}
	plain := start(t, mockaic.DevToken(""))
	if got := call(t, plain, "GET", "/openidm/config/managed", map[string]string{"Authorization": "Bearer "}, ""); got.status != 401 {
		t.Errorf("an empty bearer without a developer's token: %d", got.status)
	}
}

func TestTheSameChanceMakesTheSamePeople(t *testing.T) {
	people := func(chance uint64) string {
		mock := start(t, mockaic.Seed("demo"), mockaic.Chance(chance))
		path := users + "?_queryFilter=true&_fields=userName,mail,city,roles"
		first := call(t, mock, "GET", path, nil, "").object(t)
		if first["resultCount"] != 40.0 {
			t.Errorf("%v people in alpha", first["resultCount"])
		}
		var text strings.Builder
		for _, person := range first["result"].([]any) {
			p := person.(map[string]any)
			text.WriteString(p["userName"].(string) + " " + p["_id"].(string) + " " + p["mail"].(string) + "\n")
		}
		return text.String()
	}
	first := people(7)
	if again := people(7); again != first {
		t.Error("the same chance made other people, or another order")
	}
	if people(8) == first {
		t.Error("another chance made the same people")
	}
}

func TestTenantsShareNothing(t *testing.T) {
	one, two := start(t), start(t)
	create(t, one, users, jane)
	if got := call(t, two, "GET", users+"?_queryFilter=true", nil, "").object(t); got["resultCount"] != 0.0 {
		t.Errorf("the other tenant has %v", got["resultCount"])
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	mock := start(t)
	got := call(t, mock, "POST", users+"?_action=create", jsonHeader, `{"description":"`+strings.Repeat("x", 11<<20)+`"}`)
	if got.status != 413 || !strings.Contains(string(got.body), "larger") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestBrokenSeedsAreRefused(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"neither demo nor empty": nil,
		"config/managed":         {"config/managed.json": `{"objects":[{"name":1}]}`},
		"managed/alpha_user":     {"managed/alpha_user.json": `{`},
		"REQUIRED":               {"managed/alpha_user.json": `[{"userName":"x"}]`},
		"not part of a seed":     {"users.json": `[]`},
		"does not exist":         {"managed/alpha_user.json": `[{"userName":"x","givenName":"x","sn":"x","mail":"x@example.com","manager":{"_ref":"managed/alpha_user/none"}}]`},
		"clientType":             {"clients.json": `[{"clientId":"x"}]`},
		"managed/teammember":     {"managed/teammember.json": `[{}]`},
	} {
		dir := t.TempDir()
		for file, text := range files {
			seed(t, dir, file, text)
		}
		if files == nil {
			dir = filepath.Join(dir, "missing")
		}
		if _, err := mockaic.New(mockaic.Seed(dir)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// seed writes a file of a seed directory.
func seed(t *testing.T, dir, file, text string) {
	t.Helper()
	path := filepath.Join(dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPublicURLIsWhatClientsAreTold(t *testing.T) {
	mock := start(t, mockaic.PublicURL("https://tenant.example.com"))
	issuer := call(t, mock, "GET", "/am/oauth2/.well-known/openid-configuration", nil, "").object(t)["issuer"]
	if issuer != "https://tenant.example.com:443/am/oauth2" {
		t.Errorf("issuer %v", issuer)
	}
	location := call(t, mock, "POST", users+"?_action=create", jsonHeader, jane).header.Get("Location")
	if !strings.HasPrefix(location, "https://tenant.example.com/openidm/managed/alpha_user/") {
		t.Errorf("Location %s", location)
	}
	for _, bad := range []string{"tenant", "ftp://x", "https://x/path", "https://u@x"} {
		if _, err := mockaic.New(mockaic.PublicURL(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestMatchingCanBeExact(t *testing.T) {
	for matching, want := range map[mockaic.Matching]float64{mockaic.IgnoreCase: 1, mockaic.Exact: 0} {
		mock := start(t, mockaic.StringMatching(matching))
		create(t, mock, users, jane)
		got := call(t, mock, "GET", users+"?_queryFilter=userName+eq+%22JANE%22", nil, "").object(t)["resultCount"]
		if got != want {
			t.Errorf("%v: %v found", matching, got)
		}
	}
}

// failing is a test that fails.
type failing struct {
	*testing.T
	logged []string
	ends   []func()
}

func (f *failing) Failed() bool                 { return true }
func (f *failing) Cleanup(end func())           { f.ends = append(f.ends, end) }
func (f *failing) Logf(format string, _ ...any) { f.logged = append(f.logged, format) }

func TestAFailedTestLogsTheChance(t *testing.T) {
	f := &failing{T: t}
	mock := mockaic.Start(f, mockaic.Seed("empty"))
	for _, end := range f.ends {
		end()
	}
	if len(f.logged) != 1 || !strings.Contains(f.logged[0], "seed of chance") {
		t.Errorf("logged %q", f.logged)
	}
	if _, err := http.Get(mock.URL); err == nil {
		t.Error("the tenant still runs")
	}
}

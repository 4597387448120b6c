package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/sync/errgroup"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/aic"
	"aicmcp/server/auth"
	"aicmcp/server/tool"
)

// verdicts is what doctor says, a word a check.
func verdicts(out string) string {
	var words []string
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); f[0] != "→" {
			words = append(words, f[1]+":"+f[0])
		}
	}
	return strings.Join(words, " ")
}

func TestTheCommandsOfALogin(t *testing.T) {
	tenant := mockaic.Start(t, mockaic.LoopbackRedirects(auth.DefaultClientID))
	path := filepath.Join(t.TempDir(), "tokens", "token.json")
	env := map[string]string{"AIC_BASE_URL": tenant.URL, "AIC_TOKEN_FILE": path, "REDIRECT_URI_PORT": "0"}
	expect := func(code int, want []string, args ...string) string {
		t.Helper()
		got, out, errs := runIt(t, env, args...)
		for _, w := range want {
			if !strings.Contains(out+errs, w) {
				t.Errorf("%v: %q is not in\n%s%s", args, w, out, errs)
			}
		}
		if got != code || strings.Contains(out+errs, "eyJ") {
			t.Errorf("%v: code %d\n%s%s", args, got, out, errs)
		}
		return out
	}
	expect(1, []string{"nobody is logged in"}, "status")
	expect(1, []string{`"loggedIn": false`}, "status", "--json")
	if got := verdicts(expect(0, []string{"Run aic-mcp login"}, "doctor")); got != "settings:ok address:ok certificate:ok tenant:ok clock:ok store:ok login:warn" {
		t.Errorf("doctor: %s", got)
	}

	reader, writer := io.Pipe()
	go visitor{t, mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password}, reader}.watch(t.Context())
	var out bytes.Buffer
	if code := run(t.Context(), []string{"login", "--no-browser"}, streams{strings.NewReader(""), &out, writer}, func(k string) string { return env[k] }); code != 0 || !strings.Contains(out.String(), "Logged in") {
		t.Fatalf("login: code %d, %s", code, out.String())
	}

	expect(0, []string{"account", "fr:idm:*", "then it is renewed", path}, "status")
	var s standing
	if err := json.Unmarshal([]byte(expect(0, nil, "status", "--json")), &s); err != nil || !s.LoggedIn || !s.Renewable || s.Account == "" || len(s.Scopes) < 5 || s.Expires == nil || s.Login != auth.Browser {
		t.Errorf("%+v, %v", s, err)
	}
	all := "settings:ok address:ok certificate:ok tenant:ok clock:ok store:ok login:ok am:ok idc:esv:read:ok idc:esv:update:ok idc:monitoring:ok idm:ok"
	if got := verdicts(expect(0, nil, "doctor")); got != all {
		t.Errorf("doctor: %s", got)
	}
	env["AIC_AM_TOOLS"] = "false"
	if got := verdicts(expect(0, nil, "doctor")); got != strings.Replace(all, "am:ok ", "", 1) {
		t.Errorf("doctor without AM: %s", got)
	}
	var told struct{ Checks []check }
	if err := json.Unmarshal([]byte(expect(0, nil, "doctor", "--json")), &told); err != nil || len(told.Checks) != 11 {
		t.Errorf("%v, %v", told, err)
	}
	tenant.Inject(mockaic.Fault{Path: "/openidm/*", Status: 403})
	if got := verdicts(expect(1, []string{"listManagedObjects"}, "doctor")); !strings.Contains(got, "idm:fail") {
		t.Errorf("doctor: %s", got)
	}

	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tenant.Inject(mockaic.Fault{Path: "/am/oauth2/token/revoke", Status: 400})
	expect(1, []string{"is forgotten", "is not ended at the tenant"}, "logout")
	if err := os.WriteFile(path, stored, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, out, errs := runIt(t, env, "logout"); !strings.Contains(out, "is forgotten") || errs != "" {
		t.Errorf("logout: %s%s", out, errs)
	}
	expect(1, []string{"run aic-mcp login"}, "status")
	expect(0, []string{"Nobody was logged in"}, "logout")
	// What the tenant has revoked is no login, whatever its file says.
	if err := os.WriteFile(path, stored, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(1, []string{"no longer accepts it: run aic-mcp login"}, "status")
	expect(1, []string{`"loggedIn": false`, `"refused": true`}, "status", "--json")
	if got := verdicts(expect(0, []string{"the tenant no longer accepts it, so", "Run aic-mcp login"}, "doctor")); !strings.HasSuffix(got, "store:ok login:warn") {
		t.Errorf("doctor: %s", got)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(1, []string{"no login of this tenant"}, "status")
	if got := verdicts(expect(0, nil, "doctor")); !strings.HasSuffix(got, "store:warn login:warn") {
		t.Errorf("doctor: %s", got)
	}
}

// newRobot is a tenant with a service account, and the settings to act as it.
func newRobot(t *testing.T, scopes ...string) map[string]string {
	t.Helper()
	tenant := mockaic.Start(t, mockaic.DevToken("dev"))
	return hire(t, tenant.URL, http.DefaultClient, scopes...)
}

// hire makes a service account at a tenant with the developer token dev, and the
// settings to act as it.
func hire(t *testing.T, tenant string, client *http.Client, scopes ...string) map[string]string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	keys := encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey}}})
	body := encode(map[string]any{"name": "ci", "accountStatus": "Active", "scopes": scopes, "jwks": keys})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tenant+"/openidm/managed/svcacct?_action=create", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer dev")
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var account map[string]any
	if err := json.NewDecoder(res.Body).Decode(&account); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"AIC_BASE_URL": tenant, "AIC_LOGIN": "service-account",
		"AIC_SERVICE_ACCOUNT_ID": fmt.Sprint(account["_id"]), "AIC_SERVICE_ACCOUNT_KEY": encode(jose.JSONWebKey{Key: key}),
	}
}

// TestAServiceAccount runs the built server, which has nobody to log in.
func TestAServiceAccount(t *testing.T) {
	env := newRobot(t, "fr:idm:*", "fr:am:*")
	var list []string
	for k, v := range env {
		list = append(list, k+"="+v)
	}
	session := connect(t, mockaic.Person{}, list)
	manageObjects(t, session)
	call(t, session, "listScripts", map[string]any{"realm": "alpha"})
	for name, want := range map[string]string{"getLogSources": "closed to service accounts", "getVariable": "Unsupported scope"} {
		result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: map[string]any{"variableId": "esv-x"}})
		if name == "getLogSources" {
			result, err = session.CallTool(t.Context(), &mcp.CallToolParams{Name: name})
		}
		if err != nil || !result.IsError || !strings.Contains(result.Content[0].(*mcp.TextContent).Text, want) {
			t.Errorf("%s: %v %v", name, result, err)
		}
	}

	code, out, errs := runIt(t, env, "doctor")
	if got := verdicts(out); code != 1 || got != "settings:ok address:ok certificate:ok tenant:ok clock:ok login:ok am:ok idc:esv:read:fail idc:esv:update:fail idc:monitoring:warn idm:ok" {
		t.Errorf("doctor: code %d, %s\n%s", code, out, errs)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, []byte(env["AIC_SERVICE_ACCOUNT_KEY"]), 0o600); err != nil {
		t.Fatal(err)
	}
	env["AIC_SERVICE_ACCOUNT_KEY"] = file
	for mode, want := range map[os.FileMode]string{0o600: "clock:ok key:ok login:ok", 0o640: "clock:ok key:warn login:ok"} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if _, out, _ := runIt(t, env, "doctor"); !strings.Contains(verdicts(out), want) && runtime.GOOS != "windows" {
			t.Errorf("doctor of a key file of mode %o: %s", mode, out)
		}
	}
	if code, out, _ := runIt(t, env, "status"); code != 0 || !strings.Contains(out, env["AIC_SERVICE_ACCOUNT_ID"]) {
		t.Errorf("status: code %d, %s", code, out)
	}
	if code, out, _ := runIt(t, env, "login"); code != 0 || !strings.Contains(out, "needs no login") {
		t.Errorf("login: code %d, %s", code, out)
	}
	if code, out, _ := runIt(t, env, "logout"); code != 0 || !strings.Contains(out, "has no login") {
		t.Errorf("logout: code %d, %s", code, out)
	}
}

// TestTwoProcesses has two clients' servers share a login: one person logs in once.
func TestTwoProcesses(t *testing.T) {
	tenant := mockaic.Start(t, mockaic.LoopbackRedirects(auth.DefaultClientID))
	env := []string{"AIC_BASE_URL=" + tenant.URL, "AIC_TOKEN_FILE=" + filepath.Join(t.TempDir(), "token.json"), "REDIRECT_URI_PORT=0"}
	person := mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password}
	sessions := []*mcp.ClientSession{connect(t, person, env), connect(t, person, env)}
	var group errgroup.Group
	for _, session := range sessions {
		for range 3 {
			group.Go(func() error {
				result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "listManagedObjects"})
				if err == nil && result.IsError {
					err = fmt.Errorf("%v", result.StructuredContent)
				}
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	grants := 0
	for _, request := range tenant.Requests() {
		if request.Path == "/am/oauth2/access_token" {
			grants++
		}
	}
	if grants != 3 { // one login, and an exchange each
		t.Errorf("%d grants", grants)
	}
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	foreign := httptest.NewServer(http.NotFoundHandler())
	defer foreign.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	for _, tc := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"AIC_LOGIN": "magic"}, "settings:fail settings:fail"},
		{map[string]string{"AIC_BASE_URL": closed.URL}, "settings:ok address:fail"},
		{map[string]string{"AIC_BASE_URL": foreign.URL}, "settings:ok address:ok certificate:ok tenant:fail"},
		{map[string]string{"AIC_BASE_URL": untrusted.URL}, "settings:ok address:ok certificate:fail"},
	} {
		code, out, errs := runIt(t, tc.env, "doctor")
		if got := verdicts(out); code != 1 || got != tc.want || errs != "" || !strings.Contains(out, "→") {
			t.Errorf("%v: code %d, %s, stderr %s", tc.env, code, out, errs)
		}
	}
	tenant := mockaic.Start(t)
	blocked := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := runIt(t, map[string]string{"AIC_BASE_URL": tenant.URL, "AIC_TOKEN_FILE": filepath.Join(blocked, "token.json")}, "doctor")
	if got := verdicts(out); !strings.Contains(got, "store:fail") {
		t.Errorf("a folder that is a file: %s", out)
	}
}

// A login that another process is waiting for keeps doctor no longer than a moment.
func TestDoctorDoesNotWaitForALoginElsewhere(t *testing.T) {
	tenant := mockaic.Start(t)
	env := map[string]string{"AIC_BASE_URL": tenant.URL, "AIC_TOKEN_FILE": filepath.Join(t.TempDir(), "token.json"), "REDIRECT_URI_PORT": "0"}
	ctx, interrupt := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"login", "--no-browser"}, streams{strings.NewReader(""), io.Discard, writer}, func(k string) string { return env[k] })
		writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	for lines.Scan() && !strings.Contains(lines.Text(), "/am/oauth2/authorize?") {
	}
	_, out, _ := runIt(t, env, "doctor")
	if got := verdicts(out); !strings.HasSuffix(got, "clock:ok store:warn") || !strings.Contains(out, "another process") {
		t.Errorf("doctor: %s", out)
	}
	interrupt()
	last := ""
	for lines.Scan() {
		last = lines.Text()
	}
	if got := <-code; got != 1 || !strings.Contains(last, "interrupted") {
		t.Errorf("login: code %d, %s", got, last)
	}
}

func TestChecks(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) *answer { return &answer{date: now.Add(d).Format(http.TimeFormat)} }
	says := func(status int, body string) *answer { return &answer{status: status, body: []byte(body)} }
	until := func(d time.Duration) *tls.ConnectionState {
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{NotAfter: now.Add(d)}}}
	}
	config := server.Config{BaseURL: &url.URL{Scheme: "https", Host: "tenant.example"}}
	last := func(err error) check {
		checks := unreached(fmt.Errorf("get: %w", err), config)
		return checks[len(checks)-1]
	}
	for name, tc := range map[string]struct {
		got  check
		want verdict
		says string
	}{
		"clocks agree":           {compareClocks(at(-2*time.Minute), now), good, "tenant's"},
		"clock ahead":            {compareClocks(at(-3*time.Minute), now), warn, "3m0s ahead of"},
		"clock behind":           {compareClocks(at(3*time.Minute), now), warn, "3m0s behind"},
		"no date":                {compareClocks(&answer{}, now), warn, "does not say"},
		"a tenant":               {recognize(says(200, `{"cookieName":"x","cloudOnlyFeaturesEnabled":true}`)), good, "Cloud"},
		"AM elsewhere":           {recognize(says(200, `{"cookieName":"x"}`)), warn, "not Advanced"},
		"a page":                 {recognize(says(200, `<html>`)), fail, "no tenant"},
		"a redirect":             {recognize(says(302, ``)), fail, "302"},
		"no TLS":                 {checkCertificate(nil, now), good, "plain HTTP"},
		"a good certificate":     {checkCertificate(until(30*24*time.Hour), now), good, "2026-03-31"},
		"a certificate that end": {checkCertificate(until(24*time.Hour), now), warn, "2026-03-02"},
		"no such name":           {last(&net.DNSError{Name: "tenant.example"}), fail, "cannot be resolved"},
		"unknown authority":      {last(x509.UnknownAuthorityError{}), fail, "does not trust"},
		"expired":                {last(x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}), fail, "expired"},
		"another name":           {last(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}), fail, "another name"},
		"not TLS":                {last(tls.RecordHeaderError{}), fail, "does not speak TLS"},
		"refused":                {last(errors.New("connection refused")), fail, "connection refused"},
	} {
		if tc.got.Verdict != tc.want || !strings.Contains(tc.got.Message, tc.says) || tc.want == fail && tc.got.Advice == "" {
			t.Errorf("%s: %+v", name, tc.got)
		}
	}
}

// A new scope needs a probe, or opens no read.
func TestEachScopeIsProbed(t *testing.T) {
	for _, scope := range server.Scopes() {
		if probes[tool.Scope(scope)] == nil && tool.Scope(scope) != aic.ESVUpdate {
			t.Errorf("%s is not probed", scope)
		}
	}
}

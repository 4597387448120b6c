package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"aicmcp/mockaic"
)

// runAsMain makes the test binary the command, so that signals reach it.
const runAsMain = "TODO_API_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(runAsMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func noEnvironment(string) string { return "" }

func TestEveryMistakeGetsALine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	noCA := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(noCA, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	const issuer = "--issuer=https://tenant.example.com:443/am/oauth2/alpha"
	database := "--database=" + filepath.Join(dir, "todo.db")
	for _, c := range []struct {
		args []string
		env  map[string]string
		want []string
	}{
		{want: []string{"--issuer must be set"}},
		{args: []string{"--isuer", "x"}, want: []string{"flag provided but not defined"}},
		{args: []string{issuer, "serve"}, want: []string{`unexpected argument "serve"`}},
		{args: []string{"--issuer=tenant.example.com"}, want: []string{"--issuer must be a URL"}},
		{args: []string{"--issuer=http://tenant.example.com"}, want: []string{"--issuer must be https"}},
		{args: []string{"--issuer=https://tenant.example.com?x"}, want: []string{"--issuer must have neither query nor fragment"}},
		{args: []string{"--issuer=https://me:hush@tenant.example.com"}, want: []string{"--issuer must not hold a user name or password"}},
		{args: []string{"--issuer=https://"}, want: []string{"--issuer must be a URL"}},
		{args: []string{issuer, "--addr=8100"}, want: []string{"--addr must be host:port"}},
		{args: []string{issuer, "--addr=localhost:http"}, want: []string{"--addr must hold a port number"}},
		{args: []string{issuer, "--addr=:8100"}, want: []string{"set --resource"}},
		{args: []string{issuer, "--addr=[::]:8100"}, want: []string{"set --resource"}},
		{args: []string{issuer, "--resource=todo"}, want: []string{"--resource must be a URL"}},
		{args: []string{issuer, "--database="}, want: []string{"--database must name a file"}},
		{args: []string{issuer, "--ca-file=/nonexistent"}, want: []string{"--ca-file cannot be read"}},
		{args: []string{issuer, "--ca-file=" + noCA}, want: []string{"--ca-file holds no PEM certificate"}},
		{args: []string{issuer, "--database=/nonexistent/todo.db"}, want: []string{"no such file"}},
		{args: []string{issuer, database, "--addr=" + taken.Addr().String()}, want: []string{"address already in use"}},
		{
			env: map[string]string{
				"TODO_ADDR": "x", "TODO_ISSUER": "y", "TODO_RESOURCE": "z", "TODO_CA_FILE": noCA,
			},
			args: []string{"--database="},
			want: []string{"TODO_ADDR must", "TODO_ISSUER must", "TODO_RESOURCE must", "--database must", "TODO_CA_FILE holds"},
		},
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), c.args, func(name string) string { return c.env[name] }, &stdout, &stderr)
		text := stderr.String()
		if status != 2 || strings.Count(text, "\n") != len(c.want) || stdout.Len() > 0 || strings.Contains(text, "hush") {
			t.Errorf("%v: status %d, stderr %q", c.args, status, text)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%v: %q is missing from %q", c.args, want, text)
			}
		}
	}
}

func TestHelpTellsAllThereIsToSet(t *testing.T) {
	var stdout bytes.Buffer
	if status := run(t.Context(), []string{"--help"}, noEnvironment, &stdout, io.Discard); status != 0 {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{"-addr", "TODO_ADDR", "-issuer", "TODO_ISSUER", "-resource", "TODO_RESOURCE", "-database", "TODO_DATABASE", "-ca-file", "TODO_CA_FILE", "/api/todos", "todo_api:write"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%s is missing from\n%s", want, &stdout)
		}
	}
}

func TestFlagsWinOverTheEnvironment(t *testing.T) {
	env := map[string]string{"TODO_ISSUER": "https://a.example.com", "TODO_DATABASE": "a.db", "TODO_ADDR": " localhost:1 "}
	c, err := parseConfig([]string{"--issuer", "https://b.example.com"}, func(name string) string { return env[name] }, io.Discard)
	if err != nil || c.issuer != "https://b.example.com" || c.database != "a.db" || c.addr != "localhost:1" {
		t.Errorf("%+v %v", c, err)
	}
}

// lines is a log, line by line.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

type running struct {
	url  string
	log  lines
	stop func()
	done chan int
}

// startAPI runs the command in this process. Its address is in the log's first line.
func startAPI(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{log: make(lines, 1000), stop: cancel, done: make(chan int, 1)}
	args = append([]string{"--addr", "127.0.0.1:0", "--database", filepath.Join(t.TempDir(), "todo.db")}, args...)
	go func() {
		r.done <- run(ctx, args, noEnvironment, io.Discard, r.log)
		close(r.log)
	}()
	t.Cleanup(func() {
		cancel()
		for range r.log { // until it has ended
		}
	})
	r.url = addressIn(t, <-r.log)
	return r
}

func addressIn(t *testing.T, line string) string {
	t.Helper()
	_, address, found := strings.Cut(line, "address=")
	if !found {
		t.Fatalf("no address: %s", line)
	}
	address, _, _ = strings.Cut(address, " ")
	return address
}

// ask is a request with this token, if any.
func ask(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// TestTokensOfATenant has a tenant's tokens say, by a script, that they are for the API.
func TestTokensOfATenant(t *testing.T) {
	tenant := mockaic.Start(t, mockaic.DevToken("dev"))
	const alpha = "/am/json/realms/root/realms/alpha"
	script := manage(t, tenant.URL, "POST", alpha+"/scripts?_action=create", map[string]any{
		"name": "For the Todo API", "language": "JAVASCRIPT", "context": "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN",
		"script": base64.StdEncoding.EncodeToString([]byte("if (accessToken.getClientId() !== 'other') accessToken.setField('aud', 'https://todo.example.com/');")),
	})
	const provider = alpha + "/realm-config/services/oauth-oidc"
	settings := manage(t, tenant.URL, "GET", provider, nil)
	settings["pluginsConfig"].(map[string]any)["accessTokenModificationScript"] = script["_id"]
	settings["advancedOAuth2Config"].(map[string]any)["tokenSigningAlgorithm"] = "RS256"
	delete(settings, "_rev")
	manage(t, tenant.URL, "PUT", provider, settings)
	issuer := tenant.URL + "/am/oauth2/alpha"
	tokens := map[string]string{}
	for client, scopes := range map[string][]string{
		"ann": {"todo_api:read", "todo_api:write"}, "ben": {"todo_api:read", "todo_api:write"}, "reader": {"todo_api:read"}, "other": {"todo_api:read"},
	} {
		manage(t, tenant.URL, "PUT", alpha+"/realm-config/agents/OAuth2Client/"+client, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"clientType": "Confidential", "userpassword": "secret", "scopes": scopes, "defaultScopes": scopes},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}, "tokenEndpointAuthMethod": "client_secret_post"},
		})
		tokens[client] = clientCredentials(t, issuer, client)
	}
	api := startAPI(t, "--issuer", issuer, "--resource", "https://todo.example.com")
	todos := api.url + "/api/todos"
	if status, text := ask(t, "POST", todos, tokens["ann"], `{"text":"buy milk"}`); status != 201 {
		t.Fatalf("%d %s", status, text)
	}
	if status, text := ask(t, "GET", todos, tokens["ann"], ""); status != 200 || !strings.Contains(text, "buy milk") {
		t.Errorf("%d %s", status, text)
	}
	if status, text := ask(t, "GET", todos, tokens["ben"], ""); status != 200 || text != `{"todos":[]}`+"\n" {
		t.Errorf("ben: %d %s", status, text)
	}
	if status, text := ask(t, "POST", todos, tokens["reader"], `{"text":"x"}`); status != 403 || !strings.Contains(text, "todo_api:write") {
		t.Errorf("without the scope: %d %s", status, text)
	}
	if status, text := ask(t, "GET", todos, tokens["other"], ""); status != 401 {
		t.Errorf("for another audience: %d %s", status, text)
	}
	if err := tenant.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	if status, text := ask(t, "GET", todos, clientCredentials(t, issuer, "ann"), ""); status != 200 || !strings.Contains(text, "buy milk") {
		t.Errorf("with a new key: %d %s", status, text)
	}
}

func manage(t *testing.T, tenant, method, path string, document map[string]any) map[string]any {
	t.Helper()
	body := []byte{}
	if document != nil {
		var err error
		if body, err = json.Marshal(document); err != nil {
			t.Fatal(err)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), method, tenant+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer dev")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-API-Version", "protocol=2.1,resource=1.0")
	return decoded(t, request)
}

func clientCredentials(t *testing.T, issuer, client string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {"secret"}}
	request, err := http.NewRequestWithContext(t.Context(), "POST", issuer+"/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return decoded(t, request)["access_token"].(string)
}

func decoded(t *testing.T, request *http.Request) map[string]any {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil || response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", request.Method, request.URL, response.Status, text, err)
	}
	return answer
}

// TestShutdownFinishesWhatIsUnderWay stops the API while a request waits for the
// issuer's keys.
func TestShutdownFinishesWhatIsUnderWay(t *testing.T) {
	arrived, answer := make(chan struct{}), make(chan struct{})
	var issuer *httptest.Server
	issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/keys" {
			close(arrived)
			<-answer
			fmt.Fprint(w, `{"keys":[]}`)
			return
		}
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, issuer.URL, issuer.URL+"/keys")
	}))
	defer issuer.Close()
	api := startAPI(t, "--issuer", issuer.URL, "--resource", "https://todo.example.com")
	got := make(chan int, 1)
	encode := base64.RawURLEncoding.EncodeToString
	token := encode([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + encode([]byte(`{"iss":"`+issuer.URL+`"}`)) + ".c2ln"
	go func() {
		defer close(got)
		status, _ := ask(t, "GET", api.url+"/api/todos", token, "")
		got <- status
	}()
	<-arrived
	api.stop()
	if line := <-api.log; !strings.Contains(line, "shutting down") {
		t.Error(line)
	}
	select {
	case code := <-api.done:
		t.Errorf("ended with %d before the request", code)
	default:
	}
	close(answer)
	if status := <-got; status != http.StatusUnauthorized {
		t.Errorf("the request that was under way: %d", status)
	}
	if code := <-api.done; code != 0 {
		t.Errorf("ended with %d", code)
	}
	if connection, err := net.Dial("tcp", strings.TrimPrefix(api.url, "http://")); err == nil {
		connection.Close()
		t.Error("still listening")
	}
}

// TestServesUntilSignalled runs the command as a supervisor would, before there is
// a tenant, and again with the same database.
func TestServesUntilSignalled(t *testing.T) {
	database := filepath.Join(t.TempDir(), "todo.db")
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			command := exec.CommandContext(t.Context(), os.Args[0])
			command.Env = append(os.Environ(), runAsMain+"=1", "TODO_ADDR=127.0.0.1:0", "TODO_DATABASE="+database, "TODO_ISSUER=http://127.0.0.1:1/am/oauth2/alpha")
			stderr, err := command.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			log := bufio.NewReader(stderr)
			line, err := log.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			address := addressIn(t, line)
			if !strings.Contains(line, "resource="+address+" ") {
				t.Errorf("not its own audience: %s", line)
			}
			if status, text := ask(t, "GET", address+"/healthz", "", ""); status != 200 {
				t.Errorf("%d %s", status, text)
			}
			if status, text := ask(t, "GET", address+"/api/todos", "x", ""); status != 503 {
				t.Errorf("without a tenant: %d %s", status, text)
			}
			if err := command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(log)
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(); err != nil {
				t.Errorf("%v %s", err, rest)
			}
		})
	}
}

package mockaic_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// goes demands where an address leads the portal's browser: "code", "login", an error
// at the redirection URI, or a status.
func (p *portal) goes(what, address, want string) *http.Response {
	p.t.Helper()
	got := open(p.t, p.browser, "GET", address, nil)
	location := got.Header.Get("Location")
	place := got.Status
	switch target, err := url.Parse(location); {
	case err != nil:
		p.t.Fatal(err)
	case strings.Contains(location, "/am/UI/Login"):
		place = "login"
	case target.Query().Get("code") != "":
		place = "code"
	case target.Query().Get("error") != "":
		place = target.Query().Get("error")
	}
	if place != want {
		p.t.Errorf("%s: %s (%s), want %s", what, place, location, want)
	}
	return got
}

// gotoOf is where a login page comes back to.
func gotoOf(t *testing.T, login *http.Response) string {
	t.Helper()
	target, err := url.Parse(login.Header.Get("Location"))
	if err != nil || target.Query().Get("goto") == "" {
		t.Fatalf("no goto: %s", login.Header.Get("Location"))
	}
	return target.Query().Get("goto")
}

// Who is asked to log in and goes on without it is asked again.
func TestALoginThatIsAskedForCannotBeSkipped(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.enter()
	p.clock.advance(time.Minute)
	p.goes("a session", p.address(), "code")
	asked := p.goes("prompt=login", p.address()+"&prompt=login", "login")
	p.goes("without the login", gotoOf(t, asked), "login")
	p.enter()
	p.goes("after the login", gotoOf(t, asked), "code")
}

func TestALoginThatIsTooOldCannotBeUsed(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.enter()
	p.clock.advance(2 * time.Minute)
	p.goes("an old login that will do", p.address()+"&max_age=121", "code")
	p.goes("an old login, and none wanted", p.address()+"&max_age=100&prompt=none", "login_required")
	p.goes("which ends no session", p.address(), "code")
	asked := p.goes("an old login", p.address()+"&max_age=100", "login")
	p.goes("without the login", gotoOf(t, asked), "login")
	p.enter()
	p.goes("after the login", gotoOf(t, asked), "code")
}

func TestAPushedRequestInsistsOnALogin(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	push := func(more string) string {
		_, query, _ := strings.Cut(p.address(), "?")
		params, err := url.ParseQuery(query + more)
		if err != nil {
			t.Fatal(err)
		}
		pushed := p.post("/par", params).object(t)
		return p.mock.URL + p.spelling + "/authorize?" + url.Values{"client_id": {"portal"}, "request_uri": {pushed["request_uri"].(string)}}.Encode()
	}
	p.enter()
	p.clock.advance(time.Second)
	address := push("&prompt=login")
	for range 2 {
		asked := p.goes("a login before the request", address, "login")
		p.goes("without the login", gotoOf(t, asked), "login")
	}
	p.enter()
	p.goes("a login after the request", address, "code")
}

func TestAgesOfLoginsAsProviderAndClientAreSet(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.enter()
	p.clock.advance(30 * time.Second)
	p.goes("less than the provider has", p.address()+"&max_age=1", "code")
	p.setProvider(map[string]any{"advancedOIDCConfig/minMaxAge": 10})
	p.goes("less than the provider has now", p.address()+"&max_age=1", "login")
	p.enter()
	p.clock.advance(30 * time.Second)
	p.setClient(map[string]any{"coreOpenIDClientConfig/defaultMaxAge": 20})
	p.goes("an age of the client that does not count", p.address(), "code")
	p.setClient(map[string]any{"coreOpenIDClientConfig/defaultMaxAgeEnabled": true})
	p.goes("the request's age before the client's", p.address()+"&max_age=40", "code")
	p.goes("the client's age", p.address(), "login")
}

func TestPromptsThatMakeNoSense(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.enter()
	for _, prompt := range []string{"select_account", "none+login", "none+consent", "LOGIN"} {
		p.goes(prompt, p.address()+"&prompt="+prompt, "invalid_request")
	}
	p.goes("none", p.address()+"&prompt=none", "code")
}

func TestWhomAHintNames(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	hint := p.tokens()["id_token"].(string)
	p.goes("jane", p.address()+"&prompt=none&id_token_hint="+hint, "code")
	p.goes("nobody", p.address()+"&id_token_hint="+forge(t, hint), "login_required")
	create(t, p.mock, users, strings.NewReplacer("jane", "june", "Jane", "June").Replace(jane))
	p.browser = visitor(t)
	login := p.goes("a hint of a name", p.address()+"&login_hint=june@example.com", "login")
	if cookie := login.Header.Get("Set-Cookie"); cookie != "oidcLoginHint=june%40example.com; Path=/; HttpOnly; SameSite=Lax" {
		t.Errorf("%s", cookie)
	}
	l := newLogin(t, p.mock)
	name := get(t, p.mock, "/am/json/serverinfo/*")["cookieName"].(string)
	page, err := url.Parse(p.mock.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.browser.Jar.SetCookies(page, []*http.Cookie{{Name: name, Value: l.session("june", "S3cret!!")}})
	p.goes("june", p.address(), "code")
	p.goes("june, who is not jane", p.address()+"&prompt=none&id_token_hint="+hint, "login_required")
}

func TestResponseModes(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.enter()
	order := func(text string) (names string) {
		for part := range strings.SplitSeq(text, "&") {
			name, _, _ := strings.Cut(part, "=")
			names += name + " "
		}
		return names
	}
	for mode, separator := range map[string]string{"": "?", "query": "?", "fragment": "#"} {
		got := open(t, p.browser, "GET", p.address()+"&state=s/1&response_mode="+mode, nil)
		answer, ok := strings.CutPrefix(got.Header.Get("Location"), p.redirect+separator)
		if !ok || order(answer) != "code iss state client_id " || !strings.Contains(answer, "&state=s%2F1&") {
			t.Errorf("%s: %s", mode, got.Header.Get("Location"))
		}
	}
	got := open(t, p.browser, "GET", p.address()+"&prompt=x&response_mode=fragment", nil)
	if answer, ok := strings.CutPrefix(got.Header.Get("Location"), p.redirect+"#"); !ok || order(answer) != "error error_description iss client_id " {
		t.Errorf("an error: %s", got.Header.Get("Location"))
	}
	for _, mode := range []string{"jwt", "query.jwt", "fragment.jwt", "form_post.jwt", "smoke"} {
		p.goes(mode, p.address()+"&response_mode="+mode, "invalid_request")
	}
	p.register("com.example.app:/back")
	p.goes("a form for an app", p.address()+"&response_mode=form_post", "invalid_request")
}

func TestAnswersInAForm(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	var method string
	posted := url.Values{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		method, posted = r.Method, r.PostForm
	}))
	t.Cleanup(server.Close)
	p.register(server.URL + "/callback?x=1")
	p.visit(janeInBrowser, p.address()+"&response_mode=form_post&state=%22%3E%3Cs%3E")
	if method != "POST" || posted.Get("state") != `"><s>` || posted.Get("iss") != p.mock.URL+p.spelling || posted.Get("client_id") != "portal" {
		t.Fatalf("%s %v", method, posted)
	}
	if status, tokens := p.redeem(codeForm(p, posted)); status != 200 {
		t.Errorf("%d %v", status, tokens)
	}
	p.enter()
	got := call(t, p.mock, "GET", strings.TrimPrefix(p.address(), p.mock.URL)+"&response_mode=form_post&prompt=none", nil, "")
	policy := got.header.Get("Content-Security-Policy")
	if got.status != 200 || !strings.Contains(string(got.body), `name="error" value="login_required"`) || !strings.Contains(policy, "form-action "+server.URL) ||
		!strings.Contains(policy, "script-src 'sha256-") || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", got.status, got.header, got.body)
	}
}

// What is not here says so.
func TestWhatTheAuthorizationEndpointRefuses(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.enter()
	with := func(name, value string) string { return p.address() + "&" + url.Values{name: {value}}.Encode() }
	p.goes("claims", with("claims", `{"id_token":{}}`), "invalid_request")
	p.goes("a request object", with("request", "x.y.z"), "invalid_request")
	p.goes("a request object elsewhere", with("request_uri", "https://app.example.com/request"), "501 Not Implemented")
	p.goes("classes that nothing maps", with("acr_values", "gold silver"), "code")
	p.setProvider(map[string]any{"advancedOIDCConfig/loaMapping": map[string]string{"gold": "Login"}})
	p.goes("classes that lead to a journey", with("acr_values", "silver gold"), "invalid_request")
	for _, asked := range []string{"token", "id_token", "code id_token", "code token id_token", "device_code", "smoke"} {
		got := p.goes(asked, strings.Replace(p.address(), "response_type=code", "response_type="+url.QueryEscape(asked), 1), "unsupported_response_type")
		if missing := strings.Contains(got.Header.Get("Location"), "not+implemented"); missing != (asked != "device_code" && asked != "smoke") {
			t.Errorf("%s: %s", asked, got.Header.Get("Location"))
		}
	}
	p.setProvider(map[string]any{"advancedOAuth2Config/responseTypeClasses": []string{"token|org.forgerock.oauth2.core.TokenResponseTypeHandler"}})
	p.goes("a type that the provider has not", p.address(), "unsupported_response_type")
	told := get(t, p.mock, p.spelling+"/.well-known/openid-configuration")
	if encode(t, told["response_types_supported"]) != `["token"]` || encode(t, told["acr_values_supported"]) != `["gold"]` {
		t.Errorf("%v, %v", told["response_types_supported"], told["acr_values_supported"])
	}
}

func TestParametersAreBounded(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.allow("authorization_code", deviceGrant)
	p.enter()
	const most = 4096
	for _, name := range []string{"state", "nonce", "scope", "redirect_uri", "acr_values", "login_hint", "ui_locales", "x"} {
		_, query, _ := strings.Cut(p.address(), "?")
		params, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		params.Set(name, strings.Repeat("a", most+1))
		p.goes(name, p.mock.URL+p.spelling+"/authorize?"+params.Encode(), "400 Bad Request")
		for _, endpoint := range []string{"/par", "/device/code"} {
			got := p.post(endpoint, params)
			if answer := got.object(t); got.status != 400 || answer["error"] != "invalid_request" || !strings.Contains(answer["error_description"].(string), "'"+name+"'") || answer["error_description"] != "Invalid parameter, '"+name+"': it is longer than 4096 bytes" {
				t.Errorf("%s, %s: %d %s", endpoint, name, got.status, got.body)
			}
		}
	}
	p.goes("at most", p.address()+"&state="+strings.Repeat("a", most), "code")
	many := url.Values{"resource": {}}
	for range 10 {
		many["resource"] = append(many["resource"], strings.Repeat("r", 2000))
	}
	p.goes("many", p.address()+"&"+many.Encode(), "400 Bad Request")
	if got := open(t, p.browser, "GET", p.mock.URL+p.spelling+"/device/user?user_code="+strings.Repeat("a", most+1), nil); got.StatusCode != 400 {
		t.Errorf("a long code: %d", got.StatusCode)
	}
}

// A client finds what went wrong in the page, and its state in JSON.
func TestWhatErrorsCarry(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	got := call(t, p.mock, "GET", p.spelling+"/authorize?client_id=%3C/script%3E", nil, "")
	want := `pageData = {"realm":"/alpha","baseUrl":"` + p.mock.URL + `/am","error":{"description":"Client authentication failed: there is no such client.","message":"invalid_request"}}`
	if got.status != 400 || !strings.Contains(string(got.body), want) {
		t.Errorf("%d %s", got.status, got.body)
	}
	answer := p.post("/par", url.Values{"state": {"s/1"}})
	if names := strings.Join(membersOf(t, answer.body), " "); answer.status != 400 || names != "error_description error state" {
		t.Errorf("%d %s", answer.status, answer.body)
	}
}

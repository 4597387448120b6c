package mockaic_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

// hostedPage opens the login page of the realm alpha for a journey.
func hostedPage(t *testing.T, mock *mockaic.Tenant, query string) answer {
	t.Helper()
	return call(t, mock, "GET", "/am/XUI/?realm=/alpha"+query, nil, "")
}

func TestTheLoginPageAsksWhatTheJourneyAsks(t *testing.T) {
	mock := start(t)
	putJourney(t, mock, "Everything", "", nodeSpec{"PageNode", "outcome>success", `{"pageHeader":{"en":"<Hello>"},"pageDescription":{"en":"Read <b>this</b><br>or <a href=\"#/service/Login\">sign in</a>, not <a href=\"https://evil.example\">there</a><script>x</script>"},"nodes":[
		{"_id":"n","nodeType":"UsernameCollectorNode","displayName":"n","_properties":{}},
		{"_id":"p","nodeType":"PasswordCollectorNode","displayName":"p","_properties":{}},
		{"_id":"a","nodeType":"AttributeCollectorNode","displayName":"a","_properties":{"attributesToCollect":["city","preferences/updates"],"identityAttribute":"userName"}},
		{"_id":"c","nodeType":"ChoiceCollectorNode","displayName":"c","_properties":{"choices":["red","\"blue\""],"defaultChoice":"red","prompt":"Colour?"}},
		{"_id":"m","nodeType":"MessageNode","displayName":"m","_properties":{"message":{"en":"1 < 2"},"messageYes":{"en":"Right"},"messageNo":{"en":"Wrong"}}}]}`})
	got := hostedPage(t, mock, "&authIndexType=service&authIndexValue=Everything")
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	text := string(got.body)
	for _, want := range []string{
		"<h1>&lt;Hello&gt;</h1>", "Read this<br>or <a href=\"/am/XUI/?realm=/alpha&amp;authIndexType=service&amp;authIndexValue=Login\">sign in</a>, not there",
		`<input type="text" id="username" name="username" value="" autocomplete="username"`, `<input type="password" id="password" name="password" value="" autocomplete="current-password"`,
		`<label for="IDToken3">City</label>`, `<input type="checkbox" id="IDToken4" name="IDToken4" value="true"> Send me news and updates`,
		`<option value="0" selected>red</option>`, `<option value="1">&#34;blue&#34;</option>`, "<p>1 &lt; 2</p>",
		`<button type="submit" name="IDToken7" value="0">Right</button>`, `<button type="submit" name="IDToken7" value="1" class="plain">Wrong</button>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	for _, not := range []string{"<b>", "<script", "evil.example"} {
		if strings.Contains(text, not) {
			t.Errorf("%s is in %s", not, text)
		}
	}
}

func TestTheLoginPageGoesThroughAJourney(t *testing.T) {
	mock := start(t)
	create(t, mock, users, settled)
	putJourney(t, mock, "Steps", "", nodeSpec{"UsernameCollectorNode", "outcome>1", ""}, nodeSpec{"PasswordCollectorNode", "outcome>2", ""},
		nodeSpec{"DataStoreDecisionNode", "true>3 false>failure", ""},
		nodeSpec{"ChoiceCollectorNode", "stay>0 go>success", `{"choices":["stay","go"],"defaultChoice":"go","prompt":"Where to?"}`})
	browser, login := visitor(t), mock.URL+"/am/XUI/?realm=/alpha&service=Steps&goto="+url.QueryEscape(mock.URL+"/enduser/")
	request, err := http.NewRequestWithContext(t.Context(), "GET", login, nil)
	if err != nil {
		t.Fatal(err)
	}
	step := visit(t, browser, request)
	for _, fields := range []url.Values{{"username": {"jane"}}, {"password": {"S3cret!!"}}, {"IDToken1": {"1"}}} {
		if step.status != 200 {
			t.Fatalf("%d %s", step.status, step.body)
		}
		step = submit(t, browser, login, step, fields)
	}
	if step.status != 302 || step.header.Get("Location") != mock.URL+"/enduser/" || !strings.Contains(step.header.Get("Set-Cookie"), ".*AAJTS") {
		t.Errorf("%d %v %s", step.status, step.header, step.body)
	}
	// A form that was sent already is no good a second time.
	first := visit(t, browser, request)
	submit(t, browser, login, first, url.Values{"username": {"jane"}})
	if got := submit(t, browser, login, first, url.Values{"username": {"jane"}}); got.status != 403 || !strings.Contains(string(got.body), "open for too long") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestTheLoginPageSaysWhatIsWrong(t *testing.T) {
	mock := start(t)
	create(t, mock, users, settled)
	putJourney(t, mock, "Suspends", "", nodeSpec{"EmailSuspendNode", "outcome>success", ""})
	for query, want := range map[string]int{"&service=Nothing": 400, "&service=Suspends": 501, "&authIndexType=composite_advice": 501, "&suspendedId=x": 501} {
		if got := hostedPage(t, mock, query); got.status != want || !strings.Contains(string(got.body), "cannot go on") {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	wrong := mockaic.Person{UserName: "jane", Password: "wrong"}
	page, err := wrong.Visit(t.Context(), mock.URL+"/am/XUI/?realm=/alpha")
	if err == nil || page.Status != 403 || !strings.Contains(page.Text, "Authentication Failed") || !strings.Contains(page.Text, `value="jane"`) {
		t.Errorf("%v %v", err, page)
	}
	right := mockaic.Person{UserName: "jane", Password: "S3cret!!"}
	if page, err := right.Visit(t.Context(), mock.URL+"/am/XUI/?realm=alpha"); err != nil || !strings.Contains(page.Text, "Jane Roe") {
		t.Errorf("%v %v", err, page)
	}
}

// visit sends a request of a browser.
func visit(t *testing.T, browser *http.Client, request *http.Request) answer {
	t.Helper()
	response, err := browser.Do(request)
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

// submit sends the form of a page with the hidden fields that it has.
func submit(t *testing.T, browser *http.Client, address string, page answer, fields url.Values) answer {
	t.Helper()
	for _, name := range []string{"csrf", "authId"} {
		_, rest, _ := strings.Cut(string(page.body), `name="`+name+`" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		fields.Set(name, value)
	}
	request, err := http.NewRequestWithContext(t.Context(), "POST", address, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return visit(t, browser, request)
}

func TestThePersonGoesThroughSteps(t *testing.T) {
	a := newApp(t, mockaic.DevToken("dev"))
	create(t, a.mock, users, settled)
	putJourney(t, a.mock, "Steps", "", nodeSpec{"UsernameCollectorNode", "outcome>1", ""}, nodeSpec{"PasswordCollectorNode", "outcome>2", ""},
		nodeSpec{"DataStoreDecisionNode", "true>success false>failure", ""})
	address := a.mock.URL + "/login/?realm=/alpha&authIndexType=service&authIndexValue=Steps"
	jane := mockaic.Person{UserName: "jane", Password: "S3cret!!"}
	if page := a.visit(jane, address); !strings.Contains(page.Text, "You are logged in") {
		t.Errorf("%d %s", page.Status, page.Text)
	}
	jane.Password = "wrong"
	if page, err := jane.Visit(t.Context(), address); err == nil {
		t.Errorf("%d %s", page.Status, page.Text)
	}
	if page := a.visit(jane, a.mock.URL+"/am/XUI/?realm=/alpha&service=Nothing"); page.Status != 400 {
		t.Errorf("%d %s", page.Status, page.Text)
	}
}

func TestAClientNamesTheJourney(t *testing.T) {
	a := newApp(t)
	got := open(t, visitor(t), "GET", a.authorizeURL(url.Values{"service": {"FRLogin"}}), nil)
	if location := got.Header.Get("Location"); !strings.Contains(location, "/am/UI/Login?realm=/&service=FRLogin&goto=") {
		t.Errorf("%d %s", got.StatusCode, location)
	}
	if got := open(t, visitor(t), "GET", a.mock.URL+"/", nil); got.StatusCode != 301 || got.Header.Get("Location") != "/login/" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
}

func TestNumbersOfTheLoginPageAreNumbers(t *testing.T) {
	mock := start(t)
	id := create(t, mock, users, settled)["_id"].(string)
	patch(t, mock, "/openidm/config/managed", 200, `[{"operation":"add","field":"/objects/0/schema/properties/custom_size","value":{"type":"number","title":"Size"}}]`)
	putJourney(t, mock, "Numbers", "", nodeSpec{"UsernameCollectorNode", "outcome>1", ""},
		nodeSpec{"AttributeCollectorNode", "outcome>2", `{"attributesToCollect":["custom_size"],"required":true,"identityAttribute":"userName"}`},
		nodeSpec{"PatchObjectNode", "PATCHED>success FAILURE>failure", `{"identityResource":"managed/alpha_user","identityAttribute":"userName","patchAsObject":true}`})
	browser, login := visitor(t), mock.URL+"/am/XUI/?realm=/alpha&service=Numbers"
	request, err := http.NewRequestWithContext(t.Context(), "GET", login, nil)
	if err != nil {
		t.Fatal(err)
	}
	step := submit(t, browser, login, visit(t, browser, request), url.Values{"username": {"jane"}})
	for _, none := range []string{"NaN", "Infinity", "0x10", "many", "1 2"} {
		if step = submit(t, browser, login, step, url.Values{"IDToken1": {none}}); step.status != 200 || !strings.Contains(string(step.body), `<input type="number"`) {
			t.Fatalf("%s: %d %s", none, step.status, step.body)
		}
	}
	if step = submit(t, browser, login, step, url.Values{"IDToken1": {"9007199254740993"}}); step.status != 200 || !strings.Contains(string(step.body), "logged in") {
		t.Fatalf("%d %s", step.status, step.body)
	}
	if got := call(t, mock, "GET", users+"/"+id, nil, ""); !strings.Contains(string(got.body), `"custom_size":9007199254740993`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// A form for a journey that fails before it asks anything has no page to come back to.
func TestTheLoginPageEndsWhereAJourneyOnlyFails(t *testing.T) {
	mock := start(t)
	putJourney(t, mock, "Fails", "", nodeSpec{"DataStoreDecisionNode", "true>success false>failure", ""})
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for _, method := range []string{"GET", "POST"} {
		got := call(t, mock, method, "/am/XUI/?realm=/alpha&service=Fails", form, "")
		if got.status != 401 || !strings.Contains(string(got.body), "Login failure") {
			t.Errorf("%s: %d %s", method, got.status, got.body)
		}
	}
}

// Other things may be called as the login is.
func TestOnlyLoginsAreLogins(t *testing.T) {
	mock := start(t)
	for path, want := range map[string]int{
		alpha + "/scripts/sessions": 404, trees + "/authenticate": 404, "/am/json/realms/root/realms/alpha/users?_queryFilter=true": 200, "/am/json/alpha/sessions?_queryFilter=true": 200,
	} {
		if got := call(t, mock, "GET", path, nil, ""); got.status != want {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

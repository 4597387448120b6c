package cases

import (
	"net/http"
	"slices"

	c "aicmcp/conformance"
)

// logins is where people log in to alpha.
var logins = api{inAlpha + "/authenticate", "resource=2.0, protocol=1.0"}

// person is somebody who can log in.
type person struct{ id, userName, password string }

// newPerson makes a user of alpha, whom the journey Login asks nothing more.
func newPerson(t *c.T) person {
	user := withPassword(t, with(newUser(t), "preferences", object{"updates": true, "marketing": true}))
	id, _ := create(t, users, user)
	return person{id, user["userName"].(string), user["password"].(string)}
}

// begin asks for the first step of a login.
func (a api) begin(t *c.T, options ...c.Option) *c.Response { return a.reply(t, object{}, options...) }

// reply sends a step back.
func (a api) reply(t *c.T, step any, options ...c.Option) *c.Response {
	return t.Post(a.path, step, a.asked(append([]c.Option{c.Anonymous()}, options...))...)
}

// service names the journey of a login.
func service(name string) c.Option {
	return c.Query("authIndexType", "service", "authIndexValue", name)
}

// credentials are sent along with the first step.
func (p person) credentials() c.Option {
	return func(r *c.Request) {
		r.Header.Set("X-OpenAM-Username", p.userName)
		r.Header.Set("X-OpenAM-Password", p.password)
	}
}

// logIn goes through the realm's journey, whose one page asks for name and password.
func (p person) logIn(t *c.T, a api, options ...c.Option) *c.Response {
	return a.reply(t, filled(t, a.begin(t, options...), p.userName, p.password), options...)
}

// session logs in to alpha and returns the token of the session.
func (p person) session(t *c.T) string { return checkLoggedIn(t, p.logIn(t, logins)) }

// filled is a step with values for the callbacks that take one, in their order.
func filled(t *c.T, step *c.Response, values ...any) object {
	if step.Status != http.StatusOK || step.Text("authId") == "" {
		t.Fatalf("there is no step of a journey but status %d: %s", step.Status, step.Raw)
	}
	var callbacks []any
	for _, callback := range step.List("callbacks") {
		if inputs := c.List(callback, "input"); len(inputs) > 0 && len(values) > 0 {
			inputs = slices.Clone(inputs)
			inputs[0] = with(inputs[0], "value", values[0])
			callback, values = with(callback, "input", inputs), values[1:]
		}
		callbacks = append(callbacks, callback)
	}
	if len(values) > 0 {
		t.Fatalf("the step takes too few values: %s", step.Raw)
	}
	return with(step.Body, "callbacks", callbacks)
}

// checkLoggedIn checks that a login has ended well and returns the token of the
// session. It stops the case if there is none.
func checkLoggedIn(t *c.T, res *c.Response) (token string) {
	t.Status(http.StatusOK, res)
	if token = res.Text("tokenId"); token == "" {
		t.Fatalf("the answer has no token of a session: %s", res.Raw)
	}
	return token
}

// serverCookie is what every step sets, for the load balancer.
const serverCookie = "amlbcookie"

// cookiesOf are the cookies that an answer sets.
func cookiesOf(res *c.Response) []*http.Cookie { return (&http.Response{Header: res.Header}).Cookies() }

// checkNoSession checks that an answer gives no session, be it a step or a refusal.
func checkNoSession(t *c.T, res *c.Response) {
	if res.Status == http.StatusOK {
		t.Has("step", res.Body, "authId", "callbacks")
	} else {
		t.Has("refusal", res.Body, "code", "message")
	}
	t.Lacks("answer", res.Body, "tokenId", "successUrl")
	for _, cookie := range cookiesOf(res) {
		t.Equal("cookie", serverCookie, cookie.Name)
	}
}

// cookieName is what the tenant calls its session's cookie.
func cookieName(t *c.T) string {
	name := serverInfo.at("*").read(t).Text("cookieName")
	if name == "" {
		t.Fatalf("serverinfo tells no cookieName")
	}
	return name
}

// inCookie presents a session.
func inCookie(name, token string) c.Option { return c.Header("Cookie", name+"="+token) }

package cases

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	c "aicmcp/conformance"
)

// authorization is one request of the login client for a code.
type authorization struct {
	t        *c.T
	params   url.Values
	verifier string
}

func newAuthorization(t *c.T) *authorization {
	verifier := rand.Text() + rand.Text()
	digest := sha256.Sum256([]byte(verifier))
	t.Secret(verifier)
	return &authorization{t: t, verifier: verifier, params: url.Values{
		"response_type":         {"code"},
		"client_id":             {t.Target.OAuth.LoginID},
		"redirect_uri":          {t.Target.OAuth.RedirectURI},
		"scope":                 {strings.Join(t.Target.OAuth.Scopes, " ")},
		"state":                 {rand.Text()},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(digest[:])},
		"code_challenge_method": {"S256"},
	}}
}

// ask sends the request.
func (a *authorization) ask(options ...c.Option) *c.Response {
	return a.t.Get(authorize+"?"+a.params.Encode(), options...)
}

// logIn plays the person, who decides "allow" or "deny", and returns what the
// client gets back.
func (a *authorization) logIn(decision string) url.Values {
	v := newVisitor(a)
	return v.decide(v.submit(v.openLogin(), a.t.Target.Username, a.t.Target.Password), decision)
}

// redeem sends a code to the token endpoint.
func (a *authorization) redeem(code string) *c.Response {
	form := url.Values{"grant_type": {grantCode}, "code": {code}, "client_id": {a.params.Get("client_id")}}
	if uri := a.params.Get("redirect_uri"); uri != "" {
		form.Set("redirect_uri", uri)
	}
	if a.verifier != "" {
		form.Set("code_verifier", a.verifier)
	}
	return ask(a.t, form)
}

// tokens goes all the way from the login to the tokens.
func (a *authorization) tokens() *c.Response {
	res := a.redeem(a.logIn("allow").Get("code"))
	checkTokens(a.t, res)
	return res
}

// visitor is a person with a browser that keeps cookies and runs no scripts.
type visitor struct {
	a   *authorization
	jar *cookiejar.Jar
}

// page is what the visitor sees: an answer, and its address.
type page struct {
	*c.Response
	address string
}

func newVisitor(a *authorization) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Breakf("cookie jar: %w", err)
	}
	return &visitor{a: a, jar: jar}
}

const maxRedirects = 10

// open goes to an address and follows redirects, but not the one to the client.
func (v *visitor) open(address string) page { return v.follow(v.get(address)) }

func (v *visitor) get(address string) page {
	return page{v.a.t.Get(address, c.Anonymous(), c.Cookies(v.jar)), address}
}

func (v *visitor) follow(p page) page {
	for range maxRedirects {
		location := p.Header.Get("Location")
		if p.Status < 300 || p.Status > 399 || location == "" || v.atClient(p) {
			return p
		}
		p = v.get(resolve(v.a.t, p.address, location))
	}
	v.a.t.Fatalf("more than %d redirects", maxRedirects)
	return p
}

// atClient tells whether an answer leads back to the client.
func (v *visitor) atClient(p page) bool { return v.a.back(p.Response) != nil }

// back is where an answer sends the person, if that is the client.
func (a *authorization) back(res *c.Response) *url.URL {
	location, errLocation := url.Parse(res.Header.Get("Location"))
	client, errClient := url.Parse(a.params.Get("redirect_uri"))
	if res.Status < 300 || res.Status > 399 || errLocation != nil || errClient != nil ||
		!c.SameOrigin(location, client) || location.User != nil || location.EscapedPath() != client.EscapedPath() {
		return nil
	}
	return location
}

// openLogin gets to the login page.
func (v *visitor) openLogin() page {
	p := v.open(authorize + "?" + v.a.params.Encode())
	if !p.form().has("password") {
		v.a.t.Fatalf("there is no login form but status %d at %s", p.Status, p.address)
	}
	return p
}

// submit sends the login form.
func (v *visitor) submit(p page, username, password string) page {
	f := p.form()
	f.fill("text", username)
	f.fill("password", password)
	return v.send(p, f)
}

// consentPage logs in and gets to the consent page, which must be asked for.
func (v *visitor) consentPage() page {
	p := v.submit(v.openLogin(), v.a.t.Target.Username, v.a.t.Target.Password)
	if !p.form().offers("decision", "allow") {
		v.a.t.Fatalf("there is no consent form but status %d at %s", p.Status, p.address)
	}
	return p
}

// decide answers the consent page if there is one and returns what is sent to
// the client.
func (v *visitor) decide(p page, decision string) url.Values {
	if !v.atClient(p) {
		f := p.form()
		if !f.offers("decision", decision) {
			v.a.t.Fatalf("there is neither a consent form nor a redirect to the client but status %d at %s", p.Status, p.address)
		}
		f.values.Set("decision", decision)
		p = v.send(p, f)
	}
	back := v.a.back(p.Response)
	if back == nil {
		v.a.t.Fatalf("the person is not sent back to the client: status %d at %s", p.Status, p.address)
	}
	return back.Query()
}

func (v *visitor) send(p page, f form) page {
	target := resolve(v.a.t, p.address, f.action)
	base := v.a.t.Target.BaseURL
	res := v.a.t.Post(target, f.values, c.Anonymous(), c.Cookies(v.jar), c.Header("Origin", strings.TrimSuffix(base, "/")))
	return v.follow(page{res, target})
}

func resolve(t *c.T, base, reference string) string {
	from, errFrom := url.Parse(base)
	to, errTo := url.Parse(reference)
	if errFrom != nil || errTo != nil {
		t.Fatalf("%q is no address", reference)
	}
	return from.ResolveReference(to).String()
}

// form is the first form of a page, as a browser would send it.
type form struct {
	action string
	values url.Values
	types  map[string]string
	// buttons are the submit buttons, which are sent only when pressed.
	buttons url.Values
}

// form reads the page's first form. Without one it is empty.
func (p page) form() form {
	f := form{values: url.Values{}, types: map[string]string{}, buttons: url.Values{}}
	document, err := html.Parse(strings.NewReader(string(p.Raw)))
	if err != nil {
		return f
	}
	for node := range document.Descendants() {
		if node.DataAtom == atom.Form {
			f.read(node)
			break
		}
	}
	return f
}

func (f *form) read(node *html.Node) {
	f.action = attribute(node, "action")
	for field := range node.Descendants() {
		if field.DataAtom == atom.Input || field.DataAtom == atom.Button {
			f.add(field)
		}
	}
}

func attribute(node *html.Node, name string) string {
	i := slices.IndexFunc(node.Attr, func(a html.Attribute) bool { return a.Key == name })
	if i < 0 {
		return ""
	}
	return node.Attr[i].Val
}

func (f form) add(node *html.Node) {
	name, kind, value := attribute(node, "name"), strings.ToLower(attribute(node, "type")), attribute(node, "value")
	switch {
	case name == "":
	case node.DataAtom == atom.Button || kind == "submit":
		f.buttons.Add(name, value)
	case kind == "checkbox" || kind == "radio":
		if slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == "checked" }) {
			f.values.Add(name, value)
		}
	default:
		f.values.Set(name, value)
		f.types[name] = kind
	}
}

func (f form) has(kind string) bool {
	for _, k := range f.types {
		if k == kind {
			return true
		}
	}
	return false
}

// fill sets the fields of a type.
func (f form) fill(kind, value string) {
	for name, k := range f.types {
		if k == kind || k == "" && kind == "text" {
			f.values.Set(name, value)
		}
	}
}

// offers tells whether a button sends the value.
func (f form) offers(name, value string) bool {
	return slices.Contains(f.buttons[name], value)
}

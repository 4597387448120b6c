package mockaic_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"aicmcp/mockaic"
)

// robot is a service account.
type robot struct {
	*app
	id  string
	key *rsa.PrivateKey
}

func newRobot(t *testing.T, scopes ...string) *robot {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := encode(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "RS256"}}})
	a := newApp(t, mockaic.DevToken("dev"), mockaic.LogRate(1000))
	account := create(t, a.mock, "/openidm/managed/svcacct", fmt.Sprintf(`{"name":"ci","accountStatus":"Active","scopes":%s,"jwks":%q}`, encode(t, scopes), set))
	return &robot{a, account["_id"].(string), key}
}

// assert asks for a token with an assertion that change makes another of.
func (r *robot) assert(scope string, change func(*jwt.Claims)) tokens {
	r.t.Helper()
	claims := jwt.Claims{
		Issuer: r.id, Subject: r.id, Audience: jwt.Audience{r.mock.URL + "/am/oauth2/access_token"},
		Expiry: jwt.NewNumericDate(r.clock.Now().Add(3 * time.Minute)), ID: rand.Text(),
	}
	if change != nil {
		change(&claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: r.key}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		r.t.Fatal(err)
	}
	return r.token(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {"service-account"}, "assertion": {text}, "scope": {scope},
	})
}

func (r *robot) status(token, method, path, body string) int {
	r.t.Helper()
	return call(r.t, r.mock, method, path, map[string]string{"Authorization": "Bearer " + token}, body).status
}

func TestAServiceAccountGetsATokenOfItsScopes(t *testing.T) {
	r := newRobot(t, "fr:idm:*", "fr:am:*", "fr:idc:esv:*")
	got := r.assert("fr:idm:* fr:am:*", nil)
	if got.Status != 200 || got.ExpiresIn != 899 || got.RefreshToken != "" || got.Scope != "fr:am:* fr:idm:*" || strings.Count(got.AccessToken, ".") != 4 {
		t.Fatalf("%+v", got)
	}
	for path, want := range map[string]int{
		"/openidm/managed/alpha_user?_queryFilter=true": 200,
		"/openidm/managed/svcacct/" + r.id:              200,
		"/openidm/managed/svcacct?_queryFilter=true":    403,
		"/openidm/managed/teammember?_queryFilter=true": 403,
		"/keys":                    403,
		"/monitoring/logs/sources": 401, // whatever its scopes
	} {
		if status := r.status(got.AccessToken, "GET", path, ""); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	if got := r.assert("fr:idm:* fr:iga:* fr:autoaccess:*", nil); got.Status != 400 || got.Error != "invalid_scope" || got.ErrorDescription != "Unsupported scope for service account: fr:autoaccess:*,fr:iga:*" {
		t.Errorf("%+v", got)
	}
	r.clock.advance(15 * time.Minute)
	if status := r.status(got.AccessToken, "GET", "/openidm/managed/alpha_user?_queryFilter=true", ""); status != 401 {
		t.Errorf("after its time: %d", status)
	}
}

// IDM's scope opens ESVs to service accounts, and to nobody else; ESVs name who
// changed them.
func TestServiceAccountsMayUseESVsWithIDMsScope(t *testing.T) {
	r := newRobot(t, "fr:idm:*", "fr:idc:esv:read", "fr:idc:monitoring:*")
	idm := r.assert("fr:idm:*", nil).AccessToken
	if status := r.status(idm, "PUT", variables+"/esv-x", variable("string", "x")); status != 200 {
		t.Errorf("with IDM's scope: %d", status)
	}
	if got := get(t, r.mock, variables+"/esv-x")["lastChangedBy"]; got != "ci" {
		t.Errorf("changed by %v", got)
	}
	read := r.assert("fr:idc:esv:read", nil).AccessToken
	if got := fmt.Sprint(r.status(read, "GET", variables, ""), r.status(read, "DELETE", variables+"/esv-x", "")); got != "200 403" {
		t.Errorf("with the scope for reading: %s", got)
	}
	if status := r.status(r.assert("fr:idc:monitoring:*", nil).AccessToken, "GET", "/monitoring/logs/sources", ""); status != 401 {
		t.Errorf("logs: %d", status)
	}
}

func TestAssertionsThatAreNotGood(t *testing.T) {
	r := newRobot(t, "fr:idm:*")
	at := func(d time.Duration) *jwt.NumericDate { return jwt.NewNumericDate(r.clock.Now().Add(d)) }
	for name, c := range map[string]struct {
		change func(*jwt.Claims)
		want   string
	}{
		"another issuer":    {func(c *jwt.Claims) { c.Issuer = "nobody" }, "Unknown JWT issuer"},
		"another subject":   {func(c *jwt.Claims) { c.Subject = "8a2d0f5c-3f43-4c8e-9f0e-6d1f1f6f0a01" }, "Unknown JWT issuer"},
		"another audience":  {func(c *jwt.Claims) { c.Audience = jwt.Audience{"https://elsewhere.example.com/am/oauth2/access_token"} }, "incorrect audience in JWT"},
		"the issuer's name": {func(c *jwt.Claims) { c.Audience = jwt.Audience{r.mock.URL + "/am/oauth2"} }, "incorrect audience in JWT"},
		"a name in it": {func(c *jwt.Claims) {
			c.Audience = jwt.Audience{strings.Replace(r.mock.URL, "://", "://u:p@", 1) + "/am/oauth2/access_token"}
		}, "incorrect audience in JWT"},
		"a fragment":  {func(c *jwt.Claims) { c.Audience = jwt.Audience{r.mock.URL + "/am/oauth2/access_token#"} }, "incorrect audience in JWT"},
		"no audience": {func(c *jwt.Claims) { c.Audience = nil }, "incorrect audience in JWT"},
		"no expiry":   {func(c *jwt.Claims) { c.Expiry = nil }, "expiry"},
		"expired":     {func(c *jwt.Claims) { c.Expiry = at(0) }, "expired"},
		"too long":    {func(c *jwt.Claims) { c.Expiry = at(16 * time.Minute) }, "too far"},
		"too early":   {func(c *jwt.Claims) { c.NotBefore = at(time.Minute) }, "not valid yet"},
	} {
		if got := r.assert("fr:idm:*", c.change); got.Status != 400 || got.Error != "invalid_grant" || !strings.Contains(got.ErrorDescription, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// What was refused for its scopes can be sent again.
	same := func(c *jwt.Claims) { c.ID = "asked twice" }
	if first, second := r.assert("fr:idm:* fr:iga:*", same), r.assert("fr:idm:*", same); first.Error != "invalid_scope" || second.Status != 200 {
		t.Errorf("with fewer scopes: %+v, %+v", first, second)
	}
	once := func(c *jwt.Claims) { c.ID = "the same" }
	if first, second := r.assert("fr:idm:*", once), r.assert("fr:idm:*", once); first.Status != 200 || second.Status != 400 {
		t.Errorf("twice: %d, %d", first.Status, second.Status)
	}
	own := r.key
	var err error
	if r.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if got := r.assert("fr:idm:*", nil); got.ErrorDescription != "JWT signature is invalid" {
		t.Errorf("another key: %+v", got)
	}
	r.key = own
	// Keys that are not understood, or are for something else, are passed over.
	public := encode(t, jose.JSONWebKey{Key: &own.PublicKey})
	for set, status := range map[string]int{
		`{"keys":[{"kty":"FOO"},{"kty":"EC","crv":"secp256k1"},` + public + `]}`: 200,
		`{"keys":[` + strings.Replace(public, "{", `{"use":"enc",`, 1) + `]}`:    400,
		`{"keys":[` + strings.Replace(public, "{", `{"alg":"ES256",`, 1) + `]}`:  400,
		`{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`:                                400,
		`[]`: 400,
	} {
		patch(t, r.mock, "/openidm/managed/svcacct/"+r.id, 200, `[{"operation":"replace","field":"/jwks","value":`+encode(t, set)+`}]`)
		if got := r.assert("fr:idm:*", nil); got.Status != status {
			t.Errorf("%.60s: %+v", set, got)
		}
	}
	patch(t, r.mock, "/openidm/managed/svcacct/"+r.id, 200, `[{"operation":"replace","field":"/jwks","value":`+encode(t, `{"keys":[`+public+`]}`)+`}]`)
	token := r.assert("fr:idm:*", nil).AccessToken
	patch(t, r.mock, "/openidm/managed/svcacct/"+r.id, 200, `[{"operation":"replace","field":"/accountStatus","value":"inactive"}]`)
	if got := r.assert("fr:idm:*", nil); got.ErrorDescription != "Unknown JWT issuer" {
		t.Errorf("an inactive account: %+v", got)
	}
	if status := r.status(token, "GET", "/openidm/managed/alpha_user?_queryFilter=true", ""); status != 401 {
		t.Errorf("a token of an inactive account: %d", status)
	}
	for _, assertion := range []string{"", "x", "eyJhbGciOiJub25lIn0.e30.", "a.b.c.d.e"} {
		got := r.token(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {"service-account"}, "assertion": {assertion}})
		if got.Status != 400 {
			t.Errorf("%q: %+v", assertion, got)
		}
	}
	for _, token := range []string{"a.b.c.d.e", token + "x", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0....", "....."} {
		if status := r.status(token, "GET", "/openidm/managed/alpha_user?_queryFilter=true", ""); status != 401 {
			t.Errorf("%q: %d", token, status)
		}
	}
}

func TestAServiceAccountAssertsToTheTenantsOwnNames(t *testing.T) {
	r := newRobot(t, "fr:idm:*")
	address, listens := strings.Replace(r.mock.URL, "127.0.0.1", "evil.example.com", 1), strings.TrimPrefix(r.mock.URL, "http://")
	r.mock.Client().Transport = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, listens)
	}}
	at := func(address string) tokens {
		own := r.mock.URL
		defer func() { r.mock.URL = own }()
		r.mock.URL = address
		return r.assert("fr:idm:*", nil)
	}
	if got := at(address); got.Error != "invalid_grant" || !strings.Contains(got.ErrorDescription, "PublicURL") {
		t.Errorf("%+v", got)
	}
	if got := at(strings.Replace(r.mock.URL, "127.0.0.1", "localhost", 1)); got.Status != 200 {
		t.Errorf("%+v", got)
	}
}

package mockaic_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"aicmcp/mockaic"
)

// keyed is a client of the realm alpha that signs assertions.
type keyed struct {
	t     *testing.T
	mock  *mockaic.Tenant
	clock *clock
	key   *ecdsa.PrivateKey
}

const keyedSecret = "a secret of forty bytes, which is enough"

func newKeyed(t *testing.T, options ...mockaic.Option) *keyed {
	t.Helper()
	k := &keyed{t: t, clock: newClock(), key: newKey(t)}
	k.mock = start(t, append(options, mockaic.Clock(k.clock.Now))...)
	return k
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func jwks(t *testing.T, keys ...any) string {
	t.Helper()
	set := jose.JSONWebKeySet{}
	for _, key := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key})
	}
	return encode(t, set)
}

// register makes the client, with these attributes of its keys.
func (k *keyed) register(signing map[string]any) {
	k.t.Helper()
	send(k.t, k.mock, "PUT", clients+"/keyed", encode(k.t, map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"clientType": "Confidential", "scopes": []string{"openid"}, "userpassword": keyedSecret},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"refresh_token"}, "tokenEndpointAuthMethod": "private_key_jwt"},
		"signEncOAuth2ClientConfig":  signing,
	}))
}

func (k *keyed) issuer() string { return k.mock.URL + "/am/oauth2/alpha" }

func (k *keyed) claims(change map[string]any) map[string]any {
	claims := map[string]any{"iss": "keyed", "sub": "keyed", "aud": k.issuer() + "/access_token", "exp": k.clock.Now().Add(time.Minute).Unix()}
	for name, value := range change {
		claims[name] = value
	}
	return claims
}

func assertion(t *testing.T, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (k *keyed) send(assertion string) map[string]any {
	k.t.Helper()
	return k.ask("", url.Values{"client_assertion": {assertion}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}})
}

// ask is a request that fails for lack of a good refresh token, if the client is
// who it says.
func (k *keyed) ask(query string, form url.Values) map[string]any {
	k.t.Helper()
	form.Set("grant_type", "refresh_token")
	form.Set("refresh_token", "x")
	got := call(k.t, k.mock, "POST", "/am/oauth2/alpha/access_token"+query, map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"}, form.Encode())
	return got.object(k.t)
}

func (k *keyed) expect(what string, answer map[string]any, code string) {
	k.t.Helper()
	if answer["error"] != code {
		k.t.Errorf("%s: %v, want %s", what, answer, code)
	}
}

// known and refused are how a request ends whose client is, or is not, who it says.
const (
	known   = "invalid_grant"
	refused = "invalid_client"
)

func TestPrivateKeyJWT(t *testing.T) {
	k := newKeyed(t)
	k.register(map[string]any{"publicKeyLocation": "jwks", "jwkSet": jwks(t, k.key.Public()), "tokenEndpointAuthSigningAlgorithm": "ES256"})
	sign := func(change map[string]any) string { return assertion(t, jose.ES256, k.key, k.claims(change)) }
	k.expect("a good assertion", k.send(sign(nil)), known)
	k.expect("the issuer as audience", k.send(sign(map[string]any{"aud": []string{"x", k.issuer()}})), known)
	once := sign(map[string]any{"jti": "1"})
	k.expect("an identifier", k.send(once), known)
	k.expect("the same again", k.send(once), refused)

	now := k.clock.Now()
	for name, change := range map[string]map[string]any{
		"no expiry":            {"exp": nil},
		"expired":              {"exp": now.Unix()},
		"too long":             {"exp": now.Add(30*time.Minute + time.Second).Unix()},
		"not valid yet":        {"nbf": now.Add(time.Second).Unix()},
		"another issuer":       {"iss": "other"},
		"another subject":      {"sub": "other"},
		"no audience":          {"aud": nil},
		"the wrong realm":      {"aud": k.mock.URL + "/am/oauth2/bravo"},
		"another tenant":       {"aud": "https://elsewhere.example.com:443/am/oauth2/alpha"},
		"an audience no port":  {"aud": "http://127.0.0.1/am/oauth2/alpha"},
		"a longer audience":    {"aud": k.issuer() + "/access_token/"},
		"somebody else's name": {"iss": "nobody", "sub": "nobody"},
	} {
		k.expect(name, k.send(sign(change)), refused)
	}
	k.expect("at most half an hour", k.send(sign(map[string]any{"exp": now.Add(30 * time.Minute).Unix()})), known)

	const header = "eyJhbGciOiJub25lIn0" // {"alg":"none"}
	good := strings.Split(sign(nil), ".")
	public, err := x509.MarshalPKIXPublicKey(k.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	for name, forged := range map[string]string{
		"no algorithm":             header + "." + good[1] + ".",
		"no algorithm, signed":     header + "." + good[1] + "." + good[2],
		"no signature":             good[0] + "." + good[1] + ".",
		"the public key as secret": assertion(t, jose.HS256, text, k.claims(nil)),
		"the client's secret":      assertion(t, jose.HS256, []byte(keyedSecret), k.claims(nil)),
		"somebody else's key":      assertion(t, jose.ES256, newKey(t), k.claims(nil)),
		"no JWT":                   "x.y.z",
		"nothing":                  "",
	} {
		k.expect(name, k.send(forged), refused)
	}
}

func TestOneWayOfAuthentication(t *testing.T) {
	k := newKeyed(t)
	k.register(map[string]any{"publicKeyLocation": "jwks", "jwkSet": jwks(t, k.key.Public()), "tokenEndpointAuthSigningAlgorithm": "ES256"})
	signed := assertion(t, jose.ES256, k.key, k.claims(nil))
	const kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	answer := k.ask("", url.Values{"client_id": {"keyed"}, "client_secret": {keyedSecret}})
	k.expect("a secret of a client that signs", answer, refused)
	if answer["error_description"] != "Invalid authentication method for accessing this endpoint." {
		t.Errorf("%v", answer)
	}
	k.expect("nothing", k.ask("", url.Values{"client_id": {"keyed"}}), refused)
	k.expect("both", k.ask("", url.Values{"client_secret": {keyedSecret}, "client_assertion": {signed}, "client_assertion_type": {kind}}), "invalid_request")
	k.expect("another type", k.ask("", url.Values{"client_assertion": {signed}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}}), refused)
	k.expect("another client_id", k.ask("", url.Values{"client_id": {"other"}, "client_assertion": {signed}, "client_assertion_type": {kind}}), refused)
	k.expect("in the query", k.ask("?"+url.Values{"client_assertion": {signed}, "client_assertion_type": {kind}}.Encode(), url.Values{}), known)
	k.expect("in query and form", k.ask("?client_id=other", url.Values{"client_id": {"keyed"}, "client_assertion": {signed}, "client_assertion_type": {kind}}), "invalid_request")

	setProvider(t, k.mock, "alpha", map[string]any{"advancedOAuth2Config/allowClientCredentialsInTokenRequestQueryParameters": false})
	k.expect("in the query, which is not allowed", k.ask("?"+url.Values{"client_assertion": {signed}, "client_assertion_type": {kind}}.Encode(), url.Values{}), refused)
}

func TestClientSecretJWT(t *testing.T) {
	k := newKeyed(t)
	k.register(map[string]any{"tokenEndpointAuthSigningAlgorithm": "HS256"})
	k.expect("its secret", k.send(assertion(t, jose.HS256, []byte(keyedSecret), k.claims(nil))), known)
	k.expect("another secret", k.send(assertion(t, jose.HS256, []byte(strings.ToUpper(keyedSecret)), k.claims(nil))), refused)
	k.expect("another algorithm", k.send(assertion(t, jose.HS384, []byte(keyedSecret+keyedSecret), k.claims(nil))), refused)
	k.expect("a key", k.send(assertion(t, jose.ES256, k.key, k.claims(nil))), refused)
}

func TestKeysInACertificate(t *testing.T) {
	k := newKeyed(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	k.register(map[string]any{"publicKeyLocation": "x509", "clientJwtPublicKey": string(text)})
	k.expect("its key", k.send(assertion(t, jose.RS256, key, k.claims(nil))), known)
	k.expect("its certificate as secret", k.send(assertion(t, jose.HS256, text, k.claims(nil))), refused)
	k.register(map[string]any{"publicKeyLocation": "x509", "clientJwtPublicKey": "none"})
	k.expect("no certificate", k.send(assertion(t, jose.RS256, key, k.claims(nil))), refused)
}

func TestKeysAreFetchedFromThisMachine(t *testing.T) {
	k := newKeyed(t)
	var asked atomic.Int32
	served := atomic.Pointer[ecdsa.PrivateKey]{}
	served.Store(k.key)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/elsewhere" {
			http.Redirect(w, r, "/keys", http.StatusFound)
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: served.Load().Public()}}})
	}))
	t.Cleanup(server.Close)
	k.register(map[string]any{"publicKeyLocation": "jwks_uri", "jwksUri": server.URL + "/keys", "tokenEndpointAuthSigningAlgorithm": "ES256"})
	for range 3 {
		k.expect("a fetched key", k.send(assertion(t, jose.ES256, k.key, k.claims(nil))), known)
	}
	if asked.Load() != 1 {
		t.Errorf("keys were fetched %d times", asked.Load())
	}
	next := newKey(t)
	served.Store(next)
	k.expect("a new key, too early", k.send(assertion(t, jose.ES256, next, k.claims(nil))), refused)
	k.clock.advance(time.Minute)
	k.expect("a new key", k.send(assertion(t, jose.ES256, next, k.claims(nil))), known)
	k.expect("the former key", k.send(assertion(t, jose.ES256, k.key, k.claims(nil))), refused)

	before := asked.Load()
	for _, uri := range []string{
		"https://keys.example.com/keys", "http://192.0.2.1/keys", "http://169.254.169.254/", "file:///etc/passwd", "",
		strings.Replace(server.URL, "http://", "http://user@", 1) + "/keys", strings.Replace(server.URL, "127.0.0.1", "127.0.0.1.example.com", 1) + "/keys",
	} {
		k.register(map[string]any{"publicKeyLocation": "jwks_uri", "jwksUri": uri, "tokenEndpointAuthSigningAlgorithm": "ES256"})
		answer := k.send(assertion(t, jose.ES256, next, k.claims(nil)))
		k.expect(uri, answer, refused)
		if !strings.Contains(answer["error_description"].(string), "KeyHosts") {
			t.Errorf("%s: %v", uri, answer)
		}
	}
	if asked.Load() != before {
		t.Error("an address that is not allowed was asked")
	}
	k.register(map[string]any{"publicKeyLocation": "jwks_uri", "jwksUri": server.URL + "/elsewhere", "tokenEndpointAuthSigningAlgorithm": "ES256"})
	k.expect("a redirect", k.send(assertion(t, jose.ES256, next, k.claims(nil))), refused)
}

// An assertion that was made for another host is not good here under that host's name.
func TestAssertionsAreForTheTenantsOwnNames(t *testing.T) {
	for host, want := range map[string]string{"": known, "localhost": known, "tenant.localhost": known, "evil.example.com": refused, "127.0.0.1.evil.example.com": refused} {
		k := newKeyed(t)
		k.register(map[string]any{"publicKeyLocation": "jwks", "jwkSet": jwks(t, k.key.Public()), "tokenEndpointAuthSigningAlgorithm": "ES256"})
		k.expect(host, k.at(host), want)
	}
	k := newKeyed(t, mockaic.PublicURL("https://tenant.example.com"))
	k.register(map[string]any{"publicKeyLocation": "jwks", "jwkSet": jwks(t, k.key.Public()), "tokenEndpointAuthSigningAlgorithm": "ES256"})
	k.expect("another host than the public one", k.at("evil.example.com"), refused)
	signed := assertion(t, jose.ES256, k.key, k.claims(map[string]any{"aud": "https://tenant.example.com:443/am/oauth2/alpha"}))
	k.expect("the public URL", k.send(signed), known)
}

// at sends an assertion for a host to the tenant under that name; "" is its own.
func (k *keyed) at(host string) map[string]any {
	k.t.Helper()
	address, err := url.Parse(k.mock.URL)
	if err != nil {
		k.t.Fatal(err)
	}
	if host != "" {
		host += ":" + address.Port()
	} else {
		host = address.Host
	}
	form := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion": {assertion(k.t, jose.ES256, k.key, k.claims(map[string]any{"aud": "http://" + host + "/am/oauth2/alpha/access_token"}))},
	}
	request, err := http.NewRequestWithContext(k.t.Context(), "POST", k.mock.URL+"/am/oauth2/alpha/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		k.t.Fatal(err)
	}
	request.Host = host
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return visit(k.t, k.mock.Client(), request).object(k.t)
}

package resource_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"aicmcp/server/resource"
)

const self = "https://mcp.example.com/mcp"

var start = time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)

// keyPair is made once: RSA keys take long to make.
type keyPair struct {
	rsa, other *rsa.PrivateKey
	ec, ec384  *ecdsa.PrivateKey
}

var newKeyPair = sync.OnceValue(func() keyPair {
	var k keyPair
	var errs [4]error
	k.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	k.other, errs[1] = rsa.GenerateKey(rand.Reader, 2048)
	k.ec, errs[2] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.ec384, errs[3] = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	for _, err := range errs {
		if err != nil {
			panic(err)
		}
	}
	return k
})

// issuer is an authorization server of this test's own, which can be unfaithful.
type issuer struct {
	*httptest.Server
	keyPair

	mu        sync.Mutex
	asked     map[string]int
	jwks      any
	discovery map[string]any
	status    int // of every answer, 200 if 0
	// held answers for keys wait until it is closed.
	held chan struct{}
	// reached is told of each question for keys.
	reached chan struct{}
	// introspected is what is known of tokens.
	introspected map[string]any
	seen         []*http.Request // of introspection, with their forms
}

const (
	discoveryPath = "/am/oauth2/alpha/.well-known/openid-configuration"
	keysPath      = "/keys"
	askPath       = "/introspect"
)

func newIssuer(t testing.TB) *issuer {
	i := &issuer{keyPair: newKeyPair(), asked: map[string]int{}, introspected: map[string]any{}, reached: make(chan struct{}, 100)}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	i.publish(jwk("rsa", &i.rsa.PublicKey), jwk("ec", &i.ec.PublicKey))
	i.discovery = map[string]any{
		"issuer": i.name(), "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token",
		"jwks_uri": i.URL + keysPath, "introspection_endpoint": i.URL + askPath, "response_types_supported": []string{"code"},
	}
	return i
}

func jwk(kid string, key any) jose.JSONWebKey {
	return jose.JSONWebKey{KeyID: kid, Key: key, Use: "sig"}
}

func (i *issuer) name() string { return i.URL + "/am/oauth2/alpha" }

func (i *issuer) publish(keys ...any) { i.set(func() { i.jwks = map[string]any{"keys": keys} }) }

func (i *issuer) set(change func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change()
}

// count tells how often a path was asked for.
func (i *issuer) count(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[path]
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.asked[r.URL.Path]++
	held, status := i.held, i.status
	i.mu.Unlock()
	if r.URL.Path == keysPath {
		i.reached <- struct{}{}
	}
	if r.URL.Path == keysPath && held != nil {
		<-held
	}
	if status != 0 {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	var answer any
	switch r.URL.Path {
	case discoveryPath:
		answer = i.discovery
	case keysPath:
		answer = i.jwks
	case askPath:
		if err := r.ParseForm(); err != nil {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		i.seen = append(i.seen, r)
		if answer = i.introspected[r.PostForm.Get("token")]; answer == nil {
			answer = map[string]any{"active": false}
		}
	default:
		http.NotFound(w, r)
		return
	}
	if text, ok := answer.(string); ok {
		_, _ = io.WriteString(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// claims are those of a good token; changes with the value nil remove one.
func (i *issuer) claims(changes map[string]any) map[string]any {
	claims := map[string]any{
		"iss": i.name(), "aud": self, "sub": "jane", "client_id": "inspector", "tokenName": "access_token", "token_type": "Bearer",
		"iat": start.Unix(), "nbf": start.Unix(), "exp": start.Add(time.Hour).Unix(), "scope": []string{"read", "write"},
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

// token is signed with RS256 by the issuer's key.
func (i *issuer) token(t testing.TB, changes map[string]any) string {
	t.Helper()
	text, err := json.Marshal(i.claims(changes))
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, jose.RS256, i.rsa, `{"kid":"rsa","typ":"JWT"}`, string(text))
}

// sign makes a token with just that header, to which alg is added, and that payload.
func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, header, payload string) string {
	t.Helper()
	var members map[jose.HeaderKey]any
	if err := json.Unmarshal([]byte(header), &members); err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, &jose.SignerOptions{ExtraHeaders: members})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// rig is a server under test, with its issuer, clock and log.
type rig struct {
	*resource.Server
	*issuer
	options resource.Options

	mu  sync.Mutex
	now time.Time
	log bytes.Buffer
}

func newRig(t testing.TB, change func(*resource.Options)) *rig {
	t.Helper()
	return newRigOf(t, newIssuer(t), change)
}

func newRigOf(t testing.TB, i *issuer, change func(*resource.Options)) *rig {
	t.Helper()
	r := &rig{issuer: i, now: start}
	r.options = resource.Options{
		URL: self, Issuer: r.name(), Scopes: []string{"read", "write"}, Now: r.clock,
		Logger: slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&r.options)
	}
	var err error
	if r.Server, err = resource.New(r.options); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *rig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func (r *rig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// site serves what is protected, whose body tells the caller, and the metadata.
func (r *rig) site(t testing.TB, next http.Handler) *httptest.Server {
	if next == nil {
		next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusTeapot)
				return
			}
			caller := resource.CallerOf(r.Context())
			fmt.Fprintf(w, "%s %s %q", caller.Token.Subject, caller.Token.ClientID, body)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("/.well-known/", r.Metadata())
	mux.Handle("/mcp", r.Protect(next))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request to the resource's host.
func send(t testing.TB, server *httptest.Server, method, path string, header http.Header, body io.Reader) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "mcp.example.com"
	for name, values := range header {
		if name == "Host" {
			request.Host = values[0]
			continue
		}
		request.Header[name] = values
	}
	res, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(data)}
}

func bearing(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// mustNotHold fails if a text holds the token or a part of it.
func mustNotHold(t testing.TB, text, token string) {
	t.Helper()
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 8 && strings.Contains(text, part) {
			t.Errorf("a part of the token stands in %s", text)
		}
	}
}

// basic authenticates as a client with a secret.
func basic(id, secret string) func(url.Values, http.Header) {
	return func(_ url.Values, header http.Header) {
		r := http.Request{Header: header}
		r.SetBasicAuth(id, secret)
	}
}

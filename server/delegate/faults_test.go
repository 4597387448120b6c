package delegate_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"

	"aicmcp/server/delegate"
)

const (
	issuer   = "https://issuer.example:443/am/oauth2/alpha"
	endpoint = issuer + "/access_token"
	wellKnow = issuer + "/.well-known/openid-configuration"
)

var (
	noon      = time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)
	somebody  = delegate.Caller{Token: "the-callers-own-token", Subject: "jane", Expires: noon.Add(time.Hour), Scopes: []string{"todo:read"}}
	discovery = fmt.Sprintf(`{"issuer":%q,"token_endpoint":%q}`, issuer, endpoint)
)

const actorAnswer = `{"access_token":"the-actors-token","token_type":"Bearer","expires_in":3600}`

// broken is a Delegator whose issuer answers as told: to discovery, to the request
// for an actor token, to the exchange.
func broken(t *testing.T, document, actor, exchange httpmock.Responder) (*delegate.Delegator, *buffer) {
	t.Helper()
	transport := httpmock.NewMockTransport()
	transport.RegisterResponder("GET", wellKnow, document)
	transport.RegisterResponder("POST", endpoint, func(r *http.Request) (*http.Response, error) {
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
		if r.PostForm.Get("grant_type") == "client_credentials" {
			return actor(r)
		}
		return exchange(r)
	})
	client, err := delegate.NewSecretClient(server, secret)
	if err != nil {
		t.Fatal(err)
	}
	log := &buffer{}
	d, err := delegate.New(delegate.Options{
		Issuer: issuer, Client: client, HTTPClient: &http.Client{Transport: transport}, Now: func() time.Time { return noon },
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, log
}

func says(text string) httpmock.Responder { return httpmock.NewStringResponder(200, text) }

func refuses(status int, text string, header ...string) httpmock.Responder {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return httpmock.NewStringResponder(status, text).HeaderSet(h)
}

func fails(err error) httpmock.Responder {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// madeUp is a JWT with these claims, which nobody signed.
func madeUp(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(claims)) + ".c2ln"
}

func gives(token, more string) httpmock.Responder {
	return says(fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":3600,"scope":"todo:read"%s}`, token, more))
}

func TestAnswersThatAreNone(t *testing.T) {
	good := says(discovery)
	for name, c := range map[string]struct {
		document, actor, exchange httpmock.Responder
		op, want                  string
		retryable                 bool
	}{
		"no discovery":        {refuses(404, ""), nil, nil, "discovery", "the issuer must be the address", false},
		"an HTML page":        {says("<html>"), nil, nil, "discovery", "is no discovery document", false},
		"another issuer":      {says(strings.Replace(discovery, ":443", "", 1)), nil, nil, "discovery", `spell the issuer, which is "` + issuer, false},
		"no endpoint":         {says(`{"issuer":"` + issuer + `"}`), nil, nil, "discovery", "token endpoint", false},
		"an endpoint in HTTP": {says(strings.Replace(discovery, endpoint, "http://issuer.example/token", 1)), nil, nil, "discovery", "https", false},
		"an endpoint's user":  {says(strings.Replace(discovery, endpoint, "https://a:b@issuer.example/token", 1)), nil, nil, "discovery", "user", false},
		"a long document":     {says(`{"a":"` + strings.Repeat("a", 2<<20) + `"}`), nil, nil, "discovery", "longer than", false},
		"a redirect":          {refuses(302, "", "Location", "https://elsewhere.example/"), nil, nil, "discovery", "302 Found", false},
		"nobody there":        {fails(errors.New("connection refused")), nil, nil, "discovery", "cannot be reached", true},
		"a false certificate": {fails(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), nil, nil, "discovery", "certificate", false},
		"an actor's redirect": {good, refuses(307, "", "Location", "https://elsewhere.example/"), nil, "actor token", "307 Temporary Redirect", false},
		"no JSON":             {good, says("x"), nil, "actor token", "no bearer token", false},
		"no token":            {good, says(`{"token_type":"Bearer"}`), nil, "actor token", "no bearer token", false},
		"another type":        {good, says(`{"access_token":"x","token_type":"mac"}`), nil, "actor token", "no bearer token", false},
		"no type":             {good, says(`{"access_token":"x"}`), nil, "actor token", "no bearer token", false},
		"no such client":      {good, refuses(401, `{"error":"invalid_client","error_description":"Client authentication failed"}`), nil, "actor token", "private_key_jwt", false},
		"a gateway":           {good, refuses(502, "<html>"), nil, "actor token", "502 Bad Gateway", true},
		"an exchange's page":  {good, says(actorAnswer), says("<html>"), "exchange", "no bearer token", false},
		"not implemented":     {good, says(actorAnswer), refuses(501, "{}"), "exchange", "501", false},
		"an unlisted target":  {good, says(actorAnswer), refuses(400, `{"error":"invalid_target"}`), "exchange", "allowed resource server audience", false},
		"lines in a text":     {good, says(actorAnswer), refuses(400, `{"error":"x\ny","error_description":"a\r\nb"}`), "exchange", `exchange failed: "x y": "a  b" (`, false},
		"a long text":         {good, says(actorAnswer), refuses(400, `{"error":"x","error_description":"`+strings.Repeat("ab", 1000)+`"}`), "exchange", "ab…", false},
	} {
		d, _ := broken(t, c.document, c.actor, c.exchange)
		_, err := d.Token(t.Context(), somebody, todo, []string{"todo:read"})
		var failed *delegate.Error
		if !errors.As(err, &failed) || failed.Op != c.op || !strings.Contains(err.Error(), c.want) || failed.Retryable != c.retryable || len(err.Error()) > 1500 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExchangedTokensThatAreNoGood(t *testing.T) {
	const good = `"iss":"` + issuer + `","sub":"jane","act":{"sub":"mcp_server"},"aud":"` + todoAPI + `","scope":"todo:read"`
	exp := fmt.Sprint(noon.Add(time.Minute).Unix())
	for name, c := range map[string]struct {
		exchange httpmock.Responder
		claim    string // "" is a good one
	}{
		"the caller's own":          {gives(somebody.Token, ""), "access_token"},
		"the actor's":               {gives("the-actors-token", ""), "access_token"},
		"another type":              {gives("x", `,"issued_token_type":"urn:ietf:params:oauth:token-type:refresh_token"`), "issued_token_type"},
		"opaque":                    {gives("x", `,"issued_token_type":"urn:ietf:params:oauth:token-type:access_token"`), ""},
		"opaque, no scope":          {says(`{"access_token":"x","token_type":"bearer","expires_in":"60"}`), "scope"},
		"opaque, expired":           {says(`{"access_token":"x","token_type":"bearer","expires_in":0,"scope":"todo:read"}`), "exp"},
		"opaque, three parts":       {gives("a.b.c", ""), ""},
		"a scope claim in one":      {gives(madeUp(`{`+strings.Replace(good, `"todo:read"`, `"todo:read  todo:read"`, 1)+`,"exp":`+exp+`}`), ""), ""},
		"a scope of the claim only": {gives(madeUp(`{`+strings.Replace(good, `"todo:read"`, `["todo:read","todo:write"]`, 1)+`,"exp":`+exp+`}`), ""), "scope"},
		"a fraction of a second":    {gives(madeUp(`{`+good+`,"exp":`+exp+`.5}`), ""), ""},
		"act by client_id":          {gives(madeUp(`{`+strings.Replace(good, `{"sub"`, `{"client_id"`, 1)+`,"exp":`+exp+`}`), ""), ""},
		"no expiry":                 {gives(madeUp(`{`+good+`}`), ""), "access_token"},
		"expired":                   {gives(madeUp(`{`+good+`,"exp":`+fmt.Sprint(noon.Unix())+`}`), ""), "exp"},
		"an endless number":         {gives(madeUp(`{`+good+`,"exp":1e300}`), ""), "access_token"},
		"act is no object":          {gives(madeUp(`{`+strings.Replace(good, `{"sub":"mcp_server"}`, `"mcp_server"`, 1)+`,"exp":`+exp+`}`), ""), "access_token"},
		"no act":                    {gives(madeUp(`{`+strings.Replace(good, `"act"`, `"Act"`, 1)+`,"exp":`+exp+`}`), ""), "act"},
		"an empty act":              {gives(madeUp(`{`+strings.Replace(good, `{"sub":"mcp_server"}`, `{}`, 1)+`,"exp":`+exp+`}`), ""), "act"},
		"another's sub, by case":    {gives(madeUp(`{`+strings.Replace(good, `"jane"`, `"joe","Sub":"jane"`, 1)+`,"exp":`+exp+`}`), ""), "sub"},
		"no claims":                 {gives(madeUp(`[]`), ""), "access_token"},
		"no JSON":                   {gives(madeUp(`{`), ""), "access_token"},
		"an audience of numbers":    {gives(madeUp(`{`+strings.Replace(good, `"`+todoAPI+`"`, `[1]`, 1)+`,"exp":`+exp+`}`), ""), "access_token"},
		"a sub that is no text":     {gives(madeUp(`{`+strings.Replace(good, `"jane"`, `1`, 1)+`,"exp":`+exp+`}`), ""), "access_token"},
		"an audience that is like":  {gives(madeUp(`{`+strings.Replace(good, todoAPI, todoAPI+"/x", 1)+`,"exp":`+exp+`}`), ""), "aud"},
	} {
		d, log := broken(t, says(discovery), says(actorAnswer), c.exchange)
		token, err := d.Token(t.Context(), somebody, todo, []string{"todo:read"})
		var wrong *delegate.Mismatch
		if c.claim == "" && err != nil || c.claim != "" && (!errors.As(err, &wrong) || wrong.Claim != c.claim || token != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if text := fmt.Sprint(err) + log.String(); strings.Contains(text, somebody.Token) || strings.Contains(text, "actors-token") || strings.Contains(text, "joe") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// An issuer, or what stands in front of it, may repeat what it was sent.
func TestRefusalsThatRepeatTheRequest(t *testing.T) {
	echo := func(r *http.Request) (*http.Response, error) {
		_, password, _ := r.BasicAuth()
		text := fmt.Sprintf(`{"error":"x %s","error_description":"%s %s %s"}`, secret, r.PostForm.Get("subject_token"), r.PostForm.Get("actor_token"), password)
		return refuses(400, text)(r)
	}
	d, log := broken(t, says(discovery), says(actorAnswer), echo)
	_, err := d.Token(t.Context(), somebody, todo, []string{"todo:read"})
	text := fmt.Sprintf("%v %+v %s", err, err, log)
	for _, hidden := range []string{secret, somebody.Token, "the-actors-token"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%s", text)
		}
	}
	if !strings.Contains(text, "[hidden]") {
		t.Errorf("%s", text)
	}
}

func TestRetryAfterAsADate(t *testing.T) {
	for header, want := range map[string]time.Duration{
		noon.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second, noon.Add(-time.Hour).Format(http.TimeFormat): 0, "-5": 0, "soon": 0, "": 0,
	} {
		d, _ := broken(t, refuses(503, "", "Retry-After", header), nil, nil)
		_, err := d.Token(t.Context(), somebody, todo, []string{"todo:read"})
		var failed *delegate.Error
		if !errors.As(err, &failed) || failed.RetryAfter != want {
			t.Errorf("%q: %v", header, err)
		}
	}
}

// An issuer that doesn't answer holds nobody up for long, and says nothing of the
// caller's own time.
func TestAnIssuerThatHangs(t *testing.T) {
	hangs := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	for op, c := range map[string]struct {
		document, actor, exchange httpmock.Responder
		limit                     time.Duration
	}{
		"discovery":   {hangs, nil, nil, 10 * time.Second},
		"actor token": {says(discovery), hangs, nil, 15 * time.Second},
		"exchange":    {says(discovery), says(actorAnswer), hangs, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, _ := broken(t, c.document, c.actor, c.exchange)
			began := time.Now()
			_, err := d.Token(t.Context(), somebody, todo, []string{"todo:read"})
			var failed *delegate.Error
			if !errors.As(err, &failed) || failed.Op != op || !failed.Retryable || errors.Is(err, context.DeadlineExceeded) || time.Since(began) != c.limit {
				t.Errorf("%s: after %s: %v", op, time.Since(began), err)
			}
			// The caller's own patience ends first.
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began = time.Now()
			if _, err := d.Token(ctx, somebody, todo, []string{"todo:read"}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Errorf("%s: after %s: %v", op, time.Since(began), err)
			}
			time.Sleep(time.Minute) // until what went on has ended
		})
	}
}

// Neither redirects nor cookies of the client that was given are used.
func TestTheClientIsNotFollowed(t *testing.T) {
	asked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(elsewhere.Close)
	moved := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	client, err := delegate.NewSecretClient("x", "y")
	if err != nil {
		t.Fatal(err)
	}
	d, err := delegate.New(delegate.Options{Issuer: moved.URL, Client: client, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(t.Context(), somebody, todo, []string{"todo:read"}); err == nil || asked > 0 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	client, err := delegate.NewSecretClient("x", "y")
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]delegate.Options{
		"no issuer":         {Client: client},
		"an issuer in HTTP": {Client: client, Issuer: "http://issuer.example/am"},
		"a path":            {Client: client, Issuer: "/am/oauth2"},
		"a query":           {Client: client, Issuer: issuer + "?realm=/alpha"},
		"a fragment":        {Client: client, Issuer: issuer + "#x"},
		"no client":         {Issuer: issuer},
		"a cache of -1":     {Client: client, Issuer: issuer, Capacity: -1},
	} {
		if _, err := delegate.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, address := range []string{"http://127.0.0.1:8080/am", "http://[::1]/am", "http://localhost:1", issuer} {
		if _, err := delegate.New(delegate.Options{Client: client, Issuer: address}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

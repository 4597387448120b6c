package resource_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aicmcp/server/resource"
)

// asking makes a server ask its issuer about tokens.
func asking(mode resource.IntrospectionMode, clients ...string) func(*resource.Options) {
	return func(o *resource.Options) {
		o.OwnClients = clients
		o.Introspection = resource.Introspection{Mode: mode, Authenticate: func(_ context.Context, form url.Values, header http.Header) error {
			basic("server", "secret")(form, header)
			form.Set("client_assertion", "proof")
			return nil
		}}
	}
}

// told is what AIC answers about an active token: without aud.
func (i *issuer) told(changes map[string]any) map[string]any {
	claims := i.claims(map[string]any{"active": true, "scope": "read write", "aud": nil, "tokenName": nil, "nbf": nil, "iat": nil, "username": "jane"})
	for name, value := range changes {
		claims[name] = value
	}
	return claims
}

func TestOpaqueTokens(t *testing.T) {
	for name, c := range map[string]struct {
		told  map[string]any
		fault error
	}{
		"of a client that is listed":  {nil, nil},
		"for the resource":            {map[string]any{"client_id": "other", "aud": []string{self + "/"}}, nil},
		"of another client":           {map[string]any{"client_id": "other"}, resource.WrongAudience},
		"of no client":                {map[string]any{"client_id": nil}, resource.WrongAudience},
		"for others":                  {map[string]any{"aud": "https://other.example"}, resource.WrongAudience},
		"of another issuer":           {map[string]any{"iss": "https://other.example"}, resource.WrongIssuer},
		"without an issuer":           {map[string]any{"iss": nil}, nil},
		"without an end":              {map[string]any{"exp": nil}, resource.Malformed},
		"expired":                     {map[string]any{"exp": start.Add(-time.Minute).Unix()}, resource.Expired},
		"without a subject":           {map[string]any{"sub": nil}, resource.Malformed},
		"bound to a key":              {map[string]any{"cnf": map[string]any{"x5t#S256": "x"}}, resource.WrongKind},
		"of another type":             {map[string]any{"token_type": "refresh_token"}, resource.WrongKind},
		"not active":                  {map[string]any{"active": false}, resource.Inactive},
		"of which it is not told":     {map[string]any{"active": "true"}, errors.New("the answer does not tell")},
		"of which nothing is known":   {map[string]any{"active": nil}, errors.New("the answer does not tell")},
		"whose client is listed with": {map[string]any{"client_id": "second"}, nil},
	} {
		r := newRig(t, asking(resource.IntrospectOpaque, "inspector", "second"))
		const opaque = "Xq3VbH6_ytSkYzqA3dTgJ9pZ0cE"
		r.introspected[opaque] = r.told(c.told)
		token, err := r.Verify(t.Context(), opaque)
		var away *resource.Unavailable
		switch {
		case c.fault == nil && (err != nil || token.Subject != "jane" || len(token.Scopes) != 2 || token.Expires.IsZero()):
			t.Errorf("%s: %+v %v", name, token, err)
		case errors.As(err, &away) && strings.Contains(err.Error(), c.fault.Error()):
		case c.fault != nil && !errors.Is(err, c.fault):
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			mustNotHold(t, err.Error(), opaque)
		}
		asked := r.seen[0]
		if id, secret, _ := asked.BasicAuth(); id != "server" || secret != "secret" || asked.Form.Get("client_assertion") != "proof" ||
			asked.Form.Get("token_type_hint") != "access_token" || asked.Method != http.MethodPost {
			t.Errorf("asked with %v %v", asked.Header, asked.Form)
		}
	}
}

func TestModesOfIntrospection(t *testing.T) {
	const opaque = "Xq3VbH6_ytSkYzqA3dTgJ9pZ0cE"
	for mode, want := range map[resource.IntrospectionMode]struct {
		opaque, jwt, revoked error
		asked                int
	}{
		resource.IntrospectNone:   {resource.Malformed, nil, nil, 0},
		resource.IntrospectOpaque: {nil, nil, nil, 1},
		resource.IntrospectAll:    {nil, nil, resource.Inactive, 3},
	} {
		r := newRig(t, asking(mode, "inspector"))
		jwt, revoked := r.token(t, nil), r.token(t, map[string]any{"jti": "2"})
		r.introspected[opaque], r.introspected[jwt] = r.told(nil), r.told(nil)
		for token, fault := range map[string]error{opaque: want.opaque, jwt: want.jwt, revoked: want.revoked} {
			if _, err := r.Verify(t.Context(), token); fault == nil && err != nil || fault != nil && !errors.Is(err, fault) {
				t.Errorf("%q: %v, want %v", mode, err, fault)
			}
		}
		// What is forged is not asked about.
		if _, err := r.Verify(t.Context(), revoked[:len(revoked)-40]+strings.Repeat("A", 40)); !errors.Is(err, resource.BadSignature) {
			t.Errorf("%q: %v", mode, err)
		}
		if n := r.count(askPath); n != want.asked {
			t.Errorf("%q: asked %d times", mode, n)
		}
	}
}

func TestIntrospectionThatFails(t *testing.T) {
	for want, change := range map[string]func(*rig, *resource.Options){
		"502 Bad Gateway":                         func(r *rig, _ *resource.Options) { r.issuer.status = http.StatusBadGateway },
		"401 Unauthorized":                        func(r *rig, _ *resource.Options) { r.issuer.status = http.StatusUnauthorized },
		"names no introspection_endpoint":         func(r *rig, _ *resource.Options) { delete(r.discovery, "introspection_endpoint") },
		"authenticate to the issuer: no key":      func(_ *rig, o *resource.Options) { o.Introspection.Authenticate = failing },
		"the answer's members: they are not JSON": func(r *rig, _ *resource.Options) { r.introspected["opaque"] = "<html>" },
		"or a name comes twice":                   func(r *rig, _ *resource.Options) { r.introspected["opaque"] = `{"active":true,"active":false}` },
	} {
		r := newRig(t, asking(resource.IntrospectOpaque, "inspector"))
		change(r, &r.options)
		server, err := resource.New(r.options)
		if err != nil {
			t.Fatal(err)
		}
		var away *resource.Unavailable
		if _, err := server.Verify(t.Context(), "opaque"); !errors.As(err, &away) || away.RetryAfter <= 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestMadeUpTokensDoNotKeepOthersOut(t *testing.T) {
	const most = 32
	asked, release := make(chan bool, most), make(chan bool)
	r := newRig(t, func(o *resource.Options) {
		o.Introspection = resource.Introspection{Mode: resource.IntrospectAll, Authenticate: func(_ context.Context, form url.Values, _ http.Header) error {
			if strings.HasPrefix(form.Get("token"), "made-up") {
				asked <- true
				<-release
			}
			return nil
		}}
	})
	token := r.token(t, nil)
	r.introspected[token] = r.told(nil)
	refused := make(chan error, most)
	for range most {
		go func() {
			_, err := r.Verify(t.Context(), "made-up")
			refused <- err
		}()
	}
	for range most {
		<-asked
	}
	var away *resource.Unavailable
	if _, err := r.Verify(t.Context(), "made-up-too"); !errors.As(err, &away) || !strings.Contains(err.Error(), "too many opaque tokens") {
		t.Errorf("%v", err)
	}
	if _, err := r.Verify(t.Context(), token); err != nil {
		t.Errorf("a signed token: %v", err)
	}
	close(release)
	for range most {
		if err := <-refused; !errors.Is(err, resource.Inactive) {
			t.Errorf("%v", err)
		}
	}
	if _, err := r.Verify(t.Context(), "made-up"); !errors.Is(err, resource.Inactive) {
		t.Errorf("places are not free again: %v", err)
	}
}

func failing(context.Context, url.Values, http.Header) error { return errors.New("no key") }

package resource_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"aicmcp/server/resource"
)

func TestWhatATokenSays(t *testing.T) {
	r := newRig(t, nil)
	token, err := r.Verify(t.Context(), r.token(t, map[string]any{"big": json.RawMessage("9007199254740993"), "act": map[string]any{"n": json.RawMessage("1.10")}}))
	if err != nil {
		t.Fatal(err)
	}
	if token.Subject != "jane" || token.ClientID != "inspector" || !slices.Equal(token.Scopes, []string{"read", "write"}) || !token.Expires.Equal(start.Add(time.Hour)) {
		t.Errorf("%+v", token)
	}
	if got := fmt.Sprintf("%v %v", token.Claims["big"], token.Claims["act"]); got != "9007199254740993 map[n:1.10]" {
		t.Errorf("numbers: %s", got)
	}
	if text, err := json.Marshal(token.Claims["big"]); err != nil || string(text) != "9007199254740993" {
		t.Errorf("written: %s %v", text, err)
	}
	if err := token.Require("read", "write"); err != nil {
		t.Error(err)
	}
	var lacks *resource.InsufficientScope
	if err := token.Require("read", "admin"); !errors.As(err, &lacks) || !slices.Equal(lacks.Scopes, []string{"read", "admin"}) {
		t.Errorf("%v", err)
	}
}

func TestGoodTokens(t *testing.T) {
	all := func(o *resource.Options) { o.Algorithms = []string{"RS256", "PS256", "ES256"} }
	r := newRig(t, all)
	text := func(changes map[string]any) string {
		data, err := json.Marshal(r.claims(changes))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for name, token := range map[string]string{
		"audience with a slash":        r.token(t, map[string]any{"aud": self + "/"}),
		"several audiences":            r.token(t, map[string]any{"aud": []string{"inspector", self}}),
		"scope as a string":            r.token(t, map[string]any{"scope": "read write"}),
		"no client":                    r.token(t, map[string]any{"client_id": nil}),
		"no tokenName":                 r.token(t, map[string]any{"tokenName": nil, "token_type": nil, "nbf": nil, "iat": nil}),
		"a bearer in other letters":    r.token(t, map[string]any{"token_type": "bearer"}),
		"good for a second":            r.token(t, map[string]any{"exp": start.Add(time.Second).Unix()}),
		"not valid within the skew":    r.token(t, map[string]any{"nbf": start.Add(time.Minute).Unix(), "iat": start.Add(time.Minute).Unix()}),
		"a time with a fraction":       r.token(t, map[string]any{"exp": json.RawMessage(fmt.Sprintf("%d.5", start.Unix()))}),
		"a time with an exponent":      r.token(t, map[string]any{"exp": json.RawMessage("1.7852544e+9"), "iat": 0}),
		"RFC 9068's type":              sign(t, jose.RS256, r.rsa, `{"kid":"rsa","typ":"at+jwt"}`, text(nil)),
		"RFC 9068's type, in full":     sign(t, jose.RS256, r.rsa, `{"kid":"rsa","typ":"application/AT+JWT"}`, text(nil)),
		"no type":                      sign(t, jose.RS256, r.rsa, `{"kid":"rsa"}`, text(nil)),
		"PS256":                        sign(t, jose.PS256, r.rsa, `{"kid":"rsa"}`, text(nil)),
		"ES256":                        sign(t, jose.ES256, r.ec, `{"kid":"ec"}`, text(nil)),
		"claims that repeat elsewhere": r.token(t, map[string]any{"act": map[string]any{"sub": "a", "act": map[string]any{"sub": "b"}}}),
	} {
		if _, err := r.Verify(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultsOfTokens(t *testing.T) {
	r := newRig(t, nil)
	good := r.token(t, nil)
	parts := strings.Split(good, ".")
	body := func(changes map[string]any) string {
		data, err := json.Marshal(r.claims(changes))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	signed := func(header, payload string) string { return sign(t, jose.RS256, r.rsa, header, payload) }
	claim := func(name string, value any) string { return r.token(t, map[string]any{name: value}) }
	raw := func(name, value string) string { return claim(name, json.RawMessage(value)) }
	b64 := base64.RawURLEncoding.EncodeToString
	der, err := x509.MarshalPKIXPublicKey(&r.rsa.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	hs256 := func(secret []byte) string {
		head := b64([]byte(`{"alg":"HS256","kid":"rsa","typ":"JWT"}`)) + "." + parts[1]
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(head))
		return head + "." + b64(mac.Sum(nil))
	}
	other, err := json.Marshal(jose.JSONWebKey{Key: &r.other.PublicKey, KeyID: "own"})
	if err != nil {
		t.Fatal(err)
	}
	flipped, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	flipped[40] ^= 1
	for _, c := range []struct {
		name  string
		token string
		fault resource.Fault
	}{
		{"expired", claim("exp", start.Add(-time.Minute).Unix()), resource.Expired},
		{"expired long ago", claim("exp", 0), resource.Expired},
		{"not yet valid", claim("nbf", start.Add(61*time.Second).Unix()), resource.NotYetValid},
		{"made in the future", claim("iat", start.Add(61*time.Second).Unix()), resource.NotYetValid},
		{"other audience", claim("aud", "https://mcp.example.com/other"), resource.WrongAudience},
		{"two slashes", claim("aud", self+"//"), resource.WrongAudience},
		{"a longer audience", claim("aud", self+"/x"), resource.WrongAudience},
		{"audience in other letters", claim("aud", strings.ToUpper(self)), resource.WrongAudience},
		{"AIC's audience", claim("aud", "inspector"), resource.WrongAudience},
		{"no audience", claim("aud", nil), resource.WrongAudience},
		{"empty audiences", claim("aud", []string{}), resource.WrongAudience},
		{"audience that is a number", claim("aud", 1), resource.Malformed},
		{"an audience that is a number", claim("aud", []any{self, 1}), resource.Malformed},
		{"other issuer", claim("iss", "https://evil.example"), resource.WrongIssuer},
		{"issuer with a slash", claim("iss", r.name()+"/"), resource.WrongIssuer},
		{"issuers", claim("iss", []string{r.name()}), resource.WrongIssuer},
		{"no issuer", claim("iss", nil), resource.WrongIssuer},
		{"no subject", claim("sub", nil), resource.Malformed},
		{"empty subject", claim("sub", ""), resource.Malformed},
		{"subject that is a number", claim("sub", 1), resource.Malformed},
		{"client that is a number", claim("client_id", 1), resource.Malformed},
		{"scope that is a number", claim("scope", 1), resource.Malformed},
		{"scopes that are numbers", claim("scope", []int{1}), resource.Malformed},
		{"no exp", claim("exp", nil), resource.Malformed},
		{"exp null", raw("exp", "null"), resource.Malformed},
		{"exp as a string", claim("exp", fmt.Sprint(start.Add(time.Hour).Unix())), resource.Malformed},
		{"exp huge", raw("exp", "1e400"), resource.Malformed},
		{"exp beyond int64", raw("exp", "9223372036854775808"), resource.Malformed},
		{"exp beyond years", raw("exp", "253402300800"), resource.Malformed},
		{"exp negative", raw("exp", "-1"), resource.Malformed},
		{"exp true", raw("exp", "true"), resource.Malformed},
		{"nbf as a string", claim("nbf", "0"), resource.Malformed},
		{"ID token", claim("tokenName", "id_token"), resource.WrongKind},
		{"refresh token", claim("tokenName", "refresh_token"), resource.WrongKind},
		{"tokenName that is a number", claim("tokenName", 1), resource.WrongKind},
		{"other token_type", claim("token_type", "DPoP"), resource.WrongKind},
		{"bound to a key", claim("cnf", map[string]any{"jkt": "x"}), resource.WrongKind},
		{"other typ", signed(`{"kid":"rsa","typ":"logout+jwt"}`, body(nil)), resource.WrongKind},
		{"typ that is a number", signed(`{"kid":"rsa","typ":1}`, body(nil)), resource.WrongKind},
		{"a claim twice", signed(`{"kid":"rsa"}`, strings.Replace(body(nil), `{`, `{"sub":"admin",`, 1)), resource.Malformed},
		{"a claim twice, deeper", raw("act", `{"sub":"a","sub":"b"}`), resource.Malformed},
		{"a claim twice, escaped", signed(`{"kid":"rsa"}`, strings.Replace(body(nil), `{`, `{"s\u0075b":"admin",`, 1)), resource.Malformed},
		{"claims in other letters", signed(`{"kid":"rsa"}`, strings.Replace(body(nil), `"exp"`, `"EXP"`, 1)), resource.Malformed},
		{"claims and more", signed(`{"kid":"rsa"}`, body(nil)+body(nil)), resource.Malformed},
		{"claims that are an array", signed(`{"kid":"rsa"}`, "["+body(nil)+"]"), resource.Malformed},
		{"claims that are null", signed(`{"kid":"rsa"}`, "null"), resource.Malformed},
		{"no claims", signed(`{"kid":"rsa"}`, ""), resource.Malformed},
		{"claims that do not end", signed(`{"kid":"rsa"}`, strings.Repeat(`{"x":`, 1500)+strings.Repeat("}", 1499)), resource.Malformed},

		{"tampered claims", parts[0] + "." + b64([]byte(body(map[string]any{"sub": "admin"}))) + "." + parts[2], resource.BadSignature},
		{"tampered signature", parts[0] + "." + parts[1] + "." + b64(flipped), resource.BadSignature},
		{"no signature", parts[0] + "." + parts[1] + ".", resource.BadSignature},
		{"signature of another key", sign(t, jose.RS256, r.other, `{"kid":"rsa"}`, body(nil)), resource.BadSignature},
		{"foreign kid", sign(t, jose.RS256, r.other, `{"kid":"foreign"}`, body(nil)), resource.BadSignature},
		{"no kid", signed(`{}`, body(nil)), resource.BadSignature},
		{"kid of a key of another type", signed(`{"kid":"ec"}`, body(nil)), resource.BadSignature},
		{"own key in the header", withOwnKey(t, r, string(other)), resource.BadSignature},
		{"algorithm none", b64([]byte(`{"alg":"none","kid":"rsa"}`)) + "." + parts[1] + ".", resource.BadSignature},
		{"algorithm none with a signature", b64([]byte(`{"alg":"none","kid":"rsa"}`)) + "." + parts[1] + "." + parts[2], resource.BadSignature},
		{"algorithm None", b64([]byte(`{"alg":"NONE","kid":"rsa"}`)) + "." + parts[1] + ".", resource.BadSignature},
		{"no algorithm", b64([]byte(`{"kid":"rsa"}`)) + "." + parts[1] + "." + parts[2], resource.Malformed},
		{"HS256 with the public key", hs256(der), resource.BadSignature},
		{"HS256 with the public key as PEM", hs256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), resource.BadSignature},
		{"algorithm that is not allowed", sign(t, jose.RS512, r.rsa, `{"kid":"rsa"}`, body(nil)), resource.BadSignature},
		{"ES256 where it is not allowed", sign(t, jose.ES256, r.ec, `{"kid":"ec"}`, body(nil)), resource.BadSignature},

		{"critical header", signed(`{"kid":"rsa","crit":["x"],"x":1}`, body(nil)), resource.Malformed},
		{"a header twice", b64([]byte(`{"alg":"RS256","kid":"rsa","kid":"ec"}`)) + "." + parts[1] + "." + parts[2], resource.Malformed},
		{"header that is no JSON", b64([]byte(`x`)) + "." + parts[1] + "." + parts[2], resource.Malformed},
		{"kid that is a number", b64([]byte(`{"alg":"RS256","kid":1}`)) + "." + parts[1] + "." + parts[2], resource.Malformed},
		{"standard base64", parts[0] + "." + parts[1] + "+/." + parts[2], resource.Malformed},
		{"padding", good + "==", resource.Malformed},
		{"two dots only", "..", resource.Malformed},
		{"nothing", "", resource.Malformed},
		{"white space", good[:50] + "\n" + good[50:], resource.Malformed},
		{"two parts", parts[0] + "." + parts[1], resource.Malformed},
		{"JSON serialization", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, resource.Malformed},
		{"two signatures", `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"},{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`, resource.Malformed},
		{"two tokens", good + "." + good, resource.Malformed},
		{"encrypted", strings.Repeat(parts[0]+".", 4) + parts[0], resource.WrongKind},
		{"huge", raw("x", `"`+strings.Repeat("x", 16<<10)+`"`), resource.Malformed},
	} {
		token, err := r.Verify(t.Context(), c.token)
		var fault *resource.InvalidToken
		if token != nil || !errors.As(err, &fault) || !errors.Is(err, c.fault) {
			t.Errorf("%s: %v, want %q", c.name, err, c.fault)
			continue
		}
		mustNotHold(t, err.Error(), c.token)
		if len(err.Error()) > 700 {
			t.Errorf("%s: %d bytes of error", c.name, len(err.Error()))
		}
	}
	if n := r.count(keysPath); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

// withOwnKey is a token whose header brings the key that it is signed with.
func withOwnKey(t *testing.T, r *rig, jwk string) string {
	t.Helper()
	body, err := json.Marshal(r.claims(nil))
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, jose.RS256, r.other, `{"kid":"own","jwk":`+jwk+`}`, string(body))
}

func TestSkewCanBeSet(t *testing.T) {
	for skew, early := range map[time.Duration]time.Duration{-time.Hour: 0, time.Hour: time.Hour, 0: time.Minute} {
		r := newRig(t, func(o *resource.Options) { o.Skew = skew })
		token := r.token(t, map[string]any{"nbf": start.Add(early + time.Second).Unix(), "iat": nil, "exp": start.Add(2 * time.Hour).Unix()})
		if _, err := r.Verify(t.Context(), token); !errors.Is(err, resource.NotYetValid) {
			t.Errorf("%s before: %v", skew, err)
		}
		r.advance(time.Second)
		if _, err := r.Verify(t.Context(), token); err != nil {
			t.Errorf("%s after: %v", skew, err)
		}
		// The clocks' difference does not make a token last longer.
		expired := r.token(t, map[string]any{"exp": start.Unix()})
		if _, err := r.Verify(t.Context(), expired); !errors.Is(err, resource.Expired) {
			t.Errorf("%s expired: %v", skew, err)
		}
	}
}

// What an operator reads must be enough to find the mistake.
func TestDetailsForOperators(t *testing.T) {
	r := newRig(t, nil)
	for want, token := range map[string]string{
		`iss is "https://tenant/am/oauth2/alpha": the issuer is "` + r.name() + `"`: r.token(t, map[string]any{"iss": "https://tenant/am/oauth2/alpha"}),
		`aud is "[\"inspector\"]": it must name "` + self + `"`:                     r.token(t, map[string]any{"aud": []string{"inspector"}}),
		"its header has no kid": sign(t, jose.RS256, r.rsa, `{}`, "{}"),
		"tokenSigningAlgorithm": sign(t, jose.HS256, make([]byte, 32), `{}`, "{}"),
		"exp was 2m0s ago":      r.token(t, map[string]any{"exp": start.Add(-2 * time.Minute).Unix()}),
	} {
		if _, err := r.Verify(t.Context(), token); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// What is remembered of a token is of no use to another that only looks like it.
func TestAGoodTokenVouchesForNoOther(t *testing.T) {
	r := newRig(t, nil)
	good := r.token(t, nil)
	for range 2 {
		token, err := r.Verify(t.Context(), good)
		if err != nil || token.Subject != "jane" || len(token.Scopes) != 2 {
			t.Errorf("%+v %v", token, err)
		}
	}
	header, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	_, forged, _ := strings.Cut(by(t, r, "rsa", r.other), ".")
	claims, fake, _ := strings.Cut(forged, ".")
	for name, token := range map[string]string{
		"with another signature":      header + "." + payload + "." + fake,
		"with other claims":           header + "." + claims + "." + signature,
		"with the kid of another key": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"ec"}`)) + "." + payload + "." + signature,
	} {
		if _, err := r.Verify(t.Context(), token); !errors.Is(err, resource.BadSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTokensOfOwnClients(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.OwnClients = []string{"inspector"} })
	for name, c := range map[string]struct {
		changes map[string]any
		fault   error
	}{
		"of an own client":          {map[string]any{"aud": "inspector"}, nil},
		"for the resource":          {nil, nil},
		"an ID token":               {map[string]any{"aud": "inspector", "tokenName": "id_token"}, resource.WrongAudience},
		"of unknown kind":           {map[string]any{"aud": "inspector", "tokenName": nil}, resource.WrongAudience},
		"of another client":         {map[string]any{"aud": "other"}, resource.WrongAudience},
		"for others besides":        {map[string]any{"aud": []string{"inspector", "https://other.example"}}, resource.WrongAudience},
		"without an audience":       {map[string]any{"aud": nil}, resource.WrongAudience},
		"of one, for another's use": {map[string]any{"aud": "other", "client_id": "inspector"}, resource.WrongAudience},
	} {
		if _, err := r.Verify(t.Context(), r.token(t, c.changes)); c.fault == nil && err != nil || c.fault != nil && !errors.Is(err, c.fault) {
			t.Errorf("%s: %v, want %v", name, err, c.fault)
		}
	}
}

// The baseline is what can't be done without: the signature verified and the claims
// decoded, by the standard library.
func BenchmarkVerify(b *testing.B) {
	r := newRig(b, nil)
	tokens := make([]string, 64)
	for i := range tokens {
		tokens[i] = r.token(b, map[string]any{"jti": strconv.Itoa(i)})
	}
	verify := func(b *testing.B, s *resource.Server, token string) {
		if _, err := s.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
	baseline := func(b *testing.B) time.Duration {
		began := time.Now()
		for range 10 {
			for _, token := range tokens {
				end := strings.LastIndexByte(token, '.')
				_, payload, _ := strings.Cut(token[:end], ".")
				signature, err := base64.RawURLEncoding.DecodeString(token[end+1:])
				text, err2 := base64.RawURLEncoding.DecodeString(payload)
				sum := sha256.Sum256([]byte(token[:end]))
				var claims map[string]any
				if err := errors.Join(err, err2, rsa.VerifyPKCS1v15(&r.rsa.PublicKey, crypto.SHA256, sum[:], signature), json.Unmarshal(text, &claims)); err != nil {
					b.Fatal(err)
				}
			}
		}
		return time.Since(began) / time.Duration(10*len(tokens))
	}
	report := func(b *testing.B, baseline time.Duration) {
		b.ReportAllocs()
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(baseline), "x/RS256")
	}
	b.Run("first", func(b *testing.B) {
		least := baseline(b)
		n := 0
		for b.Loop() {
			if n == 0 {
				b.StopTimer() // a server that has the keys, and has seen no token
				var err error
				if r.Server, err = resource.New(r.options); err != nil {
					b.Fatal(err)
				}
				if err = r.Ready(b.Context()); err != nil {
					b.Fatal(err)
				}
				<-r.reached
				b.StartTimer()
			}
			verify(b, r.Server, tokens[n])
			n = (n + 1) % len(tokens)
		}
		report(b, least)
	})
	b.Run("again", func(b *testing.B) {
		least := baseline(b)
		verify(b, r.Server, tokens[0])
		for b.Loop() {
			verify(b, r.Server, tokens[0])
		}
		report(b, least)
	})
}

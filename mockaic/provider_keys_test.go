package mockaic_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestTokensOfOlderKeysStayGood(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	before := p.tokens()
	if err := p.mock.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	after := p.tokens()
	older, _ := partsOf(t, before["access_token"])
	newer, _ := partsOf(t, after["access_token"])
	if older["kid"] == newer["kid"] {
		t.Error("the key is the same")
	}
	for _, tokens := range []map[string]any{before, after} {
		verifyByDiscovery(t, p, tokens, "RS256")
		if got := p.post("/introspect", url.Values{"token": {tokens["access_token"].(string)}}).object(t); got["active"] != true {
			t.Errorf("introspection: %v", got)
		}
	}
}

// signedWith is a token with the header and the signature of HS256.
func signedWith(token string, secret []byte) string {
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + strings.Split(token, ".")[1]
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestNoKeyIsTakenForAnother(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	tokens := p.tokens()
	access, id := tokens["access_token"].(string), tokens["id_token"].(string)
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(call(t, p.mock, "GET", p.spelling+"/connect/jwk_uri", nil, "").body, &keys); err != nil {
		t.Fatal(err)
	}
	header, _ := partsOf(t, access)
	certificate := keys.Key(header["kid"].(string))[0].Certificates[0]
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: certificate.RawSubjectPublicKeyInfo})
	for name, secret := range map[string][]byte{"public key": public, "DER": certificate.RawSubjectPublicKeyInfo, "client's secret": []byte("s e"), "nothing": {}} {
		if got := p.bearing("GET", "/userinfo", signedWith(access, secret)); got.status != 401 {
			t.Errorf("an access token signed with the %s: %d", name, got.status)
		}
		if got := p.post("/idtokeninfo", url.Values{"id_token": {signedWith(id, secret)}}); got.status != 400 {
			t.Errorf("an ID token signed with the %s: %d", name, got.status)
		}
	}
	if got := p.bearing("GET", "/userinfo", id); got.status != 401 {
		t.Errorf("an ID token as a bearer: %d", got.status)
	}
	if got := p.post("/idtokeninfo", url.Values{"id_token": {access}}); got.status != 400 {
		t.Errorf("an access token as an ID token: %d", got.status)
	}
}

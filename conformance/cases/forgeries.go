package cases

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	c "aicmcp/conformance"
)

// forgeries are tokens with the claims of a good one that the tenant did not sign, by
// what is tried. Secrets are tried as keys for HS256, besides public keys of the tenant.
func (a *app) forgeries(token string, secrets ...string) map[string]string {
	t, claims, public := a.t, parseToken(a.t, token).claims, a.rsaKey()
	tried := forgeriesOf(t, c.Text(public, "kid"), claims, append(asKeys(secrets), publicForms(t, public)...))
	tried["another claim under the old signature"] = forged(token)
	tried["the old signature taken away"] = token[:strings.LastIndexByte(token, '.')+1]
	for _, forgery := range tried {
		t.Secret(forgery)
	}
	return tried
}

// forgeriesOf are tokens of some claims by the keys of a stranger, by no key, and by
// HS256 with what others know. The good key is called kid.
func forgeriesOf(t *c.T, kid string, claims any, known [][]byte) map[string]string {
	stranger := newKey(t)
	tried := map[string]string{}
	for what, header := range map[string]object{
		"another key under the right name": {"typ": "JWT", "kid": kid, "alg": "RS256"},
		"a key that nobody has":            {"typ": "JWT", "kid": "conformance-foreign", "alg": "RS256"},
		"a key without a name":             {"typ": "JWT", "alg": "RS256"},
		"a key that comes along":           {"typ": "JWT", "alg": "RS256", "jwk": stranger.public("conformance-foreign")},
		"a key at a stranger's address":    {"typ": "JWT", "alg": "RS256", "kid": "conformance-foreign", "jku": "https://attacker.example.com/keys"},
		"a name that is a path":            {"typ": "JWT", "alg": "RS256", "kid": "../../../../dev/null"},
	} {
		tried[what] = stranger.sign(t, header, claims)
	}
	for _, algorithm := range []string{"none", "None", "NONE", ""} {
		unsigned := unsealed(t, object{"typ": "JWT", "alg": algorithm}, claims)
		tried["the algorithm "+algorithm] = unsigned + "."
		tried["the algorithm "+algorithm+" with a signature"] = unsigned + "." + base64.RawURLEncoding.EncodeToString([]byte("conformance"))
	}
	for i, secret := range append([][]byte{{0}}, known...) {
		for name, header := range map[string]object{"": {"typ": "JWT", "alg": "HS256"}, " and its name": {"typ": "JWT", "kid": kid, "alg": "HS256"}} {
			tried["HS256 with what others know, "+string(rune('a'+i))+name] = signHS256(t, secret, header, claims)
		}
	}
	return tried
}

func asKeys(secrets []string) (keys [][]byte) {
	for _, secret := range secrets {
		keys = append(keys, []byte(secret))
	}
	return keys
}

// rsaKey is a public key that the app's realm signs with.
func (a *app) rsaKey() any {
	for _, key := range a.t.Get(a.provider+"/connect/jwk_uri", c.Anonymous()).List("keys") {
		if c.Text(key, "kty") == "RSA" && c.Text(key, "use") == "sig" {
			return key
		}
	}
	a.t.Fatalf("the key set has no RSA key for signatures")
	return nil
}

// claimNames are the names of a token's claims, in their order.
func claimNames(t *c.T, token string) (names []string) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		t.Fatalf("claims of the token: %v", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		t.Fatalf("the claims are no object")
	}
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			t.Fatalf("the claims are no object: %v", err)
		}
		names = append(names, name.(string))
	}
	return names
}

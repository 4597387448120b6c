package cases

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"

	c "aicmcp/conformance"
)

// key is one that the tenant does not have.
type key struct{ private *rsa.PrivateKey }

// keyID is what clients call their key.
const keyID = "conformance"

func newKey(t *c.T) *key {
	const bits = 2048
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Breakf("make a key: %w", err)
	}
	return &key{private}
}

// public is the key as others see it.
func (k *key) public(id string) object {
	return object{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
	}
}

// set is a key set as clients have it: in a text.
func (k *key) set() string {
	text, err := json.Marshal(object{"keys": []object{k.public(keyID)}})
	if err != nil {
		panic(err) // texts can be written
	}
	return string(text)
}

// sign makes an RS256 token, whatever the header says.
func (k *key) sign(t *c.T, header, claims any) string {
	signed := unsealed(t, header, claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, digest[:])
	if err != nil {
		t.Breakf("sign a token: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// signHS256 makes a token with a secret.
func signHS256(t *c.T, secret []byte, header, claims any) string {
	signed := unsealed(t, header, claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// unsealed is what of a token is signed.
func unsealed(t *c.T, header, claims any) string {
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Breakf("encode a token: %w", err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return part(header) + "." + part(claims)
}

// publicForms are the texts that a public key could be mistaken for a secret in.
func publicForms(t *c.T, public any) [][]byte {
	modulus, errModulus := base64.RawURLEncoding.DecodeString(c.Text(public, "n"))
	exponent, errExponent := base64.RawURLEncoding.DecodeString(c.Text(public, "e"))
	if errModulus != nil || errExponent != nil || len(modulus) == 0 {
		t.Fatalf("%v is no public key", public)
	}
	rsaKey := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(new(big.Int).SetBytes(exponent).Int64())}
	der, err := x509.MarshalPKIXPublicKey(rsaKey)
	if err != nil {
		t.Breakf("encode a public key: %w", err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return [][]byte{der, asPEM, modulus, []byte(c.Text(public, "n"))}
}

package cases

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

// jwt is a signed token, taken apart.
type jwt struct {
	header, claims any
	signed         string
	signature      []byte
}

func parseToken(t *c.T, text string) jwt {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("the token is no signed JWT: it has %d parts", len(parts))
	}
	token := jwt{signed: parts[0] + "." + parts[1]}
	var err error
	if token.header, err = decodePart(parts[0]); err != nil {
		t.Fatalf("header of the token: %v", err)
	}
	if token.claims, err = decodePart(parts[1]); err != nil {
		t.Fatalf("claims of the token: %v", err)
	}
	if token.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		t.Fatalf("signature of the token: %v", err)
	}
	return token
}

func decodePart(part string) (any, error) {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	var v any
	return v, decoder.Decode(&v)
}

// signedBy checks an RS256 signature by a key of a key set.
func (j jwt) signedBy(key any) bool {
	n, errN := base64.RawURLEncoding.DecodeString(c.Text(key, "n"))
	e, errE := base64.RawURLEncoding.DecodeString(c.Text(key, "e"))
	exponent := new(big.Int).SetBytes(e)
	if errN != nil || errE != nil || len(n) < 128 || !exponent.IsInt64() {
		return false
	}
	digest := sha256.Sum256([]byte(j.signed))
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}
	return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], j.signature) == nil
}

// forged is a token with another claim under the old signature.
func forged(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return token + "x"
	}
	claims, err := decodePart(parts[1])
	members, ok := claims.(object)
	if err != nil || !ok {
		return token + "x"
	}
	members["conformance"] = true
	data, err := json.Marshal(members)
	if err != nil {
		return token + "x"
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(data)
	return strings.Join(parts, ".")
}

func sortedWords(text string) []string { return slices.Sorted(slices.Values(strings.Fields(text))) }

func sortedTexts(values []any) []string {
	var texts []string
	for _, v := range values {
		text, _ := v.(string)
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}

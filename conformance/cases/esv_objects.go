package cases

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"time"

	c "aicmcp/conformance"
)

// newESV is a name that no variable or secret has.
func newESV(t *c.T, word string) string { return "esv-" + t.Fresh(word) }

func inBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func newVariable(kind, value string) object {
	return object{"expressionType": kind, "valueBase64": inBase64(value), "description": "made by a conformance test"}
}

// freshValue is a value for a secret. Reports do not show it.
func freshValue(t *c.T) string {
	value := "secret value " + rand.Text()
	t.Secret(value, inBase64(value))
	return value
}

func newSecret(t *c.T, encoding, value string) object {
	t.Secret(value, inBase64(value))
	return object{"encoding": encoding, "valueBase64": inBase64(value), "description": "made by a conformance test", "useInPlaceholders": true}
}

// certificate is one in PEM that nobody trusts.
func certificate(t *c.T) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Breakf("make a key: %w", err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Breakf("make a certificate: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// putESV puts a variable or secret and stops the case if that fails. It is
// removed in the end.
func putESV(t *c.T, collection, id string, body object) *c.Response {
	res := put(t, collection, id, body)
	checkESV(t, id, res)
	return res
}

// readESV reads a variable or secret and stops the case if that fails.
func readESV(t *c.T, collection, id string) *c.Response {
	res := t.Get(at(collection, id))
	checkESV(t, id, res)
	return res
}

func checkESV(t *c.T, id string, res *c.Response) {
	t.Status(http.StatusOK, res)
	if res.Text("_id") != id {
		t.Fatalf("the answer to %s is not %s: %s", res.Method, id, res.Raw)
	}
}

// checkESVUnchanged checks that a variable or secret still reads as it did before.
func checkESVUnchanged(t *c.T, collection string, before *c.Response) {
	t.Equal("the ESV afterwards", before.Body, readESV(t, collection, before.Text("_id")).Body)
}

var setDescription = c.Query("_action", "setDescription")

// checkDescribed changes the description of a variable or secret. The answer is
// empty, and nothing else changes.
func checkDescribed(t *c.T, collection, id string) {
	before := readESV(t, collection, id)
	res := t.Post(at(collection, id), object{"description": "another description"}, setDescription)
	t.Status(http.StatusOK, res)
	t.Equal("body", "", string(res.Raw))
	t.Equal("Content-Type", "", res.Header.Get("Content-Type"))
	after := readESV(t, collection, id)
	t.Equal("the ESV afterwards", with(without(before.Body, "lastChangeDate"), "description", "another description"), without(after.Body, "lastChangeDate"))
}

// checkESVError checks a refusal to the letter.
func checkESVError(t *c.T, res *c.Response, status int, message string) {
	t.Status(status, res)
	t.Equal("refusal", object{"code": status, "message": message}, res.Body)
}

// checkChange checks who changed a variable or secret last, and when.
func checkChange(t *c.T, doc any) {
	t.True("lastChangedBy is told", c.Text(doc, "lastChangedBy") != "")
	checkInstant(t, "lastChangeDate", c.Text(doc, "lastChangeDate"))
}

// checkInstant checks a time that is to be in UTC, with a fraction or without.
func checkInstant(t *c.T, what, text string) {
	_, err := time.Parse("2006-01-02T15:04:05.999999999Z", text)
	t.True(what+" "+text+" is RFC 3339 in UTC", err == nil)
}

// esvToken is a person's token with one scope.
func esvToken(t *c.T, scope string) c.Option {
	res := exchange(t, newAuthorization(t).tokens().Text("access_token"), tokenType, scope)
	checkTokens(t, res)
	t.Equal("scope", scope, res.At("scope"))
	return c.Bearer(res.Text("access_token"))
}

package journey

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"aicmcp/mockaic/internal/crest"
)

// ticket is a journey between two requests. The client carries it, sealed, so that
// the tenant need not remember it.
type ticket struct {
	ID         string     `json:"id"` // of the journey, in logs
	Realm      string     `json:"realm"`
	Service    string     `json:"service"`
	Named      bool       `json:"named,omitempty"` // whether the client named the service
	Frames     []frame    `json:"frames"`          // the inner journey last
	State      state      `json:"state"`
	Asked      []Callback `json:"asked"`
	NoSession  bool       `json:"noSession,omitempty"`
	Goto       string     `json:"goto,omitempty"`
	GotoOnFail string     `json:"gotoOnFail,omitempty"`
}

// frame is where a journey is.
type frame struct {
	Tree string `json:"tree"`
	Node string `json:"node"`
}

type keys struct {
	signing, sealing [32]byte
}

// authClaims are those of an authId, in AM's order.
type authClaims struct {
	IndexValue string `json:"authIndexValue,omitempty"`
	State      string `json:"whitelist-state,omitempty"`
	OTK        string `json:"otk"`
	IndexType  string `json:"authIndexType,omitempty"`
	LockExpiry string `json:"whitelist-lock-expiry,omitempty"`
	Realm      string `json:"realm"`
	Session    string `json:"sessionId"`
	Expires    int64  `json:"exp"`
	Issued     int64  `json:"iat"`
}

// sessionForm says that the journey is in a JWT, as AM encodes it in cookies.
const sessionForm = "*AAJTSQACMDEABHR5cGUACEpXVF9BVVRIAAJTMQACMDE.*"

// issue makes the authId of a step.
func (r *Runner) issue(t *ticket, timeout time.Duration, singleUse bool) (string, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("encode a journey: %w", err)
	}
	encrypter, err := jose.NewEncrypter(jose.A128CBC_HS256, jose.Recipient{Algorithm: jose.DIRECT, Key: r.keys.sealing[:]}, (&jose.EncrypterOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("seal a journey: %w", err)
	}
	sealed, err := encrypter.Encrypt(text)
	if err != nil {
		return "", fmt.Errorf("seal a journey: %w", err)
	}
	compact, err := sealed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("seal a journey: %w", err)
	}
	now := r.options.Now()
	claims := authClaims{
		OTK: strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(r.random(16))), Realm: t.Realm,
		Session: sessionForm + r.sign(`{"typ":"JWT","cty":"JWT","alg":"HS256"}`, []byte(compact)),
		Expires: now.Add(timeout).Unix(), Issued: now.Unix(),
	}
	if t.Named {
		claims.IndexValue, claims.IndexType = t.Service, "service"
	}
	if singleUse {
		claims.State, claims.LockExpiry = r.uuid(), "0"
		r.open.add(claims.State, now, now.Add(timeout))
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode an authId: %w", err)
	}
	return r.sign(`{"typ":"JWT","alg":"HS256"}`, payload), nil
}

func (r *Runner) sign(header string, payload []byte) string {
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(r.mac(signed))
}

func (r *Runner) mac(signed string) []byte {
	mac := hmac.New(sha256.New, r.keys.signing[:])
	mac.Write([]byte(signed))
	return mac.Sum(nil)
}

// verify returns the payload of a token that this runner signed.
func (r *Runner) verify(token string) ([]byte, error) {
	at := strings.LastIndexByte(token, '.')
	if at < 0 || strings.Count(token, ".") != 2 {
		return nil, crest.Errorf(http.StatusBadRequest, "Failed to parse JWT, the authId is not one")
	}
	signature, errSignature := base64.RawURLEncoding.DecodeString(token[at+1:])
	_, body, _ := strings.Cut(token[:at], ".")
	payload, errBody := base64.RawURLEncoding.DecodeString(body)
	if errSignature != nil || errBody != nil {
		return nil, crest.Errorf(http.StatusBadRequest, "Failed to parse JWT, the authId is not one")
	}
	if !hmac.Equal(signature, r.mac(token[:at])) {
		return nil, crest.Errorf(http.StatusBadRequest, "AuthId JWT Signature not valid")
	}
	return payload, nil
}

// timedOut is said of every step that can't be answered any more.
func timedOut() error {
	return &crest.Error{Code: http.StatusUnauthorized, Message: "Session has timed out", Detail: map[string]any{"errorCode": "110"}}
}

// Asked returns the callbacks that an authId stands for, without using it.
func (r *Runner) Asked(authID, realm string) ([]Callback, error) {
	t, _, err := r.unseal(authID, realm)
	if err != nil {
		return nil, err
	}
	return t.Asked, nil
}

// redeem returns the journey of an authId, which may be good only once.
func (r *Runner) redeem(authID, realm string) (*ticket, error) {
	t, once, err := r.unseal(authID, realm)
	if err == nil && once != "" && !r.open.take(once, r.options.Now()) {
		return nil, timedOut()
	}
	return t, err
}

// unseal returns the journey of an authId and what makes the authId good only once.
func (r *Runner) unseal(authID, realm string) (t *ticket, once string, err error) {
	payload, err := r.verify(authID)
	if err != nil {
		return nil, "", err
	}
	var claims authClaims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, "", crest.Errorf(http.StatusBadRequest, "Failed to parse JWT, the authId has no claims")
	}
	if r.options.Now().Unix() >= claims.Expires || claims.Realm != realm {
		return nil, "", timedOut()
	}
	compact, err := r.verify(strings.TrimPrefix(claims.Session, sessionForm))
	if err != nil {
		return nil, "", err
	}
	sealed, err := jose.ParseEncryptedCompact(string(compact), []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A128CBC_HS256})
	if err != nil {
		return nil, "", fmt.Errorf("unseal a journey: %w", err)
	}
	text, err := sealed.Decrypt(r.keys.sealing[:])
	if err != nil {
		return nil, "", fmt.Errorf("unseal a journey: %w", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	t = &ticket{State: newState(realm)}
	if err := decoder.Decode(t); err != nil {
		return nil, "", fmt.Errorf("decode a journey: %w", err)
	}
	return t, claims.State, nil
}

func (r *Runner) random(size int) []byte {
	data := make([]byte, size)
	if _, err := io.ReadFull(r.options.Chance, data); err != nil {
		panic(fmt.Errorf("the tenant's source of chance failed: %w", err))
	}
	return data
}

func (r *Runner) uuid() string {
	made, err := uuid.NewRandomFromReader(r.options.Chance)
	if err != nil {
		panic(fmt.Errorf("the tenant's source of chance failed: %w", err))
	}
	return made.String()
}

// maxOpen bounds what clients that begin journeys make the tenant remember.
const maxOpen = 20_000

// openSteps are the steps that wait for their one answer.
type openSteps struct {
	limit int

	mu    sync.Mutex
	until map[string]time.Time
}

func (o *openSteps) add(id string, now, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.until == nil {
		o.until = map[string]time.Time{}
	}
	if len(o.until) >= o.limit {
		for other, end := range o.until {
			if !now.Before(end) {
				delete(o.until, other)
			}
		}
	}
	for other := range o.until {
		if len(o.until) < o.limit {
			break
		}
		delete(o.until, other)
	}
	o.until[id] = until
}

func (o *openSteps) take(id string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	end, ok := o.until[id]
	delete(o.until, id)
	return ok && now.Before(end)
}

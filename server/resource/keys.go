package resource

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	maxKeys    = 100
	minRSABits = 2048
)

// publicAlgorithms are those of which the issuer alone has the private key.
var publicAlgorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

var errUnknownKey = errors.New("unknown key")

// maxSigned are the tokens that are remembered; what was not sent for longest is
// verified anew.
const maxSigned = 4096

// keySet are the issuer's keys, as they were published at one time.
type keySet struct {
	// byID can have several of one kid, for different algorithms.
	byID map[string][]jose.JSONWebKey
	// signed are the claims of tokens whose signature a key of the set made. They
	// are forgotten with the set, so that no token outlives its key.
	signed *lru.Cache[digest, map[string]any]
}

// digest stands for a token, so that none is kept.
type digest [sha256.Size]byte

// keys are those of the issuer, as they were published last.
type keys struct {
	issuer             *issuer
	fresh, kept, pause time.Duration
	sets               *shared[*keySet]
	observe            func(ctx context.Context, hit bool)
}

func newKeys(i *issuer, opts Options) *keys {
	k := &keys{
		issuer: i,
		fresh:  orDefault(opts.KeysFresh, 5*time.Minute),
		kept:   orDefault(opts.KeysKept, time.Hour),
		pause:  orDefault(opts.KeysPause, 10*time.Second),

		observe: opts.ObserveKeys,
	}
	if k.observe == nil {
		k.observe = func(context.Context, bool) {}
	}
	k.sets = newShared(i, "the issuer's keys can't be had", k.fetch)
	return k
}

// atHand are the keys if there are some that are young enough. It has them renewed
// beside the request if they are no longer fresh.
func (k *keys) atHand(ctx context.Context) (*keySet, bool) {
	set, age, ok := k.sets.last(k.kept)
	if ok && age >= k.fresh {
		if _, _, tried := k.sets.outcome(k.pause); !tried {
			k.sets.begin(ctx, k.pause)
		}
	}
	return set, ok
}

// usable are the keys, fetched if there are none, or none that are young enough.
func (k *keys) usable(ctx context.Context) (*keySet, error) {
	if set, ok := k.atHand(ctx); ok {
		return set, nil
	}
	return k.renew(ctx, min(retryPause, k.pause))
}

func (k *keys) renew(ctx context.Context, pause time.Duration) (*keySet, error) {
	set, err := k.sets.renew(ctx, pause)
	if err != nil {
		return nil, &Unavailable{RetryAfter: min(retryPause, pause), Err: err}
	}
	return set, nil
}

// signed returns the claims of a token that was verified with the keys at hand.
func (k *keys) signed(ctx context.Context, token digest) (map[string]any, bool) {
	set, ok := k.atHand(ctx)
	if !ok {
		return nil, false
	}
	claims, ok := set.signed.Get(token)
	if ok {
		k.observe(ctx, true)
	}
	return claims, ok
}

// find returns the key with the kid that fits the algorithm, and the set that it is
// of. One that is not known is looked for at the issuer, if it was not asked just now.
func (k *keys) find(ctx context.Context, kid string, algorithm jose.SignatureAlgorithm) (any, *keySet, error) {
	set, hit := k.atHand(ctx)
	var err error
	if !hit {
		set, err = k.usable(ctx)
	}
	if err != nil {
		k.observe(ctx, false)
		return nil, nil, err
	}
	key := set.find(kid, algorithm)
	k.observe(ctx, hit && key != nil)
	if key != nil {
		return key, set, nil
	}
	if set, err = k.renew(ctx, k.pause); err != nil {
		return nil, nil, err
	}
	if key := set.find(kid, algorithm); key != nil {
		return key, set, nil
	}
	return nil, nil, errUnknownKey
}

func (set *keySet) find(kid string, algorithm jose.SignatureAlgorithm) any {
	for _, key := range set.byID[kid] {
		if (key.Algorithm == "" || key.Algorithm == string(algorithm)) && fits(key.Key, algorithm) {
			return key.Key
		}
	}
	return nil
}

// fits tells whether a public key is of the type that the algorithm needs.
func fits(key any, algorithm jose.SignatureAlgorithm) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= minRSABits && (strings.HasPrefix(string(algorithm), "RS") || strings.HasPrefix(string(algorithm), "PS"))
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return algorithm == jose.ES256
		case elliptic.P384():
			return algorithm == jose.ES384
		case elliptic.P521():
			return algorithm == jose.ES512
		}
	case ed25519.PublicKey:
		return algorithm == jose.EdDSA
	}
	return false
}

func (k *keys) fetch(ctx context.Context) (*keySet, error) {
	found, err := k.issuer.discovery(ctx)
	if err != nil {
		return nil, err
	}
	data, err := k.issuer.get(ctx, found.jwks)
	if err != nil {
		return nil, err
	}
	var published struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &published); err != nil {
		return nil, fmt.Errorf("the issuer's keys can't be read: %w", err)
	}
	if len(published.Keys) > maxKeys {
		return nil, fmt.Errorf("the issuer has %d keys: %d is the most", len(published.Keys), maxKeys)
	}
	byID := map[string][]jose.JSONWebKey{}
	for _, text := range published.Keys {
		var key jose.JSONWebKey
		// Keys of types that are not known are to be ignored (RFC 7517, section 5).
		if json.Unmarshal(text, &key) != nil || !key.Valid() || key.Use != "" && key.Use != "sig" {
			continue
		}
		fitsSome := func(a jose.SignatureAlgorithm) bool { return fits(key.Key, a) }
		if key.KeyID != "" && slices.ContainsFunc(publicAlgorithms, fitsSome) {
			byID[key.KeyID] = append(byID[key.KeyID], key)
		}
	}
	if len(byID) == 0 {
		return nil, fmt.Errorf("the issuer has no keys at %s that tokens could be signed with", found.jwks)
	}
	signed, err := lru.New[digest, map[string]any](maxSigned)
	return &keySet{byID, signed}, err
}

package logs

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// keys is the collection of the API keys. Secrets are kept apart.
const (
	keys       = "logs/keys"
	keySecrets = "private/logs/keys"
)

const (
	// scopeKeys is what managing keys takes.
	scopeKeys = "fr:idm:*"
	// maxKeys bounds what clients can make the tenant keep.
	maxKeys = 1000
)

// serveKeys manages API keys, which only a person may.
func (s *Service) serveKeys(r *http.Request, id string) (any, error) {
	caller, err := s.authorize(r)
	if err != nil {
		return nil, err
	}
	if !caller.Developer && !(caller.Administrator && slices.Contains(caller.Scopes, scopeKeys)) {
		return nil, refuse(http.StatusForbidden, "insufficient scope")
	}
	switch {
	case r.Method == http.MethodGet && id == "":
		var result []any
		s.options.Store.View(func(tx *store.Tx) {
			for _, key := range tx.All(keys) {
				result = append(result, shown(key))
			}
		})
		return onePage(result), nil
	case r.Method == http.MethodPost && id == "" && r.URL.Query().Get("_action") == "create":
		return s.createKey(r)
	case id == "" || strings.Contains(id, "/"):
		return nil, refuse(http.StatusNotFound, "path %s was not found", r.URL.Path)
	}
	switch r.Method {
	case http.MethodGet:
		var key store.Object
		s.options.Store.View(func(tx *store.Tx) { key = tx.Get(keys, id) })
		if key == nil {
			return nil, noKey
		}
		return shown(key), nil
	case http.MethodDelete:
		return nil, s.options.Store.Change(func(tx *store.Tx) error {
			if tx.Get(keys, id) == nil {
				return noKey
			}
			tx.Delete(keys, id)
			tx.Delete(keySecrets, id)
			return nil
		})
	}
	return nil, refuse(http.StatusNotFound, "path %s was not found", r.URL.Path)
}

var noKey = refuse(http.StatusNotFound, "Not Found")

func shown(key store.Object) map[string]any {
	return map[string]any{"name": key["name"], "api_key_id": key["_id"], "created_at": key["created_at"]}
}

func (s *Service) createKey(r *http.Request) (any, error) {
	const maxBody = 64 << 10
	data, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, refuse(http.StatusRequestEntityTooLarge, "request body is too large or could not be read")
	}
	body, err := crest.DecodeJSON(data)
	if err != nil {
		return nil, err
	}
	object, _ := body.(map[string]any)
	name, _ := object["name"].(string)
	if name == "" || len(name) > 255 {
		return nil, refuse(http.StatusBadRequest, "name must be a string of 1 to 255 characters")
	}
	random := make([]byte, 48)
	if _, err := io.ReadFull(s.options.Chance, random); err != nil {
		return nil, fmt.Errorf("make an API key: %w", err)
	}
	id, secret := hex.EncodeToString(random[:16]), hex.EncodeToString(random[16:])
	created := s.options.Now().UTC().Format("2006-01-02T15:04:05.000000000Z")
	err = s.options.Store.Change(func(tx *store.Tx) error {
		if tx.Len(keys) >= maxKeys {
			return refuse(http.StatusBadRequest, "There are %d API keys, which is the most", maxKeys)
		}
		tx.Put(keys, id, store.Object{"name": name, "created_at": created})
		tx.Put(keySecrets, id, store.Object{"secret": secret})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"name": name, "api_key_id": id, "api_key_secret": secret, "created_at": created}, nil
}

// keyMatches compares in constant time, with a dummy for a key that there is not.
func (s *Service) keyMatches(id, secret string) bool {
	stored := strings.Repeat("0", 64)
	known := false
	s.options.Store.View(func(tx *store.Tx) {
		if text, ok := tx.Get(keySecrets, id)["secret"].(string); ok {
			stored, known = text, true
		}
	})
	return subtle.ConstantTimeCompare([]byte(stored), []byte(secret)) == 1 && known
}

var keyForm, secretForm = regexp.MustCompile(`^[0-9a-f]{32}$`), regexp.MustCompile(`^[0-9a-f]{64}$`)

// Key is an API key as seeds hold it.
type Key struct {
	Name    string `json:"name"`
	ID      string `json:"api_key_id"`
	Secret  string `json:"api_key_secret"`
	Created string `json:"created_at"`
}

// Import adds API keys.
func (s *Service) Import(given []Key) error {
	return s.options.Store.Change(func(tx *store.Tx) error {
		for _, key := range given {
			if !keyForm.MatchString(key.ID) || !secretForm.MatchString(key.Secret) || tx.Get(keys, key.ID) != nil || tx.Len(keys) >= maxKeys {
				return fmt.Errorf("API key %q: must have an api_key_id of 32 hexadecimal digits that no other has, and an api_key_secret of 64; there can be %d keys", key.ID, maxKeys)
			}
			tx.Put(keys, key.ID, store.Object{"name": key.Name, "created_at": key.Created})
			tx.Put(keySecrets, key.ID, store.Object{"secret": key.Secret})
		}
		return nil
	})
}

// Export returns what Import takes, in the order of identifiers.
func (s *Service) Export(tx *store.Tx) []Key {
	var all []Key
	for _, key := range tx.All(keys) {
		id := key["_id"].(string)
		all = append(all, Key{key["name"].(string), id, tx.Get(keySecrets, id)["secret"].(string), key["created_at"].(string)})
	}
	slices.SortFunc(all, func(a, b Key) int { return strings.Compare(a.ID, b.ID) })
	return all
}

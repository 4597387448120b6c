package idm

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"aicmcp/mockaic/internal/store"
)

// passwords keeps salted hashes apart from the objects that they belong to.
type passwords struct{}

const (
	credentials = "credentials"
	saltSize    = 16
	hashSize    = 32
	// A fake's passwords guard nothing: few rounds keep the start of a tenant fast.
	hashRounds = 1000
)

func credentialID(collection, id string) string { return collection + "/" + id }

func (passwords) set(tx *store.Tx, chance io.Reader, collection, id, password string) error {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(chance, salt); err != nil {
		return fmt.Errorf("salt a password: %w", err)
	}
	hash, err := hashPassword(password, salt)
	if err != nil {
		return err
	}
	tx.Put(credentials, credentialID(collection, id), store.Object{
		"salt": base64.StdEncoding.EncodeToString(salt),
		"hash": base64.StdEncoding.EncodeToString(hash),
	})
	return nil
}

// forget tells whether there was a password.
func (passwords) forget(tx *store.Tx, collection, id string) bool {
	had := tx.Get(credentials, credentialID(collection, id)) != nil
	tx.Delete(credentials, credentialID(collection, id))
	return had
}

// matches takes as long for an object without a password as for one with.
func (passwords) matches(tx *store.Tx, collection, id, password string) bool {
	stored := tx.Get(credentials, credentialID(collection, id))
	saltText, _ := stored["salt"].(string)
	hashText, _ := stored["hash"].(string)
	salt, _ := base64.StdEncoding.DecodeString(saltText)
	want, _ := base64.StdEncoding.DecodeString(hashText)
	got, err := hashPassword(password, salt)
	return err == nil && len(want) == hashSize && subtle.ConstantTimeCompare(got, want) == 1
}

func hashPassword(password string, salt []byte) ([]byte, error) {
	hash, err := pbkdf2.Key(sha256.New, password, salt, hashRounds, hashSize)
	if err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// Identity is someone who may log in.
type Identity struct {
	ID       string
	UserName string
	Name     string // for display
}

// administrators is the collection of the people who run the tenant.
const administrators = "managed/teammember"

// Authenticate checks the password of a tenant administrator, the identities
// of the root realm. An unknown name and a wrong password look alike.
func (s *Service) Authenticate(userName, password string) (Identity, bool) {
	var found Identity
	ok := false
	s.store.View(func(tx *store.Tx) {
		var account store.Object
		for _, candidate := range tx.All(administrators) {
			if name, _ := candidate["userName"].(string); strings.EqualFold(name, userName) {
				account = candidate
			}
		}
		id, _ := account["_id"].(string)
		ok = s.passwords.matches(tx, administrators, id, password) && account["accountStatus"] == "active"
		found = identity(account)
	})
	return found, ok
}

// Administrator finds a tenant administrator by ID.
func (s *Service) Administrator(id string) (Identity, bool) {
	var account store.Object
	s.store.View(func(tx *store.Tx) { account = tx.Get(administrators, id) })
	return identity(account), account != nil && account["accountStatus"] == "active"
}

func identity(account store.Object) Identity {
	id, _ := account["_id"].(string)
	userName, _ := account["userName"].(string)
	given, _ := account["givenName"].(string)
	family, _ := account["sn"].(string)
	return Identity{ID: id, UserName: userName, Name: strings.TrimSpace(given + " " + family)}
}

package idm

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"aicmcp/mockaic/internal/store"
)

const (
	saltSize = 16
	hashSize = 32
	// A fake's passwords guard nothing: few rounds keep the start of a tenant fast.
	hashRounds = 1000
	// An encoded password that a client sends may not make a login take forever.
	maxHashRounds  = 1 << 20
	passwordScheme = "{PBKDF2-HMAC-SHA256}"
)

// encodedPassword is how the directory keeps a password: scheme, rounds, and
// hash and salt in base64.
var encodedPassword = regexp.MustCompile(`^\{[A-Z0-9-]+\}\S+$`)

func isEncoded(password string) bool { return encodedPassword.MatchString(password) }

// encodePassword leaves a password that is encoded already as it is.
func (s *Service) encodePassword(password string) (string, error) {
	if isEncoded(password) {
		return password, nil
	}
	return s.hashed(password)
}

func (s *Service) hashed(password string) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(s.chance, salt); err != nil {
		return "", fmt.Errorf("salt a password: %w", err)
	}
	hash, err := hashPassword(password, salt, hashRounds)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s%d:%s", passwordScheme, hashRounds, base64.StdEncoding.EncodeToString(append(hash, salt...))), nil
}

// forgetPassword tells whether there was a password.
func forgetPassword(tx *store.Tx, path, id string) bool {
	hidden := tx.Get(private(path), id)
	if hidden[passwordKey] == nil {
		return false
	}
	left := withoutIdentity(hidden)
	delete(left, passwordKey)
	tx.Put(private(path), id, left)
	return true
}

// passwordMatches takes as long for an object without a password as for one
// with. Of the schemes that the directory knows it understands its default.
func passwordMatches(tx *store.Tx, path, id, password string) bool {
	encoded, _ := tx.Get(private(path), id)[passwordKey].(string)
	rest, _ := strings.CutPrefix(encoded, passwordScheme)
	count, text, _ := strings.Cut(rest, ":")
	rounds, _ := strconv.Atoi(count)
	want, _ := base64.StdEncoding.DecodeString(text)
	known := len(want) > hashSize && rounds > 0 && rounds <= maxHashRounds
	if !known {
		want, rounds = make([]byte, hashSize+saltSize), hashRounds
	}
	got, err := hashPassword(password, want[hashSize:], rounds)
	return err == nil && known && subtle.ConstantTimeCompare(got, want[:hashSize]) == 1
}

func hashPassword(password string, salt []byte, rounds int) ([]byte, error) {
	hash, err := pbkdf2.Key(sha256.New, password, salt, rounds, hashSize)
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

// Administrator finds a tenant administrator by ID.
func (s *Service) Administrator(id string) (Identity, bool) {
	var account store.Object
	s.store.View(func(tx *store.Tx) { account = tx.Get(administrators, id) })
	return identity(account), account != nil && account["accountStatus"] == "active"
}

// ServiceAccount is an account that is not a person's.
type ServiceAccount struct {
	ID     string
	Name   string
	Scopes []string
	JWKS   string // its public keys, a JWK set as text
}

// ServiceAccount finds an active service account by ID.
func (s *Service) ServiceAccount(id string) (ServiceAccount, bool) {
	var account store.Object
	s.store.View(func(tx *store.Tx) { account = tx.Get(serviceAccounts, id) })
	found := ServiceAccount{ID: id}
	found.Name, _ = account["name"].(string)
	found.JWKS, _ = account["jwks"].(string)
	scopes, _ := account["scopes"].([]any)
	for _, scope := range scopes {
		if text, ok := scope.(string); ok {
			found.Scopes = append(found.Scopes, text)
		}
	}
	status, _ := account["accountStatus"].(string)
	return found, strings.EqualFold(status, "active") // in both spellings (recorded)
}

func identity(account store.Object) Identity {
	id, _ := account["_id"].(string)
	userName, _ := account["userName"].(string)
	given, _ := account["givenName"].(string)
	family, _ := account["sn"].(string)
	return Identity{ID: id, UserName: userName, Name: strings.TrimSpace(given + " " + family)}
}

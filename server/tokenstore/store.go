// Package tokenstore keeps a login between runs: in the system's keychain, in
// a file, or not at all.
package tokenstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

var (
	// ErrNotFound says that there is no login under the key.
	ErrNotFound = errors.New("no stored login")
	// ErrUnusable says that what is stored is damaged, or is no login of the key.
	ErrUnusable = errors.New("what is stored is no login of this tenant")
)

// Login is what a person's login to a tenant yielded.
type Login struct {
	AccessToken  string `json:"accessToken"`
	RefreshToken string `json:"refreshToken,omitempty"`
	// Expiry is when the access token is no longer to be used.
	Expiry time.Time `json:"expiry"`
}

// String says all that may be printed of a login.
func (l Login) String() string {
	return fmt.Sprintf("login{expires %s, refresh token: %t}", l.Expiry.UTC().Format(time.RFC3339), l.RefreshToken != "")
}

// GoString keeps tokens out of %#v.
func (l Login) GoString() string { return l.String() }

// LogValue keeps tokens out of logs.
func (l Login) LogValue() slog.Value { return slog.StringValue(l.String()) }

// Store keeps logins by key. Implementations are safe for concurrent use.
type Store interface {
	// Load returns ErrNotFound if nothing is stored, and ErrUnusable if that
	// cannot be used.
	Load(ctx context.Context, key string) (Login, error)
	Save(ctx context.Context, key string, login Login) error
	// Delete does not fail if nothing is stored.
	Delete(ctx context.Context, key string) error
	// Lock waits until nobody else, in another process either, has locked the
	// key.
	Lock(ctx context.Context, key string) (unlock func(), err error)
	// String says where logins are kept, for people.
	String() string
}

// entry is a login as it is stored.
type entry struct {
	Key string `json:"key"`
	Login
}

func encode(key string, login Login) ([]byte, error) { return json.Marshal(entry{key, login}) }

func decode(key string, data []byte) (Login, error) {
	var e entry
	if json.Unmarshal(data, &e) != nil || e.Key != key || e.AccessToken == "" && e.RefreshToken == "" {
		return Login{}, ErrUnusable
	}
	return e.Login, nil
}

// Kind names a store.
type Kind string

// The kinds of store.
const (
	Auto     Kind = "auto"
	Keychain Kind = "keychain"
	File     Kind = "file"
	Memory   Kind = "memory"
)

// Open returns the store of that kind. Auto is the keychain if there is a
// working one, else the file. What an earlier run without the keychain left in
// the file is used if the keychain has nothing, and removed from the file. If
// path is set, it is the file, of one login, and auto means it.
func Open(ctx context.Context, kind Kind, path string) (Store, error) {
	switch kind {
	case Memory:
		return NewMemory(), nil
	case Auto, "", File, Keychain:
	default:
		return nil, fmt.Errorf("there is no token store %q", kind)
	}
	if path != "" && kind != Keychain {
		return NewFileAt(path), nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("no place for the token file: %w; name one with AIC_TOKEN_FILE", err)
	}
	dir = filepath.Join(dir, "aic-mcp")
	file := NewFile(dir)
	if kind == File {
		return file, nil
	}
	chain := systemKeychain(dir)
	err = chain.probe(ctx)
	switch {
	case err == nil && kind == Keychain:
		return chain, nil
	case err == nil:
		return &both{keychain: chain, file: file}, nil
	case kind == Keychain:
		return nil, fmt.Errorf("no usable keychain: %w", err)
	}
	return file, nil
}

// both is a keychain, and the file that stood in for it when it was locked.
type both struct{ keychain, file Store }

func (b *both) Load(ctx context.Context, key string) (Login, error) {
	login, err := b.keychain.Load(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return b.file.Load(ctx, key)
	case errors.Is(err, ErrUnusable):
		if login, fileErr := b.file.Load(ctx, key); fileErr == nil {
			return login, nil
		}
	}
	return login, err
}

func (b *both) Save(ctx context.Context, key string, login Login) error {
	if err := b.keychain.Save(ctx, key, login); err != nil {
		return err
	}
	return b.file.Delete(ctx, key)
}

func (b *both) Delete(ctx context.Context, key string) error {
	return errors.Join(b.keychain.Delete(ctx, key), b.file.Delete(ctx, key))
}

func (b *both) Lock(ctx context.Context, key string) (func(), error) { return b.file.Lock(ctx, key) }

func (b *both) String() string { return b.keychain.String() }

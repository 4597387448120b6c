// Package tokenstore keeps a login between runs: in the system's keychain, in
// a file, or not at all.
package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// ErrNotFound says that there is no login under the key.
var ErrNotFound = errors.New("no stored login")

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
	// Load returns ErrNotFound if nothing usable is stored.
	Load(ctx context.Context, key string) (Login, error)
	Save(ctx context.Context, key string, login Login) error
	// Delete does not fail if nothing is stored.
	Delete(ctx context.Context, key string) error
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
// the file is used if the keychain has nothing, and removed from the file.
func Open(ctx context.Context, kind Kind) (Store, error) {
	switch kind {
	case Memory:
		return NewMemory(), nil
	case Keychain:
		k := systemKeychain()
		if err := k.probe(ctx); err != nil {
			return nil, fmt.Errorf("no usable keychain: %w", err)
		}
		return k, nil
	case Auto, "", File:
	default:
		return nil, fmt.Errorf("there is no token store %q", kind)
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("no place for the token file: %w", err)
	}
	file := NewFile(filepath.Join(dir, "aic-mcp"))
	if kind != File {
		if k := systemKeychain(); k.probe(ctx) == nil {
			return &both{keychain: k, file: file}, nil
		}
	}
	return file, nil
}

// both is a keychain, and the file that stood in for it when it was locked.
type both struct{ keychain, file Store }

func (b *both) Load(ctx context.Context, key string) (Login, error) {
	login, err := b.keychain.Load(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return b.file.Load(ctx, key)
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

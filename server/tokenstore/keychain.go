package tokenstore

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/zalando/go-keyring"
)

const (
	service = "aic-mcp"
	// maxPart is what one keychain entry holds: Windows allows 2,560 bytes,
	// macOS about 3,000. A login with two JWTs is longer, so it is split.
	maxPart  = 2000
	maxParts = 64
)

// keychain keeps a login as numbered parts, and a head entry "count:checksum"
// which is written last and tells a whole login from a torn one.
type keychain struct {
	get    func(service, user string) (string, error)
	set    func(service, user, value string) error
	remove func(service, user string) error
}

func systemKeychain() *keychain {
	return &keychain{get: keyring.Get, set: keyring.Set, remove: keyring.Delete}
}

// probe reports whether the keychain works. go-keyring has no one error for
// "there is none", so every error but ErrNotFound means that.
func (k *keychain) probe(ctx context.Context) error {
	return wait(ctx, func() error {
		if _, err := k.get(service, "probe"); err != nil && !errors.Is(err, keyring.ErrNotFound) {
			return err
		}
		return nil
	})
}

func (k *keychain) Load(ctx context.Context, key string) (Login, error) {
	// The channel, not a shared variable: load may outlive the wait.
	loaded := make(chan Login, 1)
	err := wait(ctx, func() error {
		login, err := k.load(key)
		loaded <- login
		return err
	})
	if err != nil {
		return Login{}, err
	}
	return <-loaded, nil
}

func (k *keychain) load(key string) (Login, error) {
	head, err := k.get(service, key)
	count, sum, ok := parseHead(head)
	var b strings.Builder
	for i := 0; err == nil && i < count; i++ {
		var part string
		part, err = k.get(service, partKey(key, i))
		b.WriteString(part)
	}
	if errors.Is(err, keyring.ErrNotFound) {
		return Login{}, ErrNotFound
	}
	if err != nil {
		return Login{}, fmt.Errorf("keychain: %w", err)
	}
	var login Login
	if !ok || checksum(b.String()) != sum || json.Unmarshal([]byte(b.String()), &login) != nil {
		return Login{}, ErrNotFound
	}
	return login, nil
}

func (k *keychain) Save(ctx context.Context, key string, login Login) error {
	data, err := json.Marshal(login)
	if err != nil {
		return fmt.Errorf("store login: %w", err)
	}
	whole := string(data)
	if len(whole) > maxPart*maxParts {
		return fmt.Errorf("store login: %d bytes are too long for the keychain", len(whole))
	}
	return wait(ctx, func() error {
		before := k.parts(key)
		n := 0
		for rest := whole; rest != ""; n++ {
			part := rest[:min(len(rest), maxPart)]
			rest = rest[len(part):]
			if err := k.set(service, partKey(key, n), part); err != nil {
				return fmt.Errorf("keychain: %w", err)
			}
		}
		if err := k.set(service, key, fmt.Sprintf("%d:%s", n, checksum(whole))); err != nil {
			return fmt.Errorf("keychain: %w", err)
		}
		for i := n; i < before; i++ {
			_ = k.remove(service, partKey(key, i))
		}
		return nil
	})
}

func (k *keychain) Delete(ctx context.Context, key string) error {
	return wait(ctx, func() error {
		n := k.parts(key)
		err := k.remove(service, key)
		for i := range n {
			if e := k.remove(service, partKey(key, i)); err == nil {
				err = e
			}
		}
		if err != nil && !errors.Is(err, keyring.ErrNotFound) {
			return fmt.Errorf("keychain: %w", err)
		}
		return nil
	})
}

// parts is the number of parts that the head announces.
func (k *keychain) parts(key string) int {
	head, err := k.get(service, key)
	if err != nil {
		return 0
	}
	n, _, _ := parseHead(head)
	return n
}

func parseHead(head string) (count int, sum string, ok bool) {
	number, sum, ok := strings.Cut(head, ":")
	count, err := strconv.Atoi(number)
	if !ok || err != nil || count < 1 || count > maxParts {
		return 0, "", false
	}
	return count, sum, true
}

func partKey(key string, i int) string { return key + "#" + strconv.Itoa(i) }

func checksum(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

// wait runs f, which may hang on a keychain that asks its owner something,
// no longer than ctx lives.
func wait(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

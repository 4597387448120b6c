package tokenstore

import (
	"context"
	"crypto/sha256"
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

// keychain keeps a login as numbered parts, and a head entry "count:checksum",
// which is written last and names the parts: two processes that save at the same
// time don't mix theirs.
type keychain struct {
	locks  string // a folder
	get    func(service, user string) (string, error)
	set    func(service, user, value string) error
	remove func(service, user string) error
}

func systemKeychain(locks string) *keychain {
	return &keychain{locks: locks, get: keyring.Get, set: keyring.Set, remove: keyring.Delete}
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
	if errors.Is(err, keyring.ErrNotFound) {
		return Login{}, ErrNotFound
	}
	count, sum, ok := parseHead(head)
	var b strings.Builder
	for i := 0; err == nil && i < count; i++ {
		var part string
		part, err = k.get(service, partKey(key, sum, i))
		b.WriteString(part)
	}
	// A part that is missing is as bad as one that is torn.
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return Login{}, fmt.Errorf("keychain: %w", err)
	}
	if !ok || checksum(b.String()) != sum {
		return Login{}, fmt.Errorf("keychain: %w", ErrUnusable)
	}
	login, err := decode(key, []byte(b.String()))
	if err != nil {
		return Login{}, fmt.Errorf("keychain: %w", err)
	}
	return login, nil
}

func (k *keychain) Save(ctx context.Context, key string, login Login) error {
	data, err := encode(key, login)
	if err != nil {
		return fmt.Errorf("store login: %w", err)
	}
	whole := string(data)
	if len(whole) > maxPart*maxParts {
		return fmt.Errorf("store login: %d bytes are too long for the keychain", len(whole))
	}
	return wait(ctx, func() error {
		count, sum := k.head(key)
		n, newSum := 0, checksum(whole)
		for rest := whole; rest != ""; n++ {
			part := rest[:min(len(rest), maxPart)]
			rest = rest[len(part):]
			if err := k.set(service, partKey(key, newSum, n), part); err != nil {
				return fmt.Errorf("keychain: %w", err)
			}
		}
		if err := k.set(service, key, fmt.Sprintf("%d:%s", n, newSum)); err != nil {
			return fmt.Errorf("keychain: %w", err)
		}
		if sum != newSum {
			for i := range count {
				_ = k.remove(service, partKey(key, sum, i)) // of no use, but no harm either
			}
		}
		return nil
	})
}

func (k *keychain) Delete(ctx context.Context, key string) error {
	return wait(ctx, func() error {
		count, sum := k.head(key)
		err := k.remove(service, key)
		for i := range count {
			if e := k.remove(service, partKey(key, sum, i)); err == nil {
				err = e
			}
		}
		if err != nil && !errors.Is(err, keyring.ErrNotFound) {
			return fmt.Errorf("keychain: %w", err)
		}
		return nil
	})
}

func (k *keychain) Lock(ctx context.Context, key string) (func(), error) {
	return lockFile(ctx, k.locks, key)
}

func (k *keychain) String() string { return "the system's keychain" }

// head is what the head announces: no parts, if there is none.
func (k *keychain) head(key string) (count int, sum string) {
	head, err := k.get(service, key)
	if err != nil {
		return 0, ""
	}
	count, sum, _ = parseHead(head)
	return count, sum
}

func parseHead(head string) (count int, sum string, ok bool) {
	number, sum, ok := strings.Cut(head, ":")
	count, err := strconv.Atoi(number)
	if !ok || err != nil || count < 1 || count > maxParts {
		return 0, "", false
	}
	return count, sum, true
}

func partKey(key, sum string, i int) string {
	return key + "#" + sum[:min(len(sum), 12)] + "#" + strconv.Itoa(i)
}

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
		return fmt.Errorf("the keychain does not answer: %w", ctx.Err())
	}
}

package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
)

// fakeKeychain holds at most limit bytes a value, as Windows does.
func fakeKeychain(t *testing.T, limit int) (*keychain, map[string]string) {
	values := map[string]string{}
	return &keychain{
		locks: t.TempDir(),
		get: func(_, user string) (string, error) {
			if v, ok := values[user]; ok {
				return v, nil
			}
			return "", keyring.ErrNotFound
		},
		set: func(_, user, value string) error {
			if len(value) > limit {
				return keyring.ErrSetDataTooBig
			}
			values[user] = value
			return nil
		},
		remove: func(_, user string) error {
			if _, ok := values[user]; !ok {
				return keyring.ErrNotFound
			}
			delete(values, user)
			return nil
		},
	}, values
}

func login(n int) Login {
	return Login{AccessToken: strings.Repeat("a", n), RefreshToken: strings.Repeat("r", n), Expiry: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

func TestStores(t *testing.T) {
	chain, values := fakeKeychain(t, 2560)
	second, _ := fakeKeychain(t, 2560)
	for name, store := range map[string]Store{
		"memory":      NewMemory(),
		"file":        NewFile(filepath.Join(t.TempDir(), "deep", "dir")),
		"file of one": NewFileAt(filepath.Join(t.TempDir(), "deep", "token.json")),
		"keychain":    chain,
		"both":        &both{keychain: second, file: NewFile(t.TempDir())},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if _, err := store.Load(ctx, "k"); !errors.Is(err, ErrNotFound) {
				t.Errorf("empty store: %v", err)
			}
			if err := store.Delete(ctx, "k"); err != nil {
				t.Errorf("delete of nothing: %v", err)
			}
			for _, n := range []int{10, 4000, 100} {
				if err := store.Save(ctx, "k", login(n)); err != nil {
					t.Fatal(err)
				}
				if got, err := store.Load(ctx, "k"); err != nil || got != login(n) {
					t.Errorf("loaded %d bytes, %v", len(got.AccessToken), err)
				}
				if _, err := store.Load(ctx, "other"); !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrUnusable) {
					t.Errorf("another key: %v", err)
				}
				if err := store.Delete(ctx, "other"); err != nil {
					t.Errorf("delete of another key: %v", err)
				}
			}
			if got, err := store.Load(ctx, "k"); err != nil || got != login(100) {
				t.Errorf("after the delete of another key: %v, %v", got, err)
			}
			if err := store.Delete(ctx, "k"); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Load(ctx, "k"); !errors.Is(err, ErrNotFound) {
				t.Errorf("after delete: %v", err)
			}
			if store.String() == "" {
				t.Error("the store has no name")
			}
		})
		t.Run(name+" locks", func(t *testing.T) { testLock(t, store) })
	}
	if len(values) != 0 {
		t.Errorf("the keychain still holds %d entries", len(values))
	}
}

func testLock(t *testing.T, store Store) {
	ctx := t.Context()
	unlock, err := store.Lock(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := store.Lock(impatient, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("a second lock: %v", err)
	}
	got := make(chan error, 1)
	go func() {
		unlock, err := store.Lock(ctx, "k")
		if err == nil {
			unlock()
		}
		got <- err
	}()
	select {
	case err := <-got:
		t.Errorf("a second lock while there is one: %v", err)
	default:
	}
	unlock()
	if err := <-got; err != nil {
		t.Errorf("the next lock: %v", err)
	}
}

// What is stored can be damaged, or be another tenant's.
func TestWhatIsNoLoginIsUnusable(t *testing.T) {
	ctx := t.Context()
	for _, content := range []string{"", "{", "[]", "null", `"x"`, `{"key":"k"}`, `{"accessToken":"x"}`, `{"key":"other","accessToken":"x"}`, `{"key":"k","accessToken":7}`} {
		path := filepath.Join(t.TempDir(), "token.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		one := NewFileAt(path)
		each := &file{dir: t.TempDir()}
		if err := os.WriteFile(each.path("k"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var chains [2]*keychain
		for i := range chains {
			var values map[string]string
			chains[i], values = fakeKeychain(t, 2560)
			values["k"], values[partKey("k", checksum(content), 0)] = "1:"+checksum(content), content
		}
		for _, store := range []Store{one, each, chains[0], &both{keychain: chains[1], file: NewFile(t.TempDir())}} {
			if _, err := store.Load(ctx, "k"); !errors.Is(err, ErrUnusable) {
				t.Errorf("%s: %q: %v", store, content, err)
			}
			if err := store.Save(ctx, "k", login(10)); err != nil {
				t.Errorf("%s: %q: %v", store, content, err)
			}
			if got, err := store.Load(ctx, "k"); err != nil || got != login(10) {
				t.Errorf("%s: %q: then %v, %v", store, content, got, err)
			}
		}
	}
}

func TestTornKeychainEntryIsNoLogin(t *testing.T) {
	chain, values := fakeKeychain(t, 2560)
	if err := chain.Save(t.Context(), "k", login(3000)); err != nil {
		t.Fatal(err)
	}
	_, sum := chain.head("k")
	values[partKey("k", sum, 1)] = "x"
	if _, err := chain.Load(t.Context(), "k"); !errors.Is(err, ErrUnusable) {
		t.Errorf("error is %v", err)
	}
}

func TestAKeychainEntryThatLostAPartIsNoLogin(t *testing.T) {
	chain, values := fakeKeychain(t, 2560)
	if err := chain.Save(t.Context(), "k", login(3000)); err != nil {
		t.Fatal(err)
	}
	_, sum := chain.head("k")
	delete(values, partKey("k", sum, 1))
	if _, err := chain.Load(t.Context(), "k"); !errors.Is(err, ErrUnusable) {
		t.Errorf("error is %v", err)
	}
}

// A process that is killed while it saves leaves the old login, and a file that
// goes with that.
func TestWhatAKilledProcessLeftIsForgotten(t *testing.T) {
	dir := t.TempDir()
	for name, store := range map[string]Store{"each": NewFile(filepath.Join(dir, "each")), "one": NewFileAt(filepath.Join(dir, "one", "token.json"))} {
		if err := store.Save(t.Context(), "k", login(10)); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"k", "other"} {
			if err := os.WriteFile(filepath.Join(dir, name, unfinished(key)+"1"), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := store.Load(t.Context(), "k"); err != nil || got != login(10) {
			t.Errorf("%s: %v, %v", store, got, err)
		}
		if err := store.Delete(t.Context(), "k"); err != nil {
			t.Error(err)
		}
		entries, err := os.ReadDir(filepath.Join(dir, name))
		if err != nil || len(entries) != 1 || !strings.HasPrefix(entries[0].Name(), unfinished("other")) {
			t.Errorf("%s: left %v, %v", store, entries, err)
		}
	}
}

func TestAFolderIsNoTokenFile(t *testing.T) {
	dir := t.TempDir()
	store := NewFileAt(dir)
	if _, err := store.Load(t.Context(), "k"); !errors.Is(err, errNoFile) {
		t.Errorf("load: %v", err)
	}
	if err := store.Save(t.Context(), "k", login(1)); err == nil {
		t.Error("saved")
	}
	if err := store.Delete(t.Context(), "k"); !errors.Is(err, errNoFile) {
		t.Errorf("delete: %v", err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}

func TestWhatStoodInForTheKeychainIsFoundAndRemoved(t *testing.T) {
	chain, _ := fakeKeychain(t, 2560)
	file := NewFile(t.TempDir())
	store := &both{keychain: chain, file: file}
	ctx := t.Context()
	if err := file.Save(ctx, "k", login(10)); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Load(ctx, "k"); err != nil || got != login(10) {
		t.Errorf("loaded %v, %v", got, err)
	}
	if err := store.Save(ctx, "k", login(20)); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Load(ctx, "k"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the file still has a login: %v", err)
	}
	if err := file.Save(ctx, "k", login(30)); err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(ctx, "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Load(ctx, "k"); !errors.Is(err, ErrNotFound) {
		t.Errorf("after delete the file still has a login: %v", err)
	}
}

func TestKeychainThatHangs(t *testing.T) {
	chain, _ := fakeKeychain(t, 1)
	hang := make(chan struct{})
	defer close(hang)
	chain.get = func(string, string) (string, error) { <-hang; return "", nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := chain.probe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if _, err := chain.Load(ctx, "k"); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("error is %v", err)
	}
}

func TestProbe(t *testing.T) {
	chain, _ := fakeKeychain(t, 1)
	if err := chain.probe(t.Context()); err != nil {
		t.Errorf("an empty keychain: %v", err)
	}
	chain.get = func(string, string) (string, error) { return "", errors.New("no D-Bus") }
	if err := chain.probe(t.Context()); err == nil {
		t.Error("a broken keychain passes")
	}
}

func TestFileIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no mode bits on Windows")
	}
	t.Run("a file a login", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "aic-mcp")
		testPrivate(t, dir, NewFile(dir))
	})
	t.Run("a file of one", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "tokens")
		testPrivate(t, dir, NewFileAt(filepath.Join(dir, "token.json")))
	})
}

func testPrivate(t *testing.T, dir string, store Store) {
	if err := store.Save(t.Context(), "k", login(10)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	path := filepath.Join(dir, entries[0].Name())
	for p, want := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", p, info.Mode(), err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file for all to read: %v", err)
	}
	// A new login replaces it with a private one.
	if err := store.Save(t.Context(), "k", login(10)); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context(), "k"); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context(), "k"); !errors.Is(err, ErrUnusable) {
		t.Errorf("a broken file: %v", err)
	}
}

func TestOpenHonoursTheConfigDirectory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("XDG_CONFIG_HOME is Linux's")
	}
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	store, err := Open(t.Context(), File, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Save(t.Context(), "k", login(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "aic-mcp")); err != nil {
		t.Error(err)
	}
	if _, err := Open(t.Context(), "cloud", ""); err == nil {
		t.Error("an unknown kind is accepted")
	}
}

func TestWithoutAHome(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("HOME is Unix's")
	}
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("HOME", "")
	if _, err := Open(t.Context(), Auto, ""); err == nil || !strings.Contains(err.Error(), "AIC_TOKEN_FILE") {
		t.Errorf("error is %v", err)
	}
	for kind, path := range map[Kind]string{Memory: "", Auto: "/x/token.json"} {
		if _, err := Open(t.Context(), kind, path); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestLoginIsNotPrinted(t *testing.T) {
	l := Login{AccessToken: "top-secret-1", RefreshToken: "top-secret-2"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "login", l, "pointer", &l)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "login", l, "pointer", &l)
	out := log.String() + fmt.Sprintf("%v %+v %#v %s %q", l, l, l, l, l) + fmt.Sprintf("%v %+v %#v %s", &l, &l, &l, &l)
	if strings.Contains(out, "top-secret") {
		t.Errorf("a token is printed: %s", out)
	}
}

package tokenstore

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

type file struct{ dir string }

// NewFile returns a store of one file a login in dir, readable by its owner
// only.
func NewFile(dir string) Store { return &file{dir: dir} }

func (f *file) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(f.dir, fmt.Sprintf("login-%x.json", sum[:8]))
}

const maxFile = 1 << 20

func (f *file) Load(_ context.Context, key string) (Login, error) {
	path := f.path(key)
	h, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Login{}, ErrNotFound
	}
	if err != nil {
		return Login{}, fmt.Errorf("stored login: %w", err)
	}
	defer h.Close()
	info, err := h.Stat()
	if err != nil {
		return Login{}, fmt.Errorf("stored login: %w", err)
	}
	// Windows has no such mode bits; there the user's folder protects it.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return Login{}, fmt.Errorf("stored login: %s can be read or changed by others (mode %04o): delete it and log in again, or chmod 600 it", path, info.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(h, maxFile))
	if err != nil {
		return Login{}, fmt.Errorf("stored login: %w", err)
	}
	var login Login
	if json.Unmarshal(data, &login) != nil || login.AccessToken == "" && login.RefreshToken == "" {
		return Login{}, ErrNotFound
	}
	return login, nil
}

func (f *file) Save(_ context.Context, key string, login Login) (err error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("store login: %w", err)
	}
	data, err := json.Marshal(login)
	if err != nil {
		return fmt.Errorf("store login: %w", err)
	}
	// CreateTemp makes the file with mode 0600.
	tmp, err := os.CreateTemp(f.dir, ".login-*")
	if err != nil {
		return fmt.Errorf("store login: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), f.path(key))
	}
	if err != nil {
		return fmt.Errorf("store login: %w", err)
	}
	return nil
}

func (f *file) Delete(_ context.Context, key string) error {
	if err := os.Remove(f.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget login: %w", err)
	}
	return nil
}

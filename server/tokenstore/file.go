package tokenstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

type file struct {
	dir string
	// name is of the only file; without it each key has its own.
	name string
}

// NewFile returns a store of one file a login in dir, readable by its owner
// only.
func NewFile(dir string) Store { return &file{dir: dir} }

// NewFileAt returns a store of one login, in the file at path.
func NewFileAt(path string) Store {
	return &file{dir: filepath.Dir(path), name: filepath.Base(path)}
}

func (f *file) path(key string) string {
	if f.name != "" {
		return filepath.Join(f.dir, f.name)
	}
	return filepath.Join(f.dir, "login-"+digest(key)+".json")
}

// digest stands for a key in the names of files.
func digest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return fmt.Sprintf("%x", sum[:8])
}

func (f *file) String() string {
	if f.name != "" {
		return "file " + filepath.Join(f.dir, f.name)
	}
	return "files in " + f.dir
}

const maxFile = 1 << 20

var errNoFile = errors.New("this is no file but a folder or a device")

func (f *file) Load(_ context.Context, key string) (Login, error) {
	path := f.path(key)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Login{}, ErrNotFound
	}
	if err != nil {
		return Login{}, fmt.Errorf("stored login: %w", err)
	}
	if !info.Mode().IsRegular() {
		return Login{}, fmt.Errorf("stored login: %s: %w", path, errNoFile)
	}
	// Windows has no such mode bits; there the user's folder protects it.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return Login{}, fmt.Errorf("stored login: %s can be read or changed by others (mode %04o): delete it and log in again, or chmod 600 it", path, info.Mode().Perm())
	}
	h, err := os.Open(path)
	if err != nil {
		return Login{}, fmt.Errorf("stored login: %w", err)
	}
	defer h.Close()
	data, err := io.ReadAll(io.LimitReader(h, maxFile))
	if err != nil {
		return Login{}, fmt.Errorf("stored login: %w", err)
	}
	login, err := decode(key, data)
	if err != nil {
		return Login{}, fmt.Errorf("%s: %w", path, err)
	}
	return login, nil
}

func (f *file) Save(_ context.Context, key string, login Login) (err error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("store login: %w", err)
	}
	data, err := encode(key, login)
	if err != nil {
		return fmt.Errorf("store login: %w", err)
	}
	// CreateTemp makes the file with mode 0600.
	tmp, err := os.CreateTemp(f.dir, unfinished(key)+"*")
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

// unfinished begins the names of files that a key's login is written to first.
func unfinished(key string) string { return ".login-" + digest(key) + "-" }

// Delete leaves what another tenant's login is: a file of one login may hold
// that. It takes what a process left that was killed while it saved.
func (f *file) Delete(ctx context.Context, key string) error {
	_, err := f.Load(ctx, key)
	if errors.Is(err, errNoFile) {
		return err
	}
	if f.name == "" || !errors.Is(err, ErrUnusable) {
		if err := remove(f.path(key)); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget login: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), unfinished(key)) {
			if err := remove(filepath.Join(f.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget login: %w", err)
	}
	return nil
}

func (f *file) Lock(ctx context.Context, key string) (func(), error) {
	return lockFile(ctx, f.dir, key)
}

package admin

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"aicmcp/mockaic/internal/crest"
)

// Bounds of a seed that is sent, as an archive and unpacked.
const (
	maxSeed      = 4 << 30
	maxSeedFiles = 100_000
)

// getSeed writes the export to a temporary directory first: a tar archive tells
// the size of a file before its content.
func (h *handler) getSeed(w http.ResponseWriter, r *http.Request) error {
	parent, err := os.MkdirTemp("", "mockaic-*")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "seed")
	if err := h.Export(dir); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Content-Disposition", `attachment; filename="seed.tar"`)
	archive := tar.NewWriter(w)
	if err := errors.Join(archive.AddFS(os.DirFS(dir)), archive.Close()); err != nil {
		h.Logger.WarnContext(r.Context(), "seed not written", "error", err)
		// The status is sent: only a broken connection says that something is missing.
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (h *handler) putSeed(w http.ResponseWriter, r *http.Request) error {
	dir, err := os.MkdirTemp("", "mockaic-*")
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer os.RemoveAll(dir)
	u := unpacker{wanted: h.Wanted, bytes: maxSeed, files: maxSeedFiles}
	if err := u.unpack(dir, http.MaxBytesReader(w, r.Body, maxSeed)); err != nil {
		return err
	}
	if err := h.Import(dir); err != nil {
		return crest.Errorf(http.StatusBadRequest, "%s", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// unpacker takes the files of a seed out of an archive.
type unpacker struct {
	wanted func(name string) (bool, error)
	bytes  int64 // how many may still come
	files  int
}

func (u *unpacker) unpack(dir string, from io.Reader) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer root.Close()
	archive, count := tar.NewReader(from), 0
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) && count == 0 {
			return crest.Errorf(http.StatusBadRequest, "The body holds no file: it must be a tar archive of a seed directory")
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unreadable(err)
		}
		if count++; count > u.files {
			return crest.Errorf(http.StatusRequestEntityTooLarge, "The archive has more than %d files", u.files)
		}
		if err := u.file(root, header, archive); err != nil {
			return err
		}
	}
}

func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return crest.Errorf(http.StatusRequestEntityTooLarge, "The archive is larger than %d bytes", tooLarge.Limit)
	}
	return crest.Errorf(http.StatusBadRequest, "The body is not a whole tar archive: %s", err)
}

func (u *unpacker) file(root *os.Root, header *tar.Header, content io.Reader) error {
	// The archive of a directory that was named "." spells its files "./NAME".
	name := strings.TrimPrefix(header.Name, "./")
	switch header.Typeflag {
	case tar.TypeXGlobalHeader, tar.TypeDir:
		return nil // folders are made for files
	case tar.TypeReg:
	default:
		return crest.Errorf(http.StatusBadRequest, "%q is neither a file nor a directory", header.Name)
	}
	if !fs.ValidPath(name) {
		return crest.Errorf(http.StatusBadRequest, "%q is not a name below the seed's directory", header.Name)
	}
	if wanted, err := u.wanted(name); err != nil || !wanted {
		if err != nil {
			err = crest.Errorf(http.StatusBadRequest, "%s", err)
		}
		return err
	}
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return crest.Errorf(http.StatusBadRequest, "%q cannot be made: %s", name, err)
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return crest.Errorf(http.StatusBadRequest, "%q cannot be made: %s", name, err)
	}
	// A sparse file is longer than what the archive holds of it.
	written, err := io.Copy(file, io.LimitReader(content, u.bytes+1))
	u.bytes -= written
	err = errors.Join(err, file.Close())
	var ownFault *fs.PathError
	switch {
	case errors.As(err, &ownFault):
		return fmt.Errorf("unpack: %w", err)
	case err != nil:
		return unreadable(err)
	case u.bytes < 0:
		return crest.Errorf(http.StatusRequestEntityTooLarge, "The files of the archive are larger than %d bytes", int64(maxSeed))
	}
	return nil
}

package admin

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/crest"
)

func TestUnpackingIsBounded(t *testing.T) {
	var body bytes.Buffer
	w := tar.NewWriter(&body)
	for i := range 3 {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("config/%d.json", i), Typeflag: tar.TypeReg, Size: 100}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	every := func(string) (bool, error) { return true, nil }
	for name, c := range map[string]struct {
		bytes int64
		files int
		body  int64
		want  string
	}{
		"all fits":       {300, 3, 1 << 20, ""},
		"a byte more":    {299, 3, 1 << 20, "files of the archive are larger"},
		"a file more":    {300, 2, 1 << 20, "more than 2 files"},
		"a long archive": {300, 3, 1000, "archive is larger than 1000"},
	} {
		u := unpacker{wanted: every, bytes: c.bytes, files: c.files}
		err := u.unpack(t.TempDir(), http.MaxBytesReader(nil, io.NopCloser(bytes.NewReader(body.Bytes())), c.body))
		var refusal *crest.Error
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &refusal) || refusal.Code != 413 || !strings.Contains(refusal.Message, c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

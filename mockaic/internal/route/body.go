package route

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"aicmcp/mockaic/internal/crest"
)

func (r *Request) needsBody() bool {
	switch r.Operation {
	case Create, Update, Upsert, Patch:
		return true
	}
	return false
}

func (r *Request) checkContentType() error {
	if r.Operation == Read || r.Operation == Query {
		return nil
	}
	header := r.Header.Get("Content-Type")
	if header == "" {
		if !r.needsBody() {
			return nil
		}
		return crest.Errorf(http.StatusBadRequest, "The request could not be processed because the  content-type was not specified and is required")
	}
	media, _, err := mime.ParseMediaType(header)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || !strings.Contains(media, "/") {
		return crest.Errorf(http.StatusBadRequest, "The request content type can't be parsed.")
	}
	if media != "application/json" && media != "multipart/form-data" {
		return crest.Errorf(http.StatusBadRequest, "The request could not be processed because it specified the content-type '%s' when only the content-type 'application/json' and 'multipart/form-data' are supported", media)
	}
	return nil
}

func (r *Request) readBody(w http.ResponseWriter, limit int64) error {
	if r.Operation == Read || r.Operation == Query || r.Operation == Delete {
		return nil
	}
	data, err := r.jsonPart(http.MaxBytesReader(w, r.Request.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return crest.Errorf(http.StatusRequestEntityTooLarge, "The request body is larger than the permitted %d bytes", limit)
	}
	if err != nil {
		return err
	}
	if r.Operation == Action && len(strings.TrimSpace(string(data))) == 0 {
		return nil
	}
	if r.Body, err = crest.DecodeJSON(data); err != nil {
		return err
	}
	switch r.Operation {
	case Create, Update, Upsert:
		if r.Body == nil {
			r.Body = map[string]any{}
		}
		if _, ok := r.Body.(map[string]any); !ok {
			return crest.Errorf(http.StatusBadRequest, "The request could not be processed because the provided content is not a JSON object")
		}
	case Patch:
		r.Patch, err = crest.ParsePatch(r.Body)
		return err
	}
	return nil
}

// jsonPart reads the body, or the JSON part of a multipart body.
func (r *Request) jsonPart(body io.Reader) ([]byte, error) {
	unreadable := crest.Errorf(http.StatusBadRequest, "The request could not be processed because the request cant be parsed")
	media, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "multipart/form-data" {
		data, err := io.ReadAll(body)
		if err != nil {
			return nil, oversizedOr(err, unreadable)
		}
		return data, nil
	}
	if parameters["boundary"] == "" {
		return nil, unreadable
	}
	parts := multipart.NewReader(body, parameters["boundary"])
	var document []byte
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, oversizedOr(err, unreadable)
		}
		if n > 0 {
			return nil, crest.Errorf(http.StatusNotImplemented, "multipart bodies of more than one part are not implemented by this fake tenant")
		}
		if media, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); media != "application/json" {
			return nil, unreadable
		}
		if document, err = io.ReadAll(part); err != nil {
			return nil, oversizedOr(err, unreadable)
		}
	}
	if document == nil {
		return nil, unreadable
	}
	return document, nil
}

// oversizedOr is err if the body was too large, else the other error.
func oversizedOr(err, other error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return err
	}
	return other
}

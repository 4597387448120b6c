package route

import (
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"aicmcp/mockaic/internal/crest"
)

// Response is what a resource answers. At most one of Object, Page and Array is
// set; without any the answer has no body.
type Response struct {
	Status int // 0 is 200
	// Object is a single resource; its _rev becomes the ETag.
	Object map[string]any
	Page   *crest.Page
	Array  []any // the answer of an action that is no object
	// Projected says that _fields has been applied already.
	Projected bool
	// Location is the path of a created resource, below the tenant's address.
	Location string
	// Version is the resource version for Content-API-Version; "" leaves the
	// header out.
	Version string
	// CacheControl takes the place of the family's Cache-Control.
	CacheControl string
	// NotModified marks a write that changed nothing.
	NotModified bool
}

// NotFound is the error for a path that leads nowhere.
func NotFound(path []string) error {
	return crest.Errorf(http.StatusNotFound, "Resource '%s' not found", strings.Join(path, "/"))
}

func (c *CREST) write(w http.ResponseWriter, r *Request, response *Response) {
	status := response.Status
	if status == 0 {
		status = http.StatusOK
	}
	header := w.Header()
	if response.Version != "" {
		header.Set("Content-API-Version", c.version(r, response.Version, response.Page))
	}
	if response.CacheControl != "" {
		header.Set("Cache-Control", response.CacheControl)
	}
	if response.NotModified {
		header.Set("X-Not-Modified", "true")
	}
	if response.Location != "" {
		header.Set("Location", c.BaseURL(r.Request)+response.Location)
	}
	var body any
	switch {
	case response.Object != nil:
		if revision, ok := response.Object["_rev"].(string); ok {
			if r.ifNoneMatch != nil && *r.ifNoneMatch == revision {
				w.WriteHeader(http.StatusNotModified) // which has no body, RFC 9110 15.4.5
				return
			}
			header.Set("ETag", `"`+revision+`"`)
		}
		if r.Options.MimeType != "" && r.Options.MimeType != "application/json" {
			c.writeMedia(w, r, response.Object)
			return
		}
		body = r.project(response.Object, response.Projected)
	case response.Page != nil:
		if r.Options.Fields != nil {
			projected := *response.Page
			projected.Result = make([]map[string]any, len(response.Page.Result))
			for i, object := range response.Page.Result {
				projected.Result[i] = r.project(object, response.Projected)
			}
			response.Page = &projected
		}
		body = response.Page
	case response.Array != nil:
		body = response.Array
	default:
		header.Set("Content-Length", "0")
		w.WriteHeader(status)
		return
	}
	header.Set("Content-Type", c.ContentType)
	if err := WriteJSON(w, status, body, r.pretty); err != nil {
		c.Logger.WarnContext(r.Context(), "answer not written", "path", r.URL.Path, "error", err)
	}
}

// writeMedia answers _mimeType: the one field that was asked for, as text or
// decoded from base64url.
func (c *CREST) writeMedia(w http.ResponseWriter, r *Request, object map[string]any) {
	media, _, err := mime.ParseMediaType(r.Options.MimeType)
	if err != nil || !strings.Contains(media, "/") {
		c.writeError(w, r, crest.Errorf(http.StatusBadRequest, "The value '%s' for parameter '_mimeType' is not a media type", r.Options.MimeType))
		return
	}
	value, ok := r.Options.Fields[0].Lookup(object)
	text, isText := value.(string)
	if !ok || !isText {
		c.writeError(w, r, crest.Errorf(http.StatusNotFound, "The field '%s' holds no text", r.Options.Fields[0]))
		return
	}
	content := []byte(text)
	if media == "text/plain" {
		media += "; charset=UTF-8"
	} else if content, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "=")); err != nil {
		c.writeError(w, r, crest.Errorf(http.StatusBadRequest, "The field does not hold base64url, as '%s' needs", media))
		return
	}
	w.Header().Set("Content-Type", media)
	if _, err := w.Write(content); err != nil {
		c.Logger.WarnContext(r.Context(), "answer not written", "path", r.URL.Path, "error", err)
	}
}

// project applies _fields. Protocol 1 does not add _id and _rev to them.
func (r *Request) project(object map[string]any, done bool) map[string]any {
	projected := object
	if !done {
		projected = crest.Project(object, r.Options.Fields)
	}
	if r.protocol.major < 2 && r.Options.Fields != nil {
		for _, name := range []string{"_id", "_rev"} {
			if !requested(r.Options.Fields, name) {
				delete(projected, name)
			}
		}
	}
	return projected
}

func requested(fields []crest.Pointer, name string) bool {
	for _, field := range fields {
		if len(field) == 0 || len(field) == 1 && (field[0] == name || field[0] == "*") {
			return true
		}
	}
	return false
}

// version is the Content-API-Version of an answer; page is nil if it is none.
func (c *CREST) version(r *Request, resource string, page *crest.Page) string {
	full, bare := c.apiVersion(r, resource), "resource="+resource
	switch {
	case !c.BareVersion:
		return full
	case page != nil && len(page.Result) > 0:
		return full + ", " + bare
	}
	return bare
}

func (c *CREST) apiVersion(r *Request, resource string) string {
	return fmt.Sprintf("protocol=%d.%d,resource=%s", r.protocol.major, r.protocol.minor, resource)
}

func (c *CREST) writeError(w http.ResponseWriter, r *Request, err error) {
	var answer *crest.Error
	if !errors.As(err, &answer) {
		c.Logger.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
		answer = crest.Errorf(http.StatusInternalServerError, "Internal Server Error")
	}
	TrailOf(r.Context()).Reason = answer.Error()
	c.adjust(w.Header(), r, err)
	if c.ErrorVersion != "" && !strings.EqualFold(answer.Message, AccessDenied) {
		w.Header().Set("Content-API-Version", c.apiVersion(r, c.ErrorVersion))
	}
	w.Header().Set("Content-Type", c.ContentType)
	if err := WriteJSON(w, answer.Code, answer, r.pretty); err != nil {
		c.Logger.WarnContext(r.Context(), "error not written", "path", r.URL.Path, "error", err)
	}
}

// Refusal is an error whose answer has other headers than those of the family.
type Refusal struct {
	Err          error
	Version      string // of the resource, for Content-API-Version; "" is the family's
	CacheControl string // "" is the family's
	Bare         bool   // leaves all other headers of the family out
}

func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap returns the error.
func (r *Refusal) Unwrap() error { return r.Err }

func (c *CREST) adjust(header http.Header, r *Request, err error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return
	}
	if refusal.Bare {
		family := http.Header{}
		c.Headers(family)
		for name := range family {
			header.Del(name)
		}
	}
	if refusal.CacheControl != "" {
		header.Set("Cache-Control", refusal.CacheControl)
	}
	if refusal.Version != "" {
		header.Set("Content-API-Version", c.version(r, refusal.Version, nil))
	}
}

// AccessDenied is the message of a 403 for a caller who lacks the right. Such
// answers carry no Content-API-Version.
const AccessDenied = "Access denied"

package route

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"aicmcp/mockaic/internal/crest"
)

// Operation is what a CREST request asks for.
type Operation string

// The operations of CREST. Upsert is a PUT without conditions: create, or
// replace what is there.
const (
	Create Operation = "create"
	Read   Operation = "read"
	Update Operation = "update"
	Upsert Operation = "upsert"
	Patch  Operation = "patch"
	Delete Operation = "delete"
	Query  Operation = "query"
	Action Operation = "action"
)

// Request is a CREST request that has passed every check that does not depend
// on the resource it names.
type Request struct {
	*http.Request
	Operation Operation
	// Path holds the decoded elements below the mount point, without NewID.
	Path []string
	// NewID is the last path element of a PUT that may create.
	NewID string
	// IfMatch is the revision that the resource must have; nil is any.
	IfMatch *string
	Body    any
	Patch   []crest.Operation
	Action  string
	Options crest.Options
	Query   *crest.Query // also of an action that names a filter
	Caller  Caller

	put         bool
	protocol    version
	resource    *version // nil is the latest
	ifNoneMatch *string
	pretty      bool
}

// Caller is who sent a request.
type Caller struct {
	ID     string
	Name   string // for display, such as a mail address
	Client string // the OAuth client of the bearer
	Scopes []string
	// Administrator is somebody who runs the tenant, Developer whoever has the
	// developer's token.
	Administrator, ServiceAccount, Developer bool
}

// CREST serves a tree of resources below Mount by the rules of the CREST HTTP
// binding.
type CREST struct {
	Mount     string // such as "/openidm"
	Authorize func(*http.Request) (Caller, error)
	Serve     func(*Request) (*Response, error)
	Headers   func(http.Header) // sets what every answer of the family carries, 401 excepted
	// ErrorVersion is the resource version that error answers name; "" is none.
	ErrorVersion string
	// BareVersion makes Content-API-Version name the resource alone, but of a query
	// with results the protocol, too.
	BareVersion bool
	ContentType string
	MaxBody     int64
	BaseURL     func(*http.Request) string
	Logger      *slog.Logger
}

func (c *CREST) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := &Request{Request: r, protocol: version{2, 1}}
	caller, err := c.Authorize(r)
	request.Caller, TrailOf(r.Context()).Caller = caller, caller
	var refusal *crest.Error
	if !errors.As(err, &refusal) || refusal.Code != http.StatusUnauthorized {
		c.Headers(w.Header())
	}
	if err != nil {
		c.writeError(w, request, err)
		return
	}
	response, err := c.answer(w, request)
	if err != nil {
		c.writeError(w, request, err)
		return
	}
	c.write(w, request, response)
}

// answer checks in the order of the reference implementation: version, method,
// content type, headers, body, parameters, and only then the resource.
func (c *CREST) answer(w http.ResponseWriter, r *Request) (*Response, error) {
	if err := r.parseVersion(); err != nil {
		return nil, err
	}
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", "DELETE, GET, HEAD, PATCH, PUT, OPTIONS, TRACE")
		return &Response{}, nil
	}
	params, err := crest.ParseParams(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if err := r.dispatch(params); err != nil {
		return nil, err
	}
	TrailOf(r.Context()).Operation = r.Operation
	if err := r.checkContentType(); err != nil {
		return nil, err
	}
	if err := r.checkConditions(); err != nil {
		return nil, err
	}
	if err := r.readBody(w, c.MaxBody); err != nil {
		return nil, err
	}
	if err := r.parseParams(params); err != nil {
		return nil, err
	}
	if err := r.parsePath(c.Mount); err != nil {
		return nil, err
	}
	return c.Serve(r)
}

type version struct{ major, minor int }

var versionPart = regexp.MustCompile(`^(protocol|resource)=(\d{1,9})(?:\.(\d{1,9}))?$`)

func (r *Request) parseVersion() error {
	header := r.Header.Get("Accept-API-Version")
	if header == "" {
		return nil
	}
	malformed := crest.Errorf(http.StatusBadRequest, "Version string is in an invalid format: %s", header)
	seen := map[string]bool{}
	for part := range strings.SplitSeq(header, ",") {
		match := versionPart.FindStringSubmatch(strings.Trim(part, " "))
		if match == nil || seen[match[1]] {
			return malformed
		}
		seen[match[1]] = true
		var v version
		v.major, _ = strconv.Atoi(match[2])
		v.minor, _ = strconv.Atoi(match[3])
		if match[1] == "protocol" {
			r.protocol = v
		} else {
			r.resource = &v
		}
	}
	if r.protocol.major > 2 {
		return crest.Errorf(http.StatusBadRequest, "Unsupported major version: %d.%d", r.protocol.major, r.protocol.minor)
	}
	if r.protocol.minor > 1 {
		return crest.Errorf(http.StatusBadRequest, "Unsupported minor version: %d.%d", r.protocol.major, r.protocol.minor)
	}
	return nil
}

// ResourceVersion is the version that a request asks for, or the other one.
func (r *Request) ResourceVersion(other string) string {
	if r.resource == nil {
		return other
	}
	return fmt.Sprintf("%d.%d", r.resource.major, r.resource.minor)
}

// AcceptsVersion tells whether a resource of that version is what the request
// asks for: one of the same major version and no older.
func (r *Request) AcceptsVersion(major, minor int) bool {
	return r.resource == nil || r.resource.major == major && r.resource.minor <= minor
}

func (r *Request) dispatch(params crest.Params) error {
	method := r.Method
	if override, ok := r.Header["X-Http-Method-Override"]; ok && method == http.MethodPost {
		method = override[0]
	}
	switch method {
	case http.MethodGet:
		r.Operation = Read
		if params.IsQuery() {
			r.Operation = Query
		}
	case http.MethodPatch:
		r.Operation = Patch
	case http.MethodDelete:
		r.Operation = Delete
	case http.MethodPost:
		action, ok := params.Get("_action")
		switch {
		case !ok && r.protocol != (version{2, 1}):
			return crest.Errorf(http.StatusBadRequest, "No values provided for the request parameter '_action'")
		case !ok || strings.EqualFold(action, "create"):
			r.Operation = Create
		default:
			r.Operation, r.Action = Action, action
		}
	case http.MethodPut:
		return r.dispatchPut()
	default:
		return crest.Errorf(http.StatusNotImplemented, "Method %s not supported", method)
	}
	return nil
}

func (r *Request) dispatchPut() error {
	r.put = true
	_, conditional := r.Header["If-Match"]
	if none, ok := r.Header["If-None-Match"]; ok {
		if unquote(none[0]) != "*" {
			return crest.Errorf(http.StatusBadRequest, "\"%s\" is not a supported value for If-None-Match on PUT", unquote(none[0]))
		}
		r.Operation = Create
		return nil
	}
	r.Operation = Update
	if !conditional && r.protocol.major >= 2 {
		r.Operation = Upsert
	}
	return nil
}

func (r *Request) checkConditions() error {
	for _, name := range []string{"If-Modified-Since", "If-Unmodified-Since"} {
		if _, ok := r.Header[name]; ok {
			return crest.Errorf(http.StatusConflict, "Header %s not supported", name)
		}
	}
	unsupported := func(format string, args ...any) error {
		return crest.Errorf(http.StatusPreconditionFailed, format, args...)
	}
	match, hasMatch := r.Header["If-Match"]
	none, hasNone := r.Header["If-None-Match"]
	switch r.Operation {
	case Create, Update, Upsert:
		if !r.put {
			if hasNone {
				return unsupported("If-None-Match not supported for POST requests")
			}
			if hasMatch {
				return unsupported("If-Match not supported for POST requests")
			}
			return nil
		}
		if hasMatch && hasNone {
			return unsupported("Simultaneous use of If-Match and If-None-Match not supported for PUT requests")
		}
	case Action:
		if hasNone {
			return unsupported("If-None-Match not supported for POST requests")
		}
		if hasMatch {
			return unsupported("If-Match not supported for POST requests")
		}
	case Patch:
		if hasNone {
			return unsupported("Use of If-None-Match not supported for PATCH requests")
		}
	case Delete:
		if hasNone {
			return unsupported("If-None-Match not supported for DELETE requests")
		}
	case Read, Query:
		if hasMatch {
			return unsupported("If-Match not supported for GET requests")
		}
		if hasNone && (r.Operation == Query || unquote(none[0]) == "*") {
			return unsupported("If-None-Match * not appropriate for GET requests")
		}
		if hasNone {
			revision := unquote(none[0])
			r.ifNoneMatch = &revision
		}
	}
	if hasMatch && match[0] != "*" {
		revision := unquote(match[0])
		r.IfMatch = &revision
	}
	return nil
}

// unquote drops the first and the last character of a value that begins with a
// quote, as the reference implementation does.
func unquote(value string) string {
	if strings.HasPrefix(value, `"`) {
		if len(value) < 2 {
			return ""
		}
		return value[1 : len(value)-1]
	}
	return value
}

func (r *Request) parseParams(params crest.Params) (err error) {
	if _, ok := params.Get("_mimeType"); ok && r.Operation != Read {
		return crest.Errorf(http.StatusBadRequest, "Unrecognized request parameter '_mimeType'")
	}
	switch r.Operation {
	case Query:
		if r.Query, err = params.Query(); err != nil {
			return err
		}
		r.Options = crest.Options{Fields: r.Query.Fields, PrettyPrint: r.Query.PrettyPrint}
	case Action:
		if _, filtered := params.Get("_queryFilter"); filtered {
			if r.Query, err = params.ActionQuery(); err != nil {
				return err
			}
		}
		r.Options, err = params.ActionOptions()
	case Create:
		if r.put {
			r.Options, err = params.Options()
		} else {
			r.Options, err = params.Options("_action")
		}
	default:
		r.Options, err = params.Options()
	}
	if err != nil {
		return err
	}
	r.pretty = r.Options.PrettyPrint
	return nil
}

func (r *Request) parsePath(mount string) error {
	escaped := strings.Trim(strings.TrimPrefix(r.URL.EscapedPath(), mount), "/")
	if strings.HasPrefix(r.URL.EscapedPath(), mount+"//") {
		escaped = "/" + escaped
	}
	if escaped != "" {
		for element := range strings.SplitSeq(escaped, "/") {
			if element == "" {
				return crest.Errorf(http.StatusBadRequest, "Resource path '%s' contains empty path elements", r.URL.EscapedPath())
			}
			decoded, err := url.PathUnescape(element)
			if err != nil {
				return crest.Errorf(http.StatusBadRequest, "Resource path '%s' contains an invalid percent-encoding", r.URL.EscapedPath())
			}
			// IDs are stored as text: what is no UTF-8 would be another one there.
			r.Path = append(r.Path, strings.ToValidUTF8(decoded, "\uFFFD"))
		}
	}
	if !r.put || r.Operation == Update {
		return nil
	}
	if len(r.Path) == 0 {
		return crest.Errorf(http.StatusBadRequest, "No new resource ID in HTTP PUT request")
	}
	r.NewID = r.Path[len(r.Path)-1]
	r.Path = r.Path[:len(r.Path)-1]
	return nil
}

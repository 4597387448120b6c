// Package admin is the API of a fake tenant for whoever runs it: its content as
// a seed, its journal of requests and its clock. It asks for no credentials, so
// it belongs on the loopback interface.
package admin

import (
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
)

// Tenant is what the API needs of a tenant. All of it is required.
type Tenant struct {
	Export func(dir string) error
	Import func(dir string) error
	// Wanted tells whether a file of that name is read as part of a seed; an error
	// says that it may not be there.
	Wanted  func(name string) (bool, error)
	Reset   func() error
	Journal func() []route.Entry
	Forget  func() // empties the journal
	Now     func() time.Time
	Advance func(time.Duration)
	// RotateKeys makes new keys for tokens, beside the older ones.
	RotateKeys func() error
	Logger     *slog.Logger
}

type handler struct {
	Tenant
	routes map[string]map[string]func(http.ResponseWriter, *http.Request) error
}

// New returns the API.
func New(tenant Tenant) http.Handler {
	h := &handler{Tenant: tenant}
	h.routes = map[string]map[string]func(http.ResponseWriter, *http.Request) error{
		"/":        {http.MethodGet: h.page},
		"/seed":    {http.MethodGet: h.getSeed, http.MethodPut: h.putSeed},
		"/reset":   {http.MethodPost: h.reset},
		"/journal": {http.MethodGet: h.getJournal, http.MethodDelete: h.deleteJournal},
		"/clock":   {http.MethodGet: h.getClock, http.MethodPost: h.postClock},
		"/keys":    {http.MethodPost: h.rotateKeys},
	}
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	serve, err := h.find(w, r)
	if err == nil {
		err = serve(w, r)
	}
	if err == nil {
		return
	}
	refusal := crest.Errorf(http.StatusInternalServerError, "%s", err)
	errors.As(err, &refusal)
	w.Header().Set("Content-Type", "application/json")
	h.write(w, r, refusal.Code, map[string]any{"message": refusal.Message})
}

// find checks who asks before it looks at what is asked for.
func (h *handler) find(w http.ResponseWriter, r *http.Request) (func(http.ResponseWriter, *http.Request) error, error) {
	if !isLoopback(r.Host) {
		return nil, crest.Errorf(http.StatusForbidden, "The host %q is not a loopback name or address: a page elsewhere may be behind this request", r.Host)
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if method != http.MethodGet && fromPage(r) {
		return nil, crest.Errorf(http.StatusForbidden, "Web pages may not change the tenant")
	}
	methods, ok := h.routes[r.URL.Path]
	if !ok {
		return nil, crest.Errorf(http.StatusNotFound, "There is no %s; GET / lists what there is", r.URL.Path)
	}
	serve, ok := methods[method]
	if !ok {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
		return nil, crest.Errorf(http.StatusMethodNotAllowed, "%s does not take %s", r.URL.Path, r.Method)
	}
	return serve, nil
}

// isLoopback tells whether a Host names this machine. A name that an attacker's
// DNS server points at it does not.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// fromPage tells whether a browser sends the request for a page. Browsers add
// Origin to all that is not a plain read, and Sec-Fetch-Site to everything.
func fromPage(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Header.Get("Origin") != "" || site != "" && site != "none" && site != "same-origin"
}

func (h *handler) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := route.WriteJSON(w, status, body, false); err != nil {
		h.Logger.WarnContext(r.Context(), "admin answer not written", "path", r.URL.Path, "error", err)
	}
}

//go:embed page.html
var pages embed.FS

var page = template.Must(template.ParseFS(pages, "page.html"))

// pageRequests is how many requests the page shows.
const pageRequests = 20

func (h *handler) page(w http.ResponseWriter, r *http.Request) error {
	requests := h.Journal()
	requests = requests[max(0, len(requests)-pageRequests):]
	slices.Reverse(requests)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return page.Execute(w, map[string]any{"Host": r.Host, "Now": h.Now().UTC().Format(time.RFC3339), "Requests": requests})
}

func (h *handler) rotateKeys(w http.ResponseWriter, _ *http.Request) error {
	if err := h.RotateKeys(); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) reset(w http.ResponseWriter, _ *http.Request) error {
	if err := h.Reset(); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

package route

import (
	"net/http"
	"slices"
	"strings"
)

// CORSEntry says what pages of some origins may do.
type CORSEntry struct {
	Origins, Methods, Headers []string
	Exposed                   []string // headers of answers
	MaxAge                    string   // of what a preflight allows, in seconds
	Credentials               bool
}

// CORS lets pages of other origins read answers.
type CORS struct {
	Entries func() []CORSEntry
	// Any lets all pages in, but never with credentials.
	Any bool
}

// Handle sets the headers for a request, and answers it if it is a preflight that
// is allowed. A page of an origin that is not gets no header, which its browser
// takes for a refusal.
func (c *CORS) Handle(w http.ResponseWriter, r *http.Request) (done bool) {
	origin, h := r.Header.Get("Origin"), w.Header()
	if c.Any {
		if origin == "" {
			return false
		}
		h.Set("Access-Control-Allow-Origin", "*")
		if wanted, is := preflight(r); is {
			h.Set("Access-Control-Allow-Methods", wanted.method)
			if len(wanted.headers) > 0 {
				h.Set("Access-Control-Allow-Headers", strings.Join(wanted.headers, ","))
			}
			return answered(w)
		}
		h.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
		return false
	}
	entries := c.Entries()
	if len(entries) == 0 {
		return false
	}
	h.Add("Vary", "Origin")
	if origin == "" {
		return false
	}
	wanted, isPreflight := preflight(r)
	for _, entry := range entries {
		switch {
		case !entry.allows(origin, wanted):
			continue
		case isPreflight:
			entry.setPreflight(h, origin)
			return answered(w)
		}
		entry.setOrigin(h, origin)
		if len(entry.Exposed) > 0 {
			h.Set("Access-Control-Expose-Headers", strings.Join(entry.Exposed, ","))
		}
		return false
	}
	return false
}

// crossing is what a page wants to do.
type crossing struct {
	method  string
	headers []string
}

// preflight reads what a preflight asks for; another request is what it wants.
func preflight(r *http.Request) (crossing, bool) {
	method := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || method == "" {
		return crossing{method: r.Method}, false
	}
	wanted := crossing{method: method}
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			wanted.headers = append(wanted.headers, name)
		}
	}
	return wanted, true
}

func (e *CORSEntry) allows(origin string, wanted crossing) bool {
	accepted := func(name string) bool {
		return slices.ContainsFunc(e.Headers, func(header string) bool { return strings.EqualFold(header, name) })
	}
	refused := func(name string) bool { return !accepted(name) }
	return (slices.Contains(e.Origins, origin) || slices.Contains(e.Origins, "*")) &&
		slices.Contains(e.Methods, wanted.method) && !slices.ContainsFunc(wanted.headers, refused)
}

func (e *CORSEntry) setOrigin(h http.Header, origin string) {
	if slices.Contains(e.Origins, origin) {
		h.Set("Access-Control-Allow-Origin", origin)
		if e.Credentials {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		return
	}
	h.Set("Access-Control-Allow-Origin", "*") // which is never with credentials
}

func (e *CORSEntry) setPreflight(h http.Header, origin string) {
	e.setOrigin(h, origin)
	h.Set("Access-Control-Allow-Methods", strings.Join(e.Methods, ","))
	if len(e.Headers) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(e.Headers, ","))
	}
	h.Set("Access-Control-Max-Age", e.MaxAge)
}

func answered(w http.ResponseWriter) bool {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return true
}

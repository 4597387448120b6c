package resource

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	// preflightAge is how long browsers may remember a preflight, in seconds.
	preflightAge = "7200"
	// maxParameterHeaders are allowed in one preflight.
	maxParameterHeaders = 50
	parameterHeader     = "mcp-param-"
)

const (
	allowedMethods = "GET, POST, DELETE, OPTIONS"
	allowedHeaders = "Authorization, Content-Type, Accept, Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID"
	exposedHeaders = "WWW-Authenticate, Mcp-Session-Id, Retry-After"
)

// origins are those of the pages that may send requests.
func origins(resource *url.URL, others []string) ([]string, error) {
	list := []string{originOf(resource)}
	if isLoopback(resource.Hostname()) {
		for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
			other := url.URL{Scheme: resource.Scheme, Host: name}
			if port := resource.Port(); port != "" {
				other.Host += ":" + port
			}
			list = append(list, originOf(&other))
		}
	}
	for _, text := range others {
		u, err := url.Parse(text)
		if err != nil || u.Scheme == "" || u.Host == "" || text != u.Scheme+"://"+u.Host || u.Hostname() == "*" {
			return nil, fmt.Errorf("the origin %q must be a scheme and a host, with a port if need be, and nothing else", text)
		}
		list = append(list, originOf(u))
	}
	return list, nil
}

// allowOrigin tells whether a request comes from no page, or one of an allowed origin,
// which then may read the answer, whatever this is.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Add("Vary", "Origin")
	sent := r.Header.Values("Origin")
	if len(sent) == 0 {
		return true
	}
	if len(sent) > 1 || !slices.Contains(s.origins, sent[0]) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", sent[0])
	w.Header().Set("Access-Control-Expose-Headers", exposedHeaders)
	return true
}

// preflight answers what a browser asks before a request of a page.
func preflight(w http.ResponseWriter, r *http.Request) {
	allowed := []string{allowedHeaders}
	for _, line := range r.Header.Values("Access-Control-Request-Headers") {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if strings.HasPrefix(name, parameterHeader) && isHeaderName(name) && len(allowed) <= maxParameterHeaders {
				allowed = append(allowed, name)
			}
		}
	}
	header := w.Header()
	header.Add("Vary", "Access-Control-Request-Headers")
	header.Set("Access-Control-Allow-Methods", allowedMethods)
	header.Set("Access-Control-Allow-Headers", strings.Join(allowed, ", "))
	header.Set("Access-Control-Max-Age", preflightAge)
	w.WriteHeader(http.StatusNoContent)
}

// isHeaderName tells of a token of RFC 9110, section 5.6.2, in lower case.
func isHeaderName(name string) bool {
	other := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	}
	return name != "" && !strings.ContainsFunc(name, other)
}

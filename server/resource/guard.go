package resource

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Protect lets requests through that are sent to the resource's host, come from no
// page or one of an allowed origin, bear a good token, are not too many and not too
// long. CallerOf tells the handler who sent one; the header Authorization is gone.
// How long a body may take is for http.Server to limit.
func (s *Server) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.isHost(r.Host) {
			s.deny(w, r, http.StatusForbidden, "forbidden", "the request is for another host")
			return
		}
		if !s.allowOrigin(w, r) {
			s.deny(w, r, http.StatusForbidden, "forbidden", "pages of this origin may not send requests")
			return
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			preflight(w, r)
			return
		}
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			w.Header().Set("Retry-After", "1")
			s.deny(w, r, http.StatusServiceUnavailable, "temporarily_unavailable", "too many requests are under way")
			return
		}
		caller, err := s.caller(r)
		if err != nil {
			s.Refuse(w, r, err)
			return
		}
		if wait := s.callers.wait(caller.Token, s.now()); wait > 0 {
			w.Header().Set("Retry-After", seconds(wait))
			s.deny(w, r, http.StatusTooManyRequests, "too_many_requests", "this caller sends too many requests")
			return
		}
		if !s.underWay.enter(caller.Token.Subject) {
			w.Header().Set("Retry-After", "1")
			s.deny(w, r, http.StatusTooManyRequests, "too_many_requests", "too many requests of this caller are under way")
			return
		}
		defer s.underWay.leave(caller.Token.Subject)
		if err := s.boundBody(w, r); errors.As(err, new(*http.MaxBytesError)) {
			s.deny(w, r, http.StatusRequestEntityTooLarge, "invalid_request", fmt.Sprintf("the body is longer than %d bytes", s.maxBody))
			return
		} else if err != nil {
			s.deny(w, r, http.StatusBadRequest, "invalid_request", "the body can't be read")
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), callerKey{}, caller))
		r.Header = r.Header.Clone()
		r.Header.Del("Authorization")
		next.ServeHTTP(w, r)
	})
}

// deny refuses a request for what has to do with no token.
func (s *Server) deny(w http.ResponseWriter, r *http.Request, status int, code, description string) {
	s.note(r, status, description)
	writeError(w, status, code, description)
}

func (s *Server) caller(r *http.Request) (*Caller, error) {
	text, err := bearerOf(r)
	if err != nil {
		return nil, err
	}
	token, err := s.Verify(r.Context(), text)
	if err != nil {
		return nil, err
	}
	return &Caller{token, NewBearer(text)}, nil
}

// bearerOf finds the token in the header, the only place for it.
func bearerOf(r *http.Request) (string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", &InvalidRequest{"the query can't be read"}
	}
	if query.Has("access_token") {
		return "", &InvalidRequest{"an access token must be sent in the header Authorization, never in the query"}
	}
	fields := r.Header.Values("Authorization")
	if len(fields) == 0 {
		return "", errNoToken
	}
	if len(fields) > 1 {
		return "", &InvalidRequest{"there must be one header Authorization only"}
	}
	scheme, token, _ := strings.Cut(fields[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", errNoToken
	}
	if token = strings.TrimLeft(token, " "); !isBearer(token) {
		return "", &InvalidRequest{"the header Authorization must be Bearer, a space, and the access token"}
	}
	return token, nil
}

// boundBody refuses a body that is too long. One whose length is not told is read
// first, so that the answer can still be a refusal.
func (s *Server) boundBody(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength > s.maxBody {
		return &http.MaxBytesError{Limit: s.maxBody}
	}
	if r.ContentLength >= 0 {
		return nil
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.maxBody))
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.ContentLength = int64(len(data))
	return nil
}

// hosts are the names that requests may be sent to. A name that leads to this machine
// is not enough: a page of an attacker's can have one (DNS rebinding).
func hosts(resource *url.URL, others []string) ([]string, error) {
	list := []string{strings.ToLower(resource.Hostname())}
	if isLoopback(resource.Hostname()) {
		list = append(list, "localhost", "127.0.0.1", "::1")
	}
	for _, name := range others {
		if name == "" || hostname(name) != name {
			return nil, fmt.Errorf("the host %q must be a name or an address in lower case, without a port", name)
		}
		list = append(list, name)
	}
	return list, nil
}

func (s *Server) isHost(host string) bool { return slices.Contains(s.hosts, hostname(host)) }

// hostname is a host without its port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
}

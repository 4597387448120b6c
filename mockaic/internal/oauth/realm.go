package oauth

import (
	"context"
	"net/http"
	"strings"
)

// root is the realm of the people who run the tenant. Realms are written with
// their slash here.
const root = "/"

type realmKey struct{}

func withRealm(r *http.Request, realm string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), realmKey{}, realm))
}

// realmOf is the realm of a request to a provider.
func realmOf(r *http.Request) string {
	if realm, ok := r.Context().Value(realmKey{}).(string); ok {
		return realm
	}
	return root
}

// client finds a client of the request's realm.
func (s *Service) client(r *http.Request, id string) *Client {
	realm := realmOf(r)
	if realm == root {
		return s.clients[id]
	}
	if client, ok := s.options.Registry.Client(strings.TrimPrefix(realm, "/"), id); ok {
		return &client
	}
	return nil
}

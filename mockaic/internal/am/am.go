// Package am is the access management half of a tenant. So far it holds the
// configuration of the realms' OAuth providers.
package am

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// Scope is what a bearer token needs for everything below /am/json.
const Scope = "fr:am:*"

// providers is the collection of the OAuth providers' settings, by realm.
const providers = "am/services/oauth-oidc"

// Service answers /am/json.
type Service struct {
	store  *store.Store
	realms []string
}

// New returns the service for realms whose providers have the stock settings.
func New(documents *store.Store, realms []string) (*Service, error) {
	s := &Service{documents, realms}
	err := documents.Change(func(tx *store.Tx) error {
		for _, realm := range realms {
			settings, err := crest.Normalize(StockProvider())
			if err != nil {
				return err
			}
			s.put(tx, realm, settings.(map[string]any))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("stock settings of the OAuth provider: %w", err)
	}
	return s, nil
}

// Serve answers one request below /am/json.
func (s *Service) Serve(r *route.Request) (*route.Response, error) {
	path := r.Path
	if r.NewID != "" {
		path = append(slices.Clip(path), r.NewID)
	}
	realm, rest := splitRealm(path)
	if !slices.Equal(rest, []string{"realm-config", "services", "oauth-oidc"}) {
		return nil, crest.Errorf(http.StatusNotImplemented, "/am/json/%s is not implemented by this fake tenant", strings.Join(path, "/"))
	}
	if realm == "" {
		// Recorded for all of the root realm's configuration.
		return nil, crest.Errorf(http.StatusForbidden, "This operation is not available in PingOne Advanced Identity Cloud.")
	}
	if !slices.Contains(s.realms, realm) {
		return nil, crest.Errorf(http.StatusNotFound, "Not Found")
	}
	return s.serveProvider(r, realm)
}

// splitRealm reads the spellings of a realm: realms/root/realms/alpha,
// realms/alpha and alpha. The root realm is "".
func splitRealm(path []string) (realm string, rest []string) {
	nested := false
	for len(path) >= 2 && path[0] == "realms" {
		if path[1] != "root" {
			realm = path[1]
		}
		path, nested = path[2:], true
	}
	if !nested && len(path) > 0 && path[0] != "realm-config" {
		return path[0], path[1:]
	}
	return realm, path
}

func (s *Service) serveProvider(r *route.Request, realm string) (*route.Response, error) {
	answer := &route.Response{}
	var err error
	switch r.Operation {
	case route.Read:
		s.store.View(func(tx *store.Tx) { answer.Object = tx.Get(providers, realm) })
	case route.Create, route.Update, route.Upsert, route.Delete:
		err = s.change(r.Context(), func(tx *store.Tx) error {
			before := tx.Get(providers, realm)
			if err := checkRevision(r, before); err != nil {
				return err
			}
			if r.Operation == route.Delete {
				answer.Object = before
				tx.Delete(providers, realm)
				return nil
			}
			if before == nil {
				answer.Status = http.StatusCreated
			}
			answer.Object = s.put(tx, realm, r.Body.(map[string]any))
			return nil
		})
	default:
		return nil, crest.Errorf(http.StatusNotImplemented, "the %s operation on the OAuth provider is not implemented by this fake tenant", r.Operation)
	}
	if err != nil {
		return nil, err
	}
	if answer.Object == nil {
		return nil, crest.Errorf(http.StatusNotFound, "Not Found")
	}
	answer.Object = maps.Clone(answer.Object)
	answer.Object["_id"] = ""
	return answer, nil
}

// checkRevision holds what is there against the conditions of a request.
func checkRevision(r *route.Request, before store.Object) error {
	switch {
	case r.Operation == route.Create && before != nil:
		return crest.Errorf(http.StatusPreconditionFailed, "The OAuth provider exists already")
	case r.Operation == route.Update && before == nil:
		return crest.Errorf(http.StatusNotFound, "Not Found")
	case r.IfMatch == nil || before == nil:
		return nil
	case *r.IfMatch != before["_rev"]:
		return crest.Errorf(http.StatusPreconditionFailed, "The OAuth provider does not have the required version")
	}
	return nil
}

// put stores settings. AM's revision is a hash of the content: a signed 32-bit
// integer, in a string.
func (s *Service) put(tx *store.Tx, realm string, settings map[string]any) store.Object {
	settings = maps.Clone(settings)
	delete(settings, "_id")
	delete(settings, "_rev")
	settings["_type"] = map[string]any{"_id": "oauth-oidc", "name": "OAuth2 Provider", "collection": false}
	hash := fnv.New32a()
	// What came from JSON can be encoded again.
	_ = json.NewEncoder(hash).Encode(settings)
	return tx.PutRevision(providers, realm, settings, strconv.Itoa(int(int32(hash.Sum32()))))
}

// Export returns the settings of the providers by realm, as Import takes them.
func (s *Service) Export(tx *store.Tx) map[string]store.Object {
	exported := map[string]store.Object{}
	for _, settings := range tx.All(providers) {
		own := maps.Clone(settings)
		delete(own, "_id")
		delete(own, "_rev")
		delete(own, "_type")
		exported[settings["_id"].(string)] = own
	}
	return exported
}

// Import gives the realms' providers these settings. A realm that is not among
// them has no provider.
func (s *Service) Import(settings map[string]store.Object) error {
	return s.store.Change(func(tx *store.Tx) error {
		for _, realm := range s.realms {
			tx.Delete(providers, realm)
		}
		for _, realm := range slices.Sorted(maps.Keys(settings)) {
			if !slices.Contains(s.realms, realm) {
				return fmt.Errorf("am/%s/oauth-oidc: there is no such realm", realm)
			}
			own, err := crest.Normalize(settings[realm])
			if err != nil {
				return fmt.Errorf("am/%s/oauth-oidc: %w", realm, err)
			}
			s.put(tx, realm, own.(map[string]any))
		}
		return nil
	})
}

// EnableAgents switches AI agents on in all realms.
func (s *Service) EnableAgents(ctx context.Context) error {
	return s.change(ctx, func(tx *store.Tx) error {
		for _, realm := range s.realms {
			settings := maps.Clone(tx.Get(providers, realm))
			if settings == nil {
				return crest.Errorf(http.StatusNotFound, "The realm %s has no OAuth provider", realm)
			}
			settings["aiAgentsConfig"] = map[string]any{
				"aiAgentsEnabled":               true,
				"aiAgentsIdentityObjectName":    "managed/" + realm + "_aiagent",
				"aiAgentsPrivilegeObjectName":   "managed/" + realm + "_aiagentprivilege",
				"aiAgentsIdentityObjectMapping": []any{"client_id|oauth2ClientId", "client_name#en|name", "client_name|name", "client_id|name"},
			}
			s.put(tx, realm, settings)
		}
		return nil
	})
}

// SetHeaders sets what every answer of AM's JSON API carries.
func SetHeaders(h http.Header) {
	h.Set("Cache-Control", "private")
	h.Set("Content-Security-Policy", "frame-ancestors 'self', default-src 'none';frame-ancestors 'none';sandbox")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Expires", "0")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
}

package am

import (
	"encoding/json"
	"math"
	"strings"
)

// OAuthClient is what an OAuth provider has to know of a client.
type OAuthClient struct {
	ID, Name, Type, Secret                          string
	RedirectURIs, Scopes, DefaultScopes, GrantTypes []string
	ConsentImplied, LoopbackRedirects               bool
	AccessTokenLifetime                             int // seconds, 0 is the provider's
	MayAct                                          map[string]any
}

// OAuthClient finds an active client of a realm.
func (s *Service) OAuthClient(realm, id string) (OAuthClient, bool) {
	stored := s.view(collection(realm, clientKind), id)
	core, _ := stored["coreOAuth2ClientConfig"].(map[string]any)
	advanced, _ := stored["advancedOAuth2ClientConfig"].(map[string]any)
	if core["status"] != "Active" {
		return OAuthClient{}, false
	}
	client := OAuthClient{
		ID: id, RedirectURIs: texts(core["redirectionUris"]), GrantTypes: texts(advanced["grantTypes"]),
		Scopes: scopeNames(core["scopes"]), DefaultScopes: scopeNames(core["defaultScopes"]),
	}
	client.Type, _ = core["clientType"].(string)
	client.Secret, _ = stored[clientSecret].(string)
	client.ConsentImplied, _ = advanced["isConsentImplied"].(bool)
	client.LoopbackRedirects, _ = core["loopbackInterfaceRedirection"].(bool)
	if names := texts(core["clientName"]); len(names) > 0 {
		client.Name = names[0]
	}
	if lifetime, ok := core["accessTokenLifetime"].(json.Number); ok {
		seconds, _ := lifetime.Int64() // what is no number of seconds is the provider's lifetime
		client.AccessTokenLifetime = int(min(max(0, seconds), math.MaxInt32))
	}
	return client, true
}

// HasProvider tells whether a realm has an OAuth provider.
func (s *Service) HasProvider(realm string) bool {
	return s.view(oauthProvider.collection(), realm) != nil
}

func texts(value any) (all []string) {
	members, _ := value.([]any)
	for _, member := range members {
		if text, ok := member.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// scopeNames leaves out what scopes are called, as in "email|Your address".
func scopeNames(value any) []string {
	names := texts(value)
	for i, name := range names {
		names[i], _, _ = strings.Cut(name, "|")
	}
	return names
}

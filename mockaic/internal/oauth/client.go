package oauth

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
)

// Grant types of the token endpoint.
const (
	grantCode     = "authorization_code"
	grantRefresh  = "refresh_token"
	grantClient   = "client_credentials"
	grantPassword = "password"
	grantDevice   = "urn:ietf:params:oauth:grant-type:device_code"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// Client is a registered OAuth client. The member names are those of AM's
// client profiles where it has them.
type Client struct {
	ID                  string   `json:"clientId"`
	Name                string   `json:"clientName,omitempty"`
	Type                string   `json:"clientType"` // Public or Confidential
	Secret              string   `json:"userpassword,omitempty"`
	RedirectURIs        []string `json:"redirectionUris,omitempty"`
	Scopes              []string `json:"scopes"`
	DefaultScopes       []string `json:"defaultScopes,omitempty"`
	GrantTypes          []string `json:"grantTypes"`
	ConsentImplied      bool     `json:"isConsentImplied,omitempty"`
	LoopbackRedirects   bool     `json:"loopbackInterfaceRedirection,omitempty"`
	AccessTokenLifetime int      `json:"accessTokenLifetime,omitempty"` // seconds, 0 is the provider's
	// MayAct is the may_act claim of the tokens issued to this client: the
	// client that may exchange them. On a tenant a script sets it.
	MayAct map[string]any `json:"mayAct,omitempty"`

	RefreshTokenLifetime  int      `json:"refreshTokenLifetime,omitempty"` // -1 is endless
	CodeLifetime          int      `json:"authorizationCodeLifetime,omitempty"`
	IDTokenLifetime       int      `json:"jwtTokenLifetime,omitempty"`
	ResponseTypes         []string `json:"responseTypes,omitempty"` // none is code
	PostLogoutURIs        []string `json:"postLogoutRedirectUri,omitempty"`
	Audiences             []string `json:"allowedResourceServerAudienceValues,omitempty"`
	IDTokenAlgorithm      string   `json:"idTokenSignedResponseAlg,omitempty"`
	RequirePushedRequests bool     `json:"require_pushed_authorization_requests,omitempty"`
}

func (c *Client) check() error {
	switch {
	case c.ID == "":
		return fmt.Errorf("an OAuth client has no clientId")
	case c.Type != "Public" && c.Type != "Confidential":
		return fmt.Errorf("OAuth client %s: clientType must be Public or Confidential", c.ID)
	case c.Type == "Confidential" && c.Secret == "":
		return fmt.Errorf("OAuth client %s: a confidential client needs a userpassword", c.ID)
	case len(c.GrantTypes) == 0:
		return fmt.Errorf("OAuth client %s: grantTypes is empty", c.ID)
	case c.AccessTokenLifetime < 0, c.CodeLifetime < 0, c.IDTokenLifetime < 0, c.RefreshTokenLifetime < -1:
		return fmt.Errorf("OAuth client %s: a lifetime is negative", c.ID)
	}
	for _, uri := range c.RedirectURIs {
		if parseRedirect(uri) == nil {
			return fmt.Errorf("OAuth client %s: redirection URI %q must be absolute and without a fragment", c.ID, uri)
		}
	}
	return nil
}

// parseRedirect returns nil for what nobody can be sent to.
func parseRedirect(uri string) *url.URL {
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme == "" || parsed.Fragment != "" {
		return nil
	}
	return parsed
}

// allowsRedirect compares exactly, except for the port of a loopback address
// where the client is set so (RFC 8252 7.3).
func (c *Client) allowsRedirect(uri string) bool {
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	if !c.LoopbackRedirects {
		return false
	}
	wanted, err := url.Parse(uri)
	if err != nil || wanted.Scheme != "http" || !isLoopback(wanted.Hostname()) || wanted.User != nil {
		return false
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		known, err := url.Parse(registered)
		return err == nil && known.Scheme == wanted.Scheme && known.Hostname() == wanted.Hostname() &&
			known.EscapedPath() == wanted.EscapedPath() && known.RawQuery == wanted.RawQuery && wanted.Fragment == ""
	})
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// authenticateClient finds the client of a token request. A public client is
// known by its ID alone, whatever secret it sends.
func (s *Service) authenticateClient(r *http.Request) (*Client, *Error) {
	formID, formSecret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	basicID, basicSecret, basic := r.BasicAuth()
	if basic && (formSecret != "" || formID != "" && formID != unescape(basicID)) {
		return nil, badRequest("invalid_request", "Client credentials were sent in more than one way")
	}
	failed := &Error{Status: http.StatusBadRequest, Code: "invalid_client", Description: "Client authentication failed"}
	id, secret := formID, formSecret
	if basic {
		id, secret = unescape(basicID), unescape(basicSecret)
		failed.Status, failed.Challenge = http.StatusUnauthorized, `Basic realm="`+realmOf(r)+`"`
	}
	client := s.client(r, id)
	if client == nil {
		return nil, failed
	}
	if client.Type == "Public" {
		return client, nil
	}
	right := client.Secret != "" && subtle.ConstantTimeCompare([]byte(client.Secret), []byte(secret)) == 1
	logClientLogin(r, id, right)
	if !right {
		return nil, failed
	}
	return client, nil
}

// unescape undoes the form encoding of RFC 6749 2.3.1.
func unescape(value string) string {
	if plain, err := url.QueryUnescape(value); err == nil {
		return plain
	}
	return value
}

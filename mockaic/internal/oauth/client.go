package oauth

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"
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

	RefreshTokenGrace int  `json:"-"` // seconds
	DefaultMaxAge     *int `json:"-"` // seconds, of logins; nil is any

	// AuthMethod is that of the token endpoint, "" if any will do, and AuthAlgorithm
	// that of the client's assertions. KeyLocation says which of the keys counts.
	AuthMethod    string `json:"-"`
	AuthAlgorithm string `json:"-"`
	KeyLocation   string `json:"-"`
	KeySet        string `json:"-"`
	KeySetURI     string `json:"-"`
	Certificate   string `json:"-"`
	// KeyLifetime is that of keys from KeySetURI, and KeyMissLifetime when others are
	// asked for that are not among them.
	KeyLifetime     time.Duration `json:"-"`
	KeyMissLifetime time.Duration `json:"-"`
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

package oauth

import (
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

const maxForm = 256 << 10

// tokenResponse has its members in the order that AM writes.
type tokenResponse struct {
	AccessToken     string `json:"access_token"`
	RefreshToken    string `json:"refresh_token,omitempty"`
	IssuedTokenType string `json:"issued_token_type,omitempty"`
	Scope           string `json:"scope,omitempty"`
	IDToken         string `json:"id_token,omitempty"`
	TokenType       string `json:"token_type"`
	ExpiresIn       int64  `json:"expires_in"`
}

// tokenGrant handles one grant type of an authenticated client that has it.
type tokenGrant func(s *Service, r *http.Request, client *Client) (*tokenResponse, error)

// grants of a tenant that this fake has not.
var absentGrants = []string{
	"client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code",
	"http://oauth.net/grant_type/device/1.0",
	"urn:ietf:params:oauth:grant-type:saml2-bearer", "urn:openid:params:grant-type:ciba",
	"urn:ietf:params:oauth:grant-type:uma-ticket",
}

func (s *Service) serveToken(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	response, err := s.token(w, r)
	if err == nil {
		writeJSON(w, http.StatusOK, response)
		return
	}
	if answer := (*Error)(nil); errors.As(err, &answer) {
		writeError(w, r, answer)
		return
	}
	s.fail(w, r, "token endpoint", err)
}

// token does what every grant shares: parse once, authenticate the client,
// check that it has the grant.
func (s *Service) token(w http.ResponseWriter, r *http.Request) (*tokenResponse, error) {
	if err := parseForm(w, r); err != nil {
		return nil, err
	}
	logRequest(r, r.PostForm)
	grantType := r.PostForm.Get("grant_type")
	if grantType == "" {
		return nil, badRequest("invalid_request", "Grant type is not set")
	}
	if slices.Contains(absentGrants, grantType) {
		return nil, &Error{Status: http.StatusNotImplemented, Code: "unsupported_grant_type", Description: "The grant type " + grantType + " is not implemented by this fake tenant"}
	}
	if grantType == grantJWT {
		if r.PostForm.Get("client_id") != serviceAccountClient.ID || realmOf(r) != root {
			return nil, &Error{Status: http.StatusNotImplemented, Code: "unsupported_grant_type", Description: "The grant type " + grantType + " is not implemented by this fake tenant for other clients than " + serviceAccountClient.ID}
		}
		return s.grantServiceAccount(r, &serviceAccountClient)
	}
	handle := map[string]tokenGrant{
		grantCode:     (*Service).grantCode,
		grantRefresh:  (*Service).grantRefresh,
		grantExchange: (*Service).grantExchange,
	}[grantType]
	if handle == nil {
		return nil, badRequest("unsupported_grant_type", "Grant type is not supported")
	}
	client, failed := s.authenticateClient(r)
	if failed != nil {
		return nil, failed
	}
	if !slices.Contains(client.GrantTypes, grantType) {
		return nil, badRequest("unauthorized_client", "The client is not authorized to request an authorization code using this method.")
	}
	return handle(s, r, client)
}

// parseForm reads a form body, whose parameters may each appear once
// (RFC 6749 3.2), audience and resource excepted (RFC 8693 2.1).
func parseForm(w http.ResponseWriter, r *http.Request) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return badRequest("invalid_request", "Invalid Content Type")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return badRequest("invalid_request", "The request body is not a form, or too large")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 && name != "audience" && name != "resource" {
			return badRequest("invalid_request", "Invalid parameter "+name+": it was sent more than once")
		}
	}
	return nil
}

// issue answers with an access token of the scopes and, where the client may
// have one, a refresh token, which keeps all scopes of the grant (RFC 6749 6).
func (s *Service) issue(r *http.Request, client *Client, grantType string, g refreshToken, scopes []string) (*tokenResponse, error) {
	now := s.options.Now()
	access, err := s.issueAccessToken(r, client, grantType, g.grantID, g.subject, scopes, g.authTime)
	if err != nil {
		return nil, err
	}
	identified := g
	identified.scopes = scopes
	idToken, err := s.issueIDToken(r, client, identified, access)
	if err != nil {
		return nil, err
	}
	response := &tokenResponse{
		AccessToken: access,
		Scope:       strings.Join(scopes, " "),
		IDToken:     idToken,
		TokenType:   "Bearer",
		// AM counts from the arrival of the request, so one second is gone.
		ExpiresIn: int64(client.lifetime().Seconds()) - 1,
	}
	if slices.Contains(client.GrantTypes, grantRefresh) {
		response.RefreshToken = s.random(idBytes)
		g.realm, g.clientID = realmOf(r), client.ID
		s.mu.Lock()
		s.refresh.put(response.RefreshToken, g, now, now.Add(refreshTokenLifetime))
		s.grants.extend(g.grantID, now.Add(refreshTokenLifetime+client.lifetime()))
		s.mu.Unlock()
	}
	return response, nil
}

// newGrant remembers a grant; issue extends it with each refresh token, so that
// it outlives all of its tokens.
func (s *Service) newGrant(client *Client, now time.Time) string {
	lifetime := max(refreshTokenLifetime, codeLifetime+client.lifetime())
	id := s.random(idBytes)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants.put(id, grant{}, now, now.Add(lifetime))
	return id
}

// revokeGrant makes all tokens of a grant invalid. The caller holds s.mu.
func (s *Service) revokeGrant(id string) {
	s.grants.update(id, grant{revoked: true})
}

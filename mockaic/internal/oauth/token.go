package oauth

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
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
	Nonce           string `json:"nonce,omitempty"`

	extra map[string]any // what a script added
}

// MarshalJSON writes what a script added last, but for what is there without it.
func (t *tokenResponse) MarshalJSON() ([]byte, error) {
	type plain tokenResponse
	text, err := json.Marshal((*plain)(t))
	if err != nil || len(t.extra) == 0 {
		return text, err
	}
	members, err := readMembers(text)
	if err != nil {
		return nil, err
	}
	for name, value := range t.extra {
		if _, isOwn := members.values[name]; !isOwn {
			members.values[name] = value
		}
	}
	return json.Marshal(members)
}

// tokenGrant handles one grant type of an authenticated client that has it.
type tokenGrant func(s *Service, r *http.Request, client *Client) (*tokenResponse, error)

// grants of a tenant that this fake has not.
var absentGrants = []string{
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
	if grantType == legacyDevice {
		grantType = grantDevice
	}
	p := s.provider(r, nil)
	if !slices.Contains(p.GrantTypes, grantType) {
		return nil, badRequest("unsupported_grant_type", "Grant type is not supported")
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
		grantClient:   (*Service).grantClient,
		grantPassword: (*Service).grantPassword,
		grantDevice:   (*Service).grantDevice,
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
func parseForm(w http.ResponseWriter, r *http.Request) *Error {
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
	if !g.authTime.IsZero() && !s.isActive(realmOf(r), g.subject) {
		return nil, invalidGrant()
	}
	now := s.options.Now()
	access, err := s.issueAccessToken(r, client, grantType, g, scopes)
	if err != nil {
		return nil, err
	}
	identified := g
	identified.scopes = scopes
	idToken, err := s.issueIDToken(r, client, identified, access.token)
	if err != nil {
		return nil, err
	}
	response := &tokenResponse{
		AccessToken: access.token,
		Scope:       strings.Join(access.scopes, " "),
		extra:       access.extra,
		IDToken:     idToken,
		TokenType:   "Bearer",
		ExpiresIn:   s.expiresIn(r, client),
	}
	if idToken != "" {
		response.Nonce = g.nonce
	}
	p := s.provider(r, client)
	ends := now.Add(p.AccessTokenLifetime)
	if p.IssueRefreshToken && slices.Contains(client.GrantTypes, grantRefresh) && (grantType != grantRefresh || p.RenewRefreshToken) {
		response.RefreshToken = s.random(idBytes)
		g.realm, g.clientID, g.code, g.state = realmOf(r), client.ID, "", ""
		s.mu.Lock()
		s.refresh.put(response.RefreshToken, g, now, now.Add(p.RefreshTokenLifetime))
		s.mu.Unlock()
		ends = ends.Add(p.RefreshTokenLifetime)
	}
	s.mu.Lock()
	s.grants.extend(g.grantID, ends)
	s.mu.Unlock()
	return response, nil
}

// expiresIn is what an answer says of a new access token. AM counts from the arrival
// of the request, so one second is gone.
func (s *Service) expiresIn(r *http.Request, client *Client) int64 {
	return max(0, int64(s.provider(r, client).AccessTokenLifetime.Seconds())-1)
}

// newGrant remembers a grant; issue extends it, so that it outlives all of its
// tokens.
func (s *Service) newGrant(r *http.Request, client *Client) string {
	now, p := s.options.Now(), s.provider(r, client)
	lifetime := max(p.RefreshTokenLifetime, p.CodeLifetime+p.AccessTokenLifetime)
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

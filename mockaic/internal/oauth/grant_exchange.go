package oauth

import (
	"net/http"
	"strings"
	"time"
)

const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

// grantExchange is RFC 8693 by impersonation, as AM does it: the scopes are
// those of the acting client, not of the subject token, and every fault gives
// the same answer.
func (s *Service) grantExchange(r *http.Request, client *Client) (*tokenResponse, error) {
	invalid := badRequest("invalid_request", "Invalid token exchange.")
	form := r.PostForm
	if form.Get("actor_token") != "" {
		return nil, &Error{Status: http.StatusNotImplemented, Code: "invalid_request", Description: "Delegation with an actor_token is not implemented by this fake tenant"}
	}
	if form.Get("subject_token") == "" || form.Get("subject_token_type") != accessTokenType {
		return nil, invalid
	}
	if requested := form.Get("requested_token_type"); requested != "" && requested != accessTokenType {
		return nil, invalid
	}
	subject, err := s.parseAccessToken(form.Get("subject_token"), realmOf(r))
	if err != nil {
		s.options.Logger.DebugContext(r.Context(), "subject token refused", "reason", err)
		return nil, invalid
	}
	if actor, _ := subject.MayAct["client_id"].(string); actor != client.ID {
		return nil, invalid
	}
	p := s.provider(r, client)
	scopes, failed := p.grantedScopes(client, form.Get("scope"))
	if failed != nil {
		return nil, failed
	}
	audience, failed := p.audience(client, form["audience"])
	if failed != nil {
		return nil, failed
	}
	// The new token lives and dies with the grant that the subject token is of.
	g := refreshToken{grantID: subject.GrantID, subject: subject.Subject, audience: audience}
	if subject.AuthTime != 0 {
		g.authTime = time.Unix(subject.AuthTime, 0)
	}
	access, err := s.issueAccessToken(r, client, grantExchange, g, scopes)
	if err != nil {
		return nil, err
	}
	return &tokenResponse{
		AccessToken:     access.token,
		IssuedTokenType: accessTokenType,
		Scope:           strings.Join(access.scopes, " "),
		extra:           access.extra,
		TokenType:       "Bearer",
		ExpiresIn:       s.expiresIn(r, client),
	}, nil
}

package oauth

import (
	"net/http"
	"strings"
)

// grantClient is for clients that act for themselves.
func (s *Service) grantClient(r *http.Request, client *Client) (*tokenResponse, error) {
	if client.Type == "Public" {
		return nil, badRequest("unauthorized_client", "Public clients can't use client credentials grant.")
	}
	scopes, failed := s.provider(r, client).grantedScopes(client, r.PostForm.Get("scope"))
	if failed != nil {
		return nil, failed
	}
	access, err := s.issueAccessToken(r, client, grantClient, refreshToken{grantID: s.newGrant(r, client), subject: client.ID}, scopes)
	if err != nil {
		return nil, err
	}
	return &tokenResponse{AccessToken: access.token, Scope: strings.Join(access.scopes, " "), extra: access.extra, TokenType: "Bearer", ExpiresIn: s.expiresIn(r, client)}, nil
}

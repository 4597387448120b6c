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

// takeCredentials moves a client's credentials from the query to the form, where they
// are looked for.
func takeCredentials(r *http.Request) {
	query := r.URL.Query()
	for _, name := range []string{"client_id", "client_secret"} {
		if values := query[name]; len(values) == 1 && !r.PostForm.Has(name) {
			r.PostForm.Set(name, values[0])
		}
	}
}

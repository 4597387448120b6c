package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Token types of an exchange.
const (
	accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
	idTokenType     = "urn:ietf:params:oauth:token-type:id_token"
)

// grantExchange is RFC 8693 as AM does it: by impersonation, or with an actor token
// by delegation. All but the subject comes from the acting client, the scopes, too,
// and every fault of the tokens gives the same answer.
func (s *Service) grantExchange(r *http.Request, client *Client) (*tokenResponse, error) {
	invalid := badRequest("invalid_request", "Invalid token exchange.")
	form := r.PostForm
	switch form.Get("requested_token_type") {
	case "", accessTokenType:
	case idTokenType:
		return nil, &Error{Status: http.StatusNotImplemented, Code: "invalid_request", Description: "An exchange for an ID token is not implemented by this fake tenant"}
	default:
		return nil, invalid
	}
	subject, actor, err := s.parties(r)
	if err != nil {
		s.options.Logger.DebugContext(r.Context(), "token exchange refused", "reason", err)
		return nil, invalid
	}
	if !mayAct(subject.MayAct, client, actor) || subject.AuthTime != 0 && !s.isActive(realmOf(r), subject.Subject) {
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
	// The new token lives and dies with the grant that the subject token is of; ID
	// tokens don't tell theirs.
	g := refreshToken{grantID: subject.GrantID, subject: subject.Subject, scopes: scopes, audience: audience}
	if subject.AuthTime != 0 {
		g.authTime = time.Unix(subject.AuthTime, 0)
	}
	if g.grantID == "" {
		g.grantID = s.newGrant(r, client)
	}
	if actor != nil {
		act := map[string]any{"sub": actor.Subject}
		if subject.Act != nil {
			act["act"] = subject.Act
		}
		g.actor = act
	}
	response, err := s.issue(r, client, grantExchange, g, scopes)
	if err != nil {
		return nil, err
	}
	response.IssuedTokenType = accessTokenType
	return response, nil
}

// parties reads the tokens of an exchange; actor is nil if nobody shows one.
func (s *Service) parties(r *http.Request) (subject, actor *claims, err error) {
	form := r.PostForm
	if subject, err = s.exchanged(r, form.Get("subject_token"), form.Get("subject_token_type")); err != nil {
		return nil, nil, fmt.Errorf("the subject token: %w", err)
	}
	if form.Get("actor_token") == "" && form.Get("actor_token_type") == "" {
		return subject, nil, nil
	}
	if actor, err = s.exchanged(r, form.Get("actor_token"), form.Get("actor_token_type")); err != nil {
		return nil, nil, fmt.Errorf("the actor token: %w", err)
	}
	return subject, actor, nil
}

// exchanged reads a token of the request's realm.
func (s *Service) exchanged(r *http.Request, token, kind string) (*claims, error) {
	switch kind {
	case accessTokenType:
		return s.parseAccessToken(token, realmOf(r))
	case idTokenType:
		identity, text, owner := s.idTokenOf(r, token)
		switch {
		case owner == nil, !s.made(token):
			return nil, errors.New("not an ID token of the realm")
		case s.options.Now().Unix() >= identity.Expires:
			return nil, errors.New("expired")
		}
		c := &claims{}
		if err := json.Unmarshal(text, c); err != nil {
			return nil, fmt.Errorf("decode an ID token's claims: %w", err)
		}
		return c, nil
	}
	return nil, fmt.Errorf("a token of the type %q", kind)
}

// mayAct tells whether the claim may_act of a subject token names the client, and
// the actor if it names one.
func mayAct(claim map[string]any, client *Client, actor *claims) bool {
	id, namesClient := claim["client_id"]
	subject, namesSubject := claim["sub"]
	switch {
	case !namesClient && !namesSubject,
		namesClient && id != client.ID,
		namesSubject && (actor == nil || subject != actor.Subject):
		return false
	}
	return true
}

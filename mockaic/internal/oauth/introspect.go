package oauth

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Scopes of clients that may introspect tokens of others.
const (
	introspectAll    = "am-introspect-all-tokens"
	introspectRealms = "am-introspect-all-tokens-any-realm"
)

// introspection has its members in the order that AM writes.
type introspection struct {
	Active      bool            `json:"active"`
	Scope       string          `json:"scope"`
	Realm       string          `json:"realm"`
	ClientID    string          `json:"client_id"`
	UserID      string          `json:"user_id"`
	UserName    string          `json:"username"`
	TokenType   string          `json:"token_type"`
	Expires     int64           `json:"exp"`
	Subject     string          `json:"sub"`
	SubjectName string          `json:"subname,omitempty"`
	Issuer      string          `json:"iss"`
	AuthLevel   *int            `json:"auth_level,omitempty"`
	GrantID     string          `json:"authGrantId"`
	TrackingID  string          `json:"auditTrackingId,omitempty"`
	ExpiresIn   *int64          `json:"expires_in,omitempty"` // what is left
	Proof       json.RawMessage `json:"cnf,omitempty"`
	Act         json.RawMessage `json:"act,omitempty"`
	MayAct      json.RawMessage `json:"may_act,omitempty"`
}

// signedIntrospection is the answer of RFC 9701.
type signedIntrospection struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	IssuedAt int64  `json:"iat"`
	Token    any    `json:"token_introspection"`
}

const introspectionType = "token-introspection+jwt"

func (s *Service) serveIntrospect(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	client, failed := s.formOfClient(w, r)
	if failed != nil {
		writeError(w, r, failed)
		return
	}
	token := r.PostForm.Get("token")
	if token == "" {
		writeError(w, r, badRequest("invalid_request", "Missing parameter: token"))
		return
	}
	var answer any = map[string]bool{"active": false}
	if told, ok := s.introspect(r, client, token); ok {
		answer = told
	}
	if accept := r.Header.Get("Accept"); !strings.Contains(accept, "application/jwt") && !strings.Contains(accept, "application/"+introspectionType) {
		writeJSON(w, http.StatusOK, answer)
		return
	}
	a, _ := algorithmOf("RS256")
	signed, err := s.sign(a, nil, introspectionType, signedIntrospection{s.issuer(r), client.ID, s.options.Now().Unix(), answer})
	if err != nil {
		s.fail(w, r, "introspection", err)
		return
	}
	writeToken(w, "application/"+introspectionType, signed)
}

// introspect tells of a token that is good, if the client may know.
func (s *Service) introspect(r *http.Request, client *Client, token string) (introspection, bool) {
	if kept, expires, ok := s.refreshTokenOf(token); ok {
		return s.introspectRefresh(r, client, kept, expires)
	}
	c, text, err := s.openToken(token)
	if err != nil || s.checkAccessToken(&c, c.Realm) != nil || !mayIntrospect(r, client, c.Realm, append(c.Audience, c.client())) {
		return introspection{}, false
	}
	told := introspection{
		Active: true, Scope: strings.Join(c.Scope, " "), Realm: c.Realm, ClientID: c.client(), UserID: c.Subject, UserName: c.Subject,
		TokenType: c.TokenType, Expires: c.Expires, Subject: c.Subject, SubjectName: c.SubjectName, Issuer: s.issuer(r),
		AuthLevel: c.AuthLevel, GrantID: c.GrantID, TrackingID: c.TrackingID,
	}
	if c.Realm == realmOf(r) {
		left := c.Expires - s.options.Now().Unix()
		told.ExpiresIn = &left
	}
	var passed struct {
		Proof  json.RawMessage `json:"cnf"`
		Act    json.RawMessage `json:"act"`
		MayAct json.RawMessage `json:"may_act"`
	}
	if json.Unmarshal(text, &passed) == nil {
		told.Proof, told.Act, told.MayAct = passed.Proof, passed.Act, passed.MayAct
	}
	return told, true
}

func mayIntrospect(r *http.Request, client *Client, realm string, named []string) bool {
	switch {
	case slices.Contains(client.Scopes, introspectRealms):
		return true
	case realm != realmOf(r):
		return false
	}
	return slices.Contains(client.Scopes, introspectAll) || slices.Contains(named, client.ID)
}

func (s *Service) introspectRefresh(r *http.Request, client *Client, kept refreshToken, expires int64) (introspection, bool) {
	if !mayIntrospect(r, client, kept.realm, []string{kept.clientID}) {
		return introspection{}, false
	}
	told := introspection{
		Active: true, Scope: strings.Join(kept.scopes, " "), Realm: kept.realm, ClientID: kept.clientID, UserID: kept.subject, UserName: kept.subject,
		TokenType: "Bearer", Expires: expires, Subject: kept.subject, Issuer: s.issuer(r), AuthLevel: &kept.authLevel, GrantID: kept.grantID,
	}
	if kept.realm == realmOf(r) {
		left := expires - s.options.Now().Unix()
		told.ExpiresIn = &left
	}
	return told, true
}

// refreshTokenOf finds a refresh token that is good.
func (s *Service) refreshTokenOf(token string) (kept refreshToken, expires int64, ok bool) {
	now := s.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok = s.refresh.get(token, now); !ok {
		return kept, 0, false
	}
	g, known := s.grants.get(kept.grantID, now)
	return kept, s.refresh.entries[token].expires.Unix(), known && !g.revoked
}

// formOfClient reads a form and finds the client that sent it.
func (s *Service) formOfClient(w http.ResponseWriter, r *http.Request) (*Client, *Error) {
	if failed := parseForm(w, r); failed != nil {
		return nil, failed
	}
	logRequest(r, r.PostForm)
	return s.authenticateClient(r)
}

// writeToken answers with a JWT.
func writeToken(w http.ResponseWriter, contentType, token string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	// A client that went away needs no answer.
	_, _ = w.Write([]byte(token))
}

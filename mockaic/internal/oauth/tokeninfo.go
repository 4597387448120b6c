package oauth

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// bearer finds the access token that a request presents: in its header, or as the
// parameter access_token, not both.
func (s *Service) bearer(w http.ResponseWriter, r *http.Request) (string, *claims, json.RawMessage, *Error) {
	params := r.URL.Query()
	if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "" {
		if failed := parseForm(w, r); failed != nil {
			return "", nil, nil, failed
		}
		params = r.Form
	}
	sent := params["access_token"]
	for _, header := range r.Header.Values("Authorization") {
		if scheme, token, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "Bearer") {
			sent = append(sent, token)
		}
	}
	if len(sent) > 1 {
		return "", nil, nil, badRequest("invalid_request", "The access token was sent in more than one way")
	}
	if len(sent) == 0 {
		return "", nil, nil, invalidBearer(r)
	}
	c, text, err := s.openToken(sent[0])
	if err != nil || s.checkAccessToken(&c, realmOf(r)) != nil {
		return "", nil, nil, invalidBearer(r)
	}
	return sent[0], &c, text, nil
}

func invalidBearer(r *http.Request) *Error {
	return &Error{
		Status: http.StatusUnauthorized, Code: "invalid_token", Challenge: `Bearer realm="` + realmOf(r) + `",error="invalid_token"`,
		Description: "The access token provided is expired, revoked, malformed, or invalid for other reasons.",
	}
}

// serveTokenInfo tells all claims of the token, and of each of its scopes what the
// script that evaluates them says, which is nothing.
func (s *Service) serveTokenInfo(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	token, c, text, failed := s.bearer(w, r)
	if failed != nil {
		writeError(w, r, failed)
		return
	}
	told := map[string]any{}
	for _, scope := range c.Scope {
		told[scope] = ""
	}
	if err := json.Unmarshal(text, &told); err != nil {
		s.fail(w, r, "token info", err)
		return
	}
	told["access_token"], told["expires_in"] = token, c.Expires-s.options.Now().Unix()
	if _, ok := told["client_id"]; !ok {
		told["client_id"] = c.client()
	}
	writeJSON(w, http.StatusOK, told)
}

// userInfo has its members in the order that is documented.
type userInfo struct {
	Name       string   `json:"name,omitempty"`
	FamilyName string   `json:"family_name,omitempty"`
	GivenName  string   `json:"given_name,omitempty"`
	ZoneInfo   string   `json:"zoneinfo,omitempty"`
	Locale     string   `json:"locale,omitempty"`
	Email      string   `json:"email,omitempty"`
	Phone      string   `json:"phone_number,omitempty"`
	Address    *address `json:"address,omitempty"`
	Subject    string   `json:"sub"`
	// SubjectName is not in OpenID Connect.
	SubjectName string `json:"subname,omitempty"`
}

func (s *Service) serveUserInfo(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	_, c, _, failed := s.bearer(w, r)
	if failed == nil && !slices.Contains(c.Scope, openID) {
		failed = &Error{Status: http.StatusForbidden, Code: "insufficient_scope", Description: "The request requires higher privileges than provided by the access token."}
	}
	isUsers := failed == nil && c.AuthTime != 0 && c.client() != serviceAccountClient.ID
	if isUsers && !s.isActive(realmOf(r), c.Subject) {
		failed = invalidBearer(r)
	}
	if failed != nil {
		writeError(w, r, failed)
		return
	}
	p := s.profileOf(r, c.Subject, c.Scope)
	writeJSON(w, http.StatusOK, userInfo{
		p.Name, p.FamilyName, p.GivenName, p.ZoneInfo, p.Locale, p.Email, p.Phone, p.Address, c.Subject, c.SubjectName,
	})
}

// serveIDTokenInfo tells the claims of an ID token, all or those that are asked for.
func (s *Service) serveIDTokenInfo(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	if failed := parseForm(w, r); failed != nil {
		writeError(w, r, failed)
		return
	}
	logRequest(r, r.PostForm)
	wanted := r.PostForm.Get("client_id")
	if s.provider(r, nil).IDTokenInfoNeedsClient {
		client, failed := s.authenticateClient(r)
		if failed != nil {
			writeError(w, r, failed)
			return
		}
		wanted = client.ID
	}
	token := r.PostForm.Get("id_token")
	if token == "" {
		writeError(w, r, badRequest("invalid_request", "no id_token in request"))
		return
	}
	c, text, client := s.idTokenOf(r, token)
	var told map[string]json.RawMessage
	if client == nil || wanted != "" && wanted != client.ID || s.options.Now().Unix() >= c.Expires || json.Unmarshal(text, &told) != nil {
		writeError(w, r, badRequest("invalid_request", "invalid id_token"))
		return
	}
	if claims := r.PostForm.Get("claims"); claims != "" {
		asked := strings.Split(claims, ",")
		for name := range told {
			if !slices.Contains(asked, name) {
				delete(told, name)
			}
		}
	}
	writeJSON(w, http.StatusOK, told)
}

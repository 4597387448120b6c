package oauth

import (
	"crypto/subtle"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
)

const maxRegistration = 64 << 10

// What of a client's document is not in the metadata table. The token is that of
// RFC 7592.
const (
	clientSecret      = "userpassword"
	applicationType   = "applicationType"
	registrationToken = "updateAccessToken" // in advancedSection
)

// serveRegister is RFC 7591, and with a client_id in the query RFC 7592.
func (s *Service) serveRegister(w http.ResponseWriter, r *http.Request) {
	if realmOf(r) == root && s.mayRegister(r, s.provider(r, nil)) {
		notImplemented(w, r, "registration of clients in the root realm")
		return
	}
	if !allow(w, r, http.MethodPost, http.MethodGet, http.MethodPut, http.MethodDelete) {
		return
	}
	handle := map[string]func(*Service, http.ResponseWriter, *http.Request) (*members, error){
		http.MethodPost: (*Service).register, http.MethodGet: (*Service).readRegistration,
		http.MethodPut: (*Service).changeRegistration, http.MethodDelete: (*Service).deleteRegistration,
	}[r.Method]
	answer, err := handle(s, w, r)
	var failed *Error
	var invalid *crest.Error
	switch {
	case errors.As(err, &failed):
		writeError(w, r, failed)
	case errors.As(err, &invalid):
		writeError(w, r, invalidMetadata("%s", invalid.Message))
	case err != nil:
		s.fail(w, r, "registration", err)
	case r.Method == http.MethodPost:
		writeJSON(w, http.StatusCreated, answer)
	case answer == nil:
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Pragma", "no-cache")
		w.WriteHeader(http.StatusNoContent)
	default:
		writeJSON(w, http.StatusOK, answer)
	}
}

func bearerOf(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

func (s *Service) register(w http.ResponseWriter, r *http.Request) (*members, error) {
	provider := s.provider(r, nil)
	if !provider.OpenRegistration && !s.mayRegister(r, provider) {
		return nil, badRequest("access_denied", "Access Token not valid")
	}
	sent, err := readRegistration(w, r)
	if err != nil {
		return nil, err
	}
	client, failed := newRegistration(provider, sent)
	if failed != nil {
		return nil, failed
	}
	s.equip(provider, client)
	answer := newMembers()
	err = s.options.Registry.RegisterClient(r.Context(), below(r), func(id string) map[string]any {
		s.describe(r, answer, id, client, true)
		logRegistration(r, id)
		return client
	})
	return answer, err
}

// mayRegister tells whether the bearer has the scope of those who may register
// clients.
func (s *Service) mayRegister(r *http.Request, provider Provider) bool {
	token := bearerOf(r)
	if token == "" {
		return false
	}
	c, err := s.parseAccessToken(token, realmOf(r))
	scope := provider.RegistrationScope
	return s.isDevToken(r, token) || err == nil && scope != "" && slices.Contains(c.Scope, scope)
}

func below(r *http.Request) string { return strings.TrimPrefix(realmOf(r), "/") }

func logRegistration(r *http.Request, id string) {
	route.TrailOf(r.Context()).Details = map[string]any{"client_id": route.CutText(id)}
}

func readRegistration(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, invalidMetadata("Invalid Content Type")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRegistration))
	if err != nil {
		return nil, invalidMetadata("The request body is too large")
	}
	value, err := crest.DecodeJSON(body)
	if err != nil {
		return nil, invalidMetadata("The request body is not JSON")
	}
	sent, ok := value.(map[string]any)
	if !ok {
		return nil, invalidMetadata("The request body is not a JSON object")
	}
	return sent, nil
}

// newRegistration makes a client's document of what was sent. No publisher of
// software statements is known to this tenant.
func newRegistration(provider Provider, sent map[string]any) (map[string]any, *Error) {
	switch {
	case sent["software_statement"] != nil:
		return nil, badRequest("unapproved_software_statement", "The publisher of the software statement is not known")
	case provider.NeedsSoftwareStatement:
		return nil, badRequest("invalid_software_statement", "A software statement is required")
	}
	attributes, failed := readMetadata(provider, sent)
	if failed != nil {
		return nil, failed
	}
	client := map[string]any{applicationType: "web"}
	if sent["application_type"] == "native" {
		client[applicationType] = "native"
	}
	for name, section := range attributes {
		client[name] = section
	}
	return client, nil
}

// equip gives a client the secret that it needs and has not, and a new registration
// access token.
func (s *Service) equip(provider Provider, client map[string]any) {
	advanced := section(client, advancedSection)
	switch {
	case section(client, coreSection)["clientType"] == "Public":
		delete(client, clientSecret)
	case client[clientSecret] == nil:
		client[clientSecret] = s.random(secretBytes)
	}
	delete(advanced, registrationToken)
	if provider.RegistrationTokens {
		advanced[registrationToken] = s.random(secretBytes)
	}
}

const secretBytes = 32

// owns tells whether the bearer is a client's registration access token.
func owns(r *http.Request, client map[string]any) bool {
	token, _ := section(client, advancedSection)[registrationToken].(string)
	return token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(bearerOf(r))) == 1
}

func invalidToken() *Error {
	return &Error{
		Status: http.StatusUnauthorized, Code: "invalid_token", Challenge: `Bearer error="invalid_token"`,
		Description: "The access token provided is expired, revoked, malformed, or invalid for other reasons.",
	}
}

func (s *Service) readRegistration(_ http.ResponseWriter, r *http.Request) (*members, error) {
	id := r.URL.Query().Get("client_id")
	client := s.options.Registry.RegisteredClient(below(r), id)
	if !owns(r, client) {
		return nil, invalidToken()
	}
	logRegistration(r, id)
	answer := newMembers()
	s.describe(r, answer, id, client, false)
	return answer, nil
}

// changeRegistration replaces what a client can say of itself. What others have set
// of it stays.
func (s *Service) changeRegistration(w http.ResponseWriter, r *http.Request) (*members, error) {
	id, provider := r.URL.Query().Get("client_id"), s.provider(r, nil)
	if !owns(r, s.options.Registry.RegisteredClient(below(r), id)) {
		return nil, invalidToken()
	}
	sent, err := readRegistration(w, r)
	if err != nil {
		return nil, err
	}
	if named, ok := sent["client_id"]; ok && named != id {
		return nil, invalidMetadata("The client_id can't be changed")
	}
	next, failed := newRegistration(provider, sent)
	if failed != nil {
		return nil, failed
	}
	logRegistration(r, id)
	answer := newMembers()
	err = s.options.Registry.ReplaceClient(r.Context(), below(r), id, func(before map[string]any) (map[string]any, error) {
		if !owns(r, before) {
			return nil, invalidToken()
		}
		after := maps.Clone(before)
		for name, value := range next {
			attributes, isSection := value.(map[string]any)
			if !isSection {
				after[name] = value
				continue
			}
			merged := map[string]any{}
			maps.Copy(merged, section(before, name))
			maps.Copy(merged, attributes)
			after[name] = merged
		}
		delete(after, "_id")
		s.equip(provider, after)
		s.describe(r, answer, id, after, true)
		return after, nil
	})
	return answer, err
}

func (s *Service) deleteRegistration(_ http.ResponseWriter, r *http.Request) (*members, error) {
	id := r.URL.Query().Get("client_id")
	logRegistration(r, id)
	return nil, s.options.Registry.ReplaceClient(r.Context(), below(r), id, func(before map[string]any) (map[string]any, error) {
		if !owns(r, before) {
			return nil, invalidToken()
		}
		return nil, nil
	})
}

// describe is a client as answers show it; with the token that can change it, or
// without.
func (s *Service) describe(r *http.Request, answer *members, id string, client map[string]any, withToken bool) {
	for _, m := range metadata() {
		m.show(answer, section(client, m.section)[m.attribute])
		// What no attribute holds as it is shown has its place among the rest.
		switch m.name {
		case "default_max_age_enabled":
			s.identify(r, answer, id, client, withToken)
		case "public_key_selector":
			showScopes(answer, section(client, coreSection)["scopes"])
		}
	}
}

func (s *Service) identify(r *http.Request, answer *members, id string, client map[string]any, withToken bool) {
	if client[applicationType] != nil {
		answer.add("application_type", client[applicationType])
	}
	answer.add("client_type", section(client, coreSection)["clientType"])
	answer.add("client_id", id)
	if secret := client[clientSecret]; secret != nil {
		answer.add("client_secret", secret)
		answer.add("client_secret_expires_at", 0)
	}
	if token := section(client, advancedSection)[registrationToken]; withToken && token != nil {
		answer.add("registration_client_uri", s.issuer(r)+"/register?client_id="+url.QueryEscape(id))
		answer.add("registration_access_token", token)
	}
}

func section(client map[string]any, name string) map[string]any {
	attributes, _ := client[name].(map[string]any)
	return attributes
}

// showScopes leaves out what scopes are called, which administrators may have set.
func showScopes(answer *members, value any) {
	scopes := attributeTexts(value)
	for i, scope := range scopes {
		scopes[i], _, _ = strings.Cut(scope, "|")
	}
	answer.add("scope", strings.Join(scopes, " "))
	answer.add("scopes", scopes)
}

// attributeTexts is a list of texts, stored or about to be.
func attributeTexts(value any) []string {
	if fresh, ok := value.([]string); ok {
		return slices.Clone(fresh)
	}
	stored, _ := asTexts(value)
	return stored
}

// show adds a member, unless nothing is set and AM leaves it out then.
func (m metadatum) show(answer *members, value any) {
	if value == nil {
		value = m.initial
	}
	if value == nil || m.name == "token_endpoint_auth_signing_alg" && value == m.initial {
		return
	}
	if m.kind == aList || m.kind == aLocalized {
		texts := attributeTexts(value)
		if m.kind == aLocalized {
			m.showLocalized(answer, texts)
			return
		}
		if len(texts) == 0 && m.initial == nil {
			return
		}
		value = texts
	}
	answer.add(m.name, value)
}

func (m metadatum) showLocalized(answer *members, texts []string) {
	for _, one := range texts {
		name := m.name
		if language, rest, ok := strings.Cut(one, "|"); ok && languageTag.MatchString(language) {
			name, one = name+"#"+strings.ToLower(language), rest
		}
		answer.add(name, one)
	}
}

package oauth

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/session"
)

// authorization is a checked request to the authorization endpoint.
type authorization struct {
	params      url.Values
	pushed      string // the request URI, if the client pushed the parameters
	pushedAt    time.Time
	client      *Client
	redirectURI *url.URL
	scopes      []string
}

var challengeForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`) // RFC 7636 4.2

func (s *Service) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	params := r.URL.Query()
	if r.Method == http.MethodPost {
		if err := parseForm(w, r); err != nil {
			s.showErrorPage(w, r, http.StatusBadRequest, err.Error())
			return
		}
		params = r.Form
	}
	if problem := checkSize(params); problem != "" {
		s.showErrorPage(w, r, http.StatusBadRequest, problem)
		return
	}
	a := &authorization{params: params}
	if uri := params.Get("request_uri"); strings.Contains(uri, ":") { // of a pushed request there is none
		s.showErrorPage(w, r, http.StatusNotImplemented, "A request_uri that was not pushed is not implemented by this fake tenant.")
		return
	}
	if params.Has("request_uri") {
		kept, known := s.pushedParams(r, params)
		if !known {
			s.showErrorPage(w, r, http.StatusBadRequest, "The request_uri is not known, or expired.")
			return
		}
		a.params, a.pushed, a.pushedAt = kept.params, params.Get("request_uri"), kept.at
	}
	logRequest(r, a.params)
	if problem := s.checkClient(r, a); problem != "" {
		s.showErrorPage(w, r, http.StatusBadRequest, problem)
		return
	}
	if failed := a.check(s.provider(r, a.client)); failed != nil {
		s.redirectError(w, r, a, failed)
		return
	}
	s.decide(w, r, a)
}

// checkClient checks what must be right before anything may be sent to the
// redirect URI. It returns what is wrong, for the error page.
func (s *Service) checkClient(r *http.Request, a *authorization) string {
	for name, values := range a.params {
		if len(values) > 1 && name != "resource" && name != "audience" {
			return "The parameter " + name + " was sent more than once."
		}
	}
	if a.client = s.client(r, a.params.Get("client_id")); a.client == nil {
		return "Client authentication failed: there is no such client."
	}
	uri := a.params.Get("redirect_uri")
	if uri == "" && len(a.client.RedirectURIs) == 1 {
		uri = a.client.RedirectURIs[0]
	}
	if !a.client.allowsRedirect(uri) {
		return "The redirection URI provided does not match a pre-registered value."
	}
	if a.redirectURI = parseRedirect(uri); a.redirectURI == nil {
		return "The redirection URI provided must be absolute and without a fragment."
	}
	return ""
}

// Limits of the parameters of a request that the tenant keeps, or sends on.
const (
	maxParam  = 4 << 10 // bytes of one
	maxParams = 16 << 10
)

// checkSize returns what is wrong with the length of parameters.
func checkSize(params url.Values) string {
	total := 0
	for name, values := range params {
		for _, value := range values {
			total += len(name) + len(value)
			if len(value) > maxParam && len(name) <= maxParam {
				return fmt.Sprintf("Invalid parameter, '%s': it is longer than %d bytes", name, maxParam)
			}
		}
	}
	if total > maxParams {
		return fmt.Sprintf("The parameters are longer than %d bytes together", maxParams)
	}
	return ""
}

// check checks the rest; what it finds is told to the client.
func (a *authorization) check(p Provider) *Error {
	if failed := a.checkResponseType(p); failed != nil {
		return failed
	}
	if !slices.Contains(a.client.GrantTypes, grantCode) || !slices.Contains(p.GrantTypes, grantCode) {
		return badRequest("unauthorized_client", "The client is not authorized to request an authorization code using this method.")
	}
	if a.pushed == "" && (p.RequirePushedRequests || a.client.RequirePushedRequests) {
		return badRequest("invalid_request", "Authorization Request must be pushed")
	}
	if failed := checkAbsent(p, a.params); failed != nil {
		return failed
	}
	if failed := a.checkResponseMode(); failed != nil {
		return failed
	}
	var failed *Error
	if a.scopes, failed = p.grantedScopes(a.client, a.params.Get("scope")); failed != nil {
		return failed
	}
	if failed := checkChallenge(p, a.client, a.params); failed != nil {
		return failed
	}
	if age := a.params.Get("max_age"); age != "" {
		if seconds, err := strconv.Atoi(age); err != nil || seconds < 0 {
			return badRequest("invalid_request", "Invalid parameter, 'max_age'")
		}
	}
	prompts := a.prompts()
	unknown := func(prompt string) bool { return prompt != "none" && prompt != "login" && prompt != "consent" }
	if slices.ContainsFunc(prompts, unknown) || slices.Contains(prompts, "none") && len(prompts) > 1 {
		return badRequest("invalid_request", "Invalid prompt parameter \""+a.params.Get("prompt")+"\"")
	}
	return nil
}

func (a *authorization) prompts() []string { return strings.Fields(a.params.Get("prompt")) }

func (a *authorization) checkResponseType(p Provider) *Error {
	asked := a.params.Get("response_type")
	parts := strings.Fields(asked)
	has := func(allowed []string, part string) bool { return len(allowed) == 0 || slices.Contains(allowed, part) }
	known := func(part string) bool {
		return slices.Contains([]string{"code", "token", "id_token"}, part) && has(p.ResponseTypes, part)
	}
	switch {
	case len(parts) == 0:
		return badRequest("invalid_request", "Missing parameter, 'response_type'")
	case slices.ContainsFunc(parts, func(part string) bool { return !known(part) }):
		return badRequest("unsupported_response_type", "Response type is not supported.")
	case asked != "code":
		return badRequest("unsupported_response_type", "The response type "+asked+" is not implemented by this fake tenant")
	case !has(a.client.ResponseTypes, "code"):
		return badRequest("unsupported_response_type", "Client does not support this response type.")
	}
	return nil
}

// checkAbsent refuses parameters that would change the answer on a tenant.
func checkAbsent(p Provider, params url.Values) *Error {
	for _, name := range []string{"request", "claims"} {
		if params.Get(name) != "" {
			return badRequest("invalid_request", "The parameter "+name+" is not implemented by this fake tenant")
		}
	}
	for _, class := range strings.Fields(params.Get("acr_values")) {
		if slices.Contains(p.MappedClasses, class) {
			return badRequest("invalid_request", "The parameter acr_values is not implemented by this fake tenant for what loaMapping maps to a journey")
		}
	}
	return nil
}

// checkChallenge checks what PKCE asks of a request for a code.
func checkChallenge(p Provider, client *Client, params url.Values) *Error {
	challenge, method := params.Get("code_challenge"), params.Get("code_challenge_method")
	if challenge == "" && (method != "" || p.needsVerifier(client)) {
		return badRequest("invalid_request", "Missing parameter, 'code_challenge'")
	}
	if challenge != "" && (!challengeForm.MatchString(challenge) || method != "" && method != "plain" && method != "S256") {
		return badRequest("invalid_request", "Invalid parameter, 'code_challenge' or 'code_challenge_method'")
	}
	return nil
}

// decide logs the person in, asks for consent, and sends the code.
func (s *Service) decide(w http.ResponseWriter, r *http.Request, a *authorization) {
	prompts := a.prompts()
	current, ok := s.loggedIn(r)
	route.TrailOf(r.Context()).Subject = current.UserID
	if ok && s.mustLogInAgain(r, a, current) {
		ok = false
		if !slices.Contains(prompts, "none") {
			// As AM does. Who comes back without a login has no session then, though the
			// address that people come back to does not ask for a login again.
			s.options.Sessions.Stop(r.Context(), current.Token)
		}
	}
	if !ok {
		if slices.Contains(prompts, "none") {
			s.redirectError(w, r, a, badRequest("login_required", "The request requires login."))
			return
		}
		s.sendToLogin(w, r, a)
		return
	}
	if hint := a.params.Get("id_token_hint"); hint != "" {
		if hinted, _, client := s.idTokenOf(r, hint); client == nil || hinted.Subject != current.UserID {
			s.redirectError(w, r, a, badRequest("login_required", "Somebody else is logged in than the id_token_hint names."))
			return
		}
	}
	decision := a.params.Get("decision")
	implied := a.client.ConsentImplied && s.provider(r, a.client).ClientsCanSkipConsent
	consented := !slices.Contains(prompts, "consent") && (implied || s.hasConsented(current, a))
	if consented && decision != "deny" {
		s.sendCode(w, r, a, current)
		return
	}
	if decision == "" {
		if slices.Contains(prompts, "none") {
			s.redirectError(w, r, a, badRequest("consent_required", "The request requires consent."))
			return
		}
		s.showConsent(w, r, a, current)
		return
	}
	// The session's own token protects the decision: no other site knows it.
	if subtle.ConstantTimeCompare([]byte(a.params.Get("csrf")), []byte(current.Token)) != 1 {
		s.showErrorPage(w, r, http.StatusBadRequest, "The form was not sent by this tenant's page.")
		return
	}
	switch decision {
	case "allow":
		if a.params.Get("save_consent") == "on" {
			s.saveConsent(current, a)
		}
		s.sendCode(w, r, a, current)
	case "deny":
		s.redirectError(w, r, a, badRequest("access_denied", "Resource Owner did not authorize the request"))
	default:
		s.showErrorPage(w, r, http.StatusBadRequest, "The decision must be allow or deny.")
	}
}

// loggedIn is the session of a request, if its user is still there.
func (s *Service) loggedIn(r *http.Request) (session.Session, bool) {
	current, ok := s.options.Sessions.Current(r, realmOf(r))
	if !ok || !s.isActive(realmOf(r), current.UserID) {
		return session.Session{}, false
	}
	return current, true
}

// isActive tells whether somebody is a user of a realm and may log in.
func (s *Service) isActive(realm, id string) bool {
	user, ok := s.options.Identities.Profile(realm, id)
	status, _ := user["accountStatus"].(string)
	return ok && !strings.EqualFold(status, "inactive")
}

// mustLogInAgain tells whether the request asks for a login, or the login is older than
// the request, or else the client, has it. The provider's least age keeps logins from
// being too old at once.
func (s *Service) mustLogInAgain(r *http.Request, a *authorization, current session.Session) bool {
	if slices.Contains(a.prompts(), "login") && (a.pushed == "" || current.Started.Before(a.pushedAt)) {
		return true
	}
	oldest := a.client.DefaultMaxAge
	if age := a.params.Get("max_age"); age != "" {
		seconds, err := strconv.Atoi(age)
		if err != nil {
			return true
		}
		oldest = &seconds
	}
	age := s.options.Now().Sub(current.Started).Seconds()
	return oldest != nil && age > float64(max(*oldest, s.provider(r, a.client).LeastMaxAge))
}

// sendToLogin keeps the request in goto, less what would ask for a login again.
func (s *Service) sendToLogin(w http.ResponseWriter, r *http.Request, a *authorization) {
	query := r.URL.RawQuery
	switch {
	case a.pushed != "":
		named := a.named()
		if realm := r.URL.Query().Get("realm"); realm != "" {
			named.Set("realm", realm)
		}
		query = named.Encode()
	case r.Method == http.MethodPost || a.params.Get("prompt") != "":
		query = a.withoutLogin().Encode()
	}
	if hint := a.params.Get("login_hint"); hint != "" && len(hint) <= maxLoginHint {
		http.SetCookie(w, &http.Cookie{
			Name: "oidcLoginHint", Value: url.QueryEscape(hint), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
			Secure: strings.HasPrefix(s.options.BaseURL(r), "https:"),
		})
	}
	s.redirectToLogin(w, r, query, a.params.Get("service"))
}

// maxLoginHint leaves room for others in what browsers send as cookies.
const maxLoginHint = 256

// redirectToLogin comes back to the path of the request with a query.
func (s *Service) redirectToLogin(w http.ResponseWriter, r *http.Request, query, service string) {
	target := s.options.BaseURL(r) + r.URL.Path
	if query != "" {
		target += "?" + query
	}
	journey := ""
	if service != "" {
		journey = "&service=" + url.QueryEscape(service)
	}
	redirect(w, s.options.BaseURL(r)+"/am/UI/Login?realm="+realmOf(r)+journey+"&goto="+url.QueryEscape(target))
}

func (a *authorization) withoutLogin() url.Values {
	params := url.Values{}
	for name, values := range a.params {
		switch name {
		case "decision", "csrf", "save_consent":
		case "prompt":
			rest := slices.DeleteFunc(strings.Fields(values[0]), func(p string) bool { return p == "login" })
			if len(rest) > 0 {
				params.Set(name, strings.Join(rest, " "))
			}
		default:
			params[name] = values
		}
	}
	return params
}

// redirect answers with nothing but a place to go.
func redirect(w http.ResponseWriter, target string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("Content-Security-Policy", "frame-ancestors 'self'")
	h.Set("Location", target)
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusFound)
}

// consentKey joins what cannot contain a line break but in the end: the realm and the
// ID of a person, which another realm may have, too, and the ID of a client.
func consentKey(by session.Session, a *authorization) string {
	return by.Realm + "\n" + by.UserID + "\n" + a.client.ID
}

func (s *Service) hasConsented(by session.Session, a *authorization) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	saved, _ := s.consents.get(consentKey(by, a), s.options.Now())
	for _, scope := range a.scopes {
		if !slices.Contains(saved, scope) {
			return false
		}
	}
	return len(a.scopes) > 0
}

func (s *Service) saveConsent(by session.Session, a *authorization) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, now := consentKey(by, a), s.options.Now()
	saved, _ := s.consents.get(key, now)
	merged := slices.Concat(saved, a.scopes)
	slices.Sort(merged)
	s.consents.put(key, slices.Compact(merged), now, now.Add(endless))
}

func (s *Service) sendCode(w http.ResponseWriter, r *http.Request, a *authorization, current session.Session) {
	now := s.options.Now()
	value := s.random(idBytes)
	c := code{
		realm:       realmOf(r),
		clientID:    a.client.ID,
		nonce:       a.params.Get("nonce"),
		redirectURI: a.params.Get("redirect_uri"),
		challenge:   a.params.Get("code_challenge"),
		method:      a.params.Get("code_challenge_method"),
		scopes:      a.scopes,
		state:       a.params.Get("state"),
		session:     current,
		grantID:     s.newGrant(r, a.client),
	}
	s.mu.Lock()
	s.codes.put(value, c, now, now.Add(s.provider(r, a.client).CodeLifetime))
	s.mu.Unlock()
	s.redirectBack(w, r, a, [][2]string{{"code", value}})
}

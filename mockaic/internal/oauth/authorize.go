package oauth

import (
	"crypto/subtle"
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
	a := &authorization{params: params}
	if params.Has("request_uri") {
		var known bool
		a.pushed = params.Get("request_uri")
		if a.params, known = s.pushedParams(r, params); !known {
			s.showErrorPage(w, r, http.StatusBadRequest, "The request_uri is not known, or expired.")
			return
		}
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

// check checks the rest; what it finds is told to the client.
func (a *authorization) check(p Provider) *Error {
	switch responseType := a.params.Get("response_type"); responseType {
	case "code":
	case "":
		return badRequest("invalid_request", "Missing parameter, 'response_type'")
	default:
		return badRequest("unsupported_response_type", "Response type is not supported.")
	}
	if len(a.client.ResponseTypes) > 0 && !slices.Contains(a.client.ResponseTypes, "code") {
		return badRequest("unsupported_response_type", "Client does not support this response type.")
	}
	if !slices.Contains(a.client.GrantTypes, grantCode) || !slices.Contains(p.GrantTypes, grantCode) {
		return badRequest("unauthorized_client", "The client is not authorized to request an authorization code using this method.")
	}
	if a.pushed == "" && (p.RequirePushedRequests || a.client.RequirePushedRequests) {
		return badRequest("invalid_request", "Authorization Request must be pushed")
	}
	for _, name := range []string{"request", "claims"} {
		if a.params.Get(name) != "" {
			return badRequest("invalid_request", "The parameter "+name+" is not implemented by this fake tenant")
		}
	}
	if mode := a.params.Get("response_mode"); mode != "" && mode != "query" {
		return badRequest("invalid_request", "The response mode "+mode+" is not implemented by this fake tenant")
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
	prompts := strings.Fields(a.params.Get("prompt"))
	current, ok := s.options.Sessions.Current(r, realmOf(r))
	route.TrailOf(r.Context()).Subject = current.UserID
	if slices.Contains(prompts, "login") || ok && a.tooOld(current, s.options.Now()) {
		ok = false
	}
	if !ok {
		if slices.Contains(prompts, "none") {
			s.redirectError(w, r, a, badRequest("login_required", "The request requires login."))
			return
		}
		s.sendToLogin(w, r, a)
		return
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

func (a *authorization) tooOld(current session.Session, now time.Time) bool {
	age := a.params.Get("max_age")
	if age == "" {
		return false
	}
	seconds, err := strconv.Atoi(age)
	return err != nil || now.Sub(current.Started).Seconds() > float64(seconds)
}

// sendToLogin keeps the request in goto, less what would ask for a login again.
func (s *Service) sendToLogin(w http.ResponseWriter, r *http.Request, a *authorization) {
	query := r.URL.RawQuery
	switch {
	case a.pushed != "":
		query = a.named().Encode()
		s.mu.Lock()
		s.pushed.update(pushedKey(r, a.client.ID, a.pushed), a.withoutLogin())
		s.mu.Unlock()
	case r.Method == http.MethodPost || a.params.Get("prompt") != "" || a.params.Get("max_age") != "":
		query = a.withoutLogin().Encode()
	}
	s.redirectToLogin(w, r, query, a.params.Get("service"))
}

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
		case "decision", "csrf", "save_consent", "max_age":
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

func (s *Service) redirectError(w http.ResponseWriter, r *http.Request, a *authorization, failed *Error) {
	refused(r, failed)
	s.redirectBack(w, r, a, [][2]string{{"error", failed.Code}, {"error_description", failed.Description}})
}

// redirectBack answers the client. iss and client_id are always there, against
// mix-up (RFC 9207).
func (s *Service) redirectBack(w http.ResponseWriter, r *http.Request, a *authorization, params [][2]string) {
	params = append(params, [2]string{"iss", s.issuer(r)})
	if state := a.params.Get("state"); state != "" {
		params = append(params, [2]string{"state", state})
	}
	params = append(params, [2]string{"client_id", a.client.ID})
	target := *a.redirectURI
	var query strings.Builder
	query.WriteString(target.RawQuery)
	for _, p := range params {
		if query.Len() > 0 {
			query.WriteByte('&')
		}
		query.WriteString(p[0] + "=" + url.QueryEscape(p[1]))
	}
	target.RawQuery = query.String()
	// Recorded: AM clears what it may have kept of the request.
	http.SetCookie(w, &http.Cookie{
		Name: "OAUTH_REQUEST_ATTRIBUTES", Path: "/", Expires: time.Unix(0, 0),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode,
	})
	redirect(w, target.String())
}

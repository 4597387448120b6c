package oauth

import (
	"bytes"
	"cmp"
	"embed"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"aicmcp/mockaic/internal/session"
)

//go:embed pages/*.html pages/mockaic.css
var pageFiles embed.FS

var pageTemplates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// Scopes that people can be told of in words.
var scopeText = map[string]string{
	"fr:am:*":             "Manage journeys, scripts and applications",
	"fr:idm:*":            "Manage users, roles, organizations and other identities",
	"fr:idc:esv:*":        "Manage environment secrets and variables",
	"fr:idc:esv:read":     "Read environment variables, and which secrets there are",
	"fr:idc:esv:update":   "Change environment secrets and variables",
	"fr:idc:esv:restart":  "Restart the tenant's services",
	"fr:idc:monitoring:*": "Read the tenant's logs",
}

type consentPage struct {
	Client, Person, Action, Token, RedirectHost string
	Device                                      bool // asks, and nobody is sent back to it
	Scopes                                      []consentScope
	Params                                      []hiddenField
}

type consentScope struct{ Name, Text string }

type hiddenField struct{ Name, Value string }

func (s *Service) showConsent(w http.ResponseWriter, r *http.Request, a *authorization, current session.Session) {
	policy := "; form-action 'self'"
	page := consentPage{Client: a.client.Name, Person: current.Name, Token: current.Token, Action: formAction(r), Device: a.redirectURI == nil}
	if !page.Device {
		page.RedirectHost = a.redirectURI.Host
		policy += " " + formTarget(a.redirectURI)
	}
	if page.Client == "" {
		page.Client = a.client.ID
	}
	texts := s.provider(r, a.client).ScopeTexts
	for _, scope := range a.scopes {
		page.Scopes = append(page.Scopes, consentScope{scope, cmp.Or(texts[scope], scopeText[scope])})
	}
	params := a.params
	if a.pushed != "" {
		params = a.named()
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != "decision" && name != "csrf" && name != "save_consent" && name != "realm" {
			page.Params = append(page.Params, hiddenField{name, params.Get(name)})
		}
	}
	s.showPage(w, r, http.StatusOK, "consent.html", page, policy)
}

// formAction is the address of the request, for a form, in its realm.
func formAction(r *http.Request) string {
	action := url.URL{Path: r.URL.Path}
	if realm := r.URL.Query().Get("realm"); realm != "" {
		action.RawQuery = url.Values{"realm": {realm}}.Encode()
	}
	return action.String()
}

// formTarget is a redirection URI as a source of a Content-Security-Policy:
// policyHost is what the policy has words for: no IPv6 address, and nothing that
// would end a source or a policy.
var policyHost = regexp.MustCompile(`^[\w.-]+(:\d+)?$`)

// browsers hold redirects that follow a form to its form-action too.
func formTarget(uri *url.URL) string {
	if !policyHost.MatchString(uri.Host) {
		return uri.Scheme + ":"
	}
	return uri.Scheme + "://" + uri.Host
}

// errorPage is what clients read from the page of an error, as AM names it.
type errorPage struct {
	Realm   string    `json:"realm"`
	BaseURL string    `json:"baseUrl"`
	Error   errorText `json:"error"`
}

type errorText struct {
	Description string `json:"description"`
	Message     string `json:"message"`
}

func (s *Service) showErrorPage(w http.ResponseWriter, r *http.Request, status int, message string) {
	refused(r, badRequest("invalid_request", message))
	s.showPage(w, r, status, "error.html", errorPage{
		Realm: realmOf(r), BaseURL: s.options.BaseURL(r) + "/am", Error: errorText{Description: message, Message: "invalid_request"},
	}, "; form-action 'none'")
}

func (s *Service) showPage(w http.ResponseWriter, r *http.Request, status int, name string, data any, policy string) {
	var page bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&page, name, data); err != nil {
		s.fail(w, r, "page "+name, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html;charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'self'"+policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	w.WriteHeader(status)
	if _, err := w.Write(page.Bytes()); err != nil {
		s.options.Logger.DebugContext(r.Context(), "page not sent", "page", name, "error", err)
	}
}

func serveStyle(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, pageFiles, "pages/mockaic.css")
}

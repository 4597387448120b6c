package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Ways to answer a request to the authorization endpoint.
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post" // OAuth 2.0 Form Post Response Mode
)

func (a *authorization) checkResponseMode() *Error {
	mode := a.params.Get("response_mode")
	switch {
	case mode == "", mode == a.mode():
		return nil
	case mode == modeFormPost:
		return badRequest("invalid_request", "The response mode form_post needs a redirection URI with http or https")
	case slices.Contains([]string{"jwt", "query.jwt", "fragment.jwt", "form_post.jwt"}, mode):
		return badRequest("invalid_request", "The response mode "+mode+" is not implemented by this fake tenant")
	}
	return badRequest("invalid_request", "Invalid parameter, 'response_mode'")
}

// mode is how the client is answered, whether or not the request is good.
func (a *authorization) mode() string {
	mode := a.params.Get("response_mode")
	if mode == modeFragment || mode == modeFormPost && isWeb(a.redirectURI) {
		return mode
	}
	return modeQuery
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
	// Recorded: AM clears what it may have kept of the request.
	http.SetCookie(w, &http.Cookie{
		Name: "OAUTH_REQUEST_ATTRIBUTES", Path: "/", Expires: time.Unix(0, 0),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode,
	})
	target := *a.redirectURI
	switch a.mode() {
	case modeFormPost:
		s.postBack(w, r, &target, params)
	case modeFragment:
		redirect(w, target.String()+"#"+encoded("", params))
	default:
		target.RawQuery = encoded(target.RawQuery, params)
		redirect(w, target.String())
	}
}

// encoded adds parameters to a query, in their order.
func encoded(query string, params [][2]string) string {
	var text strings.Builder
	text.WriteString(query)
	for _, p := range params {
		if text.Len() > 0 {
			text.WriteByte('&')
		}
		text.WriteString(p[0] + "=" + url.QueryEscape(p[1]))
	}
	return text.String()
}

type postPage struct {
	Action, Host string
	Params       []hiddenField
	Script       template.JS
}

const submitScript = "document.forms[0].submit()"

// postBack answers with a form that sends itself.
func (s *Service) postBack(w http.ResponseWriter, r *http.Request, target *url.URL, params [][2]string) {
	page := postPage{Action: target.String(), Host: target.Host, Script: submitScript}
	for _, p := range params {
		page.Params = append(page.Params, hiddenField{p[0], p[1]})
	}
	digest := sha256.Sum256([]byte(submitScript))
	s.showPage(w, r, http.StatusOK, "post.html", page,
		"; script-src 'sha256-"+base64.StdEncoding.EncodeToString(digest[:])+"'; form-action "+formTarget(target))
}

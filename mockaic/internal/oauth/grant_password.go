package oauth

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/journey"
	"aicmcp/mockaic/internal/session"
)

// grantPassword runs a journey with the name and the password. A journey that asks for
// anything else can't be used here.
func (s *Service) grantPassword(r *http.Request, client *Client) (*tokenResponse, error) {
	form := r.PostForm
	for _, name := range []string{"username", "password"} {
		if form.Get(name) == "" {
			return nil, badRequest("invalid_request", "Missing parameter, '"+name+"'")
		}
	}
	p := s.provider(r, client)
	scopes, failed := p.grantedScopes(client, form.Get("scope"))
	if failed != nil {
		return nil, failed
	}
	header := http.Header{}
	header.Set("X-OpenAM-Username", encodedWord(form.Get("username")))
	header.Set("X-OpenAM-Password", encodedWord(form.Get("password")))
	answer, err := s.options.Journeys.Run(r.Context(), journey.Request{
		Realm: realmOf(r), BaseURL: s.options.BaseURL(r), Service: cmp.Or(form.Get("auth_chain"), p.PasswordJourney),
		NoSession: true, Header: header, RemoteAddr: r.RemoteAddr,
	})
	if refusal := (*crest.Error)(nil); errors.As(err, &refusal) && refusal.Code == http.StatusUnauthorized {
		return nil, invalidGrant()
	}
	if err != nil {
		return nil, serverError(err.Error())
	}
	switch {
	case answer.AuthID != "" && asksCredentials(answer.Callbacks):
		return nil, invalidGrant() // the journey has tried them, and lets people try again
	case answer.AuthID != "":
		return nil, serverError("The journey asks for more than a name and a password")
	}
	by := session.Session{Login: session.Login{UserID: answer.UserID}, Started: s.options.Now()}
	return s.issue(r, client, grantPassword, s.granted(by, s.newGrant(r, client), scopes, ""), scopes)
}

func serverError(description string) *Error {
	return &Error{Status: http.StatusInternalServerError, Code: "server_error", Description: description}
}

func asksCredentials(callbacks []journey.Callback) bool {
	return !slices.ContainsFunc(callbacks, func(c journey.Callback) bool {
		return c.Type != "NameCallback" && c.Type != "PasswordCallback"
	})
}

// encodedWord is a text as RFC 2047 writes it, which no text can be mistaken for.
func encodedWord(text string) string {
	return "=?UTF-8?b?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?="
}

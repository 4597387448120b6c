package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"aicmcp/server"
	"aicmcp/server/auth"
	"aicmcp/server/tokenstore"
)

// standing is who calls act as. It never holds a token.
type standing struct {
	Tenant    string     `json:"tenant"`
	Login     auth.Way   `json:"login"`
	LoggedIn  bool       `json:"loggedIn"`
	Account   string     `json:"account,omitempty"`
	Name      string     `json:"name,omitempty"`
	Scopes    []string   `json:"scopes,omitempty"`
	Expires   *time.Time `json:"expires,omitempty"`
	Renewable bool       `json:"renewable"`
	// Refused says that the tenant no longer accepts the login.
	Refused bool   `json:"refused,omitempty"`
	Store   string `json:"store,omitempty"`
}

// showStatus says who is logged in. Its exit code is 1 if nobody is.
func showStatus(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	settings := server.NewSettings(getenv)
	asJSON := false
	if code, done := parse(settings, "status", args, std, func(fs *flag.FlagSet) {
		fs.BoolVar(&asJSON, "json", false, "print JSON")
	}); done {
		return code
	}
	a, err := build(ctx, settings, std)
	if err != nil {
		return complain(std, err)
	}
	s, err := a.standing(ctx)
	if err != nil {
		return giveUp(ctx, std, err)
	}
	if asJSON {
		err = writeJSON(std.out, s)
	} else {
		err = s.write(std.out)
	}
	if err != nil || !s.LoggedIn {
		return exitFailure
	}
	return exitOK
}

func (a *app) standing(ctx context.Context) (standing, error) {
	s := standing{Tenant: a.config.BaseURL.String(), Login: a.config.Login}
	if account := a.config.ServiceAccount; account != nil {
		s.LoggedIn, s.Renewable, s.Account = true, true, account.ID
		return s, nil
	}
	s.Store = a.source.Store.String()
	session, err := a.bearers.Session(ctx)
	switch {
	case errors.Is(err, tokenstore.ErrNotFound):
		return s, nil
	case errors.Is(err, tokenstore.ErrUnusable):
		a.log.Warn("stored login cannot be used", "error", err)
		return s, nil
	case err != nil:
		return s, err
	}
	s.Refused = session.Refused
	s.LoggedIn = !s.Refused && (session.Renewable || time.Now().Before(session.Expiry))
	s.Account, s.Name, s.Scopes = session.Subject, session.Name, session.Scopes
	expires := session.Expiry.UTC().Truncate(time.Second)
	s.Expires, s.Renewable = &expires, session.Renewable
	return s, nil
}

func (s standing) write(w io.Writer) error {
	var b strings.Builder
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-8s %s\n", name, value)
		}
	}
	row("tenant", s.Tenant)
	row("login", string(s.Login))
	switch {
	case !s.LoggedIn && s.Expires == nil:
		row("account", "nobody is logged in: run aic-mcp login, or the first call will ask")
	case s.Account == "":
		row("account", "unknown: neither the tenant nor the token says")
	case s.Name != "" && s.Name != s.Account:
		row("account", s.Name+" ("+s.Account+")")
	default:
		row("account", s.Account)
	}
	row("scopes", strings.Join(s.Scopes, " "))
	if s.Expires != nil {
		when := s.Expires.Format(time.RFC3339)
		switch {
		case s.Refused:
			when += ", but the tenant no longer accepts it: run aic-mcp login"
		case s.Renewable:
			when += ", then it is renewed"
		case !s.LoggedIn:
			when += ": expired, run aic-mcp login"
		}
		row("expires", when)
	}
	row("store", cmp.Or(s.Store, "none is needed"))
	_, err := io.WriteString(w, b.String())
	return err
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

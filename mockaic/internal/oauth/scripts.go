package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/script"
)

// Scripts has the scripts of the realms below the root realm.
type Scripts interface {
	// TokenScripts tells which scripts change the tokens of a client.
	TokenScripts(realm, clientID string) TokenScripts
	Script(realm, id string) (Script, bool)
}

// TokenScripts are the IDs of scripts, "" where there is none, and what they are told
// of a client beyond its profile.
type TokenScripts struct {
	AccessTokenMayAct, IDTokenMayAct, AccessTokenModification string

	ResponseTypes    []string
	CustomProperties map[string]string
}

// Script is a script of a realm.
type Script struct{ ID, Name, Context, Language, Source string }

// maxScripted bounds the JSON of what scripts make, in bytes.
const maxScripted = 256 << 10

// What a tenant says when a script fails.
const (
	mayActFailed       = "Error running may_act script"
	modificationFailed = "Error running access token modification plugin"
)

// scripted is an access token's claims after its scripts, and what these add to the
// answer.
type scripted struct {
	claims any
	scopes []string
	extra  map[string]any
}

// tokenScripts are the scripts of a client of the request's realm.
func (s *Service) tokenScripts(r *http.Request, client *Client) (of TokenScripts, ok bool) {
	if s.options.Scripts == nil || realmOf(r) == root {
		return of, false
	}
	return s.options.Scripts.TokenScripts(strings.TrimPrefix(realmOf(r), "/"), client.ID), true
}

// runTokenScripts lets the scripts of a client change an access token: first the one
// that sets may_act, so that the other sees it.
func (s *Service) runTokenScripts(r *http.Request, client *Client, c claims) (scripted, error) {
	unchanged := scripted{claims: c, scopes: c.Scope}
	of, ok := s.tokenScripts(r, client)
	if !ok || of.AccessTokenMayAct == "" && of.AccessTokenModification == "" {
		return unchanged, nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		return unchanged, fmt.Errorf("encode a token's claims: %w", err)
	}
	token, err := readMembers(text)
	if err != nil {
		return unchanged, err
	}
	extra := map[string]any{}
	run := tokenScript{client: client, of: of, scopes: c.Scope, check: func() error {
		c.keep(token.values)
		return checkToken(token, extra)
	}}
	if of.AccessTokenMayAct != "" {
		run.id, run.failed = of.AccessTokenMayAct, mayActFailed
		run.bind = func(generation script.Generation) map[string]any {
			binding := s.accessTokenBinding(token.values, extra)
			binding["setMayAct"] = setMayAct(generation, func(value any) {
				if token.values["may_act"] = value; value == nil {
					delete(token.values, "may_act")
				}
			})
			return map[string]any{"token": binding}
		}
		if err := s.runScript(r, run); err != nil {
			return unchanged, err
		}
	}
	if of.AccessTokenModification != "" {
		run.id, run.failed = of.AccessTokenModification, modificationFailed
		run.bind = func(script.Generation) map[string]any {
			return map[string]any{"accessToken": s.accessTokenBinding(token.values, extra)}
		}
		if err := s.runScript(r, run); err != nil {
			return unchanged, err
		}
	}
	return scripted{claims: token, scopes: textsOf(token.values["scope"]), extra: extra}, nil
}

// checkToken refuses what a script made of a token if the tenant could not read it, or
// its clients would get too much.
func checkToken(token *members, extra map[string]any) error {
	if err := checkMade(token, extra); err != nil {
		return err
	}
	text, err := json.Marshal(token)
	if err != nil {
		return fmt.Errorf("encode the token: %w", err)
	}
	var c claims
	var mistyped *json.UnmarshalTypeError
	switch err := json.Unmarshal(text, &c); {
	case errors.As(err, &mistyped):
		return fmt.Errorf("the claim %s can be no %s", mistyped.Field, mistyped.Value)
	case err != nil:
		return fmt.Errorf("read the token: %w", err)
	}
	return nil
}

func checkMade(made ...any) error {
	text, err := json.Marshal(made)
	if err != nil {
		return fmt.Errorf("encode what the script made: %w", err)
	}
	if len(text) > maxScripted {
		return fmt.Errorf("what the script made has more than %d bytes", maxScripted)
	}
	return nil
}

// keep restores what the tenant knows its own tokens by, so that a realm's script makes
// none of another realm, kind or grant. Claims are read whatever their case.
func (c *claims) keep(values map[string]any) {
	for claim, own := range map[string]string{"tokenName": c.TokenName, "authGrantId": c.GrantID, "realm": c.Realm} {
		maps.DeleteFunc(values, func(name string, _ any) bool { return strings.EqualFold(name, claim) })
		values[claim] = own
	}
}

// runIDTokenMayAct is the may_act claim of an ID token, or nil.
func (s *Service) runIDTokenMayAct(r *http.Request, client *Client, scopes []string) (any, error) {
	of, ok := s.tokenScripts(r, client)
	if !ok || of.IDTokenMayAct == "" {
		return nil, nil
	}
	var mayAct any
	run := tokenScript{client: client, of: of, scopes: scopes, id: of.IDTokenMayAct, failed: mayActFailed}
	run.bind = func(generation script.Generation) map[string]any {
		return map[string]any{"token": map[string]any{"setMayAct": setMayAct(generation, func(value any) { mayAct = value })}}
	}
	run.check = func() error { return checkMade(mayAct) }
	if err := s.runScript(r, run); err != nil {
		return nil, err // a script that was left behind may still set it
	}
	return mayAct, nil
}

func setMayAct(generation script.Generation, set func(any)) script.Function {
	return func(args []any) (any, error) {
		value, err := mayActOf(generation, args)
		if err == nil {
			set(value)
		}
		return nil, err
	}
}

// mayActOf is what a script gave to setMayAct, which takes nothing but Java's
// JsonValue of legacy scripts.
func mayActOf(generation script.Generation, args []any) (any, error) {
	if len(args) != 1 {
		return nil, errors.New("setMayAct takes one value")
	}
	value := args[0]
	if host, ok := value.(*script.Object); ok {
		if value, ok = plainValue(host); !ok {
			return nil, errors.New("setMayAct takes a JsonValue")
		}
	} else if generation == script.Legacy && value != nil {
		return nil, errors.New("setMayAct takes a JsonValue, no object of JavaScript")
	}
	if _, isObject := value.(map[string]any); !isObject && value != nil {
		return nil, errors.New("the value of may_act is no object")
	}
	return value, nil
}

// tokenScript is a script that is to run for a client's token.
type tokenScript struct {
	client *Client
	of     TokenScripts
	scopes []string
	id     string
	failed string // what the tenant says if it fails
	bind   func(script.Generation) map[string]any
	check  func() error // looks at what it made
}

// runScript runs a script of the request's realm. What goes wrong is the tenant's
// error for its kind, and an event that says more.
func (s *Service) runScript(r *http.Request, t tokenScript) error {
	trail := route.TrailOf(r.Context())
	found, ok := s.options.Scripts.Script(strings.TrimPrefix(realmOf(r), "/"), t.id)
	run := script.Script{Name: found.Name, ID: t.id, Source: found.Source, Context: found.Context, Classes: javaClasses()}
	if !strings.HasSuffix(found.Context, "_NEXT_GEN") {
		run.Generation = script.Legacy
	}
	run.Log = func(level, message string) { trail.Debug(level, run.Logger(), message) }
	var err error
	switch {
	case !ok:
		err = fmt.Errorf("there is no script %s", t.id)
	case found.Language != "JAVASCRIPT":
		err = fmt.Errorf("scripts in %s are not run by this fake tenant", found.Language)
	default:
		bindings := s.commonBindings(r, t, run.Generation)
		maps.Copy(bindings, t.bind(run.Generation))
		if _, err = s.engine.Run(r.Context(), run, bindings); err == nil {
			err = t.check()
		}
	}
	if err == nil {
		return nil
	}
	trail.Debug("ERROR", run.Logger(), err.Error())
	return &Error{Status: http.StatusInternalServerError, Code: "server_error", Description: t.failed}
}

// textsOf are the texts of a claim that is a list of them, or a text that has them
// with blanks between.
func textsOf(value any) (texts []string) {
	if text, ok := value.(string); ok {
		return strings.Fields(text)
	}
	list, _ := value.([]any)
	for _, member := range list {
		if text, ok := member.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

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
	if of.AccessTokenMayAct != "" {
		mayAct, err := s.runMayAct(r, client, of, of.AccessTokenMayAct, c.Scope)
		if err != nil {
			return unchanged, err
		}
		if mayAct != nil {
			token.values["may_act"] = mayAct
		}
	}
	extra := map[string]any{}
	if of.AccessTokenModification != "" {
		bind := func(script.Generation) map[string]any {
			return map[string]any{"accessToken": s.accessTokenBinding(token.values, extra)}
		}
		if err := s.runScript(r, client, of, of.AccessTokenModification, modificationFailed, c.Scope, bind); err != nil {
			return unchanged, err
		}
		c.keep(token.values)
	}
	return scripted{claims: token, scopes: textsOf(token.values["scope"]), extra: extra}, nil
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
	return s.runMayAct(r, client, of, of.IDTokenMayAct, scopes)
}

func (s *Service) runMayAct(r *http.Request, client *Client, of TokenScripts, id string, scopes []string) (mayAct any, err error) {
	bind := func(generation script.Generation) map[string]any {
		set := func(args []any) (any, error) {
			value, err := mayActOf(generation, args)
			mayAct = value
			return nil, err
		}
		return map[string]any{"token": map[string]any{"setMayAct": script.Function(set)}}
	}
	err = s.runScript(r, client, of, id, mayActFailed, scopes, bind)
	return mayAct, err
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

// runScript runs a script of the request's realm. What goes wrong is the tenant's
// error for its kind, and an event that says more.
func (s *Service) runScript(r *http.Request, client *Client, of TokenScripts, id, failed string, scopes []string, bind func(script.Generation) map[string]any) error {
	trail := route.TrailOf(r.Context())
	found, ok := s.options.Scripts.Script(strings.TrimPrefix(realmOf(r), "/"), id)
	run := script.Script{Name: found.Name, ID: id, Source: found.Source, Context: found.Context, Classes: javaClasses()}
	if !strings.HasSuffix(found.Context, "_NEXT_GEN") {
		run.Generation = script.Legacy
	}
	run.Log = func(level, message string) { trail.Debug(level, run.Logger(), message) }
	var err error
	switch {
	case !ok:
		err = fmt.Errorf("there is no script %s", id)
	case found.Language != "JAVASCRIPT":
		err = fmt.Errorf("scripts in %s are not run by this fake tenant", found.Language)
	default:
		bindings := s.commonBindings(r, client, of, scopes, run.Generation)
		for name, value := range bind(run.Generation) {
			bindings[name] = value
		}
		_, err = s.engine.Run(r.Context(), run, bindings)
	}
	if err == nil {
		return nil
	}
	trail.Debug("ERROR", run.Logger(), err.Error())
	return &Error{Status: http.StatusInternalServerError, Code: "server_error", Description: failed}
}

func textsOf(value any) (texts []string) {
	list, _ := value.([]any)
	for _, member := range list {
		if text, ok := member.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

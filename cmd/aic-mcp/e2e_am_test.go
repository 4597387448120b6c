package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/oauth2"

	"aicmcp/mockaic"
)

// relyingParty is an application that logs people in, with a library that knows
// nothing of this project.
type relyingParty struct {
	t        *testing.T
	config   oauth2.Config
	visitor  mockaic.Person
	http     *http.Client // trusts the tenant
	received url.Values   // what came back to the application
}

func newRelyingParty(t *testing.T, address, clientID string, person mockaic.Person) *relyingParty {
	t.Helper()
	p := &relyingParty{t: t, visitor: person, http: &http.Client{Transport: person.Transport}}
	home := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { p.received = r.URL.Query() }))
	t.Cleanup(home.Close)
	const provider = "/am/oauth2/realms/root/realms/alpha"
	p.config = oauth2.Config{
		ClientID: clientID, RedirectURL: home.URL + "/back", Scopes: []string{"openid", "profile"},
		Endpoint: oauth2.Endpoint{AuthURL: address + provider + "/authorize", TokenURL: address + provider + "/access_token", AuthStyle: oauth2.AuthStyleInParams},
	}
	return p
}

func (p *relyingParty) context() context.Context {
	return context.WithValue(p.t.Context(), oauth2.HTTPClient, p.http)
}

// logIn has the person log in. Without a code the person ended on a page.
func (p *relyingParty) logIn() (*oauth2.Token, *mockaic.Page) {
	p.t.Helper()
	p.received = nil
	verifier := oauth2.GenerateVerifier()
	page, err := p.visitor.Visit(p.t.Context(), p.config.AuthCodeURL("a-state", oauth2.S256ChallengeOption(verifier)))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.received.Get("code") == "" {
		return nil, page
	}
	if p.received.Get("state") != "a-state" {
		p.t.Errorf("came back with %v", p.received)
	}
	token, err := p.config.Exchange(p.context(), p.received.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		p.t.Fatal(err)
	}
	return token, page
}

func (p *relyingParty) refresh(token *oauth2.Token) (*oauth2.Token, error) {
	return p.config.TokenSource(p.context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
}

// publish makes an OIDC application, changes it and deletes it, and has a person log
// in to it on the way.
func publish(t *testing.T, session *mcp.ClientSession, address string, transport http.RoundTripper) {
	t.Helper()
	const name, clientID = `Shop "of" things`, "e2e-shop"
	person := mockaic.Person{UserName: "e2e.shopper", Password: "S3cret!!sh0p", Transport: transport}
	owner := call(t, session, "createManagedObject", map[string]any{"objectType": "alpha_user", "objectData": map[string]any{
		"userName": person.UserName, "givenName": "Sam", "sn": "Shopper", "mail": "sam@example.com", "password": person.Password,
	}})["id"].(string)
	shop := newRelyingParty(t, address, clientID, person)
	if token, page := shop.logIn(); token != nil || page.Status < 400 {
		t.Errorf("before it was made, the login ended with %d at %s", page.Status, page.URL)
	}

	call(t, session, "createOidcApp", map[string]any{
		"realm": "alpha", "name": name, "clientId": clientID, "owners": []any{map[string]any{"_ref": "managed/alpha_user/" + owner}},
		"oauth2Client": map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"clientType": "Public", "redirectionUris": []any{shop.config.RedirectURL}, "scopes": []any{"openid", "profile"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []any{"authorization_code", "refresh_token"}, "tokenEndpointAuthMethod": "none", "isConsentImplied": true},
		},
	})
	token, page := shop.logIn()
	if token == nil {
		t.Fatalf("the login ended with %d at %s:\n%s", page.Status, page.URL, page.Text)
	}
	if id, _ := token.Extra("id_token").(string); strings.Count(id, ".") != 2 {
		t.Errorf("ID token %q", id)
	}
	if _, err := shop.refresh(token); err != nil {
		t.Errorf("refresh: %v", err)
	}

	// A change is in force at once, and what is not named stays.
	call(t, session, "updateOidcApp", map[string]any{
		"realm": "alpha", "name": name, "oauth2Client": map[string]any{"coreOAuth2ClientConfig": map[string]any{"scopes": []any{"openid"}}},
	})
	if token, page := shop.logIn(); token != nil || shop.received.Get("error") != "invalid_scope" {
		t.Errorf("with a scope less, the login ended with %v at %s", shop.received, page.URL)
	}
	shop.config.Scopes = []string{"openid"}
	token, page = shop.logIn()
	if token == nil {
		t.Fatalf("after the change the login ended with %d at %s", page.Status, page.URL)
	}
	read := call(t, session, "getOidcApp", map[string]any{"realm": "alpha", "name": name})
	if uris := list(object(object(read, "oauth2Client"), "coreOAuth2ClientConfig"), "redirectionUris"); len(uris) != 1 || uris[0] != shop.config.RedirectURL {
		t.Errorf("redirection URIs %v", uris)
	}

	if gone := call(t, session, "deleteOidcApp", map[string]any{"realm": "alpha", "name": name}); gone["oauth2Client"] != "deleted" || gone["managedApplication"] != "deleted" {
		t.Errorf("deleted %v", gone)
	}
	if token, page := shop.logIn(); token != nil || page.Status < 400 || shop.received != nil {
		t.Errorf("after the delete, the login ended with %d at %s", page.Status, page.URL)
	}
	if _, err := shop.refresh(token); err == nil {
		t.Error("after the delete, its refresh token is good")
	}
	if apps := list(call(t, session, "listOidcApps", map[string]any{"realm": "alpha"}), "applications"); len(apps) != 0 {
		t.Errorf("left behind: %v", apps)
	}
	call(t, session, "deleteManagedObject", map[string]any{"objectType": "alpha_user", "objectId": owner})
}

// buildJourney builds a journey of a page, a check and a script, changes the script,
// rewires a node, makes the journey the default, and takes all of it away again.
func buildJourney(t *testing.T, session *mcp.ClientSession) {
	t.Helper()
	in := func(arguments map[string]any) map[string]any {
		arguments["realm"] = "alpha"
		return arguments
	}
	const name = "E2E \"journey\""
	before := call(t, session, "listJourneys", in(map[string]any{}))
	scriptsBefore := list(call(t, session, "listScripts", in(map[string]any{})), "scripts")

	script := call(t, session, "createScript", in(map[string]any{"name": "e2e", "script": "action.goTo('on');"}))["id"]
	made := call(t, session, "createJourney", in(map[string]any{"journeyName": name, "journeyData": map[string]any{"entryNodeId": "page", "nodes": map[string]any{
		"page": map[string]any{
			"nodeType": "PageNode", "displayName": "Page", "connections": map[string]any{"outcome": "check"},
			"config": map[string]any{"nodes": []any{
				map[string]any{"nodeType": "ValidatedUsernameNode", "displayName": "Name", "_properties": map[string]any{}},
				map[string]any{"nodeType": "ValidatedPasswordNode", "displayName": "Password", "_properties": map[string]any{}},
			}},
		},
		"check": map[string]any{
			"nodeType": "IdentityStoreDecisionNode", "displayName": "Check", "config": map[string]any{},
			"connections": map[string]any{"TRUE": "script", "FALSE": "failure", "LOCKED": "failure", "CANCELLED": "failure", "EXPIRED": "failure"},
		},
		"script": map[string]any{
			"nodeType": "ScriptedDecisionNode", "displayName": "Script", "connections": map[string]any{"on": "success", "back": "page"},
			"config": map[string]any{"script": script, "outcomes": []any{"on", "back"}},
		},
	}}}))
	ids := object(made, "nodeIds")
	if made["result"] != "created" || ids["page"] == nil || !strings.HasPrefix(made["mermaid"].(string), "flowchart") {
		t.Errorf("made %v", made)
	}

	call(t, session, "updateScript", in(map[string]any{"scriptId": script, "script": "action.goTo('back');"}))
	if source := call(t, session, "getAMScript", in(map[string]any{"scriptId": script}))["script"]; source != "action.goTo('back');" {
		t.Errorf("script %v", source)
	}

	read := call(t, session, "getJourney", in(map[string]any{"journeyName": name, "detail": "configs"}))
	nodes := map[string]any{}
	for id, shown := range object(read, "nodes") {
		shown := shown.(map[string]any)
		nodes[id] = map[string]any{"nodeType": shown["nodeType"], "displayName": shown["displayName"], "connections": shown["connections"], "config": shown["config"]}
	}
	checkID := ids["check"].(string)
	object(nodes[checkID].(map[string]any), "connections")["FALSE"] = ids["page"]
	rewired := call(t, session, "updateJourney", in(map[string]any{"journeyName": name, "entryNodeId": ids["page"], "nodes": nodes}))
	if rewired["result"] != "updated" || rewired["orphans"] != nil {
		t.Errorf("rewired %v", rewired)
	}
	read = call(t, session, "getJourney", in(map[string]any{"journeyName": name}))
	if way := object(object(read, "nodes")[checkID].(map[string]any), "connections")["FALSE"]; way != ids["page"] {
		t.Errorf("rewired to %v, want %v", way, ids["page"])
	}

	for _, next := range []any{name, before["defaultJourney"]} {
		call(t, session, "setDefaultJourney", in(map[string]any{"journeyName": next}))
		if now := call(t, session, "listJourneys", in(map[string]any{}))["defaultJourney"]; now != next {
			t.Errorf("the default is %v, want %v", now, next)
		}
	}

	if gone := list(call(t, session, "deleteJourney", in(map[string]any{"journeyName": name})), "deletedNodes"); len(gone) != 5 {
		t.Errorf("deleted %v", gone)
	}
	call(t, session, "deleteScript", in(map[string]any{"scriptId": script}))
	if after := call(t, session, "listJourneys", in(map[string]any{})); !reflect.DeepEqual(after["journeys"], before["journeys"]) {
		t.Errorf("journeys left behind: %v", after["journeys"])
	}
	if after := list(call(t, session, "listScripts", in(map[string]any{})), "scripts"); !reflect.DeepEqual(after, scriptsBefore) {
		t.Errorf("scripts left behind: %v", after)
	}
}

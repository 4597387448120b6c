package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

const (
	realmConfig = "/am/json/realms/root/realms/alpha/realm-config"
	scriptPath  = "/am/json/realms/root/realms/alpha/scripts/"
)

// script offers one that does not parse, and then one that does.
func (t *tour) script(ctx context.Context) (id string, err error) {
	arguments := map[string]any{"realm": "alpha", "name": "Demo greeting", "script": "if (nodeState.get('username') {\n  action.goTo('known');\n}"}
	_, failed, err := t.call(ctx, "createScript", arguments, func(map[string]any) string { return "went through" })
	if err != nil {
		return "", err
	}
	_, found, err := t.look(ctx, scriptPath+"?_queryFilter=name+eq+%22Demo+greeting%22")
	if err != nil {
		return "", err
	}
	if err := t.check(failed && found["resultCount"] == 0.0, "the tenant has no such script"); err != nil {
		return "", err
	}
	const source = "action.goTo(nodeState.get('username') ? 'known' : 'unknown');"
	arguments["script"] = source
	made, err := t.succeed(ctx, "createScript", arguments, func(a map[string]any) string { return fmt.Sprint("script ", a["id"]) })
	if err != nil {
		return "", err
	}
	id = fmt.Sprint(made["id"])
	_, stored, err := t.look(ctx, scriptPath+id)
	if err != nil {
		return "", err
	}
	return id, t.check(stored["script"] == base64.StdEncoding.EncodeToString([]byte(source)), "the tenant has it, for %v", stored["context"])
}

// journey builds one of a page, a check of the password and a script, looks at it,
// and takes all of it away again.
func (t *tour) journey(ctx context.Context) error {
	script, err := t.script(ctx)
	if err != nil {
		return err
	}
	nodes := map[string]any{
		"page": map[string]any{
			"nodeType": "PageNode", "displayName": "Sign in", "connections": map[string]any{"outcome": "check"},
			"config": map[string]any{"pageHeader": map[string]any{"en": "Hello"}, "nodes": []any{
				map[string]any{"nodeType": "ValidatedUsernameNode", "displayName": "Name", "_properties": map[string]any{}},
				map[string]any{"nodeType": "ValidatedPasswordNode", "displayName": "Password", "_properties": map[string]any{}},
			}},
		},
		"check": map[string]any{
			"nodeType": "IdentityStoreDecisionNode", "displayName": "Password right?", "config": map[string]any{},
			"connections": map[string]any{"TRUE": "greet", "FALSE": "page", "LOCKED": "failure", "CANCELLED": "failure"},
		},
		"greet": map[string]any{
			"nodeType": "ScriptedDecisionNode", "displayName": "Greet", "connections": map[string]any{"known": "success", "unknown": "failure"},
			"config": map[string]any{"script": script, "outcomes": []any{"known", "unknown"}},
		},
	}
	arguments := map[string]any{"realm": "alpha", "journeyName": "Demo", "journeyData": map[string]any{"entryNodeId": "page", "nodes": nodes}}
	const path = realmConfig + "/authentication/authenticationtrees/trees/Demo"
	if _, _, err := t.call(ctx, "createJourney", arguments, func(map[string]any) string { return "went through" }); err != nil {
		return err
	}
	status, _, err := t.look(ctx, path)
	if err != nil {
		return err
	}
	if err := t.check(status == http.StatusNotFound, "the tenant has none: an outcome was not connected"); err != nil {
		return err
	}
	object(nodes["check"].(map[string]any), "connections")["EXPIRED"] = "failure"
	made, err := t.succeed(ctx, "createJourney", arguments, func(a map[string]any) string {
		return strings.ReplaceAll(strings.TrimSpace(fmt.Sprint(a["mermaid"])), "\n", "\n    ")
	})
	if err != nil {
		return err
	}
	_, tree, err := t.look(ctx, path)
	if err != nil {
		return err
	}
	entry := object(object(tree, "nodes"), fmt.Sprint(tree["entryNodeId"]))
	if err := t.check(len(object(tree, "nodes")) == 3 && entry["nodeType"] == "PageNode", "the tenant's journey has 3 nodes and begins with the page %v", tree["entryNodeId"]); err != nil {
		return err
	}
	for _, name := range []string{"Demo", "Login"} {
		if _, err := t.succeed(ctx, "setDefaultJourney", map[string]any{"realm": "alpha", "journeyName": name}, func(a map[string]any) string {
			return fmt.Sprintf("%v, which was %v", a["defaultJourney"], a["previous"])
		}); err != nil {
			return err
		}
		_, settings, err := t.look(ctx, realmConfig+"/authentication")
		if err != nil {
			return err
		}
		if err := t.check(object(settings, "core")["orgConfig"] == name, "the tenant's realm begins with %s", name); err != nil {
			return err
		}
	}
	return t.demolish(ctx, script, path, fmt.Sprint(object(made, "nodeIds")["greet"]))
}

// demolish deletes the script, which is refused at first, and the journey.
func (t *tour) demolish(ctx context.Context, script, tree, greet string) error {
	deletion := map[string]any{"realm": "alpha", "scriptId": script}
	_, failed, err := t.call(ctx, "deleteScript", deletion, func(map[string]any) string { return "went through" })
	if err != nil {
		return err
	}
	status, _, err := t.look(ctx, scriptPath+script)
	if err != nil {
		return err
	}
	if err := t.check(failed && status == http.StatusOK, "the tenant has kept the script, which the journey needs"); err != nil {
		return err
	}
	if _, err := t.succeed(ctx, "deleteJourney", map[string]any{"realm": "alpha", "journeyName": "Demo"}, func(a map[string]any) string {
		return plural(len(list(a, "deletedNodes")), "node") + " went with it"
	}); err != nil {
		return err
	}
	if err := t.gone(ctx, "that journey", tree); err != nil {
		return err
	}
	if err := t.gone(ctx, "the node Greet", realmConfig+"/authentication/authenticationtrees/nodes/ScriptedDecisionNode/"+greet); err != nil {
		return err
	}
	if _, err := t.succeed(ctx, "deleteScript", deletion, func(map[string]any) string { return "deleted" }); err != nil {
		return err
	}
	return t.gone(ctx, "that script", scriptPath+script)
}

// gone asks the tenant for what it should not have any more.
func (t *tour) gone(ctx context.Context, what, path string) error {
	status, _, err := t.look(ctx, path)
	if err != nil {
		return err
	}
	return t.check(status == http.StatusNotFound, "the tenant answers %d for %s", status, what)
}

// application makes both halves of one, and takes them away again.
func (t *tour) application(ctx context.Context) error {
	_, page, err := t.look(ctx, "/openidm/managed/"+people+"?_queryFilter=true&_pageSize=1&_fields=_id")
	if err != nil {
		return err
	}
	people := list(page, "result")
	if len(people) == 0 {
		return fmt.Errorf("nobody can own an application")
	}
	owner := fmt.Sprint(people[0].(map[string]any)["_id"])
	made, err := t.succeed(ctx, "createOidcApp", map[string]any{
		"realm": "alpha", "name": "Demo shop", "clientId": "demo-shop", "owners": []any{map[string]any{"_ref": "managed/alpha_user/" + owner}},
		"oauth2Client": map[string]any{"coreOAuth2ClientConfig": map[string]any{"redirectionUris": []any{"https://shop.example.com/back"}}},
	}, func(a map[string]any) string {
		return fmt.Sprintf("client %v, application %v", a["clientId"], object(a, "managedApplication")["_id"])
	})
	if err != nil {
		return err
	}
	halves := []string{realmConfig + "/agents/OAuth2Client/demo-shop", fmt.Sprint("/openidm/managed/alpha_application/", object(made, "managedApplication")["_id"])}
	_, client, err := t.look(ctx, halves[0])
	if err != nil {
		return err
	}
	uris := object(object(client, "coreOAuth2ClientConfig"), "redirectionUris")["value"]
	if err := t.check(compactJSON(uris) == `["https://shop.example.com/back"]`, "the tenant's client has the redirection URIs %s", compactJSON(uris)); err != nil {
		return err
	}
	if _, err := t.succeed(ctx, "deleteOidcApp", map[string]any{"realm": "alpha", "name": "Demo shop"}, func(a map[string]any) string {
		return fmt.Sprintf("client %v, application %v", a["oauth2Client"], a["managedApplication"])
	}); err != nil {
		return err
	}
	if err := t.gone(ctx, "that client", halves[0]); err != nil {
		return err
	}
	return t.gone(ctx, "that application", halves[1])
}

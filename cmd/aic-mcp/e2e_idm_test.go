package main

import (
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// bookshop defines a type, relates it to people, links one, reads the link from
// both ends, and takes everything away again.
func bookshop(t *testing.T, session *mcp.ClientSession) {
	t.Helper()
	const books, users = "e2e_book", "alpha_user"
	text := map[string]any{"type": "string"}
	call(t, session, "createManagedObjectDefinition", map[string]any{"objectName": books, "objectDefinition": map[string]any{
		"schema": map[string]any{"type": "object", "title": "Book", "required": []any{"name"}, "properties": map[string]any{"name": text}},
	}})
	call(t, session, "patchManagedObjectDefinition", map[string]any{"objectName": books, "operations": []any{
		map[string]any{"operation": "add", "field": "/schema/properties/shelf", "value": text},
	}})
	related := call(t, session, "patchManagedObjectRelationship", map[string]any{
		"objectType": books, "propertyName": "custom_readers", "action": "add",
		"propertyDefinition": map[string]any{
			"type": "array", "title": "Readers", "returnByDefault": false,
			"items": map[string]any{
				"type": "relationship", "reverseRelationship": true, "reversePropertyName": "custom_books", "validate": true,
				"resourceCollection": []any{map[string]any{
					"path": "managed/" + users, "label": "User",
					"query":           map[string]any{"queryFilter": "true", "fields": []any{"userName"}},
					"reverseProperty": map[string]any{"type": "array", "title": "Books"},
				}},
			},
		},
	})
	if related["propertyName"] != "custom_readers" {
		t.Errorf("relationship: %v", related)
	}
	reader := call(t, session, "createManagedObject", map[string]any{"objectType": users, "objectData": map[string]any{
		"userName": "reader", "givenName": "Rea", "sn": "Der", "mail": "reader@example.com",
	}})["id"].(string)
	book := call(t, session, "createManagedObject", map[string]any{"objectType": books, "objectData": map[string]any{"name": "Emma", "shelf": "A"}})
	linked := call(t, session, "patchManagedObject", map[string]any{
		"objectType": books, "objectId": book["id"], "revision": book["revision"], "operations": []any{
			map[string]any{"operation": "add", "field": "/custom_readers/-", "value": map[string]any{"_ref": "managed/" + users + "/" + reader}},
		},
	})
	readers := list(object(call(t, session, "getManagedObject", map[string]any{
		"objectType": books, "objectId": book["id"], "fields": "name,custom_readers/userName",
	}), "object"), "custom_readers")
	if len(readers) != 1 || readers[0].(map[string]any)["userName"] != "reader" {
		t.Fatalf("readers: %v", readers)
	}
	found := list(call(t, session, "queryManagedObjects", map[string]any{
		"objectType": users, "queryFilter": `custom_books[/_refResourceId eq "` + book["id"].(string) + `"]`, "fields": "userName,custom_books/name",
	}), "objects")
	if len(found) != 1 || list(found[0].(map[string]any), "custom_books")[0].(map[string]any)["name"] != "Emma" {
		t.Errorf("found from the other end: %v", found)
	}
	call(t, session, "patchManagedObject", map[string]any{
		"objectType": books, "objectId": book["id"], "revision": linked["revision"], "operations": []any{
			map[string]any{"operation": "remove", "field": "/custom_readers", "value": readers[0]},
		},
	})
	if left := list(object(call(t, session, "getManagedObject", map[string]any{"objectType": books, "objectId": book["id"], "fields": "custom_readers"}), "object"), "custom_readers"); len(left) != 0 {
		t.Errorf("still linked: %v", left)
	}
	call(t, session, "deleteManagedObject", map[string]any{"objectType": books, "objectId": book["id"]})
	call(t, session, "deleteManagedObject", map[string]any{"objectType": users, "objectId": reader})
	call(t, session, "patchManagedObjectRelationship", map[string]any{"objectType": books, "propertyName": "custom_readers", "action": "remove"})
	if gone := call(t, session, "deleteManagedObjectDefinition", map[string]any{"objectName": books}); gone["deletedName"] != books {
		t.Errorf("deleted type: %v", gone)
	}
}

// rebrand gives a realm a new theme and makes it the default.
func rebrand(t *testing.T, session *mcp.ClientSession) {
	t.Helper()
	if fields := list(call(t, session, "getThemeSchema", map[string]any{}), "fields"); len(fields) < 100 {
		t.Errorf("%d fields", len(fields))
	}
	made := call(t, session, "createTheme", map[string]any{"realm": "alpha", "themeData": map[string]any{"name": "Night", "primaryColor": "#112233"}})
	call(t, session, "updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Night", "themeUpdates": map[string]any{"backgroundColor": "#000000"}})
	call(t, session, "setDefaultTheme", map[string]any{"realm": "alpha", "themeIdentifier": made["id"]})
	defaults := 0
	for _, entry := range list(call(t, session, "getThemes", map[string]any{"realm": "alpha"}), "themes") {
		if theme := entry.(map[string]any); theme["isDefault"] == true {
			defaults++
			if theme["name"] != "Night" {
				t.Errorf("the default is %v", theme["name"])
			}
		}
	}
	if defaults != 1 {
		t.Errorf("%d defaults", defaults)
	}
	night := object(call(t, session, "getTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Night"}), "theme")
	if night["primaryColor"] != "#112233" || night["backgroundColor"] != "#000000" || night["linkColor"] == nil {
		t.Errorf("the theme: %v", night)
	}
}

// install adds AI agents, which the tenant does not have.
func install(t *testing.T, session *mcp.ClientSession) {
	t.Helper()
	if valid := call(t, session, "validateIdmFeature", map[string]any{"featureName": "aiagent"}); valid["installable"] != true {
		t.Fatalf("aiagent: %v", valid)
	}
	call(t, session, "installIdmFeature", map[string]any{"featureName": "aiagent"})
	call(t, session, "enableAiAgent", map[string]any{})
	for _, entry := range list(call(t, session, "listFeatures", map[string]any{}), "features") {
		if feature := entry.(map[string]any); feature["installed"] != true {
			t.Errorf("%v is not installed", feature)
		}
	}
	agent := call(t, session, "createManagedObject", map[string]any{"objectType": "alpha_aiagent", "objectData": map[string]any{"name": "a", "oauth2ClientId": "c"}})
	if agent["id"] == "" {
		t.Errorf("agent: %v", agent)
	}
}

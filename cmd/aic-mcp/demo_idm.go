package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

const badges = "demo_badge"

// model defines a type with a relationship, and gives somebody a badge.
func (t *tour) model(ctx context.Context) error {
	if _, err := t.succeed(ctx, "createManagedObjectDefinition", map[string]any{"objectName": badges, "objectDefinition": map[string]any{
		"schema": map[string]any{
			"type": "object", "title": "Badge", "required": []any{"name"},
			"properties": map[string]any{"name": map[string]any{"type": "string"}},
		},
	}}, func(a map[string]any) string { return fmt.Sprintf("defined %v", a["name"]) }); err != nil {
		return err
	}
	if _, err := t.succeed(ctx, "patchManagedObjectRelationship", map[string]any{
		"objectType": badges, "propertyName": "custom_holder", "action": "add", "propertyDefinition": map[string]any{
			"type": "relationship", "title": "Holder", "reverseRelationship": true, "reversePropertyName": "custom_badges", "validate": true,
			"resourceCollection": []any{map[string]any{
				"path": "managed/" + people, "query": map[string]any{"queryFilter": "true", "fields": []any{"userName"}},
				"reverseProperty": map[string]any{"type": "array", "title": "Badges"},
			}},
		},
	}, func(a map[string]any) string { return fmt.Sprintf("%v leads to %s", a["propertyName"], people) }); err != nil {
		return err
	}
	_, schema, err := t.look(ctx, "/openidm/schema/managed/"+people)
	if err != nil {
		return err
	}
	reverse := object(object(schema, "properties"), "custom_badges")
	if err := t.check(reverse["type"] == "array", "the tenant gave %s the property custom_badges", people); err != nil {
		return err
	}

	_, page, err := t.look(ctx, "/openidm/managed/"+people+"?_queryFilter="+url.QueryEscape(`userName eq "demo"`))
	if err != nil {
		return err
	}
	found := idsOf(list(page, "result"))
	if len(found) != 1 {
		return fmt.Errorf("the tenant has %d users called demo, not one", len(found))
	}
	holder := found[0]
	made, err := t.succeed(ctx, "createManagedObject", map[string]any{"objectType": badges, "objectData": map[string]any{
		"name": "gold", "custom_holder": map[string]any{"_ref": "managed/" + people + "/" + holder},
	}}, func(a map[string]any) string { return fmt.Sprintf("created %v", a["id"]) })
	if err != nil {
		return err
	}
	if _, err := t.succeed(ctx, "getManagedObject", map[string]any{
		"objectType": badges, "objectId": made["id"], "fields": "name,custom_holder/userName,custom_holder/mail",
	}, func(a map[string]any) string {
		badge := object(a, "object")
		return fmt.Sprintf("%v is held by %v <%v>", badge["name"], object(badge, "custom_holder")["userName"], object(badge, "custom_holder")["mail"])
	}); err != nil {
		return err
	}
	_, person, err := t.look(ctx, "/openidm/managed/"+people+"/"+holder+"?_fields=custom_badges/name")
	if err != nil {
		return err
	}
	held := list(person, "custom_badges")
	return t.check(len(held) == 1 && held[0].(map[string]any)["name"] == "gold", "the tenant shows the badge with its holder, too")
}

// brand gives a realm another look.
func (t *tour) brand(ctx context.Context) error {
	made, err := t.succeed(ctx, "createTheme", map[string]any{"realm": "bravo", "themeData": map[string]any{"name": "Demo", "primaryColor": "#005a9c"}},
		func(a map[string]any) string { return fmt.Sprintf("created %v", a["id"]) })
	if err != nil {
		return err
	}
	if _, err := t.succeed(ctx, "setDefaultTheme", map[string]any{"realm": "bravo", "themeIdentifier": "Demo"},
		func(a map[string]any) string { return fmt.Sprintf("%v is the default", a["name"]) }); err != nil {
		return err
	}
	status, page, err := t.look(ctx, "/openidm/ui/theme?realm=bravo&_queryFilter="+url.QueryEscape("isDefault eq true"))
	if err != nil {
		return err
	}
	defaults := idsOf(list(page, "result"))
	if err := t.check(status == http.StatusOK && len(defaults) == 1 && defaults[0] == made["id"], "the tenant has this one default in the realm bravo"); err != nil {
		return err
	}
	_, err = t.succeed(ctx, "listFeatures", map[string]any{}, func(a map[string]any) string {
		return plural(len(list(a, "features")), "feature")
	})
	return err
}

package idm

// internalRoleType defines internal/role, whose objects say what their members
// may do. They are no managed objects, but behave like them.
func internalRoleType() map[string]any {
	text := map[string]any{"type": "string"}
	members := map[string]any{
		"type": "array", "returnByDefault": false,
		"items": map[string]any{
			"type": "relationship", "reverseRelationship": true, "reversePropertyName": "authzRoles", "validate": true,
			"resourceCollection": []any{
				map[string]any{"path": "managed/alpha_user"}, map[string]any{"path": "managed/bravo_user"},
			},
		},
	}
	return map[string]any{"name": "role", "schema": map[string]any{
		"type": "object", "required": []any{"name"},
		"properties": map[string]any{
			"_id": text, "name": text, "description": text,
			"condition":           map[string]any{"type": []any{"string", "null"}},
			"privileges":          map[string]any{"type": "array", "default": []any{}, "items": map[string]any{"type": "object"}},
			"temporalConstraints": map[string]any{"type": "array", "default": []any{}, "items": map[string]any{"type": "object"}},
			"authzMembers":        members,
		},
	}}
}

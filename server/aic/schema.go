package aic

import (
	"context"
	"maps"
	"net/http"
)

// The schema service keeps the properties that are relationships.

// SchemaProperty reads the definition of a type's relationship property.
func (c *Client) SchemaProperty(ctx context.Context, objectType, property string) (Object, error) {
	return c.schemaProperty(ctx, objectType, property, request{method: http.MethodGet, repeatable: true})
}

// PutSchemaProperty creates or replaces it.
func (c *Client) PutSchemaProperty(ctx context.Context, objectType, property string, definition Object) (Object, error) {
	return c.schemaProperty(ctx, objectType, property, request{method: http.MethodPut, header: anyRevision(), body: definition})
}

// DeleteSchemaProperty deletes it and returns what it was, if the tenant says.
func (c *Client) DeleteSchemaProperty(ctx context.Context, objectType, property string) (Object, error) {
	return c.schemaProperty(ctx, objectType, property, request{method: http.MethodDelete, header: anyRevision()})
}

func (c *Client) schemaProperty(ctx context.Context, objectType, property string, r request) (Object, error) {
	if !typeName.MatchString(objectType) {
		return nil, badType()
	}
	escaped, err := segment(property)
	if err != nil {
		return nil, err
	}
	r.path = "/openidm/schema/managed/" + objectType + "/properties/" + escaped
	// Version 1 has no single properties.
	header := http.Header{"Accept-Api-Version": {"resource=2.0"}}
	maps.Copy(header, r.header)
	r.header = header
	if r.writes() {
		// What it writes is a part of the document of the types.
		unlock, err := c.lock(ctx, ManagedConfig)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	if r.method == http.MethodDelete {
		v, err := c.anything(ctx, r)
		doc, _ := v.(map[string]any)
		return doc, err
	}
	doc, _, err := c.object(ctx, r)
	return doc, err
}

package aic

import (
	"context"
	"maps"
	"net/http"

	"aicmcp/server/rest"
)

// The schema service keeps the properties that are relationships.

// SchemaProperty reads the definition of a type's relationship property.
func (c *Client) SchemaProperty(ctx context.Context, objectType, property string) (Object, error) {
	r, err := schemaRequest(objectType, property, rest.Request{Method: http.MethodGet, Repeatable: true})
	if err != nil {
		return nil, err
	}
	doc, _, err := c.api.Object(ctx, r)
	return doc, err
}

// PutSchemaProperty creates or replaces it, if allow agrees: it is told the error
// of a read right before, nil if the property is there.
func (c *Client) PutSchemaProperty(ctx context.Context, objectType, property string, definition Object, allow func(readErr error) error) (Object, error) {
	return c.changeProperty(ctx, objectType, property, true, func() (rest.Request, error) {
		_, readErr := c.SchemaProperty(ctx, objectType, property)
		return rest.Request{Method: http.MethodPut, Header: anyRevision(), Body: definition}, allow(readErr)
	})
}

// DeleteSchemaProperty deletes it and returns what it was, if the tenant says.
func (c *Client) DeleteSchemaProperty(ctx context.Context, objectType, property string) (Object, error) {
	return c.changeProperty(ctx, objectType, property, false, func() (rest.Request, error) {
		return rest.Request{Method: http.MethodDelete, Header: anyRevision()}, nil
	})
}

// changeProperty watches the document of the types, which the property is a
// part of, until it is there or gone.
func (c *Client) changeProperty(ctx context.Context, objectType, property string, there bool, plan func() (rest.Request, error)) (Object, error) {
	var answer Object
	_, err := c.watched(ctx, ManagedConfig, func() (w configWrite, err error) {
		r, err := plan()
		if err != nil {
			return w, err
		}
		if r, err = schemaRequest(objectType, property, r); err != nil {
			return w, err
		}
		// Without an answer the document would not tell a property that was
		// replaced from one that was not.
		a, err := c.api.Do(ctx, r)
		if err != nil {
			return w, err
		}
		w.shows = func(doc Object) bool { return hasProperty(doc, objectType, property) == there }
		w.transaction = a.TransactionID
		// The document tells what was done; without a body there is no more.
		_ = rest.Decode(a.Body, &answer)
		return w, nil
	})
	return answer, err
}

func hasProperty(doc Object, objectType, property string) bool {
	types, _ := doc["objects"].([]any)
	for _, t := range types {
		if String(t, "name") == objectType {
			_, there := lookup(t, Pointer("schema", "properties", property))
			return there
		}
	}
	return false
}

func schemaRequest(objectType, property string, r rest.Request) (rest.Request, error) {
	if !typeName.MatchString(objectType) {
		return r, badType()
	}
	escaped, err := rest.Segment(property)
	if err != nil {
		return r, err
	}
	r.Path = "/openidm/schema/managed/" + objectType + "/properties/" + escaped
	// Version 1 has no single properties.
	header := http.Header{"Accept-Api-Version": {"resource=2.0"}}
	maps.Copy(header, r.Header)
	r.Header = header
	return r, nil
}

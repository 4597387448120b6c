package aic

import (
	"context"
	"net/http"
	"net/url"

	"aicmcp/server/rest"
)

// QueryThemes returns the tenant's query envelope of a realm's themes.
func (c *Client) QueryThemes(ctx context.Context, realm, filter, fields string) (Object, error) {
	v := url.Values{"realm": {realm}, "_queryFilter": {filter}}
	if fields != "" {
		v.Set("_fields", trimmed(fields))
	}
	doc, _, err := c.api.Object(ctx, rest.Request{Method: http.MethodGet, Path: "/openidm/ui/theme/", Query: v, Repeatable: true})
	return doc, err
}

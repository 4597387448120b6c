package aic

import (
	"context"
	"net/http"
	"net/url"
)

// QueryThemes returns the tenant's query envelope of a realm's themes.
func (c *Client) QueryThemes(ctx context.Context, realm, filter, fields string) (Object, error) {
	v := url.Values{"realm": {realm}, "_queryFilter": {filter}}
	if fields != "" {
		v.Set("_fields", trimmed(fields))
	}
	doc, _, err := c.object(ctx, request{method: http.MethodGet, path: "/openidm/ui/theme/", query: v, repeatable: true})
	return doc, err
}

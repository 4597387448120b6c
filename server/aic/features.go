package aic

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// QueryFeatures returns the tenant's query envelope of its IDM features.
func (c *Client) QueryFeatures(ctx context.Context) (Object, error) {
	doc, _, err := c.object(ctx, request{
		method: http.MethodGet, path: "/openidm/feature", query: url.Values{"_queryFilter": {"true"}}, repeatable: true,
	})
	return doc, err
}

// ValidateFeature asks whether a feature can be installed; nothing changes.
func (c *Client) ValidateFeature(ctx context.Context, id string) (Object, error) {
	return c.featureAction(ctx, id, request{query: url.Values{"_action": {"validate"}}, repeatable: true, harmless: true})
}

// InstallFeature installs a feature. It cannot be undone. Most features add to
// the document of the types.
func (c *Client) InstallFeature(ctx context.Context, id string) (Object, error) {
	unlock, err := c.lock(ctx, ManagedConfig)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return c.featureAction(ctx, id, request{query: url.Values{"_action": {"install"}}})
}

// featureAction keeps the slashes of an ID as what separates segments.
func (c *Client) featureAction(ctx context.Context, id string, r request) (Object, error) {
	var path strings.Builder
	path.WriteString("/openidm/feature")
	for part := range strings.SplitSeq(id, "/") {
		escaped, err := segment(part)
		if err != nil {
			return nil, err
		}
		path.WriteString("/" + escaped)
	}
	r.method, r.path, r.body = http.MethodPost, path.String(), Object{}
	doc, _, err := c.object(ctx, r)
	return doc, err
}

// OAuthProvider reads the settings of a realm's OAuth provider.
func (c *Client) OAuthProvider(ctx context.Context, realm string) (Object, error) {
	escaped, err := segment(realm)
	if err != nil {
		return nil, err
	}
	doc, _, err := c.object(ctx, request{
		method:     http.MethodGet,
		path:       "/am/json/realms/root/realms/" + escaped + "/realm-config/services/oauth-oidc",
		header:     http.Header{"Accept-Api-Version": {"protocol=2.1,resource=1.0"}},
		repeatable: true,
	})
	return doc, err
}

// EnableAIAgent turns the AI agent feature on and returns what the tenant says
// to it, nil if nothing. It installs the feature of IDM too.
func (c *Client) EnableAIAgent(ctx context.Context) (any, error) {
	unlock, err := c.lock(ctx, ManagedConfig)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return c.anything(ctx, request{
		method: http.MethodPost, path: "/environment/aiagent", query: url.Values{"_action": {"enable"}}, body: Object{},
	})
}

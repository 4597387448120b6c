package aic

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"aicmcp/server/rest"
)

// QueryFeatures returns the tenant's query envelope of its IDM features.
func (c *Client) QueryFeatures(ctx context.Context) (Object, error) {
	doc, _, err := c.api.Object(ctx, rest.Request{
		Method: http.MethodGet, Path: "/openidm/feature", Query: url.Values{"_queryFilter": {"true"}}, Repeatable: true,
	})
	return doc, err
}

// ValidateFeature asks whether a feature can be installed; nothing changes.
func (c *Client) ValidateFeature(ctx context.Context, id string) (Object, error) {
	return c.featureAction(ctx, id, rest.Request{Query: url.Values{"_action": {"validate"}}, Repeatable: true, Harmless: true})
}

// InstallFeature installs a feature. It cannot be undone. Most features add to
// the document of the types.
func (c *Client) InstallFeature(ctx context.Context, id string) (Object, error) {
	unlock, err := c.lock(ctx, ManagedConfig)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return c.featureAction(ctx, id, rest.Request{Query: url.Values{"_action": {"install"}}})
}

// featureAction keeps the slashes of an ID as what separates segments.
func (c *Client) featureAction(ctx context.Context, id string, r rest.Request) (Object, error) {
	var path strings.Builder
	path.WriteString("/openidm/feature")
	for part := range strings.SplitSeq(id, "/") {
		escaped, err := rest.Segment(part)
		if err != nil {
			return nil, err
		}
		path.WriteString("/" + escaped)
	}
	r.Method, r.Path, r.Body = http.MethodPost, path.String(), Object{}
	doc, _, err := c.api.Object(ctx, r)
	return doc, err
}

// OAuthProvider reads the settings of a realm's OAuth provider.
func (c *Client) OAuthProvider(ctx context.Context, realm string) (Object, error) {
	escaped, err := rest.Segment(realm)
	if err != nil {
		return nil, err
	}
	doc, _, err := c.api.Object(ctx, rest.Request{
		Method:     http.MethodGet,
		Path:       "/am/json/realms/root/realms/" + escaped + "/realm-config/services/oauth-oidc",
		Header:     http.Header{"Accept-Api-Version": {"protocol=2.1,resource=1.0"}},
		Repeatable: true,
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
	return c.api.Anything(ctx, rest.Request{
		Method: http.MethodPost, Path: "/environment/aiagent", Query: url.Values{"_action": {"enable"}}, Body: Object{},
	})
}

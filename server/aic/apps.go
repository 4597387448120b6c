package aic

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aicmcp/server/rest"
)

// The values of an OAuth client stand in sections, most of them wrapped as
// {"inherited":false,"value":...}, without value if there is none.

// ReadOAuthClient reads an OAuth client of a realm, without its secret.
func (c *Client) ReadOAuthClient(ctx context.Context, realm, id string) (Object, error) {
	return c.oauthClient(ctx, realm, id, rest.Request{Method: http.MethodGet, Repeatable: true})
}

// lookTime is how long a look may take that follows a write, even if the call was
// cancelled.
const lookTime = 10 * time.Second

// CreateOAuthClient makes a client that was not there before. If the answer is
// lost, or not waited for, it is not sent again: a client with the values of body
// is the new one.
func (c *Client) CreateOAuthClient(ctx context.Context, realm, id string, body Object) (Object, error) {
	doc, err := c.oauthClient(ctx, realm, id, rest.Request{
		Method: http.MethodPut, Header: http.Header{"If-None-Match": {"*"}}, Body: body,
	})
	if !rest.IsUnknown(err) {
		return doc, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	if found, readErr := c.ReadOAuthClient(ctx, realm, id); readErr == nil && shows(found, body) {
		return found, nil
	}
	return nil, err
}

// ReplaceOAuthClient replaces a client if it still has the revision. AM makes
// revisions of the content, so that one can come back: a write whose answer is
// lost is not sent again. It succeeded if the client has the values of body,
// which cannot be seen of a secret.
func (c *Client) ReplaceOAuthClient(ctx context.Context, realm, id, revision string, body Object) (Object, error) {
	doc, err := c.oauthClient(ctx, realm, id, rest.Request{Method: http.MethodPut, Header: ifMatch(revision), Body: body})
	if !rest.IsUnknown(err) {
		return doc, err
	}
	core, _ := body["coreOAuth2ClientConfig"].(map[string]any)
	if _, secret := core[ClientSecret]; secret {
		return nil, err
	}
	if found, readErr := c.ReadOAuthClient(ctx, realm, id); readErr == nil && shows(found, body) {
		return found, nil
	}
	return nil, err
}

// DeleteOAuthClient deletes a client. It is never sent twice: if the answer is
// lost, a client that is gone counts as deleted.
func (c *Client) DeleteOAuthClient(ctx context.Context, realm, id string) error {
	_, err := c.oauthClient(ctx, realm, id, rest.Request{Method: http.MethodDelete})
	if !rest.IsUnknown(err) {
		return err
	}
	if _, readErr := c.ReadOAuthClient(ctx, realm, id); isMissing(readErr) {
		return nil
	}
	return err
}

// TakeBackOAuthClient deletes a client that was just made, unless somebody has
// changed it: then changed is true. One that is gone already is no error.
func (c *Client) TakeBackOAuthClient(ctx context.Context, realm string, made Object) (changed bool, err error) {
	id := String(made, "_id")
	now, err := c.ReadOAuthClient(ctx, realm, id)
	switch {
	case err == nil && !shows(now, made):
		return true, nil
	case err == nil:
		err = c.DeleteOAuthClient(ctx, realm, id)
	}
	if isMissing(err) {
		err = nil
	}
	return false, err
}

// OAuthClientSchema describes the values of a realm's clients.
func (c *Client) OAuthClientSchema(ctx context.Context, realm string) (Object, error) {
	return c.describeClients(ctx, realm, "schema")
}

// OAuthClientDefaults returns the values of a client that says nothing.
func (c *Client) OAuthClientDefaults(ctx context.Context, realm string) (Object, error) {
	return c.describeClients(ctx, realm, "template")
}

func (c *Client) describeClients(ctx context.Context, realm, action string) (Object, error) {
	path, err := realmPath(realm, "realm-config", "agents", "OAuth2Client")
	if err != nil {
		return nil, err
	}
	doc, _, err := c.api.Object(ctx, rest.Request{
		Method: http.MethodPost, Path: path, Query: url.Values{"_action": {action}}, Header: clientVersion(), Body: Object{},
		Repeatable: true, Harmless: true,
	})
	return doc, err
}

// ManagedSchema reads the schema of a type of managed objects.
func (c *Client) ManagedSchema(ctx context.Context, objectType string) (Object, error) {
	if !typeName.MatchString(objectType) {
		return nil, badType()
	}
	doc, _, err := c.api.Object(ctx, rest.Request{Method: http.MethodGet, Path: "/openidm/schema/managed/" + objectType, Repeatable: true})
	return doc, err
}

// oauthClient sends the request for a client and reads the answer as one.
func (c *Client) oauthClient(ctx context.Context, realm, id string, r rest.Request) (Object, error) {
	path, err := realmPath(realm, "realm-config", "agents", "OAuth2Client", id)
	if err != nil {
		return nil, err
	}
	header := clientVersion()
	maps.Copy(header, r.Header)
	r.Path, r.Header = path, header
	doc, a, err := c.api.Object(ctx, r)
	if err != nil {
		return nil, err
	}
	if doc["_id"] != id {
		return nil, a.Unusable("the answer is not the OAuth client: it has another _id", nil)
	}
	return doc, nil
}

func clientVersion() http.Header {
	return http.Header{"Accept-Api-Version": {"protocol=2.1,resource=1.0"}}
}

// ClientSecret is the member for a client's secret, which is never wrapped and
// never read.
const ClientSecret = "userpassword"

// Unwrap returns the value of a client's member, nil if it has none.
func Unwrap(v any) any {
	wrapper, ok := v.(map[string]any)
	if _, is := wrapper["inherited"]; !ok || !is {
		return v
	}
	return wrapper["value"]
}

// shows reports whether a client has all values of body but the secret.
func shows(client, body Object) bool {
	for section, v := range body {
		values, ok := v.(map[string]any)
		if !ok || strings.HasPrefix(section, "_") {
			continue
		}
		now, _ := client[section].(map[string]any)
		for name, value := range values {
			if name != ClientSecret && !Equal(Unwrap(now[name]), Unwrap(value)) {
				return false
			}
		}
	}
	return true
}

package apps

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type createInput struct {
	Realm    string     `json:"realm"`
	Name     string     `json:"name" jsonschema:"display name"`
	ClientID string     `json:"clientId" jsonschema:"ID of the OAuth client"`
	Owners   []owner    `json:"owners"`
	Client   aic.Object `json:"oauth2Client,omitempty" jsonschema:"values by section, plain or as {inherited,value}: {\"coreOAuth2ClientConfig\":{\"redirectionUris\":[\"https://example.com/callback\"]}}"`
}

type owner struct {
	Ref string `json:"_ref" jsonschema:"managed/alpha_user/ID"`
}

var create = tool.Define(tool.Spec{
	Name:        "createOidcApp",
	Title:       "Create OIDC App",
	Description: "Create an OIDC application: an OAuth client and its managed object, both or none. Call getOidcAppSchema for the fields; what is left out has defaults.",
	Scopes:      scopes,
	Secrets:     secretArguments,
	Effect:      tool.Additive,
	Params: tool.Params{
		"realm": realmRules, "name": nameRules, "clientId": clientRules,
		"owners":      tool.Rules(tool.Items(1, 50)),
		"owners._ref": tool.Rules(tool.Pattern(`^managed/(alpha|bravo)_user/[^/]*[^/.][^/]*$`, "must refer to a user: managed/alpha_user/ID or managed/bravo_user/ID")),
	},
	Less: "The application was created; read it with getOidcApp.",
}, func(ctx context.Context, c *aic.Client, in createInput) (whole, error) {
	body, err := in.body()
	if err != nil {
		return whole{}, err
	}
	if err := in.free(ctx, c); err != nil {
		return whole{}, err
	}
	doc, err := c.CreateOAuthClient(ctx, in.Realm, in.ClientID, body)
	if err != nil {
		return whole{}, in.explain(err)
	}
	app, err := in.manage(ctx, c, doc)
	if err != nil {
		return whole{}, err
	}
	return whole{client: clientFrom(doc), Application: app}, nil
})

// body is the OAuth client to make. Without the section of signatures AM makes
// clients that cannot get a token.
func (in createInput) body() (aic.Object, error) {
	for i, o := range in.Owners {
		if !strings.HasPrefix(o.Ref, "managed/"+in.Realm+"_user/") {
			return nil, tool.Invalid(fmt.Sprintf("owners[%d]._ref", i), "is no user of the realm", nothingSent)
		}
	}
	given, err := wrapped(in.Client, nil)
	if err != nil {
		return nil, err
	}
	defaults, err := wrapped(aic.Object{
		core: aic.Object{"clientName": []any{in.Name}, "status": "Active", "scopes": []any{"openid"}},
		signEnc: aic.Object{
			"idTokenSignedResponseAlg": "RS256", "tokenEndpointAuthSigningAlgorithm": "RS256", "authorizationResponseSigningAlgorithm": "RS256",
			"tokenIntrospectionSignedResponseAlg": "RS256", "tokenIntrospectionResponseFormat": "JSON", "userinfoResponseFormat": "JSON",
			"publicKeyLocation": "jwks_uri", "idTokenEncryptionEnabled": false,
		},
	}, nil)
	if err != nil {
		return nil, err
	}
	return merged(defaults, given), nil
}

// free makes sure that neither half is there already.
func (in createInput) free(ctx context.Context, c *aic.Client) error {
	var both errgroup.Group
	both.Go(func() error {
		same, similar, err := named(ctx, c, in.Realm, in.Name)
		if err == nil && len(same)+len(similar) > 0 {
			err = &tool.Failure{
				Reason: "Conflict", Message: "an application has that name already: " + listed(append(same, similar...), "name"), Parameter: "name",
				Hint: "Choose another name, or change that one with updateOidcApp. Nothing was changed.",
			}
		}
		return err
	})
	both.Go(func() error {
		_, err := c.ReadOAuthClient(ctx, in.Realm, in.ClientID)
		switch {
		case rest.Status(err) == http.StatusNotFound:
			return nil
		case err != nil:
			return err
		}
		return &tool.Failure{
			Reason: "Conflict", Message: "an OAuth client has that ID already", Parameter: "clientId",
			Hint: "Choose another clientId; listOidcApps shows which application has it, if any. Nothing was changed.",
		}
	})
	return both.Wait()
}

func (in createInput) explain(err error) error {
	switch {
	case rest.IsUnknown(err):
		return tool.WithHint(err, "", "It is not known whether the OAuth client %s was made; the managed object was not. Call deleteOidcApp, clientId included, to take away what is left, and start over.", tool.Quote(in.ClientID))
	case rest.Status(err) == http.StatusPreconditionFailed, rest.Status(err) == http.StatusConflict:
		return tool.WithHint(err, "clientId", "Somebody else made an OAuth client with that ID at the same time. Nothing was changed.")
	}
	return explainClient(err, in.ClientID)
}

// backTime is how long taking back may take, even if the call was cancelled.
const backTime = 15 * time.Second

// manage makes the managed half and, if that fails, takes back the client as it
// was made.
func (in createInput) manage(ctx context.Context, c *aic.Client, made aic.Object) (aic.Object, error) {
	app, err := c.CreateManaged(ctx, typeOf(in.Realm), aic.Object{
		"name": in.Name, "owners": in.Owners, "ssoEntities": aic.Object{"oidcId": in.ClientID},
		"templateName": "custom", "templateVersion": "1.0",
	})
	if err == nil {
		return app, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTime)
	defer cancel()
	if rest.IsUnknown(err) {
		same, _, lookErr := named(ctx, c, in.Realm, in.Name)
		switch {
		case lookErr != nil:
			return nil, tool.WithHint(err, "", "It is not known whether the managed object was made; the OAuth client %s was. Look with getOidcApp, and delete the application with deleteOidcApp, clientId included, to start over.", tool.Quote(in.ClientID))
		case len(same) == 1 && clientOf(same[0]) == in.ClientID:
			return same[0], nil
		}
	}
	hint := in.takeBack(ctx, c, made)
	if rest.IsUnknown(err) {
		hint += " The tenant may still be making the managed object: should listOidcApps show it later, call deleteOidcApp."
	}
	return nil, tool.WithHint(err, "", "%s", hint)
}

// takeBack deletes the client that was made, unless it has become somebody else's,
// and says what became of it.
func (in createInput) takeBack(ctx context.Context, c *aic.Client, made aic.Object) string {
	id := tool.Quote(in.ClientID)
	apps, err := referring(ctx, c, in.Realm, in.ClientID)
	if len(apps) > 0 {
		return fmt.Sprintf("The OAuth client %s was made first and was left, because the application %s refers to it.", id, tool.Quote(aic.String(apps[0], "name")))
	}
	var changed bool
	if err == nil {
		changed, err = c.TakeBackOAuthClient(ctx, in.Realm, made)
	}
	switch {
	case err != nil:
		return fmt.Sprintf("The OAuth client %s was made first and could not be taken back: delete it with deleteOidcApp, clientId included.", id)
	case changed:
		return fmt.Sprintf("The OAuth client %s was made first and was left, because somebody else has changed it since: deleteOidcApp, clientId included, deletes it.", id)
	}
	return "Nothing is left: the OAuth client that was made first was taken back. Check name and owners, who must be users of the realm."
}

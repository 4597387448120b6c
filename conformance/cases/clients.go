package cases

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

var clients = api{inAlpha + "/realm-config/agents/OAuth2Client", "protocol=2.1,resource=1.0"}

// The sections of an OAuth client.
const (
	coreSection     = "coreOAuth2ClientConfig"
	advancedSection = "advancedOAuth2ClientConfig"
	openIDSection   = "coreOpenIDClientConfig"
	signingSection  = "signEncOAuth2ClientConfig"
	umaSection      = "coreUmaClientConfig"
	overrideSection = "overrideOAuth2ClientConfig"
)

// clientSecret is the member of the core section that nobody reads.
const clientSecret = "userpassword"

var clientsNeeded = []c.Feature{c.Clients}

// clientDefaults are what attributes get that are left out of a section.
var clientDefaults = map[string]object{
	coreSection: {
		"status": "Active", "accessTokenLifetime": 0, "refreshTokenLifetime": 0, "authorizationCodeLifetime": 0,
		"loopbackInterfaceRedirection": false, "scopes": []any{}, "redirectionUris": []any{},
	},
	advancedSection: {
		"subjectType": "public", "tokenEndpointAuthMethod": "client_secret_basic", "isConsentImplied": false, "refreshTokenGracePeriod": 0,
		"require_pushed_authorization_requests": false, "contacts": []any{},
	},
	openIDSection:  {"defaultMaxAge": 600, "defaultMaxAgeEnabled": false, "jwtTokenLifetime": 0, "claims": []any{}},
	signingSection: {"idTokenSignedResponseAlg": "RS256", "idTokenEncryptionEnabled": false, "publicKeyLocation": "jwks_uri", "userinfoResponseFormat": "JSON"},
	umaSection:     {"claimsRedirectionUris": []any{}},
}

// oauthClients are the cases about the OAuth clients of a realm.
var oauthClients = []c.Case{
	{
		ID:    "clients/realm/spellings",
		Title: "a realm is /realms/root/realms/alpha, /realms/alpha or /alpha",
		Level: c.Should, Needs: clientsNeeded, Ref: refSpelling, Writes: true,
		Run: func(t *c.T) {
			client := clients.at(t.Fresh("client"))
			client.made(t, newClient(t))
			client.checkSpellings(t)
		},
	}, {
		ID:    "clients/realm/root",
		Title: "the OAuth clients of the root realm are not available",
		Level: c.Must, Needs: clientsNeeded, Ref: refUnavailable,
		Run: func(t *c.T) {
			root := clients.in("/realms/root")
			checkUnavailable(t, root.get(t, c.Query("_queryFilter", "true")))
			checkUnavailable(t, root.at(t.Fresh("client")).get(t))
		},
	}, {
		ID:    "clients/realm/apart",
		Title: "a client of one realm is not there in the other",
		Level: c.Should, Needs: clientsNeeded, Ref: "inferred: realms have configurations of their own", Writes: true,
		Run: func(t *c.T) {
			client := clients.at(t.Fresh("client"))
			client.made(t, newClient(t))
			checkError(t, client.in("/realms/root/realms/bravo").get(t), http.StatusNotFound)
		},
	}, {
		ID:    "clients/auth/garbage",
		Title: "clients are closed to requests without a bearer, and to bearers that are none",
		Level: c.Should, Needs: clientsNeeded, Ref: refAMBearer,
		Run: func(t *c.T) {
			clients.find(t, "true")
			for _, bearer := range []c.Option{c.Anonymous(), c.Bearer("garbage")} {
				t.Status(http.StatusUnauthorized, clients.get(t, c.Query("_queryFilter", "true"), bearer))
			}
		},
	}, {
		ID:    "clients/create/answer",
		Title: "PUT of a new client is 201 with the client, its revision as ETag, and its Location",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientPut, Writes: true,
		Run: func(t *c.T) {
			id, body := t.Fresh("client"), newClient(t)
			res := clients.at(id).made(t, body)
			checkTag(t, res)
			t.Equal("Location", strings.TrimSuffix(t.Target.BaseURL, "/")+clients.at(id).path, res.Header.Get("Location"))
			t.Equal("Content-API-Version", "resource=1.0", res.Header.Get("Content-API-Version"))
			checkClient(t, body, res)
			after := clients.at(id).read(t)
			checkClient(t, body, after)
			checkTag(t, after)
			t.Equal("revision read", res.At("_rev"), after.At("_rev"))
		},
	}, {
		ID:    "clients/create/defaults",
		Title: "attributes that are left out of a section get defaults; sections that are left out are not made up",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientDefaults, Writes: true,
		Run: func(t *c.T) {
			client := clients.at(t.Fresh("client"))
			client.made(t, object{coreSection: object{}, advancedSection: object{}, openIDSection: object{}, signingSection: object{}, umaSection: object{}})
			res := client.read(t)
			for section, attributes := range clientDefaults {
				for name, value := range attributes {
					t.Equal(name, own(value), res.At(section, name))
				}
			}
			t.Lacks("client", res.Body, overrideSection)
		},
	}, {
		ID:    "clients/create/overrides",
		Title: "the overrides of a provider are plain values, with defaults for what is left out",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientDefaults, Writes: true,
		Run: func(t *c.T) {
			client := clients.at(t.Fresh("client"))
			client.made(t, object{coreSection: object{}, overrideSection: object{"statelessTokensEnabled": true}})
			checkHolds(t, "the overrides", object{
				"statelessTokensEnabled": true, "providerOverridesEnabled": false, "useForceAuthnForMaxAge": false, "issueRefreshToken": true,
				"accessTokenModificationPluginType": "PROVIDER", "accessTokenModificationScript": "[Empty]", "scopesPolicySet": "oauth2Scopes",
			}, client.read(t).At(overrideSection))
		},
	}, {
		ID:    "clients/create/as-read",
		Title: "a client is written as others were read: with _id and _type, and with every section",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientPut, Writes: true,
		Run: func(t *c.T) {
			first, second := t.Fresh("client"), t.Fresh("client")
			clients.at(first).made(t, newClient(t))
			read := clients.at(first).read(t)
			clients.at(second).made(t, with(without(read.Body, "_rev"), "_id", second))
			t.Equal("client", content(read.Body), content(clients.at(second).read(t).Body))
		},
	}, {
		ID:    "clients/create/plain",
		Title: "values may be sent as they are, and are read with where they come from",
		Level: c.Should, Needs: clientsNeeded, Ref: "inferred: recorded were writes with where values come from", Writes: true,
		Run: func(t *c.T) {
			client := clients.at(t.Fresh("client"))
			client.made(t, object{coreSection: object{"clientType": "Public", "scopes": []string{"openid"}}})
			res := client.read(t)
			t.Equal("clientType", own("Public"), res.At(coreSection, "clientType"))
			t.Equal("scopes", own([]string{"openid"}), res.At(coreSection, "scopes"))
		},
	}, {
		ID:    "clients/create/unset",
		Title: "a value that is not set is read without value, and listed as null",
		Level: c.Must, Needs: clientsNeeded, Ref: refClient, Writes: true,
		Run: func(t *c.T) {
			id := t.Fresh("client")
			clients.at(id).made(t, newClient(t))
			read, plain := clients.at(id).read(t), listed(t, clients.find(t, "true"), id)
			for section, attributes := range map[string][]string{
				advancedSection: {"sectorIdentifierUri", "softwareVersion"}, signingSection: {"jwksUri", "mTLSSubjectDN"}, openIDSection: {"clientSessionUri"},
			} {
				t.Has("listed "+section, c.At(plain, section), attributes...)
				for _, name := range attributes {
					t.Equal(name, object{"inherited": false}, read.At(section, name))
					t.Equal("listed "+name, nil, c.At(plain, section, name))
				}
			}
		},
	}, {
		ID:    "clients/create/unknown-attribute",
		Title: "a client with a member that clients have not, a revision for one, is 400",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientInvalid, Writes: true,
		Run: func(t *c.T) {
			for _, member := range []string{"_rev", "_provider"} {
				client := clients.at(t.Fresh("client"))
				checkMessage(t, client.put(t, with(newClient(t), member, "1")), http.StatusBadRequest, "Invalid attribute specified.")
				t.Status(http.StatusNotFound, client.get(t))
			}
		},
	}, {
		ID:    "clients/create/wrong-type",
		Title: "a value of the wrong type, or none of the choices, is 400",
		Level: c.Should, Needs: clientsNeeded, Ref: "inferred from what is recorded for journeys", Writes: true,
		Run: func(t *c.T) {
			for name, value := range map[string]any{"accessTokenLifetime": "soon", "clientType": "Both", "scopes": []any{1}, "loopbackInterfaceRedirection": 1} {
				client := clients.at(t.Fresh("client"))
				checkError(t, client.put(t, object{coreSection: object{name: own(value)}}), http.StatusBadRequest)
				t.Status(http.StatusNotFound, client.get(t))
			}
		},
	}, {
		ID:    "clients/create/only",
		Title: "PUT with If-None-Match: * makes a client, and is 412 for one that is there",
		Level: c.Should, Needs: clientsNeeded, Ref: refClientConditions, Writes: true,
		Run: func(t *c.T) {
			client := clients.at(t.Fresh("client"))
			t.Status(http.StatusCreated, client.put(t, newClient(t), c.IfNoneMatchAny()))
			before := client.read(t)
			checkError(t, client.put(t, newClient(t), c.IfNoneMatchAny()), http.StatusPreconditionFailed)
			client.checkUnchanged(t, before)
		},
	}, {
		ID:    "clients/update/answer",
		Title: "PUT of a client that is there is 200 with the client, an ETag and no Location; the same content has the same revision",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientPut, Writes: true,
		Run: func(t *c.T) {
			client, body := clients.at(t.Fresh("client")), newClient(t)
			made := client.made(t, body)
			body[coreSection].(object)["scopes"] = own([]string{"read", "write"})
			res := client.put(t, body)
			t.Status(http.StatusOK, res)
			checkTag(t, res)
			t.Equal("Location", "", res.Header.Get("Location"))
			checkClient(t, body, res)
			checkClient(t, body, client.read(t))
			t.Differs("revision", made.At("_rev"), res.At("_rev"))
			t.Equal("revision of the same content", res.At("_rev"), client.put(t, body).At("_rev"))
		},
	}, {
		ID:    "clients/update/stale",
		Title: "PUT and DELETE of a client with a revision that is not current are 412 and change nothing; with the current one they work",
		Level: c.Should, Needs: clientsNeeded, Ref: refClientConditions, Writes: true,
		Run: func(t *c.T) {
			client, body := clients.at(t.Fresh("client")), newClient(t)
			stale := c.IfMatch(client.made(t, body).Text("_rev"))
			body[coreSection].(object)["scopes"] = own([]string{"write"})
			t.Status(http.StatusOK, client.put(t, body, stale))
			before := client.read(t)
			checkError(t, client.put(t, newClient(t), stale), http.StatusPreconditionFailed)
			checkError(t, client.delete(t, stale), http.StatusPreconditionFailed)
			client.checkUnchanged(t, before)
			t.Status(http.StatusOK, client.delete(t, c.IfMatch(before.Text("_rev"))))
			checkError(t, client.put(t, body, stale), http.StatusNotFound)
		},
	}, {
		ID:    "clients/secret/hidden",
		Title: "a secret is null in answers to writes that name it and to DELETE, null in lists, and not in reads",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientSecret, Writes: true,
		Run: func(t *c.T) {
			id, body := t.Fresh("client"), newClient(t)
			secret := body[coreSection].(object)[clientSecret].(string)
			made := clients.at(id).made(t, body)
			plain := clients.find(t, "true")
			read := clients.at(id).read(t)
			t.Lacks("core read", read.At(coreSection), clientSecret)
			quiet := clients.at(id).put(t, with(body, coreSection, without(body[coreSection], clientSecret)))
			t.Status(http.StatusOK, quiet)
			t.Lacks("core written without a secret", quiet.At(coreSection), clientSecret)
			gone := clients.at(id).delete(t)
			for what, core := range map[string]any{"made": made.At(coreSection), "listed": c.At(listed(t, plain, id), coreSection), "deleted": gone.At(coreSection)} {
				t.Has("core "+what, core, clientSecret)
				t.Equal("secret "+what, nil, c.At(core, clientSecret))
			}
			for _, res := range []*c.Response{made, plain, read, quiet, gone} {
				t.True("the secret is not in the answer to "+res.Method, !strings.Contains(string(res.Raw), secret))
			}
		},
	}, {
		ID:    "clients/list/envelope",
		Title: "a list of clients is counted exactly",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientList, Writes: true,
		Run: func(t *c.T) {
			clients.at(t.Fresh("client")).made(t, newClient(t))
			page := clients.find(t, "true")
			t.True("there are clients", len(page.List("result")) > 0)
			checkEnvelope(t, page, "EXACT", len(page.List("result")), -1)
		},
	}, {
		ID:    "clients/list/plain",
		Title: "a list has the plain values of all sections, also those that no read shows",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientList, Writes: true,
		Run: func(t *c.T) {
			id, body := t.Fresh("client"), newClient(t)
			clients.at(id).made(t, body)
			client, read := listed(t, clients.find(t, "true"), id), clients.at(id).read(t)
			t.Equal("_type", clientType(), c.At(client, "_type"))
			t.Equal("revision", read.At("_rev"), c.At(client, "_rev"))
			t.Has("core", c.At(client, coreSection), clientSecret, "agentgroup", "secretLabelIdentifier")
			for _, section := range []string{coreSection, advancedSection, openIDSection, signingSection} {
				for name, wrapped := range without(read.At(section), "agentgroup") {
					t.Equal("listed "+name, c.At(wrapped, "value"), c.At(client, section, name))
				}
			}
		},
	}, {
		ID:    "clients/list/filter",
		Title: "a filter finds clients by their ID, and by a value",
		Level: c.Should, Needs: clientsNeeded, Ref: "documented (CREST): filters; not recorded for clients", Writes: true,
		Run: func(t *c.T) {
			id, name, body := t.Fresh("client"), t.Fresh("name"), newClient(t)
			body[coreSection].(object)["clientName"] = own([]string{name})
			clients.at(id).made(t, body)
			clients.at(id+"-other").made(t, newClient(t))
			for _, filter := range []string{eq("_id", id), eq(coreSection+"/clientName", name)} {
				page := clients.find(t, filter)
				t.Equal("clients with "+filter, []string{id}, column(page, "_id"))
				checkEnvelope(t, page, "EXACT", 1, -1)
			}
		},
	}, {
		ID:    "clients/read/wrapped",
		Title: "a read tells of every value of five sections whether it is inherited, and has the overrides plain",
		Level: c.Must, Needs: clientsNeeded, Ref: refClient, Writes: true,
		Run: func(t *c.T) {
			client := clients.at(t.Fresh("client"))
			client.made(t, with(newClient(t), overrideSection, object{}))
			res := client.read(t)
			t.Equal("_type", clientType(), res.At("_type"))
			for _, section := range []string{coreSection, advancedSection, openIDSection, signingSection, umaSection} {
				values := without(res.At(section))
				t.True("there is "+section, len(values) > 0)
				for name, wrapped := range values {
					t.Equal(name+" is inherited", false, c.At(wrapped, "inherited"))
					t.Equal("other members of "+name, object{}, without(wrapped, "inherited", "value"))
				}
			}
			for name, value := range without(res.At(overrideSection)) {
				t.Equal("where "+name+" comes from", nil, c.At(value, "inherited"))
			}
		},
	}, {
		ID:    "clients/read/missing",
		Title: "a client that is not there is 404, to a read and to a DELETE",
		Level: c.Should, Needs: clientsNeeded, Ref: "inferred from what is recorded for journeys and nodes", Writes: true,
		Run: func(t *c.T) {
			client := clients.at(t.Fresh("client"))
			client.made(t, newClient(t))
			t.Status(http.StatusOK, client.delete(t))
			for _, res := range []*c.Response{client.get(t), client.delete(t)} {
				checkRefusedByAM(t, res, http.StatusNotFound, "Not Found")
			}
		},
	}, {
		ID:    "clients/delete/answer",
		Title: "DELETE of a client answers all of it, and its ETag",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientPut, Writes: true,
		Run: func(t *c.T) {
			client := clients.at(t.Fresh("client"))
			client.made(t, newClient(t))
			before := client.read(t)
			res := client.delete(t)
			t.Status(http.StatusOK, res)
			t.Equal("client", with(before.Body, coreSection, with(before.At(coreSection), clientSecret, nil)), res.Body)
			checkTag(t, res)
			t.Status(http.StatusNotFound, client.get(t))
		},
	}, {
		ID:    "clients/actions/template",
		Title: "the template is a client that can be stored, and has the values of one that says nothing",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientActions, Writes: true,
		Run: func(t *c.T) {
			template := clients.act(t, "template")
			t.Status(http.StatusOK, template)
			for section, attributes := range clientDefaults {
				for name, value := range attributes {
					t.Equal(name, own(value), template.At(section, name))
				}
			}
			client := clients.at(t.Fresh("client"))
			client.made(t, template.Body)
			t.Equal("client stored", without(template.Body), without(client.read(t).Body, "_id", "_rev", "_type"))
		},
	}, {
		ID:    "clients/actions/schema",
		Title: "the schema describes every value of the template",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientActions,
		Run: func(t *c.T) {
			schema, template := clients.act(t, "schema"), clients.act(t, "template")
			t.Status(http.StatusOK, schema)
			t.Status(http.StatusOK, template)
			for section := range clientDefaults {
				properties, values := schema.At("properties", section, "properties"), without(template.At(section))
				t.True("there is "+section, len(values) > 0)
				for name := range values {
					t.Has("properties of "+section, properties, name)
				}
			}
			core := schema.At("properties", coreSection, "properties")
			t.Equal("type of a lifetime", "integer", c.At(core, "accessTokenLifetime", "properties", "value", "type"))
			t.Equal("type of scopes", "array", c.At(core, "scopes", "properties", "value", "type"))
			kinds := c.List(core, "clientType", "properties", "value", "enum")
			t.True("clients are public or confidential", slices.Contains(kinds, any("Public")) && slices.Contains(kinds, any("Confidential")))
		},
	}, {
		ID:    "clients/provider/known",
		Title: "a client that was made is known to the realm's provider at once, with its secret; one that was deleted is not",
		Level: c.Must, Needs: clientsNeeded, Ref: refClientProvider, Writes: true,
		Run: func(t *c.T) {
			id, body := t.Fresh("client"), newClient(t)
			secret := body[coreSection].(object)[clientSecret].(string)
			checkStranger(t, id, secret)
			clients.at(id).made(t, body)
			checkKnown(t, id, secret)
			checkStranger(t, id, freshSecret(t))
			t.Status(http.StatusOK, clients.at(id).delete(t))
			checkStranger(t, id, secret)
		},
	}, {
		ID:    "clients/provider/secret-kept",
		Title: "a write that does not name the secret keeps it, and one that does changes it",
		Level: c.Should, Needs: clientsNeeded, Ref: "inferred: reads do not show secrets, and clients are written as they were read", Writes: true,
		Run: func(t *c.T) {
			id, body, changed := t.Fresh("client"), newClient(t), freshSecret(t)
			secret := body[coreSection].(object)[clientSecret].(string)
			clients.at(id).made(t, body)
			t.Status(http.StatusOK, clients.at(id).put(t, without(clients.at(id).read(t).Body, "_rev")))
			checkKnown(t, id, secret)
			body[coreSection].(object)[clientSecret] = changed
			t.Status(http.StatusOK, clients.at(id).put(t, body))
			checkKnown(t, id, changed)
			checkStranger(t, id, secret)
		},
	}, {
		ID:    "clients/provider/inactive",
		Title: "a client that is not active gets no tokens",
		Level: c.Should, Needs: clientsNeeded, Ref: "inferred: what the status is for", Writes: true,
		Run: func(t *c.T) {
			id, body := t.Fresh("client"), newClient(t)
			secret := body[coreSection].(object)[clientSecret].(string)
			clients.at(id).made(t, body)
			checkKnown(t, id, secret)
			body[coreSection].(object)["status"] = own("Inactive")
			t.Status(http.StatusOK, clients.at(id).put(t, body))
			checkStranger(t, id, secret)
		},
	},
}

// own is a value that is not taken from a group of clients.
func own(value any) object { return object{"inherited": false, "value": value} }

func clientType() object {
	return object{"_id": "OAuth2Client", "name": "OAuth2 Clients", "collection": true}
}

// newClient is a confidential client that may refresh tokens. Its name and secret
// are fresh.
func newClient(t *c.T) object {
	return object{
		coreSection: object{
			clientSecret: freshSecret(t), "clientType": own("Confidential"), "status": own("Active"), "clientName": own([]string{t.Fresh("client")}),
			"scopes": own([]string{"read"}), "redirectionUris": own([]string{"https://conformance.example.com/callback"}), "accessTokenLifetime": own(60),
		},
		advancedSection: object{"grantTypes": own([]string{"authorization_code", grantRefresh}), "tokenEndpointAuthMethod": own("client_secret_basic")},
		openIDSection:   object{"claims": own([]string{})},
		signingSection:  object{"tokenEndpointAuthSigningAlgorithm": own("RS256"), "idTokenSignedResponseAlg": own("RS256")},
		umaSection:      object{},
	}
}

// freshSecret is a secret for a client. Reports do not show it.
func freshSecret(t *c.T) string {
	secret := rand.Text()
	t.Secret(secret)
	return secret
}

// checkClient checks that a client has the values that were sent.
func checkClient(t *c.T, sent object, res *c.Response) {
	t.Equal("_type", clientType(), res.At("_type"))
	for section, values := range sent {
		checkHolds(t, section, without(values, clientSecret), res.At(section))
	}
}

// redeem has a client of alpha ask for tokens, with a refresh token that is none.
func redeem(t *c.T, id, secret string) *c.Response {
	credentials := inBase64(id + ":" + secret)
	t.Secret(credentials)
	return t.Post("/am/oauth2/realms/root/realms/alpha/access_token", url.Values{"grant_type": {grantRefresh}, "refresh_token": {"conformance"}},
		c.Header("Authorization", "Basic "+credentials))
}

// checkKnown checks that the provider knows a client by its secret: what it
// refuses is the refresh token.
func checkKnown(t *c.T, id, secret string) {
	checkOAuthError(t, redeem(t, id, secret), http.StatusBadRequest, "invalid_grant", "")
}

// checkStranger checks that the provider refuses a client.
func checkStranger(t *c.T, id, secret string) {
	res := redeem(t, id, secret)
	checkOAuthError(t, res, http.StatusUnauthorized, "invalid_client", "")
	challenge := res.Header.Get("WWW-Authenticate")
	t.True(fmt.Sprintf("the challenge %q is for Basic", challenge), strings.HasPrefix(challenge, "Basic "))
}

package cases

import (
	"encoding/json"
	"net/http"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const (
	refImpersonation = "live-verified on tenants: token exchange by impersonation; RFC 8693"
	refDelegation    = "documented: AM, token exchange with an actor token; RFC 8693 4.1"
	refTokenScripts  = "live-verified on tenants: scripts that set may_act and that modify access tokens, and the words of their failures"
)

const (
	idTokenType = "urn:ietf:params:oauth:token-type:id_token"

	mayActContext = "OAUTH2_MAY_ACT_NEXT_GEN"
	modifyContext = "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN"
)

var (
	exchangeNeeded = []c.Feature{c.Clients, c.Scripts, c.ProviderSettings, c.Managed, c.Logins}
	scriptsOfApps  = []c.Feature{c.Clients, c.Scripts, c.Managed, c.Logins}
)

// exchangeCases are the cases about exchanges of tokens in alpha, and about the scripts
// that tokens are made with.
var exchangeCases = []c.Case{
	{
		ID:    "provider/exchange/impersonation",
		Title: "a client that may act gets a token of its own for the same subject, in which nothing tells of the acting",
		Level: c.Must, Needs: exchangeNeeded, Ref: refImpersonation, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeExchange(t)
			res := agent.trade(a.tokens().Text("access_token"), "scope", "payments")
			checkTokens(t, res)
			t.Equal("issued_token_type", tokenType, res.At("issued_token_type"))
			t.Equal("scope", "payments", res.At("scope"))
			checkBetween(t, "expires_in", 1, res.Number("expires_in"), 60)
			t.Lacks("answer", res.Body, "refresh_token", "id_token")
			token := agent.checkToken(res.Text("access_token"), grantExchange, a.person.id)
			t.Equal("scope claim", []string{"payments"}, c.At(token.claims, "scope"))
			t.Lacks("claims", token.claims, "act", "may_act")
			t.Status(http.StatusOK, agent.tokenInfo(res.Text("access_token")))
		},
	}, {
		ID:    "provider/exchange/may-act",
		Title: "a token says who may act, where a script says so",
		Level: c.Must, Needs: scriptsOfApps, Ref: refTokenScripts, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, overriding(object{"accessTokenMayActScript": mayActScript(t, object{"client_id": "conformance-agent"})})).logIn()
			token := a.tokens().Text("access_token")
			t.Equal("may_act", object{"client_id": "conformance-agent"}, c.At(parseToken(t, token).claims, "may_act"))
			t.Equal("may_act of the introspection", object{"client_id": "conformance-agent"}, a.post("/introspect", "token", token).At("may_act"))
		},
	}, {
		ID:    "provider/exchange/wider",
		Title: "the scopes are those of the acting client, not of the token that is exchanged",
		Level: c.Must, Needs: exchangeNeeded, Ref: refImpersonation, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeExchange(t)
			r := a.request()
			r.params.Set("scope", "read")
			narrow := a.redeem(r, a.code(r))
			checkTokens(t, narrow)
			res := agent.trade(narrow.Text("access_token"), "scope", "payments refunds")
			checkTokens(t, res)
			t.Equal("scope", sortedWords("payments refunds"), sortedWords(res.Text("scope")))
			foreign := agent.trade(narrow.Text("access_token"), "scope", "payments write")
			if foreign.Status == http.StatusOK {
				t.Equal("scope of another client", "payments", foreign.At("scope"))
				return
			}
			checkOAuthError(t, foreign, http.StatusBadRequest, "invalid_scope", "")
		},
	}, {
		ID:    "provider/exchange/public",
		Title: "a public client exchanges tokens by its ID alone",
		Level: c.Must, Needs: exchangeNeeded, Ref: "how the vendor's own MCP server exchanges tokens", Writes: true,
		Run: func(t *c.T) {
			a, agent := makeExchange(t, public)
			res := agent.trade(a.tokens().Text("access_token"))
			checkTokens(t, res)
			agent.checkToken(res.Text("access_token"), grantExchange, a.person.id)
		},
	}, {
		ID:    "provider/exchange/strangers",
		Title: "a client that a token does not name may not exchange it, nor may the named one what it got",
		Level: c.Must, Needs: exchangeNeeded, Ref: refImpersonation, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeExchange(t)
			stranger := makeAgent(t)
			own := a.tokens().Text("access_token")
			checkBadExchange(t, "a stranger", stranger.trade(own))
			res := agent.trade(own)
			checkTokens(t, res)
			checkBadExchange(t, "a token without may_act", agent.trade(res.Text("access_token")))
			checkBadExchange(t, "a token of one's own", agent.trade(makeApp(t).ownToken()))
		},
	}, {
		ID:    "provider/exchange/confused",
		Title: "no other token passes for the one to exchange: of another kind, another realm, or revoked",
		Level: c.Must, Needs: exchangeNeeded, Ref: refImpersonation + "; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeExchange(t)
			res := a.tokens()
			own := res.Text("access_token")
			checkTokens(t, agent.trade(own))
			for what, token := range map[string]string{
				"nothing": "", "no token": noToken, "an ID token": res.Text("id_token"), "a refresh token": res.Text("refresh_token"), "a session": a.token,
			} {
				checkBadExchange(t, what, agent.trade(token))
			}
			checkBadExchange(t, "an access token as ID token", agent.trade(own, "subject_token_type", idTokenType))
			checkBadExchange(t, "a type that is none", agent.trade(own, "subject_token_type", "urn:ietf:params:oauth:token-type:jwt"))
			checkBadExchange(t, "no type", agent.trade(own, "subject_token_type", ""))
			checkBadExchange(t, "a request for another type", agent.trade(own, "requested_token_type", samlType))
			checkRevoked(t, a.post("/token/revoke", "token", own))
			checkBadExchange(t, "a revoked token", agent.trade(own))
		},
	}, {
		ID:    "provider/exchange/forged",
		Title: "a subject token that the tenant did not sign is refused, whatever its header says",
		Level: c.Must, Needs: exchangeNeeded, Ref: refImpersonation + "; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeExchange(t)
			own := a.tokens().Text("access_token")
			for what, token := range a.forgeries(own, a.secret, agent.secret) {
				checkBadExchange(t, what, agent.trade(token))
			}
			checkTokens(t, agent.trade(own))
		},
	}, {
		ID:    "provider/exchange/delegation",
		Title: "with the token of the actor whom may_act names, the new token says who acts; without it, or with another's, there is none",
		Level: c.Should, Needs: exchangeNeeded, Ref: refDelegation, Writes: true,
		Run: func(t *c.T) {
			actor, agent, a := makeDelegation(t)
			own, acting := a.tokens().Text("access_token"), actor.tokens()
			checkBadExchange(t, "nobody", agent.trade(own))
			checkBadExchange(t, "another", agent.trade(own, "actor_token", own, "actor_token_type", tokenType))
			checkBadExchange(t, "no type", agent.trade(own, "actor_token", acting.Text("access_token")))
			checkBadExchange(t, "another type", agent.trade(own, "actor_token", acting.Text("id_token"), "actor_token_type", tokenType))
			checkBadExchange(t, "a type without a token", agent.trade(own, "actor_token_type", tokenType))
			res := agent.trade(own, "actor_token", acting.Text("access_token"), "actor_token_type", tokenType)
			checkTokens(t, res)
			claims := agent.checkToken(res.Text("access_token"), grantExchange, a.person.id).claims
			t.Equal("act", object{"sub": actor.person.id}, c.At(claims, "act"))
			t.Equal("act of the introspection", object{"sub": actor.person.id}, agent.post("/introspect", "token", res.Text("access_token")).At("act"))
		},
	}, {
		ID:    "provider/exchange/forged-actor",
		Title: "an actor token that the tenant did not sign is refused, whatever its header says",
		Level: c.Must, Needs: exchangeNeeded, Ref: refDelegation + "; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			actor, agent, a := makeDelegation(t)
			own, acting := a.tokens().Text("access_token"), actor.tokens().Text("access_token")
			for what, token := range actor.forgeries(acting, actor.secret, agent.secret) {
				checkBadExchange(t, what, agent.trade(own, "actor_token", token, "actor_token_type", tokenType))
			}
			checkTokens(t, agent.trade(own, "actor_token", acting, "actor_token_type", tokenType))
		},
	}, {
		ID:    "provider/exchange/chain",
		Title: "of several actors the last one is outside, and holds the one before",
		Level: c.Should, Needs: exchangeNeeded, Ref: refDelegation, Writes: true,
		Run: func(t *c.T) {
			last := makeAgent(t)
			a, agent := makeExchange(t, overriding(object{"accessTokenMayActScript": mayActScript(t, object{"client_id": last.id})}))
			first, second := makeApp(t).logIn(), makeApp(t).logIn()
			res := agent.trade(a.tokens().Text("access_token"), "actor_token", first.tokens().Text("access_token"), "actor_token_type", tokenType)
			checkTokens(t, res)
			res = last.trade(res.Text("access_token"), "actor_token", second.tokens().Text("access_token"), "actor_token_type", tokenType)
			checkTokens(t, res)
			claims := last.checkToken(res.Text("access_token"), grantExchange, a.person.id).claims
			t.Equal("act", object{"sub": second.person.id, "act": object{"sub": first.person.id}}, c.At(claims, "act"))
		},
	}, {
		ID:    "provider/exchange/audience",
		Title: "an audience is passed over unless the client's settings listen; then it must be on the client's list",
		Level: c.Must, Needs: exchangeNeeded, Ref: "live-verified on tenants: the parameter audience of an exchange, and its refusal", Writes: true,
		Run: func(t *c.T) {
			const api, other = "https://api.example.com/", "https://other.example.com/"
			a, agent := makeExchange(t)
			own := a.tokens().Text("access_token")
			audience := func(of *app, res *c.Response) any {
				checkTokens(t, res)
				return c.At(parseToken(t, res.Text("access_token")).claims, "aud")
			}
			t.Equal("aud", agent.id, audience(agent, agent.trade(own, "audience", api, "resource", api, "aud", api)))
			a, agent = makeExchange(t, overriding(object{"acceptAudienceParametersInTokenExchangeRequests": true}),
				setting(advancedSection, "allowedResourceServerAudienceValues", []string{api, other}))
			own = a.tokens().Text("access_token")
			t.Equal("aud with one", []string{agent.id, api}, audience(agent, agent.trade(own, "audience", api)))
			t.Equal("aud with two", []string{agent.id, api, other}, audience(agent, agent.trade(own, "audience", api, "audience", other)))
			t.Equal("aud with a resource", agent.id, audience(agent, agent.trade(own, "resource", api)))
			for _, foreign := range []string{"https://api.example.com", "https://attacker.example.com/", ""} {
				checkOAuthError(t, agent.trade(own, "audience", foreign), http.StatusBadRequest, "invalid_request", "Invalid audience requested.")
			}
		},
	}, {
		ID:    "provider/exchange/refresh",
		Title: "an exchange gives a refresh token only to a client that may refresh",
		Level: c.Must, Needs: exchangeNeeded, Ref: refImpersonation, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeExchange(t, grants(grantExchange, grantRefresh))
			res := agent.trade(a.tokens().Text("access_token"))
			checkTokens(t, res)
			t.True("there is a refresh token", res.Text("refresh_token") != "")
		},
	}, {
		ID:    "provider/exchange/other-realm",
		Title: "a token of alpha is not exchanged in bravo, for a client of the same name",
		Level: c.Must, Needs: exchangeNeeded, Ref: refImpersonation, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeExchange(t)
			own := a.tokens().Text("access_token")
			checkTokens(t, agent.trade(own))
			checkNoTokens(t, agent.twin().trade(own))
		},
	}, {
		ID:    "provider/exchange/id-token",
		Title: "an ID token that says who may act is exchanged; one that the tenant did not sign is not, be it signed with the client's own secret",
		Level: c.Should, Needs: exchangeNeeded, Ref: "documented: AM, token exchange of ID tokens; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeIdentified(t)
			own := a.tokens().Text("id_token")
			for what, token := range a.forgeries(own, a.secret, agent.secret) {
				checkBadExchange(t, what, agent.trade(token, "subject_token_type", idTokenType))
			}
			res := agent.trade(own, "subject_token_type", idTokenType)
			checkTokens(t, res)
			agent.checkToken(res.Text("access_token"), grantExchange, a.person.id)
		},
	}, {
		ID:    "provider/exchange/own-secret",
		Title: "where ID tokens are signed with the client's secret, the tenant's are exchanged, and not those that the client makes itself",
		Level: c.Should, Needs: exchangeNeeded, Ref: "inferred: who acts is for the tenant to say; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeIdentified(t, setting(signingSection, "idTokenSignedResponseAlg", "HS256"))
			own := a.tokens().Text("id_token")
			checkTokens(t, agent.trade(own, "subject_token_type", idTokenType))
			for what, token := range a.forgeries(own, a.secret) {
				checkBadExchange(t, what, agent.trade(token, "subject_token_type", idTokenType))
			}
		},
	}, {
		ID:    "provider/script/audience",
		Title: "a script that modifies access tokens sees the request's parameters, and sets whom a token is for",
		Level: c.Must, Needs: scriptsOfApps, Ref: refTokenScripts, Writes: true,
		Run: func(t *c.T) {
			const api = "https://api.example.com/"
			source := "accessToken.setField('aud', requestProperties.requestParams.resource[0]);"
			a := makeApp(t, modifiedBy(tokenScript(t, modifyContext, source))).logIn()
			r := a.request()
			res := a.redeem(r, a.code(r), "resource", api)
			checkTokens(t, res)
			t.Equal("aud", api, c.At(parseToken(t, res.Text("access_token")).claims, "aud"))
		},
	}, {
		ID:    "provider/script/failures",
		Title: "a script that fails is 500, in words of its kind, and there is no token",
		Level: c.Should, Needs: scriptsOfApps, Ref: refTokenScripts, Writes: true,
		Run: func(t *c.T) {
			const broken = "conformanceNowhere.at();"
			for description, changed := range map[string]change{
				"Error running may_act script":                   overriding(object{"accessTokenMayActScript": tokenScript(t, mayActContext, broken)}),
				"Error running access token modification plugin": modifiedBy(tokenScript(t, modifyContext, broken)),
			} {
				a := makeApp(t, changed)
				checkOAuthError(t, a.ask("grant_type", grantClient, "scope", "read"), http.StatusInternalServerError, "server_error", description)
			}
		},
	}, {
		ID:    "provider/code/enforced",
		Title: "where the settings demand it of public clients, these get no code without a challenge, and others do",
		Level: c.Should, Needs: []c.Feature{c.Clients, c.ProviderSettings, c.Managed, c.Logins}, Ref: "documented: AM, codeVerifierEnforced of the provider", Writes: true,
		Run: func(t *c.T) {
			setProvider(t, "advancedOAuth2Config", "codeVerifierEnforced", "public")
			open, closed := makeApp(t, public).logIn(), makeApp(t)
			closed.token, closed.cookie = open.token, open.cookie
			for _, a := range []*app{open, closed} {
				r := a.request()
				r.params.Del("code_challenge")
				r.params.Del("code_challenge_method")
				if res := a.visit(r, a.browser()); a == open {
					checkNotAuthorized(t, r, res)
				} else {
					t.Status(http.StatusFound, res)
					checkTokens(t, a.redeem(r, a.code(r), "code_verifier", ""))
				}
			}
			open.tokens()
			checkNoTokens(t, open.post("/device/code", "scope", "read"))
		},
	},
}

// setProvider changes a setting of alpha's provider until the case is over.
func setProvider(t *c.T, group, name string, value any) {
	before := oauthProvider.read(t)
	writable := func(document any) object { return without(document, "_rev") }
	put := func(document any) *c.Response {
		return t.Put(oauthProvider.path, document, oauthProvider.asked(nil)...)
	}
	t.Cleanup(func() {
		if res := put(writable(before.Body)); res.Status != http.StatusOK {
			t.Fatalf("the setting %s of alpha's provider was left changed: %d", name, res.Status)
		}
	})
	t.Status(http.StatusOK, put(writable(with(before.Body, group, with(before.At(group), name, value)))))
}

// allowExchange has alpha's provider exchange tokens until the case is over.
func allowExchange(t *c.T) {
	const group, name = "advancedOAuth2Config", "grantTypes"
	list := oauthProvider.read(t).List(group, name)
	for _, grant := range list {
		if grant == grantExchange {
			return
		}
	}
	setProvider(t, group, name, append(list[:len(list):len(list)], grantExchange))
}

// overriding makes a client override the provider's settings: with those of a new
// tenant, but for the given ones.
func overriding(settings object) change {
	return func(client object) {
		overrides := object{
			"providerOverridesEnabled": true, "statelessTokensEnabled": true, "issueRefreshToken": true,
			"issueRefreshTokenOnRefreshedToken": true, "clientsCanSkipConsent": true,
		}
		for name, value := range settings {
			overrides[name] = value
		}
		client[overrideSection] = overrides
	}
}

func modifiedBy(script string) change {
	return overriding(object{"accessTokenModificationPluginType": "SCRIPTED", "accessTokenModificationScript": script})
}

// tokenScript makes a script that has to do with tokens.
func tokenScript(t *c.T, context, source string) (id string) {
	id = uuid.NewString()
	scripts.at(id).made(t, with(newScript(t, source), "context", context))
	return id
}

func mayActScript(t *c.T, claim object) (id string) {
	text, err := json.Marshal(claim)
	if err != nil {
		t.Breakf("encode a claim: %w", err)
	}
	return tokenScript(t, mayActContext, "token.setMayAct("+string(text)+");")
}

// makeAgent makes a client that exchanges tokens.
func makeAgent(t *c.T, changes ...change) *app {
	return makeApp(t, append([]change{
		grants(grantExchange), setting(coreSection, "scopes", []string{"payments", "refunds"}), setting(coreSection, "defaultScopes", []string{"payments"}),
	}, changes...)...)
}

// makeExchange makes an agent, which changes change, and a client whose tokens say that
// the agent may act.
func makeExchange(t *c.T, changes ...change) (a, agent *app) {
	allowExchange(t)
	agent = makeAgent(t, changes...)
	return makeApp(t, overriding(object{"accessTokenMayActScript": mayActScript(t, object{"client_id": agent.id})})).logIn(), agent
}

// makeIdentified makes an agent, and a client whose ID tokens say that the agent may act.
func makeIdentified(t *c.T, changes ...change) (a, agent *app) {
	allowExchange(t)
	agent = makeAgent(t)
	scripted := overriding(object{"oidcMayActScript": mayActScript(t, object{"client_id": agent.id})})
	return makeApp(t, append([]change{scripted}, changes...)...).logIn(), agent
}

// makeDelegation makes a client whose tokens say that the agent may act for the actor.
func makeDelegation(t *c.T) (actor, agent, a *app) {
	allowExchange(t)
	actor, agent = makeApp(t).logIn(), makeAgent(t)
	may := mayActScript(t, object{"client_id": agent.id, "sub": actor.person.id})
	return actor, agent, makeApp(t, overriding(object{"accessTokenMayActScript": may})).logIn()
}

// trade exchanges an access token. Later pairs replace the token's type.
func (a *app) trade(subject string, pairs ...string) *c.Response {
	form := formOf("grant_type", grantExchange, "subject_token", subject, "subject_token_type", tokenType)
	for name, values := range formOf(pairs...) {
		form[name] = values
	}
	return a.t.Post(a.provider+"/access_token", form, a.credentials(form))
}

// checkBadExchange checks the one answer to all that is wrong with an exchange's tokens.
func checkBadExchange(t *c.T, what string, res *c.Response) {
	t.Equal("status for "+what, http.StatusBadRequest, res.Status)
	t.Equal("answer to "+what, object{"error": "invalid_request", "error_description": "Invalid token exchange."}, res.Body)
}

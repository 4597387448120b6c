package cases

import (
	"net/http"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

var toolsAndApps = []c.Feature{c.Tools, c.Clients, c.Managed}

// appTools are the cases about the tools for OIDC applications, each of which is
// an OAuth client and a managed object.
var appTools = []c.Case{
	{
		ID:    "tools/apps/schema",
		Title: "getOidcAppSchema tells the fields of both halves, or of some sections, with their defaults",
		Level: c.Must, Needs: toolsAndApps, Ref: refTools,
		Run: func(t *c.T) {
			schema := clients.act(t, "schema")
			t.Status(http.StatusOK, schema)
			answer := t.Call("getOidcAppSchema", args{"realm": "alpha"})
			t.Succeeded(answer)
			for section := range clientDefaults {
				fields := without(schema.At("properties", section, "properties"))
				t.True("there is "+section, len(fields) > 0)
				for name := range fields {
					t.Has("fields of "+section, answer.At("oauth2Client", section), name)
				}
			}
			t.Equal("type of scopes", "array", answer.At("oauth2Client", coreSection, "scopes", "type"))
			t.Has("fields of the application", answer.At("managedApplication"), "name", "owners", "ssoEntities")
			t.True("a name is required", slices.Contains(c.List(answer.Body, "requiredOfApplication"), any("name")))
			some := t.Call("getOidcAppSchema", args{"realm": "alpha", "sections": []string{umaSection}, "includeDefaults": true, "summary": false})
			t.Succeeded(some)
			t.Equal("other sections", object{}, without(some.At("oauth2Client"), umaSection))
			t.Equal("section", schema.At("properties", umaSection, "properties"), some.At("oauth2Client", umaSection))
			t.Equal("defaults", object{umaSection: object{"claimsRedirectionUris": []any{}}}, some.At("defaults"))
		},
	}, {
		ID:    "tools/apps/create",
		Title: "createOidcApp makes a client and a managed object that refers to it",
		Level: c.Must, Needs: toolsAndApps, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			app := newApp(t)
			app.client = object{coreSection: object{"redirectionUris": []string{"https://conformance.example.com/callback"}, "clientType": own("Public")}}
			answer := app.create()
			t.Succeeded(answer)
			client := clients.at(app.id).read(t)
			for name, value := range map[string]any{
				"redirectionUris": []string{"https://conformance.example.com/callback"}, "clientType": "Public", "clientName": []string{app.name},
				"scopes": []string{"openid"}, "status": "Active",
			} {
				t.Equal(name, own(value), client.At(coreSection, name))
			}
			t.Has("client", client.Body, signingSection)
			stored := app.stored()
			t.Equal("reference to the client", object{"oidcId": app.id}, stored.At("ssoEntities"))
			t.Equal("owners", []any{strings.TrimPrefix(app.owner, ownersAre)}, referredBy(t, at(applications, stored.Text("_id")), "owners"))
			t.Equal("clientId", app.id, answer.At("clientId"))
			t.Equal("clientRevision", client.At("_rev"), answer.At("clientRevision"))
			t.Equal("clientType told", "Public", answer.At("oauth2Client", coreSection, "clientType"))
			t.Equal("_id told", stored.At("_id"), answer.At("managedApplication", "_id"))
		},
	}, {
		ID:    "tools/apps/secret",
		Title: "the secret of a client is good at the provider, and comes back from no tool",
		Level: c.Must, Needs: toolsAndApps, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			app, secret := newApp(t), freshSecret(t)
			app.client = object{coreSection: object{clientSecret: secret, "clientType": "Confidential"}, advancedSection: object{"grantTypes": []string{"authorization_code", grantRefresh}}}
			made := app.create()
			t.Succeeded(made)
			checkKnown(t, app.id, secret)
			read := app.call("getOidcApp", nil)
			t.Succeeded(read)
			changed := app.call("updateOidcApp", args{"oauth2Client": object{coreSection: object{"accessTokenLifetime": 120}}})
			t.Succeeded(changed)
			checkKnown(t, app.id, secret)
			for _, answer := range []*c.Answer{made, read, changed} {
				t.True("the answer of "+answer.Tool+" does not hold the secret", !holds(answer, secret))
				t.Lacks("core", answer.At("oauth2Client", coreSection), clientSecret)
			}
		},
	}, {
		ID:    "tools/apps/create-taken",
		Title: "a name or a client ID that is taken is refused, and nothing is changed or made",
		Level: c.Must, Needs: toolsAndApps, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			first, second := newApp(t), newApp(t)
			t.Succeeded(first.create())
			client, application := clients.at(first.id).read(t), first.stored()
			for parameter, taken := range map[string]oidcApp{
				"name":     {t: t, name: first.name, id: second.id, owner: first.owner},
				"clientId": {t: t, name: second.name, id: first.id, owner: first.owner},
			} {
				checkConflict(t, taken.create(), parameter)
			}
			clients.at(first.id).checkUnchanged(t, client)
			checkUnchanged(t, at(applications, application.Text("_id")), application)
			second.checkGone()
		},
	}, {
		ID:    "tools/apps/create-taken-back",
		Title: "if the managed object is refused, the client that was made first is taken back",
		Level: c.Should, Needs: toolsAndApps, Ref: refDangling, Writes: true,
		Run: func(t *c.T) {
			app := newApp(t)
			app.owner = ownersAre + t.Fresh("nobody")
			answer := app.create()
			t.Refused(answer)
			t.Contains("hint", "taken back", c.Text(answer.Structured, "error", "hint"))
			app.checkGone()
		},
	}, {
		ID:    "tools/apps/create-invalid",
		Title: "an unknown section is refused before anything is sent, an unknown field by the tenant; nothing is left",
		Level: c.Must, Needs: toolsAndApps, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			app := newApp(t)
			app.client = object{"conformance": object{"status": "Active"}}
			checkParameter(t, app.create(), "oauth2Client")
			app.client = object{coreSection: object{"conformance": true}}
			refused := app.create()
			checkRefusal(t, refused, http.StatusBadRequest)
			t.Equal("parameter", "oauth2Client", c.At(refused.Structured, "error", "parameter"))
			t.Contains("hint", "getOidcAppSchema", c.Text(refused.Structured, "error", "hint"))
			app.checkGone()
		},
	}, {
		ID:    "tools/apps/get",
		Title: "getOidcApp gives both halves by the name, the values of the client as they are",
		Level: c.Must, Needs: toolsAndApps, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			app := newApp(t)
			t.Succeeded(app.create())
			answer := app.call("getOidcApp", nil)
			t.Succeeded(answer)
			stored, client := app.stored(), clients.at(app.id).read(t)
			t.Equal("clientId", app.id, answer.At("clientId"))
			t.Equal("clientRevision", client.At("_rev"), answer.At("clientRevision"))
			for section := range clientDefaults {
				for name, wrapped := range without(client.At(section)) {
					t.Equal(name, c.At(wrapped, "value"), answer.At("oauth2Client", section, name))
				}
			}
			t.Equal("application", without(stored.Body, "owners"), without(answer.At("managedApplication"), "owners"))
			t.Status(http.StatusOK, clients.at(app.id).delete(t))
			left := app.call("getOidcApp", nil)
			t.Succeeded(left)
			t.Contains("note", "gone", left.String("note"))
		},
	}, {
		ID:    "tools/apps/missing",
		Title: "an application that is not there is refused with a hint to the list, one of other capitals is named",
		Level: c.Must, Needs: toolsAndApps, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			app := newApp(t)
			t.Succeeded(app.create())
			nobody := oidcApp{t: t, name: t.Fresh("app")}
			for tool, more := range map[string]args{
				"getOidcApp": {}, "deleteOidcApp": {}, "updateOidcApp": {"oauth2Client": object{coreSection: object{"status": "Inactive"}}},
			} {
				answer := nobody.call(tool, more)
				t.Refused(answer)
				t.Equal("parameter", "name", c.At(answer.Structured, "error", "parameter"))
				t.Contains("hint", "listOidcApps", c.Text(answer.Structured, "error", "hint"))
			}
			t.Equal("application afterwards", app.name, app.stored().At("name"))
		},
	}, {
		ID:    "tools/apps/list",
		Title: "listOidcApps lists applications that have a client, counts the others, and goes from page to page",
		Level: c.Must, Needs: toolsAndApps, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			first, second, other := newApp(t), newApp(t), t.Fresh("app")
			t.Succeeded(first.create())
			t.Succeeded(second.create())
			create(t, applications, object{"name": other})
			filter := eq("name", first.name) + " or " + eq("name", second.name) + " or " + eq("name", other)
			all := t.Call("listOidcApps", args{"realm": "alpha", "queryFilter": filter})
			t.Succeeded(all)
			t.Equal("resultCount", 2, all.At("resultCount"))
			t.Equal("otherApplications", 1, all.At("otherApplications"))
			for _, app := range []oidcApp{first, second} {
				stored := app.stored()
				t.Equal("application", object{
					"id": stored.At("_id"), "name": app.name, "clientId": app.id, "templateName": stored.At("templateName"),
				}, named(t, c.List(all.Body, "applications"), app.name))
			}
			one := eq("name", first.name) + " or " + eq("name", second.name)
			page := t.Call("listOidcApps", args{"realm": "alpha", "queryFilter": one, "pageSize": 1})
			t.Succeeded(page)
			t.Equal("applications of the first page", 1, len(c.List(page.Body, "applications")))
			next := t.Call("listOidcApps", args{"realm": "alpha", "queryFilter": one, "pageSize": 1, "pagedResultsCookie": page.At("pagedResultsCookie")})
			t.Succeeded(next)
			t.Equal("applications of the second page", 1, len(c.List(next.Body, "applications")))
			t.Differs("name", page.At("applications", 0, "name"), next.At("applications", 0, "name"))
		},
	}, {
		ID:    "tools/apps/update",
		Title: "updateOidcApp changes what is named of the client, and keeps the rest and the managed object",
		Level: c.Must, Needs: toolsAndApps, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			app := newApp(t)
			app.client = object{coreSection: object{"scopes": []string{"openid", "read"}, "defaultScopes": []string{"openid"}}}
			t.Succeeded(app.create())
			client, application := clients.at(app.id).read(t), app.stored()
			answer := app.call("updateOidcApp", args{"oauth2Client": object{coreSection: object{"accessTokenLifetime": 120, "scopes": own([]string{"read"}), "defaultScopes": nil}}})
			t.Succeeded(answer)
			core := client.At(coreSection)
			for name, value := range map[string]any{"accessTokenLifetime": 120, "scopes": []string{"read"}} {
				core = with(core, name, own(value))
			}
			after := clients.at(app.id).read(t)
			t.Equal("core", without(core, "defaultScopes"), without(after.At(coreSection), "defaultScopes"))
			t.True("there are no default scopes", len(after.List(coreSection, "defaultScopes", "value")) == 0)
			t.Equal("other sections", without(client.Body, "_rev", coreSection), without(after.Body, "_rev", coreSection))
			t.Equal("clientRevision", after.At("_rev"), answer.At("clientRevision"))
			checkUnchanged(t, at(applications, application.Text("_id")), application)
		},
	}, {
		ID:    "tools/apps/update-object",
		Title: "updateOidcApp patches the managed object that has the revision, and no other; the tie to the client stays",
		Level: c.Must, Needs: toolsAndApps, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			app := newApp(t)
			t.Succeeded(app.create())
			before := app.stored()
			describe := func(revision any, operations ...object) *c.Answer {
				return app.call("updateOidcApp", args{"managedApplication": object{"_rev": revision, "operations": operations}})
			}
			answer := describe(before.At("_rev"), op("replace", "/description", "changed"))
			t.Succeeded(answer)
			after := app.stored()
			t.Equal("application", with(without(before.Body, "_rev"), "description", "changed"), without(after.Body, "_rev"))
			t.Equal("revision told", after.At("_rev"), answer.At("managedApplication", "_rev"))
			for parameter, refused := range map[string]*c.Answer{
				"managedApplication._rev":                describe(before.At("_rev"), op("replace", "/description", "stale")),
				"managedApplication.operations[1].field": describe(after.At("_rev"), op("replace", "/description", "x"), op("replace", "/ssoEntities/oidcId", "x")),
				"managedApplication.operations[0].value": describe(after.At("_rev"), op("replace", "/description", nil)),
			} {
				checkParameter(t, refused, parameter)
			}
			checkUnchanged(t, at(applications, after.Text("_id")), after)
		},
	}, {
		ID:    "tools/apps/delete",
		Title: "deleteOidcApp deletes both halves, and tells so",
		Level: c.Must, Needs: toolsAndApps, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			app, other := newApp(t), newApp(t)
			t.Succeeded(app.create())
			t.Succeeded(other.create())
			wrong := app.call("deleteOidcApp", args{"clientId": other.id})
			checkParameter(t, wrong, "clientId")
			answer := app.call("deleteOidcApp", nil)
			t.Succeeded(answer)
			t.Equal("answer", object{"name": app.name, "clientId": app.id, "oauth2Client": "deleted", "managedApplication": "deleted"}, without(answer.Body, "transactionId"))
			app.checkGone()
			clients.at(other.id).read(t)
			t.Equal("reference of the other", other.id, other.stored().At("ssoEntities", "oidcId"))
		},
	}, {
		ID:    "tools/apps/delete-half",
		Title: "what is left of an application whose other half is gone is deleted, and what was gone is told",
		Level: c.Must, Needs: toolsAndApps, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			const deleted, gone = "deleted", "already gone"
			app := newApp(t)
			t.Succeeded(app.create())
			t.Status(http.StatusOK, clients.at(app.id).delete(t))
			halves := func(answer *c.Answer) object {
				t.Succeeded(answer)
				return without(answer.Body, "transactionId", "name", "clientId")
			}
			t.Equal("without a client", object{"oauth2Client": gone, "managedApplication": deleted}, halves(app.call("deleteOidcApp", nil)))
			t.Succeeded(app.create())
			t.Status(http.StatusOK, t.Delete(at(applications, app.stored().Text("_id"))))
			t.Refused(app.call("deleteOidcApp", nil))
			clients.at(app.id).read(t)
			t.Equal("without an application", object{"oauth2Client": deleted, "managedApplication": gone}, halves(app.call("deleteOidcApp", args{"clientId": app.id})))
			app.checkGone()
		},
	}, {
		ID:    "tools/apps/quotes",
		Title: "quotes in a name do not change the queries of the tools",
		Level: c.Must, Needs: toolsAndApps, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			plain, quoted := newApp(t), newApp(t)
			quoted.name += `" or true or name eq "\`
			t.Succeeded(plain.create())
			t.Succeeded(quoted.create())
			answer := quoted.call("getOidcApp", nil)
			t.Succeeded(answer)
			t.Equal("clientId", quoted.id, answer.At("clientId"))
			stranger := plain
			stranger.name += `" or true or name eq "\`
			t.Refused(stranger.call("deleteOidcApp", nil))
			t.Succeeded(quoted.call("deleteOidcApp", nil))
			quoted.checkGone()
			clients.at(plain.id).read(t)
		},
	}, {
		ID:    "tools/apps/arguments",
		Title: "owners of another realm, IDs that lead elsewhere, unknown realms and sizes of pages are refused",
		Level: c.Must, Needs: toolsAndApps, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			app := newApp(t)
			t.Succeeded(app.create())
			client := clients.at(app.id).read(t)
			for _, owner := range []string{"managed/bravo_user/x", "managed/alpha_role/x", "managed/alpha_user/../x", "managed/alpha_user/", ""} {
				stranger := oidcApp{t: t, name: t.Fresh("app"), id: t.Fresh("client"), owner: owner}
				t.Refused(stranger.create())
				stranger.checkGone()
			}
			for _, id := range []string{"..", ".", "", " "} {
				checkParameter(t, app.call("deleteOidcApp", args{"clientId": id}), "clientId")
			}
			for _, size := range []int{0, -1, 251} {
				checkParameter(t, t.Call("listOidcApps", args{"realm": "alpha", "pageSize": size}), "pageSize")
			}
			checkParameter(t, t.Call("listOidcApps", args{"realm": "root"}), "realm")
			checkParameter(t, t.Call("getOidcApp", args{"realm": "alpha", "name": " "}), "name")
			checkParameter(t, app.call("updateOidcApp", nil), "oauth2Client")
			refused := t.Call("listOidcApps", args{"realm": "alpha", "queryFilter": "name eq"})
			checkRefusal(t, refused, http.StatusBadRequest)
			t.Equal("parameter", "queryFilter", c.At(refused.Structured, "error", "parameter"))
			clients.at(app.id).checkUnchanged(t, client)
		},
	},
}

// ownersAre is how references to users of alpha begin.
const ownersAre = "managed/alpha_user/"

// oidcApp is an application of alpha, with a reference to its owner.
type oidcApp struct {
	t               *c.T
	name, id, owner string
	client          object
}

// newApp is an application of a fresh name and a fresh client ID, with an owner who
// is there.
func newApp(t *c.T) oidcApp {
	owner, _ := create(t, users, newUser(t))
	return oidcApp{t: t, name: t.Fresh("app"), id: t.Fresh("client"), owner: ownersAre + owner}
}

// create creates the application through the tool. Both halves are removed in the
// end.
func (a oidcApp) create() *c.Answer {
	a.t.Cleanup(func() {
		clients.at(a.id).remove(a.t)
		removeFound(a.t, applications, object{"name": a.name})
	})
	call := args{"clientId": a.id, "owners": []object{{"_ref": a.owner}}}
	if a.client != nil {
		call["oauth2Client"] = a.client
	}
	return a.call("createOidcApp", call)
}

// call calls a tool about the application.
func (a oidcApp) call(tool string, more args) *c.Answer {
	call := args{"realm": "alpha", "name": a.name}
	for name, value := range more {
		call[name] = value
	}
	return a.t.Call(tool, call)
}

// stored reads the managed object. The case stops if there is none, or several.
func (a oidcApp) stored() *c.Response {
	ids := column(query(a.t, applications, eq("name", a.name)), "_id")
	if len(ids) != 1 {
		a.t.Fatalf("there are %d applications of the name %s", len(ids), a.name)
	}
	id, _ := ids[0].(string)
	return read(a.t, at(applications, id))
}

// checkGone checks that neither half is there.
func (a oidcApp) checkGone() {
	a.t.Status(http.StatusNotFound, clients.at(a.id).get(a.t))
	a.t.Equal("applications of the name", []any{}, query(a.t, applications, eq("name", a.name)).At("result"))
}

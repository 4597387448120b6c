package cases

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

var scripts = api{inAlpha + "/scripts", "protocol=2.0,resource=1.0"}

const (
	decisionNode  = "AUTHENTICATION_TREE_DECISION_NODE"
	scriptVersion = "resource=1.1"
)

var scriptsNeeded = []c.Feature{c.Scripts}

// shipped are some of the scripts that tenants come with. The last ID is no UUID.
var shipped = []struct{ id, context, language, evaluator string }{
	{"01e1a3c0-038b-4c16-956a-6c9d89328cff", decisionNode, "JAVASCRIPT", "1.0"},
	{"11e1a3c0-038b-4c16-956a-6c9d89328cff", decisionNode, "JAVASCRIPT", "2.0"},
	{"6c49bebe-3a62-11ed-a261-0242ac120002", "LIBRARY", "JAVASCRIPT", "2.0"},
	{"36863ffb-40ec-48b9-94b1-9a99f71cc3b5", "OIDC_CLAIMS", "JAVASCRIPT", "1.0"},
	{"484e6246-dbc6-4288-97e6-54e55431402e", "SOCIAL_IDP_PROFILE_TRANSFORMATION", "GROOVY", "1.0"},
	{"58c824ae-84ed-4724-82cd-db128fc3f6c", "SOCIAL_IDP_PROFILE_TRANSFORMATION", "GROOVY", "1.0"},
}

// internal are scripts of the tenant's own.
var internal = []string{"1f389a3d-21cf-417c-a6d3-42ea620071f0", "c234ba0b-58a1-4cfd-9567-09edde980745"}

// signed are the members of a script that tell who wrote it, and when.
var signed = []string{"createdBy", "creationDate", "lastModifiedBy", "lastModifiedDate"}

// scripting are the cases about scripts.
var scripting = []c.Case{
	{
		ID:    "scripts/answer/headers",
		Title: "answers carry the type, the caching and the security headers of AM, and the version that answers",
		Level: c.Must, Needs: scriptsNeeded, Ref: refAMHeaders,
		Run: func(t *c.T) {
			res := scripts.at(shipped[0].id).read(t)
			for name, value := range map[string]string{
				"Content-Type": "application/json;charset=UTF-8", "Cache-Control": "private", "Pragma": "no-cache", "Expires": "0",
				"X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
				"Content-API-Version": scriptVersion,
			} {
				t.Equal(name, value, res.Header.Get(name))
			}
			t.Contains("Content-Security-Policy", "default-src 'none';frame-ancestors 'none';sandbox", res.Header.Get("Content-Security-Policy"))
		},
	}, {
		ID:    "scripts/answer/version-malformed",
		Title: "an Accept-API-Version that is none, or of an unknown protocol, is 400",
		Level: c.Should, Needs: scriptsNeeded, Ref: refBinding,
		Run: func(t *c.T) {
			scripts.at(shipped[0].id).read(t)
			for _, bad := range []string{"latest", "protocol=3.0,resource=1.0"} {
				checkError(t, api{scripts.path, bad}.at(shipped[0].id).get(t), http.StatusBadRequest)
			}
		},
	}, {
		ID:    "scripts/auth/garbage",
		Title: "scripts are closed to requests without a bearer, and to bearers that are none",
		Level: c.Should, Needs: scriptsNeeded, Ref: refAMBearer,
		Run: func(t *c.T) {
			scripts.at(shipped[0].id).read(t)
			for _, bearer := range []c.Option{c.Anonymous(), c.Bearer("garbage")} {
				t.Status(http.StatusUnauthorized, scripts.at(shipped[0].id).get(t, bearer))
				t.Status(http.StatusUnauthorized, scripts.get(t, c.Query("_queryFilter", "true"), bearer))
			}
		},
	}, {
		ID:    "scripts/realm/spellings",
		Title: "a realm is /realms/root/realms/alpha, /realms/alpha or /alpha",
		Level: c.Should, Needs: scriptsNeeded, Ref: refSpelling,
		Run: func(t *c.T) { scripts.at(shipped[0].id).checkSpellings(t) },
	}, {
		ID:    "scripts/realm/root",
		Title: "the scripts of the root realm are not available",
		Level: c.Must, Needs: scriptsNeeded, Ref: refUnavailable,
		Run: func(t *c.T) { checkUnavailable(t, scripts.in("/realms/root").get(t, c.Query("_queryFilter", "true"))) },
	}, {
		ID:    "scripts/realm/apart",
		Title: "each realm has scripts and names of its own",
		Level: c.Should, Needs: scriptsNeeded, Ref: "inferred from the recorded refusals, which name the realm", Writes: true,
		Run: func(t *c.T) {
			id, body := uuid.NewString(), newScript(t, "action.goTo('a');")
			scripts.at(id).made(t, body)
			bravo := scripts.in("/realms/root/realms/bravo").at(id)
			checkRefusedByAM(t, bravo.get(t), http.StatusNotFound, noScript(id, "bravo"))
			bravo.made(t, body)
			t.Status(http.StatusOK, bravo.delete(t))
			t.Equal("name in alpha", body["name"], scripts.at(id).read(t).At("name"))
		},
	}, {
		ID:    "scripts/list/envelope",
		Title: "a list of scripts is not counted, and nothing remains after it",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptList,
		Run: func(t *c.T) {
			page := scripts.find(t, "true")
			t.True("there are scripts", len(page.List("result")) > 0)
			checkEnvelope(t, page, uncounted, -1, 0)
			t.Equal("Content-API-Version", "protocol=2.0,resource=1.1, resource=1.1", page.Header.Get("Content-API-Version"))
		},
	}, {
		ID:    "scripts/list/shipped",
		Title: "the default scripts are listed, and are as single reads show them",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptList,
		Run: func(t *c.T) {
			page := scripts.find(t, "true")
			for _, s := range shipped {
				script := listed(t, page, s.id)
				checkHolds(t, "script "+s.id, object{"default": true, "context": s.context, "language": s.language, "evaluatorVersion": s.evaluator}, script)
				t.Equal("script read", script, scripts.at(s.id).read(t).Body)
			}
		},
	}, {
		ID:    "scripts/list/internal",
		Title: "scripts of the tenant's own are listed, but cannot be read",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptInternal,
		Run: func(t *c.T) {
			page := scripts.find(t, "true")
			for _, id := range internal {
				t.Has("script", listed(t, page, id), "name", "script", "context")
				checkUnavailable(t, scripts.at(id).get(t))
			}
		},
	}, {
		ID:    "scripts/list/by-name",
		Title: "name eq finds the one script of a name, or an empty page",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptList, Writes: true,
		Run: func(t *c.T) {
			id, body := uuid.NewString(), newScript(t, "action.goTo('a');")
			name := body["name"].(string)
			body["name"] = name + " (1): x - y"
			scripts.at(id).made(t, body)
			page := scripts.find(t, eq("name", name+" (1): x - y"))
			t.Equal("results", []any{scripts.at(id).read(t).Body}, page.At("result"))
			for _, other := range []string{name, name + `" or true or name eq "x`} {
				checkEmpty(t, scripts.find(t, eq("name", other)), 0, scriptVersion)
			}
		},
	}, {
		ID:    "scripts/list/fields",
		Title: "_fields limits what a list and a read show of a script",
		Level: c.Should, Needs: scriptsNeeded, Ref: "documented (CREST): _fields; not recorded for scripts",
		Run: func(t *c.T) {
			want := object{"_id": shipped[0].id, "context": shipped[0].context, "default": true}
			page := scripts.find(t, "true", "_fields", "_id,context,default")
			t.Equal("script listed", want, without(listed(t, page, shipped[0].id), "_rev"))
			t.Equal("script read", want, without(scripts.at(shipped[0].id).get(t, c.Query("_fields", "_id,context,default")).Body, "_rev"))
		},
	}, {
		ID:    "scripts/read/members",
		Title: "a script has twelve members, and neither a revision nor an ETag",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScript,
		Run: func(t *c.T) {
			for _, s := range shipped {
				res := scripts.at(s.id).read(t)
				members := append([]string{"_id", "name", "description", "script", "default", "language", "context", "evaluatorVersion"}, signed...)
				t.Has("script", res.Body, members...)
				t.Equal("other members", object{}, without(res.Body, members...))
				checkUntagged(t, res)
				for _, member := range []string{"createdBy", "lastModifiedBy"} {
					t.True(member+" is a text", res.Text(member) != "")
				}
				for _, member := range []string{"creationDate", "lastModifiedDate"} {
					t.True(member+" is a whole number", res.Number(member) >= 0)
				}
			}
		},
	}, {
		ID:    "scripts/read/missing",
		Title: "a read of a script that is not there is 404, and names it and the realm",
		Level: c.Should, Needs: scriptsNeeded, Ref: "inferred from the recorded refusal to delete such a script",
		Run: func(t *c.T) {
			id := uuid.NewString()
			checkRefusedByAM(t, scripts.at(id).get(t), http.StatusNotFound, noScript(id, "alpha"))
		},
	}, {
		ID:    "scripts/create/answer",
		Title: "PUT of a new script is 201 with the script, its revision as ETag, and its Location",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptPut, Writes: true,
		Run: func(t *c.T) {
			id, body := uuid.NewString(), newScript(t, "action.goTo('a');")
			res := scripts.at(id).made(t, body)
			t.Equal("script", with(with(body, "_id", id), "default", false), without(res.Body, append([]string{"_rev"}, signed...)...))
			checkTag(t, res)
			t.Equal("Location", strings.TrimSuffix(t.Target.BaseURL, "/")+scripts.at(id).path, res.Header.Get("Location"))
			t.Equal("Content-API-Version", scriptVersion, res.Header.Get("Content-API-Version"))
			t.Equal("script read", without(res.Body, "_rev"), scripts.at(id).read(t).Body)
		},
	}, {
		ID:    "scripts/create/signed",
		Title: "the server notes who creates a script and when, whatever is sent",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptSigned, Writes: true,
		Run: func(t *c.T) {
			body := newScript(t, "action.goTo('a');")
			for member, value := range map[string]any{"createdBy": "somebody", "lastModifiedBy": "somebody", "creationDate": 1, "lastModifiedDate": 2, "default": true} {
				body[member] = value
			}
			res := scripts.at(uuid.NewString()).made(t, body)
			author := res.Text("createdBy")
			t.True("the author "+author+" is a user of the tenant's own", strings.HasPrefix(author, "id=") && strings.HasSuffix(author, ",ou=user,ou=am-config"))
			t.Equal("lastModifiedBy", author, res.At("lastModifiedBy"))
			t.True("creationDate counts milliseconds", res.Number("creationDate") > 1_500_000_000_000)
			t.Equal("lastModifiedDate", res.At("creationDate"), res.At("lastModifiedDate"))
			t.Equal("default", false, res.At("default"))
		},
	}, {
		ID:    "scripts/create/evaluator",
		Title: "a script that names no evaluator gets 1.0",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScript, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			res := scripts.at(id).made(t, without(newScript(t, "outcome = 'a';"), "evaluatorVersion"))
			t.Equal("evaluatorVersion", "1.0", res.At("evaluatorVersion"))
			t.Equal("evaluatorVersion read", "1.0", scripts.at(id).read(t).At("evaluatorVersion"))
		},
	}, {
		ID:    "scripts/create/contexts",
		Title: "scripts of other contexts and languages are stored as they are",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScript, Writes: true,
		Run: func(t *c.T) {
			for _, s := range shipped {
				body := newScript(t, "// nothing")
				body["context"], body["language"], body["evaluatorVersion"] = s.context, s.language, s.evaluator
				id := uuid.NewString()
				scripts.at(id).made(t, body)
				checkHolds(t, "the script", body, scripts.at(id).read(t).Body)
			}
		},
	}, {
		ID:    "scripts/create/own-id",
		Title: "the ID of a script need not be a UUID",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScript, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			scripts.at(id[:len(id)-1]).made(t, newScript(t, "action.goTo('a');"))
			scripts.at(id[:len(id)-1]).read(t)
			t.Status(http.StatusNotFound, scripts.at(id).get(t))
		},
	}, {
		ID:    "scripts/create/no-description",
		Title: "a description may be null",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScript, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			res := scripts.at(id).made(t, with(newScript(t, "action.goTo('a');"), "description", nil))
			t.Has("script", res.Body, "description")
			t.Equal("description", nil, res.At("description"))
			t.Equal("script read", without(res.Body, "_rev"), scripts.at(id).read(t).Body)
		},
	}, {
		ID:    "scripts/create/bytes",
		Title: "a source comes back byte for byte: line ends, accents, quotes, what is no ASCII and what is no code",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptBytes, Writes: true,
		Run: func(t *c.T) {
			for _, source := range []string{"a();\r\n\tb();\r\n", "'ä€😀\u2028'", `"// as JSON\n"`, "<b>&amp;</b>\\u003c+/=", " ", strings.Repeat("x();\n", 20_000)} {
				id, body := uuid.NewString(), newScript(t, source)
				t.Equal("script", body["script"], scripts.at(id).made(t, body).At("script"))
				t.Equal("script read", body["script"], scripts.at(id).read(t).At("script"))
				t.Equal("script listed", body["script"], c.At(listed(t, scripts.find(t, eq("name", body["name"].(string))), id), "script"))
			}
		},
	}, {
		ID:    "scripts/create/name-clash",
		Title: "a new script of a name that another one has is 409, and changes nothing",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptClash, Writes: true,
		Run: func(t *c.T) {
			id, other, body := uuid.NewString(), uuid.NewString(), newScript(t, "action.goTo('a');")
			scripts.at(id).made(t, body)
			before := scripts.at(id).read(t)
			body["context"] = "LIBRARY"
			checkRefusedByAM(t, scripts.at(other).put(t, body), http.StatusConflict, nameClash(body))
			t.Status(http.StatusNotFound, scripts.at(other).get(t))
			scripts.at(id).checkUnchanged(t, before)
		},
	}, {
		ID:    "scripts/create/invalid",
		Title: "what is no script is 400: without a name or a source, not in base64, of an unknown context or language",
		Level: c.Should, Needs: scriptsNeeded, Ref: "inferred: such writes were not recorded", Writes: true,
		Run: func(t *c.T) {
			good := newScript(t, "action.goTo('a');")
			for _, bad := range []object{
				without(good, "name"), without(good, "script"), with(good, "script", "%%%"), without(good, "context"),
				with(good, "context", "CONFORMANCE"), with(good, "language", "COBOL"),
			} {
				id := uuid.NewString()
				checkError(t, scripts.at(id).put(t, bad), http.StatusBadRequest)
				t.Status(http.StatusNotFound, scripts.at(id).get(t))
			}
		},
	}, {
		ID:    "scripts/update/answer",
		Title: "PUT of a script that is there is 200 with the script, without a revision, an ETag and a Location",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptPut, Writes: true,
		Run: func(t *c.T) {
			id, body := uuid.NewString(), newScript(t, "action.goTo('a');")
			made := scripts.at(id).made(t, body)
			body["script"], body["description"] = inBase64("action.goTo('b');"), "changed"
			res := scripts.at(id).put(t, body)
			t.Status(http.StatusOK, res)
			t.Equal("script", with(with(body, "_id", id), "default", false), without(res.Body, signed...))
			checkUntagged(t, res)
			t.Equal("Location", "", res.Header.Get("Location"))
			t.Equal("script read", res.Body, scripts.at(id).read(t).Body)
			for _, member := range []string{"createdBy", "creationDate"} {
				t.Equal(member, made.At(member), res.At(member))
			}
			t.True("lastModifiedDate is not before creationDate", res.Number("lastModifiedDate") >= made.Number("creationDate"))
			t.Equal("lastModifiedBy", made.At("createdBy"), res.At("lastModifiedBy"))
		},
	}, {
		ID:    "scripts/update/as-read",
		Title: "a script can be written as it was read, and stays the same but for its date",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptPut, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			scripts.at(id).made(t, newScript(t, "action.goTo('a');"))
			before := scripts.at(id).read(t)
			t.Status(http.StatusOK, scripts.at(id).put(t, before.Body))
			t.Equal("script", without(before.Body, "lastModifiedDate"), without(scripts.at(id).read(t).Body, "lastModifiedDate"))
		},
	}, {
		ID:    "scripts/update/name-clash",
		Title: "a script cannot be given the name of another one; it can once that has got another name",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptClash, Writes: true,
		Run: func(t *c.T) {
			first, second := newScript(t, "action.goTo('a');"), newScript(t, "action.goTo('b');")
			one, two := scripts.at(uuid.NewString()), scripts.at(uuid.NewString())
			one.made(t, first)
			two.made(t, second)
			before := two.read(t)
			second["name"] = first["name"]
			checkRefusedByAM(t, two.put(t, second), http.StatusConflict, nameClash(first))
			two.checkUnchanged(t, before)
			t.Status(http.StatusOK, one.put(t, with(first, "name", t.Fresh("script"))))
			t.Status(http.StatusOK, two.put(t, second))
			t.Equal("name", first["name"], two.read(t).At("name"))
		},
	}, {
		ID:    "scripts/delete/answer",
		Title: "DELETE of a script answers its ID and nothing else, and the script is gone",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptDelete, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			scripts.at(id).made(t, newScript(t, "action.goTo('a');"))
			res := scripts.at(id).delete(t)
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{"_id": id}, res.Body)
			checkUntagged(t, res)
			t.Equal("Content-API-Version", scriptVersion, res.Header.Get("Content-API-Version"))
			t.Status(http.StatusNotFound, scripts.at(id).get(t))
		},
	}, {
		ID:    "scripts/delete/missing",
		Title: "DELETE of a script that is not there is 404, and names it and the realm",
		Level: c.Must, Needs: scriptsNeeded, Ref: refScriptDelete, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			res := scripts.at(id).delete(t)
			checkRefusedByAM(t, res, http.StatusNotFound, noScript(id, "alpha"))
			t.Equal("Content-API-Version", scriptVersion, res.Header.Get("Content-API-Version"))
		},
	}, {
		ID:    "scripts/delete/in-use",
		Title: "a script that an OAuth client uses is not deleted, and is once nothing uses it",
		Level: c.Should, Needs: []c.Feature{c.Scripts, c.Clients}, Ref: refScriptInUse, Writes: true,
		Run: func(t *c.T) {
			script := scripts.at(uuid.NewString())
			checkKept(t, script, usedScript(t, script))
		},
	}, {
		ID:    "scripts/delete/in-use-by-node",
		Title: "a script that a node of a journey uses is not deleted, and is once nothing uses it",
		Level: c.Should, Needs: []c.Feature{c.Scripts, c.Journeys}, Ref: refScriptInUse, Writes: true,
		Run: func(t *c.T) {
			script := scripts.at(uuid.NewString())
			id := script.made(t, newScript(t, "action.goTo('a');")).At("_id")
			user, _ := newNode(t, "ScriptedDecisionNode", object{"script": id, "outcomes": []string{"a"}, "inputs": []string{"*"}, "outputs": []string{"*"}})
			checkKept(t, script, user)
		},
	},
}

// checkKept checks that a script cannot be deleted before what uses it.
func checkKept(t *c.T, script, user api) {
	before := script.read(t)
	res := script.delete(t)
	t.True(fmt.Sprintf("the status %d is a refusal", res.Status), res.Status >= 400 && res.Status < 500)
	script.checkUnchanged(t, before)
	t.Status(http.StatusOK, user.delete(t))
	t.Status(http.StatusOK, script.delete(t))
}

// newScript is a next-generation script for scripted decision nodes. The name is
// fresh.
func newScript(t *c.T, source string) object {
	return object{
		"name": t.Fresh("script"), "description": "made by a conformance test", "script": inBase64(source),
		"language": "JAVASCRIPT", "context": decisionNode, "evaluatorVersion": "2.0",
	}
}

// usedScript makes a script and an OAuth client that uses it.
func usedScript(t *c.T, script api) (client api) {
	body := newScript(t, "// nothing")
	body["context"], body["evaluatorVersion"] = "OAUTH2_ACCESS_TOKEN_MODIFICATION", "1.0"
	script.made(t, body)
	client = clients.at(t.Fresh("client"))
	client.made(t, object{coreSection: object{}, overrideSection: object{
		"accessTokenModificationPluginType": "SCRIPTED", "accessTokenModificationScript": script.path[strings.LastIndex(script.path, "/")+1:],
	}})
	return client
}

func noScript(id, realm string) string {
	return "Script with UUID " + id + " could not be found in realm /" + realm
}

func nameClash(script object) string {
	return fmt.Sprintf("Script with name %s already exist in realm /alpha", script["name"])
}

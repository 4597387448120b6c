package cases

import (
	"net/http"
	"slices"
	"time"

	c "aicmcp/conformance"
)

const (
	variables = "/environment/variables"
	secrets   = "/environment/secrets"
	esvCount  = "/environment/count"
	startup   = "/environment/startup"
)

// restartWithin is how long a tenant may take to restart its services.
const restartWithin = 10 * time.Minute

var esvsNeeded = []c.Feature{c.ESVs}

// environment are the cases about what the resources of ESVs have in common, the
// counts of them and the restart.
var environment = []c.Case{
	{
		ID:    "esv/answer/headers",
		Title: "answers are application/json without a charset, without an ETag, a version or a caching rule",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVHeaders,
		Run: func(t *c.T) {
			for _, path := range []string{variables, esvCount, startup} {
				res := t.Get(path)
				t.Status(http.StatusOK, res)
				t.True("the answer is an object with members", len(without(res.Body)) > 0)
				for name, value := range map[string]string{"Content-Type": "application/json", "ETag": "", "Content-API-Version": "", "Cache-Control": ""} {
					t.Equal(name+" of "+path, value, res.Header.Get(name))
				}
			}
		},
	}, {
		ID:    "esv/answer/versions",
		Title: "reads are the same with the versions that clients ask for, and without one",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVVersions,
		Run: func(t *c.T) {
			for path, member := range map[string]string{variables: "result", secrets: "result", esvCount: "variables", startup: "restartStatus"} {
				plain := t.Get(path)
				t.Status(http.StatusOK, plain)
				t.Has("answer of "+path, plain.Body, member)
				for _, version := range []string{"protocol=1.0,resource=1.0", "resource=2.0"} {
					t.Equal(path+" in "+version, plain.Body, t.Get(path, c.Header("Accept-API-Version", version)).Body)
				}
			}
		},
	}, {
		ID:    "esv/answer/versions-writes",
		Title: "variables are written and deleted with the versions that clients ask for",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVVersions, Writes: true,
		Run: func(t *c.T) {
			for _, version := range []string{"protocol=1.0,resource=1.0", "resource=2.0"} {
				id, header := newESV(t, "version"), c.Header("Accept-API-Version", version)
				res := put(t, variables, id, newVariable("string", "a"), header)
				t.Status(http.StatusOK, res)
				t.Equal("_id", id, res.At("_id"))
				t.Status(http.StatusOK, t.Post(at(variables, id), object{"description": version}, setDescription, header))
				t.Equal("description", version, t.Get(at(variables, id), header).At("description"))
				t.Status(http.StatusOK, t.Delete(at(variables, id), header))
				t.Status(http.StatusNotFound, t.Get(at(variables, id), header))
			}
		},
	}, {
		ID:    "esv/answer/no-reason",
		Title: "a refusal has a code and a message, and unlike those of other APIs no reason",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVErrors,
		Run: func(t *c.T) {
			for _, res := range []*c.Response{t.Get(at(variables, newESV(t, "none"))), t.Get(at(secrets, newESV(t, "none")))} {
				t.Status(http.StatusNotFound, res)
				t.Has("refusal", res.Body, "code", "message")
				t.Equal("other members", object{}, without(res.Body, "code", "message"))
				t.Equal("code", http.StatusNotFound, res.At("code"))
			}
		},
	}, {
		ID:    "esv/answer/unknown-path",
		Title: "/environment/esv is 404: variables and secrets have paths of their own",
		Level: c.Must, Needs: esvsNeeded, Ref: "recorded on tenants: GET /environment/esv",
		Run: func(t *c.T) {
			checkReady(t)
			res := t.Get("/environment/esv")
			t.Status(http.StatusNotFound, res)
			t.Lacks("refusal", res.Body, "reason")
		},
	}, {
		ID:    "esv/auth/garbage",
		Title: "a request without a bearer, or with one that is none, is 401",
		Level: c.Should, Needs: esvsNeeded, Ref: "inferred from the refusal of a bearer by other APIs",
		Run: func(t *c.T) {
			checkReady(t)
			for _, path := range []string{variables, secrets, esvCount, startup} {
				t.Status(http.StatusUnauthorized, t.Get(path, c.Anonymous()))
				t.Status(http.StatusUnauthorized, t.Get(path, c.Bearer("garbage")))
			}
		},
	}, {
		ID:    "esv/auth/scope",
		Title: "a token with fr:idc:esv:* and no other scope reads and writes ESVs",
		Level: c.Must, Needs: []c.Feature{c.ESVs, c.OAuth, c.FormLogin, c.TokenExchange}, Ref: refESVScope, Writes: true,
		Run: func(t *c.T) {
			bearer, id := esvToken(t, "fr:idc:esv:*"), newESV(t, "scope")
			t.Status(http.StatusOK, t.Get(variables, bearer))
			t.Status(http.StatusOK, t.Get(startup, bearer))
			t.Equal("_id", id, put(t, variables, id, newVariable("string", "a"), bearer).At("_id"))
			t.Status(http.StatusOK, t.Delete(at(variables, id), bearer))
		},
	}, {
		ID:    "esv/auth/other-scope",
		Title: "a person's token with the scope of /openidm only is refused with 403",
		Level: c.Should, Needs: []c.Feature{c.ESVs, c.OAuth, c.FormLogin, c.TokenExchange}, Ref: "inferred: fr:idm:* is documented to open ESVs to service accounts, and is deprecated",
		Run: func(t *c.T) {
			bearer := esvToken(t, t.Target.OAuth.Scopes[0])
			for _, path := range []string{variables, secrets, esvCount, startup} {
				t.Status(http.StatusForbidden, t.Get(path, bearer))
			}
		},
	}, {
		ID:    "esv/count/form",
		Title: "the count has the number of secrets and that of variables, and nothing else",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVCount,
		Run: func(t *c.T) {
			for _, pending := range []bool{false, true} {
				secrets, variables := countESVs(t, pending)
				t.True("there are counts of secrets and variables", secrets >= 0 && variables >= 0)
			}
		},
	}, {
		ID:    "esv/count/all",
		Title: "the count goes up with each variable and secret that is made, and down with each that is deleted",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVCount, Writes: true,
		Run: func(t *c.T) { checkCounts(t, false) },
	}, {
		ID:    "esv/count/pending",
		Title: "the count with _onlyPending goes up and down with what waits for a restart; a change of what waits is no second",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVCount, Writes: true,
		Run: func(t *c.T) { checkCounts(t, true) },
	}, {
		ID:    "esv/count/never-pending",
		Title: "a secret that no placeholder uses is never pending",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecretLoaded, Writes: true,
		Run: func(t *c.T) {
			all, _ := countESVs(t, false)
			waiting, _ := countESVs(t, true)
			body := newSecret(t, "generic", freshValue(t))
			body["useInPlaceholders"] = false
			id := newESV(t, "secret")
			putESV(t, secrets, id, body)
			addVersion(t, id)
			allAfter, _ := countESVs(t, false)
			waitingAfter, _ := countESVs(t, true)
			t.Equal("secrets", all+1, allAfter)
			t.Equal("secrets that wait", waiting, waitingAfter)
		},
	}, {
		ID:    "esv/startup/status",
		Title: "startup tells whether the tenant is ready or restarting, and nothing else",
		Level: c.Must, Needs: esvsNeeded, Ref: refRestart,
		Run: checkReady,
	},
}

// restarting are the cases that restart the tenant's services. They come last,
// so that a restart that fails spoils no other case.
var restarting = []c.Case{{
	ID:    "esv/restart/loads",
	Title: "after a restart all that waited is loaded, and to delete it then leaves nothing pending",
	Level: c.Must, Needs: []c.Feature{c.ESVs, c.Restart}, Ref: refRestart, Writes: true, Waits: 2 * restartWithin,
	Run: func(t *c.T) {
		variable, secret := newESV(t, "variable"), newESV(t, "secret")
		before := putESV(t, variables, variable, newVariable("int", "7"))
		putESV(t, secrets, secret, newSecret(t, "generic", freshValue(t)))
		addVersion(t, secret)
		awaitReady(t)
		res := t.Post(startup, nil, c.Query("_action", "restart"))
		t.Status(http.StatusOK, res)
		if !c.Same(object{"restartStatus": "restarting"}, res.Body) {
			t.Fatalf("the answer does not say that the tenant is restarting: %s", res.Raw)
		}
		awaitReady(t)
		loaded := readESV(t, variables, variable)
		t.Equal("variable", with(without(before.Body, "lastChangeDate"), "loaded", true), without(loaded.Body, "lastChangeDate"))
		checkHolds(t, "the secret", object{"loaded": true, "activeVersion": "2", "loadedVersion": "2"}, readESV(t, secrets, secret).Body)
		secretsWaiting, variablesWaiting := countESVs(t, true)
		t.Status(http.StatusOK, t.Delete(at(variables, variable)))
		t.Status(http.StatusOK, t.Delete(at(secrets, secret)))
		secretsAfter, variablesAfter := countESVs(t, true)
		t.Equal("secrets that wait", secretsWaiting, secretsAfter)
		t.Equal("variables that wait", variablesWaiting, variablesAfter)
	},
}}

// checkReady checks the status of the tenant, whichever it is.
func checkReady(t *c.T) {
	res := t.Get(startup)
	t.Status(http.StatusOK, res)
	t.True("the tenant is ready or restarting", slices.Contains([]string{"ready", "restarting"}, res.Text("restartStatus")))
	t.Equal("other members", object{}, without(res.Body, "restartStatus"))
}

// awaitReady waits until no restart is under way. The tenant may fail to answer
// in the meantime.
func awaitReady(t *c.T) {
	t.Poll(restartWithin, "the restart of the tenant to end", func() bool {
		res := t.Get(startup)
		return res.Status == http.StatusOK && res.Text("restartStatus") == "ready"
	})
}

// countESVs reads the counts of secrets and variables: of all, or of those that
// wait for a restart.
func countESVs(t *c.T, pending bool) (secrets, variables int64) {
	var query []c.Option
	if pending {
		query = append(query, c.Query("_onlyPending", "true"))
	}
	res := t.Get(esvCount, query...)
	t.Status(http.StatusOK, res)
	t.Equal("other members of the count", object{}, without(res.Body, "secrets", "variables"))
	t.Has("count", res.Body, "secrets", "variables")
	return res.Number("secrets"), res.Number("variables")
}

// checkCounts makes a variable and a secret, changes and deletes them, and checks
// the counts in between.
func checkCounts(t *c.T, pending bool) {
	secretsBefore, variablesBefore := countESVs(t, pending)
	expect := func(when string, moreSecrets, moreVariables int64) {
		s, v := countESVs(t, pending)
		t.Equal("secrets after "+when, secretsBefore+moreSecrets, s)
		t.Equal("variables after "+when, variablesBefore+moreVariables, v)
	}
	variable, secret := newESV(t, "variable"), newESV(t, "secret")
	putESV(t, variables, variable, newVariable("string", "a"))
	expect("a variable was made", 0, 1)
	putESV(t, secrets, secret, newSecret(t, "generic", freshValue(t)))
	expect("a secret was made", 1, 1)
	putESV(t, variables, variable, newVariable("string", "b"))
	addVersion(t, secret)
	expect("both were changed", 1, 1)
	t.Status(http.StatusOK, t.Delete(at(variables, variable)))
	expect("the variable was deleted", 1, 0)
	t.Status(http.StatusOK, t.Delete(at(secrets, secret)))
	expect("the secret was deleted", 0, 0)
}

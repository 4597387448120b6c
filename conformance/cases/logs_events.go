package cases

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"

	c "aicmcp/conformance"
)

// events are the cases about what is logged.
var events = []c.Case{
	{
		ID:    "logs/idm-access/read",
		Title: "a request to IDM is an event with who asked for what, and how it ended",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogIDM, Waits: visible,
		Run: func(t *c.T) {
			missing := missingUser(t)
			res := t.Get(missing)
			t.Status(http.StatusNotFound, res)
			event := payload(waitForEvents(t, "idm-access", res.Header.Get("X-Forgerock-Transactionid"), 1)[0])
			t.Equal("eventName", "access", c.At(event, "eventName"))
			t.Equal("topic", "access", c.At(event, "topic"))
			t.Equal("level", "INFO", c.At(event, "level"))
			t.Equal("request", object{"operation": "READ", "protocol": "CREST"}, c.At(event, "request"))
			t.Equal("method", "GET", c.At(event, "http", "request", "method"))
			t.Contains("path", missing, c.Text(event, "http", "request", "path"))
			t.Equal("statusCode", "404", c.At(event, "response", "statusCode"))
			t.Equal("status", "FAILED", c.At(event, "response", "status"))
			t.Equal("elapsedTimeUnits", "MILLISECONDS", c.At(event, "response", "elapsedTimeUnits"))
			t.True("there is a userId", c.Text(event, "userId") != "")
			t.True("there is an _id", c.Text(event, "_id") != "")
			t.True("there are roles", len(c.List(event, "roles")) > 0)
			t.Has("client", c.At(event, "client"), "ip")
		},
	}, {
		ID:    "logs/idm-access/no-token",
		Title: "the bearer of a request is in none of its events",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogSecrets, Waits: visible,
		Run: func(t *c.T) {
			transaction := askIDM(t)
			waitForEvents(t, "idm-access", transaction, 1)
			res := t.Get(logEntries, c.Query("source", "idm-everything,am-everything", "transactionId", transaction))
			t.Status(http.StatusOK, res)
			t.True("the bearer is not there", !strings.Contains(string(res.Raw), t.Target.Bearer))
		},
	}, {
		ID:    "logs/idm-activity/life",
		Title: "a create, a patch and a delete are events that name the object, who changed it, and what",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogActivity, Waits: visible, Writes: true,
		Run: func(t *c.T) {
			const roles = "/openidm/managed/alpha_role"
			body := newRole(t)
			id, created := create(t, roles, body)
			patched := t.Patch(at(roles, id), []any{object{"operation": "replace", "field": "/description", "value": "other"}})
			t.Status(http.StatusOK, patched)
			deleted := t.Delete(at(roles, id))
			t.Status(http.StatusOK, deleted)
			for operation, res := range map[string]*c.Response{"CREATE": created, "PATCH": patched, "DELETE": deleted} {
				event := activityOf(t, res, "managed/alpha_role/"+id)
				t.Equal("operation", operation, c.At(event, "operation"))
				t.Equal("status of "+operation, "SUCCESS", c.At(event, "status"))
				t.Equal("passwordChanged of "+operation, false, c.At(event, "passwordChanged"))
				t.Equal("topic of "+operation, "activity", c.At(event, "topic"))
				t.Equal("runAs of "+operation, c.At(event, "userId"), c.At(event, "runAs"))
				t.True("userId of "+operation, c.Text(event, "userId") != "")
				if operation == "PATCH" {
					t.Equal("changedFields", []any{"/description"}, c.At(event, "changedFields"))
					t.Equal("revision", patched.At("_rev"), c.At(event, "revision"))
				}
			}
		},
	}, {
		ID:    "logs/idm-activity/password",
		Title: "that a password was set is told, the password is not",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogActivity, Waits: visible, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			password := "Zq9!" + rand.Text()
			user["password"] = password
			t.Secret(password)
			id, created := create(t, "/openidm/managed/alpha_user", user)
			event := activityOf(t, created, "managed/alpha_user/"+id)
			t.Equal("passwordChanged", true, c.At(event, "passwordChanged"))
			res := t.Get(logEntries, c.Query("source", "idm-everything", "transactionId", created.Header.Get("X-Forgerock-Transactionid")))
			t.Status(http.StatusOK, res)
			t.True("the password is not there", !strings.Contains(string(res.Raw), password))
		},
	}, {
		ID:    "logs/idm-activity/refused",
		Title: "a write that a policy refuses is an event that names the object and says FAILURE",
		Level: c.Should, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogRefused, Waits: visible, Writes: true,
		Run: func(t *c.T) {
			const roles = "/openidm/managed/alpha_role"
			id, _ := create(t, roles, newRole(t))
			res := t.Patch(at(roles, id), []any{object{"operation": "remove", "field": "/name"}})
			t.Status(http.StatusForbidden, res)
			event := activityOf(t, res, "managed/alpha_role/"+id)
			t.Equal("status", "FAILURE", c.At(event, "status"))
			t.Equal("operation", "PATCH", c.At(event, "operation"))
			t.Equal("message", res.At("message"), c.At(event, "message"))
		},
	}, {
		ID:    "logs/idm-config/change",
		Title: "a change of the configuration is an event that names the document and its members",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Config}, Ref: refLogConfig, Waits: visible, Writes: true,
		Run: func(t *c.T) {
			name, body := t.Fresh("mail"), newTemplate()
			made := putTemplate(t, name, body)
			t.Status(http.StatusCreated, made)
			event := payload(waitForEvents(t, "idm-config", made.Header.Get("X-Forgerock-Transactionid"), 1)[0])
			t.Equal("eventName", "CONFIG", c.At(event, "eventName"))
			t.Equal("objectId", "emailTemplate/"+name, c.At(event, "objectId"))
			t.Equal("operation", "CREATE", c.At(event, "operation"))
			t.Equal("revision", nil, c.At(event, "revision"))
			t.True("changedFields begin with a slash", len(c.List(event, "changedFields")) > 0 && strings.HasPrefix(c.Text(event, "changedFields", 0), "/"))
		},
	}, {
		ID:    "logs/am-access/token",
		Title: "a request for a token is an attempt and an outcome, with client and grant type and not the code",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.OAuth}, Ref: refLogAM, Waits: visible,
		Run: func(t *c.T) {
			const code = "conformance-no-such-code"
			client := t.Target.OAuth.LoginID
			res := ask(t, url.Values{"grant_type": {grantCode}, "code": {code}, "client_id": {client}, "redirect_uri": {t.Target.OAuth.RedirectURI}})
			t.Status(http.StatusBadRequest, res)
			transaction := res.Header.Get("X-Forgerock-Transactionid")
			found := waitForEvents(t, "am-access", transaction, 2)
			attempt, outcome := payload(found[0]), payload(found[1])
			t.Equal("eventName", "AM-ACCESS-ATTEMPT", c.At(attempt, "eventName"))
			t.Equal("eventName", "AM-ACCESS-OUTCOME", c.At(outcome, "eventName"))
			t.Equal("component", "OAuth", c.At(outcome, "component"))
			t.Equal("realm", "/", c.At(outcome, "realm"))
			t.Equal("client_id", client, c.At(outcome, "request", "detail", "client_id"))
			t.Equal("grant_type", grantCode, c.At(outcome, "request", "detail", "grant_type"))
			t.Equal("status", "FAILED", c.At(outcome, "response", "status"))
			t.Equal("statusCode", "400", c.At(outcome, "response", "statusCode"))
			all := t.Get(logEntries, c.Query("source", "am-everything", "transactionId", transaction))
			t.True("the code is not there", !strings.Contains(string(all.Raw), code))
		},
	}, {
		ID:    "logs/am-authentication/login",
		Title: "a login is an event for each node and one for the journey, which says whether it succeeded",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.OAuth, c.FormLogin}, Ref: refLogLogin, Waits: 2 * visible,
		Run: func(t *c.T) {
			for password, want := range map[string]string{t.Target.Password: "SUCCESSFUL", "conformance wrong": "FAILED"} {
				transaction := loginTransaction(t, password)
				found := waitForEvents(t, "am-authentication", transaction, 2)
				journey := payload(found[len(found)-1])
				t.Equal("eventName", "AM-TREE-LOGIN-COMPLETED", c.At(journey, "eventName"))
				t.Equal("result", want, c.At(journey, "result"))
				t.True("there is a treeName", c.Text(journey, "entries", 0, "info", "treeName") != "")
				t.Equal("the user", want == "SUCCESSFUL", c.Text(journey, "userId") != "")
				for _, event := range found[:len(found)-1] {
					node := c.At(payload(event), "entries", 0, "info")
					t.Equal("eventName", "AM-NODE-LOGIN-COMPLETED", c.At(payload(event), "eventName"))
					t.Has("node", node, "authLevel", "displayName", "nodeId", "nodeOutcome", "nodeType", "treeName")
					t.Equal("tracking ID", c.At(journey, "trackingIds", 0), c.At(payload(event), "trackingIds", 0))
				}
			}
		},
	}, {
		ID:    "logs/am-activity/session",
		Title: "the session that a login makes is an event",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.OAuth, c.FormLogin}, Ref: refLogSession, Waits: visible,
		Run: func(t *c.T) {
			event := payload(waitForEvents(t, "am-activity", loginTransaction(t, t.Target.Password), 1)[0])
			t.Equal("eventName", "AM-SESSION-CREATED", c.At(event, "eventName"))
			t.Equal("component", "Session", c.At(event, "component"))
			t.Has("event", event, "objectId", "userId", "runAs", "trackingIds")
		},
	}, {
		ID:    "logs/environment-access/esv",
		Title: "a request for a variable is an event, whose status code is a number",
		Level: c.Should, Needs: []c.Feature{c.Logs, c.ESVs}, Ref: refLogEnvironment, Waits: visible,
		Run: func(t *c.T) {
			res := t.Get("/environment/variables/esv-conformance-nothing")
			t.Status(http.StatusNotFound, res)
			event := payload(waitForEvents(t, "environment-access", res.Header.Get("X-Forgerock-Transactionid"), 1)[0])
			t.Equal("eventName", "ESV-ACCESS-OUTCOME", c.At(event, "eventName"))
			t.Equal("statusCode", http.StatusNotFound, c.At(event, "response", "statusCode"))
		},
	},
}

func payload(event any) any { return c.At(event, "payload") }

// activityOf is the event that tells what a request did to an object.
func activityOf(t *c.T, res *c.Response, objectID string) any {
	for _, event := range waitForEvents(t, "idm-activity", res.Header.Get("X-Forgerock-Transactionid"), 1) {
		if c.Text(event, "payload", "objectId") == objectID {
			return payload(event)
		}
	}
	t.Fatalf("no event names %s", objectID)
	return nil
}

// loginTransaction sends the login form with a password and returns the
// transaction ID of that request.
func loginTransaction(t *c.T, password string) string {
	v := newVisitor(newAuthorization(t))
	p := v.openLogin()
	f := p.form()
	f.fill("text", t.Target.Username)
	f.fill("password", password)
	res := t.Post(resolve(t, p.address, f.action), f.values, c.Anonymous(), c.Cookies(v.jar), c.Header("Origin", strings.TrimSuffix(t.Target.BaseURL, "/")))
	return res.Header.Get("X-Forgerock-Transactionid")
}

package cases

import (
	"net/http"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

const configuration = "/openidm/config"

// documents are the cases about documents of the configuration.
var documents = []c.Case{
	{
		ID:    "config/list/counted",
		Title: "a query of the configuration tells its exact number, asked or not",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: refConfigList,
		Run: func(t *c.T) {
			res := query(t, configuration, "true")
			t.True("there are documents", res.Number("resultCount") > 0)
			t.Equal("resultCount", len(res.List("result")), res.At("resultCount"))
			t.Equal("page", object{
				"resultCount": res.At("resultCount"), "pagedResultsCookie": nil, "totalPagedResultsPolicy": "EXACT",
				"totalPagedResults": res.At("resultCount"), "remainingPagedResults": -1,
			}, without(res.Body, "result"))
			t.Equal("Content-API-Version", "protocol=2.1,resource=1.0", res.Header.Get("Content-API-Version"))
		},
	}, {
		ID:    "config/list/sorted",
		Title: "a query of the configuration is in the order of the IDs, case ignored",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: refConfigList,
		Run: func(t *c.T) {
			var ids []string
			for _, id := range column(query(t, configuration, "true"), "_id") {
				text, _ := id.(string)
				ids = append(ids, strings.ToLower(text))
			}
			t.True("there are several documents", len(ids) > 1)
			t.Equal("IDs", slices.Sorted(slices.Values(ids)), ids)
		},
	}, {
		ID:    "config/list/whole",
		Title: "a query of the configuration has whole documents, without revisions",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: refConfigList,
		Run: func(t *c.T) {
			list := query(t, configuration, "true").List("result")
			i := slices.IndexFunc(list, func(document any) bool { return c.Text(document, "_id") == "managed" })
			t.True("managed is among them", i >= 0 && len(c.List(list[max(i, 0)], "objects")) > 0)
			for _, document := range list {
				t.Has("document", document, "_id")
				t.Lacks("document", document, "_rev")
			}
		},
	}, {
		ID:    "config/list/filter",
		Title: "a filter on _id takes its text in single quotes; what matches nothing is an empty page",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: "recorded on tenants: _id sw 'managed' and the like",
		Run: func(t *c.T) {
			res := query(t, configuration, "_id sw 'managed'")
			t.True("managed is found", slices.Contains(column(res, "_id"), any("managed")))
			for _, id := range column(res, "_id") {
				text, _ := id.(string)
				t.True(text+" begins with managed", strings.HasPrefix(strings.ToLower(text), "managed"))
			}
			none := query(t, configuration, "_id sw 'conformance-nothing'")
			t.Equal("documents", []any{}, none.At("result"))
			t.Equal("totalPagedResultsPolicy", "EXACT", none.At("totalPagedResultsPolicy"))
			t.Equal("totalPagedResults", 0, none.At("totalPagedResults"))
		},
	}, {
		ID:    "config/document/created",
		Title: "PUT of a new document is 201 without a revision, and its Location has the type twice",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: refConfigPut, Writes: true,
		Run: func(t *c.T) {
			name, body := t.Fresh("template"), newTemplate()
			res := putTemplate(t, name, body)
			t.Status(http.StatusCreated, res)
			t.Equal("document", with(body, "_id", "emailTemplate/"+name), res.Body)
			checkLocation(t, res, configuration+"/emailTemplate/emailTemplate/"+name)
			checkNoRevision(t, res)
			after := t.Get(template(name))
			t.Status(http.StatusOK, after)
			t.Equal("document read", res.Body, after.Body)
			checkNoRevision(t, after)
			t.Equal("documents found", []any{res.Body}, query(t, configuration, "_id eq 'emailTemplate/"+name+"'").At("result"))
		},
	}, {
		ID:    "config/document/replaced",
		Title: "PUT of a document that is there is 200 and replaces all of it",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: refConfigPut, Writes: true,
		Run: func(t *c.T) {
			name, body := t.Fresh("template"), newTemplate()
			t.Status(http.StatusCreated, putTemplate(t, name, body))
			second := without(with(body, "from", "somebody@example.com"), "styles")
			res := t.Put(template(name), second)
			t.Status(http.StatusOK, res)
			t.Equal("document", with(second, "_id", "emailTemplate/"+name), res.Body)
			t.Equal("Location", "", res.Header.Get("Location"))
			checkNoRevision(t, res)
			t.Equal("document read", res.Body, t.Get(template(name)).Body)
		},
	}, {
		ID:    "config/document/body-id",
		Title: "an _id in the body that is only the name, or another's, is corrected",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: refConfigPut, Writes: true,
		Run: func(t *c.T) {
			for _, id := range []string{"NAME", "emailTemplate/NAME", "other/NAME"} {
				name := t.Fresh("template")
				res := putTemplate(t, name, with(newTemplate(), "_id", strings.ReplaceAll(id, "NAME", name)))
				t.Status(http.StatusCreated, res)
				t.Equal("_id", "emailTemplate/"+name, res.At("_id"))
				t.Equal("_id read", "emailTemplate/"+name, t.Get(template(name)).At("_id"))
			}
		},
	}, {
		ID:    "config/document/any-match",
		Title: "PUT with If-Match: * replaces a document as PUT without does",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: "recorded on tenants: If-Match: * is accepted", Writes: true,
		Run: func(t *c.T) {
			name, body := t.Fresh("template"), newTemplate()
			t.Status(http.StatusCreated, putTemplate(t, name, body))
			res := t.Put(template(name), with(body, "enabled", true), c.Header("If-Match", "*"))
			t.Status(http.StatusOK, res)
			t.Equal("enabled", true, t.Get(template(name)).At("enabled"))
		},
	}, {
		ID:    "config/document/placeholders",
		Title: "placeholders are kept as they are written, and read like that",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: "recorded on tenants: placeholders are stored and read raw", Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("template")
			body := with(newTemplate(), "port", object{"$int": "&{esv.conformance|465}"})
			body["from"] = "&{esv.conformance.sender|nobody}@example.com"
			t.Status(http.StatusCreated, putTemplate(t, name, body))
			res := t.Get(template(name))
			t.Status(http.StatusOK, res)
			t.Equal("document", with(body, "_id", "emailTemplate/"+name), res.Body)
		},
	}, {
		ID:    "config/document/key-order",
		Title: "a read has _id first and then the members in alphabetical order",
		Level: c.Should, Needs: []c.Feature{c.Config}, Ref: "recorded on tenants: the order of the members of a read; JSON gives it no meaning", Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("template")
			t.Status(http.StatusCreated, putTemplate(t, name, newTemplate()))
			res := t.Get(template(name))
			t.Status(http.StatusOK, res)
			var places []int
			for _, member := range []string{"_id", "defaultLocale", "enabled", "from", "message", "mimeType", "subject"} {
				places = append(places, strings.Index(string(res.Raw), `"`+member+`"`))
			}
			t.Equal("places of the members", slices.Sorted(slices.Values(places)), places)
			t.True("all are there", places[0] > 0)
		},
	}, {
		ID:    "config/document/patched",
		Title: "PATCH changes a document, and answers it",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: "documented: IDM, PATCH of the configuration; recorded for config/managed only", Writes: true,
		Run: func(t *c.T) {
			name, body := t.Fresh("template"), newTemplate()
			t.Status(http.StatusCreated, putTemplate(t, name, body))
			res := t.Patch(template(name), []object{op("replace", "/subject/en", "Patched"), op("add", "/message/de", "<p>Hallo</p>"), op("remove", "/styles", nil)})
			t.Status(http.StatusOK, res)
			want := without(body, "styles")
			want["_id"], want["subject"], want["message"] = "emailTemplate/"+name, object{"en": "Patched"}, object{"en": "<p>Hello</p>", "de": "<p>Hallo</p>"}
			t.Equal("document", want, res.Body)
			checkNoRevision(t, res)
			t.Equal("document read", want, t.Get(template(name)).Body)
		},
	}, {
		ID:    "config/document/deleted",
		Title: "DELETE answers the whole document, which is 404 from then on",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: refConfigDelete, Writes: true,
		Run: func(t *c.T) {
			name, body := t.Fresh("template"), newTemplate()
			t.Status(http.StatusCreated, putTemplate(t, name, body))
			res := t.Delete(template(name))
			t.Status(http.StatusOK, res)
			t.Equal("document", with(body, "_id", "emailTemplate/"+name), res.Body)
			checkNoRevision(t, res)
			t.Equal("Content-API-Version", "protocol=2.1,resource=1.0", res.Header.Get("Content-API-Version"))
			checkMessage(t, t.Get(template(name)), http.StatusNotFound, "Not Found")
			t.Equal("documents found", []any{}, query(t, configuration, "_id eq 'emailTemplate/"+name+"'").At("result"))
		},
	}, {
		ID:    "config/document/missing",
		Title: "a document that is not there is 404 \"Not Found\" to read, patch and delete",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: refConfigDelete, Writes: true,
		Run: func(t *c.T) {
			t.Equal("_id of one that is there", "managed", t.Get(managedConfig).At("_id"))
			path := template(t.Fresh("template"))
			for _, res := range []*c.Response{t.Get(path), t.Patch(path, []object{op("replace", "/from", "a")}), t.Delete(path)} {
				t.Status(http.StatusNotFound, res)
				t.Equal("body", object{"code": 404, "reason": "Not Found", "message": "Not Found"}, res.Body)
			}
		},
	}, {
		ID:    "config/document/update-missing",
		Title: "PUT with If-Match: * of a document that is not there is 404 and creates nothing",
		Level: c.Should, Needs: []c.Feature{c.Config}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("template")
			t.Equal("_id of one that is there", "managed", t.Get(managedConfig).At("_id"))
			checkError(t, putTemplate(t, name, newTemplate(), c.Header("If-Match", "*")), http.StatusNotFound)
			checkError(t, t.Get(template(name)), http.StatusNotFound)
		},
	}, {
		ID:    "config/federation",
		Title: "the tenant's own federation is 403 \"Access denied\", whatever document is asked for",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: "recorded on tenants: GET of config/fidc/...; the refusal has no Content-API-Version",
		Run: func(t *c.T) {
			res := t.Get(configuration + "/fidc/federation-conformance")
			t.Status(http.StatusForbidden, res)
			t.Equal("body", object{"code": 403, "reason": "Forbidden", "message": "Access denied"}, res.Body)
			t.Equal("Content-API-Version", "", res.Header.Get("Content-API-Version"))
		},
	}, {
		ID:    "config/sync",
		Title: "config/sync is 404 \"Not Found\" while there are no mappings, and has a list of them otherwise",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: "recorded on tenants: both",
		Run: func(t *c.T) {
			t.Equal("_id of a document that is there", "managed", t.Get(managedConfig).At("_id"))
			res := t.Get(configuration + "/sync")
			if res.Status == http.StatusNotFound {
				checkMessage(t, res, http.StatusNotFound, "Not Found")
				return
			}
			t.Status(http.StatusOK, res)
			t.Equal("_id", "sync", res.At("_id"))
			t.True("there is a list of mappings", res.At("mappings") != nil)
		},
	}, {
		ID:    "config/stock/field-policy",
		Title: "the field policy of users is a password policy with its validators",
		Level: c.Must, Needs: []c.Feature{c.Config, c.Managed}, Ref: "recorded on tenants: config/fieldPolicy/alpha_user",
		Run: func(t *c.T) {
			res := t.Get(configuration + "/fieldPolicy/alpha_user")
			t.Status(http.StatusOK, res)
			checkHolds(t, "the document", object{
				"_id": "fieldPolicy/alpha_user", "type": "password-policy", "resourceCollection": "managed/alpha_user", "passwordAttribute": "password",
			}, res.Body)
			t.True("there are validators", len(res.List("validator")) > 0)
			for _, validator := range res.List("validator") {
				t.Has("validator", validator, "type")
			}
		},
	},
}

// template is the address of an e-mail template of the case's own. Nothing uses
// it.
func template(name string) string { return configuration + "/emailTemplate/" + name }

func newTemplate() object {
	return object{
		"defaultLocale": "en", "displayName": "Conformance", "enabled": false, "from": "", "mimeType": "text/html", "styles": "body{}",
		"message": object{"en": "<p>Hello</p>"}, "subject": object{"en": "Hello"},
	}
}

// putTemplate puts a template, which is removed in the end.
func putTemplate(t *c.T, name string, body object, options ...c.Option) *c.Response {
	t.Cleanup(func() { remove(t, template(name)) })
	return t.Put(template(name), body, options...)
}

// checkNoRevision checks that an answer has no revision: no configuration has.
func checkNoRevision(t *c.T, res *c.Response) {
	t.Lacks("the document", res.Body, "_rev")
	t.Equal("ETag", "", res.Header.Get("ETag"))
}

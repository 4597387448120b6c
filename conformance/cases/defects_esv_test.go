package cases

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

// esvDefects are such as an environment has that is made like the other APIs, or
// from memory.
var esvDefects = []defect{
	{
		name: "a new variable or secret is 201",
		answer: onESVs(func(r *http.Response) error {
			if r.Request.Method == http.MethodPut && r.StatusCode == http.StatusOK {
				r.StatusCode = http.StatusCreated
			}
			return nil
		}),
		noticed: []string{"esv/variables/create", "esv/variables/update", "esv/variables/types", "esv/secrets/create", "esv/secrets/encodings", "esv/count/all"},
	}, {
		name: "refusals have a reason",
		answer: onESVs(inBody(hasMember("code"), func(doc any) any {
			return with(doc, "reason", "Bad Request")
		})),
		noticed: []string{"esv/answer/no-reason", "esv/answer/unknown-path", "esv/variables/missing", "esv/variables/type-missing", "esv/secrets/missing", "esv/secrets/create-only", "esv/versions/missing", "esv/list/page-size"},
	}, {
		name: "content has a charset",
		answer: onESVs(func(r *http.Response) error {
			r.Header.Set("Content-Type", "application/json;charset=utf-8")
			return nil
		}),
		noticed: []string{"esv/answer/headers", "esv/variables/description", "esv/secrets/description"},
	}, {
		name:    "there are ETags",
		answer:  onESVs(func(r *http.Response) error { r.Header.Set("ETag", `"1"`); return nil }),
		noticed: []string{"esv/answer/headers"},
	}, {
		name: "version 1.0 is not known",
		ask: func(r *http.Request) {
			if strings.Contains(r.Header.Get("Accept-API-Version"), "resource=1.0") && strings.HasPrefix(r.URL.Path, "/environment/") {
				r.Header.Set("Accept-API-Version", "resource=9.0")
			}
		},
		noticed: []string{"esv/answer/versions", "esv/answer/versions-writes"},
	}, {
		name:    "what is new is loaded at once",
		answer:  onESVs(inText(`"loaded":false`, `"loaded":true`)),
		noticed: []string{"esv/variables/create", "esv/variables/update", "esv/variables/own-members", "esv/secrets/create", "esv/versions/create", "esv/versions/list", "tools/esv/create", "tools/esv/get", "tools/esv/list", "tools/esv/secret"},
	}, {
		name:    "members that are sent are kept",
		answer:  onESVs(inText(`"lastChangedBy":"`, `"lastChangedBy":"nobody","x":"`)),
		noticed: []string{"esv/variables/create", "esv/variables/own-members", "esv/secrets/create"},
	}, {
		name:    "nobody is told to have changed anything",
		answer:  onESVs(inPattern(`"lastChangedBy":"[^"]*"`, `"lastChangedBy":""`)),
		noticed: []string{"esv/variables/create", "esv/variables/update", "esv/secrets/create"},
	}, {
		name:    "times are local",
		answer:  onESVs(inPattern(`("(?:lastChange|create)Date":"[^"]*)Z"`, `$1+00:00"`)),
		noticed: []string{"esv/variables/create", "esv/variables/update", "esv/secrets/create", "esv/versions/create", "esv/versions/list"},
	}, {
		name:    "every variable is a string",
		ask:     inPut(func(body object) { body["expressionType"] = "string" }),
		noticed: []string{"esv/variables/types", "esv/variables/misfit", "esv/variables/type-missing", "esv/variables/type-unknown", "esv/variables/type-fixed", "esv/variables/type-kept", "esv/variables/type-anew", "tools/esv/create", "tools/esv/get", "tools/esv/list"},
	}, {
		name:    "the list of types is in another order",
		answer:  onESVs(inText(`[\"string\",\"list\",`, `[\"list\",\"string\",`)),
		noticed: []string{"esv/variables/type-unknown"},
	}, {
		name:    "types stay when variables are gone",
		answer:  onMethod(http.MethodPut, inPattern(`"expressionType":"int"`, `"expressionType":"string"`)),
		noticed: []string{"esv/variables/type-anew", "esv/variables/type-kept", "esv/variables/types"},
	}, {
		name:    "values are trimmed",
		answer:  onESVs(inPattern(`("valueBase64":"[^"]{12})[^"]*"`, `$1"`)),
		noticed: []string{"esv/variables/types", "esv/variables/longest-value", "tools/esv/create", "tools/esv/get", "tools/esv/list-long"},
	}, {
		name: "values can be anything",
		ask: inPut(func(body object) {
			if body["valueBase64"] == "%" {
				body["valueBase64"] = inBase64("%")
			}
		}),
		noticed: []string{"esv/variables/not-base64"},
	}, {
		name: "whole numbers pass through floating point",
		ask: inPut(func(body object) {
			if body["valueBase64"] == inBase64("9007199254740993") {
				body["valueBase64"] = inBase64("9007199254740992")
			}
		}),
		noticed: []string{"tools/esv/exact-number"},
	}, {
		name:    "descriptions are not kept",
		answer:  onESVs(inPattern(`"description":"[^"]*"`, `"description":""`)),
		noticed: []string{"esv/variables/create", "esv/variables/update", "esv/variables/description", "esv/secrets/create", "esv/secrets/description", "tools/esv/create", "tools/esv/change", "tools/esv/description", "tools/esv/secret"},
	}, {
		name:    "a description is answered",
		answer:  onMethod(http.MethodPost, func(r *http.Response) error { return rewrite(r, func([]byte) []byte { return []byte("{}") }) }),
		noticed: []string{"esv/variables/description", "esv/secrets/description"},
	}, {
		name: "descriptions cannot be changed",
		ask: inEnvironment(func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "setDescription", "describe", 1)
		}),
		noticed: []string{"esv/variables/description", "esv/secrets/description", "esv/answer/versions-writes"},
	}, {
		name:    "a deletion answers nothing",
		answer:  onMethod(http.MethodDelete, func(r *http.Response) error { return rewrite(r, func([]byte) []byte { return []byte("{}") }) }),
		noticed: []string{"esv/variables/delete", "esv/secrets/delete", "esv/versions/destroy", "tools/esv/delete", "tools/esv/missing"},
	}, {
		name:    "what is missing is not found",
		answer:  onESVs(inPattern(`"message":"[^"]*does not[^"]*"`, `"message":"Not Found"`)),
		noticed: []string{"esv/variables/missing", "esv/variables/delete", "esv/secrets/missing", "esv/secrets/delete", "esv/versions/missing", "tools/esv/missing"},
	}, {
		name: "names are not checked",
		answer: onESVs(func(r *http.Response) error {
			if r.StatusCode == http.StatusBadRequest && strings.Count(r.Request.URL.Path, "/") == 3 && r.Request.Method == http.MethodGet {
				r.StatusCode = http.StatusNotFound
			}
			return nil
		}),
		noticed: []string{"esv/variables/names", "esv/secrets/names"},
	}, {
		name:    "names have 63 characters at most",
		answer:  onESVs(inText("{1,124}", "{1,59}")),
		noticed: []string{"esv/variables/names", "esv/secrets/names"},
	}, {
		name: "what is in use is deleted",
		ask: func(r *http.Request) {
			if r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, configuration) {
				inSent(func(text string) string { return strings.ReplaceAll(text, "{esv.", "{env.") })(r)
			}
		},
		noticed: []string{"esv/variables/in-use", "esv/secrets/in-use", "tools/esv/in-use"},
	}, {
		name:    "filters on ESVs are ignored",
		ask:     inEnvironment(inQuery(func(q url.Values) { q.Del("_queryFilter") })),
		noticed: []string{"esv/list/filter", "tools/esv/term-injection"},
	}, {
		name:    "sort keys of ESVs are ignored",
		ask:     inEnvironment(inQuery(func(q url.Values) { q.Del("_sortKeys") })),
		noticed: []string{"esv/list/sort-keys", "esv/list/pages", "tools/esv/pages"},
	}, {
		name: "pages are of any size",
		ask: inEnvironment(inQuery(func(q url.Values) {
			if q.Get("_pageSize") == "101" {
				q.Set("_pageSize", "100")
			}
		})),
		noticed: []string{"esv/list/page-size"},
	}, {
		name:    "there is one page of ESVs",
		ask:     inEnvironment(inQuery(func(q url.Values) { q.Set("_pageSize", "0") })),
		noticed: []string{"esv/list/pages", "esv/list/page-size", "tools/esv/pages"},
	}, {
		name:    "there is no second page of ESVs",
		answer:  onESVs(inPattern(`"pagedResultsCookie":"[^"]*"`, `"pagedResultsCookie":null`)),
		noticed: []string{"esv/list/pages", "tools/esv/pages"},
	}, {
		name:    "lists of ESVs are counted",
		answer:  onESVs(inText(`"NONE"`, `"EXACT"`)),
		noticed: []string{"esv/list/envelope"},
	}, {
		name:    "lists of ESVs are backwards",
		answer:  onESVs(inBody(isPage, func(doc any) any { slices.Reverse(c.List(doc, "result")); return doc })),
		noticed: []string{"esv/list/sorted", "esv/list/filter", "esv/list/sort-keys", "esv/list/pages", "tools/esv/pages"},
	}, {
		name:    "lists begin with their results",
		answer:  onESVs(inPattern(`^\{"pagedResultsCookie":null,(.*)\}(\s*)$`, `{$1,"pagedResultsCookie":null}$2`)),
		noticed: []string{"esv/list/member-order"},
	}, {
		name:    "lists have no values",
		answer:  onESVs(inBody(isPage, func(doc any) any { return withoutInEach(doc, "valueBase64", "encoding") })),
		noticed: []string{"esv/list/whole", "tools/esv/list", "tools/esv/secret"},
	}, {
		name:    "all is pending",
		ask:     inEnvironment(inQuery(func(q url.Values) { q.Del("_onlyPending") })),
		noticed: []string{"esv/list/pending", "esv/count/never-pending"},
	}, {
		name:    "nothing is pending",
		answer:  onPath(esvCount, inPattern(`[0-9]+`, `0`)),
		noticed: []string{"esv/count/all", "esv/count/pending", "esv/count/never-pending", "tools/esv/restart-needed"},
	}, {
		name:    "the count has a total",
		answer:  onPath(esvCount, inBody(hasMember("secrets"), func(doc any) any { return with(doc, "total", 1) })),
		noticed: []string{"esv/count/form"},
	}, {
		name: "what no placeholder uses waits as well",
		ask: inPut(func(body object) {
			if body["useInPlaceholders"] == false {
				body["useInPlaceholders"] = true
			}
		}),
		noticed: []string{"esv/secrets/loaded-at-once", "esv/count/never-pending", "esv/list/pending"},
	}, {
		name: "secrets are used in placeholders if they don't say",
		ask: inPut(func(body object) {
			if body["encoding"] != nil {
				body["useInPlaceholders"] = true
			}
		}),
		noticed: []string{"esv/secrets/use-missing", "esv/secrets/loaded-at-once"},
	}, {
		name:    "a second PUT of a secret is a conflict",
		answer:  onESVs(inStatus("already exists", http.StatusConflict)),
		noticed: []string{"esv/secrets/create-only", "esv/secrets/hidden"},
	}, {
		name:    "an unknown encoding is a bad request",
		answer:  onESVs(inStatus("encoding in body", http.StatusBadRequest)),
		noticed: []string{"esv/secrets/encoding-unknown"},
	}, {
		name:    "codes are statuses",
		answer:  onESVs(inText(`"code":606`, `"code":422`)),
		noticed: []string{"esv/secrets/encoding-unknown"},
	}, {
		name: "every secret is plain",
		ask: inPut(func(body object) {
			if body["encoding"] != nil {
				body["encoding"] = "generic"
			}
		}),
		noticed: []string{"esv/secrets/encodings", "esv/secrets/encoding-aes", "esv/secrets/encoding-unknown", "esv/secrets/misfit", "esv/versions/misfit"},
	}, {
		name:    "secrets are no secrets",
		answer:  onESVs(inText(`"activeVersion"`, `"valueBase64":"aHVzaA==","activeVersion"`)),
		noticed: []string{"esv/secrets/hidden", "esv/secrets/create"},
	}, {
		name:    "secrets are told by their versions",
		answer:  onESVs(inText(`"createDate"`, `"valueBase64":"aHVzaA==","createDate"`)),
		noticed: []string{"esv/secrets/hidden", "esv/versions/create", "esv/versions/list"},
	}, {
		name:    "versions are in an envelope",
		answer:  onESVs(inPattern(`^(\[.*\])(\s*)$`, `{"result":$1}$2`)),
		noticed: []string{"esv/versions/list", "esv/versions/read", "esv/versions/disable", "esv/versions/destroy"},
	}, {
		name:    "versions are listed from the first on",
		answer:  onESVs(inArray(func(list []any) []any { slices.Reverse(list); return list })),
		noticed: []string{"esv/versions/list", "esv/versions/destroy"},
	}, {
		name:    "versions have an _id",
		answer:  onESVs(inText(`{"createDate"`, `{"_id":"1","createDate"`)),
		noticed: []string{"esv/versions/create", "esv/versions/list"},
	}, {
		name:    "versions are numbers",
		answer:  onESVs(inPattern(`"version":"([0-9]+)"`, `"version":$1`)),
		noticed: []string{"esv/versions/create", "esv/versions/list", "esv/versions/read"},
	}, {
		name: "versions that are destroyed are gone",
		answer: onESVs(inArray(func(list []any) []any {
			return slices.DeleteFunc(list, func(version any) bool { return c.Text(version, "status") == "DESTROYED" })
		})),
		noticed: []string{"esv/versions/destroy"},
	}, {
		name:    "destroyed versions are disabled",
		answer:  onESVs(inText("DESTROYED", "DISABLED")),
		noticed: []string{"esv/versions/destroy"},
	}, {
		name: "versions cannot be disabled",
		ask: inEnvironment(inSent(func(text string) string {
			return strings.ReplaceAll(text, `"status":"DISABLED"`, `"status":"ENABLED"`)
		})),
		noticed: []string{"esv/versions/disable", "esv/versions/disable-latest"},
	}, {
		name: "a status can be anything",
		ask: inEnvironment(inSent(func(text string) string {
			return strings.ReplaceAll(text, `"status":"DESTROYED"`, `"status":"DISABLED"`)
		})),
		noticed: []string{"esv/versions/status-destroyed"},
	}, {
		name:    "the newest version can be deleted",
		answer:  onESVs(inStatus("Failed to delete", http.StatusOK)),
		noticed: []string{"esv/versions/destroy-latest"},
	}, {
		name:    "a version that is not there is a secret that is not there",
		answer:  onESVs(inText(noVersion, noSecret)),
		noticed: []string{"esv/versions/missing"},
	}, {
		name:    "the startup has no status",
		answer:  onPath(startup, inText("restartStatus", "status")),
		noticed: []string{"esv/startup/status", "esv/answer/versions"},
	}, {
		name:    "a restart is over at once",
		answer:  onPath(startup, inText("restarting", "ready")),
		noticed: []string{"esv/restart/loads"},
	}, {
		name:    "a restart loads no variables",
		answer:  onPath(variables, inText(`"loaded":true`, `"loaded":false`)),
		noticed: []string{"esv/restart/loads"},
	}, {
		name:    "a restart loads no secrets",
		answer:  onPath(secrets, inPattern(`"loadedVersion":"[^"]*"`, `"loadedVersion":""`)),
		noticed: []string{"esv/restart/loads", "esv/secrets/loaded-at-once"},
	}, {
		name:    "everybody may do everything with ESVs",
		ask:     inEnvironment(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+devToken) }),
		noticed: []string{"esv/auth/garbage", "esv/auth/other-scope"},
	}, {
		name: "ESVs are closed to all scopes but that of IDM",
		ask: inEnvironment(func(r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+devToken {
				r.Header.Del("Authorization")
			}
		}),
		noticed: []string{"esv/auth/scope", "esv/auth/other-scope"},
	},
}

func ofEnvironment(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/environment/") }

// inEnvironment changes requests for ESVs.
func inEnvironment(change func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		if ofEnvironment(r) {
			change(r)
		}
	}
}

// inPut changes the body of a PUT of a variable or secret.
func inPut(change func(body object)) func(*http.Request) {
	return inEnvironment(func(r *http.Request) {
		if r.Method == http.MethodPut {
			inObject(change)(r)
		}
	})
}

// inObject changes the body of a request that is an object.
func inObject(change func(body object)) func(*http.Request) {
	return inSent(func(text string) string {
		var body object
		if json.Unmarshal([]byte(text), &body) != nil {
			return text
		}
		change(body)
		changed, err := json.Marshal(body)
		if err != nil {
			return text
		}
		return string(changed)
	})
}

// onESVs changes answers about ESVs.
func onESVs(change func(*http.Response) error) func(*http.Response) error {
	return onPath("/environment/", change)
}

func onPath(prefix string, change func(*http.Response) error) func(*http.Response) error {
	return func(r *http.Response) error {
		if !strings.HasPrefix(r.Request.URL.Path, prefix) {
			return nil
		}
		return change(r)
	}
}

// onMethod changes answers about ESVs to requests with the method.
func onMethod(method string, change func(*http.Response) error) func(*http.Response) error {
	return onESVs(onRequestMethod(method, change))
}

// inPattern replaces what a pattern matches in answers.
func inPattern(pattern, changed string) func(*http.Response) error {
	compiled := regexp.MustCompile(`(?s)` + pattern)
	return func(r *http.Response) error {
		return rewrite(r, func(data []byte) []byte { return compiled.ReplaceAll(data, []byte(changed)) })
	}
}

// inArray changes answers that are JSON arrays.
func inArray(change func([]any) []any) func(*http.Response) error {
	return func(r *http.Response) error {
		return rewrite(r, func(data []byte) []byte {
			var list []any
			if json.Unmarshal(data, &list) != nil {
				return data
			}
			changed, err := json.Marshal(change(list))
			if err != nil {
				return data
			}
			return changed
		})
	}
}

// inStatus changes the status of answers with a text.
func inStatus(text string, status int) func(*http.Response) error {
	return func(r *http.Response) error {
		return rewrite(r, func(data []byte) []byte {
			if bytes.Contains(data, []byte(text)) {
				r.StatusCode = status
			}
			return data
		})
	}
}

// withoutInEach is a page whose results lack some members.
func withoutInEach(page any, members ...string) any {
	results := []any{}
	for _, one := range c.List(page, "result") {
		results = append(results, without(one, members...))
	}
	return with(page, "result", results)
}

package cases

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

// idmDefects are such as an IDM has that is only about right.
var idmDefects = []defect{
	{
		name:    "patches are refused in the words of creates",
		answer:  inText(patchRefused, createRefused),
		noticed: []string{"policies/body/patch", "policies/body/patch-required", "relationships/patch/add-without-list", "types/required/replace"},
	}, {
		name:    "parameters of policies are left out",
		answer:  inText(`"policyRequirements":[{"params":{`, `"policyRequirements":[{"details":{`),
		noticed: []string{"types/policies/length", "types/policies/pattern", "types/policies/characters", "types/policies/counts", "policies/user/length", "policies/user/characters", "policies/body/patch"},
	}, {
		name: "enum and default are ignored",
		ask: inSent(func(text string) string {
			return strings.NewReplacer(`"enum":`, `"x":`, `"default":`, `"y":`).Replace(text)
		}),
		noticed: []string{"types/policies/enum", "types/default", "types/wrong-default"},
	}, {
		name: "what is not set is left out everywhere",
		answer: inBody(isUser, func(doc any) any {
			user := doc.(object)
			for name, value := range user {
				if value == nil {
					delete(user, name)
				}
			}
			return user
		}),
		noticed: []string{"managed/view/created-user"},
	}, {
		name: "what is not set is shown in queries",
		answer: inBody(isPage, func(doc any) any {
			for _, element := range c.List(doc, "result") {
				element.(object)["country"] = nil
			}
			return doc
		}),
		noticed: []string{"managed/view/query-unset", "managed/view/identity-always"},
	}, {
		name: "passwords are shown",
		answer: inBody(isUser, func(doc any) any {
			doc.(object)["password"] = "{PBKDF2-HMAC-SHA256}10:x"
			return doc
		}),
		noticed: []string{"managed/password/every-answer", "managed/create/password-hidden", "managed/view/created-user-hidden", "managed/view/delete-answer", "tools/create/secret"},
	}, {
		name: "every answer tells its version",
		answer: func(r *http.Response) error {
			r.Header.Set("Content-API-Version", "protocol=2.1,resource=1.0")
			return nil
		},
		noticed: []string{"managed/view/api-version", "schema/read/shape", "config/federation"},
	}, {
		name: "revisions are counts",
		answer: inBody(func(body string) bool { return strings.Contains(body, `"_rev"`) }, func(doc any) any {
			if rev, ok := doc.(object)["_rev"].(string); ok {
				doc.(object)["_rev"] = rev[strings.LastIndex(rev, "-")+1:]
			}
			return doc
		}),
		noticed: []string{"managed/view/revision", "types/added/revision", "internal-roles/read"},
	}, {
		name: "fields are not looked up behind references",
		ask: inQuery(func(q url.Values) {
			if q.Get("_fields") == "roles/name,manager/userName" || q.Get("_fields") == "roles/*" || q.Get("_fields") == "_ref/*,name" {
				q.Set("_fields", "roles,manager")
			}
		}),
		noticed: []string{"relationships/view/expanded", "relationships/view/expanded-field", "relationships/query/fields"},
	}, {
		name:    "only one end shows a relationship",
		answer:  inBody(hasMember("members"), func(doc any) any { return with(doc, "members", []any{}) }),
		noticed: []string{"relationships/reference/both-ends", "relationships/patch/add", "relationships/add/plain"},
	}, {
		name: "references lack what they refer to",
		answer: inBody(isPage, func(doc any) any {
			for _, element := range c.List(doc, "result") {
				delete(element.(object), "_refResourceRev")
			}
			return doc
		}),
		noticed: []string{"relationships/query/envelope"},
	}, {
		name: "relationships cannot be deleted",
		ask: func(r *http.Request) {
			if r.Method == http.MethodDelete && strings.Count(r.URL.Path, "/") > 4 && strings.Contains(r.URL.Path, "/managed/") {
				r.Method = http.MethodGet
			}
		},
		noticed: []string{"relationships/edge/delete", "relationships/edge/other-end", "virtual/organizations/members"},
	}, {
		name: "a role's time is ignored",
		ask: inSent(func(text string) string {
			return strings.ReplaceAll(text, longPast, "2001-01-01T00:00:00.000Z/2999-01-01T00:00:00.000Z")
		}),
		noticed: []string{"virtual/roles/expired"},
	}, {
		name: "hierarchies have one level",
		answer: inBody(func(body string) bool { return strings.Contains(body, "IDs\"") }, func(doc any) any {
			for name, value := range doc.(object) {
				if ids, ok := value.([]any); ok && strings.HasSuffix(name, "IDs") && len(ids) > 1 {
					doc.(object)[name] = ids[:1]
				}
			}
			return doc
		}),
		noticed: []string{"virtual/organizations/parents", "virtual/organizations/moved", "virtual/organizations/members"},
	}, {
		name: "virtual properties are left out",
		answer: inBody(func(body string) bool { return strings.Contains(body, `"effective`) }, func(doc any) any {
			for name := range doc.(object) {
				if strings.HasPrefix(name, "effective") {
					doc.(object)[name] = []any{}
				}
			}
			return doc
		}),
		noticed: []string{"virtual/roles/granted", "virtual/roles/from-other-end", "virtual/groups", "virtual/assignments", "virtual/applications"},
	}, {
		name:    "every verdict is good",
		answer:  inBody(hasMember("failedPolicyRequirements"), func(any) any { return object{"result": true, "failedPolicyRequirements": []any{}} }),
		noticed: []string{"policies/service/object", "policies/service/property", "policies/service/property-removed", "policies/service/property-of-object"},
	}, {
		name: "configurations are not counted",
		answer: inBody(isPage, func(doc any) any {
			return with(with(doc, "totalPagedResultsPolicy", "NONE"), "totalPagedResults", -1)
		}),
		noticed: []string{"config/list/counted", "config/list/filter"},
	}, {
		name: "configurations are in any order",
		answer: inBody(isPage, func(doc any) any {
			slices.Reverse(c.List(doc, "result"))
			return doc
		}),
		noticed: []string{"config/list/sorted"},
	}, {
		name: "configurations have revisions",
		answer: inBody(func(body string) bool { return strings.Contains(body, `"_id":"emailTemplate/`) }, func(doc any) any {
			return with(doc, "_rev", "1")
		}),
		noticed: []string{"config/document/created", "config/document/replaced", "config/document/patched", "config/document/deleted"},
	}, {
		name: "a new configuration is where it is",
		answer: func(r *http.Response) error {
			r.Header.Set("Location", strings.Replace(r.Header.Get("Location"), "emailTemplate/emailTemplate", "emailTemplate", 1))
			return nil
		},
		noticed: []string{"config/document/created"},
	}, {
		name:    "the realm of themes is ignored",
		ask:     inQuery(func(q url.Values) { q.Set("realm", "alpha") }),
		noticed: []string{"themes/service/list", "tools/themes/get"},
	}, {
		name:    "versions of resources are ignored",
		ask:     func(r *http.Request) { r.Header.Del("Accept-API-Version") },
		noticed: []string{"schema/property/old-version", "crest/version/protocol"},
	}, {
		name:    "every feature can be installed",
		answer:  inText(`"success":false`, `"success":true`),
		noticed: []string{"features/validate/installed", "tools/features/validate"},
	}, {
		name: "sort keys on sidecars are ignored",
		ask: inQuery(func(q url.Values) {
			if strings.Contains(q.Get("_sortKeys"), "_meta") {
				q.Del("_sortKeys")
			}
		}),
		noticed: []string{"meta/sort"},
	}, {
		name:    "a POST always creates",
		ask:     inQuery(func(q url.Values) { q.Del("_action") }),
		noticed: []string{"managed/patch-action"},
	},
}

func isUser(body string) bool { return strings.Contains(body, `"givenName"`) }

func hasMember(name string) func(body string) bool {
	return func(body string) bool { return strings.Contains(body, `"`+name+`"`) }
}

// inText replaces a text in answers.
func inText(old, changed string) func(*http.Response) error {
	return func(r *http.Response) error {
		return rewrite(r, func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(old), []byte(changed)) })
	}
}

// inSent changes the text of a JSON body that is sent.
func inSent(change func(text string) string) func(*http.Request) {
	return func(r *http.Request) {
		if r.Body == nil {
			return
		}
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return // the tenant notices
		}
		if json.Valid(data) {
			data = []byte(change(string(data)))
		}
		r.Body = io.NopCloser(bytes.NewReader(data))
		r.ContentLength = int64(len(data))
	}
}

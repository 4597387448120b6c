package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	c "aicmcp/conformance"
	"aicmcp/mockaic"
)

// defect is one fault in an otherwise good tenant, and the cases that must
// notice it.
type defect struct {
	name string
	// pace is how much faster than it should the tenant's clock moves, in percent. A
	// clock of which nothing is said is right.
	pace    *int64
	ask     func(*http.Request)
	answer  func(*http.Response) error
	noticed []string
}

// defects are such as a hasty implementation has.
var defects = []defect{
	{
		name:    "revisions are not checked",
		ask:     func(r *http.Request) { r.Header.Del("If-Match") },
		noticed: []string{"managed/replace/stale", "managed/delete/stale", "managed/patch/stale", "managed/roles/stale-put", "managed/roles/stale-patch", "managed/roles/stale-delete", "managed/concurrency/one-winner", "tools/patch/stale", "tools/delete/stale"},
	}, {
		name:    "If-None-Match is ignored",
		ask:     func(r *http.Request) { r.Header.Del("If-None-Match") },
		noticed: []string{"managed/create/duplicate-put", "managed/create/if-none-match-value"},
	}, {
		name:    "there is no ETag",
		answer:  func(r *http.Response) error { r.Header.Del("ETag"); return nil },
		noticed: []string{"managed/create/post", "managed/read/object", "managed/delete/object", "managed/patch/append"},
	}, {
		name:    "numbers pass through floating point",
		answer:  inBody(func(string) bool { return true }, func(doc any) any { return doc }),
		noticed: []string{"managed/create/exact-number", "managed/patch/exact-number", "tools/create/exact-number"},
	}, {
		name: "pages have no cookies",
		answer: inBody(isPage, func(doc any) any {
			doc.(object)["pagedResultsCookie"] = nil
			return doc
		}),
		noticed: []string{"query/page/walk", "query/page/unsorted", "query/page/changes", "tools/query/pages"},
	}, {
		name:    "_fields is ignored",
		ask:     inQuery(func(q url.Values) { q.Del("_fields") }),
		noticed: []string{"managed/read/fields", "managed/read/nested-field", "query/fields/limited", "tools/query/fields", "tools/get/object"},
	}, {
		name:    "sort keys are ignored",
		ask:     inQuery(func(q url.Values) { q.Del("_sortKeys") }),
		noticed: []string{"query/sort/ascending-descending", "query/sort/missing-last", "query/roles/sort"},
	}, {
		name: "messages are not escaped",
		answer: func(r *http.Response) error {
			return rewrite(r, func(data []byte) []byte { return []byte(html.UnescapeString(string(data))) })
		},
		noticed: []string{"managed/read/missing", "managed/error/directory-words"},
	}, {
		name:    "everybody may do everything",
		ask:     func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+devToken) },
		noticed: []string{"crest/auth", "oauth/bearer/forged", "oauth/exchange/under-scoped", "oauth/code/single-use"},
	}, {
		name:    "writes that change nothing are not told",
		answer:  func(r *http.Response) error { r.Header.Del("X-Not-Modified"); return nil },
		noticed: []string{"managed/replace/identical", "managed/patch/no-change", "managed/view/no-change", "managed/view/put-group", "relationships/patch/replace-same"},
	}, {
		name: "policy failures have no detail",
		answer: inBody(func(body string) bool { return strings.Contains(body, "failedPolicyRequirements") }, func(doc any) any {
			delete(doc.(object), "detail")
			return doc
		}),
		noticed: []string{"managed/create/required-missing", "managed/create/wrong-type", "managed/patch/required-removed", "tools/create/policy"},
	}, {
		name: "the issuer has no port",
		answer: func(r *http.Response) error {
			host := r.Request.Host
			bare, _, _ := strings.Cut(host, ":")
			return rewrite(r, func(data []byte) []byte {
				return bytes.ReplaceAll(data, []byte(`"issuer":"http://`+host), []byte(`"issuer":"http://`+bare))
			})
		},
		noticed: []string{"oauth/discovery/members"},
	}, {
		name: "the state is lost",
		answer: func(r *http.Response) error {
			if location, err := url.Parse(r.Header.Get("Location")); err == nil && location.Query().Has("state") {
				q := location.Query()
				q.Del("state")
				location.RawQuery = q.Encode()
				r.Header.Set("Location", location.String())
			}
			return nil
		},
		noticed: []string{"oauth/code/exchange", "oauth/authorize/deny", "oauth/authorize/prompt-none"},
	}, {
		name:    "a transaction ID is not echoed",
		ask:     func(r *http.Request) { r.Header.Del("X-Forgerock-Transactionid") },
		noticed: []string{"crest/answer/transaction-id", "login/step/transaction-id"},
	}, {
		name: "only the first failed policy is reported",
		answer: inBody(func(body string) bool { return strings.Contains(body, "failedPolicyRequirements") }, func(doc any) any {
			detail := doc.(object)["detail"].(object)
			detail["failedPolicyRequirements"] = c.List(detail, "failedPolicyRequirements")[:1]
			return doc
		}),
		noticed: []string{"managed/create/all-failures"},
	}, {
		name:    "lt is le",
		ask:     inFilter(" lt ", " le "),
		noticed: []string{"query/filter/numbers", "query/filter/texts"},
	}, {
		name:    "ge is gt",
		ask:     inFilter(" ge ", " gt "),
		noticed: []string{"query/filter/numbers", "query/filter/texts"},
	}, {
		name:    "only the first two terms count",
		ask:     inFilter(" and z eq 1", ""),
		noticed: []string{"query/filter/three-terms"},
	}, {
		name:    "pages are smaller than asked for",
		ask:     inQuery(func(q url.Values) { q.Set("_pageSize", "20") }),
		noticed: []string{"tools/query/default-size"},
	}, {
		name: "totals are off by one",
		answer: inBody(isPage, func(doc any) any {
			if total, ok := doc.(object)["totalPagedResults"].(float64); ok && total > 0 {
				doc.(object)["totalPagedResults"] = total + 1
			}
			return doc
		}),
		noticed: []string{"query/page/count"},
	}, {
		name:    "prompt is ignored",
		ask:     inQuery(func(q url.Values) { q.Del("prompt") }),
		noticed: []string{"oauth/authorize/prompt-none", "oauth/authorize/prompt-login"},
	}, {
		name:    "any response type is code",
		ask:     inQuery(func(q url.Values) { q.Set("response_type", "code") }),
		noticed: []string{"oauth/authorize/token-response"},
	}, {
		name:    "any challenge method is plain",
		ask:     inQuery(func(q url.Values) { q.Set("code_challenge_method", "plain") }),
		noticed: []string{"oauth/authorize/challenge-method", "oauth/code/challenge-as-verifier", "oauth/code/exchange"},
	}, {
		name: "the csrf value is not checked",
		ask: inForm(func(r *http.Request, form url.Values) {
			for _, cookie := range r.Cookies() {
				if form.Has("decision") && strings.Contains(cookie.Value, "*") {
					form.Set("csrf", cookie.Value)
				}
			}
		}),
		noticed: []string{"oauth/authorize/no-csrf", "oauth/authorize/wrong-csrf"},
	}, {
		name: "codes and refresh tokens are good for every client",
		ask: inForm(func(_ *http.Request, form url.Values) {
			if grant := form.Get("grant_type"); grant == grantCode || grant == grantRefresh {
				form.Set("client_id", c.DefaultOAuthClients().LoginID)
			}
		}),
		noticed: []string{"oauth/code/other-client", "oauth/refresh/other-client"},
	}, {
		name: "the redirect URI is not compared",
		ask: inForm(func(_ *http.Request, form url.Values) {
			if form.Get("grant_type") == grantCode {
				form.Set("redirect_uri", c.DefaultOAuthClients().RedirectURI)
			}
		}),
		noticed: []string{"oauth/code/no-redirect", "oauth/code/other-redirect"},
	}, {
		name: "the scope of a refresh is ignored",
		ask: inForm(func(_ *http.Request, form url.Values) {
			if form.Get("grant_type") == grantRefresh {
				form.Del("scope")
			}
		}),
		noticed: []string{"oauth/refresh/narrower-scope", "oauth/refresh/wider-scope"},
	}, {
		name: "the requested token type is ignored",
		ask: inForm(func(_ *http.Request, form url.Values) {
			if form.Has("requested_token_type") {
				form.Set("requested_token_type", tokenType)
			}
		}),
		noticed: []string{"oauth/exchange/uniform-error"},
	},
}

// inQuery changes the parameters of a request.
func inQuery(change func(url.Values)) func(*http.Request) {
	return func(r *http.Request) {
		q := r.URL.Query()
		change(q)
		r.URL.RawQuery = q.Encode()
	}
}

func inFilter(old, changed string) func(*http.Request) {
	return inQuery(func(q url.Values) {
		if q.Has("_queryFilter") {
			q.Set("_queryFilter", strings.ReplaceAll(q.Get("_queryFilter"), old, changed))
		}
	})
}

// inForm changes the body of a request that is a form.
func inForm(change func(*http.Request, url.Values)) func(*http.Request) {
	return func(r *http.Request) {
		if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			return
		}
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return // the tenant notices
		}
		form, err := url.ParseQuery(string(data))
		if err == nil {
			change(r, form)
			data = []byte(form.Encode())
		}
		r.Body = io.NopCloser(bytes.NewReader(data))
		r.ContentLength = int64(len(data))
	}
}

// TestDefectsAreNoticed puts each defect in front of the in-process tenant.
func TestDefectsAreNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes each case once more")
	}
	mock := mockaic.Start(t, mockaic.Seed("empty"), mockaic.DevToken(devToken), mockaic.RestartTime(0), mockaic.LogRate(noLimit))
	openType, _, err := AddOpenType(t.Context(), c.Target{BaseURL: mock.URL, HTTPClient: mock.Client(), Bearer: devToken})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range slices.Concat(defects, idmDefects, amDefects, journeyDefects, loginDefects, oauthDefects, exchangeDefects, forgeryDefects, infoDefects, registrationDefects, robotDefects, corsDefects, callbackDefects, esvDefects, logDefects, clockDefects) {
		t.Run(d.name, func(t *testing.T) {
			front := httptest.NewServer(d.proxy(t, mock.URL))
			defer front.Close()
			target := c.Target{
				BaseURL: front.URL, HTTPClient: front.Client(), Bearer: devToken, Features: c.Features(), OpenType: openType,
				Username: "admin@example.com", Password: mockaic.Password, OAuth: c.DefaultOAuthClients(), Advance: d.clock(mock), MCP: mockaic.DefaultMCPServer,
			}
			target.Session = newSession(t, target)
			for _, id := range d.noticed {
				selected, err := c.Select(All(), id)
				if err != nil {
					t.Fatal(err)
				}
				for _, oneCase := range selected {
					if result := c.Run(t.Context(), target, oneCase); result.Outcome != c.Fail && result.Outcome != c.Warn {
						t.Errorf("%s: %s %s", id, result.Outcome, result.Reason)
					}
				}
			}
		})
	}
}

func (d defect) proxy(t *testing.T, address string) http.Handler {
	t.Helper()
	tenant, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(tenant)
			r.Out.Host = r.In.Host
			r.Out.Header.Del("Accept-Encoding")
			if d.ask != nil {
				d.ask(r.Out)
			}
		},
		ModifyResponse: d.answer,
	}
}

func isPage(body string) bool { return strings.Contains(body, `"pagedResultsCookie"`) }

// inBody changes JSON objects that have something to change. Numbers become
// floating point on the way.
func inBody(applies func(body string) bool, change func(doc any) any) func(*http.Response) error {
	return func(r *http.Response) error {
		return rewrite(r, func(data []byte) []byte {
			var doc object
			if !applies(string(data)) || json.Unmarshal(data, &doc) != nil {
				return data
			}
			changed, err := json.Marshal(change(doc))
			if err != nil {
				return data
			}
			return changed
		})
	}
}

func rewrite(r *http.Response, change func([]byte) []byte) error {
	data, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return err
	}
	data = change(data)
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.ContentLength = int64(len(data))
	r.Header.Set("Content-Length", strconv.Itoa(len(data)))
	return nil
}

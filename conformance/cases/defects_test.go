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
	"strconv"
	"strings"
	"testing"

	c "aicmcp/conformance"
	"aicmcp/mockaic"
)

// defect is one fault in an otherwise good tenant, and the cases that must
// notice it.
type defect struct {
	name    string
	ask     func(*http.Request)
	answer  func(*http.Response) error
	noticed []string
}

// defects are such as a hasty implementation has.
var defects = []defect{
	{
		name:    "revisions are not checked",
		ask:     func(r *http.Request) { r.Header.Del("If-Match") },
		noticed: []string{"managed/replace/stale", "managed/delete/stale", "managed/patch/stale", "managed/concurrency/one-winner", "tools/patch/stale"},
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
		name: "_fields is ignored",
		ask: func(r *http.Request) {
			q := r.URL.Query()
			q.Del("_fields")
			r.URL.RawQuery = q.Encode()
		},
		noticed: []string{"managed/read/fields", "query/fields/limited", "tools/query/fields", "tools/get/object"},
	}, {
		name: "sort keys are ignored",
		ask: func(r *http.Request) {
			q := r.URL.Query()
			q.Del("_sortKeys")
			r.URL.RawQuery = q.Encode()
		},
		noticed: []string{"query/sort/ascending-descending"},
	}, {
		name: "messages are not escaped",
		answer: func(r *http.Response) error {
			return rewrite(r, func(data []byte) []byte { return []byte(html.UnescapeString(string(data))) })
		},
		noticed: []string{"managed/read/missing", "managed/create/duplicate-put", "managed/patch/missing"},
	}, {
		name:    "everybody may do everything",
		ask:     func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+devToken) },
		noticed: []string{"crest/auth/missing", "crest/auth/garbage", "oauth/bearer/forged", "oauth/exchange/under-scoped", "oauth/code/single-use"},
	}, {
		name:    "writes that change nothing are not told",
		answer:  func(r *http.Response) error { r.Header.Del("X-Not-Modified"); return nil },
		noticed: []string{"managed/replace/identical", "managed/patch/no-change"},
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
		noticed: []string{"crest/answer/transaction-id"},
	},
}

// TestDefectsAreNoticed puts each defect in front of the in-process tenant.
func TestDefectsAreNoticed(t *testing.T) {
	mock := mockaic.Start(t, mockaic.Seed("empty"), mockaic.DevToken(devToken))
	openType, _, err := AddOpenType(t.Context(), c.Target{BaseURL: mock.URL, HTTPClient: mock.Client(), Bearer: devToken})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			front := httptest.NewServer(d.proxy(t, mock.URL))
			defer front.Close()
			target := c.Target{
				BaseURL: front.URL, HTTPClient: front.Client(), Bearer: devToken, Features: c.Features(), OpenType: openType,
				Username: "admin@example.com", Password: mockaic.Password, OAuth: c.DefaultOAuthClients(),
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

package aic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"

	"aicmcp/server/rest"
)

const secretToken = "s3cr3t-bearer-token"

// rig is a client on a fake transport, which does not wait.
type rig struct {
	*Client
	http *httpmock.MockTransport
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{http: httpmock.NewMockTransport()}
	retry := rest.DefaultRetry()
	retry.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	base, err := url.Parse("https://tenant.example")
	if err != nil {
		t.Fatal(err)
	}
	r.Client, err = New(Options{
		BaseURL:    base,
		HTTPClient: &http.Client{Transport: r.http},
		Token:      func(context.Context) (string, error) { return secretToken, nil },
		Invalidate: func(string) {},
		Retry:      &retry,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// answers gives one after the other; the last is repeated.
func answers(list ...httpmock.Responder) httpmock.Responder {
	var n atomic.Int32
	return func(r *http.Request) (*http.Response, error) {
		i := min(int(n.Add(1)), len(list)) - 1
		return list[i](r)
	}
}

func reply(status int, body string, header ...string) httpmock.Responder {
	return func(r *http.Request) (*http.Response, error) {
		res := httpmock.NewStringResponse(status, body)
		res.Request = r
		for i := 0; i+1 < len(header); i += 2 {
			res.Header.Set(header[i], header[i+1])
		}
		return res, nil
	}
}

func reset(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

func fails(t *testing.T, err error) *rest.Error {
	t.Helper()
	var e *rest.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want an *rest.Error", err)
	}
	return e
}

func second[T any](_ T, err error) error { return err }

const user = "https://tenant.example/openidm/managed/alpha_user"

func TestCreateIsNeverSentTwice(t *testing.T) {
	r := newRig(t)
	r.http.RegisterResponder("POST", user, reply(503, `{}`))
	if e := fails(t, second(r.CreateManaged(t.Context(), "alpha_user", Object{"userName": "a"}))); !e.Unknown || r.http.GetTotalCallCount() != 1 {
		t.Errorf("error %v after %d requests", e, r.http.GetTotalCallCount())
	}
}

func TestWhatATenantIsToldAndCalled(t *testing.T) {
	r := newRig(t)
	var sent string
	r.http.RegisterResponder("GET", user+"/1", func(req *http.Request) (*http.Response, error) {
		sent = req.Header.Get("X-ForgeRock-TransactionId")
		return reply(401, `{"code":401,"reason":"Unauthorized","message":"Access Denied"}`)(req)
	})
	e := fails(t, second(r.ReadManaged(t.Context(), "alpha_user", "1", "")))
	want := "The tenant refuses a token that it has just issued: the account, or the tenant's clients for this server, may lack rights."
	if e.API != "the tenant" || e.Hint != want || sent == "" || e.TransactionID != sent {
		t.Errorf("error %+v, sent the transaction %q", e, sent)
	}
}

func TestAnswersThatAreNoObjects(t *testing.T) {
	for _, body := range []string{"{}", `{"_id":7}`} {
		r := newRig(t)
		r.http.RegisterResponder("GET", user+"/1", reply(200, body))
		e := fails(t, second(r.ReadManaged(t.Context(), "alpha_user", "1", "")))
		if e.Reason != rest.ReasonUnusable || e.Message != "the tenant reported success, but the answer is no managed object: it has no _id" {
			t.Errorf("%s: %+v", body, e)
		}
	}
}

func TestPatchSettles(t *testing.T) {
	const (
		sn     = `{"_id":"1","_rev":"2","sn":"New","age":42.0,"address":{"city":"Oslo"}}`
		refuse = `{"code":412,"reason":"Precondition Failed","message":"changed"}`
	)
	set := func(operation, field string, value any) PatchOperation {
		return PatchOperation{Operation: operation, Field: field, Value: value}
	}
	for _, tc := range []struct {
		name   string
		first  httpmock.Responder
		ops    []PatchOperation
		fields string // asked for; "" if the object is not read
		ok     bool
	}{
		{"fields have their values", reset, []PatchOperation{set("replace", "/sn", "New"), set("add", "age", json.Number("42"))}, "*,sn,age", true},
		{"a nested field has its value", reset, []PatchOperation{set("replace", "/address/city/", "Oslo"), set("add", "/address/city", "Oslo")}, "*,address", true},
		{"a field has another value", reset, []PatchOperation{set("replace", "/sn", "Other")}, "*,sn", false},
		{"a field is not shown", reset, []PatchOperation{set("replace", "/sn", "New"), set("replace", "/password", "s")}, "*,sn,password", false},
		{"null that is not shown", reset, []PatchOperation{set("replace", "/secret", nil)}, "*,secret", false},
		{"a removed field", reset, []PatchOperation{{Operation: "remove", Field: "/mail"}}, "*,mail", false},
		{"a removed element", reset, []PatchOperation{set("remove", "/sn", "New")}, "*,sn", false},
		{"a step", reset, []PatchOperation{set("increment", "/age", json.Number("42"))}, "*,age", false},
		{"an appended element", reset, []PatchOperation{set("add", "/roles/-", Object{})}, "*,roles", false},
		{"not lost but refused", reply(429, ``), []PatchOperation{set("replace", "/sn", "New")}, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			var matches []string
			patch := answers(tc.first, reply(412, refuse))
			r.http.RegisterResponder("PATCH", user+"/1", func(req *http.Request) (*http.Response, error) {
				matches = append(matches, req.Header.Get("If-Match"))
				return patch(req)
			})
			var fields string
			r.http.RegisterResponder("GET", user+"/1", func(req *http.Request) (*http.Response, error) {
				fields = req.URL.Query().Get("_fields")
				return reply(200, sn)(req)
			})
			doc, err := r.PatchManaged(t.Context(), "alpha_user", "1", "abc-1", tc.ops)
			if (err == nil) != tc.ok || tc.ok && doc["_rev"] != "2" {
				t.Fatalf("doc %v, error %v", doc, err)
			}
			if err != nil {
				if e := fails(t, err); e.Status != 412 || e.Unknown != (tc.fields != "") {
					t.Errorf("error %+v", e)
				}
			}
			if fields != tc.fields {
				t.Errorf("read %q, want %q", fields, tc.fields)
			}
			if fmt.Sprint(matches) != `["abc-1" "abc-1"]` {
				t.Errorf("If-Match %v", matches)
			}
		})
	}
}

func TestDeleteSettles(t *testing.T) {
	missing := reply(404, `{"code":404,"reason":"Not Found","message":"gone"}`)
	r := newRig(t)
	r.http.RegisterResponder("DELETE", user+"/1", answers(reset, missing))
	r.http.RegisterResponder("GET", user+"/1", missing)
	if _, err := r.DeleteManaged(t.Context(), "alpha_user", "1", "r"); err != nil {
		t.Errorf("a delete whose answer was lost: %v", err)
	}

	r = newRig(t)
	r.http.RegisterResponder("DELETE", user+"/1", missing)
	if e := fails(t, second(r.DeleteManaged(t.Context(), "alpha_user", "1", "r"))); e.Status != 404 {
		t.Errorf("a delete of nothing: %v", e)
	}

	r = newRig(t)
	r.http.RegisterResponder("DELETE", user+"/1", reset)
	if e := fails(t, second(r.DeleteManaged(t.Context(), "alpha_user", "1", ""))); !e.Unknown || r.http.GetTotalCallCount() != 1 {
		t.Errorf("a delete without revision: %v after %d requests", e, r.http.GetTotalCallCount())
	}
}

func TestPaths(t *testing.T) {
	r := newRig(t)
	var asked string
	r.http.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		asked = req.URL.EscapedPath() + "?" + req.URL.RawQuery
		return reply(200, `{"_id":"1","result":[]}`)(req)
	})
	if _, err := r.ReadManaged(t.Context(), "alpha_user", "a/../b?c#d e%2f", "x, y"); err != nil {
		t.Fatal(err)
	}
	if want := "/openidm/managed/alpha_user/a%2F..%2Fb%3Fc%23d%20e%252f?_fields=x%2Cy"; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
	if _, err := r.QueryManaged(t.Context(), "alpha_user", Query{Filter: `a eq "b+c&d"`, SortKeys: "+sn , -mail", Fields: " sn, mail", Count: true}); err != nil {
		t.Fatal(err)
	}
	if want := "?_fields=sn%2Cmail&_queryFilter=a+eq+%22b%2Bc%26d%22&_sortKeys=%2Bsn%2C-mail&_totalPagedResultsPolicy=EXACT"; !strings.HasSuffix(asked, want) {
		t.Errorf("asked %s, want %s", asked, want)
	}
	before := r.http.GetTotalCallCount()
	for _, bad := range [][2]string{{"alpha_user", "."}, {"alpha_user", ".."}, {"alpha_user", ""}, {"../config", "x"}, {"", "x"}, {"a/b", "x"}} {
		if _, err := r.ReadManaged(t.Context(), bad[0], bad[1], ""); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if r.http.GetTotalCallCount() != before {
		t.Error("a bad path was sent")
	}
}

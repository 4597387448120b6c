package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"aicmcp/server/telemetry"
)

// roundTrip answers requests without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func recorded(t testing.TB, p telemetry.Providers, base http.RoundTripper) *http.Client {
	t.Helper()
	wrapped, err := telemetry.Transport(p, base)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: wrapped}
}

func TestARequestIsRecorded(t *testing.T) {
	var seen http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		io.Copy(w, r.Body)
	}))
	defer other.Close()
	r := newRecorder()
	ctx, above := r.Tracers.Tracer("test").Start(t.Context(), "above")
	req, err := http.NewRequestWithContext(ctx, "POST", other.URL+"/people/"+secret+"?name="+secret, strings.NewReader("echo"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := recorded(t, r.Providers, http.DefaultTransport).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(body) != "echo" {
		t.Errorf("%q %v", body, err)
	}
	span := r.spans.GetSpans()[0]
	want := "http.request.method=POST,http.response.status_code=200,server.address=127.0.0.1,server.port=" + req.URL.Port()
	same(t, "name", span.Name, "POST")
	same(t, "kind", span.SpanKind, trace.SpanKindClient)
	same(t, "attributes", text(span.Attributes), want)
	same(t, "parent", span.Parent.SpanID(), above.SpanContext().SpanID())
	same(t, "status", span.Status.Code, codes.Unset)
	same(t, "told", seen.Get("Traceparent"), fmt.Sprintf("00-%s-%s-01", span.SpanContext.TraceID(), span.SpanContext.SpanID()))
	same(t, "authorization", seen.Get("Authorization"), "Bearer "+secret)
	same(t, "the request as it was", req.Header.Get("Traceparent"), "")
	same(t, "measured", r.points(t, "http.client.request.duration")[want], uint64(1))
}

func TestOutcomesOfRequests(t *testing.T) {
	const on = "http.request.method=GET,%sserver.address=api.example.com,server.port="
	for _, c := range []struct {
		name, url string
		status    int
		err       error
		problem   string
		outcome   string
		port      string
	}{
		{name: "refusal", url: "https://api.example.com/x", status: 403, problem: "403", outcome: "http.response.status_code=403,", port: "443"},
		{name: "redirect", url: "http://api.example.com/x", status: 302, outcome: "http.response.status_code=302,", port: "80"},
		{name: "a status of nobody's", url: "https://api.example.com:8443", status: 599, problem: "500", outcome: "http.response.status_code=500,", port: "8443"},
		{name: "timeout", url: "https://api.example.com", err: context.DeadlineExceeded, problem: "timeout", port: "443"},
		{name: "cancelled", url: "https://api.example.com", err: fmt.Errorf("it was: %w", context.Canceled), problem: "canceled", port: "443"},
		{name: "no connection", url: "https://api.example.com", err: &net.OpError{Op: "dial", Err: errors.New(secret)}, problem: "*net.OpError", port: "443"},
	} {
		r := newRecorder()
		client := recorded(t, r.Providers, roundTrip(func(*http.Request) (*http.Response, error) {
			if c.err != nil {
				return nil, c.err
			}
			return &http.Response{StatusCode: c.status, Body: http.NoBody, Header: http.Header{}}, nil
		}))
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		res, err := client.Get(c.url)
		if err == nil {
			res.Body.Close()
		}
		var outer *url.Error
		if c.err != nil && (!errors.As(err, &outer) || !errors.Is(outer.Err, c.err)) {
			t.Errorf("%s: %v", c.name, err)
		}
		span, want := r.spans.GetSpans()[0], fmt.Sprintf(on, c.outcome)+c.port
		status := codes.Unset
		if c.problem != "" {
			want, status = "error.type="+c.problem+","+want, codes.Error
		}
		same(t, c.name, text(span.Attributes), want)
		same(t, c.name, span.Status.Code, status)
		same(t, c.name, span.Status.Description, "")
		same(t, c.name, r.points(t, "http.client.request.duration")[want], uint64(1))
	}
}

func TestWithoutProvidersNothingIsInTheWay(t *testing.T) {
	base := &http.Transport{}
	got, err := telemetry.Transport(telemetry.Providers{}, base)
	if err != nil || got != http.RoundTripper(base) {
		t.Errorf("%T %v", got, err)
	}
}

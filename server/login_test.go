package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/auth"
	"aicmcp/server/tokenstore"
)

// deviceFlow stands before the tenant and answers what RFC 8628 adds, until the
// fake does: who approves has the login of its administrator.
type deviceFlow struct {
	login    tokenstore.Login
	approved chan time.Time // closed when the person has logged in
	approve  func()
}

func (d *deviceFlow) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, "/am/oauth2/") {
		return http.DefaultTransport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	switch {
	case r.URL.Path == "/am/oauth2/device/code":
		return reply(map[string]any{
			"device_code": "d", "user_code": "ABCD2345", "interval": 5, "expires_in": 300,
			"verification_uri":          "https://tenant.example/am/oauth2/device/user",
			"verification_uri_complete": "https://tenant.example/am/oauth2/device/user?user_code=ABCD2345",
		})
	case strings.HasSuffix(form.Get("grant_type"), ":device_code"):
		return reply(map[string]any{"access_token": d.login.AccessToken, "refresh_token": d.login.RefreshToken, "token_type": "Bearer", "expires_in": 3599})
	}
	return http.DefaultTransport.RoundTrip(r)
}

func reply(body map[string]any) (*http.Response, error) {
	text, err := json.Marshal(body)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(text)), Header: http.Header{}}, err
}

// after lets polls wait for the approval, and calls for ever.
func (d *deviceFlow) after(wait time.Duration) <-chan time.Time {
	if wait < 10*time.Second {
		return d.approved
	}
	return nil
}

// deviceServer is a server whose person logs in by device code.
type deviceServer struct {
	*deviceFlow
	t      *testing.T
	source *auth.Source
	server *mcp.Server
	tenant *mockaic.Tenant
}

func newDeviceServer(t *testing.T, change func(*auth.Options)) *deviceServer {
	t.Helper()
	tenant := mockaic.Start(t, mockaic.LoopbackRedirects(auth.DefaultClientID))
	base, err := url.Parse(tenant.URL)
	if err != nil {
		t.Fatal(err)
	}
	browser := auth.Options{
		BaseURL: base, Scopes: server.Scopes(), Store: tokenstore.NewMemory(),
		OpenURL: func(address string) error {
			go func() {
				if _, err := (mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password}).Visit(t.Context(), address); err != nil {
					t.Errorf("log in: %v", err)
				}
			}()
			return nil
		},
	}
	elsewhere, err := auth.New(browser)
	if err != nil {
		t.Fatal(err)
	}
	if err := elsewhere.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	login, err := browser.Store.Load(t.Context(), tenant.URL+" "+auth.DefaultClientID)
	if err != nil {
		t.Fatal(err)
	}
	flow := &deviceFlow{login: login, approved: make(chan time.Time)}
	flow.approve = sync.OnceFunc(func() { close(flow.approved) })
	opts := auth.Options{
		Way: auth.Device, Context: t.Context(), BaseURL: base, Scopes: server.Scopes(),
		HTTPClient: &http.Client{Transport: flow}, After: flow.after,
	}
	if change != nil {
		change(&opts)
	}
	s := &deviceServer{deviceFlow: flow, t: t, tenant: tenant}
	if s.source, err = auth.New(opts); err != nil {
		t.Fatal(err)
	}
	connector, err := server.NewConnector(server.ConnectorOptions{BaseURL: base, HTTPClient: opts.HTTPClient, Bearers: s.source})
	if err != nil {
		t.Fatal(err)
	}
	if s.server, err = server.New(t.Context(), server.Options{Connector: connector, Login: s.source}); err != nil {
		t.Fatal(err)
	}
	return s
}

// connect connects a client that can ask its person in the way given, if any.
func (s *deviceServer) connect(protocol string, can *mcp.ElicitationCapabilities, ask func(*mcp.ElicitParams) (*mcp.ElicitResult, error)) *mcp.ClientSession {
	s.t.Helper()
	opts := &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{Elicitation: can}}
	if can != nil {
		opts.ElicitationHandler = func(_ context.Context, req *mcp.ElicitRequest) (*mcp.ElicitResult, error) { return ask(req.Params) }
	}
	here, there := mcp.NewInMemoryTransports()
	if _, err := s.server.Connect(s.t.Context(), there, nil); err != nil {
		s.t.Fatal(err)
	}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, opts).Connect(s.t.Context(), here, &mcp.ClientSessionOptions{ProtocolVersion: protocol})
	if err != nil {
		s.t.Fatal(err)
	}
	return session
}

func (s *deviceServer) call(session *mcp.ClientSession, name string, arguments any) (text string, failed bool) {
	s.t.Helper()
	res, err := session.CallTool(s.t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.Content[0].(*mcp.TextContent).Text, res.IsError
}

const devicePage = "https://tenant.example/am/oauth2/device/user?user_code=ABCD2345"

var protocols = []string{"2025-06-18", "2025-11-25", "2026-07-28"}

func TestClientsAskTheirPersonToLogIn(t *testing.T) {
	for _, protocol := range protocols {
		for mode, can := range map[string]*mcp.ElicitationCapabilities{
			"url":  {URL: &mcp.URLElicitationCapabilities{}, Form: &mcp.FormElicitationCapabilities{}},
			"form": {},
		} {
			t.Run(protocol+" "+mode, func(t *testing.T) {
				s := newDeviceServer(t, nil)
				var questions []*mcp.ElicitParams
				session := s.connect(protocol, can, func(p *mcp.ElicitParams) (*mcp.ElicitResult, error) {
					questions = append(questions, p)
					s.approve()
					return &mcp.ElicitResult{Action: "accept"}, nil
				})
				if text, failed := s.call(session, "getManagedObject", map[string]any{}); !failed || len(questions) > 0 {
					t.Errorf("a call that cannot work: %s, %v", text, questions)
				}
				if text, failed := s.call(session, "listManagedObjects", nil); failed {
					t.Errorf("the call: %s", text)
				}
				if len(questions) != 1 || questions[0].Mode != mode || !strings.Contains(questions[0].Message, "ABCD2345") || !strings.Contains(questions[0].Message, strings.TrimPrefix(s.tenant.URL, "http://")) {
					t.Fatalf("asked %+v", questions)
				}
				if q := questions[0]; mode == "url" && (q.URL != devicePage || q.ElicitationID == "") || mode == "form" && !strings.Contains(q.Message, devicePage) {
					t.Errorf("asked %+v", q)
				}
				if text, failed := s.call(session, "getThemes", map[string]any{"realm": "alpha"}); failed || len(questions) != 1 {
					t.Errorf("the next call: %s, %d questions", text, len(questions))
				}
			})
		}
	}
}

func TestAClientThatCannotAskIsToldWhatToOpen(t *testing.T) {
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			s := newDeviceServer(t, nil)
			session := s.connect(protocol, nil, nil)
			for range 2 {
				text, failed := s.call(session, "listManagedObjects", nil)
				if !failed || !strings.Contains(text, devicePage+" ") || !strings.Contains(text, "ABCD2345") || !strings.Contains(text, "Call again") {
					t.Errorf("told %s", text)
				}
			}
			s.approve()
			if err := s.source.Await(t.Context(), time.Hour); err != nil {
				t.Fatal(err)
			}
			if text, failed := s.call(session, "listManagedObjects", nil); failed {
				t.Errorf("the call: %s", text)
			}
		})
	}
}

func TestAPersonWhoDoesNotLogIn(t *testing.T) {
	for _, protocol := range protocols {
		for _, action := range []string{"decline", "cancel"} {
			s := newDeviceServer(t, nil)
			asked := 0
			session := s.connect(protocol, &mcp.ElicitationCapabilities{}, func(*mcp.ElicitParams) (*mcp.ElicitResult, error) {
				asked++
				return &mcp.ElicitResult{Action: action}, nil
			})
			if text, failed := s.call(session, "listManagedObjects", nil); !failed || !strings.Contains(text, "Login declined") || asked != 1 {
				t.Errorf("%s, %s: %s after %d questions", protocol, action, text, asked)
			}
			if n := len(s.tenant.Requests()); strings.Contains(fmt.Sprint(s.asked()), "/openidm") {
				t.Errorf("%d requests: %v", n, s.asked())
			}
		}
	}
}

func (s *deviceServer) asked() []string {
	var lines []string
	for _, r := range s.tenant.Requests() {
		lines = append(lines, r.Path)
	}
	return lines
}

// The person says yes and takes their time.
func TestAPersonWhoIsSlow(t *testing.T) {
	for _, protocol := range protocols {
		s := newDeviceServer(t, func(o *auth.Options) {
			polls := o.After
			o.After = func(d time.Duration) <-chan time.Time {
				if c := polls(d); c != nil {
					return c
				}
				over := make(chan time.Time)
				close(over)
				return over
			}
		})
		session := s.connect(protocol, &mcp.ElicitationCapabilities{}, func(*mcp.ElicitParams) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "accept"}, nil
		})
		if text, failed := s.call(session, "listManagedObjects", nil); !failed || !strings.Contains(text, devicePage) {
			t.Errorf("%s: %s", protocol, text)
		}
	}
}

// A client that declares more than it does: the SDK asks it for the server.
func TestAClientThatFailsToAsk(t *testing.T) {
	for _, protocol := range protocols[:2] {
		s := newDeviceServer(t, nil)
		session := s.connect(protocol, &mcp.ElicitationCapabilities{}, func(*mcp.ElicitParams) (*mcp.ElicitResult, error) {
			return nil, errors.New("not here")
		})
		if text, failed := s.call(session, "listManagedObjects", nil); !failed || !strings.Contains(text, devicePage) {
			t.Errorf("%s: %s", protocol, text)
		}
	}
}

func TestWithoutAMsTools(t *testing.T) {
	narrow := server.Selection{NoAM: true}
	if got := fmt.Sprint(narrow.Scopes()); got != "[fr:idc:esv:read fr:idc:esv:update fr:idc:monitoring:* fr:idm:*]" {
		t.Errorf("scopes %s", got)
	}
	for _, t2 := range narrow.Tools() {
		if strings.Contains(t2.Name, "Oidc") || strings.Contains(t2.Name, "Script") {
			t.Errorf("%s is offered", t2.Name)
		}
	}
}

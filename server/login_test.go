package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/auth"
)

// deviceServer is a server whose person logs in by device code, at the fake.
type deviceServer struct {
	t      *testing.T
	source *auth.Source
	server *mcp.Server
	tenant *mockaic.Tenant
	done   chan time.Time // closed when the person has answered at the tenant
}

func newDeviceServer(t *testing.T, change func(*auth.Options)) *deviceServer {
	t.Helper()
	s := &deviceServer{t: t, tenant: mockaic.Start(t), done: make(chan time.Time)}
	base, err := url.Parse(s.tenant.URL)
	if err != nil {
		t.Fatal(err)
	}
	opts := auth.Options{Way: auth.Device, Context: t.Context(), BaseURL: base, Scopes: server.Scopes(), After: s.after}
	if change != nil {
		change(&opts)
	}
	if s.source, err = auth.New(opts); err != nil {
		t.Fatal(err)
	}
	connector, err := server.NewConnector(server.ConnectorOptions{BaseURL: base, Bearers: s.source})
	if err != nil {
		t.Fatal(err)
	}
	if s.server, err = server.New(t.Context(), server.Options{Connector: connector, Login: s.source}); err != nil {
		t.Fatal(err)
	}
	return s
}

// after lets polls wait for the person, and calls for ever.
func (s *deviceServer) after(wait time.Duration) <-chan time.Time {
	if wait < 10*time.Second {
		return s.done
	}
	return nil
}

// visit has the person open what they were shown.
func (s *deviceServer) visit(shown string, denies bool) {
	s.t.Helper()
	address := devicePage.FindString(shown)
	if !strings.HasPrefix(address, s.tenant.URL) {
		s.t.Errorf("no page of the tenant in %s", shown)
	}
	page, err := mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password, Denies: denies}.Visit(s.t.Context(), address)
	if err != nil || page.Status != http.StatusOK {
		s.t.Errorf("log in: %v, %v", page, err)
	}
	close(s.done)
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

// devicePage is the page for a code, with the code.
var devicePage = regexp.MustCompile(`http://[^ "]+/am/oauth2/device/user\?user_code=(\w+)`)

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
					s.visit(p.URL+" "+p.Message, false)
					return &mcp.ElicitResult{Action: "accept"}, nil
				})
				if text, failed := s.call(session, "getManagedObject", map[string]any{}); !failed || len(questions) > 0 {
					t.Errorf("a call that cannot work: %s, %v", text, questions)
				}
				if text, failed := s.call(session, "listManagedObjects", nil); failed {
					t.Errorf("the call: %s", text)
				}
				if len(questions) != 1 || questions[0].Mode != mode {
					t.Fatalf("asked %+v", questions)
				}
				q := questions[0]
				page := devicePage.FindStringSubmatch(q.URL + " " + q.Message)
				if !strings.Contains(q.Message, "the code "+page[1]+",") || !strings.Contains(q.Message, strings.TrimPrefix(s.tenant.URL, "http://")) {
					t.Errorf("asked %+v", q)
				}
				if mode == "url" && (q.URL != page[0] || q.ElicitationID == "") {
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
			var told [2]string
			for i := range told {
				text, failed := s.call(session, "listManagedObjects", nil)
				told[i] = devicePage.FindString(text)
				if !failed || !strings.Contains(text, "the code "+strings.TrimPrefix(told[i], s.tenant.URL+"/am/oauth2/device/user?user_code=")+" ") || !strings.Contains(text, "Call again") {
					t.Errorf("told %s", text)
				}
			}
			if told[0] != told[1] {
				t.Errorf("told %v", told)
			}
			s.visit(told[0], false)
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

// The person says no at the tenant, not to the client.
func TestAPersonWhoDeniesTheAccess(t *testing.T) {
	for _, protocol := range protocols {
		s := newDeviceServer(t, nil)
		session := s.connect(protocol, &mcp.ElicitationCapabilities{}, func(p *mcp.ElicitParams) (*mcp.ElicitResult, error) {
			s.visit(p.Message, true)
			return &mcp.ElicitResult{Action: "accept"}, nil
		})
		if text, failed := s.call(session, "listManagedObjects", nil); !failed || !strings.Contains(text, "Login declined") {
			t.Errorf("%s: %s", protocol, text)
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
		if text, failed := s.call(session, "listManagedObjects", nil); !failed || !devicePage.MatchString(text) {
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
		if text, failed := s.call(session, "listManagedObjects", nil); !failed || !devicePage.MatchString(text) {
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

package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Target is what cases are run against. BaseURL is required.
type Target struct {
	// BaseURL is the tenant's address, without a path.
	BaseURL string
	// HTTPClient is http.DefaultClient if nil. Redirects are never followed.
	HTTPClient *http.Client
	// Bearer has the scope fr:idm:*, and those that features ask for.
	Bearer string
	// Session is a client of an MCP server in front of the tenant.
	Session *mcp.ClientSession
	// MCP is the address of the endpoint of a remote MCP server.
	MCP string
	// Patience is how long the remote MCP server may wait for the rest of a request; it is
	// DefaultPatience if zero.
	Patience time.Duration
	// Features are those that the target claims. Cases that need others are
	// skipped.
	Features []Feature
	// OpenType is the managed object type of the feature OpenType.
	OpenType string
	// ReadOnly leaves out the cases that write.
	ReadOnly bool
	// Timeout bounds each case, its Waits not counted; it is DefaultTimeout if
	// zero.
	Timeout time.Duration
	// Username and Password log in a tenant administrator.
	Username, Password string
	OAuth              OAuthClients
	// Advance moves the clock of the feature Clock.
	Advance func(context.Context, time.Duration) error
}

// DefaultTimeout is how long a case may take.
const DefaultTimeout = 60 * time.Second

// DefaultPatience is how long a server may wait for the rest of a request.
const DefaultPatience = 2 * time.Minute

// OAuthClients are the two public clients of the root realm that the cases use.
type OAuthClients struct {
	// LoginID has the grants authorization_code and refresh_token and the
	// scopes; RedirectURI is registered for it.
	LoginID, RedirectURI string
	// ExchangeID may exchange the tokens of LoginID. It has the same scopes.
	ExchangeID string
	// Scopes are those of both clients: the first opens /openidm, and the
	// others, of which there is at least one, do not.
	Scopes []string
}

// DefaultOAuthClients are those that a tenant has for Ping's MCP server.
func DefaultOAuthClients() OAuthClients {
	return OAuthClients{
		LoginID:     "AICMCPClient",
		RedirectURI: "http://localhost:3000",
		ExchangeID:  "AICMCPExchangeClient",
		Scopes:      []string{"fr:idm:*", "fr:idc:esv:*"},
	}
}

// CheckAddress reports what makes an address unusable as a BaseURL.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("the target %q is not an address such as https://tenant.example.com", address)
	case u.User != nil, strings.Trim(u.Path, "/") != "", u.RawQuery != "", u.Fragment != "":
		return fmt.Errorf("the target %q must be an address without a path, a query or a user", address)
	}
	return nil
}

// CheckMCP reports what makes an address unusable as that of a remote MCP server.
func CheckMCP(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("the remote MCP server %q is not an address such as https://mcp.example.com/mcp, without a query or a user", address)
	}
	return nil
}

// Check reports what makes the target unusable.
func (t Target) Check() error {
	if err := CheckAddress(t.BaseURL); err != nil {
		return err
	}
	for _, f := range t.Features {
		if !slices.Contains(Features(), f) {
			return fmt.Errorf("there is no feature %q", f)
		}
	}
	if t.claims(RemoteMCP) {
		if err := CheckMCP(t.MCP); err != nil {
			return err
		}
	}
	switch {
	case t.claims(FormLogin) && (t.Username == "" || t.Password == ""):
		return errors.New("the feature form-login needs a user name and a password")
	case t.claims(Tools) && t.Session == nil:
		return errors.New("the feature tools needs an MCP session")
	case t.claims(Clock) && t.Advance == nil:
		return errors.New("the feature clock needs a clock to move")
	case t.claims(OAuth) && len(t.OAuth.Scopes) < 2:
		return errors.New("the feature oauth needs two scopes")
	}
	return nil
}

func (t Target) claims(f Feature) bool { return slices.Contains(t.Features, f) }

// skips tells why the target does not run the case, or nothing.
func (t Target) skips(c Case) string {
	if t.ReadOnly && c.Writes {
		return "the case writes, and the target is read-only"
	}
	for _, f := range c.Needs {
		if !t.claims(f) {
			return fmt.Sprintf("the target does not claim the feature %s", f)
		}
	}
	return ""
}

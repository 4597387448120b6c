package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"aicmcp/server/aic"
	"aicmcp/server/auth"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// Bearers supplies bearer tokens: an auth.Source, or auth.Static.
type Bearers interface {
	Token(ctx context.Context, scopes []string) (string, error)
	// Invalidate is told a token that an API answered 401 to.
	Invalidate(scopes []string, token string)
}

// ConnectorOptions configure a Connector. BaseURL and Bearers are required.
type ConnectorOptions struct {
	BaseURL    *url.URL
	HTTPClient *http.Client
	Bearers    Bearers
	// Robot says that the bearers are a service account's.
	Robot bool
	// Retry is rest.DefaultRetry if nil.
	Retry  *rest.Retry
	Logger *slog.Logger
}

// NewConnector returns a connector whose clients act with the bearers.
func NewConnector(opts ConnectorOptions) (tool.Connector[*aic.Client], error) {
	if opts.BaseURL == nil || opts.Bearers == nil {
		return nil, errors.New("server: a connector needs a base URL and bearers")
	}
	return &connector{opts: opts}, nil
}

type connector struct {
	opts  ConnectorOptions
	locks aic.Locks
}

func (c *connector) Client(_ context.Context, scopes []tool.Scope) (*aic.Client, error) {
	names := names(scopes)
	if c.opts.Robot && slices.Contains(scopes, aic.Monitoring) {
		return nil, &tool.Failure{
			Reason:  "Not for service accounts",
			Message: "the tenant's logs are closed to service accounts, whatever their scopes",
			Hint:    "Nothing was done. Somebody can log in as an administrator instead: the setting AIC_LOGIN.",
		}
	}
	return aic.New(aic.Options{
		BaseURL:    c.opts.BaseURL,
		HTTPClient: c.opts.HTTPClient,
		Retry:      c.opts.Retry,
		Locks:      &c.locks,
		Logger:     c.opts.Logger,
		Token: func(ctx context.Context) (string, error) {
			if err := refusedLogin(ctx); err != nil {
				return "", loginFailure(err)
			}
			token, err := c.opts.Bearers.Token(ctx, names)
			var pending *auth.Pending
			if errors.As(err, &pending) {
				notePending(ctx, pending)
				return "", loginNeeded(pending)
			}
			if err != nil {
				return "", loginFailure(err)
			}
			return token, nil
		},
		Invalidate: func(token string) { c.opts.Bearers.Invalidate(names, token) },
	})
}

// loginNeeded tells a tool's caller what a person has to do first.
func loginNeeded(p *auth.Pending) error {
	return &tool.Failure{
		Reason:    "Login needed",
		Message:   fmt.Sprintf("a person has to log in to %s at %s with the code %s before %s", p.Tenant, p.URL, p.Code, p.Expires.UTC().Format(time.TimeOnly+" MST")),
		Hint:      "Show them this address and code, word for word; any device will do. Call again when they have logged in.",
		Retryable: true,
	}
}

// loginFailure tells a tool's caller what it may know of a failed login.
func loginFailure(err error) error {
	var e *auth.Error
	if !errors.As(err, &e) {
		return err
	}
	f := &tool.Failure{
		Status:        e.Status,
		Message:       e.Description,
		TransactionID: e.TransactionID,
	}
	switch {
	case errors.Is(err, auth.ErrDeclined):
		f.Reason = "Login declined"
		f.Hint = "Nothing was done. Don't call again unless the person wants to log in."
	case e.Lacking() != nil:
		f.Reason = "Access token refused"
		f.Hint = "Nothing was done. As long as the service account lacks these scopes, these tools cannot work: " + strings.Join(Selection{}.Needing(e.Lacking()...), ", ") + "."
	case e.Status == 0 && e.Op != "login":
		f.Reason, f.Retryable = "No answer", true
		f.Hint = "Nothing was done. Check the tenant's address, the network and the certificate authority, then call again."
	case e.Status == http.StatusTooManyRequests || e.Status >= 500:
		f.Reason, f.Retryable = "Tenant unavailable", true
		f.Hint = "Nothing was done. Wait a while, then call again."
	case e.Op == "exchange" && (e.Code == "invalid_client" || e.Code == "unauthorized_client"):
		f.Reason = "Access token refused"
		f.Hint = "Nothing was done. The tenant does not accept the client that exchanges tokens: its name is the setting AIC_EXCHANGE_CLIENT_ID."
	case e.Op == "exchange":
		f.Reason = "Access token refused"
		f.Hint = "Nothing was done. The tenant did not grant a token for this tool: the account, or the tenant's client for the exchange, may lack the scopes, or the login's tokens lack a may_act for that client."
	case e.Op == "assertion":
		f.Reason = "Access token refused"
		f.Hint = "Nothing was done. Check AIC_SERVICE_ACCOUNT_ID and AIC_SERVICE_ACCOUNT_KEY, whether the account is active, and this machine's clock."
	default:
		f.Reason, f.Retryable = "Login failed", true
		f.Hint = "Nothing was done. The person at the computer can log in when you call again."
	}
	if e.Code != "" {
		// This is the tenant's text: quoted, like all of its text.
		f.Message = fmt.Sprintf("the tenant answered %q", strings.TrimSuffix(e.Code+": "+e.Description, ": "))
	}
	return f
}

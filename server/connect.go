package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/auth"
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
	// Retry is aic.DefaultRetry if nil.
	Retry  *aic.Retry
	Logger *slog.Logger
}

// NewConnector returns a connector whose clients act with the bearers.
func NewConnector(opts ConnectorOptions) (tool.Connector, error) {
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
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return aic.New(aic.Options{
		BaseURL:    c.opts.BaseURL,
		HTTPClient: c.opts.HTTPClient,
		Retry:      c.opts.Retry,
		Locks:      &c.locks,
		Logger:     c.opts.Logger,
		Token: func(ctx context.Context) (string, error) {
			token, err := c.opts.Bearers.Token(ctx, names)
			if err != nil {
				return "", loginFailure(err)
			}
			return token, nil
		},
		Invalidate: func(token string) { c.opts.Bearers.Invalidate(names, token) },
	})
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

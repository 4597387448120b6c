package aic

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"

	"aicmcp/server/rest"
)

// Options configure a Client. BaseURL and Token are required.
type Options struct {
	BaseURL    *url.URL
	HTTPClient *http.Client
	// Token supplies the bearer for a request.
	Token func(ctx context.Context) (string, error)
	// Invalidate is told a bearer that the tenant answered 401 to. If nil,
	// a 401 is final.
	Invalidate func(token string)
	// Retry is rest.DefaultRetry if nil.
	Retry *rest.Retry
	// Locks are shared by the clients of a tenant; the client's own if nil.
	Locks  *Locks
	Logger *slog.Logger
}

// tenant is what messages call a tenant.
const tenant = "the tenant"

// Client talks to one tenant as one caller. It is safe for concurrent use.
type Client struct {
	api   *rest.Client
	base  *url.URL
	token func(ctx context.Context) (string, error)
	retry rest.Retry
	locks *Locks
}

// New returns a Client for the tenant at opts.BaseURL.
func New(opts Options) (*Client, error) {
	c := &Client{base: opts.BaseURL, token: opts.Token, retry: rest.DefaultRetry(), locks: opts.Locks}
	if opts.Retry != nil {
		c.retry = *opts.Retry
	}
	if c.locks == nil {
		c.locks = &Locks{}
	}
	var err error
	c.api, err = rest.New(rest.Options{
		API:               tenant,
		BaseURL:           opts.BaseURL,
		HTTPClient:        opts.HTTPClient,
		Token:             opts.Token,
		Invalidate:        opts.Invalidate,
		TransactionHeader: "X-ForgeRock-TransactionId",
		Hints: map[int]string{
			http.StatusUnauthorized: "The tenant refuses a token that it has just issued: the account, or the tenant's clients for this server, may lack rights.",
		},
		Retry:  &c.retry,
		Logger: opts.Logger,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

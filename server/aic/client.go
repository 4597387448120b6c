package aic

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
)

// Object is a document of the tenant. Numbers in it are json.Number, so that
// they come back exactly as they were.
type Object = map[string]any

// Options configure a Client. BaseURL and Token are required.
type Options struct {
	BaseURL    *url.URL
	HTTPClient *http.Client
	// Token supplies the bearer for a request.
	Token func(ctx context.Context) (string, error)
	// Invalidate is told a bearer that the tenant answered 401 to. If nil,
	// a 401 is final.
	Invalidate func(token string)
	// Retry is DefaultRetry if nil.
	Retry *Retry
	// Locks are shared by the clients of a tenant; the client's own if nil.
	Locks  *Locks
	Logger *slog.Logger
}

// Client talks to one tenant as one caller. It is safe for concurrent use.
type Client struct {
	base       *url.URL
	http       *http.Client
	token      func(ctx context.Context) (string, error)
	invalidate func(token string)
	retry      Retry
	locks      *Locks
	log        *slog.Logger
}

// New returns a Client for the tenant at opts.BaseURL.
func New(opts Options) (*Client, error) {
	if opts.BaseURL == nil {
		return nil, errors.New("aic: no base URL")
	}
	if opts.Token == nil {
		return nil, errors.New("aic: no source of tokens")
	}
	var hc http.Client
	if opts.HTTPClient != nil {
		hc = *opts.HTTPClient
	}
	// No API of a tenant redirects; following one could carry the bearer
	// to another host.
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := &Client{
		base:       opts.BaseURL,
		http:       &hc,
		token:      opts.Token,
		invalidate: opts.Invalidate,
		retry:      DefaultRetry(),
		locks:      opts.Locks,
		log:        opts.Logger,
	}
	if c.locks == nil {
		c.locks = &Locks{}
	}
	if opts.Retry != nil {
		c.retry = *opts.Retry
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

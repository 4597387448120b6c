package rest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
)

// DefaultAPI is what messages call an API that has no name.
const DefaultAPI = "the API"

// Options configure a Client. BaseURL and Token are required.
type Options struct {
	// API is what messages call the other side, such as "the tenant";
	// DefaultAPI if empty.
	API string
	// BaseURL may have a path, which comes before those of the requests.
	BaseURL    *url.URL
	HTTPClient *http.Client
	// Token supplies the bearer for a request.
	Token func(ctx context.Context) (string, error)
	// Invalidate is told a bearer that the API answered 401 to. If nil,
	// a 401 is final.
	Invalidate func(token string)
	// TransactionHeader carries an ID that the API logs. If empty, none is sent.
	TransactionHeader string
	// Hints say what to do about a status, where the API's users can know more
	// than HTTP tells.
	Hints map[int]string
	// Retry is DefaultRetry if nil.
	Retry  *Retry
	Logger *slog.Logger
}

// Client talks to one API as one caller. It is safe for concurrent use.
type Client struct {
	api         string
	base        *url.URL
	http        *http.Client
	token       func(ctx context.Context) (string, error)
	invalidate  func(token string)
	transaction string // the header
	hints       map[int]string
	retry       Retry
	log         *slog.Logger
}

// New returns a Client for the API at opts.BaseURL.
func New(opts Options) (*Client, error) {
	if opts.BaseURL == nil {
		return nil, errors.New("rest: no base URL")
	}
	if opts.Token == nil {
		return nil, errors.New("rest: no source of tokens")
	}
	var hc http.Client
	if opts.HTTPClient != nil {
		hc = *opts.HTTPClient
	}
	// Following a redirect could carry the bearer to another host.
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := &Client{
		api:         cmp.Or(opts.API, DefaultAPI),
		base:        opts.BaseURL,
		http:        &hc,
		token:       opts.Token,
		invalidate:  opts.Invalidate,
		transaction: opts.TransactionHeader,
		hints:       opts.Hints,
		retry:       DefaultRetry(),
		log:         opts.Logger,
	}
	if opts.Retry != nil {
		c.retry = *opts.Retry
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

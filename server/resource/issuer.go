package resource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxAnswer is the length of an answer of the issuer, in bytes.
	maxAnswer = 1 << 20
	// discoveryFresh is how old the discovery document gets.
	discoveryFresh = 5 * time.Minute
	// retryPause is how soon the issuer is asked again when it did not answer.
	retryPause = 5 * time.Second
)

// issuer is asked for its discovery document, and for what this names.
type issuer struct {
	name    string
	address *url.URL
	http    *http.Client
	now     func() time.Time
	log     *slog.Logger
	found   *shared[*discovery]
}

// discovery is what the issuer says of itself.
type discovery struct {
	jwks, introspection string
	// metadata is the document as RFC 8414 has it.
	metadata []byte
}

func newIssuer(name string, address *url.URL, client *http.Client, now func() time.Time, log *slog.Logger) *issuer {
	own := http.Client{}
	if client != nil {
		own = *client
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	i := &issuer{name: name, address: address, http: &own, now: now, log: log}
	i.found = newShared(i, "the issuer's discovery document can't be had", i.discover)
	return i
}

func newShared[T any](i *issuer, message string, fetch func(context.Context) (T, error)) *shared[T] {
	return &shared[T]{fetch: fetch, now: i.now, failed: func(err error) { i.log.Warn(message, "error", err) }}
}

// discovery is the document, fetched if need be.
func (i *issuer) discovery(ctx context.Context) (*discovery, error) {
	if found, _, ok := i.found.last(discoveryFresh); ok {
		return found, nil
	}
	return i.found.renew(ctx, retryPause)
}

func (i *issuer) discover(ctx context.Context) (*discovery, error) {
	data, err := i.get(ctx, strings.TrimSuffix(i.name, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	var d struct {
		Issuer        string `json:"issuer"`
		JWKS          string `json:"jwks_uri"`
		Introspection string `json:"introspection_endpoint"`
	}
	if err := errors.Join(json.Unmarshal(data, &members), json.Unmarshal(data, &d)); err != nil {
		return nil, fmt.Errorf("the issuer's discovery document can't be read: %w", err)
	}
	if d.Issuer != i.name {
		return nil, fmt.Errorf("the issuer's discovery document is of the issuer %s: configured is %q, which must be the same string, with its port", shown(d.Issuer), i.name)
	}
	if err := i.checkEndpoint("jwks_uri", d.JWKS); err != nil {
		return nil, err
	}
	if d.Introspection != "" {
		if err := i.checkEndpoint("introspection_endpoint", d.Introspection); err != nil {
			return nil, err
		}
	}
	metadata, err := serverMetadata(members)
	if err != nil {
		return nil, err
	}
	return &discovery{d.JWKS, d.Introspection, metadata}, nil
}

// checkEndpoint allows http for an issuer on this machine only.
func (i *issuer) checkEndpoint(name, text string) error {
	u, err := secureURL(name, text)
	if err == nil && u.Scheme != "https" && i.address.Scheme == "https" {
		err = fmt.Errorf("%s %q must use https, as the issuer does", name, text)
	}
	if err != nil {
		return fmt.Errorf("the issuer's discovery document: %w", err)
	}
	return nil
}

func (i *issuer) get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return i.do(request)
}

// do returns the body of an answer with the status 200.
func (i *issuer) do(request *http.Request) ([]byte, error) {
	request.Header.Set("Accept", "application/json")
	answer, err := i.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer of %s broke off: %w", request.URL, err)
	case len(data) > maxAnswer:
		return nil, fmt.Errorf("the answer of %s is longer than %d bytes", request.URL, maxAnswer)
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s answered %s", request.URL, answer.Status)
	}
	return data, nil
}

// shown quotes a value of somebody else's for logs.
func shown(value any) string {
	text, ok := value.(string)
	if !ok {
		var buf bytes.Buffer
		encoder := json.NewEncoder(&buf)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(value) != nil {
			return "(unreadable)"
		}
		text = strings.TrimSpace(buf.String())
	}
	return fmt.Sprintf("%.200q", text)
}

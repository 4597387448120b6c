package server

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/time/rate"

	"aicmcp/server/delegate"
	"aicmcp/server/resource"
)

// RemoteConfig is how the HTTP server is set up.
type RemoteConfig struct {
	Addr             string
	Resource, Issuer string
	Certificate      *tls.Certificate
	// Unguarded serves whoever reaches the server, and acts for nobody.
	Unguarded bool
	// Client is the server's own at the issuer.
	Client *delegate.Client
	// AskedScopes are what clients are told to ask for at first.
	AskedScopes    []string
	Downstreams    []Configured
	Introspection  resource.IntrospectionMode
	OwnClients     []string
	Origins, Hosts []string
	Rate           rate.Limit
	ReadOnly       bool
	Telemetry      string // the URL of a collector
	CAFile         string
	LogLevel       slog.Level

	clientID, secretFile, secret, certFile, keyFile string
	clientKey                                       []byte
	hasKey                                          bool // clientKey is nil if it can't be read
	settings                                        map[string]*downstreamSettings
}

type downstreamSettings struct {
	base     *url.URL
	named    bool // has a URL, whether it is good or not
	audience string
	scopes   []string
	both     bool
}

// personScopes are what clients ask for so that there is a person to act for.
func personScopes() []string { return []string{"openid", "profile"} }

// RemoteSettings collects the options' values until Config checks them.
type RemoteSettings struct{ settings[RemoteConfig] }

// NewRemoteSettings reads the environment.
func NewRemoteSettings(getenv func(string) string) *RemoteSettings {
	return &RemoteSettings{newSettings(remoteOptions(), getenv)}
}

func remoteOptions() []option[RemoteConfig] {
	type c = RemoteConfig
	list := func(to func(*c) *[]string) func(*c, string) error {
		return func(config *c, v string) error { *to(config) = words(v); return nil }
	}
	options := []option[c]{
		{
			flag: "addr", env: "AIC_MCP_ADDR", fallback: "127.0.0.1:8200", help: "`host:port` to serve on",
			set: func(c *c, v string) error {
				_, _, err := net.SplitHostPort(v)
				if err != nil {
					return fmt.Errorf("must be a host and a port, such as 127.0.0.1:8200, not %q", v)
				}
				c.Addr = v
				return nil
			},
		},
		{
			flag: "resource", env: "AIC_MCP_RESOURCE", help: "`URL` that clients know this server by, with the path of its endpoint: the audience of their tokens",
			set: func(c *c, v string) error { c.Resource = v; return checkServerURL(v) },
		},
		{
			flag: "issuer", env: "AIC_MCP_ISSUER", help: "`URL` of the realm that issues tokens, spelled as in its discovery, such as https://openam-example.forgeblocks.com:443/am/oauth2/alpha",
			set: func(c *c, v string) error { c.Issuer = v; return checkServerURL(v) },
		},
		{
			flag: "client-id", env: "AIC_MCP_CLIENT_ID", fallback: "mcp_server", help: "this server's own OAuth client, with the grants client credentials and token exchange",
			set: func(c *c, v string) error { c.clientID = v; return nil },
		},
		{
			flag: "client-secret-file", env: "AIC_MCP_CLIENT_SECRET_FILE", help: "`file` with its secret, unless AIC_MCP_CLIENT_SECRET holds it",
			set: func(c *c, v string) (err error) { c.secretFile = v; return nil },
		},
		{
			env: "AIC_MCP_CLIENT_SECRET", help: "its secret",
			set: func(c *c, v string) error { c.secret = v; return nil },
		},
		{
			flag: "client-key", env: "AIC_MCP_CLIENT_KEY", isKey: true, help: "`file` with its private key, a JWK, instead of a secret; the variable may hold the JWK itself",
			set: func(c *c, v string) (err error) {
				c.hasKey = true
				if c.clientKey = []byte(v); isJWK(v) {
					return nil
				}
				c.clientKey, err = readKey(v)
				return err
			},
		},
		{
			flag: "asked-scopes", env: "AIC_MCP_ASKED_SCOPES", help: "`scopes` that clients are told to ask for at first, default all; for others they ask when a tool needs them. Clients that register with these alone cannot ask for more",
			set: list(func(c *c) *[]string { return &c.AskedScopes }),
		},
		{
			flag: "introspection", env: "AIC_MCP_INTROSPECTION", fallback: "off", help: "which tokens the issuer is asked about: off, opaque, or all, which notices revoked ones",
			set: func(c *c, v string) error {
				if v != "off" {
					c.Introspection = resource.IntrospectionMode(v)
				}
				return oneOf(v, "off", string(resource.IntrospectOpaque), string(resource.IntrospectAll))
			},
		},
		{
			flag: "own-clients", env: "AIC_MCP_OWN_CLIENTS", help: "`IDs` of clients that get tokens for this server alone: they are accepted though no script sets their audience",
			set: list(func(c *c) *[]string { return &c.OwnClients }),
		},
		{
			flag: "allow-origins", env: "AIC_MCP_ALLOW_ORIGINS", help: "`origins` of pages that may send requests, such as http://localhost:6274 for the MCP Inspector",
			set: list(func(c *c) *[]string { return &c.Origins }),
		},
		{
			flag: "allow-hosts", env: "AIC_MCP_ALLOW_HOSTS", help: "`names` of hosts that requests may be for, besides the resource's: what a proxy makes of it",
			set: list(func(c *c) *[]string { return &c.Hosts }),
		},
		{
			flag: "rate", env: "AIC_MCP_RATE", fallback: "20", help: "`requests` a second that each caller may send for long, on this instance",
			set: func(c *c, v string) error {
				n, err := strconv.ParseFloat(v, 64)
				if err != nil || !(n > 0 && n <= 1e6) {
					return fmt.Errorf("must be a number above 0, not %q", v)
				}
				c.Rate = rate.Limit(n)
				return nil
			},
		},
		{
			flag: "tls-cert", env: "AIC_MCP_TLS_CERT", help: "PEM `file` with the certificate of the resource's host; without it, plain HTTP behind a proxy",
			set: func(c *c, v string) error { c.certFile = v; return nil },
		},
		{
			flag: "tls-key", env: "AIC_MCP_TLS_KEY", help: "PEM `file` with its key",
			set: func(c *c, v string) error { c.keyFile = v; return nil },
		},
		{
			flag: "read-only", env: "AIC_MCP_READ_ONLY", boolean: true, help: "leave out every tool that can change something",
			set: func(c *c, v string) (err error) { c.ReadOnly, err = parseBool(v); return },
		},
		{
			flag: "without-authorization", env: "AIC_MCP_WITHOUT_AUTHORIZATION", boolean: true, help: "serve whoever reaches this machine's loopback address, without tokens; tools can then act for nobody. For tests of the protocol",
			set: func(c *c, v string) (err error) { c.Unguarded, err = parseBool(v); return },
		},
		{
			flag: "otlp-endpoint", env: "OTEL_EXPORTER_OTLP_ENDPOINT", help: "`URL` of a collector for traces and metrics (OTLP over HTTP), such as http://localhost:4318; none are sent without it",
			set: func(c *c, v string) error { c.Telemetry = v; return checkCollector(v) },
		},
		caFileOption(func(c *c) *string { return &c.CAFile }),
		logLevelOption("AIC_MCP_LOG_LEVEL", func(c *c) *slog.Level { return &c.LogLevel }),
	}
	for _, d := range Downstreams() {
		options = append(options, downstreamOptions(d)...)
	}
	return options
}

func downstreamOptions(d Downstream) []option[RemoteConfig] {
	env := "AIC_MCP_" + strings.ToUpper(d.Name) + "_"
	of := func(c *RemoteConfig) *downstreamSettings {
		if c.settings == nil {
			c.settings = map[string]*downstreamSettings{}
		}
		if c.settings[d.Name] == nil {
			c.settings[d.Name] = &downstreamSettings{}
		}
		return c.settings[d.Name]
	}
	help := "`URL` of " + d.API + ", whose tools are offered then"
	if d.Needs != "" {
		help += "; they need " + d.Needs
	}
	options := []option[RemoteConfig]{
		{
			flag: d.Name + "-url", env: env + "URL", help: help,
			set: func(c *RemoteConfig, v string) (err error) {
				of(c).named = true
				of(c).base, err = parseURL(v)
				return err
			},
		},
		{
			flag: d.Name + "-scopes", env: env + "SCOPES", help: "`scopes` that may be asked for there; tools that need others are left out; default " + strings.Join(d.Scopes(), " "),
			set: func(c *RemoteConfig, v string) error {
				of(c).scopes = words(v)
				for _, scope := range of(c).scopes {
					if len(delegate.Missing(d.Scopes(), []string{scope})) > 0 {
						return fmt.Errorf("must be among %s, unlike %q", strings.Join(d.Scopes(), " "), scope)
					}
				}
				return nil
			},
		},
	}
	if d.NoAudience {
		return options
	}
	return append(options, option[RemoteConfig]{
		flag: d.Name + "-audience", env: env + "AUDIENCE", help: "the `audience` that it expects of tokens; default its URL",
		set: func(c *RemoteConfig, v string) error { of(c).audience = v; return nil },
	}, option[RemoteConfig]{
		flag: d.Name + "-audience-parameter", env: env + "AUDIENCE_PARAMETER", boolean: true, help: "ask for that audience with the parameter audience, too, for a provider that heeds it",
		set: func(c *RemoteConfig, v string) (err error) { of(c).both, err = parseBool(v); return },
	})
}

// Config checks all values. Its error has a line for each mistake.
func (s *RemoteSettings) Config() (RemoteConfig, error) {
	c, mistakes := s.read()
	mistake := func(err error) {
		if err != nil {
			mistakes = append(mistakes, err)
		}
	}
	if c.CAFile != "" {
		if _, err := roots(c.CAFile); err != nil {
			mistake(fmt.Errorf("%s %w", s.source("ca-file"), err))
		}
	}
	mistake(c.loadCertificate())
	mistake(c.settleDownstreams())
	if c.Unguarded {
		if !isLoopbackAddr(c.Addr) {
			mistake(fmt.Errorf("--without-authorization is for a loopback address, such as 127.0.0.1:8200, not %s", c.Addr))
		}
		if c.Resource != "" {
			mistake(fmt.Errorf("--without-authorization protects nothing: leave out %s, or the flag", s.source("resource")))
		}
		return c, errors.Join(mistakes...)
	}
	for _, required := range []struct{ value, name, what string }{
		{c.Resource, "AIC_MCP_RESOURCE", "give it the URL that clients reach this server by, such as https://mcp.example.com/mcp"},
		{c.Issuer, "AIC_MCP_ISSUER", "give it the issuer of the tenant's realm, such as https://openam-example.forgeblocks.com:443/am/oauth2/alpha"},
	} {
		if required.value == "" {
			mistake(fmt.Errorf("%s is not set: %s", required.name, required.what))
		}
	}
	mistake(c.loadClient())
	return c, errors.Join(mistakes...)
}

func (c *RemoteConfig) loadCertificate() error {
	switch {
	case c.certFile == "" && c.keyFile == "":
		return nil
	case c.certFile == "" || c.keyFile == "":
		return errors.New("--tls-cert and --tls-key must be set together")
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	c.Certificate = &pair
	return nil
}

// loadClient finds what the server proves its own identity with.
func (c *RemoteConfig) loadClient() (err error) {
	given := 0
	for _, there := range []bool{c.secret != "", c.secretFile != "", c.hasKey} {
		if there {
			given++
		}
	}
	switch {
	case given > 1:
		return errors.New("only one may be set of AIC_MCP_CLIENT_SECRET, --client-secret-file and --client-key")
	case given == 0 && len(c.Downstreams) == 0 && c.Introspection == resource.IntrospectNone:
		return nil
	case given == 0:
		return fmt.Errorf("the client %s has no secret: set AIC_MCP_CLIENT_SECRET, --client-secret-file or --client-key", c.clientID)
	case c.hasKey && c.clientKey == nil: // its own mistake
		return nil
	case c.hasKey:
		if c.Client, err = delegate.NewKeyClient(c.clientID, c.clientKey); err != nil {
			return fmt.Errorf("AIC_MCP_CLIENT_KEY %w", err)
		}
		return nil
	case c.secretFile != "":
		content, err := os.ReadFile(c.secretFile)
		if err != nil {
			return fmt.Errorf("--client-secret-file cannot be read: %s: %w", c.secretFile, withoutName(err))
		}
		if c.secret = strings.TrimSpace(string(content)); c.secret == "" {
			return fmt.Errorf("--client-secret-file is empty: %s", c.secretFile)
		}
	}
	c.Client, err = delegate.NewSecretClient(c.clientID, c.secret)
	return err
}

func (c *RemoteConfig) settleDownstreams() error {
	var mistakes []error
	for _, d := range Downstreams() {
		given := c.settings[d.Name]
		if given == nil {
			continue
		}
		if given.named && given.base == nil {
			continue // that was told before
		}
		if given.base == nil {
			mistakes = append(mistakes, fmt.Errorf("--%s-url is not set, but other settings of %s are", d.Name, d.API))
			continue
		}
		target := delegate.Target{Name: d.Name, Scopes: given.scopes, AudienceParameter: given.both}
		if target.Scopes == nil {
			target.Scopes = d.Scopes()
		}
		if !d.NoAudience {
			target.Resource = cmp.Or(given.audience, strings.TrimSuffix(given.base.String(), "/"))
		}
		c.Downstreams = append(c.Downstreams, Configured{Downstream: d, BaseURL: given.base, Target: target})
	}
	return errors.Join(mistakes...)
}

// Scopes are all that clients may need.
func (c RemoteConfig) Scopes() []string {
	scopes := personScopes()
	for _, d := range c.Downstreams {
		scopes = append(scopes, d.Target.Scopes...)
	}
	return slices.Compact(scopes)
}

// HTTPClient is a client for the issuer and the downstreams.
func (c RemoteConfig) HTTPClient() (*http.Client, error) { return httpClient(c.CAFile) }

// words are separated by blanks or commas.
func words(v string) []string {
	return strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' })
}

func isLoopbackAddr(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && loopback(host)
}

// checkServerURL accepts what may name a resource or an issuer.
func checkServerURL(v string) error {
	u, err := parseURL(v)
	if err == nil && u.RawQuery != "" {
		err = fmt.Errorf("must have no query: %q", v)
	}
	return err
}

// checkCollector accepts what telemetry may be sent to. It holds no secrets, and
// collectors are often near, without TLS.
func checkCollector(v string) error {
	u, err := parseAddress(v)
	if err == nil && u.RawQuery != "" {
		err = errors.New("must have no query: keys are for OTEL_EXPORTER_OTLP_HEADERS")
	}
	return err
}

// parseURL accepts an address that tokens may be sent to.
func parseURL(v string) (*url.URL, error) {
	u, err := parseAddress(v)
	if err == nil && u.Scheme == "http" && !loopback(strings.ToLower(u.Hostname())) {
		return nil, errors.New("must be https: plain http is accepted for localhost only")
	}
	return u, err
}

func parseAddress(v string) (*url.URL, error) {
	u, err := url.Parse(v)
	switch {
	case strings.Contains(v, "@"): // not repeated: there may be a password
		return nil, errors.New("must not hold a user name or password")
	case err != nil || u.Host == "":
		return nil, fmt.Errorf("must be a URL, not %q", v)
	case u.Fragment != "":
		return nil, fmt.Errorf("must have no fragment: %q", v)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("must begin with https://, not %s://", u.Scheme)
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil && !hostName.MatchString(strings.ToLower(u.Hostname())) {
		return nil, fmt.Errorf("must hold a valid host name, not %q", u.Hostname())
	}
	return u, nil
}

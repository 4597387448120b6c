package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"aicmcp/server/auth"
	"aicmcp/server/tokenstore"
)

// Config is how a server is set up.
type Config struct {
	BaseURL          *url.URL
	CAFile           string
	Login            auth.Way
	ServiceAccount   *auth.ServiceAccount
	TokenStore       tokenstore.Kind
	TokenFile        string
	RedirectPort     int
	ClientID         string
	ExchangeClientID string
	ReadOnly         bool
	AMTools          bool
	NoBrowser        bool
	LogLevel         slog.Level
	// KeyFile is the file with the service account's key, if it is in one.
	KeyFile string

	container    bool
	accountID    string
	key          []byte
	wantsAMTools *bool
}

// containerTokens is where a container keeps its login: on a volume.
const containerTokens = "/app/tokens/token.json"

func options() []option[Config] {
	return []option[Config]{
		{
			flag: "base-url", env: "AIC_BASE_URL", help: "the tenant's host name or URL",
			required: "AIC_BASE_URL is not set: give it the host name of your tenant, such as openam-example.forgeblocks.com",
			set:      func(c *Config, v string) (err error) { c.BaseURL, err = parseBaseURL(v); return },
		},
		caFileOption(func(c *Config) *string { return &c.CAFile }),
		{
			flag: "login", env: "AIC_LOGIN", fallback: "auto", help: "how to log in: browser, device, service-account, or auto: service-account if one is set, device in a container, else browser",
			set: func(c *Config, v string) error {
				c.Login = auth.Way(v)
				return oneOf(v, "auto", "browser", "device", "service-account")
			},
		},
		{
			flag: "container", env: "DOCKER_CONTAINER", boolean: true, help: "this is a container: nobody's browser is here",
			set: func(c *Config, v string) (err error) { c.container, err = parseBool(v); return },
		},
		{
			flag: "service-account-id", env: "AIC_SERVICE_ACCOUNT_ID", help: "ID of a service account to act as",
			set: func(c *Config, v string) error { c.accountID = v; return nil },
		},
		{
			flag: "service-account-key", env: "AIC_SERVICE_ACCOUNT_KEY", isKey: true, help: "`file` with its private key, a JWK; the variable may hold the JWK itself",
			set: func(c *Config, v string) (err error) {
				if c.key = []byte(v); isJWK(v) {
					return nil
				}
				c.KeyFile = v
				c.key, err = readKey(v)
				return err
			},
		},
		{
			flag: "am-tools", env: "AIC_AM_TOOLS", boolean: true, help: "offer the tools for AM and applications (fr:am:*); default false after a login by device code, else true",
			set: func(c *Config, v string) error {
				on, err := parseBool(v)
				c.wantsAMTools = &on
				return err
			},
		},
		{
			flag: "token-file", env: "AIC_TOKEN_FILE", help: "`file` for the login instead of a keychain or the usual file; default in a container " + containerTokens,
			set: func(c *Config, v string) error { c.TokenFile = v; return nil },
		},
		{
			flag: "token-store", env: "AIC_TOKEN_STORE", fallback: "auto", help: "where the login is kept: auto, keychain, file or memory",
			set: func(c *Config, v string) error {
				c.TokenStore = tokenstore.Kind(v)
				return oneOf(v, "auto", "keychain", "file", "memory")
			},
		},
		{
			flag: "redirect-port", env: "REDIRECT_URI_PORT", fallback: "3000", help: "`port` on localhost that the browser returns to after login; 0 is any free one, which the tenant's client must allow",
			set: func(c *Config, v string) error {
				port, err := strconv.ParseUint(v, 10, 16)
				if err != nil {
					return errors.New("must be a port number, 0 to 65535")
				}
				c.RedirectPort = int(port)
				return nil
			},
		},
		{
			flag: "client-id", env: "AIC_CLIENT_ID", fallback: auth.DefaultClientID, help: "OAuth client that people log in through",
			set: func(c *Config, v string) error { c.ClientID = v; return nil },
		},
		{
			flag: "exchange-client-id", env: "AIC_EXCHANGE_CLIENT_ID", fallback: auth.DefaultExchangeClientID, help: "OAuth client that scopes tokens down",
			set: func(c *Config, v string) error { c.ExchangeClientID = v; return nil },
		},
		{
			flag: "read-only", boolean: true, help: "leave out every tool that can change something",
			set: func(c *Config, v string) (err error) { c.ReadOnly, err = parseBool(v); return },
		},
		{
			flag: "no-browser", boolean: true, help: "only print the login address; open no browser",
			set: func(c *Config, v string) (err error) { c.NoBrowser, err = parseBool(v); return },
		},
		logLevelOption("", func(c *Config) *slog.Level { return &c.LogLevel }),
	}
}

func caFileOption[C any](to func(*C) *string) option[C] {
	return option[C]{
		flag: "ca-file", env: "AIC_CA_FILE", help: "PEM `file` of certificate authorities to trust besides the system's",
		set: func(c *C, v string) error { *to(c) = v; return nil },
	}
}

func logLevelOption[C any](env string, to func(*C) *slog.Level) option[C] {
	return option[C]{
		flag: "log-level", env: env, fallback: "info", help: "what is logged to stderr: debug, info, warn or error",
		set: func(c *C, v string) error {
			if err := oneOf(v, "debug", "info", "warn", "error"); err != nil {
				return err
			}
			return to(c).UnmarshalText([]byte(v))
		},
	}
}

// Settings collects the options' values until Config checks them.
type Settings struct{ settings[Config] }

// NewSettings reads the environment.
func NewSettings(getenv func(string) string) *Settings {
	return &Settings{newSettings(options(), getenv)}
}

// Config checks all values. Its error has a line for each mistake.
func (s *Settings) Config() (Config, error) {
	c, mistakes := s.read()
	if c.CAFile != "" {
		if _, err := roots(c.CAFile); err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s %w", s.source("ca-file"), err))
		}
	}
	if err := c.settle(); err != nil && len(mistakes) == 0 {
		mistakes = append(mistakes, err)
	}
	return c, errors.Join(mistakes...)
}

// settle decides what depends on more than one setting.
func (c *Config) settle() error {
	if c.Login == "auto" {
		switch {
		case c.accountID != "" || c.key != nil:
			c.Login = auth.ServiceAccounts
		case c.container:
			c.Login = auth.Device
		default:
			c.Login = auth.Browser
		}
	}
	c.AMTools = c.Login != auth.Device
	if c.wantsAMTools != nil {
		c.AMTools = *c.wantsAMTools
	}
	if c.container && c.TokenFile == "" {
		c.TokenFile = containerTokens
	}
	key := c.key
	c.key = nil
	if c.Login != auth.ServiceAccounts {
		return nil
	}
	if c.accountID == "" || key == nil {
		return errors.New("AIC_SERVICE_ACCOUNT_ID and AIC_SERVICE_ACCOUNT_KEY must both be set to log in as a service account")
	}
	var err error
	if c.ServiceAccount, err = auth.NewServiceAccount(c.accountID, key); err != nil {
		return fmt.Errorf("AIC_SERVICE_ACCOUNT_KEY %w", err)
	}
	return nil
}

// isJWK reports whether the value is a key itself, not a file's name.
func isJWK(v string) bool { return strings.HasPrefix(v, "{") }

// readKey does not repeat a name that may be a key after all.
func readKey(name string) ([]byte, error) {
	key, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("must be a JWK or a file that can be read: %w", withoutName(err))
	}
	return key, nil
}

// withoutName is the cause of a file's error.
func withoutName(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func parseBool(v string) (bool, error) {
	b, err := strconv.ParseBool(v)
	if err != nil {
		return false, fmt.Errorf("must be true or false, not %q", v)
	}
	return b, nil
}

func oneOf(v string, allowed ...string) error {
	for _, a := range allowed {
		if v == a {
			return nil
		}
	}
	return fmt.Errorf("must be one of %s, not %q", strings.Join(allowed, ", "), v)
}

var hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.?$`)

// parseBaseURL accepts a host name or a URL. The bearer goes where it points,
// so plain http and unusual ports are for this machine only.
func parseBaseURL(v string) (*url.URL, error) {
	text := v
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case strings.Contains(text, "@"): // not repeated: there may be a password
		return nil, errors.New("must not hold a user name or password")
	case err != nil || u.Host == "":
		return nil, fmt.Errorf("must be a host name or a URL, not %q", v)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("must be the tenant's address alone, without a path: %q", v)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("must begin with https://, not %s://", u.Scheme)
	}
	host := strings.ToLower(u.Hostname())
	if _, err := netip.ParseAddr(host); err != nil && !hostName.MatchString(host) {
		return nil, fmt.Errorf("must hold a valid host name, not %q", host)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("must hold a valid port, not %q", p)
		}
	}
	if !loopback(host) {
		if u.Scheme != "https" {
			return nil, errors.New("must be https: plain http is accepted for localhost only")
		}
		if p := u.Port(); p != "" && p != "443" {
			return nil, errors.New("must not name a port: ports other than 443 are accepted for localhost only")
		}
	}
	port := u.Port()
	if u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		port = ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return &url.URL{Scheme: u.Scheme, Host: host}, nil
}

func loopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// roots is the system's certificate authorities and those of the file.
func roots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %s: %w", file, withoutName(err))
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("holds no PEM certificate: %s", file)
	}
	return pool, nil
}

// HTTPClient is a client for the tenant: proxies from the environment, the
// system's certificate authorities, time limits, no redirects.
func (c Config) HTTPClient() (*http.Client, error) { return httpClient(c.CAFile) }

func httpClient(caFile string) (*http.Client, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          200,
		MaxIdleConnsPerHost:   100, // the HTTP server has many calls under way at once
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   15 * time.Second,
		ExpectContinueTimeout: time.Second,
		// A tenant gives up on a request after a minute.
		ResponseHeaderTimeout: 70 * time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if caFile != "" {
		pool, err := roots(caFile)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return &http.Client{
		Transport:     t,
		Timeout:       90 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

package main

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// config is how the API is set up.
type config struct {
	addr, issuer, resource, database string
	roots                            *x509.CertPool // nil for the system's
}

// setting is a flag or an environment variable; source names which.
type setting struct{ source, value string }

const usage = `Usage: todo-api --issuer URL [flags]

todo-api serves the todo lists of users to clients with their access tokens:

  GET    /api/todos        the user's todos, open ones first   todo_api:read
  POST   /api/todos        {"text"}: a new todo                todo_api:write
  PATCH  /api/todos/{id}   {"completed", "text"}: change one   todo_api:write
  DELETE /api/todos/{id}   delete one                          todo_api:write
  GET    /healthz          needs no token

A token must be a JWT that the issuer has signed (RS256), not expired, with this
API's URL among its audiences and the scope on the right. Its sub is the user.

Flags (in brackets the environment variable that does the same):
`

// parseConfig reads and checks all settings. Its error has a line for each
// mistake, or is flag.ErrHelp.
func parseConfig(args []string, getenv func(string) string, stdout io.Writer) (*config, error) {
	flags := flag.NewFlagSet("todo-api", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	declare := func(name, env, fallback, help string) *setting {
		s := &setting{"--" + name, fallback}
		if value := strings.TrimSpace(getenv(env)); value != "" {
			*s = setting{env, value}
		}
		help += " (" + env + ")"
		if fallback != "" {
			help += "; default " + fallback
		}
		flags.Func(name, help, func(value string) error {
			*s = setting{"--" + name, value}
			return nil
		})
		return s
	}
	addr := declare("addr", "TODO_ADDR", "127.0.0.1:8100", "`host:port` to serve HTTP on")
	issuer := declare("issuer", "TODO_ISSUER", "", "the `URL` that the tenant's tokens have as iss, exactly, such as https://openam-example.forgeblocks.com:443/am/oauth2/alpha; required")
	resource := declare("resource", "TODO_RESOURCE", "", "this API's own `URL`, which tokens must have as aud; default http:// and the address")
	database := declare("database", "TODO_DATABASE", "todo.db", "`file` that keeps the todos")
	caFile := declare("ca-file", "TODO_CA_FILE", "", "PEM `file` of certificate authorities to trust besides the system's")

	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return nil, err
	case err != nil:
		return nil, err
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}

	c := &config{addr: addr.value, issuer: issuer.value, resource: resource.value, database: database.value}
	var mistakes []error
	check := func(s *setting, err error) {
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s %w", s.source, err))
		}
	}
	check(addr, checkAddr(c.addr, c.resource != ""))
	check(issuer, checkIssuer(c.issuer))
	if c.resource != "" {
		_, err := parseURL(c.resource)
		check(resource, err)
	}
	if c.database == "" {
		check(database, errors.New("must name a file"))
	}
	if caFile.value != "" {
		c.roots, err = readRoots(caFile.value)
		check(caFile, err)
	}
	return c, errors.Join(mistakes...)
}

func checkAddr(addr string, resourceSet bool) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("must be host:port, such as 127.0.0.1:8100, not %q", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("must hold a port number, 0 to 65535, not %q", port)
	}
	if ip, err := netip.ParseAddr(host); !resourceSet && (host == "" || err == nil && ip.IsUnspecified()) {
		return fmt.Errorf("%q is no address that clients know: set --resource to the API's URL, too", addr)
	}
	return nil
}

// checkIssuer wants keys to come from whom the name says.
func checkIssuer(issuer string) error {
	if issuer == "" {
		return errors.New("must be set: the issuer of the tokens, such as https://openam-example.forgeblocks.com:443/am/oauth2/alpha")
	}
	u, err := parseURL(issuer)
	if err != nil {
		return err
	}
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		return fmt.Errorf("must be https: plain http is accepted for this machine only: %q", issuer)
	}
	return nil
}

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case strings.Contains(text, "@"): // not repeated: there may be a password
		return nil, errors.New("must not hold a user name or password")
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return nil, fmt.Errorf("must be a URL that begins with https:// or http://, not %q", text)
	case strings.ContainsAny(text, "?#"):
		return nil, fmt.Errorf("must have neither query nor fragment: %q", text)
	}
	return u, nil
}

func loopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func readRoots(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("holds no PEM certificate: %s", file)
	}
	return pool, nil
}

// Command mockaic serves a fake PingOne Advanced Identity Cloud tenant.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"aicmcp/cmd/internal/ca"
	"aicmcp/mockaic"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const exitUsage = 2

type flags struct {
	http, https, admin        string
	publicURL, seed, devToken string
	matching                  string
	caFile, hostname          string
	redirectURIs, keyHosts    []string
	mcpServer                 string
	apis                      []string
	json, verbose, anyOrigin  bool
	chance                    uint64
	chanceSet                 bool
	restartTime               time.Duration
	logBytes, logRate         int
}

func parseFlags(args []string, stderr io.Writer) (*flags, error) {
	f := &flags{}
	set := flag.NewFlagSet("mockaic", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&f.http, "http", "127.0.0.1:8080", "`address` to serve HTTP on; empty for none")
	set.StringVar(&f.https, "https", "", "`address` to serve HTTPS on, with a certificate of its own authority")
	set.StringVar(&f.admin, "admin", "", "loopback `address` to serve the admin API on: export, import, reset, journal, clock and new keys; open it in a browser")
	set.StringVar(&f.caFile, "ca-file", defaultCAFile(), "`file` that the authority's certificate is kept in; its key is beside it, in .key")
	set.StringVar(&f.hostname, "hostname", "", "further host `name` for the HTTPS certificate")
	set.StringVar(&f.publicURL, "public-url", "", "`URL` that clients know the tenant by, for a tenant behind a proxy")
	set.Func("redirect-uri", "further redirection `URI` of the OAuth client AICMCPClient; may be repeated", func(uri string) error {
		f.redirectURIs = append(f.redirectURIs, uri)
		return nil
	})
	set.BoolVar(&f.anyOrigin, "any-origin", false, "let pages of all origins read what is below /am, without credentials; otherwise the tenant's CORS service says who may")
	set.Func("key-host", "`host` that keys of OAuth clients may be fetched from, besides this machine; may be repeated", func(host string) error {
		f.keyHosts = append(f.keyHosts, host)
		return nil
	})
	set.StringVar(&f.mcpServer, "mcp-server", "", "`URL` of the remote MCP server that the demo is ready for; default "+mockaic.DefaultMCPServer)
	set.Func("api", "`URL` of an API that the MCP server may call for its callers; may be repeated; default "+mockaic.DefaultAPI, func(url string) error {
		f.apis = append(f.apis, url)
		return nil
	})
	set.StringVar(&f.seed, "seed", "demo", "what the tenant holds: demo, empty, or a `directory`")
	set.StringVar(&f.matching, "string-matching", "ignore-case", "how filters compare strings: ignore-case or exact")
	set.StringVar(&f.devToken, "dev-token", "", "a bearer `token` with every scope, accepted from loopback only")
	set.Func("chance", "`seed` of everything that depends on chance", func(text string) error {
		chance, err := strconv.ParseUint(text, 10, 64)
		f.chance, f.chanceSet = chance, true
		return err
	})
	set.DurationVar(&f.restartTime, "restart-time", 10*time.Second, "how long a restart of the tenant's services takes")
	set.IntVar(&f.logBytes, "log-bytes", 0, "how many `bytes` the tenant's logs take at most; 0 is 32 MiB")
	set.IntVar(&f.logRate, "log-rate", 60, "how many `requests` a minute the API of the logs answers")
	set.BoolVar(&f.json, "json", false, "print one JSON line with the addresses instead of the text for people")
	set.BoolVar(&f.verbose, "verbose", false, "log what goes on, to stderr")
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, "mockaic serves a fake PingOne Advanced Identity Cloud tenant.\n\nFlags:\n")
		set.SetOutput(stderr)
		set.PrintDefaults()
		return nil, err
	}
	if err == nil && set.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if err == nil {
		// Who connects may be in another folder.
		f.caFile, err = filepath.Abs(f.caFile)
	}
	if err == nil && f.http == "" && f.https == "" {
		err = errors.New("nothing to serve: both --http and --https are empty")
	}
	if err == nil && f.admin != "" {
		err = checkLoopback(f.admin)
	}
	return f, err
}

// checkLoopback refuses addresses that others on the network reach: the admin API
// asks nobody for credentials.
func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--admin %s: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--admin %s: must be a loopback address, such as 127.0.0.1:9090", address)
	}
	return nil
}

func defaultCAFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "mockaic-ca.pem"
	}
	return filepath.Join(dir, "mockaic", "ca.pem")
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = serve(ctx, f, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "mockaic: %v\n", err)
		return exitUsage
	}
	return 0
}

func serve(ctx context.Context, f *flags, stdout, stderr io.Writer) error {
	tenant, err := newTenant(f, stderr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: tenant, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(slog.NewTextHandler(stderr, nil), slog.LevelWarn),
	}
	if !f.verbose {
		server.ErrorLog.SetOutput(io.Discard)
	}
	// A seed may take longer than a request to the tenant.
	admin := &http.Server{
		Handler: tenant.Admin(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: server.ErrorLog,
	}
	about, err := listen(f, server, admin)
	if err != nil {
		return err
	}
	defer server.Close()
	defer admin.Close()
	if f.devToken != "" {
		fmt.Fprintln(stderr, "mockaic: WARNING: --dev-token is set: its bearer may do everything, without a login, from this machine")
	}
	if f.json {
		err = json.NewEncoder(stdout).Encode(about.addresses)
	} else {
		err = about.print(stdout)
	}
	if err != nil {
		return fmt.Errorf("announce the tenant: %w", err)
	}
	select {
	case err := <-about.failed:
		return err
	case <-ctx.Done():
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, s := range []*http.Server{server, admin} {
		if err := s.Shutdown(deadline); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("shut down: %w", err)
		}
	}
	return nil
}

func newTenant(f *flags, stderr io.Writer) (*mockaic.Tenant, error) {
	matching, err := mockaic.ParseMatching(f.matching)
	if err != nil {
		return nil, fmt.Errorf("--string-matching: %w", err)
	}
	options := []mockaic.Option{
		mockaic.Seed(f.seed), mockaic.StringMatching(matching), mockaic.DevToken(f.devToken),
		mockaic.PublicURL(f.publicURL), mockaic.RestartTime(f.restartTime),
		mockaic.LogBytes(f.logBytes), mockaic.LogRate(f.logRate), mockaic.KeyHosts(f.keyHosts...),
	}
	if f.anyOrigin {
		options = append(options, mockaic.AnyOrigin())
	}
	if len(f.redirectURIs) > 0 {
		options = append(options, mockaic.RedirectURI("AICMCPClient", f.redirectURIs...))
	}
	if f.mcpServer != "" || len(f.apis) > 0 {
		options = append(options, mockaic.RemoteMCP(f.mcpServer, f.apis...))
	}
	if f.chanceSet {
		options = append(options, mockaic.Chance(f.chance))
	}
	if f.verbose {
		options = append(options, mockaic.Logger(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	}
	return mockaic.New(options...)
}

// announcement is what start-up has to say.
type announcement struct {
	addresses addresses
	newCA     bool
	flags     *flags
	failed    chan error
}

type addresses struct {
	HTTP   string `json:"http,omitempty"`
	HTTPS  string `json:"https,omitempty"`
	CAFile string `json:"caFile,omitempty"`
	Admin  string `json:"admin,omitempty"`
}

// listen opens all ports before it serves any.
func listen(f *flags, tenant, admin *http.Server) (_ *announcement, err error) {
	about := &announcement{flags: f, failed: make(chan error, 3)}
	type opened struct {
		net.Listener
		server *http.Server
	}
	var all []opened
	defer func() {
		if err != nil {
			for _, o := range all {
				o.Close()
			}
		}
	}()
	if f.https != "" {
		var secure net.Listener
		if secure, about.newCA, err = listenTLS(f); err != nil {
			return nil, err
		}
		all = append(all, opened{secure, tenant})
		about.addresses.HTTPS, about.addresses.CAFile = "https://"+reachable(secure, f.hostname), f.caFile
	}
	if f.http != "" {
		plain, err := net.Listen("tcp", f.http)
		if err != nil {
			return nil, fmt.Errorf("--http %s: %w", f.http, err)
		}
		all = append(all, opened{plain, tenant})
		about.addresses.HTTP = "http://" + reachable(plain, "")
	}
	if f.admin != "" {
		plain, err := net.Listen("tcp", f.admin)
		if err != nil {
			return nil, fmt.Errorf("--admin %s: %w", f.admin, err)
		}
		all = append(all, opened{plain, admin})
		about.addresses.Admin = "http://" + reachable(plain, "")
	}
	for _, o := range all {
		go func() {
			if err := o.server.Serve(o.Listener); !errors.Is(err, http.ErrServerClosed) {
				about.failed <- fmt.Errorf("serve %s: %w", o.Addr(), err)
			}
		}()
	}
	return about, nil
}

// listenTLS tells whether it had to make a new certificate authority.
func listenTLS(f *flags) (_ net.Listener, newCA bool, _ error) {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if f.hostname != "" {
		hosts = append(hosts, f.hostname)
	}
	authority, err := ca.Open(f.caFile, hosts, time.Now())
	if err != nil {
		return nil, false, err
	}
	certificate, err := authority.Certificate(hosts, time.Now())
	if err != nil {
		return nil, false, err
	}
	listener, err := net.Listen("tcp", f.https)
	if err != nil {
		return nil, false, fmt.Errorf("--https %s: %w", f.https, err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	return tls.NewListener(listener, config), authority.Created, nil
}

// reachable is the address that a client on this machine can use.
func reachable(listener net.Listener, hostname string) string {
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return listener.Addr().String()
	}
	if hostname != "" {
		host = hostname
	} else if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func (a *announcement) print(w io.Writer) error {
	var text strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	say("mockaic: a fake PingOne Advanced Identity Cloud tenant")
	say("")
	base := a.addresses.HTTP
	if a.addresses.HTTP != "" {
		say("  HTTP     %s", a.addresses.HTTP)
	}
	if a.addresses.HTTPS != "" {
		say("  HTTPS    %s", a.addresses.HTTPS)
		note := ""
		if a.newCA {
			note = "   (new: clients must trust it)"
		}
		say("  CA       %s%s", a.addresses.CAFile, note)
		base = a.addresses.HTTPS
	}
	if a.flags.publicURL != "" {
		say("  public   %s", a.flags.publicURL)
		base = a.flags.publicURL
	}
	if a.addresses.Admin != "" {
		say("  admin    %s", a.addresses.Admin)
	}
	say("  seed     %s", a.flags.seed)
	say("")
	say("  serves   /openidm (managed, internal/role, config, schema, policy, feature, ui/theme, info)")
	say("           /environment (variables, secrets, count, startup, aiagent), /feature")
	say("           /monitoring/logs, /keys")
	say("           /am/json (scripts, OAuth clients, settings of realms, users, serverinfo)")
	say("           /am/json (authenticate, sessions, journeys, nodes)")
	say("           /am/oauth2 (the whole provider, client registration, device pages)")
	if a.flags.seed == "demo" || a.flags.seed == "empty" {
		say("  log in   admin@example.com / %s   (tenant administrator)", mockaic.Password)
	}
	if a.flags.seed == "demo" {
		say("  holds    demo / %s                (user of the realm alpha)", mockaic.Password)
		say("           %s / %s  (OAuth client of a remote MCP server)", mockaic.MCPClientID, mockaic.MCPClientSecret)
	}
	say("")
	say("  connect  AIC_BASE_URL=%s%s aic-mcp", base, caSetting(a.addresses))
	if a.flags.devToken != "" {
		trust := ""
		if a.addresses.HTTP != "" {
			base = a.addresses.HTTP
		} else if a.addresses.HTTPS != "" {
			trust = fmt.Sprintf("--cacert %q ", a.addresses.CAFile)
		}
		say("  or       curl %s-H 'Authorization: Bearer TOKEN' '%s/openidm/managed/alpha_user?_queryFilter=true&_pageSize=3'", trust, base)
	}
	say("")
	say("Stop with Ctrl-C.")
	_, err := io.WriteString(w, text.String())
	return err
}

func caSetting(a addresses) string {
	if a.HTTPS == "" {
		return ""
	}
	return fmt.Sprintf(" AIC_CA_FILE=%q", a.CAFile)
}

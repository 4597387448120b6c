// Command aic-mcp is an MCP server for PingOne Advanced Identity Cloud: on stdin and
// stdout for the administration of a tenant, and over HTTP for remote clients, for
// which it acts at APIs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"aicmcp/server"
	"aicmcp/server/aic"
	"aicmcp/server/auth"
	"aicmcp/server/tokenstore"
	"aicmcp/server/tool"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, os.Getenv)
	stop()
	os.Exit(code)
}

type streams struct {
	in       io.Reader
	out, err io.Writer
}

type command struct {
	name, help string
	run        func(ctx context.Context, args []string, std streams, getenv func(string) string) int
}

func commands() []command {
	return []command{
		{"demo", "watch an MCP client administer a fake tenant; --remote: or use the server for remote clients", demo},
		{"http", "serve remote clients over HTTP, as an OAuth resource server", serveHTTP},
		{"login", "log in to the tenant now", login},
		{"logout", "end the login, here and at the tenant", logout},
		{"status", "say who is logged in; --json", showStatus},
		{"doctor", "check settings, tenant, login and APIs, and say what to mend; --json", doctor},
		{"docs", "rewrite the README's tables; --check only compares", docs},
		{"version", "print the version", version},
	}
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return serve(ctx, args, std, getenv)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], std, getenv)
		}
	}
	return complain(std, fmt.Errorf("there is no command %q; aic-mcp --help lists them", args[0]))
}

// serve is the server on stdio.
func serve(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	settings := server.NewSettings(getenv)
	mock := false
	var flags *flag.FlagSet
	if code, done := parse(settings, "", args, std, func(fs *flag.FlagSet) {
		fs.BoolVar(&mock, "mock", false, "bring a fake tenant along; needs no other setting")
		flags = fs
	}); done {
		return code
	}
	if mock {
		if given := aboutTenant(flags); given != "" {
			return complain(std, fmt.Errorf("--mock brings its own tenant: leave out --%s", given))
		}
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		if err := startMock(ctx, settings, std.err); err != nil {
			return complain(std, err)
		}
	}
	a, err := build(ctx, settings, std)
	if err != nil {
		return complain(std, err)
	}
	connector, err := a.connector()
	if err != nil {
		return complain(std, err)
	}
	srv, err := server.New(ctx, server.Options{Connector: connector, Selection: a.selection, Login: a.asked(), Logger: a.log})
	if err != nil {
		return complain(std, err)
	}
	a.log.Info("serving on stdio", "tenant", a.config.BaseURL.String(), "readOnly", a.config.ReadOnly)
	if err := server.ServeStdio(ctx, srv, std.in, std.out); err != nil {
		a.log.Error("the session ended", "error", err)
		return exitFailure
	}
	return exitOK
}

// aboutTenant names a flag that was given and that --mock decides itself.
func aboutTenant(flags *flag.FlagSet) (given string) {
	flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "mock", "read-only", "no-browser", "log-level":
		default:
			given = f.Name
		}
	})
	return given
}

func version(_ context.Context, _ []string, std streams, _ func(string) string) int {
	fmt.Fprintln(std.out, server.Name, server.Version())
	return exitOK
}

// app is what every command that talks to a tenant needs.
type app struct {
	config    server.Config
	selection server.Selection
	log       *slog.Logger
	source    auth.Options
	bearers   *auth.Source
}

func (a *app) connector() (tool.Connector[*aic.Client], error) {
	return server.NewConnector(server.ConnectorOptions{
		BaseURL:    a.config.BaseURL,
		HTTPClient: a.source.HTTPClient,
		Bearers:    a.bearers,
		Robot:      a.config.Login == auth.ServiceAccounts,
		Logger:     a.log,
	})
}

// asked is the login that people are asked for through their client.
func (a *app) asked() server.Login {
	if a.config.Login != auth.Device {
		return nil
	}
	return a.bearers
}

func build(ctx context.Context, settings *server.Settings, std streams) (*app, error) {
	config, err := settings.Config()
	if err != nil {
		return nil, err
	}
	client, err := config.HTTPClient()
	if err != nil {
		return nil, err
	}
	a := &app{
		config:    config,
		selection: server.Selection{ReadOnly: config.ReadOnly, NoAM: !config.AMTools},
		log:       slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: config.LogLevel})),
	}
	// A keychain that asks its owner something is not to hold up the start.
	opening, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if config.ServiceAccount != nil {
		config.TokenStore = tokenstore.Memory // there is no login to keep
	}
	store, err := tokenstore.Open(opening, config.TokenStore, config.TokenFile)
	if err != nil {
		return nil, fmt.Errorf("AIC_TOKEN_STORE: %w", err)
	}
	a.source = auth.Options{
		Way:     config.Login,
		Account: config.ServiceAccount,
		Context: ctx,
		BaseURL: config.BaseURL,
		// A login outlives the process, and the next one may not be read-only.
		Scopes:           server.Selection{NoAM: !config.AMTools}.Scopes(),
		ClientID:         config.ClientID,
		ExchangeClientID: config.ExchangeClientID,
		RedirectPort:     config.RedirectPort,
		HTTPClient:       client,
		Store:            store,
		Notify:           std.err,
		Logger:           a.log,
	}
	if !config.NoBrowser {
		a.source.OpenURL = auth.OpenBrowser
	}
	a.bearers, err = auth.New(a.source)
	return a, err
}

// flags declares settings as flags.
type flags interface{ Flags(*flag.FlagSet) }

// parse reads a command's flags, to which more may add some. It reports whether
// there is nothing more to do, and the exit code then.
func parse(settings flags, name string, args []string, std streams, more ...func(*flag.FlagSet)) (code int, done bool) {
	fs := flag.NewFlagSet(strings.TrimSpace("aic-mcp "+name), flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	settings.Flags(fs)
	for _, declare := range more {
		declare(fs)
	}
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(fs, name, std.out)
		return exitOK, true
	case err != nil:
		return complain(std, err), true
	case fs.NArg() > 0:
		return complain(std, fmt.Errorf("unexpected argument %q", fs.Arg(0))), true
	}
	return exitOK, false
}

func usage(fs *flag.FlagSet, name string, w io.Writer) {
	fmt.Fprintf(w, "Usage: %s [flags]\n", fs.Name())
	if name == "" {
		fmt.Fprint(w, "\nWithout a command, aic-mcp serves the Model Context Protocol on stdin and stdout.\n\nCommands:\n")
		for _, c := range commands() {
			fmt.Fprintf(w, "  %-9s %s\n", c.name, c.help)
		}
	}
	for _, c := range commands() {
		if c.name == name {
			fmt.Fprintf(w, "\n%s%s.\n", strings.ToUpper(c.help[:1]), c.help[1:])
		}
	}
	fmt.Fprint(w, "\nFlags (in brackets the environment variable that does the same):\n")
	fs.SetOutput(w)
	fs.PrintDefaults()
}

// complain writes a line for each mistake in how the program was called.
func complain(std streams, err error) int {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(std.err, "aic-mcp: %s\n", line)
	}
	return exitUsage
}

// Command aic-conformance tells whether a tenant, real or fake, and the MCP
// server in front of it behave as they should.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"

	"aicmcp/conformance"
	"aicmcp/conformance/cases"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	interrupted := context.AfterFunc(ctx, func() {
		stop() // from now on a signal ends the process
		fmt.Fprintln(os.Stderr, "cleaning up… (a second interrupt ends this at once and leaves things behind)")
	})
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	interrupted()
	stop()
	os.Exit(status)
}

// The exit codes.
const (
	good   = 0
	failed = 1 // a case failed, or the baseline is wrong
	broken = 2 // the suite could not judge, left something behind, or was used wrongly
)

const usage = `Usage:
  aic-conformance list [--json] [--only ADDRESS]...
  aic-conformance run --target URL [flags]

The bearer needs the scope fr:idm:*, fr:am:* for journeys, scripts, OAuth clients
and realms, and fr:idc:esv:* for variables and secrets. For the logs it must be an
administrator's, with fr:idc:monitoring:*; for a service account's, say
  --without logs,log-keys,service-accounts
It is best kept out of the command line:
  AIC_CONFORMANCE_BEARER=... aic-conformance run --target https://tenant.example.com

A run adds managed object types, themes and e-mail templates to the tenant's
configuration and takes them out again; alpha's default theme changes for a
moment. It makes journeys, node types, scripts, OAuth clients, service accounts,
CORS entries, environment variables, secrets and an API key for the logs, and
deletes them again. To leave all that alone, say --read-only, or some of
  --without open-type,types,config,themes
  --without scripts,oauth-clients,service-accounts,cors,journeys,node-designer
  --without esvs,log-keys
Only --with restart restarts the tenant's services, and only --with
provider-settings changes alpha's OAuth provider.

With --mcp-server URL it also tries a remote MCP server that takes alpha's tokens and
acts at the Todo API: it registers clients there as anybody may, makes users, and logs
them in.

Exit codes: 0 all is well, 1 a case failed, 2 the suite could not judge or left
something behind.
`

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	command := ""
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	var status int
	var err error
	switch command {
	case "list":
		err = list(args, stdout, stderr)
	case "run":
		status, err = runCases(ctx, args, getenv, stdout, stderr)
	case "help", "-h", "--help":
		_, err = io.WriteString(stdout, usage)
	default:
		fmt.Fprint(stderr, usage)
		return broken
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		return good
	case err != nil:
		fmt.Fprintf(stderr, "aic-conformance: %v\n", err)
		return broken
	}
	return status
}

// parse reads flags, which are all there may be. The flag package prints its
// help, the caller the errors.
func parse(flags *flag.FlagSet, args []string, stderr io.Writer) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stderr, "Flags of %s:\n", flags.Name())
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return err
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return err
}

// words is a flag that can be given several times, or with commas.
type words []string

func (w *words) String() string { return strings.Join(*w, ",") }

func (w *words) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			*w = append(*w, word)
		}
	}
	return nil
}

// listed is a case as list --json shows it.
type listed struct {
	ID     string                `json:"id"`
	Level  conformance.Level     `json:"level"`
	Title  string                `json:"title"`
	Needs  []conformance.Feature `json:"needs"`
	Writes bool                  `json:"writes"`
	Ref    string                `json:"ref"`
}

func list(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("list", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "write JSON")
	var only words
	flags.Var(&only, "only", "list these cases only: an `address`, the beginning of one, or a glob")
	if err := parse(flags, args, stderr); err != nil {
		return err
	}
	selected, err := conformance.Select(cases.All(), only...)
	if err != nil {
		return err
	}
	if *asJSON {
		entries := make([]listed, 0, len(selected))
		for _, c := range selected {
			entries = append(entries, listed{c.ID, c.Level, c.Title, c.Needs, c.Writes, c.Ref})
		}
		encoder := json.NewEncoder(stdout)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(entries)
	}
	table := tabwriter.NewWriter(stdout, 0, 8, 2, ' ', 0)
	for _, c := range selected {
		fmt.Fprintf(table, "%s\t%s\t%s\n", c.ID, c.Level, c.Title)
	}
	return table.Flush()
}

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"aicmcp/conformance"
	"aicmcp/conformance/cases"
)

// settings are the flags of run.
type settings struct {
	target, bearer, bearerEnv, caFile      string
	user, passwordEnv, clock, mcpServer    string
	openType, baseline, format, outputFile string
	only, with, without                    words
	readOnly, verbose                      bool
	timeout                                time.Duration
	clients                                conformance.OAuthClients
}

func (s *settings) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	clients := conformance.DefaultOAuthClients()
	s.clients.Scopes = clients.Scopes
	flags.StringVar(&s.target, "target", "", "`URL` of the tenant, without a path")
	flags.StringVar(&s.bearer, "bearer", "", "bearer `token`; other processes can see it here, so prefer --bearer-env")
	flags.StringVar(&s.bearerEnv, "bearer-env", "AIC_CONFORMANCE_BEARER", "environment `variable` that holds the bearer")
	flags.StringVar(&s.caFile, "ca-file", "", "PEM `file` of certificate authorities to trust besides the system's")
	flags.Var(&s.only, "only", "run these cases only: an `address`, the beginning of one, or a glob; can be repeated")
	flags.Var(&s.without, "without", "leave out the cases that need this `feature`: "+names(conformance.Features())+"; can be repeated")
	flags.Var(&s.with, "with", "run the cases that need this `feature` too, which are left out otherwise: "+names(conformance.OnRequest())+"; can be repeated. "+
		"With restart the tenant's services are restarted, which takes minutes and makes all changes of variables and secrets effective, other people's too; "+
		"with provider-settings those of alpha's OAuth provider change for moments, for all its clients; "+
		"the others are for an MCP server that is set up so: remote-tenant, with the tenant's tools; remote-introspection, with introspection of all tokens; remote-rate, with a limit that some hundred requests at once get to")
	flags.BoolVar(&s.readOnly, "read-only", false, "leave out the cases that write")
	flags.StringVar(&s.openType, "open-type", "", "managed object `type` to use whose schema lists no properties; without it one is added to the tenant's configuration for the run")
	flags.StringVar(&s.user, "user", "", "tenant administrator to log in, where the pages work without scripts; without it such cases are skipped")
	flags.StringVar(&s.passwordEnv, "password-env", "AIC_CONFORMANCE_PASSWORD", "environment `variable` that holds the administrator's password")
	flags.StringVar(&s.clock, "clock", "", "`URL` of a fake tenant's clock, which cases move, such as http://127.0.0.1:9090/clock; without it they are skipped")
	flags.StringVar(&s.mcpServer, "mcp-server", "", "`URL` of the endpoint of a remote MCP server whose issuer is the tenant's alpha, such as http://127.0.0.1:8200/mcp; without it such cases are skipped. "+
		"It must act at the Todo API, or leave that out with --without "+string(conformance.RemoteTodo))
	flags.StringVar(&s.clients.LoginID, "client-id", clients.LoginID, "public OAuth client with the code flow")
	flags.StringVar(&s.clients.RedirectURI, "redirect-uri", clients.RedirectURI, "a redirect URI of that client")
	flags.StringVar(&s.clients.ExchangeID, "exchange-client-id", clients.ExchangeID, "public OAuth client with token exchange")
	flags.DurationVar(&s.timeout, "timeout", conformance.DefaultTimeout, "how long a case may take, besides what it may wait for the tenant")
	flags.StringVar(&s.baseline, "baseline", "", "`file` of known failures: lines of ADDRESS # REASON")
	flags.StringVar(&s.format, "format", "text", "format of the report: text, json or junit")
	flags.StringVar(&s.outputFile, "output", "", "`file` for the report instead of the standard output")
	flags.BoolVar(&s.verbose, "verbose", false, "tell of cases that pass or are skipped too, while they run")
	return flags
}

func names(features []conformance.Feature) string {
	var all []string
	for _, f := range features {
		all = append(all, string(f))
	}
	return strings.Join(all, ", ")
}

// runCases runs the selected cases and writes the report. Its error is about
// the suite, not the target's behaviour.
func runCases(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) (int, error) {
	var s settings
	if err := parse(s.flags(), args, stderr); err != nil {
		return broken, err
	}
	write, err := writer(s.format)
	if err != nil {
		return broken, err
	}
	selected, err := conformance.Select(cases.All(), s.only...)
	if err != nil {
		return broken, err
	}
	baseline, err := s.readBaseline()
	if err != nil {
		return broken, err
	}
	target, err := s.newTarget(getenv)
	if err != nil {
		return broken, err
	}
	if err := checkBearer(ctx, target, selected); err != nil {
		return broken, err
	}
	output, err := s.openOutput(stdout)
	if err != nil {
		return broken, err
	}
	results, problem := s.perform(ctx, target, selected, stderr)
	report := conformance.NewReport(target.BaseURL, results, baseline.Apply(cases.All(), results))
	// The report comes first, whatever else went wrong.
	if err := errors.Join(write(report, output), output.Close()); err != nil {
		problem = errors.Join(fmt.Errorf("write the report: %w", err), problem)
	}
	if ctx.Err() != nil {
		problem = errors.Join(fmt.Errorf("interrupted after %d of %d cases", len(results), len(selected)), problem)
	}
	switch {
	case problem != nil:
		return broken, problem
	case report.Broken():
		return broken, nil
	case report.Failed():
		return failed, nil
	}
	return good, nil
}

// doors are the APIs besides /openidm that the bearer must open for a feature.
var doors = []struct {
	feature     conformance.Feature
	path, needs string
}{
	{conformance.Scripts, "/am/json/realms/root/realms/alpha/scripts?_queryFilter=true&_fields=_id", "the scope fr:am:*"},
	{conformance.Clients, "/am/json/realms/root/realms/alpha/realm-config/agents/OAuth2Client?_queryFilter=true&_fields=_id", "the scope fr:am:*"},
	{conformance.CORS, "/am/json/global-config/services/CorsService/configuration?_queryFilter=true", "the scope fr:am:*"},
	{conformance.ServiceAccounts, "/openidm/managed/svcacct?_queryFilter=true&_pageSize=1", "to be an administrator's"},
	{conformance.Realms, "/am/json/realms/root/realms/alpha/realm-config/authentication", "the scope fr:am:*"},
	{conformance.Journeys, "/am/json/realms/root/realms/alpha/realm-config/authentication/authenticationtrees/trees?_queryFilter=true&_fields=_id", "the scope fr:am:*"},
	{conformance.NodeDesigner, "/am/json/node-designer/node-type?_queryFilter=true&_fields=_id", "the scope fr:am:*"},
	{conformance.ESVs, "/environment/count", "the scope fr:idc:esv:*"},
	{conformance.Logs, "/monitoring/logs/sources", "to be an administrator's, with the scope fr:idc:monitoring:*"},
	{conformance.LogKeys, "/keys", "to be an administrator's"},
}

// checkBearer makes sure that the target is there and takes the bearer, before
// all cases fail over it.
func checkBearer(ctx context.Context, target conformance.Target, selected []conformance.Case) error {
	claimed := target.Features
	needed := func(f conformance.Feature) bool {
		return slices.ContainsFunc(selected, func(c conformance.Case) bool {
			return slices.Contains(c.Needs, f) && !slices.ContainsFunc(c.Needs, func(n conformance.Feature) bool { return !slices.Contains(claimed, n) })
		})
	}
	target.Features = nil // they may need what is not there yet
	err := conformance.Do(ctx, target, func(t *conformance.T) {
		res := t.Get("/openidm/managed/alpha_role", conformance.Query("_queryFilter", "true", "_pageSize", "1"))
		switch res.Status {
		case http.StatusUnauthorized:
			t.Breakf("the target does not accept the bearer (401): it may have expired, or be another tenant's")
		case http.StatusForbidden:
			t.Breakf("the bearer may not use /openidm (403): it needs the scope fr:idm:*")
		}
		for _, door := range doors {
			if !needed(door.feature) {
				continue
			}
			if res := t.Get(door.path); res.Status == http.StatusForbidden || res.Status == http.StatusUnauthorized {
				t.Breakf("the bearer may not use %s (%d): it needs %s, or leave such cases out with --without %s", door.path, res.Status, door.needs, door.feature)
			}
		}
	})
	if ctx.Err() != nil {
		return errors.New("interrupted before the first case")
	}
	return err
}

// perform runs the cases, with an MCP server, and with a type of their own if
// one of them needs it. Its error is about these two: results come with it.
func (s *settings) perform(ctx context.Context, target conformance.Target, selected []conformance.Case, stderr io.Writer) (results []conformance.Result, err error) {
	target.Session, err = newSession(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("start the MCP server: %w", err)
	}
	defer func() { err = errors.Join(err, target.Session.Close()) }()
	if s.needsOpenType(target, selected) {
		name, remove, problem := cases.AddOpenType(ctx, target)
		if problem != nil {
			return nil, fmt.Errorf("%w\nName an existing type with --open-type, or leave such cases out with --read-only or --without %s", problem, conformance.OpenType)
		}
		target.OpenType = name
		defer func() { err = errors.Join(err, remove(context.WithoutCancel(ctx))) }()
	}
	for _, c := range selected {
		if ctx.Err() != nil {
			break
		}
		results = append(results, conformance.Run(ctx, target, c))
		s.tell(stderr, results, len(selected))
	}
	return results, nil
}

// tell tells of the last result, or now and then that the run goes on.
func (s *settings) tell(stderr io.Writer, results []conformance.Result, all int) {
	last, done := results[len(results)-1], fmt.Sprintf("%d of %d", len(results), all)
	switch quiet := last.Outcome == conformance.Pass || last.Outcome == conformance.Skip; {
	case s.verbose || !quiet:
		fmt.Fprintf(stderr, "%s: %-5s  %s\n", done, last.Outcome, last.ID)
	case len(results)%progressEvery == 0:
		fmt.Fprintln(stderr, done)
	}
}

// progressEvery is after how many cases a run shows that it goes on.
const progressEvery = 25

func (s *settings) needsOpenType(target conformance.Target, selected []conformance.Case) bool {
	return target.OpenType == "" && !target.ReadOnly && slices.Contains(target.Features, conformance.OpenType) &&
		slices.ContainsFunc(selected, func(c conformance.Case) bool { return slices.Contains(c.Needs, conformance.OpenType) })
}

func (s *settings) newTarget(getenv func(string) string) (conformance.Target, error) {
	target := conformance.Target{
		BaseURL: strings.TrimSuffix(s.target, "/"), Bearer: s.bearer, OpenType: s.openType, ReadOnly: s.readOnly,
		Timeout: s.timeout, Username: s.user, OAuth: s.clients, Features: conformance.Features(),
	}
	if s.target == "" {
		return target, errors.New("--target is missing: the address of the tenant")
	}
	if err := conformance.CheckAddress(target.BaseURL); err != nil {
		return target, err
	}
	if err := checkTransport(target.BaseURL); err != nil {
		return target, err
	}
	if target.Bearer == "" {
		target.Bearer = getenv(s.bearerEnv)
	}
	if target.Bearer == "" {
		return target, fmt.Errorf("there is no bearer: set %s, or give --bearer", s.bearerEnv)
	}
	if s.timeout <= 0 {
		return target, errors.New("--timeout must be positive")
	}
	for _, name := range s.with {
		if !slices.Contains(conformance.OnRequest(), conformance.Feature(name)) {
			return target, fmt.Errorf("--with %s: the features to ask for are %s", name, names(conformance.OnRequest()))
		}
	}
	leftOut := slices.Clone(s.without)
	for _, feature := range conformance.OnRequest() {
		if !slices.Contains(s.with, string(feature)) {
			leftOut = append(leftOut, string(feature))
		}
	}
	if s.user == "" {
		leftOut = append(leftOut, string(conformance.FormLogin))
	} else if target.Password = getenv(s.passwordEnv); target.Password == "" {
		return target, fmt.Errorf("there is no password for %s: set %s", s.user, s.passwordEnv)
	}
	if s.clock == "" {
		leftOut = append(leftOut, string(conformance.Clock))
	} else if err := checkTransport(s.clock); err != nil {
		return target, fmt.Errorf("--clock: %w", err)
	}
	if s.mcpServer == "" {
		for _, feature := range conformance.Remote() {
			if slices.Contains(s.with, string(feature)) {
				return target, fmt.Errorf("--with %s needs --mcp-server", feature)
			}
			leftOut = append(leftOut, string(feature))
		}
	} else if err := errors.Join(conformance.CheckMCP(s.mcpServer), checkTransport(s.mcpServer)); err != nil {
		return target, fmt.Errorf("--mcp-server: %w", err)
	}
	target.MCP = s.mcpServer
	for _, name := range leftOut {
		feature := conformance.Feature(name)
		if !slices.Contains(conformance.Features(), feature) {
			return target, fmt.Errorf("--without %s: the features are %s", name, names(conformance.Features()))
		}
		target.Features = slices.DeleteFunc(target.Features, func(f conformance.Feature) bool { return f == feature })
	}
	var err error
	target.HTTPClient, err = newHTTPClient(s.caFile)
	if s.clock != "" {
		target.Advance = s.advance(target.HTTPClient)
	}
	return target, err
}

// checkTransport keeps the bearer from being sent in the clear.
func checkTransport(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !local {
		return fmt.Errorf("the target %s must be https: plain http is for localhost only", address)
	}
	return nil
}

func newHTTPClient(caFile string) (*http.Client, error) {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: 15 * time.Second,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     time.Minute,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("--ca-file: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca-file: %s holds no PEM certificate", caFile)
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	return &http.Client{Transport: transport}, nil
}

func (s *settings) readBaseline() (conformance.Baseline, error) {
	if s.baseline == "" {
		return conformance.Baseline{}, nil
	}
	file, err := os.Open(s.baseline)
	if err != nil {
		return conformance.Baseline{}, fmt.Errorf("--baseline: %w", err)
	}
	defer file.Close()
	return conformance.ReadBaseline(file)
}

type writeReport func(conformance.Report, io.Writer) error

func writer(format string) (writeReport, error) {
	switch format {
	case "text":
		return conformance.Report.WriteText, nil
	case "json":
		return conformance.Report.WriteJSON, nil
	case "junit":
		return conformance.Report.WriteJUnit, nil
	}
	return nil, fmt.Errorf("--format must be text, json or junit, not %q", format)
}

// openOutput opens what the report is written to.
func (s *settings) openOutput(stdout io.Writer) (io.WriteCloser, error) {
	if s.outputFile == "" {
		return unclosed{stdout}, nil
	}
	file, err := os.Create(s.outputFile)
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	return file, nil
}

// unclosed is a writer that stays open.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

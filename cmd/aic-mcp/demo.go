package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/auth"
	"aicmcp/server/rest"
)

// demoChance makes every demo meet the same people.
const demoChance = 2026

// demo starts a tenant, connects an MCP client to the server in front of it,
// and takes a tour. After each step it asks the tenant itself, past the server
// and its login, whether the step really happened.
func demo(ctx context.Context, args []string, std streams, _ func(string) string) int {
	flags := flag.NewFlagSet("aic-mcp demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	remote := flags.Bool("remote", false, "show the server for remote clients instead: a tenant, an API and a client that knows nothing but a URL")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		usage(flags, "demo", std.out)
		return exitOK
	case err != nil:
		return complain(std, err)
	case flags.NArg() > 0:
		return complain(std, fmt.Errorf("unexpected argument %q", flags.Arg(0)))
	}
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	take := administer
	if *remote {
		take = delegateRemotely
	}
	err := take(ctx, std.out)
	if err != nil {
		fmt.Fprintf(std.err, "aic-mcp: demo: %v\n", err)
		return exitFailure
	}
	return exitOK
}

func administer(ctx context.Context, out io.Writer) error {
	t, err := newTour(ctx, out)
	if err != nil {
		return err
	}
	return t.take(ctx)
}

// narrator tells what happens, step by step.
type narrator struct {
	out  io.Writer
	step int
}

// tour is a walk through the tools.
type tour struct {
	narrator
	tenant   *mockaic.Tenant
	address  string
	devToken string // for looking at the tenant directly
	session  *mcp.ClientSession
}

func newTour(ctx context.Context, out io.Writer) (*tour, error) {
	t := &tour{narrator: narrator{out: out}, devToken: "demo-observer"}
	log := slog.New(slog.DiscardHandler)
	var err error
	t.tenant, err = mockaic.New(mockaic.Chance(demoChance), mockaic.DevToken(t.devToken), mockaic.LoopbackRedirects(auth.DefaultClientID))
	if err != nil {
		return nil, err
	}
	if t.address, err = serveTenant(ctx, t.tenant, log); err != nil {
		return nil, err
	}
	base, err := url.Parse(t.address)
	if err != nil {
		return nil, fmt.Errorf("the tenant's address: %w", err)
	}
	person := mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password}
	bearers, err := auth.New(auth.Options{
		Context: ctx,
		BaseURL: base,
		Scopes:  server.Scopes(),
		OpenURL: func(address string) error {
			// Where a person's browser would open.
			go func() {
				if _, err := person.Visit(ctx, address); err != nil {
					fmt.Fprintf(out, "    the login failed: %v\n", err)
				}
			}()
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	// Nobody else changes this tenant's configuration: there is nothing to wait for.
	retry := rest.DefaultRetry()
	retry.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	connector, err := server.NewConnector(server.ConnectorOptions{BaseURL: base, Bearers: bearers, Retry: &retry})
	if err != nil {
		return nil, err
	}
	srv, err := server.New(ctx, server.Options{Connector: connector})
	if err != nil {
		return nil, err
	}
	serverSide, clientSide := mcp.NewInMemoryTransports()
	if _, err := srv.Connect(ctx, serverSide, nil); err != nil {
		return nil, fmt.Errorf("connect the server: %w", err)
	}
	t.session, err = mcp.NewClient(&mcp.Implementation{Name: "demo", Version: server.Version()}, nil).Connect(ctx, clientSide, nil)
	if err != nil {
		return nil, fmt.Errorf("connect the client: %w", err)
	}
	return t, nil
}

func (n *narrator) say(format string, args ...any) { fmt.Fprintf(n.out, format+"\n", args...) }

// check prints what was found at the tenant itself, and ends the tour if it is
// not what the step was to do.
func (n *narrator) check(ok bool, format string, args ...any) error {
	fact := fmt.Sprintf(format, args...)
	if !ok {
		n.say("    ✗ %s", fact)
		return fmt.Errorf("step %d: not so: %s", n.step, fact)
	}
	n.say("    ✓ %s", fact)
	return nil
}

// call calls a tool and prints the call, its cost, and, in summary, its answer.
func (t *tour) call(ctx context.Context, name string, arguments map[string]any, summary func(map[string]any) string) (map[string]any, bool, error) {
	t.step++
	shown, err := json.Marshal(arguments)
	if err != nil {
		return nil, false, fmt.Errorf("show the arguments: %w", err)
	}
	t.say("\n%2d  %s %s", t.step, name, cut(strings.ReplaceAll(string(shown), mockaic.Password, "••••")))
	before, began := len(t.tenant.Requests()), time.Now()
	result, err := t.session.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		return nil, false, fmt.Errorf("step %d, %s: %w", t.step, name, err)
	}
	took, requests := time.Since(began), len(t.tenant.Requests())-before
	answer, _ := result.StructuredContent.(map[string]any)
	if failure, ok := answer["error"].(map[string]any); ok {
		reason := fmt.Sprint(failure["reason"])
		if failure["status"] != nil { // the tenant's
			reason = fmt.Sprint(failure["status"], " ", reason)
		}
		t.say("    refused: %s: %v", reason, failure["message"])
		if failure["detail"] != nil {
			t.say("    detail:  %s", compactJSON(failure["detail"]))
		}
		for _, finding := range list(failure, "findings") {
			t.say("    finding: %v", finding)
		}
		t.say("    hint:    %v", failure["hint"])
	} else {
		t.say("    %s", summary(answer))
	}
	t.say("    %s, %s", took.Round(100*time.Microsecond), plural(requests, "upstream request"))
	return answer, result.IsError, nil
}

// cut shortens arguments that would fill the screen.
func cut(text string) string {
	const most = 300
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + " …"
	}
	return text
}

// succeed is call for a step that has to succeed.
func (t *tour) succeed(ctx context.Context, name string, arguments map[string]any, summary func(map[string]any) string) (map[string]any, error) {
	answer, failed, err := t.call(ctx, name, arguments, summary)
	if err == nil && failed {
		err = fmt.Errorf("step %d: %s failed", t.step, name)
	}
	return answer, err
}

// look reads the tenant directly.
func (t *tour) look(ctx context.Context, path string) (int, map[string]any, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.address+path, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("look at %s: %w", path, err)
	}
	request.Header.Set("Authorization", "Bearer "+t.devToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("look at %s: %w", path, err)
	}
	defer response.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return 0, nil, fmt.Errorf("look at %s: %w", path, err)
	}
	return response.StatusCode, body, nil
}

const (
	people   = "alpha_user"
	newcomer = "tove.demo"
)

func (t *tour) take(ctx context.Context) error {
	t.say("An MCP client administers a fake AIC tenant, over real HTTP and real OAuth.")
	t.say("After each step a ✓ tells what the tenant itself says, asked past the server.")
	t.say("\n    tenant  %s, in memory", t.address)
	t.say("    login   admin@example.com, at the tenant's own pages")
	began := time.Now()
	for _, part := range []func(context.Context) error{t.discover, t.find, t.change, t.refusals, t.remove, t.model, t.brand, t.journey, t.application, t.settings, t.trace} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	t.say("\nAll %d steps did what they said, in %s.", t.step, time.Since(began).Round(time.Millisecond))
	t.say("Next: aic-mcp --mock serves such a tenant to your own MCP client; see README.md.")
	return nil
}

func toolNames(ctx context.Context, session *mcp.ClientSession) ([]string, error) {
	tools, err := session.ListTools(ctx, nil)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, tool := range tools.Tools {
		names = append(names, tool.Name)
	}
	return names, nil
}

// discover lists the tools and the types, and reads a schema.
func (t *tour) discover(ctx context.Context) error {
	t.step++
	t.say("\n%2d  tools/list", t.step)
	names, err := toolNames(ctx, t.session)
	if err != nil {
		return fmt.Errorf("step %d: %w", t.step, err)
	}
	t.say("    %s", strings.Join(names, ", "))
	if err := t.check(len(t.tenant.Requests()) == 0, "the tenant was not asked: no login before it is needed"); err != nil {
		return err
	}

	types, err := t.succeed(ctx, "listManagedObjects", map[string]any{}, func(a map[string]any) string {
		return plural(len(list(a, "types")), "type") + ", after a login with consent and a token exchange"
	})
	if err != nil {
		return err
	}
	_, config, err := t.look(ctx, "/openidm/config/managed")
	if err != nil {
		return err
	}
	if err := t.check(slices.Equal(namesOf(list(types, "types")), namesOf(list(config, "objects"))), "the tenant defines the same types"); err != nil {
		return err
	}

	schema, err := t.succeed(ctx, "getManagedObjectSchema", map[string]any{"objectType": people}, func(a map[string]any) string {
		return fmt.Sprintf("%d properties, required: %s", len(object(a, "properties")), compactJSON(a["required"]))
	})
	if err != nil {
		return err
	}
	for _, definition := range list(config, "objects") {
		definition := definition.(map[string]any)
		if definition["name"] == people {
			required := object(definition, "schema")["required"]
			return t.check(compactJSON(schema["required"]) == compactJSON(required), "the tenant requires %s", compactJSON(required))
		}
	}
	return errors.New("the tenant has no " + people)
}

// find queries people.
func (t *tour) find(ctx context.Context) error {
	filter := `country eq "norway" and mail pr`
	found, err := t.succeed(ctx, "queryManagedObjects", map[string]any{
		"objectType": people, "queryFilter": filter, "sortKeys": "sn,givenName", "fields": "userName,givenName,sn,city",
	}, func(a map[string]any) string {
		var names []string
		for _, person := range list(a, "objects") {
			p := person.(map[string]any)
			names = append(names, fmt.Sprint(p["givenName"], " ", p["sn"]))
		}
		return plural(len(names), "person", "people") + ": " + strings.Join(names, ", ")
	})
	if err != nil {
		return err
	}
	_, page, err := t.look(ctx, "/openidm/managed/"+people+"?_sortKeys=sn,givenName&_queryFilter="+url.QueryEscape(filter))
	if err != nil {
		return err
	}
	return t.check(slices.Equal(idsOf(list(found, "objects")), idsOf(list(page, "result"))) && len(list(page, "result")) > 0,
		"the tenant finds the same %d, in the same order", len(list(page, "result")))
}

// change creates someone, finds them, and patches them.
func (t *tour) change(ctx context.Context) error {
	created, err := t.succeed(ctx, "createManagedObject", map[string]any{"objectType": people, "objectData": map[string]any{
		"userName": newcomer, "givenName": "Tove", "sn": "Demo", "mail": "tove@example.com", "password": mockaic.Password,
	}}, func(a map[string]any) string { return fmt.Sprintf("created %v", a["id"]) })
	if err != nil {
		return err
	}
	id := fmt.Sprint(created["id"])
	path := "/openidm/managed/" + people + "/" + url.PathEscape(id)
	status, person, err := t.look(ctx, path)
	if err != nil {
		return err
	}
	if err := t.check(status == http.StatusOK && person["mail"] == "tove@example.com" && person["password"] == nil,
		"the tenant has %v, account %v, and does not tell the password", person["userName"], person["accountStatus"]); err != nil {
		return err
	}

	read, err := t.succeed(ctx, "getManagedObject", map[string]any{"objectType": people, "objectId": id}, func(a map[string]any) string {
		return fmt.Sprintf("%v at revision %v", object(a, "object")["userName"], object(a, "object")["_rev"])
	})
	if err != nil {
		return err
	}
	revision := fmt.Sprint(object(read, "object")["_rev"])
	if err := t.check(revision == person["_rev"], "the tenant has the same revision"); err != nil {
		return err
	}

	if _, err := t.succeed(ctx, "patchManagedObject", map[string]any{
		"objectType": people, "objectId": id, "revision": revision, "operations": []any{
			map[string]any{"operation": "replace", "field": "/city", "value": "Bergen"},
			map[string]any{"operation": "add", "field": "/frIndexedMultivalued1/-", "value": "newcomer"},
		},
	}, func(a map[string]any) string { return fmt.Sprintf("now at revision %v", a["revision"]) }); err != nil {
		return err
	}
	_, person, err = t.look(ctx, path)
	if err != nil {
		return err
	}
	return t.check(person["city"] == "Bergen" && compactJSON(person["frIndexedMultivalued1"]) == `["newcomer"]` && person["_rev"] != revision,
		"the tenant says %v lives in %v, under a new revision", person["givenName"], person["city"])
}

// newcomerAt finds who change created.
func (t *tour) newcomerAt(ctx context.Context) (id, revision string, err error) {
	_, page, err := t.look(ctx, "/openidm/managed/"+people+"?_queryFilter="+url.QueryEscape(`userName eq "`+newcomer+`"`))
	if err != nil {
		return "", "", err
	}
	for _, person := range list(page, "result") {
		p := person.(map[string]any)
		return fmt.Sprint(p["_id"]), fmt.Sprint(p["_rev"]), nil
	}
	return "", "", errors.New("the tenant lost " + newcomer)
}

// refusals meets a revision conflict and a policy failure.
func (t *tour) refusals(ctx context.Context) error {
	id, revision, err := t.newcomerAt(ctx)
	if err != nil {
		return err
	}
	answer, failed, err := t.call(ctx, "patchManagedObject", map[string]any{
		"objectType": people, "objectId": id, "revision": "an-old-revision", "operations": []any{
			map[string]any{"operation": "replace", "field": "/city", "value": "Paris"},
		},
	}, func(map[string]any) string { return "went through" })
	if err != nil {
		return err
	}
	_, unchanged, err := t.newcomerAt(ctx)
	if err != nil {
		return err
	}
	if err := t.check(failed && status(answer) == http.StatusPreconditionFailed && unchanged == revision, "the tenant has kept what it had"); err != nil {
		return err
	}

	answer, failed, err = t.call(ctx, "createManagedObject", map[string]any{"objectType": people, "objectData": map[string]any{
		"userName": "nomail", "givenName": "No", "sn": "Mail", "city": 7,
	}}, func(map[string]any) string { return "went through" })
	if err != nil {
		return err
	}
	_, page, err := t.look(ctx, "/openidm/managed/"+people+"?_queryFilter="+url.QueryEscape(`userName eq "nomail"`))
	if err != nil {
		return err
	}
	return t.check(failed && status(answer) == http.StatusForbidden && len(list(page, "result")) == 0, "the tenant has nobody called nomail")
}

// remove deletes who change created.
func (t *tour) remove(ctx context.Context) error {
	id, _, err := t.newcomerAt(ctx)
	if err != nil {
		return err
	}
	if _, err := t.succeed(ctx, "deleteManagedObject", map[string]any{"objectType": people, "objectId": id},
		func(a map[string]any) string { return fmt.Sprintf("deleted %v", a["deletedId"]) }); err != nil {
		return err
	}
	status, _, err := t.look(ctx, "/openidm/managed/"+people+"/"+url.PathEscape(id))
	if err != nil {
		return err
	}
	return t.check(status == http.StatusNotFound, "the tenant answers %d for that person", status)
}

func list(from map[string]any, name string) []any {
	elements, _ := from[name].([]any)
	return elements
}

func object(from map[string]any, name string) map[string]any {
	member, _ := from[name].(map[string]any)
	return member
}

func status(answer map[string]any) int {
	number, _ := object(answer, "error")["status"].(float64)
	return int(number)
}

func members(elements []any, name string) []string {
	var values []string
	for _, element := range elements {
		object, _ := element.(map[string]any)
		values = append(values, fmt.Sprint(object[name]))
	}
	return values
}

func namesOf(elements []any) []string { return slices.Sorted(slices.Values(members(elements, "name"))) }

func idsOf(elements []any) []string { return members(elements, "_id") }

func compactJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// plural counts things: the plural is the singular with an s unless given.
func plural(n int, singular string, plural ...string) string {
	switch {
	case n == 1:
		return "1 " + singular
	case len(plural) > 0:
		return fmt.Sprint(n, " ", plural[0])
	}
	return fmt.Sprint(n, " ", singular, "s")
}

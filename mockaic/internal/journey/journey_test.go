package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic/internal/crest"
)

// realm is what a runner of a test finds: journeys, the configurations of nodes,
// and one user.
type realm struct {
	trees    map[string]Tree
	configs  map[string]string
	settings Settings
	user     Account
	password string
	retries  map[string]int
	changes  []map[string]any
}

func (r *realm) Tree(_, name string) (Tree, bool) { tree, ok := r.trees[name]; return tree, ok }

func (r *realm) NodeConfig(_, _, id string) (map[string]any, bool) {
	config, err := crest.DecodeJSON([]byte("{" + r.configs[id] + "}"))
	if err != nil {
		return nil, false
	}
	return config.(map[string]any), true
}

func (r *realm) Settings(string) Settings { return r.settings }

func (r *realm) AccountBy(_, property, value string) (Account, bool) {
	return r.user, r.user.Object[property] == value
}

func (r *realm) Account(_, id string) (Account, bool) { return r.user, r.user.ID == id }

func (r *realm) CheckPassword(_, id, password string) bool {
	return id == r.user.ID && password == r.password
}

func (r *realm) ChangeAccount(_ context.Context, _, _ string, properties map[string]any) error {
	if properties["city"] == "nowhere" {
		return crest.Errorf(403, "Failed policy validation")
	}
	r.changes = append(r.changes, properties)
	return nil
}

func (r *realm) CountLogin(context.Context, string, string) error {
	r.user.Logins++
	return nil
}

func (r *realm) Retry(_, _, counter string, limit int) (bool, error) {
	r.retries[counter]++
	return r.retries[counter] <= limit, nil
}

func (r *realm) ForgetRetries(string, string) error {
	clear(r.retries)
	return nil
}

func (r *realm) PropertySchema(_ string, path []string) (map[string]any, bool) {
	return map[string]any{"type": "string", "title": strings.Join(path, " ")}, true
}

func newRealm() *realm {
	return &realm{
		trees: map[string]Tree{}, configs: map[string]string{}, retries: map[string]int{}, password: "secret",
		settings: Settings{Default: "Main", Timeout: time.Minute, SuccessURL: "/in"},
		user:     Account{ID: "u", UserName: "jane", Active: true, Object: map[string]any{"_id": "u", "userName": "jane", "city": "Oslo"}},
	}
}

// tree adds a journey whose nodes are lines "TYPE way>target ...": each is named
// after its journey and its line, and success and failure after themselves.
func (r *realm) tree(name string, lines ...string) {
	tree := Tree{Name: name, Entry: name + "0", Resource: "managed/alpha_user", Nodes: map[string]Node{}}
	for i, line := range lines {
		words := strings.Fields(line)
		node := Node{Type: words[0], Version: "1.0", Ways: map[string]string{}}
		for _, way := range words[1:] {
			outcome, target, _ := strings.Cut(way, ">")
			node.Ways[outcome] = name + target
			if id, ok := map[string]string{"success": successNode, "failure": failureNode}[target]; ok {
				node.Ways[outcome] = id
			}
		}
		tree.Nodes[fmt.Sprint(name, i)] = node
	}
	r.trees[name] = tree
}

// player goes through a journey.
type player struct {
	t      *testing.T
	runner *Runner
	now    time.Time
	logins []Login
}

func newPlayer(t *testing.T, r *realm) *player {
	t.Helper()
	p := &player{t: t, now: time.Unix(0, 0)}
	runner, err := New(Options{
		Trees: r, People: r, Chance: rand.NewChaCha8([32]byte{}), Now: func() time.Time { return p.now },
		StartSession: func(_ context.Context, login Login) string { p.logins = append(p.logins, login); return "token" },
	})
	if err != nil {
		t.Fatal(err)
	}
	p.runner = runner
	return p
}

func (p *player) begin() *Answer {
	p.t.Helper()
	return p.run(Request{Realm: "/alpha"})
}

func (p *player) run(q Request) *Answer {
	p.t.Helper()
	answer, err := p.runner.Run(p.t.Context(), q)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// filledIn is the request that answers a step; nil leaves a value as it is.
func filledIn(step *Answer, values ...any) Request {
	sent := make([]Callback, len(step.Callbacks))
	for i, c := range step.Callbacks {
		sent[i] = c
		if i < len(values) && values[i] != nil {
			sent[i].Input = []Field{{c.Input[0].Name, values[i]}}
		}
	}
	return Request{Realm: "/alpha", AuthID: step.AuthID, Sent: sent}
}

// shown is what a client gets of a step.
func shown(step *Answer) string {
	var lines []string
	for _, c := range step.Callbacks {
		id := "-"
		if c.ID != nil {
			id = fmt.Sprint(*c.ID)
		}
		line := id + " " + strings.TrimSuffix(c.Type, "Callback")
		for _, input := range c.Input {
			line += fmt.Sprintf(" %s=%v", input.Name, input.Value)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestAPageComesAgainUntilAllIsAnswered(t *testing.T) {
	r := newRealm()
	r.tree("Main", "PageNode Main0-outcome>1 b>success a>failure")
	r.configs["Main0"] = `"stage":"first","pageHeader":{"de":"Hallo","en":"Hello"},"nodes":[
		{"_id":"n","nodeType":"UsernameCollectorNode"},{"_id":"a","nodeType":"AttributeCollectorNode"},{"_id":"s","nodeType":"SetStateNode"},{"_id":"c","nodeType":"ChoiceCollectorNode"}]`
	r.configs["a"] = `"attributesToCollect":["city"],"required":true`
	r.configs["c"] = `"choices":["a","b"],"defaultChoice":"b"`
	p := newPlayer(t, r)
	first := p.begin()
	want := "0 Name IDToken1=\n1 StringAttributeInput IDToken2= IDToken2validateOnly=false\n2 Choice IDToken3=1"
	if shown(first) != want || first.Stage != "first" || first.Header != "Hello" || first.Description != "" {
		t.Fatalf("%+v\n%s", first, shown(first))
	}
	second := p.run(filledIn(first, "jane", "", 1))
	if want := "0 Name IDToken1=jane\n1 StringAttributeInput IDToken2= IDToken2validateOnly=false\n2 Choice IDToken3=1"; shown(second) != want || second.Header != "Hello" {
		t.Fatalf("%+v\n%s", second, shown(second))
	}
	third := p.run(filledIn(second, "", "Bergen"))
	if want := "0 Name IDToken1=\n1 StringAttributeInput IDToken2=Bergen IDToken2validateOnly=false\n2 Choice IDToken3=1"; shown(third) != want {
		t.Fatalf("%s", shown(third))
	}
	if done := p.run(filledIn(third, "jane")); done.Token != "token" || done.UserID != "u" || done.SuccessURL != "/in" || done.Chosen {
		t.Errorf("%+v", done)
	}
}

// From version 2.0 on a page's outcomes name the node that they are of.
func TestAPageOfVersionTwo(t *testing.T) {
	r := newRealm()
	r.tree("Main", "PageNode n-outcome>success")
	node := r.trees["Main"].Nodes["Main0"]
	node.Version = "2.0"
	r.trees["Main"].Nodes["Main0"] = node
	r.configs["Main0"] = `"nodes":[{"_id":"n","nodeType":"UsernameCollectorNode"}]`
	p := newPlayer(t, r)
	if done := p.run(filledIn(p.begin(), "jane")); done.Token != "token" {
		t.Errorf("%+v", done)
	}
}

func TestPagesThatCannotBe(t *testing.T) {
	for nodes, want := range map[string]string{
		``:                                  "Login failure",
		`{"_id":"x","nodeType":"PageNode"}`: "Login failure",
		`{"_id":"x","nodeType":"` + innerTree + `"}`: "Login failure",
		`{"_id":"x","nodeType":"DebugNode"}`:         "the node type DebugNode is not run by this fake tenant",
	} {
		r := newRealm()
		r.tree("Main", "PageNode outcome>success")
		r.configs["Main0"] = `"nodes":[` + nodes + `]`
		_, err := newPlayer(t, r).runner.Run(t.Context(), Request{Realm: "/alpha"})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", nodes, err)
		}
	}
}

// What is transient outlives a step only if a node that can still come reads it.
func TestPasswordsAreKeptOnlyWhereTheyAreRead(t *testing.T) {
	kept := func(lines ...string) any {
		r := newRealm()
		r.tree("Inner", "DataStoreDecisionNode true>success false>failure")
		r.tree("Main", append([]string{"PasswordCollectorNode outcome>1", "UsernameCollectorNode outcome>2"}, lines...)...)
		r.configs["Main2"] = `"tree":"Inner"`
		p := newPlayer(t, r)
		sealed, err := p.runner.redeem(p.run(filledIn(p.begin(), "secret")).AuthID, "/alpha")
		if err != nil {
			t.Fatal(err)
		}
		if sealed.State.Shared[passwordKey] != nil {
			t.Error("the password is among what is shared")
		}
		return sealed.State.get(passwordKey)
	}
	if got := kept("DataStoreDecisionNode true>success false>failure"); got != "secret" {
		t.Errorf("a node reads it: %v", got)
	}
	if got := kept(innerTree + " true>success false>failure"); got != "secret" {
		t.Errorf("a node of an inner journey reads it: %v", got)
	}
	if got := kept("SetStateNode outcome>success", "DataStoreDecisionNode true>success false>failure"); got != nil {
		t.Errorf("nobody reads it: %v", got)
	}
}

// Journeys that name each other often are read once.
func TestJourneysThatNameThemselvesAreReadOnce(t *testing.T) {
	r := newRealm()
	lines := []string{"UsernameCollectorNode outcome>1"}
	for i := 1; i <= 30; i++ {
		lines = append(lines, fmt.Sprintf("%s true>%d false>failure", innerTree, i+1))
		r.configs[fmt.Sprint("Main", i)] = `"tree":"Main"`
	}
	r.tree("Main", append(lines, "DataStoreDecisionNode true>success false>failure")...)
	newPlayer(t, r).begin()
}

func TestAttributesAreWrittenWhereTheyAreNew(t *testing.T) {
	for city, want := range map[string]string{"Oslo": "[]", "Bergen": `[{"city":"Bergen"}]`} {
		r := newRealm()
		r.tree("Main", "ValidatedUsernameNode outcome>1", "ValidatedPasswordNode outcome>2", "AttributeCollectorNode outcome>3", "PatchObjectNode PATCHED>success FAILURE>failure")
		r.configs["Main0"], r.configs["Main1"] = `"usernameAttribute":"userName"`, `"passwordAttribute":"password"`
		r.configs["Main2"], r.configs["Main3"] = `"attributesToCollect":["city","sn"]`, `"identityAttribute":"userName","ignoredFields":["sn"]`
		p := newPlayer(t, r)
		last := p.run(filledIn(p.run(filledIn(p.begin(), "jane")), "secret"))
		if done := p.run(filledIn(last, city, "Doe")); done.Token == "" {
			t.Errorf("%+v", done)
		}
		if got, _ := json.Marshal(append([]map[string]any{}, r.changes...)); string(got) != want {
			t.Errorf("%s: %s", city, got)
		}
		last = p.run(filledIn(p.run(filledIn(p.begin(), "jane")), "secret"))
		_, err := p.runner.Run(t.Context(), filledIn(last, "nowhere"))
		if err == nil || err.Error() != "Failed policy validation" {
			t.Errorf("refused: %v", err)
		}
	}
}

// A journey may be changed while people go through it.
func TestANodeThatHasChangedAsksAnew(t *testing.T) {
	for _, after := range []struct{ kind, config, asks string }{
		{"MessageNode", "", "- TextOutput\n- Confirmation IDToken2=1"},
		{"AttributeCollectorNode", `"attributesToCollect":["city","sn"]`, "- StringAttributeInput IDToken1= IDToken1validateOnly=false\n- StringAttributeInput IDToken2= IDToken2validateOnly=false"},
		{"PageNode", `"nodes":[{"_id":"n","nodeType":"PasswordCollectorNode"}]`, "0 Password IDToken1="},
		{"PasswordCollectorNode", "", "- Password IDToken1="},
		{"ChoiceCollectorNode", `"choices":["a","b"]`, "- Choice IDToken1=0"},
	} {
		for _, before := range []string{"UsernameCollectorNode", "PageNode"} {
			r := newRealm()
			r.tree("Main", before+" outcome>success")
			r.configs["Main0"] = `"nodes":[{"_id":"n","nodeType":"UsernameCollectorNode"}]`
			p := newPlayer(t, r)
			first := p.begin()
			r.tree("Main", after.kind+" outcome>success")
			r.configs["Main0"] = after.config
			if got := shown(p.run(filledIn(first, "0"))); got != after.asks {
				t.Errorf("%s after %s: %s", after.kind, before, got)
			}
		}
	}
}

func TestALevelAndAMessageGoWithTheLogin(t *testing.T) {
	r := newRealm()
	r.tree("Main", "ModifyAuthLevelNode outcome>1", "MessageNode true>2 false>failure", "UsernameCollectorNode outcome>success")
	r.configs["Main0"], r.configs["Main1"] = `"authLevelIncrement":7`, `"stateField":"said"`
	p := newPlayer(t, r)
	message := p.begin()
	if got := shown(message); got != "- TextOutput\n- Confirmation IDToken2=1" || message.Callbacks[0].Out("messageType") != "0" {
		t.Fatalf("%s", got)
	}
	name := p.run(filledIn(message, nil, 0))
	p.run(filledIn(name, "jane"))
	if len(p.logins) != 1 || p.logins[0].AuthLevel != 7 || p.logins[0].Service != "Main" || p.logins[0].Name != "jane" {
		t.Errorf("%+v", p.logins)
	}
}

// Retries are counted in the account, or in the journey where nobody is known.
func TestRetriesAreLimited(t *testing.T) {
	for name, inAccount := range map[string]string{"jane": "true", "nobody": "true", "Jane": "false"} {
		r := newRealm()
		r.tree("Main", "UsernameCollectorNode outcome>1", "RetryLimitDecisionNode Retry>0 Reject>2", "SetFailureUrlNode outcome>failure")
		r.configs["Main1"] = `"retryLimit":2,"incrementUserAttributeOnFailure":` + inAccount
		p := newPlayer(t, r)
		step := p.begin()
		for range 2 {
			step = p.run(filledIn(step, name))
		}
		if _, err := p.runner.Run(t.Context(), filledIn(step, name)); err == nil || err.Error() != loginFailure {
			t.Errorf("%s: %v", name, err)
		}
		if counted := len(r.retries) > 0; counted != (name == "jane") {
			t.Errorf("%s: %v", name, r.retries)
		}
	}
}

func TestStepsAreBounded(t *testing.T) {
	r := newRealm()
	r.settings.SingleUse = true
	r.tree("Main", "UsernameCollectorNode outcome>success")
	p := newPlayer(t, r)
	p.runner.open.limit = 3
	var steps []*Answer
	for range 4 {
		steps = append(steps, p.begin())
	}
	good := 0
	for _, step := range steps {
		_, err := p.runner.Run(t.Context(), filledIn(step, "jane"))
		var refusal *crest.Error
		switch {
		case err == nil:
			good++
		case !errors.As(err, &refusal) || refusal.Message != "Session has timed out":
			t.Error(err)
		}
	}
	if good != 3 {
		t.Errorf("%d steps are remembered", good)
	}
	// What is over makes room first.
	p.begin()
	p.now = p.now.Add(time.Minute)
	fresh := []*Answer{p.begin(), p.begin(), p.begin()}
	for _, step := range fresh {
		p.run(filledIn(step, "jane"))
	}
}

func TestRealmsReadTheirOwnUsers(t *testing.T) {
	if got := (&execution{realm: "bravo"}).users(); got != "managed/bravo_user" {
		t.Error(got)
	}
	if got := (&execution{}).users(); got != "managed/teammember" {
		t.Error(got)
	}
}

func TestLocalURLs(t *testing.T) {
	const base = "https://tenant.example.com:443"
	for target, want := range map[string]string{
		base + "/a?b=c": base + "/a?b=c", "/a": base + "/a", "": "", "//evil.example/": "", base + "//evil.example": "", `\\evil.example`: base + "/%5C%5Cevil.example",
		"https://tenant.example.com:443@evil.example/": "", "javascript:alert(1)": "", "http://tenant.example.com:443/": "",
	} {
		if got := CheckLocalURL(base, target); got != want {
			t.Errorf("%s: %q", target, got)
		}
	}
}

func TestTheDocumentationListsTheTypesThatRun(t *testing.T) {
	text, err := os.ReadFile("../../doc.go")
	if err != nil {
		t.Fatal(err)
	}
	want := append(slices.Collect(maps.Keys(behaviours())), innerTree)
	slices.Sort(want)
	_, listed, _ := strings.Cut(string(text), "# Node types that run")
	listed, _, _ = strings.Cut(listed, "# ")
	names := strings.FieldsFunc(listed, func(r rune) bool { return strings.ContainsRune("/,\t\n ", r) })
	if !slices.Equal(names, want) {
		t.Errorf("mockaic/doc.go lists %v, and it should be %v", names, want)
	}
}

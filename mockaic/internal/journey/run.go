package journey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
)

// loginFailure is what is said of a login that failed, unless a node knows more.
const loginFailure = "Login failure"

const innerTree = "InnerTreeEvaluatorNode"

// Run begins a journey or goes on with one. What the client did wrong, and a login
// that failed, is a *crest.Error.
func (r *Runner) Run(ctx context.Context, q Request) (*Answer, error) {
	x := &execution{Runner: r, ctx: ctx, request: q, realm: strings.TrimPrefix(q.Realm, "/")}
	x.settings = r.options.Trees.Settings(x.realm)
	if q.AuthID == "" {
		if err := x.begin(); err != nil {
			return nil, err
		}
	} else if err := x.resume(); err != nil {
		return nil, err
	}
	x.ticket.NoSession = x.ticket.NoSession || q.NoSession
	x.ticket.Goto = cmp.Or(CheckLocalURL(q.BaseURL, q.Parameters.Get("goto")), x.ticket.Goto)
	x.ticket.GotoOnFail = cmp.Or(CheckLocalURL(q.BaseURL, q.Parameters.Get("gotoOnFail")), x.ticket.GotoOnFail)
	return x.run()
}

// MustRun tells whether a journey runs even for somebody who is logged in, and the
// name of the journey, which may be the realm's default.
func (r *Runner) MustRun(realm, service string) (name string, must bool) {
	realm = strings.TrimPrefix(realm, "/")
	name = cmp.Or(service, r.options.Trees.Settings(realm).Default)
	tree, ok := r.options.Trees.Tree(realm, name)
	return name, !ok || tree.InnerOnly || tree.MustRun
}

// SuccessURL is where logins in a realm lead.
func (r *Runner) SuccessURL(realm string) string {
	return r.options.Trees.Settings(strings.TrimPrefix(realm, "/")).SuccessURL
}

// execution is a journey while it runs.
type execution struct {
	*Runner
	ctx      context.Context
	request  Request
	realm    string // without its slash
	settings Settings
	ticket   *ticket
	trees    []Tree // of the ticket's frames
	sent     []Callback
}

func (x *execution) state() *state { return &x.ticket.State }

func (x *execution) begin() error {
	name := cmp.Or(x.request.Service, x.settings.Default)
	x.ticket = &ticket{ID: x.uuid(), Realm: x.request.Realm, Service: name, Named: x.request.Service != "", State: newState(x.request.Realm)}
	tree, ok := x.options.Trees.Tree(x.realm, name)
	if !ok || tree.InnerOnly {
		return crest.Errorf(http.StatusBadRequest, "No Configuration found")
	}
	x.enter(tree)
	return nil
}

func (x *execution) resume() error {
	t, err := x.redeem(x.request.AuthID, x.request.Realm)
	if err != nil {
		return err
	}
	x.ticket = t
	for _, f := range t.Frames {
		tree, ok := x.options.Trees.Tree(x.realm, f.Tree)
		if !ok {
			return crest.Errorf(http.StatusBadRequest, "No Configuration found")
		}
		x.trees = append(x.trees, tree)
	}
	x.sent, err = filled(t.Asked, x.request.Sent)
	return err
}

func (x *execution) enter(tree Tree) {
	x.trees = append(x.trees, tree)
	x.ticket.Frames = append(x.ticket.Frames, frame{tree.Name, tree.Entry})
}

func (x *execution) tree() Tree { return x.trees[len(x.trees)-1] }

func (x *execution) frame() *frame { return &x.ticket.Frames[len(x.ticket.Frames)-1] }

// current is the node where the journey is.
func (x *execution) current() (Node, error) {
	node, ok := x.tree().Nodes[x.frame().Node]
	if !ok {
		return Node{}, fmt.Errorf("the journey %s has no node %s", x.tree().Name, x.frame().Node)
	}
	return node, nil
}

func (x *execution) run() (*Answer, error) {
	for range maxNodes {
		answer, err := x.next()
		if answer != nil || err != nil {
			return answer, x.failed(err)
		}
	}
	return nil, x.failed(fmt.Errorf("the journey %s went through %d nodes without asking anything", x.tree().Name, maxNodes))
}

// failed makes what went wrong in a node a failed login.
func (x *execution) failed(err error) error {
	var refusal *crest.Error
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	route.TrailOf(x.ctx).Debug("ERROR", "org.forgerock.openam.auth.trees.engine", err.Error())
	return x.refuse(loginFailure)
}

// next visits a node. It answers if the journey can't go on without the client.
func (x *execution) next() (*Answer, error) {
	inner := len(x.trees) > 1
	switch at := x.frame().Node; {
	case at == successNode && inner:
		return nil, x.leave("true")
	case at == failureNode && inner:
		return nil, x.leave("false")
	case at == successNode:
		return x.succeed()
	case at == failureNode:
		return nil, x.refuse(cmp.Or(x.state().text(lockoutKey), x.state().text(errorKey), loginFailure))
	}
	node, err := x.current()
	if err != nil {
		return nil, x.caught(err)
	}
	s := &step{execution: x, id: x.frame().Node, node: node, sent: x.sent}
	if s.config, err = x.config(node.Type, s.id); err != nil {
		return nil, x.caught(err)
	}
	if node.Type == innerTree {
		return nil, x.descend(s)
	}
	act, err := x.behaviourOf(node.Type)
	if err != nil {
		return nil, err
	}
	outcome, callbacks, err := act.run(s)
	switch {
	case err != nil:
		return nil, x.caught(err)
	case callbacks != nil:
		return x.ask(s, callbacks)
	}
	return nil, x.caught(x.goOn(node, outcome))
}

func (x *execution) config(nodeType, id string) (map[string]any, error) {
	config, ok := x.options.Trees.NodeConfig(x.realm, nodeType, id)
	if !ok {
		return nil, fmt.Errorf("there is no node %s of the type %s", id, nodeType)
	}
	return config, nil
}

// goOn leads from a node to the next.
func (x *execution) goOn(node Node, outcome string) error {
	x.logNode(node, outcome)
	target, ok := node.Ways[outcome]
	if !ok {
		return fmt.Errorf("the outcome %q of the node %s leads nowhere", outcome, x.frame().Node)
	}
	x.frame().Node, x.sent = target, nil
	return nil
}

// descend runs the journey that a node names.
func (x *execution) descend(s *step) error {
	name := s.setting("tree")
	tree, ok := x.options.Trees.Tree(x.realm, name)
	switch {
	case !ok:
		return x.caught(fmt.Errorf("there is no journey %q", name))
	case len(x.trees) == maxDepth:
		return x.caught(fmt.Errorf("journeys are nested deeper than %d", maxDepth))
	}
	x.enter(tree)
	return nil
}

// leave ends an inner journey.
func (x *execution) leave(outcome string) error {
	x.trees, x.ticket.Frames = x.trees[:len(x.trees)-1], x.ticket.Frames[:len(x.ticket.Frames)-1]
	node, err := x.current()
	if err != nil {
		return err
	}
	return x.caught(x.goOn(node, outcome))
}

// caught goes on after an error where a journey has a way for errors of an inner one.
func (x *execution) caught(err error) error {
	if err == nil || isNotRun(err) {
		return err
	}
	for len(x.trees) > 1 {
		broken := x.frame().Node
		x.trees, x.ticket.Frames = x.trees[:len(x.trees)-1], x.ticket.Frames[:len(x.ticket.Frames)-1]
		node, missing := x.current()
		if missing != nil {
			return err
		}
		config, missing := x.config(node.Type, x.frame().Node)
		if missing != nil || config["displayErrorOutcome"] != true {
			continue
		}
		x.state().put(errorKey, err.Error())
		x.state().put("errorNode", broken)
		return x.goOn(node, "error")
	}
	return errors.New(err.Error()) // a status that it may have is not the client's
}

// ask sends callbacks to the client, or answers them at once with what came in the
// headers of the first request.
func (x *execution) ask(s *step, callbacks []Callback) (*Answer, error) {
	x.state().keep(x.readAhead())
	callbacks = number(callbacks)
	x.ticket.Asked = callbacks
	if answered := x.fromHeaders(callbacks); answered != nil {
		x.sent = answered
		return nil, nil
	}
	authID, err := x.issue(x.ticket, cmp.Or(x.trees[0].Timeout, x.settings.Timeout), x.settings.SingleUse)
	if err != nil {
		return nil, err
	}
	return &Answer{
		AuthID: authID, Callbacks: callbacks, Realm: x.ticket.Realm, Problem: x.state().text(errorKey),
		Stage: s.stage, Header: s.header, Description: s.description,
	}, nil
}

// fromHeaders answers a step that asks for nothing but name and password. Each
// header counts once: a wrong password must not lock the account.
func (x *execution) fromHeaders(asked []Callback) []Callback {
	if x.request.AuthID != "" {
		return nil
	}
	answered := make([]Callback, len(asked))
	for i, c := range asked {
		name := map[string]string{"NameCallback": userHeader, "PasswordCallback": passwordHeader}[c.Type]
		values, ok := x.request.Header[http.CanonicalHeaderKey(name)]
		if name == "" || !ok {
			return nil
		}
		c.Input = []Field{{c.Input[0].Name, decodeHeader(values[0])}}
		answered[i] = c
	}
	x.request.Header = x.request.Header.Clone()
	for _, c := range asked {
		x.request.Header.Del(map[string]string{"NameCallback": userHeader, "PasswordCallback": passwordHeader}[c.Type])
	}
	return answered
}

// readAhead names what the nodes read that the journey can still come to.
func (x *execution) readAhead() map[string]bool {
	seen, reads := map[frame]bool{}, map[string]bool{}
	for i, tree := range x.trees {
		x.readAfter(tree, x.ticket.Frames[i].Node, seen, reads)
	}
	return reads
}

func (x *execution) readAfter(tree Tree, id string, seen map[frame]bool, reads map[string]bool) {
	node, ok := tree.Nodes[id]
	at := frame{tree.Name, id}
	if !ok || seen[at] {
		return
	}
	seen[at] = true
	for _, key := range x.behaviours[node.Type].reads {
		reads[key] = true
	}
	if node.Type == innerTree {
		config, _ := x.options.Trees.NodeConfig(x.realm, node.Type, id)
		name, _ := config["tree"].(string)
		if inner, ok := x.options.Trees.Tree(x.realm, name); ok {
			x.readAfter(inner, inner.Entry, seen, reads)
		}
	}
	for _, next := range node.Ways {
		x.readAfter(tree, next, seen, reads)
	}
}

// refuse is the answer to a login that failed.
func (x *execution) refuse(message string) error {
	x.logEnd("", false)
	return &crest.Error{Code: http.StatusUnauthorized, Message: message, Detail: map[string]any{
		"failureUrl": cmp.Or(x.ticket.GotoOnFail, x.state().text(failureURLKey), x.settings.FailureURL),
	}}
}

// succeed ends the journey with a login.
func (x *execution) succeed() (*Answer, error) {
	account, ok := x.account()
	switch {
	case !ok:
		return nil, fmt.Errorf("the journey %s succeeds without a user", x.trees[0].Name)
	case !account.Active:
		return nil, x.refuse("User Account Inactive")
	}
	if err := x.options.People.ForgetRetries(x.users(), account.ID); err != nil {
		return nil, err
	}
	x.logEnd(account.ID, true)
	answer := &Answer{
		Realm: x.ticket.Realm, UserID: account.ID, Name: cmp.Or(account.Name, account.UserName),
		SuccessURL: cmp.Or(x.ticket.Goto, x.state().text(successURLKey)),
	}
	answer.Chosen = answer.SuccessURL != ""
	answer.SuccessURL = cmp.Or(answer.SuccessURL, x.settings.SuccessURL)
	if x.ticket.NoSession || x.trees[0].NoSession {
		return answer, nil
	}
	answer.Token = x.options.StartSession(x.ctx, Login{
		Realm: x.ticket.Realm, UserID: account.ID, Name: answer.Name, Service: x.ticket.Service,
		AuthLevel: whole(x.state().get(levelKey)), Lifetime: x.trees[0].Lifetime, Idle: x.trees[0].Idle,
	})
	return answer, nil
}

// users is the collection of those who log in to the realm.
func (x *execution) users() string {
	if x.realm == "" {
		return "managed/teammember"
	}
	return "managed/" + x.realm + "_user"
}

// account is who logs in, by the name that they gave or by ID.
func (x *execution) account() (Account, bool) {
	name := x.state().userName()
	if name == "" {
		return Account{}, false
	}
	if account, ok := x.named(x.users(), "userName"); ok {
		return account, true
	}
	return x.options.People.Account(x.users(), name)
}

// named finds the state's user name in a collection, or the ID that a node put in
// its place.
func (x *execution) named(collection, property string) (Account, bool) {
	name := x.state().userName()
	if name == x.state().text(universalKey) {
		if account, ok := x.options.People.Account(collection, name); ok {
			return account, true
		}
	}
	return x.options.People.AccountBy(collection, property, name)
}

func (x *execution) logNode(node Node, outcome string) {
	x.log("AM-NODE-LOGIN-COMPLETED", map[string]any{
		"authLevel": fmt.Sprint(whole(x.state().get(levelKey))), "displayName": route.CutText(node.Name), "nodeType": node.Type,
		"nodeOutcome": route.CutText(outcome), "treeName": route.CutText(x.tree().Name), "nodeId": x.frame().Node,
	}, nil)
}

// logEnd logs how the journey ended, and where a request that failed came to.
func (x *execution) logEnd(userID string, right bool) {
	trail, more := route.TrailOf(x.ctx), map[string]any{"result": "FAILED"}
	if right {
		trail.Subject = userID
		more["result"], more["userId"] = "SUCCESSFUL", route.UniversalIDIn(x.ticket.Realm, userID)
	} else {
		trail.Reason = "Authentication Failed"
	}
	x.log("AM-TREE-LOGIN-COMPLETED", map[string]any{
		"treeName": route.CutText(x.trees[0].Name), "authLevel": fmt.Sprint(whole(x.state().get(levelKey))), "ipAddress": route.HostOf(x.request.RemoteAddr),
	}, more)
}

func (x *execution) log(name string, info, more map[string]any) {
	trail := route.TrailOf(x.ctx)
	if len(trail.TrackingIDs) == 0 || trail.TrackingIDs[0] != x.ticket.ID {
		trail.TrackingIDs = append([]string{x.ticket.ID}, trail.TrackingIDs...)
	}
	event := map[string]any{
		"eventName": name, "component": "Authentication", "realm": x.ticket.Realm, "trackingIds": []string{x.ticket.ID},
		"entries": []any{map[string]any{"info": info}},
	}
	if user := x.state().userName(); user != "" {
		event["principal"] = []string{route.CutText(user)}
	}
	for key, value := range more {
		event[key] = value
	}
	trail.Write(route.AMAuthentication, event)
}

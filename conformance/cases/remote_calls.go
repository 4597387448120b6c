package cases

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

const (
	readTodos  = "todo_api:read"
	writeTodos = "todo_api:write"
)

// remoteCalls are the cases about what a remote MCP server does for its callers.
var remoteCalls = []c.Case{
	{
		ID:    "remote/tools/offered",
		Title: "the server offers its two tools about tokens and the four of the Todo API, with the parameters they take",
		Level: c.Must, Needs: remoteTodos, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			tools := findRemote(t).caller("openid", readTodos, writeTodos).toolList()
			for name, required := range map[string][]string{
				"who_am_I": nil, "peek_api_token_claims": nil, "get_my_todo_list": nil,
				"create_new_todo": {"text"}, "toggle_todo_status": {"completed", "todoId"}, "delete_todo": {"todoId"},
			} {
				t.True(name+" is offered", tools[name] != nil)
				t.Equal("parameters of "+name, required, sortedTexts(c.List(tools[name], "inputSchema", "required")))
			}
		},
	}, {
		ID:    "remote/todo/life",
		Title: "what is put on the list is there, is done when it is toggled, and is gone when it is deleted",
		Level: c.Must, Needs: remoteTodos, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid", readTodos, writeTodos)
			id, text := k.newTodo()
			t.Equal("text", text, c.At(k.todo(id), "text"))
			t.Equal("completed", false, c.At(k.todo(id), "completed"))
			k.result(k.call("toggle_todo_status", object{"todoId": id, "completed": true}))
			t.Equal("completed when toggled", true, c.At(k.todo(id), "completed"))
			k.result(k.call("delete_todo", object{"todoId": id}))
			t.True("it is gone", k.todo(id) == nil)
		},
	}, {
		ID:    "remote/delegation/claims",
		Title: "at the API the server acts by a token of its own: for the same subject, for that API only, with fewer scopes, and says who acts",
		Level: c.Must, Needs: remoteTodos, Ref: refNoPassThrough, Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid", "profile", readTodos, writeTodos)
			own, acting := k.own(), k.acting()
			t.Equal("the caller's own token", parseToken(t, k.token).claims, own)
			t.Equal("iss", c.At(own, "iss"), c.At(acting, "iss"))
			t.Equal("sub", c.At(own, "sub"), c.At(acting, "sub"))
			t.Differs("jti", c.At(own, "jti"), c.At(acting, "jti"))
			actor := c.Text(own, "may_act", "sub")
			t.True("the caller's token says who may act", actor != "")
			t.Lacks("the caller's token", own, "act")
			t.Equal("act.sub", actor, c.At(acting, "act", "sub"))
			t.Lacks("the token for the API", acting, "may_act")
			audience := textsIn(c.At(acting, "aud"))
			t.True(fmt.Sprintf("the token is for something: %v", audience), len(audience) > 0 && audience[0] != "")
			for _, aud := range audience {
				t.True("the token is not for the server, too", strings.TrimSuffix(aud, "/") != strings.TrimSuffix(t.Target.MCP, "/"))
			}
			t.Equal("scope", []string{readTodos, writeTodos}, scopesIn(acting))
		},
	}, {
		ID:    "remote/delegation/narrowed",
		Title: "the token for the API has no scope that the caller's lacks; without any, there is none",
		Level: c.Must, Needs: remoteTodos, Ref: refNoPassThrough, Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			a := r.register()
			reader := caller{t, r.tokens(a, "openid", readTodos).Text("access_token")}
			t.Equal("scope", []string{readTodos}, scopesIn(reader.acting()))
			nobody := caller{t, r.tokens(a, "openid").Text("access_token")}
			res := nobody.call("peek_api_token_claims", object{})
			t.True("a token without scopes of the API is traded for none", res.Status == http.StatusForbidden || c.At(resultOf(t, res), "isError") == true)
			t.Lacks("what the tool tells", c.At(res.Body, "result", "structuredContent"), "claims")
		},
	}, {
		ID:    "remote/delegation/hidden",
		Title: "no answer holds a token: not the caller's, nor the one for the API",
		Level: c.Must, Needs: remoteTodos, Ref: "MCP 2026-07-28, security best practices", Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid", readTodos)
			for _, tool := range []string{"who_am_I", "peek_api_token_claims", "get_my_todo_list"} {
				res := k.call(tool, object{})
				k.result(res)
				t.True("the answer of "+tool+" has no token", !strings.Contains(string(res.Raw), "eyJ"))
			}
		},
	}, {
		ID:    "remote/scope/step-up",
		Title: "a tool that needs more scopes is refused with 403 and their names, does nothing, and works with a token that has them",
		Level: c.Must, Needs: remoteTodos, Ref: refStepUp, Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			a := r.register()
			reader := caller{t, r.tokens(a, "openid", readTodos).Text("access_token")}
			before := reader.todos()
			refused := reader.call("create_new_todo", object{"text": t.Fresh("todo")})
			checkInsufficient(t, refused, []string{writeTodos})
			t.Equal("the list afterwards", before, reader.todos())
			union := append(sortedWords(challengeOf(refused)["scope"]), "openid", readTodos)
			writer := caller{t, r.tokens(a, union...).Text("access_token")}
			id, _ := writer.newTodo()
			t.True("the reader sees it", reader.todo(id) != nil)
		},
	}, {
		ID:    "remote/scope/every-tool",
		Title: "every tool that says which scopes it needs is refused without them, and those are asked for",
		Level: c.Must, Needs: remotePeople, Ref: refStepUp, Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid")
			t.Has("who the caller is", k.own(), "sub")
			tools := k.toolList()
			for _, name := range slices.Sorted(maps.Keys(tools)) {
				if scopes := sortedTexts(c.List(tools[name], "_meta", "scopes")); len(scopes) > 0 {
					checkInsufficient(t, k.call(name, object{}), scopes)
				}
			}
		},
	}, {
		ID:    "remote/scope/tenant-tools",
		Title: "the tenant's tools are listed for those only whose tokens open the tenant's APIs, and refused to others",
		Level: c.Must, Needs: append([]c.Feature{c.RemoteTenant}, remoteScripts...), Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			a := findRemote(t).claimedTokens()
			plain, _ := a.claiming(object{"scope": []string{"openid"}})
			admin, _ := a.claiming(object{"scope": []string{"openid", "fr:idm:*"}})
			few, many := caller{t, plain}.toolList(), caller{t, admin}.toolList()
			forTenant := 0
			for _, name := range slices.Sorted(maps.Keys(many)) {
				scopes := slices.DeleteFunc(sortedTexts(c.List(many[name], "_meta", "scopes")), func(scope string) bool { return !strings.HasPrefix(scope, "fr:") })
				if len(scopes) == 0 {
					continue
				}
				t.Equal("scopes of "+name, []string{"fr:idm:*"}, scopes)
				t.True(name+" is not listed for who cannot use it", few[name] == nil)
				if forTenant++; forTenant <= 3 {
					checkInsufficient(t, caller{t, plain}.call(name, object{}), scopes)
				}
			}
			t.True("some tools are for the tenant", forTenant > 0)
			t.True("who_am_I is for everybody", few["who_am_I"] != nil && many["who_am_I"] != nil)
		},
	}, {
		ID:    "remote/isolation/people",
		Title: "a person sees no other's list and changes nothing on it, be it by the same client",
		Level: c.Must, Needs: remoteTodos, Ref: refNoPassThrough, Writes: true,
		Run: func(t *c.T) {
			first, second := findRemote(t).twoPeople()
			id, _ := first.newTodo()
			before := first.todos()
			t.True("the other does not see it", second.todo(id) == nil)
			for tool, arguments := range map[string]object{"toggle_todo_status": {"todoId": id, "completed": true}, "delete_todo": {"todoId": id}} {
				t.Equal(tool+" fails", true, c.At(resultOf(t, second.call(tool, arguments)), "isError"))
			}
			t.Equal("the list afterwards", before, first.todos())
			t.Differs("sub of the tokens for the API", c.At(first.acting(), "sub"), c.At(second.acting(), "sub"))
		},
	}, {
		ID:    "remote/isolation/interleaved",
		Title: "of callers that call at the same time each gets what is its own, and what its own token allows",
		Level: c.Must, Needs: remoteTodos, Ref: refNoPassThrough, Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			a := r.register()
			b := *a
			b.logIn()
			all := []string{"openid", readTodos, writeTodos}
			var rounds []func()
			for _, one := range []struct {
				of     *app
				scopes []string
			}{{a, all}, {&b, all}, {a, all[:2]}, {&b, all[:2]}} {
				k := caller{t, r.tokens(one.of, one.scopes...).Text("access_token")}
				if len(one.scopes) == len(all) {
					k.newTodo()
				}
				rounds = append(rounds, func() {
					for range 3 {
						t.Equal("sub of who_am_I", one.of.person.id, c.At(k.own(), "sub"))
						acting := k.acting()
						t.Equal("sub at the API", one.of.person.id, c.At(acting, "sub"))
						t.Equal("scope at the API", one.scopes[1:], scopesIn(acting))
						t.Equal("number of to-dos", 1, len(k.todos()))
					}
				})
			}
			t.Together(rounds...)
		},
	}, {
		ID:    "remote/protocol/newest",
		Title: "a client of " + protocol20260728 + " needs no session: what the server can do, its tools, a call",
		Level: c.Must, Needs: remotePeople, Ref: refTransport, Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid")
			can := resultOf(t, k.send("server/discover", object{}))
			t.True("supportedVersions has "+protocol20260728, slices.Contains(c.List(can, "supportedVersions"), any(protocol20260728)))
			t.Has("capabilities", c.At(can, "capabilities"), "tools")
			t.True("who_am_I is offered", k.toolList()["who_am_I"] != nil)
			res := k.whoAmI()
			k.claims(res)
			t.Equal("Mcp-Session-Id", "", res.Header.Get("Mcp-Session-Id"))
		},
	}, {
		ID:    "remote/protocol/mismatch",
		Title: "headers that contradict the message are 400",
		Level: c.Must, Needs: remotePeople, Ref: refTransport, Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid")
			k.own()
			for _, wrong := range []c.Option{c.Header("Mcp-Method", "tools/list"), c.Header("Mcp-Name", "get_my_todo_list"), c.Header("Mcp-Protocol-Version", "1999-01-01")} {
				res := k.whoAmI(wrong)
				t.Status(http.StatusBadRequest, res)
				t.True("it is not served", !strings.Contains(string(res.Raw), `"claims"`))
			}
		},
	}, {
		ID:    "remote/protocol/earlier",
		Title: "a client of " + protocol20251125 + " begins with initialize, and is served by that",
		Level: c.Must, Needs: remotePeople, Ref: refEarlier, Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid")
			begun := k.post(object{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": object{
				"protocolVersion": protocol20251125, "capabilities": object{}, "clientInfo": object{"name": "aic-conformance", "version": "1"},
			}})
			result := resultOf(t, begun)
			t.Equal("protocolVersion", protocol20251125, c.At(result, "protocolVersion"))
			t.Has("capabilities", c.At(result, "capabilities"), "tools")
			headers := []c.Option{c.Header("Mcp-Protocol-Version", protocol20251125)}
			if session := begun.Header.Get("Mcp-Session-Id"); session != "" {
				headers = append(headers, c.Header("Mcp-Session-Id", session))
			}
			t.Status(http.StatusAccepted, k.post(object{"jsonrpc": "2.0", "method": "notifications/initialized"}, headers...))
			listed := resultOf(t, k.post(object{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}, headers...))
			t.True("there are tools", len(c.List(listed, "tools")) > 0)
			k.claims(k.post(object{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": object{"name": "who_am_I", "arguments": object{}}}, headers...))
			t.Status(http.StatusUnauthorized, caller{t: t}.post(object{"jsonrpc": "2.0", "id": 4, "method": "tools/list"}, headers...))
		},
	},
}

// twoPeople are callers by the same client.
func (r *remote) twoPeople() (first, second caller) {
	a := r.register()
	b := *a
	b.logIn()
	token := func(of *app) caller {
		return caller{r.t, r.tokens(of, "openid", readTodos, writeTodos).Text("access_token")}
	}
	return token(a), token(&b)
}

// todos are what is on the caller's list.
func (k caller) todos() []any {
	list, ok := c.At(k.result(k.call("get_my_todo_list", object{})), "todos").([]any)
	if !ok {
		k.t.Fatalf("the tool gives no list")
	}
	return list
}

// todo is one of them, or nil.
func (k caller) todo(id string) any {
	for _, todo := range k.todos() {
		if c.Text(todo, "id") == id {
			return todo
		}
	}
	return nil
}

// newTodo puts something on the caller's list until the case is over.
func (k caller) newTodo() (id, text string) {
	text = k.t.Fresh("todo")
	made := k.result(k.call("create_new_todo", object{"text": text}))
	for _, todo := range k.todos() {
		if c.Text(todo, "text") == text {
			id = c.Text(todo, "id")
		}
	}
	if id == "" {
		k.t.Fatalf("what was put on the list is not there: %v", made)
	}
	k.t.Cleanup(func() {
		if k.todo(id) != nil {
			k.result(k.call("delete_todo", object{"todoId": id}))
		}
	})
	return id, text
}

// textsIn is a claim that is a text or a list of some.
func textsIn(claim any) []string {
	if text, ok := claim.(string); ok {
		return []string{text}
	}
	list, _ := claim.([]any)
	return sortedTexts(list)
}

// scopesIn are those of a token, which are a list or one text.
func scopesIn(claims any) []string {
	return sortedWords(strings.Join(textsIn(c.At(claims, "scope")), " "))
}

package cases

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const (
	refNodes        = "recorded on tenants: nodes are written, read, listed and deleted by type and ID, with their revisions as ETags"
	refDerived      = "recorded on tenants: a node's _type and _outcomes are the tenant's, whatever is sent, and what is left out has its default"
	refOutcomes     = "recorded on tenants: outcomes that follow from a node's configuration"
	refNodeVersions = "recorded on tenants: the path of a node may name its version, with resource=3.0; the path without shows all of them"
	refNodeTypes    = "recorded on tenants: the list of node types, the schemas of two and the type of a version"
	refDescribed    = "how the vendor's own MCP server reads templates and outcomes of node types; not recorded"
	refBadNode      = "inferred: a node is refused in the words recorded for journeys"
	refDesigner     = "recorded on tenants: node types of the node designer"
	refTypeInUse    = "recorded on tenants: a node type that a journey uses is not deleted, and the journeys that use it are listed by realm"
)

// node is a node by its type and ID.
func node(kind, id string) api { return allNodes.at(kind).at(id) }

// typeVersion is a version of a node type.
func typeVersion(kind, version string) api {
	return api{allNodes.path, "protocol=2.1,resource=3.0"}.at(kind).at(version)
}

// outcomes are pairs of IDs and names, as nodes have them.
func outcomes(pairs ...string) []any {
	all := []any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, object{"id": pairs[i], "displayName": pairs[i+1]})
	}
	return all
}

// newNode makes a node of a type under a new ID.
func newNode(t *c.T, kind string, config object) (api, *c.Response) {
	a := node(kind, uuid.NewString())
	return a, a.made(t, config)
}

// nodeCases are the cases about nodes.
var nodeCases = []c.Case{
	{
		ID:    "nodes/create/answer",
		Title: "PUT of a new node is 201 with all of it, and its Location",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodes, Writes: true,
		Run: func(t *c.T) {
			a, made := newNode(t, "AttributePresentDecisionNode", object{"presentAttribute": "password", "identityAttribute": "userName"})
			checkTag(t, made)
			t.True("Location", strings.HasSuffix(made.Header.Get("Location"), a.path))
			t.Equal("node", object{
				"presentAttribute": "password", "identityAttribute": "userName", "_outcomes": outcomes("true", "True", "false", "False"),
			}, without(made.Body, "_id", "_rev", "_type"))
			checkHolds(t, "type", object{"_id": "AttributePresentDecisionNode", "name": "Attribute Present Decision", "collection": true}, made.At("_type"))
			res := a.read(t)
			t.Equal("node read", made.Body, res.Body)
			checkTag(t, res)
		},
	}, {
		ID:    "nodes/create/action",
		Title: "a node is created by POST, too, under the ID that its body has",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodes, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			t.Cleanup(func() { node("SetStateNode", id).remove(t) })
			kind := allNodes.at("SetStateNode")
			body := object{"_id": id, "attributes": object{"a": "b"}}
			res := t.Post(kind.path, body, kind.asked([]c.Option{actionCreate})...)
			t.Status(http.StatusCreated, res)
			t.Equal("_id", id, res.At("_id"))
			t.True("Location", strings.HasSuffix(res.Header.Get("Location"), kind.at(id).path))
			checkRefusedByAM(t, t.Post(kind.path, body, kind.asked([]c.Option{actionCreate})...), http.StatusConflict, "Unable to save config: Service already exists")
		},
	}, {
		ID:    "nodes/create/derived",
		Title: "_type and _outcomes are worked out, never taken from a client",
		Level: c.Must, Needs: journeysNeeded, Ref: refDerived, Writes: true,
		Run: func(t *c.T) {
			a, made := newNode(t, "SetStateNode", object{
				"attributes": object{"a": "b"}, "_type": object{"_id": "SetStateNode", "name": "Stale", "collection": true}, "_outcomes": outcomes("outcome", "outcome"),
			})
			for _, res := range []*c.Response{made, a.read(t)} {
				t.Equal("outcomes", outcomes("outcome", "Outcome"), res.At("_outcomes"))
				t.Equal("name of the type", "Set State", res.At("_type", "name"))
			}
		},
	}, {
		ID:    "nodes/create/defaults",
		Title: "what is left out of a node has its default",
		Level: c.Must, Needs: journeysNeeded, Ref: refDerived, Writes: true,
		Run: func(t *c.T) {
			_, made := newNode(t, "InnerTreeEvaluatorNode", object{"tree": "Login"})
			t.Equal("displayErrorOutcome", false, made.At("displayErrorOutcome"))
			_, made = newNode(t, "IdentityStoreDecisionNode", object{"useUniversalIdForUsername": false, "minimumPasswordLength": 8})
			t.Equal("mixedCaseForPasswordChangeMessages", false, made.At("mixedCaseForPasswordChangeMessages"))
		},
	}, {
		ID:    "nodes/create/unknown-attribute",
		Title: "an attribute that nodes of the type do not have is refused",
		Level: c.Should, Needs: journeysNeeded, Ref: refBadNode, Writes: true,
		Run: func(t *c.T) {
			a := node("SetStateNode", uuid.NewString())
			res := a.put(t, object{"attributes": object{}, "colour": "red"})
			t.Status(http.StatusBadRequest, res)
			t.Equal("message", "Invalid attribute specified.", res.At("message"))
			checkRefusedByAM(t, a.get(t), http.StatusNotFound, "Not Found")
		},
	}, {
		ID:    "nodes/create/wrong-type",
		Title: "a value of another type than the attribute's is refused",
		Level: c.Should, Needs: journeysNeeded, Ref: refBadNode, Writes: true,
		Run: func(t *c.T) {
			a := node("RetryLimitDecisionNode", uuid.NewString())
			checkError(t, a.put(t, object{"retryLimit": "many", "incrementUserAttributeOnFailure": true}), http.StatusBadRequest)
			checkRefusedByAM(t, a.get(t), http.StatusNotFound, "Not Found")
		},
	}, {
		ID:    "nodes/update/answer",
		Title: "PUT of a node that is there is 200 without Location, and replaces it",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodes, Writes: true,
		Run: func(t *c.T) {
			a, made := newNode(t, "RetryLimitDecisionNode", object{"retryLimit": 5, "incrementUserAttributeOnFailure": false})
			res := a.put(t, object{"retryLimit": 7})
			t.Status(http.StatusOK, res)
			checkTag(t, res)
			t.Equal("Location", "", res.Header.Get("Location"))
			t.Differs("revision", made.At("_rev"), res.At("_rev"))
			checkHolds(t, "node", object{"retryLimit": 7, "incrementUserAttributeOnFailure": true}, res.Body)
			t.Equal("node read", res.Body, a.read(t).Body)
		},
	}, {
		ID:    "nodes/update/stale",
		Title: "a write with the revision of before is refused with 412",
		Level: c.Should, Needs: journeysNeeded, Ref: refAMStale, Writes: true,
		Run: func(t *c.T) {
			a, made := newNode(t, "RetryLimitDecisionNode", object{"retryLimit": 5})
			a.put(t, object{"retryLimit": 6})
			before := a.read(t)
			t.Status(http.StatusPreconditionFailed, a.put(t, object{"retryLimit": 7}, c.IfMatch(made.Text("_rev"))))
			a.checkUnchanged(t, before)
		},
	}, {
		ID:    "nodes/read/missing",
		Title: "a node that is not there is 404, and one of an unknown type is 404 in other words",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodes, Writes: true,
		Run: func(t *c.T) {
			a := node("SetStateNode", uuid.NewString())
			checkRefusedByAM(t, a.get(t), http.StatusNotFound, "Not Found")
			checkRefusedByAM(t, a.delete(t), http.StatusNotFound, "Not Found")
			checkRefusedByAM(t, node("type1", "node1").get(t), http.StatusNotFound, "Resource 'type1/node1' not found")
		},
	}, {
		ID:    "nodes/delete/answer",
		Title: "DELETE of a node answers all of it, and then it is gone",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodes, Writes: true,
		Run: func(t *c.T) {
			a, made := newNode(t, "SetStateNode", object{"attributes": object{}})
			res := a.delete(t)
			t.Status(http.StatusOK, res)
			t.Equal("answer", made.Body, res.Body)
			checkTag(t, res)
			checkRefusedByAM(t, a.get(t), http.StatusNotFound, "Not Found")
		},
	}, {
		ID:    "nodes/list/type",
		Title: "the nodes of a type are listed as reads show them, in the envelope without a count",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodes, Writes: true,
		Run: func(t *c.T) {
			_, made := newNode(t, "SetStateNode", object{"attributes": object{}})
			page := allNodes.at("SetStateNode").find(t, "true")
			checkEnvelope(t, page, uncounted, -1, -1)
			t.Equal("node", made.Body, listed(t, page, made.Text("_id")))
		},
	}, {
		ID:    "nodes/list/all",
		Title: "nextdescendents lists the nodes of all types, without their revisions",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodes, Writes: true,
		Run: func(t *c.T) {
			_, made := newNode(t, "SetStateNode", object{"attributes": object{}})
			_, other := newNode(t, "RetryLimitDecisionNode", object{"retryLimit": 5})
			res := allNodes.act(t, "nextdescendents")
			t.Status(http.StatusOK, res)
			for _, one := range []*c.Response{made, other} {
				t.Equal("node", without(one.Body, "_rev"), listed(t, res, one.Text("_id")))
			}
			t.Equal("members", object{"result": res.At("result")}, res.Body)
		},
	}, {
		ID:    "nodes/outcomes/lists",
		Title: "choices and the outcomes of a script are outcomes, named as they are",
		Level: c.Must, Needs: journeysNeeded, Ref: refOutcomes, Writes: true,
		Run: func(t *c.T) {
			_, choice := newNode(t, "ChoiceCollectorNode", object{"choices": []any{"one", "two"}, "defaultChoice": "one", "prompt": "Choice?"})
			t.Equal("choices", outcomes("one", "one", "two", "two"), choice.At("_outcomes"))
			_, scripted := newNode(t, "ScriptedDecisionNode", object{"script": "01e1a3c0-038b-4c16-956a-6c9d89328cff", "outcomes": []any{"yes", "no"}, "inputs": []any{"*"}, "outputs": []any{"*"}})
			t.Equal("outcomes of a script", outcomes("yes", "yes", "no", "no"), scripted.At("_outcomes"))
		},
	}, {
		ID:    "nodes/outcomes/page",
		Title: "a page has the outcomes of its last node, and none without nodes",
		Level: c.Must, Needs: journeysNeeded, Ref: refOutcomes, Writes: true,
		Run: func(t *c.T) {
			_, name := newNode(t, "ValidatedUsernameNode", object{"usernameAttribute": "userName", "validateInput": false})
			_, last := newNode(t, "ChoiceCollectorNode", object{"choices": []any{"one", "two"}, "defaultChoice": "one", "prompt": "Choice?"})
			child := func(res *c.Response) object {
				return object{"_id": res.At("_id"), "nodeType": res.At("_type", "_id"), "displayName": "Child"}
			}
			a, page := newNode(t, "PageNode", object{"nodes": []any{child(name), child(last)}, "pageHeader": object{}, "pageDescription": object{}})
			t.Equal("outcomes", last.At("_outcomes"), page.At("_outcomes"))
			res := a.put(t, object{"nodes": []any{}, "pageHeader": object{}, "pageDescription": object{}})
			t.Equal("outcomes of an empty page", []any{}, res.At("_outcomes"))
		},
	}, {
		ID:    "nodes/version/path",
		Title: "a node of a later version is found at its version, and among all of its type",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodeVersions, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			a := typeVersion("ValidatedUsernameNode", "2.0").at(id)
			made := a.made(t, object{"usernameAttribute": "userName", "validateInput": false, "prepopulate": true})
			t.Equal("version", "2.0", made.At("_type", "version"))
			t.Equal("default of 2.0", []any{}, made.At("autocompleteValues"))
			t.Equal("Content-API-Version", "resource=3.0", made.Header.Get("Content-API-Version"))
			t.Equal("listed in its version", made.Body, listed(t, typeVersion("ValidatedUsernameNode", "2.0").find(t, "true"), id))
			t.Equal("read without a version", made.Body, node("ValidatedUsernameNode", id).read(t).Body)
		},
	}, {
		ID:    "nodes/version/page",
		Title: "the outcomes of a page of version 2.0 begin with the ID of its last node",
		Level: c.Must, Needs: journeysNeeded, Ref: refOutcomes, Writes: true,
		Run: func(t *c.T) {
			_, name := newNode(t, "ValidatedUsernameNode", object{"usernameAttribute": "userName", "validateInput": false})
			child := name.Text("_id")
			page := typeVersion("PageNode", "2.0").at(uuid.NewString()).made(t, object{
				"nodes":      []any{object{"_id": child, "nodeType": "ValidatedUsernameNode", "displayName": "Name"}},
				"pageHeader": object{}, "pageDescription": object{},
			})
			t.Equal("outcomes", outcomes(child+"-outcome", "Outcome"), page.At("_outcomes"))
		},
	},
}

// nodeTypeCases are the cases about node types.
var nodeTypeCases = []c.Case{
	{
		ID:    "nodes/types/list",
		Title: "getAllTypes lists the node types with their names and tags",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodeTypes,
		Run: func(t *c.T) {
			res := allNodes.act(t, "getAllTypes")
			t.Status(http.StatusOK, res)
			for id, name := range map[string]string{
				"PageNode": "Page Node", "ScriptedDecisionNode": "Scripted Decision", "IdentityStoreDecisionNode": "Identity Store Decision",
				"InnerTreeEvaluatorNode": "Inner Tree Evaluator", "ValidatedUsernameNode": "Platform Username",
			} {
				one := listed(t, res, id)
				checkHolds(t, id, object{"name": name, "collection": true}, one)
				t.Equal("tags of "+id, c.At(one, "tags"), c.At(one, "metadata", "tags"))
				t.Has(id, one, "help")
			}
		},
	}, {
		ID:    "nodes/types/version",
		Title: "getType of a version of a type tells its name, with the version for an ID",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodeTypes,
		Run: func(t *c.T) {
			res := typeVersion("ValidatedUsernameNode", "2.0").act(t, "getType")
			t.Status(http.StatusOK, res)
			checkHolds(t, "type", object{"_id": "2.0", "name": "Platform Username", "collection": true}, res.Body)
		},
	}, {
		ID:    "nodes/types/schema",
		Title: "the schema of a type describes its attributes, and names those that are required",
		Level: c.Must, Needs: journeysNeeded, Ref: refNodeTypes,
		Run: func(t *c.T) {
			res := typeVersion("ValidatedUsernameNode", "2.0").act(t, "schema")
			t.Status(http.StatusOK, res)
			t.Equal("type", "object", res.At("type"))
			t.Equal("required", []any{"validateInput", "usernameAttribute", "prepopulate", "autocompleteValues"}, res.At("required"))
			for name, want := range map[string]object{
				"validateInput":      {"type": "boolean", "default": false, "propertyOrder": 100, "exampleValue": "", "title": "Validate username"},
				"usernameAttribute":  {"type": "string", "default": "userName", "propertyOrder": 200, "title": "Username Attribute"},
				"autocompleteValues": {"type": "array", "default": []any{}, "items": object{"type": "string"}},
			} {
				checkHolds(t, name, want, res.At("properties", name))
			}
		},
	}, {
		ID:    "nodes/types/schema-without-version",
		Title: "the schema of a type is told without a version, too; one without attributes has no properties",
		Level: c.Should, Needs: journeysNeeded, Ref: refDescribed,
		Run: func(t *c.T) {
			res := allNodes.at("RetryLimitDecisionNode").act(t, "schema")
			t.Status(http.StatusOK, res)
			t.Has("properties", res.At("properties"), "retryLimit", "incrementUserAttributeOnFailure")
			t.Equal("schema without attributes", object{"type": "object", "required": []any{}}, allNodes.at("DataStoreDecisionNode").act(t, "schema").Body)
		},
	}, {
		ID:    "nodes/types/template",
		Title: "the template of a type has the defaults of its attributes",
		Level: c.Should, Needs: journeysNeeded, Ref: refDescribed,
		Run: func(t *c.T) {
			res := allNodes.at("RetryLimitDecisionNode").act(t, "template")
			t.Status(http.StatusOK, res)
			checkHolds(t, "template", object{"retryLimit": 3, "incrementUserAttributeOnFailure": true}, res.Body)
		},
	}, {
		ID:    "nodes/types/outcomes",
		Title: "listOutcomes tells the outcomes of a configuration that is not stored",
		Level: c.Should, Needs: journeysNeeded, Ref: refDescribed,
		Run: func(t *c.T) {
			for kind, one := range map[string]struct {
				config object
				want   []any
			}{
				"ChoiceCollectorNode":    {object{"choices": []any{"a", "b"}}, outcomes("a", "a", "b", "b")},
				"InnerTreeEvaluatorNode": {object{}, outcomes("true", "True", "false", "False")},
				"PageNode":               {object{"nodes": []any{object{"_id": uuid.NewString(), "nodeType": "ChoiceCollectorNode", "_properties": object{"choices": []any{"c"}}}}}, outcomes("c", "c")},
			} {
				a := allNodes.at(kind)
				res := t.Post(a.path, one.config, a.asked([]c.Option{c.Query("_action", "listOutcomes")})...)
				t.Status(http.StatusOK, res)
				t.Equal("outcomes of "+kind, one.want, res.Body)
			}
		},
	}, {
		ID:    "nodes/types/unknown",
		Title: "a type that there is none of has neither schema nor nodes",
		Level: c.Should, Needs: journeysNeeded, Ref: refNodes,
		Run: func(t *c.T) {
			allNodes.at("PageNode").find(t, "true", "_pageSize", "1")
			a := allNodes.at("NoSuchNode")
			checkError(t, a.act(t, "schema"), http.StatusNotFound)
			checkError(t, a.get(t, c.Query("_queryFilter", "true")), http.StatusNotFound)
		},
	},
}

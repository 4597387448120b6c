package cases

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

var designs = api{"/am/json/node-designer/node-type", journeyVersion}

var designerNeeded = []c.Feature{c.Journeys, c.NodeDesigner}

// newDesign is a node type that nobody has. The tenant makes its ID of serviceName.
func newDesign(t *c.T) (api, object) {
	name := "c" + strings.ReplaceAll(uuid.NewString(), "-", "")[1:]
	return designs.at(name + "-1"), object{
		"serviceName": name, "displayName": t.Fresh("node"), "description": "made by a conformance test", "outcomes": []any{"Even", "Odd"},
		"outputs": []any{}, "inputs": []any{}, "errorOutcome": true, "tags": []any{"math", "utilities"}, "script": "action.goTo('Even');",
		"properties": object{"base": object{"title": "Base", "description": "Base of the digits.", "type": "NUMBER", "required": true, "defaultValue": 10, "multivalued": false}},
	}
}

// postDesign makes a node type as clients do: by POST without an action.
func postDesign(t *c.T, a api, body object) *c.Response {
	t.Cleanup(func() { a.remove(t) })
	return t.Post(designs.path, body, designs.asked(nil)...)
}

func makeDesign(t *c.T) (api, object, *c.Response) {
	a, body := newDesign(t)
	res := postDesign(t, a, body)
	t.Status(http.StatusCreated, res)
	return a, body, res
}

func noDesign(a api) string {
	return "Node Type with resource ID " + a.path[strings.LastIndex(a.path, "/")+1:] + " does not exist"
}

// designerCases are the cases about the node designer.
var designerCases = []c.Case{
	{
		ID:    "designer/create/answer",
		Title: "POST of a node type is 201 with all of it; its ID is made of its service's name",
		Level: c.Must, Needs: designerNeeded, Ref: refDesigner, Writes: true,
		Run: func(t *c.T) {
			a, body, res := makeDesign(t)
			checkTag(t, res)
			t.True("Location", strings.HasSuffix(res.Header.Get("Location"), a.path))
			checkHolds(t, "node type", body, res.Body)
			t.Equal("node type read", res.Body, a.read(t).Body)
			page := designs.find(t, "true")
			checkEnvelope(t, page, "EXACT", len(page.List("result")), -1)
			t.Equal("node type listed", res.Body, listed(t, page, res.Text("_id")))
		},
	}, {
		ID:    "designer/create/clash",
		Title: "a service's name that is taken is refused with 409",
		Level: c.Must, Needs: designerNeeded, Ref: refDesigner, Writes: true,
		Run: func(t *c.T) {
			a, body, _ := makeDesign(t)
			before := a.read(t)
			checkRefusedByAM(t, postDesign(t, a, with(body, "description", "another")), http.StatusConflict, "Node Type with resource id "+c.Text(body, "serviceName")+" already exists")
			a.checkUnchanged(t, before)
		},
	}, {
		ID:    "designer/update/answer",
		Title: "PUT with If-Match: * changes a node type that is there, and no other",
		Level: c.Must, Needs: designerNeeded, Ref: refDesigner, Writes: true,
		Run: func(t *c.T) {
			a, body, made := makeDesign(t)
			res := a.put(t, with(body, "description", "another"), c.Header("If-Match", "*"))
			t.Status(http.StatusOK, res)
			checkTag(t, res)
			t.Equal("description", "another", res.At("description"))
			t.Differs("revision", made.At("_rev"), res.At("_rev"))
			other, unmade := newDesign(t)
			checkRefusedByAM(t, other.put(t, unmade, c.Header("If-Match", "*")), http.StatusNotFound, noDesign(other))
		},
	}, {
		ID:    "designer/delete/answer",
		Title: "DELETE of a node type answers its ID, and then it is 404 in words of its own",
		Level: c.Must, Needs: designerNeeded, Ref: refDesigner, Writes: true,
		Run: func(t *c.T) {
			a, _, made := makeDesign(t)
			res := a.delete(t)
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{"_id": made.At("_id")}, res.Body)
			checkRefusedByAM(t, a.get(t), http.StatusNotFound, noDesign(a))
			checkRefusedByAM(t, a.delete(t), http.StatusNotFound, noDesign(a))
		},
	}, {
		ID:    "designer/type/nodes",
		Title: "a node type that was made has nodes, with its outcomes and its defaults",
		Level: c.Must, Needs: designerNeeded, Ref: refDesigner, Writes: true,
		Run: func(t *c.T) {
			_, body, _ := makeDesign(t)
			kind := "designer-" + c.Text(body, "serviceName")
			one := listed(t, allNodes.act(t, "getAllTypes"), kind)
			t.Equal("name", body["displayName"], c.At(one, "name"))
			t.Equal("tags", []any{"designer", "math", "utilities"}, c.At(one, "tags"))
			_, made := newNode(t, kind, object{})
			t.Equal("outcomes", outcomes("Even", "Even", "Odd", "Odd", "Script Error", "Script Error"), made.At("_outcomes"))
			t.Equal("default", 10, made.At("base"))
			t.Equal("name of the type", body["displayName"], made.At("_type", "name"))
		},
	}, {
		ID:    "designer/type/in-use",
		Title: "a node type that a journey uses tells which, and is not deleted",
		Level: c.Must, Needs: designerNeeded, Ref: refTypeInUse, Writes: true,
		Run: func(t *c.T) {
			a, body, _ := makeDesign(t)
			t.Equal("used by none", object{}, a.act(t, "journeys").Body)
			kind, s := "designer-"+c.Text(body, "serviceName"), newSketch(t)
			node(kind, s.node).made(t, object{})
			s.body["nodes"] = object{s.node: object{
				"nodeType": kind, "displayName": "Sum", "connections": object{"Even": successNode, "Odd": failureNode, "Script Error": failureNode},
			}}
			journeys.at(s.journey).made(t, s.body)
			t.Equal("used by", object{"/alpha": object{s.journey: []any{s.node}}}, a.act(t, "journeys").Body)
			checkRefusedByAM(t, a.delete(t), http.StatusBadRequest, "Cannot delete node type that is in use")
			t.Status(http.StatusOK, journeys.at(s.journey).delete(t))
			t.Status(http.StatusOK, a.delete(t))
		},
	},
}

package journeys

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type getInput struct {
	Realm  string `json:"realm"`
	Name   string `json:"journeyName"`
	Detail string `json:"detail,omitempty"`
}

const (
	full    = "full"
	configs = "configs"
	inGraph = "graph"
)

type getOutput struct {
	about
	Entry    string           `json:"entryNodeId"`
	UIConfig aic.Object       `json:"uiConfig,omitempty"`
	Nodes    map[string]shown `json:"nodes"`
	Schemas  map[string]any   `json:"schemas,omitempty" jsonschema:"of configurations, by node type"`
	Mermaid  string           `json:"mermaid"`
}

type shown struct {
	Type        string            `json:"nodeType"`
	Version     string            `json:"version,omitempty"`
	DisplayName string            `json:"displayName,omitempty"`
	Connections map[string]string `json:"connections"`
	Config      aic.Object        `json:"config,omitempty"`
	Error       *problem          `json:"error,omitempty" jsonschema:"why there is no config"`
}

var get = tool.Define(tool.Spec{
	Name:        "getJourney",
	Title:       "Get Journey",
	Description: "Read a journey: its nodes, their connections and configurations, the schemas of these, and a diagram.",
	Scopes:      scopes,
	Effect:      tool.ReadOnly,
	Params: tool.Params{
		"realm": realmRules, "journeyName": journeyRules,
		"detail": tool.Rules(tool.Enum(full, configs, inGraph), tool.Default(`"`+full+`"`)),
	},
	Less: "Call again with detail configs, which leaves out the schemas, or graph, which leaves out the configurations too; getNodeTypeDetails shows single schemas.",
}, func(ctx context.Context, c *aic.Client, in getInput) (getOutput, error) {
	tree, err := c.ReadJourney(ctx, in.Realm, in.Name)
	if err != nil {
		return getOutput{}, explain(err)
	}
	out := getOutput{about: aboutFrom(tree), Entry: aic.String(tree, "entryNodeId"), Nodes: map[string]shown{}}
	out.UIConfig, _ = tree["uiConfig"].(map[string]any)
	f := flowOf(tree)
	addresses := nodesOf(tree)
	for id, n := range addresses {
		out.Nodes[id] = shown{Type: n.Type, Version: n.Version, DisplayName: f.steps[id].name, Connections: f.steps[id].connections}
	}
	detail := cmp.Or(in.Detail, full)
	if detail == inGraph {
		out.Mermaid = f.mermaid()
		return out, nil
	}
	r := newReading(ctx, c, in.Realm, detail == full)
	if err := r.read(addresses); err != nil {
		return getOutput{}, err
	}
	for id, n := range addresses {
		entry, step := out.Nodes[id], f.steps[id]
		entry.Config, entry.Error = r.config(n)
		for _, child := range childNodes(r.nodes[n].doc) {
			step.children = append(step.children, child.Type)
		}
		out.Nodes[id], f.steps[id] = entry, step
	}
	out.Schemas, out.Mermaid = r.schemas, f.mermaid()
	return out, nil
})

// reading gathers the configurations of nodes, and the schemas of their types.
type reading struct {
	crew
	ctx     context.Context
	client  *aic.Client
	realm   string
	schemas map[string]any // by type; nil if nobody wants them
	listed  map[aic.Node]aic.Object
	nodes   map[aic.Node]readNode
	err     error
}

type readNode struct {
	doc   aic.Object
	error *problem
}

func newReading(ctx context.Context, c *aic.Client, realm string, withSchemas bool) *reading {
	r := &reading{ctx: ctx, client: c, realm: realm, nodes: map[aic.Node]readNode{}}
	if withSchemas {
		r.schemas = map[string]any{}
	}
	return r
}

// read reads the nodes, and those of pages as soon as they are known.
func (r *reading) read(addresses map[string]aic.Node) error {
	// Pages lead to more.
	nodes := slices.SortedFunc(maps.Values(addresses), func(a, b aic.Node) int {
		if (a.Type == pageType) != (b.Type == pageType) {
			if a.Type == pageType {
				return -1
			}
			return 1
		}
		return nodeAt(a).compare(nodeAt(b))
	})
	for _, n := range nodes {
		r.needSchema(n)
	}
	// What takes more than one turn is there sooner with a list of all nodes of
	// the realm, the longest of the answers.
	schemas := r.waiting
	r.waiting = nil
	if len(nodes)+len(schemas) > aic.AtOnce {
		r.list(nodes)
	} else {
		r.need(nodes)
	}
	r.waiting = append(r.waiting, schemas...)
	r.run()
	return r.err
}

// failed keeps the first error that is of the whole call.
func (r *reading) failed(err error) *problem {
	p, err := problemOf(err)
	r.err = cmp.Or(r.err, err)
	return p
}

func (r *reading) list(nodes []aic.Node) {
	r.ask(func() func() {
		page, err := r.client.AllNodes(r.ctx, r.realm)
		return func() {
			// Without the list each is read by itself.
			docs, _ := results(page)
			r.listed = make(map[aic.Node]aic.Object, len(docs))
			for _, doc := range docs {
				r.listed[aic.Node{Type: aic.String(doc["_type"], "_id"), ID: aic.String(doc, "_id")}] = doc
			}
			if err != nil {
				r.failed(err)
			}
			r.need(nodes)
		}
	})
}

// need sees to it that the nodes are read, each once.
func (r *reading) need(nodes []aic.Node) {
	for _, n := range nodes {
		if _, known := r.nodes[n]; known {
			continue
		}
		r.nodes[n] = readNode{}
		if doc, is := r.listed[aic.Node{Type: n.Type, ID: n.ID}]; is {
			r.got(n, doc)
			continue
		}
		r.ask(func() func() {
			doc, err := r.client.ReadNode(r.ctx, r.realm, n)
			return func() {
				if err == nil {
					r.got(n, doc)
					return
				}
				p := r.failed(err)
				if rest.Status(err) == http.StatusNotFound {
					p.Message = "the journey refers to this node, but the realm has no such node"
				}
				r.nodes[n] = readNode{error: p}
			}
		})
	}
}

func (r *reading) got(n aic.Node, doc aic.Object) {
	r.nodes[n] = readNode{doc: doc}
	if n.Type != pageType {
		return
	}
	children := childNodes(doc)
	r.need(children)
	for _, child := range children {
		r.needSchema(child)
	}
}

// needSchema sees to it that the schema of a node's type is read, once.
func (r *reading) needSchema(n aic.Node) {
	name := n.Type
	if n.Version != "" {
		name += " " + n.Version
	}
	if _, known := r.schemas[name]; known || r.schemas == nil {
		return
	}
	r.schemas[name] = nil
	r.ask(func() func() {
		schema, err := r.client.NodeSchema(r.ctx, r.realm, n.Type, n.Version)
		return func() {
			if err != nil {
				r.schemas[name] = aic.Object{"error": r.failed(err)}
				return
			}
			r.schemas[name] = brief(schema)
		}
	})
}

// config is the configuration of a node, with those of a page's nodes in it.
func (r *reading) config(n aic.Node) (aic.Object, *problem) {
	found := r.nodes[n]
	if found.doc == nil {
		return nil, found.error
	}
	config := own(found.doc)
	if n.Type != pageType {
		return config, nil
	}
	children := []any{}
	for _, entry := range aic.Children(found.doc) {
		entry = maps.Clone(entry)
		child := r.nodes[aic.NodeOf(entry, aic.String(entry, "_id"))]
		if child.doc != nil {
			entry["_properties"] = own(child.doc)
		} else {
			entry["error"] = child.error
		}
		children = append(children, entry)
	}
	config["nodes"] = children
	return config, nil
}

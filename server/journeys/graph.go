package journeys

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

// given is a node as callers describe it.
type given struct {
	Type        string            `json:"nodeType"`
	DisplayName string            `json:"displayName,omitempty"`
	Connections map[string]string `json:"connections,omitempty" jsonschema:"outcome ID to node ID, success or failure"`
	Config      aic.Object        `json:"config,omitempty" jsonschema:"of a PageNode: its nodes have _id, nodeType, displayName, _properties"`
	Version     string            `json:"version,omitempty"`
}

// graph is the nodes of a journey, with the IDs that they are to have.
type graph struct {
	entry string
	nodes []*part // by the IDs that callers gave
	// ids are the IDs of nodes by those that callers gave.
	ids      map[string]string
	findings []string
}

// part is a node of a journey or of a page in it.
type part struct {
	aic.Node
	place       string // for findings
	displayName string
	connections map[string]string
	// config lacks the nodes of a page. It is nil if the node stays as it is.
	config   aic.Object
	children []*part
}

var validType, validVersion = regexp.MustCompile(typePattern), regexp.MustCompile(versionPattern)

// newGraph gives the nodes IDs and resolves what refers to them. What is wrong with
// them becomes findings.
func newGraph(entry string, nodes map[string]given) *graph {
	g := &graph{ids: map[string]string{}}
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		g.nodes = append(g.nodes, g.node(id, nodes[id]))
	}
	g.entry = g.target(entry, "entryNodeId")
	for _, n := range g.nodes {
		g.connect(n)
	}
	g.checkShape()
	return g
}

func (g *graph) find(place, format string, args ...any) {
	g.findings = append(g.findings, place+": "+fmt.Sprintf(format, args...))
}

func (g *graph) node(id string, in given) *part {
	n := &part{
		Node:        aic.NodeOf(aic.Object{"nodeType": in.Type, "version": in.Version}, ""),
		place:       "node " + tool.Quote(id),
		displayName: in.DisplayName,
		connections: in.Connections,
	}
	if in.Version != "" && !validVersion.MatchString(in.Version) {
		g.find(n.place, "its version is not one such as 2.0")
	}
	if _, end := ends[strings.ToLower(id)]; end {
		g.find(n.place, "this ID stands for an end of the journey: choose another")
	}
	n.ID = g.identify(n.place, id)
	n.config = own(in.Config)
	if n.config == nil && n.ID != id {
		n.config = aic.Object{}
	}
	if n.Type == pageType && n.config != nil {
		g.page(n, n.config["nodes"])
		delete(n.config, "nodes")
	}
	return n
}

// identify gives a node its ID: a UUID stays.
func (g *graph) identify(place, id string) string {
	if _, taken := g.ids[id]; taken {
		g.find(place, "another node has the same ID")
		return g.ids[id]
	}
	g.ids[id] = id
	if !isUUID(id) {
		g.ids[id] = uuid.NewString()
	}
	return g.ids[id]
}

func isUUID(id string) bool { return len(id) == len(successID) && uuid.Validate(id) == nil }

// own is a configuration, or a tree, without what the tenant derives.
func own(document aic.Object) aic.Object {
	document = maps.Clone(document)
	maps.DeleteFunc(document, func(name string, _ any) bool { return strings.HasPrefix(name, "_") })
	return document
}

// page reads the nodes of a page.
func (g *graph) page(page *part, nodes any) {
	elements, ok := nodes.([]any)
	if nodes != nil && !ok {
		g.find(page.place, "its nodes are not a list")
		return
	}
	for i, e := range elements {
		place := fmt.Sprintf("%s, nodes[%d]", page.place, i)
		entry, ok := e.(map[string]any)
		if !ok || aic.String(entry, "nodeType") == "" {
			g.find(place, "it is no object with a nodeType")
			continue
		}
		page.children = append(page.children, g.child(place, entry))
	}
}

// ofEntry are the members of a page's node that are not its configuration.
var ofEntry = []string{"_id", "nodeType", "displayName", "nodeVersion", "version", "_properties", "config"}

// child reads a node of a page. Its configuration is called _properties or config,
// or its attributes stand beside nodeType.
func (g *graph) child(place string, entry aic.Object) *part {
	n := &part{Node: aic.NodeOf(entry, ""), place: place, displayName: aic.String(entry, "displayName")}
	id := aic.String(entry, "_id")
	if id != "" {
		n.place = "node " + tool.Quote(id) + " of a page"
	}
	n.ID = g.identify(n.place, cmp.Or(id, place))
	if id == "" {
		delete(g.ids, place)
	}
	inline := aic.Object{}
	for name, v := range entry {
		if !slices.Contains(ofEntry, name) && !strings.HasPrefix(name, "_") {
			inline[name] = v
		}
	}
	for _, name := range []string{"_properties", "config"} {
		v, there := entry[name]
		if !there || v == nil {
			continue
		}
		config, ok := v.(map[string]any)
		if !ok || n.config != nil || len(inline) > 0 {
			g.find(n.place, "its configuration must be one object, _properties, with all its attributes in it")
			continue
		}
		n.config = own(config)
	}
	if n.config == nil && (len(inline) > 0 || n.ID != id) {
		n.config = inline
	}
	return n
}

// ends are the ends of every journey, by what callers may call them.
var ends = map[string]string{"success": successID, "failure": failureID, successID: successID, failureID: failureID}

// target is the ID of the node that a caller refers to.
func (g *graph) target(name, place string) string {
	for _, n := range g.nodes {
		if g.ids[name] == n.ID {
			return n.ID
		}
	}
	if id, end := ends[strings.ToLower(name)]; end {
		return id
	}
	g.find(place, "%s is no node of the journey, nor success or failure", tool.Quote(name))
	return ""
}

// connect resolves a node's connections. Outcomes of pages can have the IDs of
// their nodes in them.
func (g *graph) connect(n *part) {
	resolved := make(map[string]string, len(n.connections))
	leaves := len(n.connections) == 0
	for _, outcome := range slices.Sorted(maps.Keys(n.connections)) {
		place := n.place + ", connections." + tool.Quote(outcome)
		id := g.target(n.connections[outcome], place)
		leaves = leaves || id != n.ID
		resolved[g.renamed(n, outcome)] = id
	}
	if !leaves {
		g.find(n.place, "all its connections lead to the node itself, which would never end")
	}
	n.connections = resolved
}

// renamed is an outcome with the ID of the page's last node as it is to be.
func (g *graph) renamed(n *part, outcome string) string {
	if n.Version == "" || len(n.children) == 0 {
		return outcome
	}
	last := n.children[len(n.children)-1].ID
	for name, id := range g.ids {
		if rest, is := strings.CutPrefix(outcome, name+"-"); is && id == last {
			return id + "-" + rest
		}
	}
	return outcome
}

// asGiven undoes renamed.
func (g *graph) asGiven(n *part, outcome string) string {
	if n.Version == "" || len(n.children) == 0 {
		return outcome
	}
	last := n.children[len(n.children)-1].ID
	rest, is := strings.CutPrefix(outcome, last+"-")
	for name, id := range g.ids {
		if is && id == last {
			return name + "-" + rest
		}
	}
	return outcome
}

// checkShape looks for what is wrong whatever the tenant has.
func (g *graph) checkShape() {
	_, distance := g.flow().walk()
	for _, n := range g.nodes {
		// Without an entry nothing is reached.
		if _, reached := distance[n.ID]; !reached && g.entry != "" {
			g.find(n.place, "nothing leads to it")
		}
		if n.Type == pageType && n.config != nil && len(n.children) == 0 {
			g.find(n.place, "a page needs nodes: config.nodes")
		}
		for _, child := range n.children {
			if child.Type == pageType || child.Type == innerType {
				g.find(child.place, "no %s can be in a page", child.Type)
			}
		}
	}
}

func (g *graph) flow() flow {
	f := flow{g.entry, make(map[string]step, len(g.nodes))}
	for _, n := range g.nodes {
		s := step{nodeType: n.Type, name: n.displayName, connections: n.connections}
		for _, child := range n.children {
			s.children = append(s.children, child.Type)
		}
		f.steps[n.ID] = s
	}
	return f
}

// all lists the nodes and those in pages.
func (g *graph) all() []*part {
	var out []*part
	for _, n := range g.nodes {
		out = append(append(out, n), n.children...)
	}
	return out
}

// document is the configuration as the tenant keeps it.
func (n *part) document() aic.Object {
	config := maps.Clone(n.config)
	if n.Type == pageType {
		children := []any{}
		for _, child := range n.children {
			entry := aic.Object{"_id": child.ID, "nodeType": child.Type, "displayName": child.displayName}
			if child.Version != "" {
				entry["nodeVersion"] = child.Version
			}
			children = append(children, entry)
		}
		config["nodes"] = children
	}
	return config
}

// write is what to send for the graph, in a tree with the attributes.
func (g *graph) write(attributes aic.Object) aic.JourneyWrite {
	places, static := g.flow().layout()
	w := aic.JourneyWrite{Tree: maps.Clone(attributes), Nodes: map[aic.Node]aic.Object{}}
	nodes, ends := aic.Object{}, aic.Object{}
	for _, n := range g.nodes {
		connections := aic.Object{}
		for outcome, id := range n.connections {
			connections[outcome] = id
		}
		entry := aic.Object{"nodeType": n.Type, "displayName": n.displayName, "connections": connections}
		if n.Version != "" {
			entry["version"] = n.Version
		}
		maps.Copy(entry, places[n.ID])
		nodes[n.ID] = entry
	}
	for id, place := range static {
		ends[id] = place
	}
	for _, n := range g.all() {
		if n.config != nil {
			w.Nodes[n.Node] = n.document()
		}
	}
	w.Tree["entryNodeId"], w.Tree["nodes"], w.Tree["staticNodes"] = g.entry, nodes, ends
	return w
}

package journeys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// inspection holds a graph against what the tenant has. It reads only.
type inspection struct {
	*graph
	client         *aic.Client
	realm, journey string

	mu       sync.Mutex
	before   aic.Object // the tree, nil if there is none
	types    map[string]nodeType
	there    map[aic.Node]aic.Object // nodes that the tenant has already
	trees    []aic.Object            // nil if nobody asked
	scripts  map[string]bool         // nil if nobody asked
	warnings []string
}

// inspect reads what the graph depends on, and adds what is wrong to its findings.
func inspect(ctx context.Context, c *aic.Client, realm, journey string, g *graph) (*inspection, error) {
	i := &inspection{graph: g, client: c, realm: realm, journey: journey, there: map[aic.Node]aic.Object{}}
	if err := i.read(ctx); err != nil {
		return nil, err
	}
	i.keepVersions()
	i.keep()
	if err := i.readKept(ctx); err != nil {
		return nil, err
	}
	i.checkReferences()
	if err := i.checkTypes(ctx); err != nil {
		return nil, err
	}
	slices.Sort(i.warnings)
	i.warnings = slices.Compact(i.warnings)
	return i, nil
}

func (i *inspection) warn(format string, args ...any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.warnings = append(i.warnings, fmt.Sprintf(format, args...))
}

// together are requests side by side. If one fails, the others go on.
func together() *errgroup.Group {
	all := new(errgroup.Group)
	all.SetLimit(aic.AtOnce)
	return all
}

// read asks for all that can be asked for at once.
func (i *inspection) read(ctx context.Context) error {
	all := together()
	all.Go(func() (err error) {
		i.before, err = i.client.ReadJourney(ctx, i.realm, i.journey)
		if rest.Status(err) == http.StatusNotFound {
			return nil
		}
		return err
	})
	all.Go(func() (err error) {
		i.types, err = readTypes(ctx, i.client, i.realm)
		return err
	})
	if fields := i.treeFields(); fields != "" {
		all.Go(func() error {
			page, err := i.client.QueryJourneys(ctx, i.realm, fields)
			if err == nil {
				i.trees, err = results(page)
			}
			return err
		})
	}
	if i.has(scriptType) {
		all.Go(func() error { return i.readScripts(ctx) })
	}
	for _, n := range i.all() {
		// Nobody else has an ID that was just made up.
		if i.ids[n.ID] != n.ID || !validType.MatchString(n.Type) {
			continue
		}
		all.Go(func() error { return i.readNode(ctx, n.Node) })
	}
	return all.Wait()
}

// treeFields is what must be known of the realm's journeys, if anything.
func (i *inspection) treeFields() string {
	for name, id := range i.ids {
		if name == id {
			return "_id,nodes"
		}
	}
	if i.has(innerType) {
		return "_id"
	}
	return ""
}

func (i *inspection) has(typeID string) bool {
	return slices.ContainsFunc(i.all(), func(n *part) bool { return n.Type == typeID })
}

func (i *inspection) readScripts(ctx context.Context) error {
	page, err := i.client.QueryScripts(ctx, i.realm, "true", "_id")
	if err != nil {
		return err
	}
	scripts, err := results(page)
	i.scripts = map[string]bool{}
	for _, s := range scripts {
		i.scripts[aic.String(s, "_id")] = true
	}
	return err
}

func (i *inspection) readNode(ctx context.Context, n aic.Node) error {
	doc, err := existing(ctx, i.client, i.realm, n)
	if doc != nil {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.there[n] = doc
	}
	return err
}

// keepVersions lets nodes that the journey has already keep their versions, unless
// others are given.
func (i *inspection) keepVersions() {
	before := nodesOf(i.before)
	for _, n := range i.nodes {
		was, had := before[n.ID]
		if !had || was.Type != n.Type || n.Version != "" {
			continue
		}
		if doc := i.there[n.Node]; doc != nil {
			i.there[was] = doc
		}
		n.Node = was
		connections := make(map[string]string, len(n.connections))
		for outcome, id := range n.connections {
			connections[i.renamed(n, outcome)] = id
		}
		n.connections = connections
	}
}

// keep lets nodes without a configuration stay as they are, if they are there.
func (i *inspection) keep() {
	for _, n := range i.all() {
		if n.config != nil {
			continue
		}
		if i.there[n.Node] == nil {
			n.config = aic.Object{}
			if n.Type == pageType {
				i.find(n.place, "a page needs nodes: config.nodes")
			}
		}
		for _, entry := range aic.Children(i.there[n.Node]) {
			if n.Type != pageType {
				break
			}
			n.children = append(n.children, &part{Node: aic.NodeOf(entry, aic.String(entry, "_id")), place: n.place})
		}
	}
}

// readKept reads the pages that the journey had.
func (i *inspection) readKept(ctx context.Context) error {
	all := together()
	for _, n := range nodesOf(i.before) {
		if n.Type == pageType && i.there[n] == nil {
			all.Go(func() error { return i.readNode(ctx, n) })
		}
	}
	return all.Wait()
}

// checkReferences looks for what nodes refer to outside the journey.
func (i *inspection) checkReferences() {
	owners, names := map[string]string{}, map[string]bool{i.journey: true}
	for _, tree := range i.trees {
		name := aic.String(tree, "_id")
		names[name] = true
		for id := range nodesOf(tree) {
			if name != i.journey {
				owners[id] = name
			}
		}
	}
	for _, n := range i.all() {
		if owner, taken := owners[n.ID]; taken {
			i.find(n.place, "the journey %s has a node with this ID: give this one another, such as a word", tool.Quote(owner))
		}
		switch name, id := literal(n.config, "tree"), literal(n.config, "script"); {
		case n.Type == innerType && name == i.journey:
			i.find(n.place, "config.tree is the journey itself, which would never end")
		case n.Type == innerType && name != "" && !names[name]:
			i.find(n.place, "config.tree: the realm has no journey %s", tool.Quote(name))
		case n.Type == scriptType && id != "" && !i.scripts[id]:
			i.find(n.place, "config.script: the realm has no script with the ID %s", tool.Quote(id))
		}
	}
}

// literal is a text of a configuration, unless AM takes it from a variable.
func literal(config aic.Object, name string) string {
	text := aic.String(config, name)
	if strings.Contains(text, "&{") {
		return ""
	}
	return text
}

// kind is a version of a node type.
type kind struct{ id, version string }

// checkTypes asks for the schema of each type and for the outcomes of each node,
// the same one once.
func (i *inspection) checkTypes(ctx context.Context) error {
	schemas, outcomes := map[kind][]*part{}, map[string][]*part{}
	for _, n := range i.all() {
		t, known := i.types[n.Type]
		switch {
		case !known:
			i.find(n.place, "%s", i.noType(n.Type))
			continue
		case n.displayName == "":
			n.displayName = t.Name
		}
		if n.config != nil {
			k := kind{n.Type, n.Version}
			schemas[k] = append(schemas[k], n)
		}
	}
	for _, n := range i.nodes {
		if _, known := i.types[n.Type]; known {
			key := i.outcomesKey(n)
			outcomes[key] = append(outcomes[key], n)
		}
	}
	all := together()
	for k, parts := range schemas {
		all.Go(func() error { return i.checkConfigs(ctx, k, parts) })
	}
	for _, parts := range outcomes {
		all.Go(func() error { return i.checkOutcomes(ctx, parts) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	// Findings came in the order of the answers.
	slices.Sort(i.findings)
	i.findings = slices.Compact(i.findings)
	return nil
}

func (i *inspection) noType(typeID string) string {
	names := map[string]string{}
	for id, t := range i.types {
		names[id], names[t.Name] = id, id
	}
	var ids []string
	for _, name := range nearest(typeID, slices.Sorted(maps.Keys(names))) {
		if id := names[name]; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	more := "listNodeTypes lists those that there are"
	if len(ids) > 0 {
		more = "perhaps " + quoted(ids) + " is meant"
	}
	return fmt.Sprintf("there is no node type %s: %s", tool.Quote(typeID), more)
}

// outcomesKey is the same for nodes whose outcomes are.
func (i *inspection) outcomesKey(n *part) string {
	data, err := rest.Encode([]any{n.Type, n.Version, n.asked()})
	if err != nil || n.config == nil {
		return n.ID
	}
	return string(data)
}

// asked is the configuration by which to ask for outcomes: the nodes of a page need
// not be there yet.
func (n *part) asked() aic.Object {
	if n.config == nil {
		return nil
	}
	config := n.document()
	children, _ := config["nodes"].([]any)
	for at, child := range n.children {
		if n.Type == pageType && child.config != nil {
			children[at].(map[string]any)["_properties"] = child.config
		}
	}
	return config
}

// unchecked reports whether the tenant cannot tell about a type, which is no fault
// of the journey.
func unchecked(err error) bool {
	return slices.Contains([]int{http.StatusNotFound, http.StatusNotImplemented, http.StatusInternalServerError}, rest.Status(err))
}

func (i *inspection) checkConfigs(ctx context.Context, k kind, parts []*part) error {
	schema, err := i.client.NodeSchema(ctx, i.realm, k.id, k.version)
	if rest.Status(err) == http.StatusNotFound && k.version != "" {
		i.mu.Lock()
		defer i.mu.Unlock()
		for _, n := range parts {
			i.find(n.place, "there is no version %s of the node type %s", tool.Quote(k.version), tool.Quote(k.id))
		}
		return nil
	}
	if unchecked(err) {
		i.warn("The tenant has no schema of the node type %s: the configurations of its nodes were not checked.", tool.Quote(k.id))
		return nil
	}
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, n := range parts {
		for _, finding := range verify(n.config, withoutNodes(schema, n.Type)) {
			i.find(n.place, "%s", finding)
		}
	}
	return nil
}

// withoutNodes is the schema of a page without its nodes, which the graph has.
func withoutNodes(schema aic.Object, typeID string) aic.Object {
	if typeID != pageType {
		return schema
	}
	schema = maps.Clone(schema)
	required, _ := schema["required"].([]any)
	schema["required"] = slices.DeleteFunc(slices.Clone(required), func(name any) bool { return name == "nodes" })
	return schema
}

func (i *inspection) checkOutcomes(ctx context.Context, parts []*part) error {
	n := parts[0]
	found, _ := i.there[n.Node]["_outcomes"].([]any)
	if n.config != nil {
		var err error
		found, err = i.client.NodeOutcomes(ctx, i.realm, n.Type, n.Version, n.asked())
		switch {
		case unchecked(err):
			i.warn("The tenant cannot tell the outcomes of the node type %s: the connections of its nodes were not checked.", tool.Quote(n.Type))
			return nil
		case rest.Status(err) == http.StatusBadRequest:
			var e *rest.Error
			errors.As(err, &e)
			i.mu.Lock()
			defer i.mu.Unlock()
			for _, n := range parts {
				i.find(n.place, "the tenant does not take its configuration: %s", tool.Quote(e.Message))
			}
			return nil
		case err != nil:
			return err
		}
	}
	ids := idsOf(found)
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, n := range parts {
		i.compare(n, ids)
	}
	return nil
}

func idsOf(outcomes []any) []string {
	ids := []string{}
	for _, o := range outcomes {
		ids = append(ids, aic.String(o, "id"))
	}
	return ids
}

// compare holds the connections of a node against its outcomes.
func (i *inspection) compare(n *part, outcomes []string) {
	var missing, more []string
	for _, id := range outcomes {
		if _, connected := n.connections[id]; !connected {
			missing = append(missing, i.asGiven(n, id))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.connections)) {
		if !slices.Contains(outcomes, id) {
			more = append(more, i.asGiven(n, id))
		}
	}
	if len(more) > 0 {
		there := "has none"
		if len(outcomes) > 0 {
			names := make([]string, len(outcomes))
			for at, id := range outcomes {
				names[at] = i.asGiven(n, id)
			}
			there = "has " + quoted(names)
		}
		i.find(n.place, "connections: it has no outcome %s; it %s", quoted(more), there)
	}
	if len(missing) > 0 {
		i.find(n.place, "connections: its outcome %s leads nowhere", quoted(missing))
	}
}

// refuse is the failure of a graph with findings, nil if there are none.
func (g *graph) refuse(parameter string) error {
	if len(g.findings) == 0 {
		return nil
	}
	count := fmt.Sprintf("has %d faults", len(g.findings))
	if len(g.findings) == 1 {
		count = "has a fault"
	}
	f := tool.Invalid(parameter, count, "Correct all of them and call again: getNodeTypeDetails tells attributes, getDynamicNodeOutcomes outcomes. Nothing was changed.")
	f.Findings = g.findings
	return f
}

// nodeType is a type as the tenant lists it.
type nodeType struct {
	ID   string   `json:"id"`
	Name string   `json:"name,omitempty"`
	Tags []string `json:"tags,omitempty"`
}

func readTypes(ctx context.Context, c *aic.Client, realm string) (map[string]nodeType, error) {
	page, err := c.NodeTypes(ctx, realm)
	if err != nil {
		return nil, err
	}
	all, err := results(page)
	if err != nil {
		return nil, err
	}
	types := make(map[string]nodeType, len(all))
	for _, doc := range all {
		t := nodeType{ID: aic.String(doc, "_id"), Name: aic.String(doc, "name")}
		tags, _ := doc["tags"].([]any)
		for _, tag := range tags {
			if s, ok := tag.(string); ok && !strings.EqualFold(s, "null") {
				t.Tags = append(t.Tags, s)
			}
		}
		types[t.ID] = t
	}
	return types, nil
}

package am

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/am/nodetype"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const (
	treeKind = "trees"
	// treePath is where journeys are, below a realm.
	treePath = "realm-config/authentication/authenticationtrees"
	// treeVersion is the latest version of what is below it, but for nodes whose
	// path names their version.
	treeVersion = "2.0"
)

// The nodes that every journey has. They are not stored; a journey has their
// places.
const (
	successNode = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	failureNode = "e301438c-0bd0-429c-ab0c-66126501069a"
	startNode   = "startNode"
)

// attribute is a member of a journey, of a node in one, of a designed node type or
// of the CORS service.
type attribute struct {
	name, title string
	initial     any // nil leaves it out
	admits      func(any) bool
}

func attributesOfTree() []attribute {
	return []attribute{
		{"description", "Description", nil, isText},
		{"enabled", "Enabled", true, isBoolean},
		{"entryNodeId", "Entry Node ID", nil, isText},
		{"identityResource", "Identity Resource", nil, isText},
		{"innerTreeOnly", "Inner Tree Only", false, isBoolean},
		{"maximumIdleTime", "Maximum Idle Time", nil, isWhole},
		{"maximumSessionTime", "Maximum Session Time", nil, isWhole},
		{"mustRun", "Must Run", false, isBoolean},
		{"noSession", "No Session", false, isBoolean},
		{"nodes", "Nodes", map[string]any{}, isNodes},
		{"staticNodes", "Static Nodes", map[string]any{}, isPlaces},
		{"transactionalOnly", "Transactional Only", false, isBoolean},
		{"treeTimeout", "Tree Timeout", nil, isWhole},
		{"uiConfig", "UI Config", map[string]any{}, isTexts},
	}
}

func isText(value any) bool    { _, ok := value.(string); return ok }
func isBoolean(value any) bool { _, ok := value.(bool); return ok }
func isNumber(value any) bool  { _, ok := value.(json.Number); return ok }

func isWhole(value any) bool {
	n, ok := value.(json.Number)
	return ok && !strings.ContainsAny(n.String(), ".eE")
}

// isMap reports whether all members of an object are of a kind.
func isMap(value any, admits func(any) bool) bool {
	object, ok := value.(map[string]any)
	for _, member := range object {
		ok = ok && admits(member)
	}
	return ok
}

func isTexts(value any) bool { return isMap(value, isText) }

func isPlaces(value any) bool {
	return isMap(value, func(place any) bool { return isMap(place, isNumber) })
}

func attributesOfNode() []attribute {
	return []attribute{
		{"connections", "", map[string]any{}, isTexts},
		{"displayName", "", nil, isText},
		{"nodeType", "", nil, isText},
		{"version", "", nodetype.FirstVersion, isText},
		{"x", "", number(0), isNumber},
		{"y", "", number(0), isNumber},
	}
}

func isNodes(value any) bool {
	members := attributesOfNode()
	return isMap(value, func(node any) bool {
		object, ok := node.(map[string]any)
		for _, member := range members {
			sent, there := object[member.name]
			ok = ok && (member.admits(sent) || !there && member.name != "nodeType")
		}
		config, embedded := object["config"]
		return ok && (!embedded || isMap(config, func(any) bool { return true }))
	})
}

// checkTree completes a journey that was sent or that a seed holds. The nodes that
// it connects need not exist, nor the journeys and scripts that they name.
func checkTree(sent store.Object) (store.Object, error) {
	tree := store.Object{}
	var names []any
	for _, a := range attributesOfTree() {
		names = append(names, a.name)
		value, ok := sent[a.name]
		ok = ok && value != nil // null is what is not set
		switch {
		case !ok && a.initial != nil:
			tree[a.name] = a.initial
		case ok && !a.admits(value):
			return nil, crest.Errorf(http.StatusBadRequest, "Data validation failed for the attribute, %s", a.title)
		case ok:
			tree[a.name] = value
		}
	}
	for name := range sent {
		if name != "_id" && !slices.Contains(names, any(name)) {
			return nil, &crest.Error{Code: http.StatusBadRequest, Message: "Invalid attribute specified.", Detail: map[string]any{"validAttributes": names}}
		}
	}
	nodes := tree["nodes"].(map[string]any)
	entry, ok := tree["entryNodeId"].(string)
	switch _, among := nodes[entry]; {
	case !ok:
		return nil, noNode("entryNodeId") // recorded: the word itself
	case len(nodes) > 0 && !among && entry != successNode && entry != failureNode:
		return nil, noNode(entry)
	}
	completed := map[string]any{}
	for id, node := range nodes {
		completed[id] = completeNode(node.(map[string]any))
	}
	tree["nodes"] = completed
	return tree, nil
}

// completeNode is a node as a journey keeps it, without the configuration that it
// may bring.
func completeNode(sent map[string]any) map[string]any {
	node := map[string]any{}
	for _, a := range attributesOfNode() {
		if value, ok := sent[a.name]; ok {
			node[a.name] = value
		} else if a.initial != nil {
			node[a.name] = a.initial
		}
	}
	return node
}

func noNode(id string) error {
	return crest.Errorf(http.StatusBadRequest, "Node with ID %s must exist in the tree.", id)
}

func (s *Service) serveTrees(c *call) (*route.Response, error) {
	documents := s.all(collection(c.realm, treeKind))
	switch {
	case c.Operation == route.Query:
		return s.page(c, documents, "")
	case c.Operation == route.Action && c.Action == nextDescendents:
		var all []any
		for _, document := range documents {
			all = append(all, without(document, "_rev"))
		}
		return descendents(all...), nil
	case c.Operation == route.Create:
		id, _ := c.Body.(map[string]any)["_id"].(string)
		if id == "" {
			return nil, crest.Errorf(http.StatusBadRequest, "A journey that is made without a name in its path needs the attribute _id")
		}
		return s.writeTree(c, id)
	}
	return nil, c.refused("journeys")
}

func (s *Service) serveTree(c *call) (*route.Response, error) {
	name := c.names[0]
	switch {
	case c.Operation == route.Read:
		tree := s.view(collection(c.realm, treeKind), name)
		if tree == nil {
			return nil, notFound()
		}
		return &route.Response{Object: tree}, nil
	case c.Operation == route.Create, c.Operation == route.Update, c.Operation == route.Upsert:
		return s.writeTree(c, name)
	case c.Operation == route.Delete:
		return s.deleteTree(c, name)
	case c.Operation == route.Action && c.Action == nextDescendents:
		return descendents(), nil
	}
	return nil, c.refused("a journey")
}

// writeTree creates or replaces a journey and writes the nodes whose configurations
// it brings, all or nothing. Nodes that the journey had before stay.
func (s *Service) writeTree(c *call, name string) (*route.Response, error) {
	sent := c.Body.(map[string]any)
	tree, err := checkTree(sent)
	if err != nil {
		return nil, err
	}
	answer := &route.Response{}
	err = s.change(c.Context(), func(tx *store.Tx) error {
		into := collection(c.realm, treeKind)
		before := tx.Get(into, name)
		if before == nil && c.Operation == route.Update {
			return notFound()
		}
		if err := c.checkRevision(before, "The journey"); err != nil {
			return err
		}
		if before == nil {
			if err := checkRoom(tx, into); err != nil {
				return err
			}
			answer.Status, answer.Location = http.StatusCreated, c.location(treePath, treeKind, name)
		}
		if err := s.nodes(tx, c.realm).embedded(sent["nodes"]); err != nil {
			return err
		}
		answer.Object = put(tx, into, name, tree)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// embedded writes the nodes of a journey that come with their configuration.
func (n nodes) embedded(sent any) error {
	all, _ := sent.(map[string]any)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		node := all[id].(map[string]any)
		config, ok := node["config"].(map[string]any)
		if !ok {
			continue
		}
		typeID, version := node["nodeType"].(string), nodetype.FirstVersion
		if named, ok := node["version"].(string); ok {
			version = named
		}
		t := n.find(typeID, version)
		if t == nil {
			return route.NotFound([]string{typeID, id})
		}
		if _, err := n.put(t, id, config); err != nil {
			return err
		}
	}
	return nil
}

// deleteTree deletes a journey with its nodes and those on its pages.
func (s *Service) deleteTree(c *call, name string) (*route.Response, error) {
	var tree store.Object
	err := s.change(c.Context(), func(tx *store.Tx) error {
		from := collection(c.realm, treeKind)
		if tree = tx.Get(from, name); tree == nil {
			return notFound()
		}
		if err := c.checkRevision(tree, "The journey"); err != nil {
			return err
		}
		n := s.nodes(tx, c.realm)
		for id, typeID := range nodeTypesOf(tree) {
			n.delete(typeID, id)
		}
		tx.Delete(from, name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: tree}, nil
}

// nodeTypesOf are the types of a journey's nodes, by ID.
func nodeTypesOf(tree store.Object) map[string]string {
	types := map[string]string{}
	all, _ := tree["nodes"].(map[string]any)
	for id, node := range all {
		node, _ := node.(map[string]any)
		types[id], _ = node["nodeType"].(string)
	}
	return types
}

// location is the path of a resource of the request's realm.
func (c *call) location(elements ...string) string {
	path := "/am/json/realms/root/realms/" + c.realm + "/" + elements[0]
	for _, element := range elements[1:] {
		path += "/" + url.PathEscape(element)
	}
	return path
}

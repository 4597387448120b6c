package am

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/am/nodetype"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const nodeKind = "nodes"

// nodeVersion is a version of a node type, as a path has it.
var nodeVersion = regexp.MustCompile(`^\d{1,4}\.\d{1,4}$`)

// nodes are the nodes of a realm within a transaction. What is stored of a node is
// its version and its config; its ID there is TYPE/ID.
type nodes struct {
	tx       *store.Tx
	realm    string
	types    *nodetype.Catalogue
	designed map[string]*nodetype.Type
}

func (s *Service) nodes(tx *store.Tx, realm string) nodes {
	return nodes{tx, realm, s.types, designedTypes(tx)}
}

func (n nodes) collection() string { return collection(n.realm, nodeKind) }

// find returns a version of a type, nil if there is none; "" is the first version.
func (n nodes) find(typeID, version string) *nodetype.Type {
	if t, ok := n.designed[typeID]; ok && (version == "" || version == t.Version) {
		return t
	}
	return n.types.Find(typeID, version)
}

func nodeKey(typeID, id string) string { return typeID + "/" + id }

// get returns a node as it is stored, nil if it is not there.
func (n nodes) get(typeID, id string) store.Object {
	return n.tx.Get(n.collection(), nodeKey(typeID, id))
}

// show returns a node as clients see it: its type and outcomes are computed.
func (n nodes) show(stored store.Object) (store.Object, error) {
	typeID, id, _ := strings.Cut(stored["_id"].(string), "/")
	t := n.find(typeID, stored["version"].(string))
	if t == nil {
		return nil, route.NotFound([]string{typeID, id})
	}
	config := stored["config"].(map[string]any)
	outcomes, err := t.Outcomes(config, n.lookup(nil))
	if err != nil {
		return nil, unknownType(err)
	}
	shown := without(config)
	shown["_id"], shown["_rev"], shown["_type"], shown["_outcomes"] = id, stored["_rev"], t.Member(), outcomes
	return shown, nil
}

// all shows the nodes of a type, or of all types if it is "", of a version, or of
// all versions if that is "". Those of types that are gone are left out.
func (n nodes) all(typeID, version string) (shown []store.Object, err error) {
	for _, stored := range n.tx.All(n.collection()) {
		of, _, _ := strings.Cut(stored["_id"].(string), "/")
		if typeID != "" && of != typeID || version != "" && stored["version"] != version || n.find(of, "") == nil {
			continue
		}
		node, err := n.show(stored)
		if err != nil {
			return nil, err
		}
		shown = append(shown, node)
	}
	return shown, nil
}

// lookup finds the nodes that outcomes are taken from. Children of a page that were
// sent with their properties come before those that are stored.
func (n nodes) lookup(sent []map[string]any) nodetype.Lookup {
	return func(typeID, version, id string) (*nodetype.Type, map[string]any) {
		t := n.find(typeID, version)
		for _, child := range sent {
			if properties, ok := child[childConfig].(map[string]any); ok && child["_id"] == id && id != "" {
				return t, properties
			}
		}
		stored := n.get(typeID, id)
		config, _ := stored["config"].(map[string]any)
		return t, config
	}
}

// childConfig is the member of a page's child that holds the configuration of that
// child, for it to be written together with the page.
const childConfig = "_properties"

// put stores a node, and the children of a page that come with their properties.
func (n nodes) put(t *nodetype.Type, id string, sent map[string]any) (store.Object, error) {
	if err := t.Validate(sent); err != nil {
		return nil, unknownType(err)
	}
	// Children take what they bring out of it, so that it is not copied with their page.
	for _, child := range t.Children(sent) {
		if err := n.putChild(child); err != nil {
			return nil, err
		}
	}
	config, err := t.Complete(sent)
	if err != nil {
		return nil, unknownType(err)
	}
	if n.get(t.ID, id) == nil {
		if err := checkRoom(n.tx, n.collection()); err != nil {
			return nil, err
		}
	}
	return n.show(put(n.tx, n.collection(), nodeKey(t.ID, id), store.Object{"version": t.Version, "config": config}))
}

func (n nodes) putChild(child map[string]any) error {
	sent, there := child[childConfig]
	properties, ok := sent.(map[string]any)
	switch {
	case !there:
		return nil
	case !ok:
		return crest.Errorf(http.StatusBadRequest, "Data validation failed for the attribute, Nodes")
	}
	delete(child, childConfig)
	typeID, _ := child["nodeType"].(string)
	version, _ := child["nodeVersion"].(string)
	id, _ := child["_id"].(string)
	if id == "" {
		id = n.tx.NewID()
		child["_id"] = id
	}
	t := n.find(typeID, version)
	if t == nil {
		return route.NotFound([]string{typeID, id})
	}
	_, err := n.put(t, id, properties)
	return err
}

// delete deletes a node with those on its page.
func (n nodes) delete(typeID, id string) {
	stored := n.get(typeID, id)
	if stored == nil {
		return
	}
	n.tx.Delete(n.collection(), nodeKey(typeID, id))
	for _, child := range n.children(stored) {
		childType, _ := child["nodeType"].(string)
		childID, _ := child["_id"].(string)
		n.delete(childType, childID)
	}
}

func (n nodes) children(stored store.Object) []map[string]any {
	typeID, _, _ := strings.Cut(stored["_id"].(string), "/")
	version, _ := stored["version"].(string)
	config, _ := stored["config"].(map[string]any)
	if t := n.find(typeID, version); t != nil {
		return t.Children(config)
	}
	return nil
}

// checkNode completes a node as a seed holds it.
func (n nodes) checkNode(node store.Object) (store.Object, error) {
	key, _ := node["_id"].(string)
	typeID, id, _ := strings.Cut(key, "/")
	version, _ := node["version"].(string)
	config, _ := node["config"].(map[string]any)
	t := n.find(typeID, version)
	switch {
	case id == "" || config == nil:
		return nil, crest.Errorf(http.StatusBadRequest, "a node needs an _id, TYPE/ID, and a config")
	case nodetype.IsDesigned(typeID) && (t == nil || t.Validate(config) != nil):
		// Its type was changed or deleted after it was written, which leaves a node as it is.
		return store.Object{"version": nodetype.FirstVersion, "config": config}, nil
	case t == nil:
		return nil, crest.Errorf(http.StatusBadRequest, "there is no node type %s of the version %s", typeID, version)
	}
	if err := t.Validate(config); err != nil {
		return nil, err
	}
	completed, err := t.Complete(config)
	if err != nil {
		return nil, err
	}
	// A node that cannot be shown would make lists of all nodes fail.
	if _, err := t.Outcomes(completed, n.lookup(nil)); err != nil {
		return nil, err
	}
	return store.Object{"version": t.Version, "config": completed}, nil
}

// unknownType is the error for what this fake does not know of a type.
func unknownType(err error) error {
	var unknown *nodetype.UnknownError
	if errors.As(err, &unknown) {
		return notImplemented(unknown.Error())
	}
	return err
}

// serveNodes answers for all node types of a realm.
func (s *Service) serveNodes(c *call) (answer *route.Response, err error) {
	if c.Operation != route.Action {
		return nil, c.refused("the nodes of all types")
	}
	var result []any
	s.options.Store.View(func(tx *store.Tx) {
		n := s.nodes(tx, c.realm)
		switch c.Action {
		case "getAllTypes":
			result = n.entries()
		case nextDescendents:
			var all []store.Object
			all, err = n.all("", "")
			for _, node := range all {
				result = append(result, without(node, "_rev"))
			}
		default:
			err = c.refused("the nodes of all types")
		}
	})
	return descendents(result...), err
}

// entries are the types as getAllTypes lists them. Older types, which tenants of
// today have no more, are not among them.
func (n nodes) entries() (all []any) {
	for _, t := range n.types.Types() {
		if t.Release != "older" {
			all = append(all, t.Entry())
		}
	}
	for _, t := range n.designed {
		all = append(all, t.Entry())
	}
	slices.SortFunc(all, func(a, b any) int {
		return strings.Compare(a.(map[string]any)["_id"].(string), b.(map[string]any)["_id"].(string))
	})
	return all
}

// serveNodeType answers for a node type, of a version if the path names one.
func (s *Service) serveNodeType(c *call) (*route.Response, error) {
	typeID, version := c.names[0], ""
	if len(c.names) > 1 {
		version = c.names[1]
	}
	if c.Operation == route.Create {
		return s.writeNode(c, typeID, version, "")
	}
	var answer *route.Response
	var err error
	s.options.Store.View(func(tx *store.Tx) {
		n := s.nodes(tx, c.realm)
		t := n.find(typeID, version)
		switch {
		case t == nil:
			err = route.NotFound(c.names)
		case c.Operation == route.Query:
			var documents []store.Object
			if documents, err = n.all(typeID, version); err == nil {
				answer, err = s.page(c, documents, "")
			}
		case c.Operation == route.Action:
			answer, err = n.describe(c, t, version != "")
		default:
			err = c.refused("a node type")
		}
	})
	return answer, err
}

// describe answers what is asked of a type rather than of its nodes.
func (n nodes) describe(c *call, t *nodetype.Type, versioned bool) (*route.Response, error) {
	var object map[string]any
	var err error
	switch c.Action {
	case "schema":
		object, err = t.Schema()
	case "template":
		object, err = t.Template()
	case "getType":
		object = t.Entry()
		if versioned {
			object = t.VersionEntry()
		}
	case nextDescendents:
		return descendents(), nil
	case "listOutcomes":
		config, _ := c.Body.(map[string]any)
		if config, err = t.Complete(config); err != nil {
			break
		}
		var outcomes []any
		outcomes, err = t.Outcomes(config, n.lookup(t.Children(config)))
		return &route.Response{Array: outcomes}, unknownType(err)
	default:
		return nil, c.refused("a node type")
	}
	return &route.Response{Object: object}, unknownType(err)
}

// serveNode answers for a node, whose version the path may name.
func (s *Service) serveNode(c *call) (*route.Response, error) {
	if len(c.names) == 2 && c.namesVersion() {
		return s.serveNodeType(c)
	}
	typeID, id, version := c.names[0], c.names[len(c.names)-1], ""
	if len(c.names) == 3 {
		version = c.names[1]
	}
	switch {
	case c.Operation == route.Create, c.Operation == route.Update, c.Operation == route.Upsert:
		return s.writeNode(c, typeID, version, id)
	case c.Operation == route.Delete:
		return s.deleteNode(c, typeID, version, id)
	case c.Operation == route.Action && c.Action == nextDescendents:
		return descendents(), nil
	case c.Operation != route.Read:
		return nil, c.refused("a node")
	}
	var shown store.Object
	var err error
	s.options.Store.View(func(tx *store.Tx) { shown, err = s.nodes(tx, c.realm).read(c, typeID, version, id) })
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: shown}, nil
}

func (n nodes) read(c *call, typeID, version, id string) (store.Object, error) {
	stored := n.get(typeID, id)
	switch {
	case n.find(typeID, version) == nil:
		return nil, route.NotFound(c.names)
	case stored == nil, version != "" && stored["version"] != version:
		return nil, notFound()
	}
	return n.show(stored)
}

// writeNode creates or replaces a node. Without an ID in the path it creates one,
// with that of the body, if it has one.
func (s *Service) writeNode(c *call, typeID, version, id string) (*route.Response, error) {
	answer := &route.Response{}
	sent := c.Body.(map[string]any)
	elements := append([]string{treePath, nodeKind}, c.names...)
	posted := id == ""
	if posted {
		id, _ = sent["_id"].(string)
	}
	err := s.change(c.Context(), func(tx *store.Tx) error {
		n := s.nodes(tx, c.realm)
		if id == "" {
			id = tx.NewID()
		}
		before := n.get(typeID, id)
		if before != nil && version == "" {
			version = before["version"].(string)
		}
		t := n.find(typeID, version)
		switch {
		case t == nil:
			return route.NotFound(c.names)
		case before == nil && c.Operation == route.Update:
			return notFound()
		case before != nil && posted, before != nil && before["version"] != t.Version:
			return crest.Errorf(http.StatusConflict, "Unable to save config: Service already exists")
		}
		if err := c.checkRevision(before, "The node"); err != nil {
			return err
		}
		if before == nil {
			if posted {
				elements = append(elements, id)
			}
			answer.Status, answer.Location = http.StatusCreated, c.location(elements...)
		}
		var err error
		answer.Object, err = n.put(t, id, sent)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// deleteNode deletes a node, but not those on its page.
func (s *Service) deleteNode(c *call, typeID, version, id string) (*route.Response, error) {
	answer := &route.Response{}
	err := s.change(c.Context(), func(tx *store.Tx) (err error) {
		n := s.nodes(tx, c.realm)
		if answer.Object, err = n.read(c, typeID, version, id); err != nil {
			return err
		}
		if err := c.checkRevision(answer.Object, "The node"); err != nil {
			return err
		}
		tx.Delete(n.collection(), nodeKey(typeID, id))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

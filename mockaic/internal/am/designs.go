package am

import (
	"maps"
	"net/http"
	"regexp"
	"slices"

	"aicmcp/mockaic/internal/am/nodetype"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// The node types that the node designer makes belong to no realm.
const (
	designKind = "node-types"
	rootRealm  = "root"
	designPath = "node-designer/node-type"
)

func designs() string { return collection(rootRealm, designKind) }

// designedTypes are the types that the designer made, by ID.
func designedTypes(tx *store.Tx) map[string]*nodetype.Type {
	types := map[string]*nodetype.Type{}
	for _, design := range tx.All(designs()) {
		t := nodetype.FromDesign(design)
		types[t.ID] = t
	}
	return types
}

// designAttributes are the members of a design. Without an initial value a member
// is required.
func designAttributes() []attribute {
	return []attribute{
		{"serviceName", "", nil, isServiceName},
		{"version", "", number(1), isWhole},
		{"displayName", "", nil, isText},
		{"description", "", "", isText},
		{"outcomes", "", []any{}, isTextList},
		{"outputs", "", []any{}, isTextList},
		{"inputs", "", []any{}, isTextList},
		{"script", "", nil, isText},
		{"errorOutcome", "", false, isBoolean},
		{"tags", "", []any{}, isTextList},
		{"properties", "", map[string]any{}, isProperties},
	}
}

var serviceName = regexp.MustCompile(`^[\w-]+$`)

func isServiceName(value any) bool {
	name, ok := value.(string)
	return ok && serviceName.MatchString(name)
}

func isTextList(value any) bool {
	all, ok := value.([]any)
	return ok && !slices.ContainsFunc(all, func(member any) bool { return !isText(member) })
}

func isProperties(value any) bool {
	return isMap(value, func(property any) bool {
		object, ok := property.(map[string]any)
		return ok && slices.Contains([]any{"STRING", "NUMBER", "BOOLEAN", "OBJECT"}, object["type"])
	})
}

// checkDesign completes a node type that was sent or that a seed holds.
func checkDesign(sent store.Object) (store.Object, error) {
	design := store.Object{}
	for _, a := range designAttributes() {
		value, ok := sent[a.name]
		ok = ok && value != nil // null is what is not set
		switch {
		case !ok && a.initial == nil:
			return nil, crest.Errorf(http.StatusBadRequest, "The node type needs the attribute %s", a.name)
		case !ok:
			design[a.name] = a.initial
		case !a.admits(value):
			return nil, crest.Errorf(http.StatusBadRequest, "The attribute %s of the node type is not valid", a.name)
		default:
			design[a.name] = value
		}
	}
	return design, nil
}

func designID(design store.Object) string { return design["serviceName"].(string) + "-1" }

func noDesign(id string) error {
	return crest.Errorf(http.StatusNotFound, "Node Type with resource ID %s does not exist", id)
}

func (s *Service) serveDesigns(c *call) (*route.Response, error) {
	switch c.Operation {
	case route.Query:
		return s.countedPage(c, s.all(designs()))
	case route.Create:
		return s.writeDesign(c, "")
	}
	return nil, c.refused("the node types of the node designer")
}

func (s *Service) serveDesign(c *call) (*route.Response, error) {
	id := c.names[0]
	switch c.Operation {
	case route.Read:
		design := s.view(designs(), id)
		if design == nil {
			return nil, noDesign(id)
		}
		return &route.Response{Object: design}, nil
	case route.Create, route.Update, route.Upsert:
		return s.writeDesign(c, id)
	case route.Delete:
		return s.deleteDesign(c, id)
	case route.Action:
		if c.Action != "journeys" {
			break
		}
		answer := &route.Response{Object: store.Object{}}
		var err error
		s.options.Store.View(func(tx *store.Tx) {
			if design := tx.Get(designs(), id); design == nil {
				err = noDesign(id)
			} else {
				maps.Copy(answer.Object, s.journeysWith(tx, nodetype.FromDesign(design).ID))
			}
		})
		return answer, err
	}
	return nil, c.refused("a node type of the node designer")
}

func (s *Service) writeDesign(c *call, id string) (*route.Response, error) {
	design, err := checkDesign(c.Body.(map[string]any))
	if err != nil {
		return nil, err
	}
	posted := id == ""
	switch named := designID(design); {
	case posted:
		id = named
	case id != named:
		return nil, crest.Errorf(http.StatusBadRequest, "The serviceName of the node type %s must be the same as in its ID", id)
	}
	answer := &route.Response{}
	err = s.change(c.Context(), func(tx *store.Tx) error {
		before := tx.Get(designs(), id)
		switch {
		case before == nil && c.Operation == route.Update:
			return noDesign(id)
		case before != nil && posted:
			return crest.Errorf(http.StatusConflict, "Node Type with resource id %s already exists", design["serviceName"])
		}
		if err := c.checkRevision(before, "The node type"); err != nil {
			return err
		}
		if before == nil {
			if err := checkRoom(tx, designs()); err != nil {
				return err
			}
			answer.Status, answer.Location = http.StatusCreated, "/am/json/"+designPath+"/"+id
		}
		answer.Object = put(tx, designs(), id, design)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func (s *Service) deleteDesign(c *call, id string) (*route.Response, error) {
	err := s.change(c.Context(), func(tx *store.Tx) error {
		design := tx.Get(designs(), id)
		switch {
		case design == nil:
			return noDesign(id)
		case len(s.journeysWith(tx, nodetype.FromDesign(design).ID)) > 0:
			return crest.Errorf(http.StatusBadRequest, "Cannot delete node type that is in use")
		}
		if err := c.checkRevision(design, "The node type"); err != nil {
			return err
		}
		tx.Delete(designs(), id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: store.Object{"_id": id}}, nil
}

// journeysWith finds the nodes of a type: their IDs, by realm and journey. Those on
// a page are the journey's, too.
func (s *Service) journeysWith(tx *store.Tx, typeID string) map[string]any {
	found := map[string]any{}
	for _, realm := range s.options.Realms {
		n := s.nodes(tx, realm)
		journeys := map[string]any{}
		for _, tree := range tx.All(collection(realm, treeKind)) {
			if ids := n.ofType(tree, typeID); len(ids) > 0 {
				journeys[tree["_id"].(string)] = ids
			}
		}
		if len(journeys) > 0 {
			found["/"+realm] = journeys
		}
	}
	return found
}

func (n nodes) ofType(tree store.Object, typeID string) (ids []any) {
	types := nodeTypesOf(tree)
	for _, id := range slices.Sorted(maps.Keys(types)) {
		if types[id] == typeID {
			ids = append(ids, id)
		}
		stored := n.get(types[id], id)
		if stored == nil {
			continue
		}
		for _, child := range n.children(stored) {
			if child["nodeType"] == typeID {
				ids = append(ids, child["_id"])
			}
		}
	}
	return ids
}

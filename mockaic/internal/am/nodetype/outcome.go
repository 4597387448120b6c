package nodetype

import (
	"encoding/json"
	"slices"
	"strings"
)

// Outcome is one way on from a node.
type Outcome struct{ ID, DisplayName string }

// Lookup finds the type of another node and that node's configuration. It returns a
// nil type for a type that does not exist, and a nil configuration for a node that
// doesn't, or when no node is asked for: id is "".
type Lookup func(typeID, version, id string) (t *Type, config map[string]any)

// rule says what can come of a node.
type rule interface {
	outcomes(n node) ([]Outcome, error)
}

// versioned is a rule that differs from a version on.
type versioned interface {
	since() string
}

// node is a node whose outcomes are asked for.
type node struct {
	of     *Type
	config map[string]any
	lookup Lookup
	around []*Type // the types of the nodes that its own is asked for
}

// other finds the outcomes of the node that this one's outcomes are taken from. One
// that does not exist has none.
func (n node) other(typeID, version, id string) ([]Outcome, error) {
	if n.lookup == nil {
		return nil, nil
	}
	t, config := n.lookup(typeID, version, id)
	// A page in a page, or a provider of itself, would have no end.
	if t == nil || t == n.of || slices.Contains(n.around, t) {
		return nil, nil
	}
	return t.outcomesOf(node{t, config, n.lookup, append(slices.Clip(n.around), n.of)})
}

func (t *Type) outcomesOf(n node) ([]Outcome, error) {
	if t.outcomes == nil {
		return nil, t.unknown("outcomes")
	}
	return t.outcomes.outcomes(n)
}

// fixed are the same outcomes for every node.
type fixed []Outcome

func (f fixed) outcomes(node) ([]Outcome, error) { return f, nil }

// ways declares outcomes: "id Name|id Name", where the ID is the first word.
func ways(text string) fixed {
	var f fixed
	for way := range strings.SplitSeq(text, "|") {
		id, name, _ := strings.Cut(way, " ")
		f = append(f, Outcome{id, name})
	}
	return f
}

func single() fixed    { return ways("outcome Outcome") }
func trueFalse() fixed { return ways("true True|false False") }

// when adds outcomes to others if attributes are true, or numbers above 0. The names
// of the attributes are words; one with a ! before it must not be so.
type when struct {
	rule
	attributes string
	more       fixed
}

func (w when) outcomes(n node) ([]Outcome, error) {
	base, err := w.rule.outcomes(n)
	if err != nil {
		return nil, err
	}
	for word := range strings.FieldsSeq(w.attributes) {
		if name, not := strings.CutPrefix(word, "!"); holds(n.config[name]) == not {
			return base, nil
		}
	}
	return append(slices.Clip(base), w.more...), nil
}

func holds(value any) bool {
	if number, ok := value.(json.Number); ok {
		f, err := number.Float64()
		return err == nil && f > 0
	}
	return value == true
}

// labelled are outcomes whose names are in attributes: DisplayName is the
// attribute. Without it the ID is the name.
type labelled fixed

func (l labelled) outcomes(n node) ([]Outcome, error) {
	found := make([]Outcome, len(l))
	for i, o := range l {
		found[i] = Outcome{o.ID, o.ID}
		if name, ok := n.config[o.DisplayName].(string); ok {
			found[i].DisplayName = name
		}
	}
	return found, nil
}

// each has an outcome for each text of an attribute that holds a list, named as its
// ID, and then the same outcomes for every node.
type each struct {
	attribute string
	more      fixed
}

func (e each) outcomes(n node) ([]Outcome, error) {
	var found []Outcome
	values, _ := n.config[e.attribute].([]any)
	for _, value := range values {
		if text, ok := value.(string); ok {
			found = append(found, Outcome{text, text})
		}
	}
	return append(found, e.more...), nil
}

// lastChild are the outcomes of the last of a page's nodes. From version 2.0 on
// the ID of that node stands before them, as connections of recorded trees show.
// A page without nodes has none.
type lastChild struct{ attribute string }

func (l lastChild) since() string { return "2.0" }

func (l lastChild) outcomes(n node) ([]Outcome, error) {
	children, _ := n.config[l.attribute].([]any)
	if len(children) == 0 {
		return nil, nil
	}
	last, _ := children[len(children)-1].(map[string]any)
	typeID, _ := last["nodeType"].(string)
	version, _ := last["nodeVersion"].(string)
	id, _ := last["_id"].(string)
	found, err := n.other(typeID, version, id)
	if err != nil || n.of.Version < l.since() {
		return found, err
	}
	prefixed := make([]Outcome, len(found))
	for i, o := range found {
		prefixed[i] = Outcome{id + "-" + o.ID, o.DisplayName}
	}
	return prefixed, nil
}

// ofType are the outcomes of a node of the type that an attribute names.
type ofType struct{ attribute string }

func (o ofType) outcomes(n node) ([]Outcome, error) {
	typeID, _ := n.config[o.attribute].(string)
	return n.other(typeID, "", "")
}

// Children are the nodes of a page with that configuration: references to them. Other
// types have none.
func (t *Type) Children(config map[string]any) (children []map[string]any) {
	page, ok := t.outcomes.(lastChild)
	if !ok {
		return nil
	}
	all, _ := config[page.attribute].([]any)
	for _, child := range all {
		if child, ok := child.(map[string]any); ok {
			children = append(children, child)
		}
	}
	return children
}

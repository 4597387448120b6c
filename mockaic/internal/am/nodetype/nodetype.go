// Package nodetype is the catalogue of the journey nodes of a tenant: which types
// there are, what their nodes are configured with and what can come of them. What
// the REST API tells of a type all follows from one row of a table.
package nodetype

import (
	"fmt"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
)

// FirstVersion is the version of a node whose path names none.
const FirstVersion = "1.0"

// Type is one version of a node type.
type Type struct {
	ID      string
	Name    string
	Version string
	// Release is "newer" for a type that newer tenants have, "older" for one that
	// they have no more, else "".
	Release string

	tags       []string
	help       string // "" is left out
	inPages    string // metadata.pageNodeCompatibility; "" is left out
	attributes attributes
	outcomes   rule
}

// UnknownError says that too little is known of a type to answer for it. It stands
// for 501.
type UnknownError struct {
	Type, Version string
	What          string // that is not known: attributes or outcomes
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("the %s of node type %s %s are not known to this fake tenant", e.What, e.Type, e.Version)
}

// Catalogue holds the node types that a tenant comes with.
type Catalogue struct {
	types map[string][]*Type // by ID; the versions, ascending
	ids   []string           // sorted
}

// New returns the catalogue.
func New() *Catalogue {
	c := &Catalogue{types: map[string][]*Type{}}
	for _, family := range families() {
		for i := range family {
			row := &family[i]
			c.types[row.id] = row.versions()
			c.ids = append(c.ids, row.id)
		}
	}
	slices.Sort(c.ids)
	return c
}

// Types returns the first version of every type, sorted by ID.
func (c *Catalogue) Types() []*Type {
	types := make([]*Type, len(c.ids))
	for i, id := range c.ids {
		types[i] = c.types[id][0]
	}
	return types
}

// Versions returns the versions of a type, ascending; none if there is no such type.
func (c *Catalogue) Versions(id string) []string {
	var versions []string
	for _, t := range c.types[id] {
		versions = append(versions, t.Version)
	}
	return versions
}

// Find returns a version of a type, or nil. "" is the first version.
func (c *Catalogue) Find(id, version string) *Type {
	for _, t := range c.types[id] {
		if t.Version == version || version == "" {
			return t
		}
	}
	return nil
}

// Unknown returns the IDs of the types whose attributes are not known.
func (c *Catalogue) Unknown() []string {
	return slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return c.types[id][0].Known() })
}

// Known reports whether the type's attributes are known.
func (t *Type) Known() bool { return t.attributes != nil }

func (t *Type) unknown(what string) error { return &UnknownError{t.ID, t.Version, what} }

// Entry returns the type as the action getAllTypes lists it.
func (t *Type) Entry() map[string]any {
	metadata := map[string]any{"tags": list(t.tags)}
	if t.inPages != "" {
		metadata["pageNodeCompatibility"] = t.inPages
	}
	entry := map[string]any{"_id": t.ID, "name": t.Name, "collection": true, "tags": list(t.tags), "metadata": metadata}
	if t.help != "" {
		entry["help"] = t.help
	}
	return entry
}

// VersionEntry returns the type as the action getType of a version answers it.
func (t *Type) VersionEntry() map[string]any {
	entry := t.Entry()
	entry["_id"] = t.Version
	return entry
}

// Member returns the member _type of a node.
func (t *Type) Member() map[string]any {
	return map[string]any{"_id": t.ID, "name": t.Name, "collection": true, "version": t.Version}
}

// Outcomes returns the member _outcomes of a node with a configuration.
func (t *Type) Outcomes(config map[string]any, lookup Lookup) ([]any, error) {
	found, err := t.outcomesOf(node{t, config, lookup, nil})
	if err != nil {
		return nil, err
	}
	outcomes := make([]any, len(found))
	for i, o := range found {
		outcomes[i] = map[string]any{"id": o.ID, "displayName": o.DisplayName}
	}
	return outcomes, nil
}

// families returns all rows. They follow the recorded nodes where there are any. The
// others follow the configuration that AM's published nodes declare, and the names of
// their outcomes are not recorded. Help texts and descriptions are not the tenant's,
// nor are titles, but for those that a recorded schema has.
func families() [][]row {
	return [][]row{basicTypes(), identityTypes(), utilityTypes(), riskTypes(), mfaTypes(), federationTypes(), marketplaceTypes()}
}

// row declares a type.
type row struct {
	id, name string
	tags     string // separated by ", "
	// marks are words: newer, older, nohelp, and standalone or unsupported for how
	// the type goes with page nodes.
	marks      string
	outcomes   rule // nil is unknown
	help       string
	attributes attributes // nil is unknown
}

// named declares a type of which no more is known. Types have help texts in
// tenants, unless marked; theirs are not kept here, and the name stands in.
func named(id, name, tags, marks string) row {
	return row{id: id, name: name, tags: tags, marks: marks, help: name + "."}
}

func (r *row) versions() []*Type {
	first := &Type{ID: r.id, Name: r.name, Version: FirstVersion, help: r.help, outcomes: r.outcomes, tags: []string{}}
	if r.tags != "" {
		first.tags = strings.Split(r.tags, ", ")
	}
	for mark := range strings.FieldsSeq(r.marks) {
		switch mark {
		case "newer", "older":
			first.Release = mark
		case "standalone", "unsupported":
			first.inPages = mark
		case "nohelp":
			first.help = ""
		}
	}
	names := []string{FirstVersion}
	for _, a := range r.attributes {
		if a.since != "" && !slices.Contains(names, a.since) {
			names = append(names, a.since)
		}
	}
	if v, ok := r.outcomes.(versioned); ok && !slices.Contains(names, v.since()) {
		names = append(names, v.since())
	}
	slices.Sort(names)
	types := make([]*Type, len(names))
	for i, name := range names {
		t := *first
		t.Version, t.attributes = name, r.attributes.at(name)
		types[i] = &t
	}
	return types
}

// list is a JSON array of texts.
func list(texts []string) []any {
	array := make([]any, len(texts))
	for i, text := range texts {
		array[i] = text
	}
	return array
}

// normal turns a declared value into JSON's.
func normal(value any) any {
	v, err := crest.Normalize(value)
	if err != nil {
		panic(err) // a value of a table that is not JSON
	}
	return v
}

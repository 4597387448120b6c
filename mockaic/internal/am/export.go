package am

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// Data is all configuration that a tenant holds. Its names are REALM/KIND.
type Data struct {
	Settings map[string]store.Object
	Lists    map[string][]store.Object
}

// NewData returns data that holds nothing.
func NewData() Data { return Data{map[string]store.Object{}, map[string][]store.Object{}} }

// list is a kind of which a realm has many documents.
type list struct {
	kind string
	// check completes a document as a seed holds it.
	check func(tx *store.Tx, realm string, document store.Object) (store.Object, error)
}

func allSettings() []setting { return []setting{oauthProvider, authentication} }

func listKinds() []string {
	return []string{corsKind, designKind, treeKind, nodeKind, scriptKind, clientKind}
}

// lists are in the order in which they are imported: nodes need their types.
func (s *Service) lists() []list {
	alone := func(check func(store.Object) (store.Object, error)) func(*store.Tx, string, store.Object) (store.Object, error) {
		return func(_ *store.Tx, _ string, document store.Object) (store.Object, error) { return check(document) }
	}
	checkNode := func(tx *store.Tx, realm string, node store.Object) (store.Object, error) {
		return s.nodes(tx, realm).checkNode(node)
	}
	return []list{
		{corsKind, alone(checkCORS)},
		{designKind, alone(checkDesign)},
		{treeKind, alone(checkTree)},
		{nodeKind, checkNode},
		{scriptKind, alone(checkScript)},
		{clientKind, alone(s.checkClient)},
	}
}

// places are what can have documents of a kind: realms below the root, or the root.
func (s *Service) places(kind string) []string {
	if kind == designKind || kind == corsKind {
		return []string{rootRealm}
	}
	return s.options.Realms
}

// IsList tells a list from a setting by its name; ok is false for neither.
func IsList(name string) (many, ok bool) {
	_, kind, _ := strings.Cut(name, "/")
	if slices.Contains(listKinds(), kind) {
		return true, true
	}
	return false, slices.ContainsFunc(allSettings(), func(d setting) bool { return d.kind == kind })
}

// Export returns the configuration as Import takes it.
func (s *Service) Export(tx *store.Tx) Data {
	data := NewData()
	for _, d := range allSettings() {
		for _, document := range tx.All(d.collection()) {
			data.Settings[document["_id"].(string)+"/"+d.kind] = without(document, "_id", "_rev", "_type")
		}
	}
	for _, l := range s.lists() {
		for _, realm := range s.places(l.kind) {
			documents := tx.All(collection(realm, l.kind))
			slices.SortFunc(documents, func(a, b store.Object) int { return strings.Compare(a["_id"].(string), b["_id"].(string)) })
			for i := range documents {
				documents[i] = without(documents[i], "_rev")
			}
			if len(documents) > 0 {
				data.Lists[realm+"/"+l.kind] = documents
			}
		}
	}
	return data
}

// Import adds configuration.
func (s *Service) Import(data Data) error {
	return s.options.Store.Change(func(tx *store.Tx) error {
		for _, name := range slices.Sorted(maps.Keys(data.Settings)) {
			if err := s.importSetting(tx, name, data.Settings[name]); err != nil {
				return fmt.Errorf("am/%s: %w", name, err)
			}
		}
		for _, l := range s.lists() {
			for _, name := range slices.Sorted(maps.Keys(data.Lists)) {
				if _, kind, _ := strings.Cut(name, "/"); kind != l.kind {
					continue
				}
				if err := s.importList(tx, l, name, data.Lists[name]); err != nil {
					return fmt.Errorf("am/%s: %w", name, err)
				}
			}
		}
		return nil
	})
}

func (s *Service) splitName(name string) (realm, kind string, err error) {
	realm, kind, _ = strings.Cut(name, "/")
	if !slices.Contains(s.places(kind), realm) {
		return "", "", fmt.Errorf("there is no such realm")
	}
	return realm, kind, nil
}

func (s *Service) importSetting(tx *store.Tx, name string, document store.Object) error {
	realm, kind, err := s.splitName(name)
	if err != nil {
		return err
	}
	own, err := crest.Normalize(document)
	if err != nil {
		return err
	}
	for _, d := range allSettings() {
		if d.kind == kind {
			d.put(tx, realm, own.(map[string]any))
		}
	}
	return nil
}

func (s *Service) importList(tx *store.Tx, l list, name string, documents []store.Object) error {
	realm, _, err := s.splitName(name)
	if err != nil {
		return err
	}
	for i, document := range documents {
		if err := l.add(tx, realm, document); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

func (l list) add(tx *store.Tx, realm string, document store.Object) error {
	normal, err := crest.Normalize(document)
	if err != nil {
		return err
	}
	id, _ := document["_id"].(string)
	into := collection(realm, l.kind)
	switch {
	case id == "":
		return crest.Errorf(http.StatusBadRequest, "has no _id")
	case tx.Get(into, id) != nil:
		return crest.Errorf(http.StatusConflict, "the _id %s is there twice", id)
	}
	if err := checkRoom(tx, into); err != nil {
		return err
	}
	checked, err := l.check(tx, realm, normal.(map[string]any))
	if err != nil {
		return err
	}
	if l.kind == designKind && id != designID(checked) {
		return crest.Errorf(http.StatusBadRequest, "the _id must be %s", designID(checked))
	}
	if l.kind == scriptKind && nameIsTaken(tx, into, id, checked["name"]) {
		return crest.Errorf(http.StatusConflict, "the name %s is there twice", checked["name"])
	}
	put(tx, into, id, checked)
	return nil
}

// Stock is the configuration of a new tenant with these realms.
func Stock(realms []string) Data {
	data := NewData()
	for _, realm := range realms {
		data.Settings[realm+"/"+oauthProvider.kind] = StockProvider()
		data.Settings[realm+"/"+authentication.kind] = StockAuthentication(realm)
		data.Lists[realm+"/"+treeKind], data.Lists[realm+"/"+nodeKind] = stockJourneys(realm)
		data.Lists[realm+"/"+scriptKind] = StockScripts(realm)
	}
	return data
}

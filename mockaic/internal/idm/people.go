package idm

import (
	"slices"

	"aicmcp/mockaic/internal/store"
)

// Person is a user of a realm, for who reads the same directory as this service.
type Person struct {
	Object           store.Object // as it is stored
	Created, Changed string       // as the sidecar has them
	Groups           []string     // IDs of the groups that the user is a member of
	Organizations    []string
}

// People returns the users of a realm.
func (s *Service) People(realm string) (people []Person) {
	s.store.View(func(tx *store.Tx) {
		for _, object := range tx.All(peopleOf(realm)) {
			people = append(people, personOf(tx, realm, object))
		}
	})
	return people
}

// PersonWith finds a user by ID.
func (s *Service) PersonWith(realm, id string) (person Person, ok bool) {
	s.store.View(func(tx *store.Tx) {
		object := tx.Get(peopleOf(realm), id)
		if ok = object != nil; ok {
			person = personOf(tx, realm, object)
		}
	})
	return person, ok
}

func peopleOf(realm string) string { return "managed/" + realm + "_user" }

func personOf(tx *store.Tx, realm string, object store.Object) Person {
	id := object["_id"].(string)
	person := Person{Object: object}
	sidecar := tx.Get(peopleOf(realm)+"meta", metaID(peopleOf(realm), id))
	person.Created, _ = sidecar["createDate"].(string)
	changed, _ := sidecar["lastChanged"].(map[string]any)
	person.Changed, _ = changed["date"].(string)
	related := edgesFrom(tx, peopleOf(realm)+"\n"+id+"\n")
	sortEdges(related)
	for _, e := range related {
		switch e.here.property {
		case "groups":
			person.Groups = append(person.Groups, e.there.id)
		case "memberOfOrg":
			person.Organizations = append(person.Organizations, e.there.id)
		}
	}
	person.Groups, person.Organizations = slices.Compact(person.Groups), slices.Compact(person.Organizations)
	return person
}

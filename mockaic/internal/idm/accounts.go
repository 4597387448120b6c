package idm

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// Account is a managed object that somebody may log in with.
type Account struct {
	Object   store.Object // as it is stored
	ID       string
	UserName string
	Name     string // for display
	Active   bool
	Logins   int // how many were counted
}

const loginCount = "loginCount"

// AccountBy finds an object by a property that holds a text.
func (s *Service) AccountBy(collection, property, value string) (account Account, ok bool) {
	s.store.View(func(tx *store.Tx) {
		forEqual(tx, collection, property, value, func(candidate store.Record) bool {
			if ok = strings.EqualFold(textOf(candidate, property), value); ok {
				account = s.account(tx, collection, candidate.Object())
			}
			return !ok
		})
	})
	return account, ok
}

// Account finds an object by ID.
func (s *Service) Account(collection, id string) (account Account, ok bool) {
	s.store.View(func(tx *store.Tx) {
		object := tx.Get(collection, id)
		if ok = object != nil; ok {
			account = s.account(tx, collection, object)
		}
	})
	return account, ok
}

func (s *Service) account(tx *store.Tx, collection string, object store.Object) Account {
	person := identity(object)
	status, _ := object["accountStatus"].(string)
	account := Account{Object: object, ID: person.ID, UserName: person.UserName, Name: person.Name, Active: strings.EqualFold(status, "active")}
	if t, err := s.lookupType(tx, collection); err == nil && t.meta != "" {
		count, _ := tx.Get(t.meta, metaID(collection, person.ID))[loginCount].(json.Number)
		logins, _ := count.Int64() // what is no number is no login
		account.Logins = int(logins)
	}
	return account
}

// CheckPassword tells whether a password is an object's. It takes as long for an
// object that is not there, whose ID is "".
func (s *Service) CheckPassword(collection, id, password string) (right bool) {
	s.store.View(func(tx *store.Tx) { right = passwordMatches(tx, collection, id, password) })
	return right
}

// ChangeAccount replaces properties of an object, as a patch does.
func (s *Service) ChangeAccount(ctx context.Context, collection, id string, properties map[string]any) error {
	route.TrailOf(ctx).Change = route.Patch
	return s.change(ctx, func(tx *store.Tx) error {
		t, err := s.lookupType(tx, collection)
		if err != nil {
			return err
		}
		if err := checkRevision(tx, nil, t, id); err != nil {
			return err
		}
		var operations []crest.Operation
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			operations = append(operations, crest.Operation{Name: "replace", Field: crest.Pointer{name}, Value: properties[name]})
		}
		_, err = s.applyPatch(tx, t, id, operations, nil)
		return err
	})
}

// CountLogin counts a login of an object in its sidecar.
func (s *Service) CountLogin(ctx context.Context, collection, id string) error {
	route.TrailOf(ctx).Change = route.Patch
	return s.change(ctx, func(tx *store.Tx) error {
		t, err := s.lookupType(tx, collection)
		if err != nil {
			return err
		}
		if err := checkRevision(tx, nil, t, id); err != nil || t.meta == "" {
			return err
		}
		before := s.account(tx, collection, tx.Get(collection, id)).Logins
		meta := withoutIdentity(tx.Get(t.meta, metaID(collection, id)))
		counted, err := crest.Normalize(before + 1)
		if err != nil {
			return err
		}
		meta[loginCount] = counted
		tx.Put(t.meta, metaID(collection, id), meta)
		return nil
	})
}

// retries is where failed logins of the objects of a collection are counted: an
// attribute of the directory that no type has.
func retries(collection string) string { return "retries/" + collection }

// Retry counts a failed login of an object, by what counts it, and reports whether
// there may be another: after limit of them there is none, and all are forgotten.
func (s *Service) Retry(collection, id, counter string, limit int) (another bool, err error) {
	err = s.store.Change(func(tx *store.Tx) error {
		counts := withoutIdentity(tx.Get(retries(collection), id))
		number, _ := counts[counter].(json.Number)
		count, _ := number.Int64() // what was never counted is 0
		if another = int(count) < limit; !another || tx.Get(collection, id) == nil {
			tx.Delete(retries(collection), id)
			return nil
		}
		counted, err := crest.Normalize(count + 1)
		if err != nil {
			return err
		}
		counts[counter] = counted
		tx.Put(retries(collection), id, counts)
		return nil
	})
	return another, err
}

// ForgetRetries forgets the failed logins of an object.
func (s *Service) ForgetRetries(collection, id string) error {
	return s.store.Change(func(tx *store.Tx) error {
		if tx.Get(retries(collection), id) != nil {
			tx.Delete(retries(collection), id)
		}
		return nil
	})
}

// PropertySchema is what the type of a collection says of a property, whose path
// leads through objects.
func (s *Service) PropertySchema(collection string, path []string) (schema map[string]any, ok bool) {
	s.store.View(func(tx *store.Tx) {
		t, err := s.lookupType(tx, collection)
		if err != nil {
			return
		}
		schema, ok = t.schema, true
		for _, name := range path {
			properties, _ := schema["properties"].(map[string]any)
			if schema, ok = properties[name].(map[string]any); !ok {
				return
			}
		}
	})
	return schema, ok
}

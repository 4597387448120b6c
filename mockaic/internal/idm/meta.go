package idm

import (
	"maps"
	"time"

	"github.com/google/uuid"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// metaSpace makes the ID of a sidecar from the path of its object, so that no
// link between the two has to be kept.
var metaSpace = uuid.MustParse("6b1a1f0e-6d0a-4f0c-9a53-3f6f0a1c7d42")

func metaID(collection, id string) string {
	return uuid.NewSHA1(metaSpace, []byte(referencePath(collection, id))).String()
}

// timestamp is how IDM writes a time.
func timestamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }

// touch notes in the sidecar when an object was created and last changed.
func (s *Service) touch(tx *store.Tx, t *objectType, id string) {
	if t.meta == "" {
		return
	}
	now := timestamp(s.now())
	sidecar := metaID(t.collection, id)
	meta := withoutIdentity(tx.Get(t.meta, sidecar))
	if meta["createDate"] == nil {
		meta["createDate"] = now
	}
	meta["lastChanged"] = map[string]any{"date": now}
	tx.Put(t.meta, sidecar, meta)
}

func (s *Service) untouch(tx *store.Tx, t *objectType, id string) {
	if t.meta != "" {
		tx.Delete(t.meta, metaID(t.collection, id))
	}
}

// metaReference is the value of _meta.
func (s *Service) metaReference(tx *store.Tx, t *objectType, object store.Object, fields []crest.Pointer) any {
	id := metaID(t.collection, object["_id"].(string))
	sidecar := tx.Get(t.meta, id)
	if sidecar == nil {
		return nil
	}
	reference := map[string]any{
		"_ref": referencePath(t.meta, id), "_refResourceCollection": t.meta, "_refResourceId": id,
		"_refProperties": map[string]any{},
	}
	for _, field := range fields {
		if len(field) > 0 {
			expanded := crest.Project(sidecar, fields)
			maps.Copy(expanded, reference)
			return expanded
		}
	}
	return reference
}

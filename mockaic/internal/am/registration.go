package am

import (
	"context"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// RegisterClient stores a client, with plain values in its sections, under a new ID.
// Fill completes it, once that is known.
func (s *Service) RegisterClient(ctx context.Context, realm string, fill func(id string) map[string]any) error {
	return s.change(ctx, func(tx *store.Tx) error {
		into := collection(realm, clientKind)
		if err := checkRoom(tx, into); err != nil {
			return err
		}
		id := tx.NewID()
		return s.putClient(tx, realm, id, fill(id))
	})
}

// RegisteredClient is an active client, with its secret; nil if there is none.
func (s *Service) RegisteredClient(realm, id string) map[string]any {
	return active(s.view(collection(realm, clientKind), id))
}

func active(stored store.Object) map[string]any {
	if groupOf(stored, "coreOAuth2ClientConfig")["status"] != "Active" {
		return nil
	}
	return without(stored, "_rev")
}

// ReplaceClient stores what follows from an active client, or deletes it if that is
// nil. Before is nil if there is none.
func (s *Service) ReplaceClient(ctx context.Context, realm, id string, follow func(before map[string]any) (after map[string]any, err error)) error {
	return s.change(ctx, func(tx *store.Tx) error {
		into := collection(realm, clientKind)
		after, err := follow(active(tx.Get(into, id)))
		switch {
		case err != nil:
			return err
		case after == nil:
			tx.Delete(into, id)
			return nil
		}
		return s.putClient(tx, realm, id, after)
	})
}

func (s *Service) putClient(tx *store.Tx, realm, id string, client map[string]any) error {
	normal, err := crest.Normalize(client)
	if err != nil {
		return err
	}
	checked, err := s.checkClient(normal.(map[string]any))
	if err != nil {
		return err
	}
	put(tx, collection(realm, clientKind), id, checked)
	return nil
}

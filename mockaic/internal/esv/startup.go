package esv

import (
	"net/http"
	"time"

	"aicmcp/mockaic/internal/store"
)

// startup holds one document while a restart is under way: when it began.
const (
	startup = "esv/startup"
	restart = "restart"
)

// loading is the member of a variable or secret that the restart under way will
// load. That of a secret is the version; a variable with a new value, which has to
// wait for the next restart, has none.
const loading = "_loading"

func (s *Service) serveStartup(q *request) (answer, error) {
	switch {
	case q.Method == http.MethodGet:
	case q.Method == http.MethodPost && q.action() == "restart":
		if err := s.options.Store.Change(s.beginRestart); err != nil {
			return nil, err
		}
	default:
		return nil, notFound(q.Request)
	}
	status := "ready"
	s.options.Store.View(func(tx *store.Tx) {
		if tx.Get(startup, restart) != nil {
			status = "restarting"
		}
	})
	return map[string]any{"restartStatus": status}, nil
}

// beginRestart does nothing if a restart is under way.
func (s *Service) beginRestart(tx *store.Tx) error {
	if tx.Get(startup, restart) != nil {
		return nil
	}
	tx.Put(startup, restart, store.Object{"began": s.options.Now().UTC().Format(time.RFC3339Nano)})
	for _, collection := range []string{variables, secrets} {
		for _, object := range tx.All(collection) {
			if object["loaded"] == false {
				object[loading] = object["activeVersion"] // nil for a variable
				tx.Put(collection, object["_id"].(string), object)
			}
		}
	}
	return nil
}

// Settle ends a restart whose time is over. Every request does so first.
func (s *Service) Settle() error {
	over := false
	s.options.Store.View(func(tx *store.Tx) { over = s.over(tx) })
	if !over {
		return nil
	}
	return s.options.Store.Change(func(tx *store.Tx) error {
		if !s.over(tx) {
			return nil // somebody else ended it
		}
		tx.Delete(startup, restart)
		for _, collection := range []string{variables, secrets} {
			for _, object := range tx.All(collection) {
				if version, waits := object[loading]; waits {
					delete(object, loading)
					s.load(tx, collection, object, version)
				}
			}
		}
		return nil
	})
}

// over tells whether there is a restart that has taken its time.
func (s *Service) over(tx *store.Tx) bool {
	text, _ := tx.Get(startup, restart)["began"].(string)
	began, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return false
	}
	gone := s.options.Now().Sub(began)
	return gone >= s.options.RestartTime || gone < 0 // the clock was set back
}

func (s *Service) load(tx *store.Tx, collection string, object store.Object, version any) {
	id := object["_id"].(string)
	object["loaded"] = true
	if collection == secrets {
		object["loadedVersion"], object["loaded"] = version, version == object["activeVersion"]
		for _, one := range tx.All(versions(id)) {
			if loaded := one["_id"] == version; one["loaded"] != loaded {
				one["loaded"] = loaded
				tx.Put(versions(id), one["_id"].(string), one)
			}
		}
	}
	tx.Put(collection, id, object)
}

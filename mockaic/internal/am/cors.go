package am

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// The entries of the CORS service belong to no realm.
const (
	corsKind = "CorsService"
	corsPath = "global-config/services/" + corsKind + "/configuration"
)

func corsEntries() string { return collection(rootRealm, corsKind) }

// corsAttributes are the members of an entry. An entry without an origin says
// nothing, so that acceptedOrigins is required.
func corsAttributes() []attribute {
	return []attribute{
		{"enabled", "", true, isBoolean},
		{"acceptedOrigins", "", nil, isTextList},
		{"acceptedMethods", "", []any{http.MethodPost, http.MethodGet}, isTextList},
		{"acceptedHeaders", "", []any{}, isTextList},
		{"exposedHeaders", "", []any{}, isTextList},
		{"maxAge", "", number(600), isWhole},
		{"allowCredentials", "", false, isBoolean},
	}
}

// checkCORS completes an entry that was sent or that a seed holds.
func checkCORS(sent store.Object) (store.Object, error) {
	entry, attributes := store.Object{}, corsAttributes()
	for name := range without(sent, "_id", "_rev", "_type") {
		if !slices.ContainsFunc(attributes, func(a attribute) bool { return a.name == name }) {
			return nil, crest.Errorf(http.StatusBadRequest, "Invalid attribute specified.")
		}
	}
	for _, a := range attributes {
		value := sent[a.name]
		switch {
		case value == nil && a.initial != nil:
			entry[a.name] = a.initial
		case value == nil || !a.admits(value):
			return nil, crest.Errorf(http.StatusBadRequest, "Data validation failed for the attribute, %s", a.name)
		default:
			entry[a.name] = value
		}
	}
	for _, origin := range texts(entry["acceptedOrigins"]) {
		if origin != "*" && !isOrigin(origin) {
			return nil, crest.Errorf(http.StatusBadRequest, "The origin %q is not a scheme, a host and a port", origin)
		}
	}
	return entry, nil
}

// isOrigin tells what a browser sends as the origin of a page.
func isOrigin(text string) bool {
	origin, err := url.Parse(text)
	return err == nil && origin.Scheme != "" && origin.Host != "" && text == origin.Scheme+"://"+origin.Host
}

func showCORS(stored store.Object) store.Object {
	shown := without(stored)
	shown["_type"] = map[string]any{"_id": "configuration", "name": "Cors Configuration", "collection": true}
	return shown
}

func (s *Service) serveCORSEntries(c *call) (*route.Response, error) {
	switch c.Operation {
	case route.Query:
		entries := s.all(corsEntries())
		for i := range entries {
			entries[i] = showCORS(entries[i])
		}
		return s.countedPage(c, entries)
	case route.Create:
		id, _ := c.Body.(map[string]any)["_id"].(string)
		return s.writeCORS(c, id)
	}
	return nil, c.refused("the entries of the CORS service")
}

func (s *Service) serveCORSEntry(c *call) (*route.Response, error) {
	id := c.names[0]
	switch c.Operation {
	case route.Read:
		if stored := s.view(corsEntries(), id); stored != nil {
			return &route.Response{Object: showCORS(stored)}, nil
		}
		return nil, notFound()
	case route.Create, route.Update, route.Upsert:
		return s.writeCORS(c, id)
	case route.Delete:
		answer := &route.Response{}
		err := s.change(c.Context(), func(tx *store.Tx) error {
			before := tx.Get(corsEntries(), id)
			if before == nil {
				return notFound()
			}
			if err := c.checkRevision(before, "The CORS entry"); err != nil {
				return err
			}
			answer.Object = showCORS(before)
			tx.Delete(corsEntries(), id)
			return nil
		})
		if err != nil {
			return nil, err
		}
		return answer, nil
	}
	return nil, c.refused("an entry of the CORS service")
}

func (s *Service) writeCORS(c *call, id string) (*route.Response, error) {
	entry, err := checkCORS(c.Body.(map[string]any))
	if err != nil {
		return nil, err
	}
	answer := &route.Response{}
	err = s.change(c.Context(), func(tx *store.Tx) error {
		if id == "" {
			id = tx.NewID()
		}
		before := tx.Get(corsEntries(), id)
		if before == nil && c.Operation == route.Update {
			return notFound()
		}
		if err := c.checkRevision(before, "The CORS entry"); err != nil {
			return err
		}
		if before == nil {
			if err := checkRoom(tx, corsEntries()); err != nil {
				return err
			}
			answer.Status = http.StatusCreated
			answer.Location = "/am/json/" + corsPath + "/" + url.PathEscape(id)
		}
		answer.Object = showCORS(put(tx, corsEntries(), id, entry))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// CORS is what the enabled entries of the CORS service allow.
func (s *Service) CORS() []route.CORSEntry {
	var entries []route.CORSEntry
	for _, stored := range s.all(corsEntries()) {
		if stored["enabled"] != true {
			continue
		}
		entry := route.CORSEntry{
			Origins: texts(stored["acceptedOrigins"]), Methods: texts(stored["acceptedMethods"]),
			Headers: texts(stored["acceptedHeaders"]), Exposed: texts(stored["exposedHeaders"]), MaxAge: "600",
		}
		if seconds, ok := stored["maxAge"].(json.Number); ok {
			entry.MaxAge = seconds.String()
		}
		entry.Credentials, _ = stored["allowCredentials"].(bool)
		entries = append(entries, entry)
	}
	return entries
}

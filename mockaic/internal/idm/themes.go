package idm

import (
	"net/http"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const themesDoc = "ui/themerealm"

// serveUI answers /openidm/ui/theme: the themes of one realm, which are written
// as a whole, in config/ui/themerealm.
func (s *Service) serveUI(r *route.Request) (*route.Response, error) {
	path := r.Path[1:]
	if len(path) == 0 || path[0] != "theme" || len(path) > 2 {
		return nil, notImplemented("/openidm/ui beside theme")
	}
	realm := r.URL.Query().Get("realm")
	if realm == "" {
		return nil, crest.Errorf(http.StatusBadRequest, "The request parameter 'realm' is missing")
	}
	var themes []store.Object
	s.store.View(func(tx *store.Tx) {
		realms, _ := tx.Get(configs, themesDoc)["realm"].(map[string]any)
		list, _ := realms[realm].([]any)
		for _, entry := range list {
			if theme, ok := entry.(map[string]any); ok {
				themes = append(themes, theme)
			}
		}
	})
	switch {
	case r.Operation == route.Query && len(path) == 1:
		page, err := s.run(r.Query, themes)
		if err != nil {
			return nil, err
		}
		return &route.Response{Page: page, Version: configVersion}, nil
	case r.Operation == route.Read && len(path) == 2:
		for _, theme := range themes {
			if theme["_id"] == path[1] {
				return &route.Response{Object: theme, Version: configVersion}, nil
			}
		}
		return nil, crest.Errorf(http.StatusNotFound, "Not Found")
	}
	return nil, notImplemented("the " + string(r.Operation) + " operation on /openidm/ui/theme")
}

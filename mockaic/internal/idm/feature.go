package idm

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// serveFeature answers /openidm/feature. A feature's ID may have slashes.
func (s *Service) serveFeature(r *route.Request) (*route.Response, error) {
	id := strings.Join(r.Path[1:], "/")
	if id == "" {
		if r.Operation != route.Query {
			return nil, crest.Errorf(http.StatusBadRequest, "The resource collection feature cannot be %s", participle[r.Operation])
		}
		return s.queryFeatures(r)
	}
	feature, err := featureByID(id)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Operation == route.Read:
		var object store.Object
		s.store.View(func(tx *store.Tx) { object = feature.state(tx) })
		return &route.Response{Object: object, Version: configVersion}, nil
	case r.Operation == route.Action && r.Action == "validate":
		return s.validateFeature(feature)
	case r.Operation == route.Action && r.Action == "install":
		if err := s.change(r.Context(), func(tx *store.Tx) error { return s.install(tx, feature) }); err != nil {
			return nil, err
		}
		return &route.Response{Object: store.Object{"status": json.Number("200"), "message": "Install complete."}, Version: configVersion}, nil
	case r.Operation == route.Action:
		return nil, unknownAction(r.Action)
	}
	return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", id, participle[r.Operation])
}

func featureByID(id string) (Feature, error) {
	for _, feature := range StockFeatures() {
		if feature.ID == id {
			return feature, nil
		}
	}
	return Feature{}, crest.Errorf(http.StatusNotFound, "Feature '%s' not found", id)
}

func (s *Service) queryFeatures(r *route.Request) (*route.Response, error) {
	var page *crest.Page
	var err error
	s.store.View(func(tx *store.Tx) {
		var features []store.Object
		for _, feature := range StockFeatures() {
			features = append(features, feature.state(tx))
		}
		page, err = s.run(r.Query, features)
	})
	if err != nil {
		return nil, err
	}
	return &route.Response{Page: page, Version: configVersion}, nil
}

// state is what a tenant tells of a feature: it is installed once all that it
// adds is there.
func (f Feature) state(tx *store.Tx) store.Object {
	var installed any
	if f.Installed(tx.Get(configs, managedDoc)) {
		installed = f.Version
	}
	return store.Object{"_id": f.ID, "installedVersion": installed, "availableVersions": []any{f.Version}}
}

func (s *Service) validateFeature(feature Feature) (*route.Response, error) {
	var conflicts []string
	s.store.View(func(tx *store.Tx) { conflicts = feature.Conflicts(tx.Get(configs, managedDoc)) })
	answer := store.Object{"status": json.Number("200"), "success": true, "message": "Validate complete."}
	if len(conflicts) > 0 {
		answer["success"] = false
		answer["message"] = "Validate failed. " + strings.Join(conflicts, " ")
	}
	return &route.Response{Object: answer, Version: configVersion}, nil
}

// EnsureFeature adds a feature's types and properties, unless they are there.
func (s *Service) EnsureFeature(ctx context.Context, id string) error {
	feature, err := featureByID(id)
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *store.Tx) error {
		if feature.Installed(tx.Get(configs, managedDoc)) {
			return nil
		}
		return s.install(tx, feature)
	})
}

// install adds a feature's types and properties, once and for all.
func (s *Service) install(tx *store.Tx, feature Feature) error {
	before := tx.Get(configs, managedDoc)
	if conflicts := feature.Conflicts(before); len(conflicts) > 0 {
		return crest.Errorf(http.StatusBadRequest, "Validate failed. %s", strings.Join(conflicts, " "))
	}
	document, err := feature.Install(before)
	if err != nil {
		return crest.Errorf(http.StatusBadRequest, "Install failed. %w", err)
	}
	_, err = s.putTypes(tx, withoutIdentity(document))
	return err
}

package cases

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	c "aicmcp/conformance"
)

const (
	// servedWithin is how long a tenant may take to serve a new type.
	servedWithin = time.Minute
	pollEvery    = 500 * time.Millisecond
	// removeTries is how often the removal of the type is tried when other
	// changes of the configuration get in between.
	removeTries = 5
)

// AddOpenType adds a managed object type of a fresh name without a schema,
// which is what the feature OpenType needs, and waits until the tenant serves
// it. The returned function removes the type again.
func AddOpenType(ctx context.Context, target c.Target) (name string, remove func(context.Context) error, err error) {
	name = "conformance_" + strings.ToLower(rand.Text()[:12])
	definition := object{"name": name, "schema": object{
		"$schema": "http://forgerock.org/json-schema#", "type": "object", "title": "Conformance tests",
		"description": "Temporary: remove it if no conformance test is running.", "properties": object{}, "required": []any{}, "order": []any{},
	}}
	remove = func(ctx context.Context) error {
		return c.Do(ctx, target, func(t *c.T) { removeType(t, name) })
	}
	if target.Timeout == 0 {
		target.Timeout = servedWithin
	}
	err = c.Do(ctx, target, func(t *c.T) {
		res := t.Patch(managedConfig, []object{op("add", "/objects/-", definition)})
		t.Status(http.StatusOK, res)
		if !slices.ContainsFunc(res.List("objects"), func(d any) bool { return c.Text(d, "name") == name }) {
			t.Fatalf("the answer lacks the type %s: %s", name, res.Raw)
		}
		awaitType(t, name)
	})
	if err != nil {
		if undo := remove(context.WithoutCancel(ctx)); undo != nil {
			err = fmt.Errorf("%w; and it may be left behind: %w", err, undo)
		}
		return "", nil, fmt.Errorf("add the managed object type %s: %w", name, err)
	}
	return name, remove, nil
}

// awaitType waits until the type is served: a tenant takes a changed
// configuration over within seconds.
func awaitType(t *c.T, name string) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		res := t.Get("/openidm/managed/"+name, c.Query("_queryFilter", "true", "_pageSize", "1"))
		if res.Status != http.StatusNotFound {
			t.Status(http.StatusOK, res)
			return
		}
		select {
		case <-ticker.C:
		case <-t.Context().Done():
			t.Fatalf("the tenant does not serve the type %s: %s", name, res.Raw)
		}
	}
}

// removeType takes the type out of the configuration. That has no revision, so
// it is read once more and compared just before it is replaced.
func removeType(t *c.T, name string) {
	for range removeTries {
		before := t.Get(managedConfig)
		t.Status(http.StatusOK, before)
		rest := slices.DeleteFunc(slices.Clone(before.List("objects")), func(definition any) bool { return c.Text(definition, "name") == name })
		if len(rest) == len(before.List("objects")) {
			t.True("the type is gone", true)
			return
		}
		if len(rest) == 0 {
			t.Fatalf("the configuration holds nothing but the type %s", name)
		}
		after := less(before.Body)
		after["objects"] = rest
		if !c.Same(before.Body, t.Get(managedConfig).Body) {
			continue
		}
		t.Status(http.StatusOK, t.Put(managedConfig, after))
		return
	}
	t.Fatalf("the type %s was left behind: the configuration keeps changing", name)
}

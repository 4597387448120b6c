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
	// servedWithin is how long a tenant may take to serve a new type, or to
	// serve it no more.
	servedWithin = 2 * time.Minute
	pollEvery    = 250 * time.Millisecond
	// steadyPolls is how many answers in a row must agree: a tenant consists of
	// several servers, which take a new configuration over one by one.
	steadyPolls = 4
)

// AddOpenType adds a managed object type of a fresh name without a schema,
// which is what the feature OpenType needs, and waits until the tenant serves
// it. The returned function removes the type again, with its objects.
func AddOpenType(ctx context.Context, target c.Target) (name string, remove func(context.Context) error, err error) {
	name = "conformance_" + strings.ToLower(rand.Text()[:12])
	// The definition is first as it is sent, then as the tenant has it.
	var definition any = object{"name": name, "schema": object{
		"$schema": "http://forgerock.org/json-schema#", "type": "object", "title": "Conformance tests",
		"description": "Temporary: remove it if no conformance test is running.", "properties": object{}, "required": []any{}, "order": []any{},
	}}
	target.Timeout = servedWithin
	remove = func(ctx context.Context) error {
		if err := c.Do(ctx, target, func(t *c.T) { removeType(t, name, definition) }); err != nil {
			return fmt.Errorf("remove the managed object type %s from config/managed by hand: %w", name, err)
		}
		return nil
	}
	err = c.Do(ctx, target, func(t *c.T) {
		res := t.Patch(managedConfig, []object{op("add", "/objects/-", definition)})
		t.Status(http.StatusOK, res)
		i := slices.IndexFunc(res.List("objects"), func(d any) bool { return c.Text(d, "name") == name })
		if i < 0 {
			t.Fatalf("the answer lacks the type %s: %s", name, res.Raw)
		}
		definition = res.At("objects", i)
		awaitType(t, name, http.StatusOK)
	})
	if err != nil {
		if undo := remove(context.WithoutCancel(ctx)); undo != nil {
			err = fmt.Errorf("%w; it may be left behind: %w", err, undo)
		}
		return "", nil, fmt.Errorf("add the managed object type %s: %w", name, err)
	}
	return name, remove, nil
}

// queryType asks for the IDs of some objects of a type.
func queryType(t *c.T, name string) *c.Response {
	return t.Get("/openidm/managed/"+name, c.Query("_queryFilter", "true", "_fields", "_id", "_pageSize", "100"))
}

// awaitType waits until queries of the type have the status steadily: 200 when
// it is served, 404 when it is not.
func awaitType(t *c.T, name string, status int) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for steady := 0; steady < steadyPolls; {
		switch res := queryType(t, name); res.Status {
		case status:
			steady++
		case http.StatusOK, http.StatusNotFound:
			steady = 0
		default:
			t.Status(status, res)
		}
		select {
		case <-ticker.C:
		case <-t.Context().Done():
			t.Fatalf("queries of the type %s do not answer %d steadily within %s", name, status, servedWithin)
		}
	}
}

// removeType deletes the objects of the type, which would be orphaned, and
// takes its definition out of the configuration. That is one operation by
// value: the configuration has no revision, and reads of it can be stale, so
// that writing all of it back could undo other people's changes.
func removeType(t *c.T, name string, definition any) {
	for {
		res := queryType(t, name)
		if res.Status == http.StatusNotFound || res.Status == http.StatusOK && res.Text("result", 0, "_id") == "" {
			break
		}
		t.Status(http.StatusOK, res)
		for _, id := range column(res, "_id") {
			text, _ := id.(string)
			remove(t, at("/openidm/managed/"+name, text))
		}
	}
	res := t.Patch(managedConfig, []object{op("remove", "/objects", definition)})
	t.Status(http.StatusOK, res)
	t.Has("config/managed", res.Body, "objects")
	if slices.ContainsFunc(res.List("objects"), func(d any) bool { return c.Text(d, "name") == name }) || res.List("objects") == nil {
		t.Fatalf("the type is still in the configuration")
	}
	awaitType(t, name, http.StatusNotFound)
}

package cases

import (
	"context"
	"fmt"
	"time"

	c "aicmcp/conformance"
)

// servedWithin is how long a tenant may take to serve the type of a run, or to
// serve it no more.
const servedWithin = 2 * time.Minute

// AddOpenType adds a managed object type of a fresh name without a schema,
// which is what the feature OpenType needs, and waits until the tenant serves
// it. The returned function removes the type again, with its objects.
func AddOpenType(ctx context.Context, target c.Target) (name string, remove func(context.Context) error, err error) {
	definition := newType(object{})
	name = c.Text(definition, "name")
	target.Timeout = servedWithin
	remove = func(ctx context.Context) error {
		if err := c.Do(ctx, target, func(t *c.T) { removeType(t, name) }); err != nil {
			return fmt.Errorf("remove the managed object type %s from config/managed by hand: %w", name, err)
		}
		return nil
	}
	if err := c.Do(ctx, target, func(t *c.T) { defineTypes(t, definition) }); err != nil {
		if undo := remove(context.WithoutCancel(ctx)); undo != nil {
			err = fmt.Errorf("%w; it may be left behind: %w", err, undo)
		}
		return "", nil, fmt.Errorf("add the managed object type %s: %w", name, err)
	}
	return name, remove, nil
}

package aic

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"aicmcp/server/rest"
)

// Query selects managed objects. The zero value of a field leaves it out,
// but an empty Filter means all objects.
type Query struct {
	Filter   string
	PageSize int
	Cookie   string
	SortKeys string
	Fields   string
	// Count asks for the total.
	Count bool
}

// PatchOperation is one step of a CREST patch.
type PatchOperation struct {
	Operation string
	Field     string
	Value     any // nil is none: the tenant takes null for no value
	From      string
}

var typeName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// QueryManaged returns the tenant's query envelope.
func (c *Client) QueryManaged(ctx context.Context, objectType string, q Query) (Object, error) {
	path, err := typePath(objectType)
	if err != nil {
		return nil, err
	}
	v := url.Values{"_queryFilter": {"true"}}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("_queryFilter", q.Filter)
	set("_pagedResultsCookie", q.Cookie)
	set("_sortKeys", trimmed(q.SortKeys))
	set("_fields", trimmed(q.Fields))
	if q.PageSize > 0 {
		v.Set("_pageSize", strconv.Itoa(q.PageSize))
	}
	if q.Count {
		v.Set("_totalPagedResultsPolicy", "EXACT")
	}
	doc, _, err := c.api.Object(ctx, rest.Request{Method: http.MethodGet, Path: path, Query: v, Repeatable: true})
	return doc, err
}

// ReadManaged reads one object; fields may be empty.
func (c *Client) ReadManaged(ctx context.Context, objectType, id, fields string) (Object, error) {
	path, err := objectPath(objectType, id)
	if err != nil {
		return nil, err
	}
	v := url.Values{}
	if fields != "" {
		v.Set("_fields", trimmed(fields))
	}
	return c.managed(ctx, rest.Request{Method: http.MethodGet, Path: path, Query: v, Repeatable: true})
}

// CreateManaged creates an object. It is not sent again, but after a 401.
func (c *Client) CreateManaged(ctx context.Context, objectType string, data Object) (Object, error) {
	path, err := typePath(objectType)
	if err != nil {
		return nil, err
	}
	return c.managed(ctx, rest.Request{
		Method: http.MethodPost,
		Path:   path,
		Query:  url.Values{"_action": {"create"}},
		Body:   data,
	})
}

// PatchManaged changes the object if it still has the revision.
func (c *Client) PatchManaged(ctx context.Context, objectType, id, revision string, ops []PatchOperation) (Object, error) {
	path, err := objectPath(objectType, id)
	if err != nil {
		return nil, err
	}
	doc, err := c.managed(ctx, rest.Request{
		Method:     http.MethodPatch,
		Path:       path,
		Header:     ifMatch(revision),
		Body:       ops,
		Repeatable: true,
	})
	if !perhapsOwn(err) {
		return doc, err
	}
	if now, readErr := c.ReadManaged(ctx, objectType, id, asking(ops)); readErr == nil && applied(now, ops) {
		return now, nil
	}
	return nil, err
}

// DeleteManaged deletes the object and returns it, or nil if the answer was
// lost and the object was found to be gone. Without a revision it deletes
// whatever is there, and is never sent twice.
func (c *Client) DeleteManaged(ctx context.Context, objectType, id, revision string) (Object, error) {
	path, err := objectPath(objectType, id)
	if err != nil {
		return nil, err
	}
	r := rest.Request{Method: http.MethodDelete, Path: path}
	if revision != "" {
		r.Header = ifMatch(revision)
		r.Repeatable = true
	}
	doc, err := c.managed(ctx, r)
	if !perhapsOwn(err) {
		return doc, err
	}
	var gone *rest.Error
	if _, readErr := c.ReadManaged(ctx, objectType, id, "_id"); errors.As(readErr, &gone) && gone.Status == http.StatusNotFound {
		return nil, nil
	}
	return nil, err
}

// managed sends the request and reads the answer as a managed object.
func (c *Client) managed(ctx context.Context, r rest.Request) (Object, error) {
	doc, a, err := c.api.Object(ctx, r)
	if err != nil {
		return nil, err
	}
	if id, ok := doc["_id"].(string); !ok || id == "" {
		return nil, a.Unusable("the answer is no managed object: it has no _id", nil)
	}
	return doc, nil
}

// perhapsOwn reports whether err is a conflict that an earlier attempt of the
// same write may have made, so that the object's state has to judge.
func perhapsOwn(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Unknown && (e.Status == http.StatusPreconditionFailed || e.Status == http.StatusNotFound)
}

// trimmed is a comma-separated list without blanks around its elements, which
// the tenant would take for a part of them.
func trimmed(list string) string {
	elements := strings.Split(list, ",")
	for i, e := range elements {
		elements[i] = strings.TrimSpace(e)
	}
	return strings.Join(elements, ",")
}

func ifMatch(revision string) http.Header {
	return http.Header{"If-Match": {`"` + strings.Trim(revision, `"`) + `"`}}
}

// typePath returns the path of a type's collection.
func typePath(objectType string) (string, error) {
	if !typeName.MatchString(objectType) {
		return "", badType()
	}
	return "/openidm/managed/" + objectType, nil
}

func badType() error {
	return &rest.Error{Reason: "Invalid argument", Message: "an object type consists of letters, digits, _ and -"}
}

// objectPath returns the path of one object, its ID escaped as one segment.
func objectPath(objectType, id string) (string, error) {
	path, err := typePath(objectType)
	if err != nil {
		return "", err
	}
	escaped, err := rest.Segment(id)
	if err != nil {
		return "", err
	}
	return path + "/" + escaped, nil
}

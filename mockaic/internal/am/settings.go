package am

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// setting is a document that a realm has once, at an address without an ID.
type setting struct {
	kind  string         // of its collection, which has the realms for IDs
	title string         // for messages
	mark  map[string]any // its _type
	// initial is what takes the place of attributes that are left out of a group.
	initial func() map[string]any
	// patched says that a write leaves what it does not name as it was, and that an
	// attribute may stand beside the groups instead of in its own.
	patched bool
}

var oauthProvider = setting{
	kind: "oauth-oidc", title: "The OAuth provider",
	mark:    map[string]any{"_id": "oauth-oidc", "name": "OAuth2 Provider", "collection": false},
	initial: StockProvider,
}

var authentication = setting{
	kind: "authentication", title: "The authentication of the realm",
	mark:    map[string]any{"_id": "EMPTY", "name": "Core", "collection": false},
	patched: true,
}

func (d setting) collection() string { return "am/services/" + d.kind }

func (d setting) put(tx *store.Tx, realm string, document map[string]any) store.Object {
	document = maps.Clone(document)
	document["_type"] = d.mark
	return put(tx, d.collection(), realm, document)
}

// settings serves a setting of a realm.
func (s *Service) settings(d setting) func(*call) (*route.Response, error) {
	return func(c *call) (*route.Response, error) {
		answer := &route.Response{}
		var err error
		switch c.Operation {
		case route.Read:
			answer.Object = s.view(d.collection(), c.realm)
		case route.Create, route.Update, route.Upsert, route.Delete:
			answer.Version = c.ResourceVersion("1.0")
			err = s.change(c.Context(), func(tx *store.Tx) error { return d.write(c, tx, answer) })
		case route.Action:
			if c.Action != nextDescendents {
				return nil, c.refused(d.title)
			}
			return descendents(), nil
		default:
			return nil, c.refused(d.title)
		}
		if err != nil {
			return nil, err
		}
		if answer.Object == nil {
			return nil, notFound()
		}
		answer.Object = maps.Clone(answer.Object)
		answer.Object["_id"] = ""
		return answer, nil
	}
}

func (d setting) write(c *call, tx *store.Tx, answer *route.Response) error {
	before := tx.Get(d.collection(), c.realm)
	if err := c.checkRevision(before, d.title); err != nil {
		return err
	}
	switch {
	case c.Operation == route.Delete && d.kind == authentication.kind:
		return c.refused(d.title)
	case c.Operation == route.Delete:
		answer.Object = before
		tx.Delete(d.collection(), c.realm)
		return nil
	case before == nil && c.Operation == route.Update:
		return notFound()
	case before == nil:
		answer.Status = http.StatusCreated
	}
	document := c.Body.(map[string]any)
	var err error
	if d.patched {
		if document, err = patched(before, document); err != nil {
			return err
		}
	}
	if document, err = d.complete(document); err != nil {
		return err
	}
	answer.Object = d.put(tx, c.realm, document)
	return nil
}

// patched is a document with the attributes of another, wherever it has them.
func patched(before, sent map[string]any) (map[string]any, error) {
	document := map[string]any{}
	home := map[string]string{}
	for name, value := range before {
		group, ok := value.(map[string]any)
		if !ok || strings.HasPrefix(name, "_") {
			continue
		}
		document[name] = maps.Clone(group)
		for attribute := range group {
			home[attribute] = name
		}
	}
	for name, value := range sent {
		group, isGroup := value.(map[string]any)
		now, known := document[name].(map[string]any)
		switch place := home[name]; {
		case isGroup && known:
			maps.Copy(now, group)
		case place != "":
			document[place].(map[string]any)[name] = value
		case isGroup && len(before) == 0:
			document[name] = value
		case !strings.HasPrefix(name, "_"):
			return nil, &crest.Error{
				Code: http.StatusBadRequest, Message: "Invalid attribute specified.",
				Detail: map[string]any{"validAttributes": slices.Sorted(maps.Keys(home))},
			}
		}
	}
	return document, nil
}

// complete adds what is left out of the groups of a document.
func (d setting) complete(document map[string]any) (map[string]any, error) {
	if d.initial == nil {
		return document, nil
	}
	completed := maps.Clone(document)
	for name, initial := range d.initial() {
		values, hasGroup := initial.(map[string]any)
		value, sent := document[name]
		if !hasGroup || !sent {
			continue
		}
		members, isGroup := value.(map[string]any)
		if !isGroup {
			return nil, crest.Errorf(http.StatusBadRequest, "Data validation failed for the attribute, %s", name)
		}
		group := maps.Clone(values)
		maps.Copy(group, members)
		completed[name] = group
	}
	return completed, nil
}

// nextDescendents is the action that lists what is below a resource.
const nextDescendents = "nextdescendents"

func descendents(documents ...any) *route.Response {
	if documents == nil {
		documents = []any{}
	}
	return &route.Response{Object: map[string]any{"result": documents}}
}

// EnableAgents switches AI agents on in all realms.
func (s *Service) EnableAgents(ctx context.Context) error {
	return s.change(ctx, func(tx *store.Tx) error {
		for _, realm := range s.options.Realms {
			settings := maps.Clone(tx.Get(oauthProvider.collection(), realm))
			if settings == nil {
				return crest.Errorf(http.StatusNotFound, "The realm %s has no OAuth provider", realm)
			}
			settings["aiAgentsConfig"] = map[string]any{
				"aiAgentsEnabled":               true,
				"aiAgentsIdentityObjectName":    "managed/" + realm + "_aiagent",
				"aiAgentsPrivilegeObjectName":   "managed/" + realm + "_aiagentprivilege",
				"aiAgentsIdentityObjectMapping": []any{"client_id|oauth2ClientId", "client_name#en|name", "client_name|name", "client_id|name"},
			}
			oauthProvider.put(tx, realm, settings)
		}
		return nil
	})
}

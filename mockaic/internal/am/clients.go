package am

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"aicmcp/mockaic/internal/am/nodetype"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const clientKind = "OAuth2Client"

// What is stored beside the sections of a client, which hold values only: its
// secret, which attributes are taken from its group, as section/name, and what kind
// of application registered itself.
const clientSecret, inherited, applicationType = "userpassword", "inherited", "applicationType"

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

func clientType() map[string]any {
	return map[string]any{"_id": clientKind, "name": "OAuth2 Clients", "collection": true}
}

func (s *Service) serveClients(c *call) (*route.Response, error) {
	switch {
	case c.Operation == route.Query:
		return s.queryClients(c)
	case c.Operation == route.Create:
		id, _ := c.Body.(map[string]any)["_id"].(string)
		return s.writeClient(c, id)
	case c.Operation != route.Action:
		return nil, c.refused("OAuth clients")
	}
	switch c.Action {
	case "schema":
		return &route.Response{Object: clientSchema(s.clientSections)}, nil
	case "template":
		fresh := store.Object{}
		for _, section := range s.clientSections {
			fresh[section.name] = section.initial()
		}
		return &route.Response{Object: without(s.showClient(fresh), "_type")}, nil
	case "getType":
		return &route.Response{Object: clientType()}, nil
	case nextDescendents:
		var all []any
		for _, stored := range s.all(collection(c.realm, clientKind)) {
			all = append(all, s.showClient(stored))
		}
		return descendents(all...), nil
	}
	return nil, c.refused("OAuth clients")
}

func (s *Service) queryClients(c *call) (*route.Response, error) {
	documents := s.all(collection(c.realm, clientKind))
	for i := range documents {
		documents[i] = s.listClient(documents[i])
	}
	return s.countedPage(c, documents)
}

func (s *Service) serveClient(c *call) (*route.Response, error) {
	id := c.names[0]
	switch c.Operation {
	case route.Read:
		stored := s.view(collection(c.realm, clientKind), id)
		if stored == nil {
			return nil, notFound()
		}
		return &route.Response{Object: s.showClient(stored)}, nil
	case route.Create, route.Update, route.Upsert:
		return s.writeClient(c, id)
	case route.Delete:
		var before store.Object
		err := s.change(c.Context(), func(tx *store.Tx) error {
			if before = tx.Get(collection(c.realm, clientKind), id); before == nil {
				return notFound()
			}
			if err := c.checkRevision(before, "The OAuth client"); err != nil {
				return err
			}
			tx.Delete(collection(c.realm, clientKind), id)
			return nil
		})
		if err != nil {
			return nil, err
		}
		return &route.Response{Object: withPassword(s.showClient(before)), Version: c.ResourceVersion("1.0")}, nil
	case route.Action:
		if c.Action == nextDescendents {
			return descendents(), nil
		}
	}
	return nil, c.refused("an OAuth client")
}

func (s *Service) writeClient(c *call, id string) (*route.Response, error) {
	sent := c.Body.(map[string]any)
	client, err := s.readClient(without(sent, "_id", "_type"))
	if err != nil {
		return nil, err
	}
	answer := &route.Response{Version: c.ResourceVersion("1.0")}
	err = s.change(c.Context(), func(tx *store.Tx) error {
		into := collection(c.realm, clientKind)
		if id == "" {
			id = tx.NewID()
		}
		before := tx.Get(into, id)
		if before == nil && c.Operation == route.Update {
			return notFound()
		}
		if err := c.checkRevision(before, "The OAuth client"); err != nil {
			return err
		}
		if _, changed := client[clientSecret]; !changed && before[clientSecret] != nil {
			client[clientSecret] = before[clientSecret]
		}
		if before[applicationType] != nil {
			client[applicationType] = before[applicationType]
		}
		if before == nil {
			if err := checkRoom(tx, into); err != nil {
				return err
			}
			answer.Status = http.StatusCreated
			answer.Location = "/am/json/realms/root/realms/" + c.realm + "/realm-config/agents/" + clientKind + "/" + url.PathEscape(id)
		}
		answer.Object = s.showClient(put(tx, into, id, client))
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Recorded: the secret is in the answer, as null, if it was in the request.
	if core, _ := sent["coreOAuth2ClientConfig"].(map[string]any); core != nil {
		if _, named := core[clientSecret]; named {
			answer.Object = withPassword(answer.Object)
		}
	}
	return answer, nil
}

// readClient makes what is stored of what was sent, wrapped or not. Sections that
// were not sent are not made up; in those that were, what is left out gets its
// initial value, and nil is kept in the place of one.
func (s *Service) readClient(sent store.Object) (store.Object, error) {
	client := store.Object{}
	var fromGroup []any
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		at := slices.IndexFunc(s.clientSections, func(section clientSection) bool { return section.name == name })
		if at < 0 {
			return nil, s.invalidAttribute()
		}
		section := s.clientSections[at]
		attributes, ok := sent[name].(map[string]any)
		if !ok {
			return nil, crest.Errorf(http.StatusBadRequest, "Data validation failed for the attribute, %s", nodetype.Title(name))
		}
		values := section.initial()
		for _, attribute := range slices.Sorted(maps.Keys(attributes)) {
			field, known := section.field(attribute)
			if !known {
				return nil, s.invalidAttribute()
			}
			value, isInherited := unwrap(attributes[attribute])
			if value != nil {
				if err := field.check(value); err != nil {
					return nil, err
				}
			}
			if isInherited {
				fromGroup = append(fromGroup, name+"/"+attribute)
			}
			switch {
			case value == nil && values[attribute] == nil:
			case field.kind == "secret":
				client[clientSecret] = value
			default:
				values[attribute] = value
			}
		}
		client[name] = values
	}
	if fromGroup != nil {
		client[inherited] = fromGroup
	}
	return client, nil
}

// unwrap takes {"inherited": false, "value": 1} apart.
func unwrap(value any) (inner any, isInherited bool) {
	wrapper, ok := value.(map[string]any)
	if !ok {
		return value, false
	}
	if isInherited, ok = wrapper["inherited"].(bool); !ok {
		return value, false
	}
	return wrapper["value"], isInherited
}

// checkClient completes a client as a seed holds it, whose secret may be beside
// the sections.
func (s *Service) checkClient(document store.Object) (store.Object, error) {
	client, err := s.readClient(without(document, "_id", "_type", "_rev", clientSecret, inherited, applicationType))
	if err != nil {
		return nil, err
	}
	if secret, ok := document[clientSecret]; ok {
		if err := (clientField{name: clientSecret, kind: "secret"}).check(secret); err != nil {
			return nil, err
		}
		client[clientSecret] = secret
	}
	if kind, ok := document[applicationType].(string); ok {
		client[applicationType] = kind
	}
	if list, ok := document[inherited]; ok {
		if _, isList := list.([]any); !isList {
			return nil, crest.Errorf(http.StatusBadRequest, "what is %s is no array", inherited)
		}
		client[inherited] = list
	}
	return client, nil
}

func (s *Service) invalidAttribute() error {
	var valid []string
	for _, section := range s.clientSections {
		valid = append(valid, section.name)
	}
	slices.Sort(valid)
	return &crest.Error{Code: http.StatusBadRequest, Message: "Invalid attribute specified.", Detail: map[string]any{"validAttributes": valid}}
}

// initial are the values that the section of a new client has.
func (s clientSection) initial() map[string]any {
	values := map[string]any{}
	for _, field := range s.fields {
		if field.initial != nil && !field.optional {
			values[field.name] = field.initial
		}
	}
	return values
}

// showClient is a client as single reads show it: with values that tell where
// they come from, and without its secret.
func (s *Service) showClient(stored store.Object) store.Object {
	shown := without(stored, clientSecret, inherited, applicationType)
	fromGroup, _ := stored[inherited].([]any)
	for _, section := range s.clientSections {
		values, ok := stored[section.name].(map[string]any)
		if !ok {
			continue
		}
		group := map[string]any{}
		for _, field := range section.fields {
			value := values[field.name]
			switch {
			case value == nil && field.optional:
			case !section.isWrapped(field):
				group[field.name] = value
			default:
				wrapper := map[string]any{"inherited": slices.Contains(fromGroup, any(section.name+"/"+field.name))}
				if value != nil {
					wrapper["value"] = value
				}
				group[field.name] = wrapper
			}
		}
		shown[section.name] = group
	}
	shown["_type"] = clientType()
	return shown
}

// listClient is a client as lists show it: all attributes of its sections, with
// their plain values.
func (s *Service) listClient(stored store.Object) store.Object {
	shown := without(stored, clientSecret, inherited, applicationType)
	for _, section := range s.clientSections {
		values, ok := stored[section.name].(map[string]any)
		if !ok {
			continue
		}
		group := map[string]any{}
		for _, field := range section.fields {
			switch value, set := values[field.name]; {
			case set:
				group[field.name] = value
			case field.optional && !field.newer:
				group[field.name] = field.initial
			case !field.newer:
				group[field.name] = nil
			}
		}
		shown[section.name] = group
	}
	shown["_type"] = clientType()
	return shown
}

func withPassword(shown store.Object) store.Object {
	if core, ok := shown["coreOAuth2ClientConfig"].(map[string]any); ok {
		core[clientSecret] = nil
	}
	return shown
}

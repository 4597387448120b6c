package am

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const (
	scriptKind = "scripts"
	// scriptVersion is what answers, whatever version is asked for.
	scriptVersion = "1.1"
	// nobody is how AM shows an author that it does not know.
	nobody = "null"
)

// sentOfScript are the members that a client sets.
var sentOfScript = []string{"name", "description", "script", "language", "context", "evaluatorVersion"}

// checkScript keeps what a script has, and completes it.
func checkScript(sent store.Object) (store.Object, error) {
	script := store.Object{"description": nil, "createdBy": nobody, "lastModifiedBy": nobody, "creationDate": json.Number("0"), "lastModifiedDate": json.Number("0")}
	for _, name := range append(slices.Clone(sentOfScript), "createdBy", "creationDate", "lastModifiedBy", "lastModifiedDate") {
		if value, ok := sent[name]; ok {
			script[name] = value
		}
	}
	for _, name := range []string{"name", "script", "language", "context"} {
		if text, _ := script[name].(string); text == "" {
			return nil, scriptError(http.StatusBadRequest, "The script needs the attribute %s", name)
		}
	}
	if text, isText := script["description"].(string); script["description"] != nil && !isText {
		return nil, scriptError(http.StatusBadRequest, "The description %s of the script is no text", text)
	}
	if _, err := base64.StdEncoding.DecodeString(script["script"].(string)); err != nil {
		return nil, scriptError(http.StatusBadRequest, "The script could not be decoded: it is not in base64")
	}
	known, ok := findContext(script["context"].(string))
	if !ok {
		return nil, scriptError(http.StatusBadRequest, "Script context %s is not recognised", script["context"])
	}
	if script["language"] != "JAVASCRIPT" && script["language"] != "GROOVY" {
		return nil, scriptError(http.StatusBadRequest, "Script language %s is not supported", script["language"])
	}
	if version, _ := script["evaluatorVersion"].(string); version == "" {
		script["evaluatorVersion"] = known.evaluators[0]
	}
	return script, nil
}

// showScript is a script as reads show it: without a revision, and with default
// telling whether it came with the tenant.
func showScript(stored store.Object) store.Object {
	shown := without(stored, "_rev")
	shown["default"] = isShipped(stored["_id"].(string))
	return shown
}

func (s *Service) serveScripts(c *call) (*route.Response, error) {
	switch c.Operation {
	case route.Create:
		return s.writeScript(c, "")
	case route.Query:
		documents := s.all(collection(c.realm, scriptKind))
		for i := range documents {
			documents[i] = showScript(documents[i])
		}
		return s.lastPage(c, documents, scriptVersion)
	}
	return nil, c.refused("scripts")
}

func (s *Service) serveScript(c *call) (*route.Response, error) {
	id := c.names[0]
	switch c.Operation {
	case route.Read:
		if isInternal(id) {
			return nil, unavailable()
		}
		stored := s.view(collection(c.realm, scriptKind), id)
		if stored == nil {
			return nil, noScriptError(c.realm, id)
		}
		return &route.Response{Object: showScript(stored), Version: scriptVersion}, nil
	case route.Create, route.Update, route.Upsert:
		return s.writeScript(c, id)
	case route.Delete:
		err := s.change(c.Context(), func(tx *store.Tx) error { return deleteScript(c, tx, id) })
		return &route.Response{Object: store.Object{"_id": id}, Version: scriptVersion}, err
	}
	return nil, c.refused("a script")
}

func noScriptError(realm, id string) error {
	return scriptError(http.StatusNotFound, "Script with UUID %s could not be found in realm /%s", id, realm)
}

// scriptError is an error that tells the version of what answers.
func scriptError(status int, format string, args ...any) error {
	return &route.Refusal{Err: crest.Errorf(status, format, args...), Version: scriptVersion}
}

// writeScript creates or replaces a script. Its answer calls no script a default
// one, and has a revision only if the script is new.
func (s *Service) writeScript(c *call, id string) (answer *route.Response, err error) {
	sent := c.Body.(map[string]any)
	if id == "" {
		id, _ = sent["_id"].(string)
	}
	if isInternal(id) {
		return nil, unavailable()
	}
	own := maps.Clone(sent)
	for _, name := range []string{"createdBy", "creationDate", "lastModifiedBy", "lastModifiedDate"} {
		delete(own, name)
	}
	script, err := checkScript(own)
	if err != nil {
		return nil, err
	}
	answer = &route.Response{Version: scriptVersion}
	err = s.change(c.Context(), func(tx *store.Tx) error {
		into := collection(c.realm, scriptKind)
		if id == "" {
			id = tx.NewID()
		}
		before := tx.Get(into, id)
		switch {
		case before == nil && c.Operation == route.Update:
			return noScriptError(c.realm, id)
		case before != nil && c.Operation == route.Create:
			return scriptError(http.StatusConflict, "Script with UUID %s already exist in realm /%s", id, c.realm)
		case nameIsTaken(tx, into, id, script["name"]):
			return scriptError(http.StatusConflict, "Script with name %s already exist in realm /%s", script["name"], c.realm)
		}
		if err := c.checkRevision(before, "The script"); err != nil {
			return err
		}
		s.sign(c, script, before)
		if before == nil {
			if err := checkRoom(tx, into); err != nil {
				return err
			}
			answer.Status, answer.Location = http.StatusCreated, "/am/json/realms/root/realms/"+c.realm+"/scripts/"+url.PathEscape(id)
		}
		answer.Object = put(tx, into, id, script)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if answer.Status == 0 {
		answer.Object = without(answer.Object, "_rev")
	}
	answer.Object = maps.Clone(answer.Object)
	answer.Object["default"] = false
	return answer, nil
}

// sign notes who writes a script, and when.
func (s *Service) sign(c *call, script, before store.Object) {
	author := nobody
	if c.Caller.ID != "" {
		author = route.UniversalID(c.Caller.ID)
	}
	now := json.Number(strconv.FormatInt(s.options.Now().UnixMilli(), 10))
	script["lastModifiedBy"], script["lastModifiedDate"] = author, now
	script["createdBy"], script["creationDate"] = author, now
	if before != nil {
		script["createdBy"], script["creationDate"] = before["createdBy"], before["creationDate"]
	}
}

func nameIsTaken(tx *store.Tx, into, id string, name any) bool {
	for _, record := range tx.Collection(into).Ascend(0, "") {
		other, _ := record.Member("_id")
		taken, _ := record.Member("name")
		if other != id && taken == name {
			return true
		}
	}
	return false
}

func deleteScript(c *call, tx *store.Tx, id string) error {
	from := collection(c.realm, scriptKind)
	before := tx.Get(from, id)
	switch {
	case isInternal(id):
		return unavailable()
	case before == nil:
		return noScriptError(c.realm, id)
	case isShipped(id):
		return scriptError(http.StatusConflict, "Script with UUID %s is a default script and can not be deleted", id)
	}
	if err := c.checkRevision(before, "The script"); err != nil {
		return err
	}
	if places := countUses(tx, c.realm, id); places > 0 {
		return scriptError(http.StatusConflict, "Script with UUID %s can not be deleted as it is being used in %d place(s)", id, places)
	}
	tx.Delete(from, id)
	return nil
}

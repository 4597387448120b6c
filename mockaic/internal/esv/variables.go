package esv

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/store"
)

const (
	variables      = "esv/variables"
	variableSchema = "esvVariableCreateUpdateRequest"
	// maxCount bounds variables and secrets, each; inferred.
	maxCount = 2000
)

var noVariable = refuse(http.StatusNotFound, "The variable does not exist")

func (s *Service) serveVariables(q *request) (answer, error) {
	switch {
	case len(q.path) == 0 && q.Method == http.MethodGet:
		return s.list(q, variables)
	case len(q.path) != 1:
		return nil, notFound(q.Request)
	}
	id := q.path[0]
	if err := checkID("variableId", id); err != nil {
		return nil, err
	}
	var result answer
	err := s.transact(q, func(tx *store.Tx) (err error) {
		before := tx.Get(variables, id)
		switch {
		case q.Method == http.MethodPut:
			result, err = s.putVariable(tx, q, id, before)
		case before == nil:
			err = noVariable
		case q.Method == http.MethodGet:
			result = shown(before)
		case q.Method == http.MethodDelete:
			if err = s.unused(tx, id, "variable"); err == nil {
				tx.Delete(variables, id)
				result = shown(before)
			}
		case q.Method == http.MethodPost && q.action() == "setDescription":
			err = s.setDescription(tx, q, variables, before)
		default:
			err = notFound(q.Request)
		}
		return err
	})
	return result, err
}

// shown is a stored object as the API shows it.
func shown(object store.Object) store.Object {
	delete(object, "_rev")
	delete(object, loading)
	return object
}

func (s *Service) putVariable(tx *store.Tx, q *request, id string, before store.Object) (answer, error) {
	body, err := q.body()
	if err != nil {
		return nil, err
	}
	encoded, err := text(body, variableSchema, "valueBase64", true)
	if err != nil {
		return nil, err
	}
	kind, err := text(body, variableSchema, "expressionType", false)
	if err != nil {
		return nil, err
	}
	about, err := description(body, variableSchema)
	if err != nil {
		return nil, err
	}
	if kind != "" && !slices.Contains(expressionTypes, kind) {
		return nil, misfit(variableSchema, "expressionType", fmt.Sprintf("value is not one of the allowed values [%s]", `"`+strings.Join(expressionTypes, `","`)+`"`))
	}
	switch {
	case before == nil && kind == "":
		return nil, refuse(http.StatusBadRequest, "Variable type required; expressionType cannot be empty when creating new variables")
	case before == nil && tx.Len(variables) >= maxCount:
		return nil, refuse(http.StatusBadRequest, fmt.Sprintf("The environment has the maximum of %d variables", maxCount))
	case before != nil && kind == "":
		kind, _ = before["expressionType"].(string)
	case before != nil && kind != before["expressionType"]:
		return nil, refuse(http.StatusBadRequest, "Changing the type of an existing variable is not permitted")
	}
	value, err := decode(encoded)
	if err != nil {
		return nil, err
	}
	if err := checkType(kind, value); err != nil {
		return nil, err
	}
	return shown(tx.Put(variables, id, store.Object{
		"description": about, "expressionType": kind, "valueBase64": encoded, "loaded": false,
		"lastChangeDate": timestamp(s.options.Now()), "lastChangedBy": q.caller.Name,
	})), nil
}

// setDescription changes nothing that has to be loaded.
func (s *Service) setDescription(tx *store.Tx, q *request, collection string, before store.Object) error {
	body, err := q.body()
	if err != nil {
		return err
	}
	if _, given := body["description"]; !given {
		return misfit("esvSetDescriptionRequest", "description", `property "description" is missing`)
	}
	about, err := description(body, "esvSetDescriptionRequest")
	if err != nil {
		return err
	}
	id := before["_id"].(string)
	before["description"], before["lastChangeDate"], before["lastChangedBy"] = about, timestamp(s.options.Now()), q.caller.Name
	tx.Put(collection, id, before)
	return nil
}

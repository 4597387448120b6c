package esv

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"aicmcp/mockaic/internal/store"
)

// Data is all variables and secrets, as seeds hold them. A secret has its
// versions, and they their values, which the API never shows.
type Data struct{ Variables, Secrets []store.Object }

// author is who made what a seed does not say the author of.
const author = "seed"

// Import adds variables and secrets. What they leave out is as for one that was
// made and loaded.
func (s *Service) Import(data Data) error {
	return s.options.Store.Change(func(tx *store.Tx) error {
		for _, given := range data.Variables {
			if err := s.importVariable(tx, given); err != nil {
				return fmt.Errorf("variable %v: %w", given["_id"], err)
			}
		}
		for _, given := range data.Secrets {
			if err := s.importSecret(tx, given); err != nil {
				return fmt.Errorf("secret %v: %w", given["_id"], err)
			}
		}
		return nil
	})
}

func (s *Service) importVariable(tx *store.Tx, given store.Object) error {
	id, _ := given["_id"].(string)
	if err := checkID("_id", id); err != nil {
		return err
	}
	switch {
	case tx.Get(variables, id) != nil:
		return errors.New("there are two of that name")
	case tx.Len(variables) >= maxCount:
		return fmt.Errorf("there are more than %d", maxCount)
	}
	variable := store.Object{
		"description": "", "loaded": true, "lastChangeDate": timestamp(s.options.Now()), "lastChangedBy": author,
		"expressionType": "string", "valueBase64": "",
	}
	if err := fill(variable, given); err != nil {
		return err
	}
	kind := variable["expressionType"].(string)
	if kind != "" && !slices.Contains(expressionTypes, kind) {
		return fmt.Errorf("the expressionType %q is none of %q", kind, expressionTypes)
	}
	value, err := decode(variable["valueBase64"].(string))
	if err == nil {
		err = checkType(kind, value)
	}
	if err != nil {
		return err
	}
	tx.Put(variables, id, variable)
	return nil
}

// fill puts what is given in the place of the defaults, which tell what there can
// be and of which type.
func fill(defaults, given store.Object) error {
	for name, value := range given {
		if name == "_id" {
			continue
		}
		before, known := defaults[name]
		if !known {
			return fmt.Errorf("there is no member %s", name)
		}
		if reflect.TypeOf(before) != reflect.TypeOf(value) {
			return fmt.Errorf("%s must be like %#v", name, before)
		}
		defaults[name] = value
	}
	if about, described := defaults["description"].(string); described && len(about) > maxDescription {
		return fmt.Errorf("the description is longer than %d bytes", maxDescription)
	}
	for _, name := range []string{"lastChangeDate", "createDate"} {
		if text, dated := defaults[name].(string); dated {
			if _, err := time.Parse(time.RFC3339, text); err != nil {
				return fmt.Errorf("%s must be a time such as 2026-06-01T12:00:00Z", name)
			}
		}
	}
	return nil
}

func (s *Service) importSecret(tx *store.Tx, given store.Object) error {
	id, _ := given["_id"].(string)
	if err := checkID("_id", id); err != nil {
		return err
	}
	switch {
	case tx.Get(secrets, id) != nil:
		return errors.New("there are two of that name")
	case tx.Len(secrets) >= maxCount:
		return fmt.Errorf("there are more than %d", maxCount)
	}
	list, _ := given["versions"].([]any)
	if len(list) == 0 || len(list) > maxVersions {
		return fmt.Errorf("versions must be an array of 1 to %d versions", maxVersions)
	}
	newest := strconv.Itoa(len(list))
	secret := store.Object{
		"description": "", "encoding": "generic", "useInPlaceholders": true,
		"activeVersion": newest, "loaded": true, "loadedVersion": newest,
		"lastChangeDate": timestamp(s.options.Now()), "lastChangedBy": author,
	}
	rest := maps.Clone(given)
	delete(rest, "versions")
	if err := fill(secret, rest); err != nil {
		return err
	}
	loaded := secret["loadedVersion"]
	number, err := strconv.Atoi(loaded.(string))
	switch {
	case secret["activeVersion"] != newest:
		return fmt.Errorf("the activeVersion must be the newest, %s", newest)
	case loaded != "" && (err != nil || number < 1 || number > len(list)):
		return fmt.Errorf("there is no version %s to be the loadedVersion", loaded)
	case secret["loaded"] != (loaded == newest):
		return errors.New("it is loaded if the loadedVersion is the active one")
	}
	encoding := secret["encoding"].(string)
	if !slices.Contains(encodings, encoding) {
		return fmt.Errorf("the encoding %q is none of %q", encoding, encodings)
	}
	for i, element := range list {
		number := strconv.Itoa(i + 1)
		if err := s.importVersion(tx, id, number, encoding, element, secret["loadedVersion"] == number); err != nil {
			return fmt.Errorf("version %s: %w", number, err)
		}
	}
	if tx.Get(versions(id), newest)["status"] != enabled {
		return errors.New("the newest version must be " + enabled)
	}
	tx.Put(secrets, id, secret)
	return nil
}

func (s *Service) importVersion(tx *store.Tx, id, number, encoding string, element any, loaded bool) error {
	given, ok := element.(map[string]any)
	if !ok {
		return errors.New("not an object")
	}
	version := store.Object{
		"version": number, "status": enabled, "loaded": loaded, "createDate": timestamp(s.options.Now()), "valueBase64": "",
	}
	if err := fill(version, given); err != nil {
		return err
	}
	status := version["status"]
	if version["version"] != number || status != enabled && status != disabled && status != destroyed {
		return fmt.Errorf("versions must count from 1, with a status that is %s, %s or %s", enabled, disabled, destroyed)
	}
	encoded := version["valueBase64"].(string)
	delete(version, "valueBase64")
	if status != destroyed {
		value, err := decode(encoded)
		if err == nil {
			err = checkEncoding(encoding, value)
		}
		if err != nil {
			return err
		}
		tx.Put(secretValues, id+"/"+number, store.Object{"valueBase64": encoded})
	}
	tx.Put(versions(id), number, version)
	return nil
}

// Export returns what Import takes, in the order of names. Values that wait for
// a restart still do after it; a restart that is under way is not in it.
func (s *Service) Export(tx *store.Tx) Data {
	var data Data
	for _, variable := range tx.All(variables) {
		data.Variables = append(data.Variables, shown(variable))
	}
	for _, secret := range tx.All(secrets) {
		id := secret["_id"].(string)
		var list []any
		for _, version := range sortedVersions(tx, id) {
			number := version["_id"].(string)
			if value := tx.Get(secretValues, id+"/"+number); value != nil {
				version["valueBase64"] = value["valueBase64"]
			}
			list = append(list, map[string]any(shownVersion(version)))
		}
		secret["versions"] = list
		data.Secrets = append(data.Secrets, shown(secret))
	}
	byID := func(a, b store.Object) int { return cmp.Compare(a["_id"].(string), b["_id"].(string)) }
	slices.SortFunc(data.Variables, byID)
	slices.SortFunc(data.Secrets, byID)
	return data
}

// sortedVersions are those of a secret, oldest first.
func sortedVersions(tx *store.Tx, id string) []store.Object {
	all := tx.All(versions(id))
	slices.SortFunc(all, func(a, b store.Object) int { return number(a) - number(b) })
	return all
}

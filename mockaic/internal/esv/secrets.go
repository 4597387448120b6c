package esv

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"aicmcp/mockaic/internal/store"
)

const (
	secrets      = "esv/secrets"
	secretSchema = "esvSecretCreateRequest"
	// secretValues keeps what never comes back, apart from what does.
	secretValues = "private/esv/secrets"
)

// The states of a version. The newest is always enabled, so it is the active one.
const (
	enabled   = "ENABLED"
	disabled  = "DISABLED"
	destroyed = "DESTROYED"
)

// versions is the collection of a secret's versions. Their identifiers count
// from 1.
func versions(id string) string { return "esv/secrets/" + id }

// maxVersions bounds the versions of a secret; inferred.
const maxVersions = 1000

var (
	noSecret  = refuse(http.StatusNotFound, "The secret does not exist or does not have a version")
	noVersion = refuse(http.StatusNotFound, "Failed to get secret version")
)

func (s *Service) serveSecrets(q *request) (answer, error) {
	if len(q.path) == 0 && q.Method == http.MethodGet {
		return s.list(q, secrets)
	}
	if len(q.path) == 0 || len(q.path) > 3 || len(q.path) > 1 && q.path[1] != "versions" {
		return nil, notFound(q.Request)
	}
	id := q.path[0]
	if err := checkID("secretId", id); err != nil {
		return nil, err
	}
	var result answer
	err := s.transact(q, func(tx *store.Tx) (err error) {
		secret := tx.Get(secrets, id)
		switch len(q.path) {
		case 1:
			result, err = s.serveSecret(tx, q, id, secret)
		case 2:
			result, err = s.serveVersions(tx, q, id, secret)
		default:
			result, err = s.serveVersion(tx, q, id, secret, q.path[2])
		}
		return err
	})
	return result, err
}

func (s *Service) serveSecret(tx *store.Tx, q *request, id string, secret store.Object) (answer, error) {
	switch {
	case q.Method == http.MethodPut:
		return s.createSecret(tx, q, id, secret)
	case secret == nil:
		return nil, noSecret
	case q.Method == http.MethodGet:
		return shown(secret), nil
	case q.Method == http.MethodDelete:
		if err := s.unused(tx, id, "secret"); err != nil {
			return nil, err
		}
		for _, version := range tx.All(versions(id)) {
			number := version["_id"].(string)
			tx.Delete(versions(id), number)
			tx.Delete(secretValues, id+"/"+number)
		}
		tx.Delete(secrets, id)
		return shown(secret), nil
	case q.Method == http.MethodPost && q.action() == "setDescription":
		return nil, s.setDescription(tx, q, secrets, secret)
	}
	return nil, notFound(q.Request)
}

// createSecret answers PUT, which makes a new secret only: later values are
// versions.
func (s *Service) createSecret(tx *store.Tx, q *request, id string, before store.Object) (answer, error) {
	body, err := q.body()
	if err != nil {
		return nil, err
	}
	encoded, err := text(body, secretSchema, "valueBase64", true)
	if err != nil {
		return nil, err
	}
	encoding, err := text(body, secretSchema, "encoding", false)
	if err != nil {
		return nil, err
	}
	about, err := description(body, secretSchema)
	if err != nil {
		return nil, err
	}
	placeholders, given := body["useInPlaceholders"].(bool)
	switch {
	case !given && body["useInPlaceholders"] == nil:
		return nil, misfit(secretSchema, "useInPlaceholders", `property "useInPlaceholders" is missing`)
	case !given:
		return nil, misfit(secretSchema, "useInPlaceholders", "value must be a boolean")
	case encoding == "":
		encoding = "generic"
	case !slices.Contains(encodings, encoding):
		// Recorded, the code that is no status included.
		return nil, &refusal{http.StatusUnprocessableEntity, 606, "encoding in body should be one of [generic pem base64hmac]"}
	}
	if before != nil {
		return nil, refuse(http.StatusBadRequest, "Failed to create secret, the secret already exists")
	}
	if tx.Len(secrets) >= maxCount {
		return nil, refuse(http.StatusBadRequest, fmt.Sprintf("The environment has the maximum of %d secrets", maxCount))
	}
	value, err := decode(encoded)
	if err != nil {
		return nil, err
	}
	if err := checkEncoding(encoding, value); err != nil {
		return nil, err
	}
	secret := store.Object{"description": about, "encoding": encoding, "useInPlaceholders": placeholders, "loaded": false, "loadedVersion": ""}
	s.addVersion(tx, id, secret, encoded)
	return s.putSecret(tx, q, id, secret), nil
}

// addVersion makes the next version of a secret, which is its active one. What no
// placeholder uses needs no restart (recorded, as is that such a version is not
// called loaded).
func (s *Service) addVersion(tx *store.Tx, id string, secret store.Object, encoded string) store.Object {
	number := strconv.Itoa(tx.Len(versions(id)) + 1)
	version := tx.Put(versions(id), number, store.Object{
		"createDate": timestamp(s.options.Now()), "loaded": false, "status": enabled, "version": number,
	})
	tx.Put(secretValues, id+"/"+number, store.Object{"valueBase64": encoded})
	secret["activeVersion"], secret["loaded"] = number, false
	if secret["useInPlaceholders"] == false {
		secret["loaded"], secret["loadedVersion"] = true, number
	}
	return version
}

func (s *Service) putSecret(tx *store.Tx, q *request, id string, secret store.Object) store.Object {
	secret["lastChangeDate"], secret["lastChangedBy"] = timestamp(s.options.Now()), q.caller.Name
	return shown(tx.Put(secrets, id, secret))
}

func (s *Service) serveVersions(tx *store.Tx, q *request, id string, secret store.Object) (answer, error) {
	switch {
	case q.Method == http.MethodGet && secret == nil:
		return nil, noSecret
	case q.Method == http.MethodGet:
		list := []any{}
		for _, version := range slices.Backward(sortedVersions(tx, id)) {
			list = append(list, shownVersion(version))
		}
		return list, nil
	case q.Method != http.MethodPost || q.action() != "create":
		return nil, notFound(q.Request)
	case secret == nil:
		return nil, refuse(http.StatusNotFound, "Failed to create secret version")
	}
	body, err := q.body()
	if err != nil {
		return nil, err
	}
	encoded, err := text(body, "esvSecretVersionCreateRequest", "valueBase64", true)
	if err != nil {
		return nil, err
	}
	value, err := decode(encoded)
	if err != nil {
		return nil, err
	}
	encoding, _ := secret["encoding"].(string)
	if checkEncoding(encoding, value) != nil {
		return nil, refuse(http.StatusInternalServerError, "Failed to create secret version")
	}
	if tx.Len(versions(id)) >= maxVersions {
		return nil, refuse(http.StatusBadRequest, fmt.Sprintf("The secret has the maximum of %d versions", maxVersions))
	}
	version := s.addVersion(tx, id, secret, encoded)
	s.putSecret(tx, q, id, secret)
	return shownVersion(version), nil
}

func number(version store.Object) int {
	n, _ := strconv.Atoi(version["_id"].(string))
	return n
}

func shownVersion(version store.Object) store.Object {
	delete(version, "_id")
	delete(version, "_rev")
	return version
}

func (s *Service) serveVersion(tx *store.Tx, q *request, id string, secret store.Object, which string) (answer, error) {
	version := tx.Get(versions(id), which)
	newest := strconv.Itoa(tx.Len(versions(id)))
	switch {
	case q.Method == http.MethodGet && version == nil:
		return nil, noVersion
	case q.Method == http.MethodGet:
		return shownVersion(version), nil
	case q.Method == http.MethodPost && q.action() == "changestatus":
		if secret == nil || version == nil {
			return nil, noSecret
		}
		return s.changeStatus(tx, q, id, secret, version, which == newest)
	case q.Method != http.MethodDelete:
		return nil, notFound(q.Request)
	case secret == nil || version == nil:
		return nil, noSecret
	case which == newest, version["status"] == destroyed:
		// Recorded without what was wrong with the version.
		return nil, refuse(http.StatusInternalServerError, "Failed to delete secret version")
	}
	version["status"] = destroyed
	stored := tx.Put(versions(id), which, version)
	tx.Delete(secretValues, id+"/"+which)
	s.putSecret(tx, q, id, secret)
	return shownVersion(stored), nil
}

func (s *Service) changeStatus(tx *store.Tx, q *request, id string, secret, version store.Object, newest bool) (answer, error) {
	const schema = "esvSecretVersionStatusRequest"
	body, err := q.body()
	if err != nil {
		return nil, err
	}
	status, err := text(body, schema, "status", true)
	if err != nil {
		return nil, err
	}
	switch {
	case status != enabled && status != disabled:
		return nil, misfit(schema, "status", `value is not one of the allowed values ["ENABLED","DISABLED"]`)
	case version["status"] == destroyed:
		return nil, refuse(http.StatusBadRequest, "Cannot change the status of a destroyed secret version")
	case newest && status == disabled:
		return nil, refuse(http.StatusBadRequest, "Cannot disable latest secret version")
	}
	version["status"] = status
	stored := tx.Put(versions(id), version["_id"].(string), version)
	s.putSecret(tx, q, id, secret)
	return shownVersion(stored), nil
}

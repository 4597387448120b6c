package esv

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"aicmcp/mockaic/internal/crest"
)

const (
	// maxValue is the size of a value in bytes (documented).
	maxValue = 65535
	// maxDescription is what a description may have; inferred.
	maxDescription = 1024
	idPattern      = `^esv-[a-z0-9_-]{1,124}$`
)

var validID = regexp.MustCompile(idPattern)

// checkID answers as the gateway in front of the API does.
func checkID(parameter, id string) error {
	if !validID.MatchString(id) {
		return refuse(http.StatusBadRequest, fmt.Sprintf("parameter %q in path has an error: string doesn't match the regular expression %q", parameter, idPattern))
	}
	return nil
}

// expressionTypes are in the order in which the gateway lists them.
var expressionTypes = []string{"string", "list", "array", "object", "bool", "int", "number", "base64encodedinlined", "keyvaluelist"}

// body decodes a request's JSON object.
func (q *request) body() (map[string]any, error) {
	value, err := crest.DecodeJSON(q.sent)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "request body has an error: failed to decode request body: "+err.Error())
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, refuse(http.StatusBadRequest, "request body has an error: value must be an object")
	}
	return object, nil
}

// text returns a string member of a body. schema names the body in messages.
func text(body map[string]any, schema, name string, required bool) (string, error) {
	value, given := body[name]
	if !given {
		if required {
			return "", misfit(schema, name, fmt.Sprintf("property %q is missing", name))
		}
		return "", nil
	}
	s, ok := value.(string)
	if !ok {
		return "", misfit(schema, name, "value must be a string")
	}
	return s, nil
}

func misfit(schema, name, why string) error {
	return refuse(http.StatusBadRequest, fmt.Sprintf("request body has an error: doesn't match schema #/components/schemas/%s: Error at \"/%s\": %s", schema, name, why))
}

func description(body map[string]any, schema string) (string, error) {
	s, err := text(body, schema, "description", false)
	if err == nil && len(s) > maxDescription {
		err = misfit(schema, "description", fmt.Sprintf("maximum string length is %d", maxDescription))
	}
	return s, err
}

// decode returns what a valueBase64 holds.
func decode(encoded string) ([]byte, error) {
	// The decoder would skip line breaks, of which there might be any number.
	value, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return nil, refuse(http.StatusBadRequest, "valueBase64 must be encoded in base64")
	}
	if len(value) > maxValue {
		return nil, refuse(http.StatusBadRequest, fmt.Sprintf("The value is too large: the maximum is %d bytes", maxValue))
	}
	return value, nil
}

// checkType tells whether a variable's value is one of its type. That a tenant
// checks it is inferred.
func checkType(kind string, value []byte) error {
	s := strings.TrimSpace(string(value))
	ok := true
	switch kind {
	case "bool":
		ok = s == "true" || s == "false"
	case "int":
		_, err := strconv.ParseInt(s, 10, 64)
		ok = err == nil
	case "number":
		_, err := strconv.ParseFloat(s, 64)
		ok = err == nil && json.Valid([]byte(s))
	case "array":
		var list []any
		ok = json.Unmarshal(value, &list) == nil && list != nil
	case "object", "keyvaluelist":
		var object map[string]any
		ok = json.Unmarshal(value, &object) == nil && object != nil
	case "base64encodedinlined":
		_, err := base64.StdEncoding.DecodeString(s)
		ok = err == nil
	}
	if !ok {
		return refuse(http.StatusBadRequest, "The value is not a valid "+kind)
	}
	return nil
}

// encodings are those of secrets.
var encodings = []string{"generic", "pem", "base64hmac", "base64aes"}

// checkEncoding tells whether a secret's value has its encoding.
func checkEncoding(encoding string, value []byte) error {
	ok := true
	switch encoding {
	case "pem":
		block, _ := pem.Decode(value)
		ok = block != nil || strings.Contains(string(value), "-----BEGIN ") && strings.Contains(string(value), "-----END ")
	case "base64hmac", "base64aes":
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(value)))
		ok = err == nil && len(key) > 0
		if encoding == "base64aes" {
			ok = ok && slices.Contains([]int{16, 24, 32}, len(key))
		}
	}
	if !ok {
		return refuse(http.StatusInternalServerError, "Failed to create secret")
	}
	return nil
}

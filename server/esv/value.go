package esv

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// expressionTypes are those that a variable can have. Variables that are older
// than types have none, and are strings.
var expressionTypes = []any{"string", "bool", "int", "number", "array", "object", "list", "keyvaluelist", "base64encodedinlined"}

// maxValue is the tenant's limit, in bytes.
const maxValue = 65535

// number is a JSON number.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// decode returns the value that a variable's valueBase64 holds, as its type has
// it. One that is not what its type says comes as it is, with a note.
func decode(kind, encoded string) (value any, note string) {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return encoded, "The tenant's answer is not base64; this is what it holds."
	}
	if !utf8.Valid(data) {
		return encoded, "The value is not text: this is its base64."
	}
	text := string(data)
	if value, ok := parse(kind, text); ok {
		return value, ""
	}
	return text, "The value is not what its type says: this is its text."
}

// parse reads a stored text as a value of the type.
func parse(kind, text string) (any, bool) {
	trimmed := strings.TrimSpace(text)
	switch kind {
	case "bool":
		return trimmed == "true", trimmed == "true" || trimmed == "false"
	case "int":
		_, err := strconv.ParseInt(trimmed, 10, 64)
		return json.Number(trimmed), err == nil && number.MatchString(trimmed)
	case "number":
		// Beyond a float's range it would be no number to the tenant.
		_, err := strconv.ParseFloat(trimmed, 64)
		return json.Number(trimmed), err == nil && number.MatchString(trimmed)
	case "array":
		var list []any
		return list, rest.Decode([]byte(text), &list) == nil && list != nil
	case "object", "keyvaluelist":
		var object map[string]any
		return object, rest.Decode([]byte(text), &object) == nil && object != nil
	case "list":
		if text == "" {
			return []string{}, true
		}
		return strings.Split(text, ","), true
	case "base64encodedinlined":
		_, err := base64.StdEncoding.DecodeString(trimmed)
		return text, err == nil && !strings.ContainsAny(trimmed, "\r\n") // which the decoder skips
	}
	return text, true
}

// encode returns the text of a value for a variable of the type. A string is
// taken for what it holds where the type leaves no doubt: some clients write
// every value as one.
func encode(kind string, value any) (string, error) {
	text, err := textOf(kind, value)
	if err != nil {
		return "", err
	}
	if len(text) > maxValue {
		return "", tooLong(len(text))
	}
	return text, nil
}

func textOf(kind string, value any) (string, error) {
	text, isText := value.(string)
	switch kind {
	case "", "string":
		if !isText {
			return "", misfit("is " + kindOf(value) + ", not a string: write it in quotes")
		}
		return text, nil
	case "list":
		if isText {
			return text, nil
		}
		return joined(value)
	}
	if !isText {
		data, err := rest.Encode(value)
		if err != nil {
			return "", fmt.Errorf("encode value: %w", err)
		}
		text = string(data)
	}
	if _, ok := parse(kind, text); !ok || kind == "base64encodedinlined" && !isText {
		return "", misfit("is " + kindOf(value) + " that is not " + described(kind))
	}
	return strings.TrimSpace(text), nil
}

// joined writes an array as a list, whose elements commas separate.
func joined(value any) (string, error) {
	elements, ok := value.([]any)
	if !ok {
		return "", misfit("is " + kindOf(value) + ", not " + described("list"))
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		s, ok := e.(string)
		if !ok || strings.Contains(s, ",") || s == "" && len(elements) == 1 {
			return "", misfit(fmt.Sprintf("cannot be a list: element %d is not a string, has a comma, or is empty and alone; the type array has no such limits", i))
		}
		texts[i] = s
	}
	return strings.Join(texts, ","), nil
}

func described(kind string) string {
	switch kind {
	case "bool":
		return "a bool: true or false"
	case "int":
		return "an int: a whole number of at most 64 bits"
	case "number":
		return "a number"
	case "array":
		return "a JSON array"
	case "list":
		return "a list: an array of strings, or one string with commas"
	case "base64encodedinlined":
		return "base64 text"
	}
	return "a JSON object, as the type " + kind + " asks for"
}

// kindOf says what a value is. Messages do not repeat it: it may be a secret that
// was meant for another place.
func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case bool:
		return "a bool"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	}
	return "a number"
}

func tooLong(size int) error {
	return misfit(fmt.Sprintf("takes %d bytes, more than the %d that a variable holds", size, maxValue))
}

func misfit(message string) error {
	return tool.Invalid("value", message, "Correct value, or type if the variable is new. The variable was not changed.")
}

// cut shortens a value for a list.
func cut(value any, most int) (any, bool) {
	text, isText := value.(string)
	if !isText {
		data, err := rest.Encode(value)
		if err != nil {
			return nil, true
		}
		text = string(data)
	}
	if len(text) <= most {
		return value, false
	}
	return strings.ToValidUTF8(text[:most], "") + "…", true
}

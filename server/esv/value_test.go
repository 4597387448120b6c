package esv

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

func TestValuesAreReadAsTheirTypesHaveThem(t *testing.T) {
	for _, tc := range []struct{ kind, text, want string }{
		{"string", "a\n\"b\"", `"a\n\"b\""`},
		{"string", "42", `"42"`},
		{"", "x", `"x"`},
		{"string", "", `""`},
		{"bool", "true", `true`},
		{"bool", " false\n", `false`},
		{"int", "9007199254740993", `9007199254740993`},
		{"int", "-0", `-0`},
		{"number", "1.50", `1.50`},
		{"number", "-2e10", `-2e10`},
		{"array", `["a",1.0,null]`, `["a",1.0,null]`},
		{"array", `[]`, `[]`},
		{"object", `{"n":12345678901234567890}`, `{"n":12345678901234567890}`},
		{"keyvaluelist", `{"a":"b"}`, `{"a":"b"}`},
		{"list", "a,b, c,", `["a","b"," c",""]`},
		{"list", "", `[]`},
		{"base64encodedinlined", "aGk=", `"aGk="`},
		{"something new", "x", `"x"`},
	} {
		value, note := decode(tc.kind, base64.StdEncoding.EncodeToString([]byte(tc.text)))
		if got, err := rest.Encode(value); err != nil || string(got) != tc.want || note != "" {
			t.Errorf("%s %q is %s, %q, %v", tc.kind, tc.text, got, note, err)
		}
	}
}

func TestValuesThatAreNotWhatTheirTypeSaysAreText(t *testing.T) {
	for kind, texts := range map[string][]string{
		"bool":                 {"", "TRUE", "1"},
		"int":                  {"", "+5", "007", "1.0", "9223372036854775808", "0x10", "1_000", "NaN"},
		"number":               {"", ".5", "Infinity", "1e999", "0x1p4", "1,5"},
		"array":                {"", "null", "{}", "[1] [2]", "[1"},
		"object":               {"", "null", "[]", `{"a":}`},
		"keyvaluelist":         {"a=b"},
		"base64encodedinlined": {"a"},
	} {
		for _, text := range texts {
			value, note := decode(kind, base64.StdEncoding.EncodeToString([]byte(text)))
			if value != any(text) || note == "" {
				t.Errorf("%s %q is %v, %q", kind, text, value, note)
			}
		}
	}
	if value, note := decode("string", "/w=="); value != "/w==" || !strings.Contains(note, "not text") {
		t.Errorf("a byte is %v, %q", value, note)
	}
	if value, note := decode("string", "%"); value != "%" || !strings.Contains(note, "not base64") {
		t.Errorf("what is not base64 is %v, %q", value, note)
	}
}

func TestValuesAreWritten(t *testing.T) {
	for _, tc := range []struct{ kind, value, want string }{
		{"string", `"a, b"`, "a, b"},
		{"", `" x "`, " x "},
		{"bool", `false`, "false"},
		{"bool", `"true"`, "true"},
		{"int", `9007199254740993`, "9007199254740993"},
		{"int", `" 12 "`, "12"},
		{"number", `1.50`, "1.50"},
		{"number", `"1e3"`, "1e3"},
		{"array", `["<", 1.0]`, `["<",1.0]`},
		{"array", `"[1]"`, "[1]"},
		{"object", `{"b":1,"a":[]}`, `{"a":[],"b":1}`},
		{"keyvaluelist", `{"a":"b"}`, `{"a":"b"}`},
		{"list", `["a","b"]`, "a,b"},
		{"list", `"a,b"`, "a,b"},
		{"list", `[]`, ""},
		{"base64encodedinlined", `"aGk="`, "aGk="},
		{"string", `"` + strings.Repeat("x", maxValue) + `"`, strings.Repeat("x", maxValue)},
	} {
		got, err := encode(tc.kind, fromJSON(t, tc.value))
		if err != nil || got != tc.want {
			t.Errorf("%s %.60s is %.60s, %v", tc.kind, tc.value, got, err)
		}
	}
}

func TestValuesThatDoNotFitTheirTypeAreRefused(t *testing.T) {
	for _, tc := range []struct{ kind, value, want string }{
		{"string", `42`, "value is a number, not a string"},
		{"string", `["a"]`, "value is an array, not a string"},
		{"bool", `1`, "value is a number that is not a bool"},
		{"bool", `"yes"`, "value is a string that is not a bool"},
		{"int", `"12a"`, "value is a string that is not an int"},
		{"int", `1.5`, "value is a number that is not an int"},
		{"int", `9223372036854775808`, "at most 64 bits"},
		{"number", `true`, "value is a bool that is not a number"},
		{"array", `{"a":1}`, "is not a JSON array"},
		{"array", `"a,b"`, "is not a JSON array"},
		{"object", `[1]`, "the type object asks for"},
		{"keyvaluelist", `"a=b"`, "the type keyvaluelist asks for"},
		{"list", `{"a":1}`, "not a list"},
		{"list", `["a","b,c"]`, "element 1 is not a string, has a comma"},
		{"list", `["a",1]`, "element 1"},
		{"list", `[""]`, "element 0"},
		{"base64encodedinlined", `"a"`, "is not base64 text"},
		{"base64encodedinlined", `"aG\nk="`, "is not base64 text"},
		{"base64encodedinlined", `1234`, "is not base64 text"},
		{"int", `"` + strings.Repeat("x", 100) + `"`, "value is a string that is not an int"},
		{"string", `"` + strings.Repeat("x", maxValue+1) + `"`, "takes 65536 bytes"},
	} {
		_, err := encode(tc.kind, fromJSON(t, tc.value))
		var f *tool.Failure
		if !errors.As(err, &f) || f.Parameter != "value" || !strings.Contains(f.Message, tc.want) {
			t.Errorf("%s %.60s: %v", tc.kind, tc.value, err)
		}
	}
}

// What is read can be written again.
func TestListsSurvive(t *testing.T) {
	for _, text := range []string{"", " ", "\n", "a", "a,", ",a", "a,,b", ",", " a , b "} {
		value, note := decode("list", base64.StdEncoding.EncodeToString([]byte(text)))
		elements := []any{}
		for _, element := range value.([]string) {
			elements = append(elements, element)
		}
		if got, err := encode("list", elements); err != nil || got != text || note != "" {
			t.Errorf("%q became %q, %q, %v", text, got, note, err)
		}
	}
}

func TestLongValuesAreCut(t *testing.T) {
	for _, tc := range []struct {
		value any
		want  string
	}{
		{"abcdef", `"abcdef"`},
		{"abcdefg", `"abcdef…"`},
		{"abcdeäf", `"abcde…"`},
		{[]any{"a", "b", "c"}, `"[\"a\",\"…"`},
		{json.Number("123456"), `123456`},
	} {
		short, _ := cut(tc.value, 6)
		if got, err := rest.Encode(short); err != nil || string(got) != tc.want {
			t.Errorf("%v is %s, %v", tc.value, got, err)
		}
	}
}

func fromJSON(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := rest.Decode([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

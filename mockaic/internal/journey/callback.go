package journey

import (
	"encoding/json"
	"net/http"
	"strconv"

	"aicmcp/mockaic/internal/crest"
)

// Callback is something that a node asks or shows. It has no inputs if it only
// shows.
type Callback struct {
	Type   string  `json:"type"`
	Output []Field `json:"output"`
	Input  []Field `json:"input,omitempty"`
	// ID counts the callbacks of a page; others have none.
	ID *int `json:"_id,omitempty"`
}

// Field is a named value of a callback.
type Field struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Out returns the value of an output, nil if there is none.
func (c Callback) Out(name string) any {
	for _, field := range c.Output {
		if field.Name == name {
			return field.Value
		}
	}
	return nil
}

// value is that of the first input.
func (c Callback) value() any {
	if len(c.Input) == 0 {
		return nil
	}
	return c.Input[0].Value
}

func (c Callback) text() string {
	text, _ := c.value().(string)
	return text
}

// index is the choice that a client made.
func (c Callback) index() int { return whole(c.value()) }

// whole is a number that came from JSON, or that a node made; 0 is for all else.
func whole(value any) int {
	switch value := value.(type) {
	case int:
		return value
	case json.Number:
		n, _ := value.Int64() // what is no whole number counts as none
		return int(n)
	case string:
		n, _ := strconv.Atoi(value)
		return n
	}
	return 0
}

func outputs(pairs ...any) []Field {
	fields := make([]Field, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		fields = append(fields, Field{pairs[i].(string), pairs[i+1]})
	}
	return fields
}

// ask makes a callback with one input.
func ask(kind string, initial any, pairs ...any) Callback {
	return Callback{Type: kind, Output: outputs(pairs...), Input: []Field{{"", initial}}}
}

func nameCallback(prompt string) Callback { return ask("NameCallback", "", "prompt", prompt) }

func passwordCallback(prompt string) Callback { return ask("PasswordCallback", "", "prompt", prompt) }

// Kinds of a text that is shown.
const informing = "0"

func textOutput(kind, message string) Callback {
	return Callback{Type: "TextOutputCallback", Output: outputs("message", message, "messageType", kind)}
}

func choiceCallback(prompt string, choices []string, initial int) Callback {
	return ask("ChoiceCallback", initial, "prompt", prompt, "choices", choices, "defaultChoice", initial)
}

func confirmationCallback(options []string, initial int) Callback {
	return ask("ConfirmationCallback", initial, "prompt", "", "messageType", 0, "options", options, "optionType", -1, "defaultOption", initial)
}

// attributeCallback asks for an attribute of a managed object.
func attributeCallback(kind string, name, prompt string, required bool, value any) Callback {
	c := ask(kind, value,
		"name", name, "prompt", prompt, "required", required, "policies", map[string]any{}, "failedPolicies", []any{},
		"validateOnly", false, "value", value)
	c.Input = append(c.Input, Field{"validateOnly", false})
	return c
}

// number names the inputs by the places of their callbacks, read-only ones counted.
func number(callbacks []Callback) []Callback {
	numbered := make([]Callback, len(callbacks))
	for i, c := range callbacks {
		inputs := make([]Field, len(c.Input))
		for j, input := range c.Input {
			inputs[j] = Field{"IDToken" + strconv.Itoa(i+1) + input.Name, input.Value}
		}
		c.Input = inputs
		numbered[i] = c
	}
	return numbered
}

// filled are the callbacks that were asked with what the client sent for them. They
// must come in the same order; their outputs may be left out.
func filled(asked, sent []Callback) ([]Callback, error) {
	if len(sent) != len(asked) {
		return nil, crest.Errorf(http.StatusBadRequest, "Incorrect number of callbacks found in JSON response")
	}
	answered := make([]Callback, len(asked))
	for i, c := range asked {
		if sent[i].Type != c.Type || len(sent[i].Input) > len(c.Input) {
			return nil, crest.Errorf(http.StatusBadRequest, "Required callback not found in JSON response")
		}
		inputs := make([]Field, len(c.Input))
		copy(inputs, c.Input)
		for j, input := range sent[i].Input {
			inputs[j].Value = input.Value
		}
		c.Input = inputs
		answered[i] = c
	}
	return answered, nil
}

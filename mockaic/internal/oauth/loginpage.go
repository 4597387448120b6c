package oauth

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"aicmcp/mockaic/internal/journey"
)

// loginPage is a step of a journey as a form.
type loginPage struct {
	Realm, Title, Action, Token, AuthID, Message string
	Description                                  template.HTML
	Fields                                       []loginField
	Buttons                                      []loginButton
}

// loginField is something that is shown or asked. Kind is that of an input, or
// select, or text.
type loginField struct {
	Kind, Name, Label, Value, Autocomplete string
	Choices                                []string
	Chosen                                 int
	Checked, Required, Focus               bool
}

type loginButton struct {
	Name, Text string
	Value      int
	Plain      bool
}

// fieldName names an input of a form. Name and password have names that browsers
// and people's scripts know.
func fieldName(c journey.Callback, seen map[string]bool) string {
	known := map[string]string{"NameCallback": "username", "PasswordCallback": "password"}[c.Type]
	if known == "" || seen[known] {
		return c.Input[0].Name
	}
	seen[known] = true
	return known
}

// add makes fields of callbacks, with what was typed before, but for passwords. It
// reports whether all of them can be shown.
func (p *loginPage) add(callbacks []journey.Callback, typed url.Values) bool {
	seen := map[string]bool{}
	focused := false
	for _, c := range callbacks {
		prompt, _ := c.Out("prompt").(string)
		field := loginField{Kind: "text", Label: prompt}
		if len(c.Input) > 0 {
			field.Name = fieldName(c, seen)
			field.Value = textOf(c.Input[0].Value)
		}
		switch c.Type {
		case "NameCallback":
			field.Autocomplete, field.Required = "username", true
			if before := typed.Get(field.Name); before != "" {
				field.Value = before
			}
		case "PasswordCallback":
			field.Kind, field.Value, field.Autocomplete, field.Required = "password", "", "current-password", true
		case "TextInputCallback":
		case "StringAttributeInputCallback":
			field.Required = c.Out("required") == true
		case "NumberAttributeInputCallback":
			field.Kind, field.Required = "number", c.Out("required") == true
		case "BooleanAttributeInputCallback":
			field.Kind, field.Checked = "checkbox", c.Input[0].Value == true
		case "ChoiceCallback":
			field.Kind, field.Choices, field.Chosen = "select", texts(c.Out("choices")), number(c.Input[0].Value)
		case "ConfirmationCallback":
			for i, option := range texts(c.Out("options")) {
				p.Buttons = append(p.Buttons, loginButton{field.Name, option, i, i > 0})
			}
			continue
		case "HiddenValueCallback":
			field.Kind = "hidden"
		case "TextOutputCallback":
			if c.Out("messageType") == "4" {
				continue // a script
			}
			field.Kind, field.Label = "message", textOf(c.Out("message"))
		default:
			return false
		}
		if field.Name != "" && field.Kind != "hidden" && !focused && (field.Value == "" || field.Kind == "password") {
			field.Focus, focused = true, true
		}
		p.Fields = append(p.Fields, field)
	}
	if p.Buttons == nil && seen["password"] {
		p.Buttons = []loginButton{{Text: "Log in"}}
	} else if p.Buttons == nil {
		p.Buttons = []loginButton{{Text: "Next"}}
	}
	return true
}

// fromForm answers callbacks with what a form has for them.
func fromForm(asked []journey.Callback, form url.Values) []journey.Callback {
	seen := map[string]bool{}
	answered := make([]journey.Callback, len(asked))
	for i, c := range asked {
		if len(c.Input) > 0 {
			name := fieldName(c, seen)
			inputs := append([]journey.Field{}, c.Input...)
			inputs[0].Value = fromField(c, form.Get(name), form.Has(name))
			c.Input = inputs
		}
		answered[i] = c
	}
	return answered
}

func fromField(c journey.Callback, text string, sent bool) any {
	switch c.Type {
	case "BooleanAttributeInputCallback":
		return sent
	case "ChoiceCallback", "ConfirmationCallback":
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
		return c.Input[0].Value
	case "NumberAttributeInputCallback":
		var n json.Number
		if err := json.Unmarshal([]byte(text), &n); err == nil && n != "" {
			return n
		}
		return nil
	}
	return text
}

func textOf(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func number(value any) int {
	n, _ := strconv.Atoi(textOf(value)) // what is no number is the first
	return n
}

// texts reads a list, whether it came from JSON or not.
func texts(value any) (all []string) {
	switch list := value.(type) {
	case []string:
		return list
	case []any:
		for _, member := range list {
			all = append(all, textOf(member))
		}
	}
	return all
}

// prose takes the text of a page's description with its line breaks and its links
// to other journeys, and none of its other markup.
func (h *hosted) prose(markup string) template.HTML {
	var text strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(markup))
	linked := false
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if linked {
				text.WriteString("</a>")
			}
			return template.HTML(text.String())
		case html.TextToken:
			text.WriteString(template.HTMLEscapeString(tokens.Token().Data))
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			if token.Data == "br" {
				text.WriteString("<br>")
			}
			for _, a := range token.Attr {
				service, ok := strings.CutPrefix(a.Val, "#/service/")
				if token.Data == "a" && a.Key == "href" && ok && !linked {
					text.WriteString(`<a href="` + template.HTMLEscapeString(h.address(service)) + `">`)
					linked = true
				}
			}
		case html.EndTagToken:
			if tokens.Token().Data == "a" && linked {
				text.WriteString("</a>")
				linked = false
			}
		}
	}
}

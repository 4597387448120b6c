package journey

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// collecting are the nodes that ask or show something.
func collecting() map[string]behaviour {
	return map[string]behaviour{
		"PageNode":               {run: page},
		"UsernameCollectorNode":  {run: collectUsername},
		"PasswordCollectorNode":  {run: collectPassword},
		"ValidatedUsernameNode":  {run: collectPlatformUsername},
		"ValidatedPasswordNode":  {run: collectPlatformPassword},
		"AttributeCollectorNode": {run: collectAttributes},
		"ChoiceCollectorNode":    {run: collectChoice},
		"MessageNode":            {run: showMessage},
	}
}

func collectUsername(s *step) (string, []Callback, error) {
	if !s.answered("NameCallback") || s.sent[0].text() == "" {
		return "", []Callback{nameCallback("User Name")}, nil
	}
	s.state().put(usernameKey, s.sent[0].text())
	return done, nil, nil
}

func collectPassword(s *step) (string, []Callback, error) {
	if !s.answered("PasswordCallback") {
		return "", []Callback{passwordCallback("Password")}, nil
	}
	s.state().transient[passwordKey] = s.sent[0].text()
	return done, nil, nil
}

func collectPlatformUsername(s *step) (string, []Callback, error) {
	if s.config["validateInput"] == true {
		return "", nil, notRun(s.node.Type + " with validateInput")
	}
	outcome, callbacks, err := collectUsername(s)
	if callbacks == nil && err == nil {
		s.state().storeAttribute(s.setting("usernameAttribute"), s.sent[0].text())
	}
	return outcome, callbacks, err
}

func collectPlatformPassword(s *step) (string, []Callback, error) {
	if s.config["validateInput"] == true {
		return "", nil, notRun(s.node.Type + " with validateInput")
	}
	outcome, callbacks, err := collectPassword(s)
	if callbacks == nil && err == nil {
		storeAttribute(s.state().transient, s.setting("passwordAttribute"), s.sent[0].text())
	}
	return outcome, callbacks, err
}

// collectAttributes asks for attributes by their types in the user's schema.
func collectAttributes(s *step) (string, []Callback, error) {
	if s.config["validateInputs"] == true {
		return "", nil, notRun(s.node.Type + " with validateInputs")
	}
	required := s.config["required"] == true
	var callbacks []Callback
	var kinds []string
	for _, name := range s.list("attributesToCollect") {
		c, err := s.attributeCallback(name, required)
		if err != nil {
			return "", nil, err
		}
		callbacks, kinds = append(callbacks, c), append(kinds, c.Type)
	}
	if len(callbacks) > 0 && !s.answered(kinds...) {
		return "", callbacks, nil
	}
	missing := false
	for i, c := range callbacks {
		c.Input[0].Value = s.sent[i].value()
		missing = missing || required && (c.value() == nil || c.value() == "")
	}
	if missing {
		return "", callbacks, nil
	}
	for i, name := range s.list("attributesToCollect") {
		if value := callbacks[i].value(); value != nil && value != "" {
			s.state().storeAttribute(name, value)
		}
	}
	return done, nil, nil
}

func (s *step) attributeCallback(name string, required bool) (Callback, error) {
	schema, ok := s.options.People.PropertySchema(s.resource(), strings.Split(name, "/"))
	if !ok {
		return Callback{}, fmt.Errorf("%s %s asks for %s, which %s has not", s.node.Type, s.id, name, s.resource())
	}
	title, _ := schema["title"].(string)
	description, _ := schema["description"].(string)
	kind, initial := "StringAttributeInputCallback", any("")
	switch schema["type"] {
	case "boolean":
		kind, initial = "BooleanAttributeInputCallback", false
	case "number", "integer":
		kind, initial = "NumberAttributeInputCallback", nil
	}
	if value := s.state().attribute(name); value != nil {
		initial = value
	}
	return attributeCallback(kind, name, cmp.Or(title, description, name), required, initial), nil
}

func collectChoice(s *step) (string, []Callback, error) {
	choices := s.list("choices")
	switch {
	case len(choices) == 0:
		return "", nil, fmt.Errorf("%s %s has no choices", s.node.Type, s.id)
	case len(choices) == 1:
		return choices[0], nil, nil
	case !s.answered("ChoiceCallback"):
		return "", []Callback{choiceCallback(s.setting("prompt"), choices, max(0, slices.Index(choices, s.setting("defaultChoice"))))}, nil
	}
	chosen := s.sent[0].index()
	if chosen < 0 || chosen >= len(choices) {
		return "", nil, fmt.Errorf("there is no choice %d", chosen)
	}
	return choices[chosen], nil, nil
}

func showMessage(s *step) (string, []Callback, error) {
	if !s.answered("TextOutputCallback", "ConfirmationCallback") {
		answers := []string{s.localized("messageYes", "Yes"), s.localized("messageNo", "No")}
		return "", []Callback{textOutput(informing, s.localized("message", "Default message")), confirmationCallback(answers, 1)}, nil
	}
	chosen := s.sent[1].index()
	if field := s.setting("stateField"); field != "" {
		s.state().put(field, chosen)
	}
	return decision(chosen == 0), nil, nil
}

// pageKey is the state that tells which callbacks belong to which nodes of a page.
const pageKey = "pageNodeCallbacks"

// page shows several nodes as one. All of them run each time, and as long as one
// asks the whole page comes again: callbacks keep their IDs and new ones get more.
func page(s *step) (string, []Callback, error) {
	children, _ := s.config["nodes"].([]any)
	if len(children) == 0 {
		return "", nil, fmt.Errorf("the page %s is empty", s.id)
	}
	owners, _ := s.state().Shared[pageKey].(map[string]any)
	if s.sent == nil {
		owners = map[string]any{}
	}
	next := len(owners)
	asked := map[string]any{}
	var all []Callback
	waiting, outcome := false, ""
	for i, child := range children {
		c, sent, err := s.child(child, owners, i)
		if err != nil {
			return "", nil, err
		}
		act, err := s.behaviourOf(c.node.Type)
		if err != nil {
			return "", nil, err
		}
		var callbacks []Callback
		if outcome, callbacks, err = act.run(c); err != nil {
			return "", nil, err
		}
		waiting = waiting || slices.ContainsFunc(callbacks, func(cb Callback) bool { return cb.Type != "MetadataCallback" })
		if callbacks == nil {
			callbacks = sent
		}
		for j, cb := range callbacks {
			if j < len(sent) {
				cb.ID = sent[j].ID
			} else {
				id := next
				cb.ID = &id
				next++
			}
			asked[strconv.Itoa(*cb.ID)] = i
			all = append(all, plain(cb))
		}
		if i == len(children)-1 && s.node.Version >= "2.0" {
			outcome = c.id + "-" + outcome
		}
	}
	if !waiting {
		delete(s.state().Shared, pageKey)
		return outcome, nil, nil
	}
	s.state().put(pageKey, asked)
	s.stage, s.header, s.description = s.setting("stage"), s.localized("pageHeader", ""), s.localized("pageDescription", "")
	return "", all, nil
}

// plain takes the names of the inputs back to what they are without a place.
func plain(c Callback) Callback {
	inputs := slices.Clone(c.Input)
	for i, input := range inputs {
		if rest, ok := strings.CutPrefix(input.Name, "IDToken"); ok {
			inputs[i].Name = strings.TrimLeft(rest, "0123456789")
		}
	}
	c.Input = inputs
	return c
}

// child is the visit to a node of a page, and what was sent for it.
func (s *step) child(described any, owners map[string]any, index int) (*step, []Callback, error) {
	about, _ := described.(map[string]any)
	c := &step{execution: s.execution, node: Node{Version: "1.0"}}
	c.id, _ = about["_id"].(string)
	c.node.Type, _ = about["nodeType"].(string)
	c.node.Name, _ = about["displayName"].(string)
	if c.node.Type == "PageNode" || c.node.Type == innerTree {
		return nil, nil, fmt.Errorf("the page %s can't have a node of the type %s", s.id, c.node.Type)
	}
	var err error
	if c.config, err = s.execution.config(c.node.Type, c.id); err != nil {
		return nil, nil, err
	}
	for _, sent := range s.sent {
		if sent.ID == nil {
			continue // of a node that was no page when it asked
		}
		if owner, ok := owners[strconv.Itoa(*sent.ID)]; ok && whole(owner) == index {
			c.sent = append(c.sent, sent)
		}
	}
	return c, c.sent, nil
}

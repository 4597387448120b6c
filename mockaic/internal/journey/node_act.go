package journey

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
)

// acting are the nodes that change something.
func acting() map[string]behaviour {
	return map[string]behaviour{
		"AccountLockoutNode":      {run: lock},
		"IncrementLoginCountNode": {run: countLogin},
		"ModifyAuthLevelNode":     {run: modifyLevel},
		"PatchObjectNode":         {run: patchObject, reads: []string{attributesKey}},
		"SetFailureUrlNode":       {run: setText("failureUrl", failureURLKey)},
		"SetStateNode":            {run: setState},
		"SetSuccessUrlNode":       {run: setText("successUrl", successURLKey)},
	}
}

func lock(s *step) (string, []Callback, error) {
	account, ok := s.account()
	if !ok {
		return "", nil, fmt.Errorf("nobody is known to %s %s", s.node.Type, s.id)
	}
	status := "inactive"
	if s.setting("lockAction") == "UNLOCK" {
		status = "active"
	}
	return done, nil, s.options.People.ChangeAccount(s.ctx, s.users(), account.ID, map[string]any{"accountStatus": status})
}

func countLogin(s *step) (string, []Callback, error) {
	account, err := s.identity()
	if err != nil {
		return "", nil, err
	}
	return done, nil, s.options.People.CountLogin(s.ctx, s.resource(), account.ID)
}

func modifyLevel(s *step) (string, []Callback, error) {
	s.state().put(levelKey, whole(s.state().get(levelKey))+whole(s.config["authLevelIncrement"]))
	return done, nil, nil
}

func setState(s *step) (string, []Callback, error) {
	values, _ := s.config["attributes"].(map[string]any)
	for name, value := range values {
		s.state().put(name, value)
	}
	return done, nil, nil
}

func setText(setting, key string) func(*step) (string, []Callback, error) {
	return func(s *step) (string, []Callback, error) {
		s.state().put(key, s.setting(setting))
		return done, nil, nil
	}
}

// patchObject writes what was collected of the user's attributes and is new.
func patchObject(s *step) (string, []Callback, error) {
	account, err := s.identity()
	if err != nil {
		return "", nil, err
	}
	resource := s.setting("identityResource")
	changed := map[string]any{}
	for name, value := range s.state().object(attributesKey) {
		present, isGroup := account.Object[name].(map[string]any)
		if group, both := value.(map[string]any); isGroup && both {
			merged := map[string]any{}
			merge(merged, present)
			merge(merged, group)
			value = merged
		}
		text, _ := value.(string)
		before, _ := account.Object[name].(string)
		unchanged := name == passwordKey && s.options.People.CheckPassword(resource, account.ID, text) ||
			name == s.setting("identityAttribute") && strings.EqualFold(text, before)
		if !slices.Contains(s.list("ignoredFields"), name) && !strings.HasPrefix(name, "_") && !unchanged && !crest.Equal(account.Object[name], value) {
			changed[name] = value
		}
	}
	if len(changed) == 0 {
		return "PATCHED", nil, nil
	}
	err = s.options.People.ChangeAccount(s.ctx, resource, account.ID, changed)
	var refusal *crest.Error
	if errors.As(err, &refusal) && refusal.Code < http.StatusInternalServerError {
		s.state().put(errorKey, refusal.Message)
		return "FAILURE", nil, nil
	}
	return "PATCHED", nil, err
}

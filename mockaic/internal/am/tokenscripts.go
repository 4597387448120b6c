package am

import (
	"encoding/base64"
	"strings"
)

// Script is a script of a realm, as it is run.
type Script struct{ ID, Name, Context, Language, Source string }

// TokenScripts are what changes the tokens of a client, and what scripts are told of
// it beyond its profile.
type TokenScripts struct {
	// The IDs of scripts, "" where there is none.
	AccessTokenMayAct, IDTokenMayAct, AccessTokenModification string

	ResponseTypes    []string
	CustomProperties map[string]string
}

// TokenScripts tells which scripts run for a client: the provider's, or its own if it
// overrides the provider.
func (s *Service) TokenScripts(realm, clientID string) TokenScripts {
	provider := s.view(oauthProvider.collection(), realm)
	client := s.view(collection(realm, clientKind), clientID)
	core, plugins := provider["coreOAuth2Config"], provider["pluginsConfig"]
	found := TokenScripts{
		AccessTokenMayAct: scriptIn(core, "accessTokenMayActScript"), IDTokenMayAct: scriptIn(core, "oidcMayActScript"),
		AccessTokenModification: modification(plugins), CustomProperties: map[string]string{},
	}
	advanced, _ := client["advancedOAuth2ClientConfig"].(map[string]any)
	found.ResponseTypes = texts(advanced["responseTypes"])
	for _, property := range texts(advanced["customProperties"]) {
		if name, value, ok := strings.Cut(property, "="); ok {
			found.CustomProperties[name] = value
		}
	}
	own, _ := client["overrideOAuth2ClientConfig"].(map[string]any)
	if own["providerOverridesEnabled"] != true {
		return found
	}
	found.AccessTokenMayAct, found.IDTokenMayAct = scriptIn(own, "accessTokenMayActScript"), scriptIn(own, "oidcMayActScript")
	if own["accessTokenModificationPluginType"] != "PROVIDER" {
		found.AccessTokenModification = modification(own)
	}
	return found
}

// modification is the script of the plugin that changes access tokens.
func modification(plugins any) string {
	members, _ := plugins.(map[string]any)
	if members["accessTokenModificationPluginType"] != "SCRIPTED" {
		return ""
	}
	return scriptIn(members, "accessTokenModificationScript")
}

func scriptIn(group any, name string) string {
	members, _ := group.(map[string]any)
	if id, _ := members[name].(string); id != noScript {
		return id
	}
	return ""
}

// Script finds a script of a realm.
func (s *Service) Script(realm, id string) (Script, bool) {
	stored := s.view(collection(realm, scriptKind), id)
	if stored == nil {
		return Script{}, false
	}
	text := func(name string) string {
		value, _ := stored[name].(string)
		return value
	}
	source, err := base64.StdEncoding.DecodeString(text("script"))
	return Script{ID: id, Name: text("name"), Context: text("context"), Language: text("language"), Source: string(source)}, err == nil
}

package am

import (
	"encoding/base64"

	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// serveInfo tells about the tenant, as its login pages need to know.
func (s *Service) serveInfo(c *call) (*route.Response, error) {
	if c.names[0] != "*" {
		return nil, notFound()
	}
	if c.Operation != route.Read {
		return nil, c.refused("serverinfo")
	}
	info := store.Object{
		"_id": "*", "domains": []any{route.HostOf(c.Host)}, "protectedUserAttributes": words("telephoneNumber mail"),
		"cookieName": s.options.CookieName, "secureCookie": true,
		"forgotPassword": "false", "forgotUsername": "false", "kbaEnabled": "false", "selfRegistration": "false",
		"lang": "en-US", "successfulUserRegistrationDestination": "default", "socialImplementations": []any{}, "referralsEnabled": "false",
		"zeroPageLogin": map[string]any{"enabled": false, "refererWhitelist": []any{}, "allowedWithoutReferer": true},
		"realm":         "/" + c.realm, "xuiUserSessionValidationEnabled": true, "fileBasedConfiguration": true,
		"userIdAttributes": words("fr-idm-uuid"), "cloudOnlyFeaturesEnabled": true, "oauth2AIAgentsEnabled": s.hasAgents(),
	}
	return revised(info, c.ResourceVersion("2.0")), nil
}

// build is the release of AM that this fake follows.
const build = "304c60a9fe7797e1045c631600098d4465b73e4d"

func (s *Service) serveVersion(c *call) (*route.Response, error) {
	if c.Operation != route.Read {
		return nil, c.refused("serverinfo")
	}
	const version, date = "9.0.0-SNAPSHOT", "2026-April-15 10:21"
	return revised(store.Object{
		"_id": "version", "version": version, "revision": build, "date": date,
		"fullVersion": "ForgeRock Access Management " + version + " Build " + build + " (" + date + ")",
	}, "1.0"), nil
}

// revised answers with what is computed, never to be cached.
func revised(object store.Object, version string) *route.Response {
	object["_rev"] = revision(object)
	return &route.Response{Object: object, Version: version, CacheControl: "no-store"}
}

// hasAgents tells whether the OAuth provider of a realm knows AI agents.
func (s *Service) hasAgents() bool {
	for _, provider := range s.all(oauthProvider.collection()) {
		agents, _ := provider["aiAgentsConfig"].(map[string]any)
		if agents["aiAgentsEnabled"] == true {
			return true
		}
	}
	return false
}

// realmDocuments are the realms as global-config/realms shows them.
func (s *Service) realmDocuments() []store.Object {
	all := []store.Object{{"_id": realmID("/"), "parentPath": nil, "active": true, "name": "/", "aliases": []any{}}}
	for _, realm := range s.options.Realms {
		all = append(all, store.Object{"_id": realmID("/" + realm), "parentPath": "/", "active": true, "name": realm, "aliases": []any{}})
	}
	for _, document := range all {
		document["_rev"] = revision(document)
	}
	return all
}

func realmID(path string) string { return base64.RawURLEncoding.EncodeToString([]byte(path)) }

func (s *Service) serveRealms(c *call) (*route.Response, error) {
	if c.Operation != route.Query {
		return nil, c.refused("realms")
	}
	return s.page(c, s.realmDocuments(), "1.0")
}

func (s *Service) serveRealm(c *call) (*route.Response, error) {
	if c.Operation != route.Read {
		return nil, c.refused("a realm")
	}
	for _, document := range s.realmDocuments() {
		if document["_id"] == c.names[0] {
			return &route.Response{Object: document, Version: "1.0"}, nil
		}
	}
	return nil, notFound()
}

package am

import (
	"encoding/json"
	"net/http"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// User is a user of a realm: a managed object, and what else its directory knows.
type User struct {
	Object           store.Object
	Created, Changed string // such as 2026-05-04T03:02:01.000Z
	Groups           []string
	Organizations    []string
}

// Directory has the users.
type Directory interface {
	Users(realm string) []User
	User(realm, id string) (User, bool)
}

// objectClasses are those of every user's entry.
const objectClasses = "iplanet-am-managed-person inetuser inetOrgPerson sunFMSAML2NameIdentifier devicePrintProfilesContainer fr-ext-attrs " +
	"iplanet-am-user-service iPlanetPreferences pushDeviceProfilesContainer forgerock-am-dashboard-service top kbaInfoContainer person " +
	"organizationalPerson oathDeviceProfilesContainer sunAMAuthAccountLockout webauthnDeviceProfilesContainer deviceProfilesContainer " +
	"iplanet-am-auth-configuration-service fr-idm-hybrid-obj fr-idm-managed-user-explicit"

// userAttributes are the attributes of an entry that are properties of the object.
var userAttributes = []struct{ attribute, property string }{
	{"uid", "userName"},
	{"mail", "mail"},
	{"givenName", "givenName"},
	{"sn", "sn"},
	{"cn", "cn"},
	{"telephoneNumber", "telephoneNumber"},
	{"description", "description"},
	{"displayName", "displayName"},
	{"street", "postalAddress"},
	{"l", "city"},
	{"st", "stateProvince"},
	{"postalCode", "postalCode"},
	{"co", "country"},
	{"fr-idm-preferences", "preferences"},
}

// userEntry is a user as the directory's entry has it: attributes are arrays.
func userEntry(realm string, u User) store.Object {
	id, _ := u.Object["_id"].(string)
	entry := store.Object{
		"_id": id, "_rev": "-1", "realm": "/" + realm, "username": u.Object["userName"],
		"fr-idm-uuid": []any{id}, "objectClass": words(objectClasses), "fr-idm-custom-attrs": []any{"{}"},
		"dn":             []any{"fr-idm-uuid=" + id + ",ou=user" + entriesOf(realm)},
		"universalid":    []any{"id=" + id + ",ou=user,o=" + realm + ",ou=services,ou=am-config"},
		"inetUserStatus": []any{"Inactive"},
	}
	if status, _ := u.Object["accountStatus"].(string); strings.EqualFold(status, "active") {
		entry["inetUserStatus"] = []any{"Active"}
	}
	for _, a := range userAttributes {
		switch value := u.Object[a.property].(type) {
		case string:
			entry[a.attribute] = []any{value}
		case map[string]any:
			// What came from JSON can be encoded again.
			text, _ := json.Marshal(value)
			entry[a.attribute] = []any{string(text)}
		}
	}
	if entry["cn"] == nil {
		given, _ := u.Object["givenName"].(string)
		family, _ := u.Object["sn"].(string)
		entry["cn"] = []any{strings.TrimSpace(given + " " + family)}
	}
	for attribute, date := range map[string]string{"createTimestamp": u.Created, "modifyTimestamp": u.Changed} {
		if date != "" {
			entry[attribute] = []any{timestamp(date)}
		}
	}
	for _, group := range u.Groups {
		groups, _ := entry["isMemberOf"].([]any)
		entry["isMemberOf"] = append(groups, "cn="+group+",ou=groups"+entriesOf(realm))
	}
	for _, organization := range u.Organizations {
		ids, _ := entry["fr-idm-managed-user-memberoforgid"].([]any)
		entry["fr-idm-managed-user-memberoforgid"] = append(ids, organization)
	}
	return entry
}

func entriesOf(realm string) string { return ",o=" + realm + ",o=root,ou=identities" }

// timestamp writes a date as a directory does: 20260504030201Z.
func timestamp(date string) string {
	day, _, _ := strings.Cut(date, ".")
	return strings.TrimRight(strings.NewReplacer("-", "", ":", "", "T", "").Replace(day), "Z") + "Z"
}

func (s *Service) serveUsers(c *call) (*route.Response, error) {
	if c.Operation != route.Query {
		return nil, c.refused("users")
	}
	var entries []store.Object
	for _, user := range s.options.Directory.Users(c.realm) {
		entries = append(entries, userEntry(c.realm, user))
	}
	return s.lastPage(c, entries, "4.1")
}

// lastPage answers a query of what tells that nothing remains after it.
func (s *Service) lastPage(c *call, documents []store.Object, version string) (*route.Response, error) {
	answer, err := s.page(c, documents, version)
	if err == nil {
		answer.Page.Remaining = 0
	}
	return answer, err
}

// userResource is what is below a user. Of most there is nothing: devices and the
// like come from journeys.
type userResource struct{ path, version string }

func (s *Service) userEndpoints() []endpoint {
	all := []endpoint{
		{path: "users", serve: s.serveUsers},
		{path: "users/*/groups", serve: s.serveUserGroups},
		{path: "users/*/services", serve: s.serveUserServices},
	}
	for _, r := range []userResource{
		{"devices/2fa/binding", "1.0"},
		{"devices/2fa/oath", "1.0"},
		{"devices/2fa/push", "1.0"},
		{"devices/2fa/webauthn", "1.0"},
		{"devices/profile", "1.0"},
		{"devices/trusted", "1.0"},
		{"oauth2/applications", "1.1"},
	} {
		all = append(all, endpoint{path: "users/*/" + r.path, serve: s.nothing(r)})
	}
	for _, path := range []string{"oauth2/resources/labels", "oauth2/resources/sets", "uma/auditHistory", "uma/pendingrequests", "uma/policies"} {
		all = append(all, endpoint{path: "users/*/" + path, serve: noUMA})
	}
	return all
}

func noUMA(*call) (*route.Response, error) {
	return nil, crest.Errorf(http.StatusNotFound, "UMA is not supported in this realm")
}

func (s *Service) nothing(r userResource) func(*call) (*route.Response, error) {
	return func(c *call) (*route.Response, error) {
		if _, ok := s.options.Directory.User(c.realm, c.names[0]); !ok {
			return nil, notFound()
		}
		if c.Operation != route.Query {
			return nil, c.refused(r.path + " of a user")
		}
		return s.page(c, nil, r.version)
	}
}

func (s *Service) serveUserGroups(c *call) (*route.Response, error) {
	user, ok := s.options.Directory.User(c.realm, c.names[0])
	if !ok {
		return nil, notFound()
	}
	if c.Operation != route.Query {
		return nil, c.refused("groups of a user")
	}
	var groups []store.Object
	for _, name := range user.Groups {
		group := store.Object{"_id": name, "groupname": name}
		group["_rev"] = revision(group)
		groups = append(groups, group)
	}
	return s.lastPage(c, groups, "1.0")
}

func (s *Service) serveUserServices(c *call) (*route.Response, error) {
	if _, ok := s.options.Directory.User(c.realm, c.names[0]); !ok {
		return nil, notFound()
	}
	if c.Operation != route.Action || c.Action != nextDescendents {
		return nil, c.refused("services of a user")
	}
	answer := descendents(map[string]any{"_id": "dashboard"})
	answer.Version = "1.0"
	return answer, nil
}

package mockaic

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/google/uuid"

	"aicmcp/mockaic/internal/esv"
	"aicmcp/mockaic/internal/store"
)

// How many people live in each realm of the demo tenant.
var demoPeople = []struct {
	realm string
	count int
}{{"alpha", 40}, {"bravo", 20}}

var (
	givenNames  = strings.Fields("Amara Anders Beatriz Chidi Clara Daichi Dana Elif Emil Farah Felix Grace Hana Hugo Ines Ivan Jamila Jonas Kaya Kenji Leila Lars Maya Mateo Nadia Noah Olga Omar Paula Priya Quentin Rosa Ravi Sofia Tariq Uma Viktor Wanda Yusuf Zoe")
	familyNames = strings.Fields("Abara Bergström Castillo Dubois Eriksen Fischer García Haddad Ivanova Jansen Kowalski Lindqvist Moreau Nakamura Okafor Petrov Quispe Rossi Sato Tanaka Ulrich Vargas Weber Xu Yilmaz Zhang")
	places      = [][3]string{
		{"Lisbon", "Portugal", "+351 21"},
		{"Oslo", "Norway", "+47 22"},
		{"Toronto", "Canada", "+1 416"},
		{"Nairobi", "Kenya", "+254 20"},
		{"Osaka", "Japan", "+81 6"},
		{"Kraków", "Poland", "+48 12"},
		{"Valparaíso", "Chile", "+56 32"},
		{"Wellington", "New Zealand", "+64 4"},
	}
	roleNames = [][2]string{
		{"employee", "Everybody who works here"},
		{"manager", "Leads a team"},
		{"auditor", "May read everything"},
		{"support-agent", "Answers customers"},
		{"developer", "Builds and runs services"},
	}
	groupNames = [][2]string{
		{"engineering", "Product development"},
		{"finance", "Accounting and control"},
		{"sales", "Customers and partners"},
		{"people-team", "Hiring and care"},
	}
	// The parent comes first.
	organizationNames = [][2]string{
		{"Northwind", ""},
		{"Northwind Europe", "Northwind"},
		{"Northwind Americas", "Northwind"},
		{"Northwind Asia-Pacific", "Northwind"},
	}
	asciiNames = strings.NewReplacer("ö", "o", "í", "i", "ó", "o", "á", "a")
)

// demoObjects makes people, and what they belong to. The same chance makes the
// same people.
func demoObjects(chance uint64) map[string][]store.Object {
	d := &demo{random: rand.New(rand.NewPCG(chance, 0x61696363)), objects: map[string][]store.Object{}}
	for _, realm := range demoPeople {
		d.realm(realm.realm, realm.count)
	}
	return d.objects
}

type demo struct {
	random  *rand.Rand
	objects map[string][]store.Object
}

func (d *demo) id() string {
	var id uuid.UUID
	binary.LittleEndian.PutUint64(id[:8], d.random.Uint64())
	binary.LittleEndian.PutUint64(id[8:], d.random.Uint64())
	id[6] = id[6]&0x0f | 0x40 // version 4, RFC 9562 5.4
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

func (d *demo) add(typeName string, object store.Object) string {
	if object["_id"] == nil {
		object["_id"] = d.id()
	}
	d.objects["managed/"+typeName] = append(d.objects["managed/"+typeName], object)
	return typeName + "/" + object["_id"].(string)
}

func refer(path string) map[string]any { return map[string]any{"_ref": "managed/" + path} }

func (d *demo) realm(realm string, count int) {
	var roles, groups, organizations []string
	for _, role := range roleNames {
		roles = append(roles, d.add(realm+"_role", store.Object{"name": role[0], "description": role[1]}))
	}
	for _, group := range groupNames {
		groups = append(groups, d.add(realm+"_group", store.Object{"_id": group[0], "name": group[0], "description": group[1]}))
	}
	for i, organization := range organizationNames {
		object := store.Object{"name": organization[0], "description": "Part of the demo tenant"}
		for j, parent := range organizationNames[:i] {
			if parent[0] == organization[1] {
				object["parent"] = refer(organizations[j])
			}
		}
		organizations = append(organizations, d.add(realm+"_organization", object))
	}
	var people []string
	if realm == "alpha" {
		people = append(people, d.add("alpha_user", store.Object{
			"userName": "demo", "givenName": "Demo", "sn": "User", "mail": "demo@example.com", "password": Password,
			"roles": []any{refer(roles[0])},
		}))
	}
	taken := map[string]bool{}
	for len(people) < count {
		given, family := pick(d.random, givenNames), pick(d.random, familyNames)
		login := strings.ToLower(asciiNames.Replace(given[:1] + family))
		if taken[login] {
			continue
		}
		taken[login] = true
		people = append(people, d.person(realm, login, given, family, people, roles, groups, organizations))
	}
}

// person makes one user; the first few lead, the others have one of them as
// their manager.
func (d *demo) person(realm, login, given, family string, before, roles, groups, organizations []string) string {
	place := pick(d.random, places)
	user := store.Object{
		"userName": login, "givenName": given, "sn": family,
		"mail":            asciiNames.Replace(strings.ToLower(given+"."+family)) + "@example.com",
		"telephoneNumber": fmt.Sprintf("%s %03d %04d", place[2], d.random.IntN(1000), d.random.IntN(10000)),
		"city":            place[0], "country": place[1],
		"roles":       []any{refer(roles[0])},
		"groups":      []any{refer(pick(d.random, groups))},
		"memberOfOrg": []any{refer(pick(d.random, organizations))},
	}
	const leaders = 5
	switch {
	case len(before) < leaders:
		user["roles"] = []any{refer(roles[0]), refer(roles[1])}
	default:
		user["manager"] = refer(before[d.random.IntN(leaders)])
		if more := pick(d.random, roles[2:]); d.random.IntN(2) == 0 {
			user["roles"] = []any{refer(roles[0]), refer(more)}
		}
	}
	if d.random.IntN(10) == 0 {
		user["accountStatus"] = "inactive"
	}
	if d.random.IntN(3) == 0 {
		user["description"] = "Joined in " + fmt.Sprint(2015+d.random.IntN(11))
	}
	return d.add(realm+"_user", user)
}

func pick[T any](random *rand.Rand, from []T) T { return slices.Clip(from)[random.IntN(len(from))] }

// demoESVs are variables of each type, a secret with two versions, and one
// variable that waits for a restart.
func demoESVs() esv.Data {
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	variable := func(name, kind, value, description string) store.Object {
		return store.Object{"_id": name, "expressionType": kind, "valueBase64": encode(value), "description": description}
	}
	waiting := variable("esv-support-email", "string", "support@northwind.example", "Where mails to customers tell them to answer")
	waiting["loaded"] = false
	return esv.Data{
		Variables: []store.Object{
			variable("esv-portal-url", "string", "https://portal.northwind.example", "The customers' portal"),
			variable("esv-session-minutes", "int", "30", "Until an idle session ends"),
			variable("esv-risk-threshold", "number", "0.75", "Logins above it need a second factor"),
			variable("esv-self-registration", "bool", "true", "Whether customers may register themselves"),
			variable("esv-allowed-countries", "array", `["PT","NO","CA"]`, "Where customers may register"),
			variable("esv-branding", "object", `{"name":"Northwind","color":"#0b5fff"}`, "How pages look"),
			variable("esv-blocked-domains", "list", "mail.invalid,spam.example", "No addresses of these"),
			waiting,
		},
		Secrets: []store.Object{
			{
				"_id": "esv-smtp-password", "description": "For the mail relay",
				"versions": []any{
					map[string]any{"status": "DISABLED", "valueBase64": encode("before the rotation")},
					map[string]any{"valueBase64": encode("after the rotation")},
				},
			},
			{
				"_id": "esv-webhook-key", "description": "Signs what is sent to partners", "encoding": "base64hmac", "useInPlaceholders": false,
				"versions": []any{map[string]any{"valueBase64": encode("bm9ydGh3aW5kLWRlbW8ta2V5LW9mLTMyLWJ5dGVzISE=")}},
			},
		},
	}
}

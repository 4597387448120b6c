package mockaic_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aicmcp/mockaic"
)

// send does a request that must succeed.
func send(t *testing.T, mock *mockaic.Tenant, method, path, body string) {
	t.Helper()
	got := call(t, mock, method, path, jsonHeader, body)
	if got.status >= 300 {
		t.Fatalf("%s %s: %d %.500s", method, path, got.status, got.body)
	}
}

// define adds types to a tenant.
func define(t *testing.T, mock *mockaic.Tenant, types ...string) {
	t.Helper()
	for _, definition := range types {
		patch(t, mock, "/openidm/config/managed", 200, `[{"operation":"add","field":"/objects/-","value":`+definition+`}]`)
	}
}

const (
	// ghost loses its definition, and badge gets another one.
	ghost = `{"name":"ghost","meta":{"property":"_meta","resourceCollection":"managed/ghostmeta","trackedProperties":["createDate"]},"schema":{"properties":{
		"_id":{"type":"string"},"name":{"type":"string"},"secret":{"type":"string","scope":"private"},"password":{"type":"string","scope":"private"},
		"haunts":{"type":"relationship","reverseRelationship":false,"resourceCollection":[{"path":"managed/alpha_user"}]}}}}`
	badge      = `{"name":"badge","schema":{"properties":{"_id":{"type":"string"},"note":{"type":"string","scope":"private"},"holder":{"type":"string"}}}}`
	laterBadge = `{"name":"badge","schema":{"properties":{"_id":{"type":"string"},"holder":{"type":"relationship","resourceCollection":[{"path":"managed/alpha_user"}]}}}}`
	gadget     = `{"name":"gadget","schema":{}}`
)

// fill makes a tenant hold something of everything.
func fill(t *testing.T, mock *mockaic.Tenant) {
	t.Helper()
	define(t, mock, gadget, ghost, badge)
	person := first(t, mock, users)
	role := first(t, mock, "/openidm/managed/alpha_role")
	send(t, mock, "PUT", "/openidm/managed/gadget/a%2F%F0%9F%98%80%20%25", `{"n":9007199254740993,"f":1.0,"big":1E400,"null":null,"list":[],"map":{},"text":"</a>&\u2028\u0000 ü","_private":true}`)
	send(t, mock, "PUT", "/openidm/managed/gadget/b", `{"x":1}`)
	send(t, mock, "PUT", "/openidm/managed/gadget/b", `{"x":2}`)
	send(t, mock, "PUT", "/openidm/managed/ghost/g1", fmt.Sprintf(`{"name":"Boo","secret":"s","password":"hidden","haunts":{"_ref":"managed/alpha_user/%s","_refProperties":{"since":1842}}}`, person))
	send(t, mock, "PUT", "/openidm/managed/badge/1", `{"note":"kept","holder":"a name"}`)
	patch(t, mock, users+"/"+person, 200, fmt.Sprintf(`[
		{"operation":"add","field":"/roles/-","value":{"_ref":"managed/alpha_role/%s","_refProperties":{"n":9007199254740993,"null":null}}},
		{"operation":"replace","field":"/manager","value":{"_ref":"managed/alpha_user/%s"}},
		{"operation":"replace","field":"/password","value":"An0ther!"},
		{"operation":"replace","field":"/description","value":"Zoë \"quoted\""}]`, role, person))
	patch(t, mock, "/openidm/managed/alpha_role/"+role, 200, `[{"operation":"replace","field":"/condition","value":"/city eq \"Oslo\""}]`)
	send(t, mock, "POST", "/openidm/managed/alpha_role/"+role+"/members?_action=create", fmt.Sprintf(`{"_ref":"managed/alpha_user/%s","_refProperties":{"by":"the role"}}`, person))
	send(t, mock, "PUT", "/openidm/internal/role/keepers", fmt.Sprintf(`{"name":"keepers","privileges":[],"authzMembers":[{"_ref":"managed/alpha_user/%s"}]}`, person))
	for _, id := range []string{"a", "a.json/b", ".hidden/.x", "x:y", "%2F%2F", "%C3%BC%25", "notes.md"} {
		send(t, mock, "PUT", "/openidm/config/"+id, `{"of":"`+id+`","null":null}`)
	}
	send(t, mock, "DELETE", "/openidm/config/emailTemplate/welcome", "")
	send(t, mock, "PUT", variables+"/esv-new", variable("object", `{"n":1}`))
	send(t, mock, "DELETE", variables+"/esv-portal-url", "")
	send(t, mock, "POST", variables+"/esv-branding?_action=setDescription", `{"description":"Zoë's"}`)
	send(t, mock, "POST", "/keys?_action=create", `{"name":"for a reader"}`)
	send(t, mock, "PUT", secrets+"/esv-new", secret("generic", "s3cret", true))
	send(t, mock, "POST", secrets+"/esv-smtp-password/versions?_action=create", `{"valueBase64":"bmV4dA=="}`)
	send(t, mock, "DELETE", secrets+"/esv-smtp-password/versions/1", "")
	themes := get(t, mock, "/openidm/config/ui/themerealm")
	themes["realm"].(map[string]any)["alpha"].([]any)[0].(map[string]any)["primaryColor"] = "#123456"
	send(t, mock, "PUT", "/openidm/config/ui/themerealm", encode(t, themes))
	const provider = "/am/json/realms/root/realms/alpha/realm-config/services/oauth-oidc"
	settings := get(t, mock, provider)
	settings["coreOAuth2Config"].(map[string]any)["accessTokenLifetime"] = 60
	send(t, mock, "PUT", provider, encode(t, settings))
	send(t, mock, "DELETE", strings.Replace(provider, "alpha", "bravo", 1), "")
	send(t, mock, "PUT", alpha+"/realm-config/authentication", `{"core":{"orgConfig":"Mine"}}`)
	send(t, mock, "PUT", scripts+"/mine", decision("mine", "outcome = 'a';"))
	send(t, mock, "PUT", clients+"/a%2Fshop", strings.Replace(shop, `"inherited":false`, `"inherited":true`, 1))
	for _, object := range get(t, mock, "/openidm/managed/bravo_group?_queryFilter=true")["result"].([]any) {
		send(t, mock, "DELETE", "/openidm/managed/bravo_group/"+object.(map[string]any)["_id"].(string), "")
	}
	types := get(t, mock, "/openidm/config/managed")
	types["objects"] = slices.DeleteFunc(types["objects"].([]any), func(entry any) bool {
		name := entry.(map[string]any)["name"]
		return name == "ghost" || name == "badge"
	})
	send(t, mock, "PUT", "/openidm/config/managed", encode(t, types))
	define(t, mock, laterBadge)
}

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// first is the ID of the first object of a type.
func first(t *testing.T, mock *mockaic.Tenant, path string) string {
	t.Helper()
	page := get(t, mock, path+"?_queryFilter=true&_sortKeys=_id&_pageSize=1")
	return page["result"].([]any)[0].(map[string]any)["_id"].(string)
}

// held are addresses that show all that fill makes.
func held(t *testing.T, mock *mockaic.Tenant) []string {
	t.Helper()
	person := first(t, mock, users)
	role := first(t, mock, "/openidm/managed/alpha_role")
	paths := []string{
		"/openidm/config?_queryFilter=true", "/openidm/config/managed", "/openidm/config/emailTemplate/welcome",
		"/openidm/config/.hidden/.x", "/openidm/config/%2F%2F", "/openidm/config/x:y", "/openidm/config/a.json/b",
		"/openidm/ui/theme?realm=alpha&_queryFilter=true", "/openidm/feature?_queryFilter=true",
		"/openidm/schema/managed/alpha_user", "/openidm/schema/managed/ghost",
		"/openidm/internal/role?_queryFilter=true&_fields=*,authzMembers", "/openidm/internal/role/keepers?_fields=authzMembers/*",
		"/openidm/managed/ghost/g1", "/openidm/managed/badge/1?_fields=*,holder", "/openidm/managed/gadget/b",
		users + "/" + person, users + "/" + person + "?_fields=*,*_ref,_meta/*,roles/*,manager/*",
		users + "/" + person + "/roles?_queryFilter=true&_fields=*", "/openidm/managed/alpha_role/" + role + "/members?_queryFilter=true",
		users + "?_queryFilter=description+co+%22quoted%22&_fields=*,effectiveRoles",
		"/am/json/realms/root/realms/alpha/realm-config/services/oauth-oidc", "/am/json/realms/root/realms/bravo/realm-config/services/oauth-oidc",
		scripts + "?_queryFilter=true", scripts + "/mine", strings.Replace(scripts, "alpha", "bravo", 1) + "?_queryFilter=true",
		alpha + "/realm-config/authentication", clients + "?_queryFilter=true", clients + "/a%2Fshop",
		variables, secrets, secrets + "/esv-smtp-password/versions", "/environment/count?_onlyPending=true", "/keys",
	}
	for _, kind := range []string{"user", "role", "group", "organization", "assignment", "aiagent", "usermeta"} {
		for _, realm := range []string{"alpha", "bravo"} {
			paths = append(paths, "/openidm/managed/"+realm+"_"+kind+"?_queryFilter=true&_fields=*,*_ref")
		}
	}
	return append(paths, "/openidm/managed/gadget?_queryFilter=true")
}

func exported(t *testing.T, mock *mockaic.Tenant) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "seed")
	if err := mock.Export(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files is a directory's content.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		found[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func sameFiles(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s differs:\n%s", name, difference(got[name], text))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is new:\n%.2000s", name, got[name])
		}
	}
}

// difference is where two texts part.
func difference(got, want string) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	from := max(0, at-200)
	return fmt.Sprintf("got  ...%.500s\nwant ...%.500s", got[from:], want[from:])
}

var revision = regexp.MustCompile(`"_rev":"[^"]*"`)

func TestExportAndImportLoseNothing(t *testing.T) {
	a := newApp(t, mockaic.Seed("demo"), mockaic.Chance(7), mockaic.DevToken("dev"))
	fill(t, a.mock)
	login := map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + a.redeem(a.code()).AccessToken}
	administrator := call(t, a.mock, "GET", "/openidm/managed/teammember?_queryFilter=true", login, "").object(t)["result"].([]any)[0].(map[string]any)["_id"].(string)
	if got := call(t, a.mock, "PATCH", "/openidm/managed/teammember/"+administrator, login, `[{"operation":"replace","field":"/password","value":"N3w-secret"}]`); got.status != 200 {
		t.Fatalf("a new password: %d %s", got.status, got.body)
	}
	dir := exported(t, a.mock)
	again := mockaic.Start(t, mockaic.Seed(dir), mockaic.Chance(7), mockaic.DevToken("dev"), mockaic.Clock(a.clock.Now))
	sameFiles(t, files(t, exported(t, again)), files(t, dir))
	for _, path := range held(t, a.mock) {
		want, got := call(t, a.mock, "GET", path, nil, ""), call(t, again, "GET", path, nil, "")
		if got.status != want.status || !bytes.Equal(got.body, want.body) {
			t.Errorf("%s: %d %d\n%s", path, got.status, want.status, difference(string(got.body), string(want.body)))
		}
	}
	welcome := again.URL + "/am/XUI/?realm=/"
	if _, err := (mockaic.Person{UserName: "admin@example.com", Password: "N3w-secret"}).Visit(t.Context(), welcome); err != nil {
		t.Errorf("log in with the new password: %v", err)
	}
	if _, err := admin.Visit(t.Context(), welcome); err == nil {
		t.Error("the former password is still good")
	}
	// What had lost its type, or got another, comes back with it.
	for _, mock := range []*mockaic.Tenant{a.mock, again} {
		define(t, mock, ghost)
		patch(t, mock, "/openidm/config/managed", 200, `[{"operation":"remove","field":"/objects","value":`+laterBadge+`}]`)
		define(t, mock, badge)
	}
	for path, want := range map[string]string{
		"/openidm/managed/ghost/g1?_fields=*,haunts,_meta/*": `"since":1842`,
		"/openidm/managed/badge/1":                           `"holder":"a name"`,
	} {
		left, right := call(t, a.mock, "GET", path, nil, "").body, call(t, again, "GET", path, nil, "").body
		if !bytes.Equal(revision.ReplaceAll(left, nil), revision.ReplaceAll(right, nil)) {
			t.Errorf("%s\n%s\n%s", path, left, right)
		}
		for _, secret := range []string{"secret", "password", "kept"} {
			if !strings.Contains(string(right), want) || strings.Contains(string(right), secret) {
				t.Errorf("%s: %s", path, right)
			}
		}
	}
}

func TestExportOfAFeatureInstalledLater(t *testing.T) {
	mock := start(t)
	send(t, mock, "POST", "/environment/aiagent?_action=enable", "")
	dir := exported(t, mock)
	again := start(t, mockaic.Seed(dir))
	sameFiles(t, files(t, exported(t, again)), files(t, dir))
	if got := get(t, again, "/openidm/feature/aiagent"); got["installedVersion"] != "1" {
		t.Errorf("feature: %v", got)
	}
}

// A tenant with the same chance as the exported one must not give out its
// revisions again.
func TestRevisionsAreNotRepeatedAfterAnImport(t *testing.T) {
	revisions := map[any]bool{}
	write := func(mock *mockaic.Tenant, id string, count int) {
		for i := range count {
			revision := patch(t, mock, users+"/"+id, 200, fmt.Sprintf(`[{"operation":"replace","field":"/description","value":"%d"}]`, len(revisions)+i))["_rev"]
			if revisions[revision] {
				t.Fatalf("the revision %v is there again", revision)
			}
			revisions[revision] = true
		}
	}
	mock := start(t, mockaic.Chance(7))
	id := create(t, mock, users, jane)["_id"].(string)
	write(mock, id, 200)
	for range 3 {
		mock = start(t, mockaic.Chance(7), mockaic.Seed(exported(t, mock)))
		write(mock, id, 200)
	}
}

func TestHandWrittenPartsOfAnExport(t *testing.T) {
	mock := start(t)
	id := create(t, mock, users, jane)["_id"].(string)
	dir := exported(t, mock)
	// An object of one's own is checked and gets defaults; a reference of one's own
	// needs no more than its _ref; a password may be plain.
	path := filepath.Join(dir, "managed", "alpha_user.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), `"_id"`, `"manager": {"_ref": "managed/alpha_user/boss"}, "_id"`, 1)
	changed = strings.Replace(changed, "[", `[{"_id": "boss", "userName": "boss", "givenName": "B", "sn": "Oss", "mail": "boss@example.com", "password": "B0ss-password"},`, 1)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	again := start(t, mockaic.Seed(dir))
	boss := get(t, again, users+"/boss?_fields=*,reports,_meta/*")
	if boss["accountStatus"] != "active" || ids(boss["reports"])[0] != id || boss["_meta"].(map[string]any)["createDate"] == nil {
		t.Errorf("%v", boss)
	}
	seed(t, dir, "managed/alpha_user.json", strings.Replace(changed, "/boss", "/nobody", 1))
	if _, err := mockaic.New(mockaic.Seed(dir)); err == nil || !strings.Contains(err.Error(), "managed/alpha_user/nobody") {
		t.Errorf("a reference to nobody: %v", err)
	}
}

func TestBrokenExportsAreRefused(t *testing.T) {
	const object = `{"_id":"x","_rev":"1","userName":"x"}`
	for want, content := range map[string]map[string]string{
		"must have an _id":          {"managed/alpha_user.json": `[{"_rev":"1"}]`},
		"non-empty strings":         {"managed/alpha_user.json": `[{"_id":"x","_rev":1}]`},
		"is taken":                  {"managed/alpha_user.json": "[" + object + "," + object + "]"},
		"not a JSON object":         {"managed/alpha_user.json": `[1]`},
		"not a JSON array":          {"managed/alpha_user.json": `{}`},
		"something after":           {"managed/alpha_user.json": `[] []`},
		"unexpected EOF":            {"managed/alpha_user.json": "[" + object},
		"no such realm":             {"am/charlie/oauth-oidc.json": `{}`},
		"am/alpha/oauth-oidc.json":  {"am/alpha/oauth-oidc.json": `null`},
		"element 0: has no _id":     {"am/alpha/scripts.json": `[{"name":"x"}]`},
		"needs the attribute name":  {"am/alpha/scripts.json": `[{"_id":"x"}]`},
		"the name s is there twice": {"am/alpha/scripts.json": strings.ReplaceAll(`[{"_id":"x",S},{"_id":"y",S}]`, "S", strings.Trim(decision("s", "x"), "{}"))},
		"the _id x is there twice":  {"am/alpha/OAuth2Client.json": `[{"_id":"x"},{"_id":"x"}]`},
		"attribute, Userpassword":   {"am/alpha/OAuth2Client.json": `[{"_id":"x","userpassword":1}]`},
		"Invalid attribute":         {"am/alpha/OAuth2Client.json": `[{"_id":"x","colour":"red"}]`},
		"expected config/ID":        {"am/alpha/policies.json": `[]`},
		"unknown field":             {"tenant.json": `{"complet":true}`},
		"esv-x: there are two":      {"esv/variables.json": `[{"_id":"esv-x"},{"_id":"esv-x"}]`},
		"regular expression":        {"esv/variables.json": `[{"_id":"x"}]`},
		"no member value":           {"esv/variables.json": `[{"_id":"esv-x","value":"1"}]`},
		"not a valid int":           {"esv/variables.json": `[{"_id":"esv-x","expressionType":"int","valueBase64":"eA=="}]`},
		"1 to 1000 versions":        {"esv/secrets.json": `[{"_id":"esv-x"}]`},
		"version 1: valueBase64":    {"esv/secrets.json": `[{"_id":"esv-x","versions":[{"valueBase64":"%"}]}]`},
		"no version 9":              {"esv/secrets.json": `[{"_id":"esv-x","loaded":false,"loadedVersion":"9","versions":[{}]}]`},
		"is the active one":         {"esv/secrets.json": `[{"_id":"esv-x","loadedVersion":"","versions":[{}]}]`},
		"must be a time":            {"esv/variables.json": `[{"_id":"esv-x","lastChangeDate":"now"}]`},
		"an api_key_id":             {"keys.json": `[{"name":"k","api_key_id":"a/b","api_key_secret":"x","created_at":""}]`},
		"newest version must be":    {"esv/secrets.json": `[{"_id":"esv-x","versions":[{"status":"DISABLED"}]}]`},
		"expected config/ID.json":   {"esv/other.json": `[]`},
		"another spelling":          {"config/a%2Fb.json": `{}`, "config/a/b.json": `{}`},
		"begin an escape":           {"config/100%.json": `{}`},
		"there is no such object":   {"earlier/managed/ghost.json": `[{"_id":"x","hidden":{"a":1}}]`},
		"first must have a _ref":    {"earlier/relationships.json": `[{"_id":"x","_rev":"1"}]`},
		"the object managed/alpha_user/y": {"managed/alpha_user.json": `[{"_id":"x","_rev":"1","manager":{
			"_ref":"managed/alpha_user/y","_refProperties":{"_id":"e","_rev":"1"}}}]`},
		"another relationship with the _id e": {"managed/alpha_user.json": `[{"_id":"x","_rev":"1","manager":
			{"_ref":"managed/alpha_user/x","_refProperties":{"_id":"e","_rev":"1"}},"roles":[{"_ref":"managed/alpha_role/y","_refProperties":{"_id":"e","_rev":"1"}}]}]`},
	} {
		dir := t.TempDir()
		for name, text := range content {
			seed(t, dir, name, text)
		}
		if _, err := mockaic.New(mockaic.Seed(dir)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestExportLeavesOthersFilesAlone(t *testing.T) {
	mock := start(t)
	parent := t.TempDir()
	seed(t, parent, "full/notes.txt", "mine")
	for _, name := range []string{"full", "full/notes.txt", "missing/dir"} {
		if err := mock.Export(filepath.Join(parent, name)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := os.Mkdir(filepath.Join(parent, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"empty", "new"} {
		if err := mock.Export(filepath.Join(parent, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 3 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestImportIsAllOrNothing(t *testing.T) {
	mock := start(t)
	id := create(t, mock, users, jane)["_id"].(string)
	before := files(t, exported(t, mock))
	dir := t.TempDir()
	seed(t, dir, "tenant.json", `{"complete":true}`)
	seed(t, dir, "managed/zoo.json", `[{"_id":"x","_rev":"1"},`)
	if err := mock.Import(dir); err == nil {
		t.Error("a broken seed was taken")
	}
	sameFiles(t, files(t, exported(t, mock)), before)
	seed(t, dir, "managed/zoo.json", `[{"_id":"x","_rev":"1"}]`)
	mock.Inject(mockaic.Fault{Path: "*/none"})
	requests := len(mock.Requests())
	if err := mock.Import(dir); err != nil {
		t.Fatal(err)
	}
	if got := call(t, mock, "GET", users+"/"+id, nil, ""); got.status != http.StatusNotFound {
		t.Errorf("an object of the former content: %d", got.status)
	}
	if got := call(t, mock, "GET", "/openidm/config/managed", nil, ""); got.status != http.StatusNotFound {
		t.Errorf("a complete seed got stock configuration: %d", got.status)
	}
	if got := call(t, mock, "GET", "/openidm/none", nil, ""); got.status != 503 {
		t.Errorf("the fault is gone: %d", got.status)
	}
	if len(mock.Requests()) != requests+3 {
		t.Errorf("%d requests are known", len(mock.Requests()))
	}
}

func TestResetRestoresTheBeginning(t *testing.T) {
	mock := start(t, mockaic.Chance(7), mockaic.Seed("demo"), mockaic.Clock(newClock().Now))
	before := files(t, exported(t, mock))
	id := create(t, mock, users, strings.ReplaceAll(jane, "jane", "newcomer"))["_id"]
	mock.Advance(time.Hour)
	mock.Inject(mockaic.Fault{})
	if err := mock.Reset(); err != nil {
		t.Fatal(err)
	}
	if got := mock.Requests(); len(got) != 0 {
		t.Errorf("requests %v", got)
	}
	sameFiles(t, files(t, exported(t, mock)), before)
	if again := create(t, mock, users, strings.ReplaceAll(jane, "jane", "newcomer"))["_id"]; again != id {
		t.Errorf("chance began with %v, and now with %v", id, again)
	}
}

func TestAdvanceMovesEverything(t *testing.T) {
	a := newApp(t)
	token := a.redeem(a.code()).AccessToken
	a.mock.Advance(59 * time.Minute)
	if status := a.idmStatus(token); status != 200 {
		t.Errorf("after 59 minutes: %d", status)
	}
	a.mock.Advance(time.Minute)
	if status := a.idmStatus(token); status != 401 {
		t.Errorf("after an hour: %d", status)
	}
	if at := a.mock.Requests()[len(a.mock.Requests())-1].Time; !at.Equal(a.clock.Now().Add(time.Hour)) {
		t.Errorf("the journal says %v", at)
	}
	a.mock.Advance(-time.Hour)
	if status := a.idmStatus(token); status != 200 {
		t.Errorf("back again: %d", status)
	}
}

func TestRequestsDuringImports(t *testing.T) {
	mock := start(t, mockaic.Seed("demo"))
	dir := exported(t, mock)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 2 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := call(t, mock, "GET", users+"?_queryFilter=true&_fields=roles/name", nil, ""); got.status != 200 || !bytes.Contains(got.body, []byte(`"resultCount":40,`)) {
					t.Errorf("%d %.300s", got.status, got.body)
				}
			}
		})
	}
	for range 5 {
		if err := errors.Join(mock.Import(dir), mock.Reset(), mock.Export(filepath.Join(t.TempDir(), "seed"))); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	clients.Wait()
}

// A condition grants a role that the seed grants outright, too.
func TestSeedsGrantWhatConditionsGrant(t *testing.T) {
	dir := t.TempDir()
	seed(t, dir, "managed/alpha_role.json", `[{"_id":"oslo","name":"oslo","condition":"/city eq \"Oslo\""},{"_id":"team","name":"team","condition":"/manager/_refResourceId eq \"zoe\""}]`)
	seed(t, dir, "managed/alpha_user.json", `[{"_id":"ann","userName":"ann","givenName":"A","sn":"N","mail":"ann@example.com","city":"Oslo","roles":[{"_ref":"managed/alpha_role/oslo"}],"manager":{"_ref":"managed/alpha_user/zoe"}},
		{"_id":"zoe","userName":"zoe","givenName":"Z","sn":"E","mail":"zoe@example.com"}]`)
	mock := start(t, mockaic.Seed(dir))
	for range 2 {
		if got := get(t, mock, users+"/ann?_fields=roles")["roles"].([]any); len(got) != 3 {
			t.Errorf("roles %v", got)
		}
		mock = start(t, mockaic.Seed(exported(t, mock)))
	}
	// A role that is added to an export by hand finds those who fulfil its condition.
	dir = exported(t, mock)
	written := files(t, dir)["managed/alpha_role.json"]
	seed(t, dir, "managed/alpha_role.json", strings.Replace(written, "[", `[{"_id":"hand","name":"hand","condition":"/city eq \"Oslo\""},`, 1))
	if got := ids(get(t, start(t, mockaic.Seed(dir)), "/openidm/managed/alpha_role/hand?_fields=members")["members"]); len(got) != 1 || got[0] != "ann" {
		t.Errorf("members %v", got)
	}
}

func BenchmarkSeedOfTenThousand(b *testing.B) {
	dir := b.TempDir()
	var text strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&text, `,{"userName":"user%d","givenName":"Given%d","sn":"Family%d","mail":"user%d@example.com"}`, i, i%1000, i%3000, i)
	}
	if err := os.Mkdir(filepath.Join(dir, "managed"), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "managed", "alpha_user.json"), []byte("["+text.String()[1:]+"]"), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := mockaic.New(mockaic.Seed(dir)); err != nil {
			b.Fatal(err)
		}
	}
}

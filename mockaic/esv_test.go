package mockaic_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
)

const (
	variables = "/environment/variables"
	secrets   = "/environment/secrets"
)

func inBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func variable(kind, value string) string {
	return fmt.Sprintf(`{"expressionType":%q,"valueBase64":%q,"description":"about it"}`, kind, inBase64(value))
}

// message is what an error of the API says; it has no reason.
func message(t *testing.T, got answer) string {
	t.Helper()
	object := got.object(t)
	if _, present := object["reason"]; present {
		t.Errorf("an error with a reason: %s", got.body)
	}
	text, _ := object["message"].(string)
	return text
}

func TestVariablesHaveATypeThatStays(t *testing.T) {
	mock := start(t, mockaic.Seed("empty"))
	for _, c := range []struct{ kind, good, bad string }{
		{"string", "anything", ""},
		{"list", "a,b,c", ""},
		{"array", `["one",6]`, `{"no":"array"}`},
		{"object", `{"a":[{}]}`, `[]`},
		{"keyvaluelist", `{"a":"b"}`, `"text"`},
		{"bool", "false", "no"},
		{"int", "12345", "1.5"},
		{"number", "123.45", "1,5"},
		{"base64encodedinlined", "YWJj", "%"},
	} {
		path := variables + "/esv-" + c.kind
		if c.bad != "" {
			if got := call(t, mock, "PUT", path, jsonHeader, variable(c.kind, c.bad)); got.status != 400 || !strings.Contains(message(t, got), c.kind) {
				t.Errorf("%s %s: %d %s", c.kind, c.bad, got.status, got.body)
			}
		}
		for _, want := range []string{c.good, c.good + " "} { // created, updated
			got := call(t, mock, "PUT", path, jsonHeader, variable(c.kind, want))
			object := got.object(t)
			if got.status != 200 || object["valueBase64"] != inBase64(want) || object["loaded"] != false || object["expressionType"] != c.kind {
				t.Errorf("%s %s: %d %s", c.kind, want, got.status, got.body)
			}
		}
		other := "string"
		if c.kind == other {
			other = "list"
		}
		if got := call(t, mock, "PUT", path, jsonHeader, variable(other, "1")); got.status != 400 || message(t, got) != "Changing the type of an existing variable is not permitted" {
			t.Errorf("%s as %s: %d %s", c.kind, other, got.status, got.body)
		}
		// The type need not be said again, and what is not said of the description is gone.
		got := call(t, mock, "PUT", path, jsonHeader, fmt.Sprintf(`{"valueBase64":%q}`, inBase64(c.good)))
		if object := got.object(t); object["expressionType"] != c.kind || object["description"] != "" {
			t.Errorf("%s without its type: %s", c.kind, got.body)
		}
		call(t, mock, "DELETE", path, nil, "")
		if got := call(t, mock, "PUT", path, jsonHeader, variable(other, "1")); got.status != 200 {
			t.Errorf("%s as %s after its deletion: %d %s", c.kind, other, got.status, got.body)
		}
	}
}

func TestVariablesRefuseWhatTenantsRefuse(t *testing.T) {
	mock := start(t, mockaic.Seed("empty"))
	const pattern = `string doesn't match the regular expression "^esv-[a-z0-9_-]{1,124}$"`
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"GET", "/esv-none", "", 404, "The variable does not exist"},
		{"DELETE", "/esv-none", "", 404, "The variable does not exist"},
		{"POST", "/esv-none?_action=setDescription", `{"description":"x"}`, 404, "The variable does not exist"},
		{"GET", "/none", "", 400, `parameter "variableId" in path has an error: ` + pattern},
		{"PUT", "/esv-" + strings.Repeat("a", 125), variable("string", "x"), 400, `parameter "variableId" in path has an error: ` + pattern},
		{"PUT", "/esv-Upper", variable("string", "x"), 400, `parameter "variableId" in path has an error: ` + pattern},
		{"PUT", "/esv-new", `{"valueBase64":"eA=="}`, 400, "Variable type required; expressionType cannot be empty when creating new variables"},
		{"PUT", "/esv-new", variable("date", "x"), 400, `request body has an error: doesn't match schema #/components/schemas/esvVariableCreateUpdateRequest: Error at "/expressionType": value is not one of the allowed values ["string","list","array","object","bool","int","number","base64encodedinlined","keyvaluelist"]`},
		{"PUT", "/esv-new", `{"expressionType":"string"}`, 400, `"valueBase64" is missing`},
		{"PUT", "/esv-new", `{"expressionType":"string","valueBase64":"%%"}`, 400, "base64"},
		{"PUT", "/esv-new", `{"expressionType":"string","valueBase64":7}`, 400, "must be a string"},
		{"PUT", "/esv-new", `{"expressionType":"string","valueBase64":"Y\n\nQ=="}`, 400, "base64"},
		{"PUT", "/esv-new", `{"expressionType":"string","valueBase64":"YR=="}`, 400, "base64"},
		{"PUT", "/esv-new", variable("string", strings.Repeat("x", 65536)), 400, "65535"},
		{"PUT", "/esv-new", `[]`, 400, "must be an object"},
		{"PUT", "/esv-new", `{`, 400, "decode"},
		{"GET", "?_pageSize=101", "", 400, `parameter "_pageSize" in query has an error: number must be at most 100`},
		{"GET", "?_pageSize=x", "", 400, `parameter "_pageSize" in query has an error`},
		{"GET", "?_queryFilter=)", "", 400, "_queryFilter"},
		{"GET", "?_pageSize=1&_pagedResultsCookie=x", "", 400, ""},
		{"PUT", "", "{}", 404, "path /environment/variables was not found"},
	} {
		got := call(t, mock, c.method, variables+c.path, jsonHeader, c.body)
		if text := message(t, got); got.status != c.status || !strings.Contains(text, c.message) {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
		}
	}
	if got := call(t, mock, "GET", variables, map[string]string{"Accept-API-Version": "resource=9.0"}, ""); got.status != 400 {
		t.Errorf("version 9.0: %d", got.status)
	}
	for _, version := range []string{"protocol=1.0,resource=1.0", "resource=2.0", "protocol=2.1, resource=2.0"} {
		if got := call(t, mock, "GET", variables, map[string]string{"Accept-API-Version": version}, ""); got.status != 200 {
			t.Errorf("version %s: %d", version, got.status)
		}
	}
}

// names are the IDs in a page, in its order.
func names(page map[string]any) []string {
	var all []string
	for _, object := range page["result"].([]any) {
		all = append(all, object.(map[string]any)["_id"].(string))
	}
	return all
}

func TestVariablesAreListedByPages(t *testing.T) {
	mock := start(t, mockaic.Seed("empty"))
	for i := range 7 {
		send(t, mock, "PUT", fmt.Sprintf("%s/esv-%d", variables, i), variable("int", fmt.Sprint(10-i)))
	}
	var found []string
	for cookie, pages := "", 0; ; pages++ {
		page := get(t, mock, variables+"?_pageSize=3&_sortKeys=-_id&_queryFilter="+url.QueryEscape(`!(_id eq "esv-3")`)+"&_pagedResultsCookie="+url.QueryEscape(cookie))
		found = append(found, names(page)...)
		if next, _ := page["pagedResultsCookie"].(string); next != "" && pages < 9 {
			cookie = next
			continue
		}
		break
	}
	if got := strings.Join(found, " "); got != "esv-6 esv-5 esv-4 esv-2 esv-1 esv-0" {
		t.Errorf("pages hold %s", got)
	}
	whole := call(t, mock, "GET", variables, nil, "")
	if got := strings.Join(names(whole.object(t)), " "); got != "esv-0 esv-1 esv-2 esv-3 esv-4 esv-5 esv-6" {
		t.Errorf("the list holds %s", got)
	}
	if !strings.HasPrefix(string(whole.body), `{"pagedResultsCookie":null,"remainingPagedResults":-1,"result":[{"_id":"esv-0","description":`) {
		t.Errorf("not in alphabetical order: %.200s", whole.body)
	}
}

// A restart loads what was there when it began, and what changes while it goes on
// waits for the next one.
func TestARestartLoadsWhatWaits(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Seed("empty"), mockaic.Clock(clock.Now), mockaic.RestartTime(3*time.Minute))
	state := func() string {
		t.Helper()
		count, pending := get(t, mock, "/environment/count"), get(t, mock, "/environment/count?_onlyPending=true")
		return fmt.Sprintf("%v %v%v %v%v", get(t, mock, "/environment/startup")["restartStatus"], count["variables"], count["secrets"], pending["variables"], pending["secrets"])
	}
	expect := func(want string) {
		t.Helper()
		if got := state(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	expect("ready 00 00")
	send(t, mock, "PUT", variables+"/esv-a", variable("string", "a"))
	send(t, mock, "PUT", variables+"/esv-b", variable("string", "b"))
	send(t, mock, "PUT", secrets+"/esv-s", secret("generic", "one", true))
	send(t, mock, "PUT", secrets+"/esv-now", secret("generic", "one", false))
	expect("ready 22 21")
	if got := get(t, mock, secrets+"?_onlyPending=true"); strings.Join(names(got), " ") != "esv-s" {
		t.Errorf("pending secrets %v", got)
	}
	send(t, mock, "DELETE", variables+"/esv-b", "")
	expect("ready 12 11")
	if got := call(t, mock, "POST", "/environment/startup?_action=restart", nil, ""); got.status != 200 || string(got.body) != `{"restartStatus":"restarting"}` {
		t.Errorf("restart: %d %s", got.status, got.body)
	}
	send(t, mock, "POST", variables+"/esv-a?_action=setDescription", `{"description":"only words"}`)
	send(t, mock, "POST", secrets+"/esv-s/versions?_action=create", `{"valueBase64":"dHdv"}`)
	send(t, mock, "PUT", variables+"/esv-late", variable("string", "late"))
	clock.advance(3*time.Minute - time.Second)
	expect("restarting 22 21")
	clock.advance(time.Second)
	expect("ready 22 11")
	if got := get(t, mock, variables+"/esv-a"); got["loaded"] != true || got["description"] != "only words" || got["_loading"] != nil {
		t.Errorf("the variable: %v", got)
	}
	if got := get(t, mock, secrets+"/esv-s"); got["loaded"] != false || got["loadedVersion"] != "1" || got["activeVersion"] != "2" {
		t.Errorf("the secret: %v", got)
	}
	send(t, mock, "POST", "/environment/startup?_action=restart", "")
	clock.advance(3 * time.Minute)
	expect("ready 22 00")
	if got := get(t, mock, secrets+"/esv-s"); got["loaded"] != true || got["loadedVersion"] != "2" {
		t.Errorf("the secret: %v", got)
	}
	versions := call(t, mock, "GET", secrets+"/esv-s/versions", nil, "")
	if text := string(versions.body); strings.Count(text, `"loaded":true`) != 1 || !strings.HasPrefix(text, `[{"createDate":"2026-`) {
		t.Errorf("the versions: %s", text)
	}
	send(t, mock, "PUT", variables+"/esv-a", variable("string", "again"))
	expect("ready 22 10")
	send(t, mock, "DELETE", variables+"/esv-late", "")
	expect("ready 12 10")
}

// A restart is over for an export, too, and it does not outlast a clock that is
// set back.
func TestARestartEndsWithoutARequest(t *testing.T) {
	for _, move := range []time.Duration{time.Hour, -time.Hour} {
		clock := newClock()
		mock := start(t, mockaic.Seed("empty"), mockaic.Clock(clock.Now), mockaic.RestartTime(time.Minute))
		send(t, mock, "PUT", variables+"/esv-a", variable("string", "a"))
		send(t, mock, "POST", "/environment/startup?_action=restart", "")
		clock.advance(move)
		again := start(t, mockaic.Seed(exported(t, mock)))
		if got := get(t, again, variables+"/esv-a"); got["loaded"] != true {
			t.Errorf("%s later: %v", move, got)
		}
	}
}

func secret(encoding, value string, placeholders bool) string {
	return fmt.Sprintf(`{"encoding":%q,"valueBase64":%q,"useInPlaceholders":%t,"description":"about it"}`, encoding, inBase64(value), placeholders)
}

func TestSecretsHaveVersions(t *testing.T) {
	mock := start(t, mockaic.Seed("empty"))
	const path = secrets + "/esv-key"
	made := call(t, mock, "PUT", path, jsonHeader, secret("generic", "the first value", true)).object(t)
	if made["activeVersion"] != "1" || made["loadedVersion"] != "" || made["loaded"] != false || made["encoding"] != "generic" {
		t.Errorf("made %v", made)
	}
	for i := 2; i <= 4; i++ {
		got := call(t, mock, "POST", path+"/versions?_action=create", jsonHeader, fmt.Sprintf(`{"valueBase64":%q}`, inBase64(fmt.Sprint("value ", i)))).object(t)
		if got["version"] != fmt.Sprint(i) || got["status"] != "ENABLED" || got["_id"] != nil {
			t.Errorf("version %d: %v", i, got)
		}
	}
	status := func(version string) string {
		text, _ := get(t, mock, path+"/versions/"+version)["status"].(string)
		return text
	}
	send(t, mock, "POST", path+"/versions/2?_action=changestatus", `{"status":"DISABLED"}`)
	send(t, mock, "DELETE", path+"/versions/1", "")
	if got := status("1") + status("2") + status("3"); got != "DESTROYEDDISABLEDENABLED" {
		t.Errorf("versions are %s", got)
	}
	send(t, mock, "POST", path+"/versions/2?_action=changestatus", `{"status":"ENABLED"}`)
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"PUT", path, secret("generic", "x", true), 400, "Failed to create secret, the secret already exists"},
		{"PUT", secrets + "/esv-x", `{"valueBase64":"eA==","encoding":"generic"}`, 400, `property "useInPlaceholders" is missing`},
		{"PUT", secrets + "/esv-x", secret("pem", "no PEM", true), 500, "Failed to create secret"},
		{"PUT", secrets + "/esv-x", secret("base64hmac", "!", true), 500, "Failed to create secret"},
		{"PUT", secrets + "/esv-x", secret("unknown", "x", true), 422, "encoding in body should be one of [generic pem base64hmac]"},
		{"GET", secrets + "/esv-none", "", 404, "The secret does not exist or does not have a version"},
		{"DELETE", secrets + "/esv-none", "", 404, "The secret does not exist or does not have a version"},
		{"GET", secrets + "/esv-none/versions", "", 404, "The secret does not exist or does not have a version"},
		{"GET", path + "/versions/9", "", 404, "Failed to get secret version"},
		{"POST", secrets + "/esv-none/versions?_action=create", `{"valueBase64":"eA=="}`, 404, "Failed to create secret version"},
		{"POST", path + "/versions/9?_action=changestatus", `{"status":"DISABLED"}`, 404, "The secret does not exist or does not have a version"},
		{"POST", path + "/versions/4?_action=changestatus", `{"status":"DISABLED"}`, 400, "Cannot disable latest secret version"},
		{"POST", path + "/versions/3?_action=changestatus", `{"status":"DESTROYED"}`, 400, "is not one of the allowed values"},
		{"POST", path + "/versions/1?_action=changestatus", `{"status":"ENABLED"}`, 400, "destroyed"},
		{"DELETE", path + "/versions/4", "", 500, "Failed to delete secret version"},
		{"DELETE", path + "/versions/1", "", 500, "Failed to delete secret version"},
		{"GET", secrets + "/key", "", 400, "secretId"},
	} {
		got := call(t, mock, c.method, c.path, jsonHeader, c.body)
		if text := message(t, got); got.status != c.status || !strings.Contains(text, c.message) {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, got.status, got.body)
		}
	}
	if got := call(t, mock, "PUT", secrets+"/esv-x", jsonHeader, secret("unknown", "x", true)).object(t); fmt.Sprint(got["code"]) != "606" {
		t.Errorf("the code is not that recorded: %v", got)
	}
	if got := call(t, mock, "POST", path+"?_action=setDescription", jsonHeader, `{"description":"other"}`); got.status != 200 || len(got.body) != 0 || got.header.Get("Content-Type") != "" {
		t.Errorf("setDescription: %d %s %v", got.status, got.body, got.header)
	}
	gone := call(t, mock, "DELETE", path, nil, "").object(t)
	if gone["description"] != "other" || gone["activeVersion"] != "4" {
		t.Errorf("deleted %v", gone)
	}
	send(t, mock, "PUT", path, secret("generic", "anew", true))
	if got := string(call(t, mock, "GET", path+"/versions", nil, "").body); strings.Count(got, "version") != 1 {
		t.Errorf("a new secret has versions of the old one: %s", got)
	}
}

func TestAnUnknownPathOfTheEnvironment(t *testing.T) {
	mock := start(t, mockaic.Seed("empty"))
	for _, path := range []string{"/environment/esv", "/environment/startup/more"} {
		if got := call(t, mock, "GET", path, nil, ""); got.status != 404 || message(t, got) != "path "+path+" was not found" {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

// Whatever is asked of a secret, its value is not in the answer, nor can filters
// and sort keys tell anything about it.
func TestSecretValuesNeverComeBack(t *testing.T) {
	mock := start(t, mockaic.Seed("empty"))
	const value = "hunter2 hunter2"
	send(t, mock, "PUT", secrets+"/esv-key", secret("generic", value, true))
	for _, request := range [][3]string{
		{"POST", secrets + "/esv-key/versions?_action=create", fmt.Sprintf(`{"valueBase64":%q}`, inBase64(value+"!"))},
		{"GET", secrets, ""},
		{"GET", secrets + "?_fields=*", ""},
		{"GET", secrets + "?_queryFilter=true&_sortKeys=valueBase64", ""},
		{"GET", secrets + "/esv-key", ""},
		{"GET", secrets + "/esv-key?_fields=valueBase64", ""},
		{"GET", secrets + "/esv-key/versions", ""},
		{"GET", secrets + "/esv-key/versions/1", ""},
		{"PUT", secrets + "/esv-key", secret("generic", value, true)},
		{"POST", secrets + "/esv-key/versions/1?_action=changestatus", `{"status":"DISABLED"}`},
		{"DELETE", secrets + "/esv-key/versions/1", ""},
		{"GET", "/openidm/config?_queryFilter=true", ""},
		{"DELETE", secrets + "/esv-key", ""},
	} {
		got := call(t, mock, request[0], request[1], jsonHeader, request[2])
		if text := string(got.body); strings.Contains(text, "hunter2") || strings.Contains(text, inBase64(value)) || strings.Contains(text, "valueBase64") {
			t.Errorf("%s %s: %s", request[0], request[1], text)
		}
	}
	send(t, mock, "PUT", secrets+"/esv-key", secret("generic", value, true))
	for _, filter := range []string{`valueBase64 pr`, `valueBase64 sw "a"`, `versions pr`} {
		if got := get(t, mock, secrets+"?_queryFilter="+url.QueryEscape(filter)); len(got["result"].([]any)) != 0 {
			t.Errorf("%s found %v", filter, got)
		}
	}
}

func TestAnESVInUseIsNotDeleted(t *testing.T) {
	mock := start(t, mockaic.Seed("empty"))
	send(t, mock, "PUT", variables+"/esv-my-url", variable("string", "x"))
	send(t, mock, "PUT", variables+"/esv-my", variable("string", "x"))
	send(t, mock, "PUT", secrets+"/esv-mail", secret("generic", "x", true))
	send(t, mock, "PUT", "/openidm/config/mine", `{"deep":[{"url":"https://&{esv.my.url}/x","mail":"&{esv.mail|none}"}]}`)
	for path, status := range map[string]int{variables + "/esv-my-url": 400, secrets + "/esv-mail": 400, variables + "/esv-my": 200} {
		if got := call(t, mock, "DELETE", path, nil, ""); got.status != status || status == 400 && !strings.Contains(message(t, got), "config/mine") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	send(t, mock, "DELETE", "/openidm/config/mine", "")
	send(t, mock, "DELETE", variables+"/esv-my-url", "")
	send(t, mock, "DELETE", secrets+"/esv-mail", "")
}

// Each scope opens what it should, and no more. Only service accounts may use
// IDM's.
func TestScopesOfESVs(t *testing.T) {
	const all = "fr:idc:esv:* fr:idc:esv:read fr:idc:esv:update fr:idc:esv:restart fr:idm:*"
	dir := t.TempDir()
	seed(t, dir, "clients.json", fmt.Sprintf(`[
		{"clientId":"AICMCPClient","clientType":"Public","redirectionUris":["http://localhost:3000"],"scopes":%[1]s,"grantTypes":["authorization_code"],"mayAct":{"client_id":"AICMCPExchangeClient"}},
		{"clientId":"AICMCPExchangeClient","clientType":"Public","scopes":%[1]s,"grantTypes":["urn:ietf:params:oauth:grant-type:token-exchange"]}]`, encode(t, strings.Fields(all))))
	a := newApp(t, mockaic.DevToken("dev"), mockaic.Seed(dir))
	a.visit(admin, a.authorizeURL(url.Values{"scope": {all}}))
	subject := a.redeem(a.received.Get("code")).AccessToken
	for scope, want := range map[string]string{
		"fr:idc:esv:*":       "200 200 200 200",
		"fr:idc:esv:read":    "200 403 200 403",
		"fr:idc:esv:update":  "403 200 403 403",
		"fr:idc:esv:restart": "403 403 403 200",
		"fr:idm:*":           "403 403 403 403",
	} {
		bearer := map[string]string{"Authorization": "Bearer " + a.exchange(subject, scope).AccessToken}
		got := []string{}
		for _, request := range [][3]string{
			{"GET", variables, ""},
			{"PUT", variables + "/esv-x", variable("string", "x")},
			{"GET", "/environment/count", ""},
			{"POST", "/environment/startup?_action=restart", ""},
		} {
			got = append(got, fmt.Sprint(call(t, a.mock, request[0], request[1], bearer, request[2]).status))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %s, want %s", scope, text, want)
		}
	}
	if got := call(t, a.mock, "GET", variables, map[string]string{"Authorization": "Bearer x"}, ""); got.status != 401 {
		t.Errorf("a wrong bearer: %d %s", got.status, got.body)
	}
	send(t, a.mock, "PUT", variables+"/esv-mine", variable("string", "x"))
	bearer := map[string]string{"Authorization": "Bearer " + a.exchange(subject, "fr:idc:esv:*").AccessToken}
	if got := call(t, a.mock, "PUT", variables+"/esv-mine", bearer, variable("string", "y")).object(t); got["lastChangedBy"] != "admin@example.com" {
		t.Errorf("changed by %v", got["lastChangedBy"])
	}
}

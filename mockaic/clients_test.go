package mockaic_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

const clients = alpha + "/realm-config/agents/OAuth2Client"

// at follows a path of members.
func at(t *testing.T, object map[string]any, path string) any {
	t.Helper()
	var value any = object
	for name := range strings.SplitSeq(path, "/") {
		members, ok := value.(map[string]any)
		if !ok {
			t.Fatalf("%s: %v has no members", path, value)
		}
		value = members[name]
	}
	return value
}

const shop = `{"coreOAuth2ClientConfig":{"userpassword":"s3cret-of-shop","clientType":{"inherited":false,"value":"Confidential"},"scopes":{"inherited":false,"value":["read"]},"clientName":["Shop"]},
	"advancedOAuth2ClientConfig":{"grantTypes":{"inherited":false,"value":["authorization_code"]},"tosURI":{"inherited":false}}}`

func TestAnOAuthClientsLife(t *testing.T) {
	mock := start(t)
	made := call(t, mock, "PUT", clients+"/shop", jsonHeader, shop)
	object := expect(t, made, 201, "")
	if made.header.Get("Location") != mock.URL+clients+"/shop" || made.header.Get("ETag") != `"`+object["_rev"].(string)+`"` {
		t.Errorf("created: %v", made.header)
	}
	core := object["coreOAuth2ClientConfig"].(map[string]any)
	if secret, named := core["userpassword"]; !named || secret != nil {
		t.Errorf("the secret in the answer: %v", core)
	}
	read := get(t, mock, clients+"/shop")
	if _, named := read["coreOAuth2ClientConfig"].(map[string]any)["userpassword"]; named {
		t.Errorf("the secret in a read: %v", read)
	}
	for path, want := range map[string]any{
		"coreOAuth2ClientConfig/clientType/value":          "Confidential",
		"coreOAuth2ClientConfig/clientName/inherited":      false,
		"coreOAuth2ClientConfig/accessTokenLifetime/value": 0.0,
		"_type/_id": "OAuth2Client",
	} {
		if got := at(t, read, path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	if got := at(t, read, "advancedOAuth2ClientConfig/tosURI").(map[string]any); len(got) != 1 {
		t.Errorf("an unset attribute: %v", got)
	}
	for _, absent := range []string{"overrideOAuth2ClientConfig", "signEncOAuth2ClientConfig", "coreUmaClientConfig"} {
		if read[absent] != nil {
			t.Errorf("a section that was not sent: %s", absent)
		}
	}

	page := get(t, mock, clients+"?_queryFilter="+url.QueryEscape(`coreOAuth2ClientConfig/clientName eq "Shop"`))
	if page["totalPagedResultsPolicy"] != "EXACT" || page["totalPagedResults"] != 1.0 || page["remainingPagedResults"] != -1.0 {
		t.Errorf("the list: %v", page)
	}
	listed := page["result"].([]any)[0].(map[string]any)
	if at(t, listed, "coreOAuth2ClientConfig/clientType") != "Confidential" || at(t, listed, "advancedOAuth2ClientConfig/tosURI") != nil || at(t, listed, "coreOAuth2ClientConfig/userpassword") != nil {
		t.Errorf("in the list: %v", listed)
	}

	stale := map[string]string{"Content-Type": "application/json", "If-Match": `"1"`}
	expect(t, call(t, mock, "PUT", clients+"/shop", stale, shop), 412, "")
	fresh := map[string]string{"Content-Type": "application/json", "If-Match": `"` + object["_rev"].(string) + `"`}
	changed := expect(t, call(t, mock, "PUT", clients+"/shop", fresh, strings.Replace(encode(t, read), `"Shop"`, `"Shop 2"`, 1)), 400, "Invalid attribute specified.")
	if got := at(t, changed, "detail/validAttributes").([]any); len(got) != 6 || got[0] != "advancedOAuth2ClientConfig" {
		t.Errorf("valid attributes: %v", got)
	}
	delete(read, "_rev")
	changed = expect(t, call(t, mock, "PUT", clients+"/shop", fresh, strings.Replace(encode(t, read), `"Shop"`, `"Shop 2"`, 1)), 200, "")
	if changed["_rev"] == object["_rev"] {
		t.Error("the revision stayed")
	}
	gone := call(t, mock, "DELETE", clients+"/shop", nil, "")
	if deleted := expect(t, gone, 200, ""); encode(t, at(t, deleted, "coreOAuth2ClientConfig/clientName/value")) != `["Shop 2"]` || gone.header.Get("ETag") == "" {
		t.Errorf("deleted: %s", gone.body)
	}
	expect(t, call(t, mock, "GET", clients+"/shop", nil, ""), 404, "Not Found")
	expect(t, call(t, mock, "DELETE", clients+"/shop", nil, ""), 404, "Not Found")
	expect(t, call(t, mock, "GET", "/am/json/realms/root/realm-config/agents/OAuth2Client?_queryFilter=true", nil, ""), 403, "This operation is not available in PingOne Advanced Identity Cloud.")
}

func TestOAuthClientsOfTheWrongKind(t *testing.T) {
	mock := start(t)
	for body, text := range map[string]string{
		`{"coreOAuth2ClientConfig":{"accessTokenLifetime":"soon"}}`:                    "Data validation failed for the attribute, Access Token Lifetime",
		`{"coreOAuth2ClientConfig":{"clientType":{"inherited":false,"value":"Both"}}}`: "Data validation failed for the attribute, Client Type",
		`{"coreOAuth2ClientConfig":{"scopes":[1]}}`:                                    "Data validation failed for the attribute, Scopes",
		`{"coreOAuth2ClientConfig":[]}`:                                                "Data validation failed for the attribute, Core OAuth2Client Config",
		`{"coreOAuth2ClientConfig":{"colour":"red"}}`:                                  "Invalid attribute specified.",
		`{"_provider":{}}`: "Invalid attribute specified.",
	} {
		expect(t, call(t, mock, "PUT", clients+"/x", jsonHeader, body), 400, text)
	}
}

// The template is a client that can be stored as it is, and the schema declares
// all that it has.
func TestTemplateAndSchemaOfOAuthClients(t *testing.T) {
	mock := start(t)
	template := call(t, mock, "POST", clients+"?_action=template", jsonHeader, "{}").object(t)
	schema := call(t, mock, "POST", clients+"?_action=schema", jsonHeader, "{}").object(t)
	if got, want := slices.Sorted(maps.Keys(template)), slices.Sorted(maps.Keys(schema["properties"].(map[string]any))); !slices.Equal(got, want) {
		t.Errorf("sections %v and %v", got, want)
	}
	attributes := 0
	for section, group := range template {
		properties := at(t, schema, "properties/"+section+"/properties").(map[string]any)
		attributes += len(properties)
		for name := range group.(map[string]any) {
			if properties[name] == nil {
				t.Errorf("%s/%s is not in the schema", section, name)
			}
		}
	}
	if attributes != 115 {
		t.Errorf("%d attributes", attributes)
	}
	if got := at(t, schema, "properties/coreOAuth2ClientConfig/properties/accessTokenLifetime/properties/value/type"); got != "integer" {
		t.Errorf("a lifetime is of type %v", got)
	}
	send(t, mock, "PUT", clients+"/fresh", encode(t, template))
	stored := get(t, mock, clients+"/fresh")
	for _, name := range []string{"_id", "_rev", "_type"} {
		delete(stored, name)
	}
	if encode(t, stored) != encode(t, template) {
		t.Errorf("stored: %s", difference(encode(t, stored), encode(t, template)))
	}
}

func TestSecretsOfOAuthClientsAreInNoAnswerAndNoLog(t *testing.T) {
	mock := start(t, mockaic.LogRate(1000))
	send(t, mock, "PUT", clients+"/shop", shop)
	answers := string(call(t, mock, "GET", clients+"?_queryFilter=true", nil, "").body) + string(call(t, mock, "POST", clients+"?_action=nextdescendents", jsonHeader, "{}").body) +
		encode(t, logged(t, mock, url.Values{"source": {allSources}}))
	if strings.Contains(answers, "s3cret-of-shop") {
		t.Error("the secret came out")
	}
}

func TestASecretThatIsAPlaceholderGoesThroughASeed(t *testing.T) {
	mock := start(t)
	send(t, mock, "PUT", clients+"/shop", `{"coreOAuth2ClientConfig":{"userpassword":{"$string":"&{esv.shop.secret}"}}}`)
	dir := exported(t, mock)
	again := start(t, mockaic.Seed(dir))
	sameFiles(t, files(t, exported(t, again)), files(t, dir))
}

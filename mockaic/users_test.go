package mockaic_test

import (
	"net/url"
	"testing"

	"aicmcp/mockaic"
)

func TestUsersAsTheDirectoryHasThem(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now))
	id := create(t, mock, users, jane)["_id"].(string)
	send(t, mock, "PUT", "/openidm/managed/alpha_group/staff", `{"name":"staff","members":[{"_ref":"managed/alpha_user/`+id+`"}]}`)
	page := get(t, mock, alpha+"/users?_queryFilter="+url.QueryEscape(`username eq "jane"`))
	if page["resultCount"] != 1.0 || page["totalPagedResults"] != -1.0 || page["remainingPagedResults"] != 0.0 {
		t.Fatalf("the list: %v", page)
	}
	entry := page["result"].([]any)[0].(map[string]any)
	for name, want := range map[string]string{
		"_id": `"` + id + `"`, "_rev": `"-1"`, "realm": `"/alpha"`, "username": `"jane"`, "uid": `["jane"]`, "cn": `["Jane Roe"]`, "sn": `["Roe"]`,
		"inetUserStatus": `["Active"]`, "createTimestamp": `["20260504030201Z"]`, "fr-idm-uuid": `["` + id + `"]`,
		"isMemberOf": `["cn=staff,ou=groups,o=alpha,o=root,ou=identities"]`, "userPassword": "null", "password": "null",
		"universalid": `["id=` + id + `,ou=user,o=alpha,ou=services,ou=am-config"]`,
	} {
		if got := encode(t, entry[name]); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	groups := get(t, mock, alpha+"/users/"+id+"/groups?_queryFilter=true")
	if group := groups["result"].([]any)[0].(map[string]any); group["_id"] != "staff" || group["groupname"] != "staff" || groups["remainingPagedResults"] != 0.0 {
		t.Errorf("groups: %v", groups)
	}
	for _, path := range []string{"devices/profile", "devices/trusted", "devices/2fa/oath", "devices/2fa/push", "devices/2fa/webauthn", "devices/2fa/binding", "oauth2/applications"} {
		if page := get(t, mock, alpha+"/users/"+id+"/"+path+"?_queryFilter=true"); page["resultCount"] != 0.0 || page["remainingPagedResults"] != -1.0 {
			t.Errorf("%s: %v", path, page)
		}
		expect(t, call(t, mock, "GET", alpha+"/users/nobody/"+path+"?_queryFilter=true", nil, ""), 404, "Not Found")
	}
	for _, path := range []string{"uma/policies", "uma/auditHistory", "uma/pendingrequests", "oauth2/resources/sets", "oauth2/resources/labels"} {
		expect(t, call(t, mock, "GET", alpha+"/users/"+id+"/"+path+"?_queryFilter=true", nil, ""), 404, "UMA is not supported in this realm")
	}
	got := call(t, mock, "POST", alpha+"/users/"+id+"/services?_action=nextdescendents", nil, "")
	if services := expect(t, got, 200, ""); encode(t, services) != `{"result":[{"_id":"dashboard"}]}` {
		t.Errorf("services: %s", got.body)
	}
}

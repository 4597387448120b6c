package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestTheFirstHalfIsTakenBack(t *testing.T) {
	s, tn := startApps(t)
	noOwner := strings.Replace(plainApp, "u1", "nobody", 1)
	s.fails("createOidcApp", noOwner, "400", "does not exist", "taken back", "owners")
	tn.left(0, 0)
	tn.before["DELETE client"] = answer(500, `{"code":500,"reason":"Internal Server Error","message":"x"}`)
	s.fails("createOidcApp", noOwner, "400", `"plain" was made first and could not be taken back`, "deleteOidcApp")
	tn.left(1, 0)
	delete(tn.before, "DELETE client")
	done, _ := s.ok("deleteOidcApp", theOrphan)
	if done["oauth2Client"] != "deleted" || done["managedApplication"] != "already gone" {
		t.Errorf("done %v", done)
	}
	tn.left(0, 0)
	// A secret that the tenant repeats is not told.
	tn.before["PUT client"] = answer(400, `{"code":400,"reason":"Bad Request","message":"S3cret-Word is too short for client_secret_basic"}`)
	e := s.fails("createOidcApp", newApp, "400", "client_secret_basic", "getOidcAppSchema")
	if strings.Contains(fmt.Sprint(e), "S3cret") {
		t.Errorf("error is %v", e)
	}
}

// What somebody else makes of the OAuth client meanwhile is theirs.
func TestAClientThatIsSomebodyElsesIsNotTakenBack(t *testing.T) {
	s, tn := startApps(t)
	tn.after["POST app"] = func(w http.ResponseWriter, r *http.Request) {
		direct(t, tn.Tenant, "DELETE", appsPath+"/"+fmt.Sprint(tn.app("Plain")["_id"]), "")
		tn.change("plain", "coreOAuth2ClientConfig", "status", "Inactive")
		answer(500, `{"code":500,"reason":"Internal Server Error","message":"x"}`)(w, r)
	}
	s.fails("createOidcApp", plainApp, "500", "somebody else has changed it since", "deleteOidcApp")
	tn.left(1, 0)
}

// Nor does an application lose its OAuth client because another cannot have it.
func TestAClientThatAnApplicationRefersToIsNotTakenBack(t *testing.T) {
	s, tn := startApps(t)
	tn.before["POST app"] = func(w http.ResponseWriter, r *http.Request) {
		tn.putApp("1", `"Quick"`, "plain")
		answer(403, `{"code":403,"reason":"Forbidden","message":"x"}`)(w, r)
	}
	s.fails("createOidcApp", plainApp, "403", `"\"Quick\"" refers to it`)
	tn.left(1, 1)
}

// An OAuth client that is gone when it shall be taken back is no failure.
func TestAClientThatIsGoneNeedsNoTakingBack(t *testing.T) {
	s, tn := startApps(t)
	tn.before["POST app"] = func(w http.ResponseWriter, r *http.Request) {
		direct(t, tn.Tenant, "DELETE", clientsPath+"/plain", "")
		answer(403, `{"code":403,"reason":"Forbidden","message":"x"}`)(w, r)
	}
	s.fails("createOidcApp", plainApp, "403", "Nothing is left")
	tn.left(0, 0)
}

func TestWritesOfApplicationsWhoseAnswersAreLost(t *testing.T) {
	s, tn := startApps(t)
	n := 0
	skip := func() { _, n = s.since(0) }
	tn.after["PUT client"], tn.after["POST app"] = lost, lost
	made := s.attempt("createOidcApp", plainApp)
	asked, total := s.asked(n)
	if n = total; fmt.Sprint(asked[2:]) != "[PUT client GET client POST app GET app]" || at(made, "managedApplication", "name") != "Plain" || made["clientId"] != "plain" {
		t.Errorf("asked %v, made %v", asked, made)
	}
	s.attempt("updateOidcApp", `{"realm":"alpha","name":"Plain","oauth2Client":{"coreOAuth2ClientConfig":{"status":"Inactive"}}}`)
	n = s.expect(n, "GET app", "GET client", "PUT client", "GET client")
	// Whether a secret was written cannot be seen.
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain","oauth2Client":{"coreOAuth2ClientConfig":{"userpassword":"S3cret-Word"}}}`, "not known whether")
	n = s.expect(n, "GET app", "GET client", "PUT client")
	tn.after["DELETE client"], tn.after["DELETE app"] = lost, lost
	s.attempt("deleteOidcApp", thePlain)
	n = s.expect(n, "GET app", "GET app", "DELETE client", "GET client", "DELETE app", "GET app")
	tn.left(0, 0)

	clear(tn.after)
	tn.before["PUT client"] = lost
	s.fails("createOidcApp", plainApp, "not known whether", "deleteOidcApp")
	skip()
	delete(tn.before, "PUT client")
	tn.before["POST app"] = lost
	s.fails("createOidcApp", plainApp, "taken back", "may still be making the managed object")
	tn.left(0, 0)
	tn.before["POST app"] = func(w http.ResponseWriter, r *http.Request) {
		tn.before["QUERY app"] = answer(503, "")
		lost(w, r)
	}
	s.fails("createOidcApp", plainApp, "not known whether the managed object was made", "deleteOidcApp")
	tn.left(1, 0)
	clear(tn.before)
	s.ok("deleteOidcApp", theOrphan)

	s.ok("createOidcApp", plainApp)
	skip()
	tn.before["PUT client"] = lost
	e := s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain","oauth2Client":{"coreOAuth2ClientConfig":{"status":"Inactive"}}}`, "not known whether", "getOidcApp")
	n = s.expect(n, "GET app", "GET client", "PUT client", "GET client")
	if e["retryable"] != false {
		t.Errorf("error is %v", e)
	}
	tn.before["DELETE client"] = lost
	s.fails("deleteOidcApp", thePlain, "not known whether the OAuth client was deleted", "again for the rest")
	n = s.expect(n, "GET app", "GET app", "DELETE client", "GET client")
	delete(tn.before, "DELETE client")
	tn.before["DELETE app"] = answer(500, `{"code":500,"reason":"Internal Server Error","message":"x"}`)
	s.fails("deleteOidcApp", thePlain, "500", "OAuth client is deleted", "again for the rest")
	n = s.expect(n, "GET app", "GET app", "DELETE client", "DELETE app", "GET app")
	clear(tn.before)
	if done, _ := s.ok("deleteOidcApp", thePlain); done["oauth2Client"] != "already gone" || done["managedApplication"] != "deleted" {
		t.Errorf("done %v", done)
	}
	s.expect(n, "GET app", "GET app", "DELETE client", "DELETE app")
}

// A call that is cancelled while a half is made takes back what it has made.
func TestACancelledCreateLeavesNothing(t *testing.T) {
	for _, during := range []string{"PUT client", "POST app"} {
		s, tn := startApps(t)
		ctx, cancel := context.WithCancel(t.Context())
		back := make(chan struct{})
		hang := func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}
		if during == "PUT client" {
			tn.after[during] = hang
		} else {
			tn.before[during] = hang
		}
		tn.after["DELETE client"] = func(w http.ResponseWriter, r *http.Request) {
			answer(200, `{"_id":"plain"}`)(w, r)
			close(back)
		}
		if res, err := s.CallTool(ctx, &mcp.CallToolParams{Name: "createOidcApp", Arguments: json.RawMessage(plainApp)}); err == nil && !res.IsError {
			t.Error("a cancelled call succeeds")
		}
		select {
		case <-back:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: nothing is taken back", during)
		}
		s.settle()
		tn.left(0, 0)
	}
}

func TestChangesThatCollide(t *testing.T) {
	s, tn := startApps(t)
	s.ok("createOidcApp", plainApp)
	tn.before["PUT client"] = answer(412, `{"code":412,"reason":"Precondition Failed","message":"changed"}`)
	change := `"oauth2Client":{"coreOAuth2ClientConfig":{"status":"Inactive"}}`
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain",`+change+`}`, "412", "at the same time", "getOidcApp")
	rev := tn.app("Plain")["_rev"]
	patch := fmt.Sprintf(`"managedApplication":{"_rev":%q,"operations":[{"operation":"replace","field":"description","value":"x"}]}`, rev)
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain",`+change+`,`+patch+`}`, "412", "was changed already", "oauth2Client alone")
	tn.before["PATCH app"] = answer(412, `{"code":412,"reason":"Precondition Failed","message":"changed"}`)
	rev = tn.app("Plain")["_rev"]
	patch = fmt.Sprintf(`"managedApplication":{"_rev":%q,"operations":[{"operation":"replace","field":"description","value":"x"}]}`, rev)
	_, n := s.since(0)
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain",`+change+`,`+patch+`}`, "412", "Nothing was changed")
	n = s.expect(n, "GET app", "GET client", "PATCH app")
	for arguments, want := range map[string]string{
		``:                   "must say what shall change",
		`,"oauth2Client":{}`: "must say what shall change",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"replace","field":"/ssoEntities/oidcId","value":"x"}]}`: "ties the two halves",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"replace","field":"%73soEntities","value":{}}]}`:        "ties the two halves",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"remove","field":"/_id"}]}`:                             "ties the two halves",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"add","field":"/url"}]}`:                                "value is required for add",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"move","field":"/url"}]}`:                               "must be one of add, remove, replace",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"remove","field":"/"}]}`:                                "must name a field",
		`,"managedApplication":{"_rev":"a\nb","operations":[{"operation":"remove","field":"/url"}]}`:                          "must be a _rev",
	} {
		s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain"`+arguments+`}`, want)
	}
	s.expect(n)
}

// Of two who make the same application at once, one does, and nothing is left of
// the other's.
func TestTheSameApplicationAtOnceIsMadeOnce(t *testing.T) {
	for _, other := range []string{plainApp, strings.Replace(plainApp, `"plain"`, `"other"`, 1), strings.Replace(plainApp, `"Plain"`, `"Other"`, 1)} {
		s, tn := startApps(t)
		var all sync.WaitGroup
		var made atomic.Int32
		for _, arguments := range []string{plainApp, other} {
			all.Go(func() {
				res, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "createOidcApp", Arguments: json.RawMessage(arguments)})
				if err != nil {
					t.Error(err)
				} else if !res.IsError {
					made.Add(1)
				}
			})
		}
		all.Wait()
		if made.Load() != 1 {
			t.Errorf("%s: %d were made", other, made.Load())
		}
		tn.left(1, 1)
		if id := at(tn.all(appsPath)[0], "ssoEntities", "oidcId"); tn.client(fmt.Sprint(id)) == nil {
			t.Errorf("%s: the OAuth client %v is gone", other, id)
		}
	}
}

package cases

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const (
	refServiceAccount = "recorded on tenants: tokens of service accounts; documented: their assertions"
	refAccountWords   = "recorded on tenants: the refusal of a service account's scope, all of them by name"
	refAccountRefused = "documented: the assertions of service accounts; the refusals were not recorded"
)

const (
	serviceAccounts = "/openidm/managed/svcacct"
	robotClient     = "service-account"
	grantAssertion  = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	lackingScopes   = "Unsupported scope for service account: "
)

var robotsNeeded = []c.Feature{c.ServiceAccounts}

// robotCases are the cases about service accounts and their tokens.
var robotCases = []c.Case{
	{
		ID:    "service-accounts/token/answer",
		Title: "a service account gets a token of the scopes that it asks for, for some fifteen minutes, and nothing besides",
		Level: c.Must, Needs: robotsNeeded, Ref: refServiceAccount, Writes: true,
		Run: func(t *c.T) {
			r := newRobot(t, "fr:am:*", "fr:idm:*", "fr:idc:esv:*")
			res := r.ask(r.assertion(), "fr:am:* fr:idm:*")
			checkTokens(t, res)
			checkOrder(t, string(res.Raw), "access_token", "scope", "token_type", "expires_in")
			t.Lacks("answer", res.Body, "refresh_token", "id_token")
			t.Equal("scope", sortedWords("fr:am:* fr:idm:*"), sortedWords(res.Text("scope")))
			checkBetween(t, "expires_in", 890, res.Number("expires_in"), 899)
			t.Equal("Content-API-Version", "", res.Header.Get("Content-API-Version"))
			t.Status(http.StatusOK, useToken(t, res.Text("access_token")))
		},
	}, {
		ID:    "service-accounts/token/sealed",
		Title: "a service account's token is encrypted, so that nobody relies on what is in it",
		Level: c.Must, Needs: robotsNeeded, Ref: refServiceAccount, Writes: true,
		Run: func(t *c.T) {
			parts := strings.Split(newRobot(t, "fr:idm:*").token("fr:idm:*"), ".")
			t.Equal("number of parts", 5, len(parts))
			header, err := decodePart(parts[0])
			t.True("the header can be read", err == nil)
			t.Equal("header", object{"typ": "JWT", "enc": "A128CBC-HS256", "alg": "dir"}, header)
			t.Equal("key, which there is none of", "", parts[min(1, len(parts)-1)])
		},
	}, {
		ID:    "service-accounts/token/header-order",
		Title: "the header of a service account's token has its members in an order",
		Level: c.Must, Needs: robotsNeeded, Ref: refServiceAccount, Writes: true,
		Run: func(t *c.T) {
			part, _, _ := strings.Cut(newRobot(t, "fr:idm:*").token("fr:idm:*"), ".")
			header, err := base64.RawURLEncoding.DecodeString(part)
			t.True("the header can be read", err == nil)
			t.Equal("header", `{"typ":"JWT","enc":"A128CBC-HS256","alg":"dir"}`, string(header))
		},
	}, {
		ID:    "service-accounts/token/unencoded",
		Title: "a form whose values are not encoded is understood, and no type in the assertion's header is needed",
		Level: c.Must, Needs: robotsNeeded, Ref: "recorded on tenants: how frodo asks", Writes: true,
		Run: func(t *c.T) {
			r := newRobot(t, "fr:am:*", "fr:idm:*")
			body := "assertion=" + r.assertion() + "&client_id=" + robotClient + "&grant_type=" + grantAssertion + "&scope=fr:am:* fr:idm:*"
			res := t.Post(accessToken, body, c.Anonymous(), c.Header("Content-Type", "application/x-www-form-urlencoded"))
			checkTokens(t, res)
			t.Equal("scope", sortedWords("fr:am:* fr:idm:*"), sortedWords(res.Text("scope")))
		},
	}, {
		ID:    "service-accounts/token/info",
		Title: "tokeninfo tells whose token it is: the account's, and of which client",
		Level: c.Should, Needs: robotsNeeded, Ref: "live-verified on tenants: tokeninfo of a service account's token", Writes: true,
		Run: func(t *c.T) {
			r := newRobot(t, "fr:idm:*")
			res := t.Get(provider+"/tokeninfo", c.Bearer(r.token("fr:idm:*")))
			t.Status(http.StatusOK, res)
			checkHolds(t, "answer", object{"sub": r.id, "subname": r.id, "client_id": robotClient, "realm": "/"}, res.Body)
		},
	}, {
		ID:    "service-accounts/token/realm",
		Title: "a service account's token is none of alpha",
		Level: c.Should, Needs: robotsNeeded, Ref: refRealmBounds, Writes: true,
		Run: func(t *c.T) {
			token := newRobot(t, "fr:idm:*").token("fr:idm:*")
			t.Status(http.StatusOK, t.Get(provider+"/tokeninfo", c.Bearer(token)))
			t.Status(http.StatusUnauthorized, t.Get(inAlphaProvider+"/tokeninfo", c.Bearer(token)))
		},
	}, {
		ID:    "service-accounts/token/registers-nothing",
		Title: "a service account's token registers no client",
		Level: c.Must, Needs: []c.Feature{c.ServiceAccounts, c.Clients, c.Realms}, Ref: "live-verified on tenants: such a bearer is refused", Writes: true,
		Run: func(t *c.T) {
			// A client that nothing would accept, so that none is left behind where anybody may register.
			body := object{"redirect_uris": []string{"javascript:alert(1)"}, "client_name": t.Fresh("app")}
			res := t.Post(inAlphaProvider+"/register", body, c.Bearer(newRobot(t, "fr:am:*").token("fr:am:*")))
			t.Status(http.StatusBadRequest, res)
			t.Lacks("refusal", res.Body, "client_id", "client_secret")
			if oauthProvider.get(t).At("clientDynamicRegistrationConfig", "allowDynamicRegistration") == false {
				t.Equal("error", "access_denied", res.At("error"))
			}
		},
	}, {
		ID:    "service-accounts/scope/refused",
		Title: "one scope too many fails the whole request, which names all that the account lacks, with commas and no blanks",
		Level: c.Must, Needs: robotsNeeded, Ref: refAccountWords, Writes: true,
		Run: func(t *c.T) {
			r := newRobot(t, "fr:am:*", "fr:idm:*")
			assertion := r.assertion()
			res := r.ask(assertion, "fr:am:* fr:autoaccess:* fr:idm:* fr:iga:*")
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_scope", "")
			checkOrder(t, string(res.Raw), "error_description", "error")
			lacking, ok := strings.CutPrefix(res.Text("error_description"), lackingScopes)
			t.True("the description begins with "+lackingScopes, ok)
			t.Equal("scopes that are lacking", []string{"fr:autoaccess:*", "fr:iga:*"}, slices.Sorted(strings.SplitSeq(lacking, ",")))
			checkTokens(t, r.ask(r.assertion(), "fr:am:* fr:idm:*"))
		},
	}, {
		ID:    "service-accounts/assertion/audience",
		Title: "an assertion is for the token endpoint, with its port or, where that is https's own, without",
		Level: c.Must, Needs: robotsNeeded, Ref: refServiceAccount, Writes: true,
		Run: func(t *c.T) {
			r := newRobot(t, "fr:idm:*")
			for _, base := range []string{withPort(t), strings.TrimSuffix(t.Target.BaseURL, "/")} {
				checkTokens(t, r.ask(r.assertion("aud", base+accessToken), "fr:idm:*"))
			}
		},
	}, {
		ID:    "service-accounts/assertion/claims",
		Title: "an assertion that is another's, for another, over, not yet good, or good for too long is refused",
		Level: c.Must, Needs: robotsNeeded, Ref: refAccountRefused, Writes: true,
		Run: func(t *c.T) {
			r, other, now := newRobot(t, "fr:idm:*"), newRobot(t, "fr:idm:*"), time.Now().Unix()
			for claim, values := range map[string][]any{
				"exp": {now - 3600, now + 3600, nil}, "nbf": {now + 3600}, "iss": {other.id, uuid.NewString(), "", nil}, "sub": {other.id, uuid.NewString(), nil},
				"aud": {
					"https://attacker.example.com:443" + accessToken, withPort(t) + inAlphaProvider + "/access_token", withPort(t) + provider,
					withPort(t) + accessToken + "#x", withPort(t) + accessToken + "/", nil,
				},
			} {
				for _, value := range values {
					res := r.ask(r.assertion(claim, value), "fr:idm:*")
					t.Status(http.StatusBadRequest, res)
					checkNoTokens(t, res)
				}
			}
			checkTokens(t, r.ask(r.assertion(), "fr:idm:*"))
		},
	}, {
		ID:    "service-accounts/assertion/forged",
		Title: "an assertion that the account's key did not sign is refused, whatever its header says",
		Level: c.Must, Needs: robotsNeeded, Ref: refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			r := newRobot(t, "fr:idm:*")
			tried := forgeriesOf(t, keyID, r.claims(), publicForms(t, r.key.public(keyID)))
			tried["another claim under the old signature"] = forged(r.assertion())
			tried["nothing"], tried["no token"] = "", noToken
			for what, assertion := range tried {
				res := r.ask(assertion, "fr:idm:*")
				t.Equal("status for "+what, http.StatusBadRequest, res.Status)
				t.Lacks("answer to "+what, res.Body, "access_token")
			}
			checkTokens(t, r.ask(r.assertion(), "fr:idm:*"))
		},
	}, {
		ID:    "service-accounts/assertion/replay",
		Title: "an assertion gives a token once",
		Level: c.Should, Needs: robotsNeeded, Ref: "documented: jti is unique; the refusal was not recorded; RFC 7523 3", Writes: true,
		Run: func(t *c.T) {
			r := newRobot(t, "fr:idm:*")
			assertion := r.assertion()
			checkTokens(t, r.ask(assertion, "fr:idm:*"))
			checkOAuthError(t, r.ask(assertion, "fr:idm:*"), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "service-accounts/account/inactive",
		Title: "an account that is not active gets no token",
		Level: c.Should, Needs: robotsNeeded, Ref: "inferred: what the status is for", Writes: true,
		Run: func(t *c.T) {
			r := newRobot(t, "fr:idm:*")
			checkTokens(t, r.ask(r.assertion(), "fr:idm:*"))
			t.Status(http.StatusOK, t.Patch(at(serviceAccounts, r.id), []object{op("replace", "/accountStatus", "Inactive")}))
			checkNoTokens(t, r.ask(r.assertion(), "fr:idm:*"))
		},
	},
}

// robot is a service account with its key.
type robot struct {
	t   *c.T
	id  string
	key *key
}

// newRobot makes an account of some scopes, which is removed in the end.
func newRobot(t *c.T, scopes ...string) *robot {
	k := newKey(t)
	id, _ := create(t, serviceAccounts, object{
		"name": t.Fresh("account"), "description": "made by a conformance test", "accountStatus": "Active", "scopes": scopes, "jwks": k.set(),
	})
	return &robot{t, id, k}
}

// claims are those of a good assertion.
func (r *robot) claims() object {
	return object{"iss": r.id, "sub": r.id, "aud": withPort(r.t) + accessToken, "exp": time.Now().Unix() + 180, "jti": uuid.NewString()}
}

// assertion is a good one but for some of its claims, given as name, value. Nil leaves
// one out.
func (r *robot) assertion(pairs ...any) string {
	return r.key.sign(r.t, object{"alg": "RS256"}, changed(r.claims(), pairs))
}

// changed replaces members, given as name, value. Nil takes one out.
func changed(members object, pairs []any) object {
	for i := 0; i+1 < len(pairs); i += 2 {
		name := pairs[i].(string)
		if members[name] = pairs[i+1]; pairs[i+1] == nil {
			delete(members, name)
		}
	}
	return members
}

func (r *robot) ask(assertion, scope string) *c.Response {
	return ask(r.t, url.Values{"grant_type": {grantAssertion}, "client_id": {robotClient}, "assertion": {assertion}, "scope": {scope}})
}

func (r *robot) token(scope string) string {
	res := r.ask(r.assertion(), scope)
	checkTokens(r.t, res)
	return res.Text("access_token")
}

package cases

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// exchangeDefects are such as exchanges of tokens have, and what scripts make of tokens.
var exchangeDefects = []defect{
	{
		name:    "whoever has a token exchanges it",
		answer:  onProvider("/access_token", insteadOf("Invalid token exchange.", http.StatusOK, someTokens)),
		noticed: []string{"provider/exchange/strangers", "provider/exchange/confused", "provider/exchange/delegation", "provider/exchange/forged", "provider/exchange/forged-actor", "provider/exchange/id-token", "provider/exchange/own-secret", "provider/expiry/exchange", "provider/expiry/exchange-id-token"},
	}, {
		name:    "an exchange tells what is wrong with it",
		answer:  onProvider("/access_token", inText("Invalid token exchange.", "The token has expired.")),
		noticed: []string{"provider/exchange/strangers", "provider/exchange/confused", "provider/exchange/forged"},
	}, {
		name:    "an exchange gives the default scopes",
		ask:     inExchange(func(form url.Values) { form.Del("scope") }),
		noticed: []string{"provider/exchange/wider"},
	}, {
		name:    "actors are not known",
		ask:     inExchange(func(form url.Values) { form.Del("actor_token"); form.Del("actor_token_type") }),
		noticed: []string{"provider/exchange/delegation", "provider/exchange/chain", "provider/exchange/forged-actor"},
	}, {
		name:    "any audience is passed over",
		ask:     inExchange(func(form url.Values) { form.Del("audience") }),
		noticed: []string{"provider/exchange/audience"},
	}, {
		name: "an audience is taken from resource",
		ask: inExchange(func(form url.Values) {
			if form.Has("resource") {
				form["audience"] = form["resource"]
			}
		}),
		noticed: []string{"provider/exchange/audience"},
	}, {
		name:    "only clients with a secret exchange tokens",
		ask:     inExchange(func(form url.Values) { form.Del("client_id") }),
		noticed: []string{"provider/exchange/public"},
	}, {
		name:    "an exchange does not tell what it gave",
		answer:  onProvider("/access_token", inText(`"issued_token_type"`, `"issued"`)),
		noticed: []string{"provider/exchange/impersonation"},
	}, {
		name:    "nobody gets a refresh token",
		answer:  onProvider("/access_token", inText(`"refresh_token"`, `"refreshToken"`)),
		noticed: []string{"provider/exchange/refresh", "provider/register/inspector"},
	}, {
		name:    "scripts of tokens do nothing",
		ask:     inScript(func(script object) { script["script"] = inBase64("// nothing") }),
		noticed: []string{"provider/exchange/may-act", "provider/exchange/impersonation", "provider/script/audience", "provider/script/failures"},
	}, {
		name: "nobody has to prove that a code was asked for",
		ask: inSentTo(oauthProvider.path, func(text string) string {
			return strings.ReplaceAll(text, `"codeVerifierEnforced":"public"`, `"codeVerifierEnforced":"false"`)
		}),
		noticed: []string{"provider/code/enforced"},
	},
}

// forgeryDefects are such as have those who read tokens by what these say of themselves.
var forgeryDefects = []defect{
	believing("tokens need no signature", func(header object) bool {
		algorithm, _ := header["alg"].(string)
		return algorithm == "" || strings.EqualFold(algorithm, "none")
	}),
	believing("tokens bring their keys along", func(header object) bool { return header["jwk"] != nil || header["jku"] != nil }),
	believing("keys that nobody knows are not asked for", func(header object) bool {
		return header["kid"] == "conformance-foreign" || header["kid"] == "../../../../dev/null"
	}),
	believing("public keys are secrets", func(header object) bool { return header["alg"] == "HS256" && header["kid"] != nil }),
}

// believing is the defect of a tenant that takes tokens with some headers for good ones,
// wherever it reads any.
func believing(name string, believes func(header object) bool) defect {
	const mark = "Conformance-Believed"
	return defect{
		name: name,
		ask: func(r *http.Request) {
			if slices.ContainsFunc(tokensIn(r), func(token string) bool {
				part, _, _ := strings.Cut(token, ".")
				header, err := decodePart(part)
				members, ok := header.(object)
				return err == nil && ok && believes(members)
			}) {
				r.Header.Set(mark, "true")
			}
		},
		answer: func(r *http.Response) error {
			if r.Request.Header.Get(mark) == "" {
				return nil
			}
			for end, body := range map[string]string{
				"/access_token": someTokens, "/introspect": `{"active":true}`, "/idtokeninfo": `{"sub":"conformance"}`, "/endSession": "",
				"/authenticate": `{"tokenId":"conformance","successUrl":"/","realm":"/alpha"}`,
			} {
				if strings.HasSuffix(r.Request.URL.Path, end) {
					r.StatusCode = http.StatusOK
					return rewrite(r, func([]byte) []byte { return []byte(body) })
				}
			}
			return nil
		},
		noticed: []string{
			"provider/exchange/forged", "provider/exchange/forged-actor", "provider/exchange/id-token", "provider/idtokeninfo/forged", "provider/end-session/forged",
			"provider/introspect/forged", "provider/assertion/foreign", "service-accounts/assertion/forged", "login/auth-id/foreign-key",
		},
	}
}

// tokensIn are those of a request that is a form, a step or an address.
func tokensIn(r *http.Request) (tokens []string) {
	read := func(values url.Values) {
		for _, name := range []string{"subject_token", "actor_token", "token", "id_token", "assertion", "client_assertion", "id_token_hint"} {
			tokens = append(tokens, values[name]...)
		}
	}
	read(r.URL.Query())
	inForm(func(_ *http.Request, form url.Values) { read(form) })(r)
	if strings.HasSuffix(r.URL.Path, "/authenticate") {
		inSent(func(text string) string {
			var step struct{ AuthID string }
			if json.Unmarshal([]byte(text), &step) == nil {
				tokens = append(tokens, step.AuthID)
			}
			return text
		})(r)
	}
	return tokens
}

// infoDefects are such as those have who tell of tokens, and of themselves.
var infoDefects = []defect{
	{
		name: "all claims are told, whatever is asked for",
		ask: inForm(func(r *http.Request, form url.Values) {
			if strings.HasSuffix(r.URL.Path, "/idtokeninfo") {
				form.Del("claims")
			}
		}),
		noticed: []string{"provider/idtokeninfo/answer"},
	}, {
		name:    "idtokeninfo has no errors",
		answer:  onProvider("/idtokeninfo", insteadOf(`"error"`, http.StatusOK, `{"sub":"conformance"}`)),
		noticed: []string{"provider/idtokeninfo/missing", "provider/idtokeninfo/client", "provider/idtokeninfo/forged", "provider/expiry/id-token"},
	}, {
		name:    "introspections are JSON",
		ask:     func(r *http.Request) { r.Header.Del("Accept") },
		noticed: []string{"provider/introspect/jwt"},
	}, {
		name:    "every token is active",
		answer:  onProvider("/introspect", inText(`"active":false`, `"active":true`)),
		noticed: []string{"provider/introspect/any-realm", "provider/introspect/refresh-token", "provider/introspect/forged", "provider/expiry/access-token"},
	}, {
		name:    "tokeninfo is for GET only",
		answer:  onProvider("info", onRequestMethod(http.MethodPost, insteadOf("", http.StatusMethodNotAllowed, "{}"))),
		noticed: []string{"provider/tokeninfo/post"},
	}, {
		name:    "claims are sorted",
		answer:  onProvider("/access_token", withSortedClaims),
		noticed: []string{"provider/token/order"},
	}, {
		name: "every token is a JWT",
		ask: inSentTo(clients.path, func(text string) string {
			return strings.ReplaceAll(text, `"statelessTokensEnabled":false`, `"statelessTokensEnabled":true`)
		}),
		noticed: []string{"provider/token/opaque"},
	}, {
		name:    "every ID token is signed by a key",
		ask:     inSentTo(clients.path, func(text string) string { return strings.ReplaceAll(text, `"value":"HS256"`, `"value":"RS256"`) }),
		noticed: []string{"provider/id-token/secret", "provider/assertion/by-secret"},
	}, {
		name:    "discovery announces less than there is",
		answer:  onProvider("/openid-configuration", inText(`"ES512",`, "")),
		noticed: []string{"provider/discovery/document"},
	}, {
		name:    "discovery announces exchanges",
		answer:  onProvider("/openid-configuration", inText(`"grant_types_supported":[`, `"grant_types_supported":["`+grantExchange+`",`)),
		noticed: []string{"provider/discovery/settings"},
	}, {
		name: "discovery cannot be switched off",
		ask: inSentTo(oauthProvider.path, func(text string) string {
			return strings.ReplaceAll(text, `"oidcDiscoveryEndpointEnabled":false`, `"oidcDiscoveryEndpointEnabled":true`)
		}),
		noticed: []string{"provider/discovery/switched-off"},
	}, {
		name:    "the realm is not read from the query",
		ask:     inQuery(func(q url.Values) { q.Del("realm") }),
		noticed: []string{"provider/discovery/spellings"},
	}, {
		name:    "hashes of certificates are those of keys",
		answer:  onProvider("/jwk_uri", inPattern(`"x5t":"[^"]*"`, `"x5t":"conformance"`)),
		noticed: []string{"provider/jwks/certificates"},
	}, {
		name:    "values of forms have to be encoded",
		ask:     onlyEncodedForms,
		noticed: []string{"provider/authorize/unencoded", "service-accounts/token/unencoded"},
	}, {
		name: "nobody has to push requests",
		ask: inSentTo(clients.path, func(text string) string {
			return strings.ReplaceAll(text, `"require_pushed_authorization_requests":{"inherited":false,"value":true}`, `"require_pushed_authorization_requests":{"inherited":false,"value":false}`)
		}),
		noticed: []string{"provider/authorize/pushed-only"},
	}, {
		name: "what comes with the name of a pushed request counts",
		ask: inQuery(func(q url.Values) {
			if q.Has("request_uri") && q.Has("scope") {
				q.Del("request_uri")
				q.Set("redirect_uri", registered+"callback")
				q.Set("response_type", "code")
			}
		}),
		noticed: []string{"provider/authorize/stray-parameters"},
	}, {
		name:    "what there is none of is null",
		answer:  onProvider("/access_token", inText(`{"access_token":`, `{"nothing":null,"access_token":`)),
		noticed: []string{"provider/code/nothing-null"},
	}, {
		name:    "credentials in the address are not read",
		ask:     inQuery(func(q url.Values) { q.Del("client_secret") }),
		noticed: []string{"provider/client/query"},
	}, {
		name:    "errors are told without their reasons",
		answer:  onProvider("", inPattern(`"error_description":"(Unknown Signing Algorithm|The client is not authorized[^"]*)"`, `"error_description":"Invalid"`)),
		noticed: []string{"provider/error/signing-algorithm", "provider/error/grant-words"},
	}, {
		name:    "methods are all alike",
		answer:  onProvider("", inStatus("method_not_allowed", http.StatusBadRequest)),
		noticed: []string{"provider/error/methods", "provider/idtokeninfo/answer"},
	}, {
		name: "of parameters that come twice the first one counts",
		ask: inForm(func(_ *http.Request, form url.Values) {
			for name, values := range form {
				form[name] = values[:1]
			}
		}),
		noticed: []string{"provider/error/twice", "provider/exchange/audience"},
	}, {
		name:    "a grant that is not supported is not authorized",
		answer:  onProvider("/access_token", inText("unsupported_grant_type", "unauthorized_client")),
		noticed: []string{"provider/error/provider-grant"},
	}, {
		name: "older names are forgotten",
		ask: inForm(func(_ *http.Request, form url.Values) {
			if strings.HasPrefix(form.Get("grant_type"), "http://") {
				form.Set("grant_type", "conformance")
			}
		}),
		noticed: []string{"provider/device/legacy"},
	},
}

const someTokens = `{"access_token":"e30.e30.e30","scope":"","token_type":"Bearer","expires_in":59}`

// insteadOf answers something else where an answer has a text.
func insteadOf(text string, status int, body string) func(*http.Response) error {
	return func(r *http.Response) error {
		return rewrite(r, func(data []byte) []byte {
			if !bytes.Contains(data, []byte(text)) {
				return data
			}
			r.StatusCode = status
			return []byte(body)
		})
	}
}

// inExchange changes requests for exchanges.
func inExchange(change func(url.Values)) func(*http.Request) {
	return inForm(func(_ *http.Request, form url.Values) {
		if form.Get("grant_type") == grantExchange {
			change(form)
		}
	})
}

// onlyEncodedForms makes forms unreadable that have blanks.
func onlyEncodedForms(r *http.Request) {
	if r.Body == nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return // the tenant notices
	}
	if bytes.ContainsRune(data, ' ') {
		r.Header.Set("Content-Type", "text/plain")
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
}

// withSortedClaims sorts the claims of an access token.
func withSortedClaims(r *http.Response) error {
	return rewrite(r, func(data []byte) []byte {
		var body object
		if json.Unmarshal(data, &body) != nil {
			return data
		}
		token, _ := body["access_token"].(string)
		parts := strings.Split(token, ".")
		if len(parts) != 3 {
			return data
		}
		claims, err := decodePart(parts[1])
		if err != nil {
			return data
		}
		sorted, err := json.Marshal(claims) // maps are sorted
		if err != nil {
			return data
		}
		return bytes.Replace(data, []byte(parts[1]), []byte(base64.RawURLEncoding.EncodeToString(sorted)), 1)
	})
}

package cases

import (
	"net/http"
	"net/url"
	"strings"
)

const registered = "https://conformance.example.com/"

// oauthDefects are such as OAuth providers have that are made by the RFCs alone, or
// without their security considerations.
var oauthDefects = []defect{
	{
		name:    "clients are not told who sends the code",
		answer:  inHeader("Location", withoutParameter("iss")),
		noticed: []string{"provider/authorize/redirect", "provider/authorize/deny", "provider/authorize/issuer-spelling", "provider/authorize/error-issuer"},
	}, {
		name:    "what leads back to clients is sorted",
		answer:  inHeader("Location", withoutParameter("")),
		noticed: []string{"provider/authorize/redirect", "provider/authorize/headless", "provider/authorize/session-header"},
	}, {
		name: "the issuer is spelled in one way",
		answer: inHeader("Location", func(location string) string {
			return strings.ReplaceAll(location, "%2Foauth2%2Falpha", "%2Foauth2%2Frealms%2Froot%2Frealms%2Falpha")
		}),
		noticed: []string{"provider/authorize/issuer-spelling"},
	}, {
		name: "hosts of redirect URIs are compared, not all of them",
		ask: inQuery(func(q url.Values) {
			if strings.HasPrefix(q.Get("redirect_uri"), registered) {
				q.Set("redirect_uri", registered+"callback")
			}
		}),
		noticed: []string{"provider/authorize/redirect-tricks"},
	}, {
		name:    "challenges are forgotten",
		ask:     inQuery(func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") }),
		noticed: []string{"provider/code/wrong-verifier", "provider/code/no-verifier", "provider/code/plain", "provider/code/injected", "provider/code/enforced"},
	}, {
		name: "any site may consent for people",
		ask: inForm(func(r *http.Request, form url.Values) {
			if _, token, ok := strings.Cut(r.Header.Get("Cookie"), "="); ok && form.Has("csrf") {
				form.Set("csrf", token)
			}
		}),
		noticed: []string{"provider/authorize/csrf", "provider/device/csrf"},
	}, {
		name:    "logins are those of the root realm",
		answer:  inHeader("Location", withoutParameter("realm")),
		noticed: []string{"provider/authorize/login", "provider/authorize/other-realm", "provider/device/login", "login/page/addresses"},
	}, {
		name: "realms have one provider",
		ask:  inProviderPath("/realms/bravo/", "/realms/alpha/"),
		noticed: []string{
			"provider/authorize/other-realm", "provider/authorize/other-realm-client", "provider/code/other-realm", "provider/refresh/other-client", "provider/introspect/other-realm", "provider/bearer/other-realm",
			"provider/exchange/other-realm", "provider/end-session/other-realm", "provider/introspect/any-realm",
		},
	}, {
		name:    "errors have their names first",
		answer:  onProvider("", inPattern(`^\{"error_description":("(?:[^"\\]|\\.)*"),"error":("[^"]*")`, `{"error":$2,"error_description":$1`)),
		noticed: []string{"provider/error/order", "provider/tokeninfo/invalid"},
	}, {
		name:    "what is wrong with a grant is wrong with the request",
		answer:  onProvider("/access_token", inText(`"error":"invalid_grant"`, `"error":"invalid_request"`)),
		noticed: []string{"provider/code/single-use", "provider/code/other-client", "provider/code/wrong-verifier", "provider/refresh/rotates", "provider/password/wrong"},
	}, {
		name:    "wrong secrets are no challenge",
		answer:  onProvider("", func(r *http.Response) error { r.Header.Del("WWW-Authenticate"); return nil }),
		noticed: []string{"provider/client/wrong-secret"},
	}, {
		name:    "ID tokens are for everybody",
		answer:  onProvider("/access_token", inText(`"id_token":`, `"idToken":`)),
		noticed: []string{"provider/code/answer", "provider/id-token/signature", "provider/id-token/claims"},
	}, {
		name:    "clients get refresh tokens for themselves",
		answer:  onProvider("/access_token", inText(`{"access_token":`, `{"refresh_token":"conformance","access_token":`)),
		noticed: []string{"provider/client-credentials/answer", "provider/refresh/not-granted"},
	}, {
		name:    "a device that has to wait is told so as the RFC does",
		answer:  onProvider("/access_token", inStatus("authorization_pending", http.StatusBadRequest)),
		noticed: []string{"provider/device/pending", "provider/device/unknown"},
	}, {
		name:    "a device may poll as it likes",
		answer:  onProvider("/access_token", inText("slow_down", "authorization_pending")),
		noticed: []string{"provider/device/pending"},
	}, {
		name:    "inactive tokens are an error",
		answer:  onProvider("/introspect", inStatus(`{"active":false}`, http.StatusUnauthorized)),
		noticed: []string{"provider/introspect/inactive", "provider/introspect/others", "provider/introspect/other-realm"},
	}, {
		name:    "introspection tells the audience",
		answer:  onProvider("/introspect", inText(`{"active":true,`, `{"active":true,"aud":"conformance",`)),
		noticed: []string{"provider/introspect/active"},
	}, {
		name:    "any token is enough for userinfo",
		answer:  onProvider("/userinfo", inStatus("insufficient_scope", http.StatusOK)),
		noticed: []string{"provider/userinfo/scope"},
	}, {
		name: "nothing is revoked",
		ask: inForm(func(r *http.Request, form url.Values) {
			if strings.HasSuffix(r.URL.Path, "/token/revoke") {
				ifThere(form, "token", noToken)
			}
		}),
		noticed: []string{"provider/revoke/access-token", "provider/revoke/refresh-token"},
	}, {
		name:    "who logs out may be sent anywhere",
		ask:     inQuery(func(q url.Values) { ifThere(q, "post_logout_redirect_uri", registered+"goodbye") }),
		noticed: []string{"provider/end-session/redirect"},
	}, {
		name:    "requests that were pushed last an hour",
		answer:  onProvider("/par", inPattern(`"expires_in":[0-9]+`, `"expires_in":3600`)),
		noticed: []string{"provider/par/answer"},
	}, {
		name:    "clients register what they like",
		answer:  onProvider("/register", inStatus("invalid_redirect_uri", http.StatusCreated)),
		noticed: []string{"provider/register/dangerous"},
	}, {
		name:    "what is not set is null",
		answer:  onProvider("/register", inText(`"client_id":`, `"logo_uri":null,"client_id":`)),
		noticed: []string{"provider/register/answer"},
	}, {
		name:    "public clients have secrets",
		answer:  onProvider("/register", inText(`"token_endpoint_auth_method":"none"`, `"token_endpoint_auth_method":"none","client_secret":"conformance"`)),
		noticed: []string{"provider/register/public"},
	}, {
		name:   "a client proves itself by its name",
		answer: onProvider("/access_token", inText(`"error":"invalid_client"`, `"error":"invalid_grant"`)),
		noticed: []string{
			"provider/client/wrong-secret", "provider/assertion/forged", "provider/assertion/claims", "provider/assertion/other-client", "provider/code/wrong-secret",
			"provider/assertion/foreign", "provider/assertion/replay", "provider/assertion/lifetime", "provider/assertion/by-secret", "provider/client/query", "provider/expiry/assertion",
		},
	},
}

// onProvider changes answers of the providers of realms, at an endpoint or at all.
func onProvider(endpoint string, change func(*http.Response) error) func(*http.Response) error {
	return onPath(provider, func(r *http.Response) error {
		if !strings.HasSuffix(r.Request.URL.Path, endpoint) {
			return nil
		}
		return change(r)
	})
}

// inProviderPath changes where providers are asked.
func inProviderPath(old, changed string) func(*http.Request) {
	return func(r *http.Request) {
		if strings.HasPrefix(r.URL.Path, provider) {
			r.URL.Path, r.URL.RawPath = strings.Replace(r.URL.Path, old, changed, 1), ""
		}
	}
}

// withoutParameter sorts the parameters of an address, and takes one out.
func withoutParameter(name string) func(string) string {
	return func(location string) string {
		address, err := url.Parse(location)
		if err != nil {
			return location
		}
		q := address.Query()
		q.Del(name)
		address.RawQuery = q.Encode()
		return address.String()
	}
}

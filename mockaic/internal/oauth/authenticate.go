package oauth

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"aicmcp/mockaic/internal/route"
)

// Methods of the token endpoint.
const (
	authNone      = "none"
	authBasic     = "client_secret_basic"
	authPost      = "client_secret_post"
	authKey       = "private_key_jwt"
	authSecretJWT = "client_secret_jwt"
)

const clientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// maxClientAssertionAge is how far ahead an assertion of a client may expire.
const maxClientAssertionAge = 30 * time.Minute

// credentials are those of a request, sent in one way.
type credentials struct {
	id, secret, assertion string
	method                string
	// failed is the answer if they are wrong.
	failed *Error
}

// authenticateClient finds the client of a token request. A public client is
// known by its ID alone, whatever secret it sends.
func (s *Service) authenticateClient(r *http.Request) (*Client, *Error) {
	given, failed := s.readCredentials(r)
	if failed != nil {
		return nil, failed
	}
	client := s.client(r, given.id)
	if client == nil {
		return nil, given.failed
	}
	if client.Type == "Public" && given.assertion == "" {
		return client, nil
	}
	if failed = s.prove(r, client, &given); failed == nil && !client.admits(given.method) {
		given.failed.Description = "Invalid authentication method for accessing this endpoint."
		failed = given.failed
	}
	logClientLogin(r, given.id, failed == nil)
	if failed != nil {
		return nil, failed
	}
	return client, nil
}

// readCredentials refuses those that are sent in more than one way (RFC 6749 2.3).
func (s *Service) readCredentials(r *http.Request) (credentials, *Error) {
	form, twice := s.credentialParams(r)
	secret, assertion := form["client_secret"], form["client_assertion"]
	c := credentials{id: form["client_id"], method: authNone, failed: badRequest("invalid_client", "Client authentication failed")}
	id, password, basic := r.BasicAuth()
	switch {
	case twice, basic && (secret != "" || assertion != ""), secret != "" && assertion != "",
		basic && c.id != "" && c.id != unescape(id):
		return c, badRequest("invalid_request", "Client credentials were sent in more than one way")
	case basic:
		c.id, c.secret, c.method = unescape(id), unescape(password), authBasic
		c.failed.Status, c.failed.Challenge = http.StatusUnauthorized, `Basic realm="`+realmOf(r)+`"`
	case assertion != "":
		claimed := assertedClient(assertion)
		if form["client_assertion_type"] != clientAssertionType || claimed == "" || c.id != "" && c.id != claimed {
			return c, c.failed
		}
		c.id, c.assertion, c.method = claimed, assertion, authKey
	case secret != "":
		c.secret, c.method = secret, authPost
	}
	return c, nil
}

// credentialParams are those of the form, or of the query where the provider takes
// them there. Twice says that both have one.
func (s *Service) credentialParams(r *http.Request) (values map[string]string, twice bool) {
	values = map[string]string{}
	query := url.Values{}
	if s.provider(r, nil).CredentialsInQuery {
		query = r.URL.Query()
	}
	for _, name := range []string{"client_id", "client_secret", "client_assertion", "client_assertion_type"} {
		values[name] = r.PostForm.Get(name)
		switch inQuery := query.Get(name); {
		case len(query[name]) > 1, inQuery != "" && values[name] != "" && inQuery != values[name]:
			twice = true
		case values[name] == "":
			values[name] = inQuery
		}
	}
	return values, twice
}

// prove checks a secret or an assertion.
func (s *Service) prove(r *http.Request, client *Client, given *credentials) *Error {
	if given.assertion != "" {
		return s.proveByAssertion(r, client, given)
	}
	if client.Secret == "" || subtle.ConstantTimeCompare([]byte(client.Secret), []byte(given.secret)) != 1 {
		return given.failed
	}
	return nil
}

// admits tells whether a client may use a method: any, but for a client of OpenID
// Connect, which has to use its own.
func (c *Client) admits(method string) bool {
	return c.AuthMethod == "" || c.AuthMethod == method || !slices.Contains(c.Scopes, openID) ||
		method == authSecretJWT && c.AuthMethod == authKey // which its signing algorithm decides
}

// secretAlgorithms are those of assertions that are signed with the client's secret.
var secretAlgorithms = []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512}

// proveByAssertion is RFC 7523 section 2.2. The algorithm is the client's own,
// whatever the assertion says, so that a public key is never taken for a secret.
func (s *Service) proveByAssertion(r *http.Request, client *Client, given *credentials) *Error {
	refuse := func(why string) *Error {
		route.TrailOf(r.Context()).Debug("WARN", "org.forgerock.openam.oauth2", "The assertion of the client "+client.ID+" is refused: "+why)
		return given.failed
	}
	algorithms := assertionAlgorithms
	if own := jose.SignatureAlgorithm(client.AuthAlgorithm); own != "" {
		if !slices.Contains(algorithms, own) && !slices.Contains(secretAlgorithms, own) {
			return refuse("its algorithm is set to " + string(own))
		}
		algorithms = []jose.SignatureAlgorithm{own}
	}
	token, err := jwt.ParseSigned(given.assertion, algorithms)
	if err != nil {
		return refuse("it is no JWT of the client's algorithm")
	}
	var claims jwt.Claims
	if slices.Contains(secretAlgorithms, algorithms[0]) {
		given.method = authSecretJWT
		if client.Secret == "" || token.Claims([]byte(client.Secret), &claims) != nil {
			return refuse("its signature is wrong")
		}
	} else if failed := s.checkKeys(r, client, token, &claims); failed != nil {
		refuse(failed.Description)
		return failed
	}
	now := s.options.Now()
	issuer := s.issuer(r)
	audience := func(audience string) bool { return audience == issuer || audience == issuer+"/access_token" }
	switch {
	case claims.Issuer != client.ID || claims.Subject != client.ID:
		return refuse("its issuer or subject is another")
	case !s.answersFor(r):
		given.failed.Description += ": " + strangeHost
		return refuse("it came to a strange host")
	case !slices.ContainsFunc(claims.Audience, audience):
		return refuse("its audience is another")
	case claims.Expiry == nil:
		return refuse("it has no expiry")
	case !now.Before(claims.Expiry.Time()), claims.NotBefore != nil && now.Before(claims.NotBefore.Time()):
		return refuse("it has expired or is not valid yet")
	case claims.Expiry.Time().Sub(now) > maxClientAssertionAge:
		return refuse("it expires too far in the future")
	}
	claims.Issuer = realmOf(r) + " " + claims.Issuer // service accounts have assertions, too
	fresh, failed := s.firstUse(claims, now)
	if failed == nil && !fresh {
		return refuse("it has been used before")
	}
	return failed
}

// checkKeys checks the signature of an assertion by the client's public keys.
func (s *Service) checkKeys(r *http.Request, client *Client, token *jwt.JSONWebToken, claims *jwt.Claims) *Error {
	keys, failed := s.clientKeys(r, client, false)
	if failed != nil {
		return failed
	}
	if keys.verify(token, claims) {
		return nil
	}
	if client.KeyLocation == keysByURI {
		if keys, failed = s.clientKeys(r, client, true); failed == nil && keys.verify(token, claims) {
			return nil
		}
	}
	return badRequest("invalid_client", "Client authentication failed")
}

// assertedClient is whom an assertion says it is of, unchecked.
func assertedClient(assertion string) string {
	token, err := jwt.ParseSigned(assertion, slices.Concat(assertionAlgorithms, secretAlgorithms))
	if err != nil {
		return ""
	}
	var claims jwt.Claims
	if token.UnsafeClaimsWithoutVerification(&claims) != nil {
		return ""
	}
	return claims.Subject
}

// unescape undoes the form encoding of RFC 6749 2.3.1.
func unescape(value string) string {
	if plain, err := url.QueryUnescape(value); err == nil {
		return plain
	}
	return value
}

package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	strict "github.com/go-jose/go-jose/v4/json"
)

// accept checks the claims of a JWT.
func (s *Server) accept(claims map[string]any) (*Token, error) {
	if claims["iss"] != s.issuer.name {
		return nil, invalid(WrongIssuer, "iss is %s: the issuer is %q", shown(claims["iss"]), s.issuer.name)
	}
	named, err := s.isAudience(claims)
	if err != nil {
		return nil, err
	}
	if !named && !s.isOfOwnClient(claims) {
		return nil, invalid(WrongAudience, "aud is %s: it must name %q (AIC names the client, unless a script that modifies access tokens sets aud)", shown(claims["aud"]), s.resource)
	}
	return s.acceptCommon(claims)
}

// acceptIntrospected checks what introspection says of an opaque token. AIC leaves
// aud out.
func (s *Server) acceptIntrospected(claims map[string]any) (*Token, error) {
	if claims["iss"] != nil && claims["iss"] != s.issuer.name {
		return nil, invalid(WrongIssuer, "iss is %s: the issuer is %q", shown(claims["iss"]), s.issuer.name)
	}
	named, err := s.isAudience(claims)
	if err != nil {
		return nil, err
	}
	client, _ := claims["client_id"].(string)
	switch {
	case named:
	case claims["aud"] != nil:
		return nil, invalid(WrongAudience, "aud is %s: it must name %q", shown(claims["aud"]), s.resource)
	case !slices.Contains(s.ownClients, client):
		return nil, invalid(WrongAudience, "introspection told no aud, and the client %s is not among those that get tokens for nothing but %q", shown(client), s.resource)
	}
	return s.acceptCommon(claims)
}

// isAudience tells whether aud names the resource. Clients write it with and without
// a slash at the end.
func (s *Server) isAudience(claims map[string]any) (bool, error) {
	audiences, err := stringsOf(claims, "aud")
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(audiences, func(aud string) bool {
		return strings.TrimSuffix(aud, "/") == s.resource.String()
	}), nil
}

// isOfOwnClient tells whether an access token was made for a client that uses it here
// alone. Its ID tokens have the same audience.
func (s *Server) isOfOwnClient(claims map[string]any) bool {
	audience, _ := claims["aud"].(string)
	return slices.Contains(s.ownClients, audience) && claims["tokenName"] == "access_token"
}

// acceptCommon checks what is the same however the claims were got.
func (s *Server) acceptCommon(claims map[string]any) (*Token, error) {
	// AIC's ID and refresh tokens have another tokenName.
	if name := claims["tokenName"]; name != nil && name != "access_token" {
		return nil, invalid(WrongKind, "tokenName is %s", shown(name))
	}
	if kind, ok := claims["token_type"]; ok && kind != nil {
		if text, _ := kind.(string); !strings.EqualFold(text, "Bearer") {
			return nil, invalid(WrongKind, "token_type is %s", shown(kind))
		}
	}
	// RFC 8705 and RFC 9449: such a token is worth nothing without the proof.
	if claims["cnf"] != nil {
		return nil, invalid(WrongKind, "it is bound to a key (cnf), of which there is no proof here")
	}
	t := &Token{Claims: claims}
	var err error
	if t.Subject, err = stringOf(claims, "sub"); err != nil {
		return nil, err
	}
	if t.Subject == "" {
		return nil, invalid(Malformed, "sub is missing")
	}
	if t.ClientID, err = stringOf(claims, "client_id"); err != nil {
		return nil, err
	}
	if t.Scopes, err = scopesOf(claims); err != nil {
		return nil, err
	}
	if t.Expires, err = s.checkTimes(claims); err != nil {
		return nil, err
	}
	return t, nil
}

func (s *Server) checkTimes(claims map[string]any) (expires time.Time, err error) {
	now := s.now()
	if expires, err = timeOf(claims, "exp"); err != nil {
		return expires, err
	}
	if expires.IsZero() {
		return expires, invalid(Malformed, "exp is missing")
	}
	// No leeway here: the issuer would not exchange such a token, and its client gets
	// another one only for a 401.
	if !now.Before(expires) {
		return expires, invalid(Expired, "exp was %s ago", now.Sub(expires).Round(time.Second))
	}
	for _, name := range []string{"nbf", "iat"} {
		from, err := timeOf(claims, name)
		if err != nil {
			return expires, err
		}
		if now.Add(s.skew).Before(from) {
			return expires, invalid(NotYetValid, "%s is in %s: are the clocks right?", name, from.Sub(now).Round(time.Second))
		}
	}
	return expires, nil
}

// stringOf is a claim that may be missing.
func stringOf(claims map[string]any, name string) (string, error) {
	text, ok := claims[name].(string)
	if !ok && claims[name] != nil {
		return "", invalid(Malformed, "%s is no string", name)
	}
	return text, nil
}

// stringsOf is a claim that may be missing, one string or several.
func stringsOf(claims map[string]any, name string) ([]string, error) {
	switch value := claims[name].(type) {
	case nil:
		return nil, nil
	case string:
		return []string{value}, nil
	case []any:
		list := make([]string, 0, len(value))
		for _, v := range value {
			text, ok := v.(string)
			if !ok {
				return nil, invalid(Malformed, "%s has members that are no strings", name)
			}
			list = append(list, text)
		}
		return list, nil
	}
	return nil, invalid(Malformed, "%s is neither a string nor an array of strings", name)
}

// scopesOf reads the array that AIC writes, and the string that others write.
func scopesOf(claims map[string]any) ([]string, error) {
	if text, ok := claims["scope"].(string); ok {
		return strings.Fields(text), nil
	}
	return stringsOf(claims, "scope")
}

// lastSecond is that of the year 9999, beyond which times have no common text.
const lastSecond = 253402300799

// timeOf reads the NumericDate of RFC 7519, which may have a fraction. It is zero if
// missing.
func timeOf(claims map[string]any, name string) (time.Time, error) {
	value, ok := claims[name]
	if !ok || value == nil {
		return time.Time{}, nil
	}
	number, ok := value.(json.Number)
	if !ok {
		return time.Time{}, invalid(Malformed, "%s is no number", name)
	}
	seconds, err := strconv.ParseFloat(string(number), 64)
	if err != nil || seconds < 0 || seconds > lastSecond {
		return time.Time{}, invalid(Malformed, "%s is no time between 1970 and 9999", name)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), nil
}

// readObject reads one JSON object. Names that come twice are refused, because
// readers differ on which of them counts.
func readObject(data []byte) (map[string]any, error) {
	if !json.Valid(data) {
		return nil, errors.New("they are not JSON")
	}
	decoder := strict.NewDecoder(bytes.NewReader(data))
	decoder.SetNumberType(strict.UnmarshalJSONNumber)
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil {
		return nil, errors.New("they are no object, or a name comes twice")
	}
	withNumbers(object)
	return object, nil
}

// withNumbers replaces go-jose's numbers, which encoding/json would write as strings.
func withNumbers(value any) any {
	switch value := value.(type) {
	case strict.Number:
		return json.Number(value)
	case map[string]any:
		for name, member := range value {
			value[name] = withNumbers(member)
		}
	case []any:
		for n, member := range value {
			value[n] = withNumbers(member)
		}
	}
	return value
}

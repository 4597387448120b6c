package delegate

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// check makes sure that a token is the one that was asked for. It came from the
// issuer itself, over TLS, so its signature proves nothing more; the target checks
// that. A token that only the issuer can read is judged by the answer.
func (d *Delegator) check(a *answer, caller Caller, actor *Token, target Target, scopes []string) (*Token, error) {
	wrong := func(claim, problem, fix string) (*Token, error) {
		return nil, &Mismatch{Target: target.Name, Claim: claim, Problem: clean(problem), Fix: fix}
	}
	const script = "the access token modification script "
	if a.IssuedTokenType != "" && a.IssuedTokenType != accessTokenType {
		return wrong("issued_token_type", fmt.Sprintf("is %q", a.IssuedTokenType), "")
	}
	if a.AccessToken == caller.Token || a.AccessToken == actor.AccessToken {
		return wrong("access_token", "is one of the tokens that were exchanged", "")
	}
	expires, granted := a.expires(), strings.Fields(a.Scope)
	told, readable, err := claimsOf(a.AccessToken)
	if err != nil {
		return wrong("access_token", err.Error(), script+"must leave the claims in their form")
	}
	if readable {
		switch {
		case told.issuer != d.issuer:
			return wrong("iss", fmt.Sprintf("is %q, not %q", told.issuer, d.issuer), script+"must leave iss as it is")
		case told.subject != caller.Subject:
			return wrong("sub", "is not the caller's", script+"must leave sub as it is")
		case !told.act.names(d.client.ID):
			return wrong("act", fmt.Sprintf("does not name the client %q as the one who acts", d.client.ID), script+"must leave act as it is, and the sub of the client's own tokens, which act repeats")
		case target.Resource != "" && !slices.ContainsFunc(told.audience, func(aud string) bool {
			return strings.TrimSuffix(aud, "/") == strings.TrimSuffix(target.Resource, "/")
		}):
			return wrong("aud", fmt.Sprintf("is %q, without %q", told.audience, target.Resource),
				script+"must set aud to the parameter resource of the exchange; or the provider must accept audience parameters in exchanges, the client must list the resource in its allowed resource server audience values, and the downstream must be declared with the parameter audience")
		}
		granted = told.scopes
		if told.expires.Before(expires) {
			expires = told.expires
		}
	}
	if extra := Missing(scopes, granted); len(extra) > 0 {
		return wrong("scope", fmt.Sprintf("has %q, not asked for", extra), script+"must not add scopes")
	}
	if lacking := Missing(granted, scopes); len(lacking) > 0 {
		return wrong("scope", fmt.Sprintf("lacks %s", strings.Join(lacking, " ")),
			fmt.Sprintf("the client %q must have them among its scopes, and neither a scope validation script, nor a policy, nor the access token modification script may take them away", d.client.ID))
	}
	if !expires.After(d.now()) {
		return wrong("exp", "has passed already", "the clocks of server and issuer must agree, and the access token lifetime of the client must not be short")
	}
	if caller.Expires.Before(expires) {
		expires = caller.Expires
	}
	return kept(a.AccessToken, granted, expires, a.asked), nil
}

// claims are those that matter here of an access token.
type claims struct {
	issuer, subject  string
	audience, scopes []string
	expires          time.Time
	act, mayAct      party
}

// party is the value of act or may_act.
type party map[string]any

// names reports whether the party is the client: by its client_id, by its sub, which
// is the client_id in a client's own tokens, or by both.
func (p party) names(client string) bool {
	id, byID := p["client_id"]
	sub, bySub := p["sub"]
	return (byID || bySub) && (!byID || id == client) && (!bySub || sub == client)
}

// claimsOf reads a JWT, unverified. What is none, or is encrypted, is not readable.
func claimsOf(token string) (c claims, readable bool, err error) {
	members, readable, err := decode(token)
	if !readable || err != nil {
		return c, readable, err
	}
	bad := func(name string) (claims, bool, error) {
		return claims{}, true, fmt.Errorf("has a claim %s that can't be understood", name)
	}
	var ok bool
	for name, into := range map[string]*string{"iss": &c.issuer, "sub": &c.subject} {
		if *into, ok = members[name].(string); !ok && members[name] != nil {
			return bad(name)
		}
	}
	for name, into := range map[string]*[]string{"aud": &c.audience, "scope": &c.scopes} {
		if *into, ok = texts(members[name]); !ok {
			return bad(name)
		}
	}
	// A scope claim is a list, or one text with blanks (RFC 9068 2.2.3).
	c.scopes = strings.Fields(strings.Join(c.scopes, " "))
	for name, into := range map[string]*party{"act": &c.act, "may_act": &c.mayAct} {
		if members[name] == nil {
			continue
		}
		if *into, ok = members[name].(map[string]any); !ok {
			return bad(name)
		}
	}
	// RFC 7519 2: seconds, perhaps with a fraction. Without it nothing is known.
	if seconds, ok := members["exp"].(float64); ok && math.Abs(seconds) < 1<<40 {
		c.expires = time.Unix(int64(seconds), 0)
	} else {
		return bad("exp")
	}
	return c, true, nil
}

// texts is a text or a list of texts.
func texts(value any) ([]string, bool) {
	switch value := value.(type) {
	case nil:
		return nil, true
	case string:
		return []string{value}, true
	case []any:
		var list []string
		for _, member := range value {
			text, ok := member.(string)
			if !ok {
				return nil, false
			}
			list = append(list, text)
		}
		return list, true
	}
	return nil, false
}

// decode reads the claims of a token that is a signed JWT. Names of claims are
// compared as they are spelled.
func decode(token string) (members map[string]any, isJWT bool, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false, nil
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || !json.Valid(header) {
		return nil, false, nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, true, fmt.Errorf("is a JWT without claims")
	}
	if err := json.Unmarshal(payload, &members); err != nil || members == nil {
		return nil, true, fmt.Errorf("is a JWT without claims")
	}
	return members, true, nil
}

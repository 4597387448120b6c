package delegate

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const (
	opExchange      = "exchange"
	exchangeGrant   = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

	// vague is what AIC says of every fault of the tokens of an exchange.
	vague = "Invalid token exchange."
	// settled is how old an actor token must be to be suspected: callers who are
	// refused for faults of their own must not make the server ask for a new one
	// each time.
	settled = 10 * time.Second
)

// exchange trades the caller's token. It tries again, once, with a new actor token,
// as the one at hand may have been revoked, or signed with keys that are gone.
func (d *Delegator) exchange(ctx context.Context, caller Caller, target Target, scopes []string) (*Token, error) {
	actor, err := d.actor(ctx, target)
	if err != nil {
		return nil, err
	}
	a, err := d.trade(ctx, caller, actor, target, scopes)
	var refused *Error
	if errors.As(err, &refused) && refused.tokensRefused {
		blame := d.blame(caller)
		if blame == "" && d.now().Sub(actor.made) >= settled {
			d.actors.drop(actor)
			if actor, err = d.actor(ctx, target); err != nil {
				return nil, err
			}
			a, err = d.trade(ctx, caller, actor, target, scopes)
		}
		if errors.As(err, &refused) && refused.tokensRefused {
			refused.Fix = d.tokenFix(blame)
		}
	}
	if err != nil {
		return nil, err
	}
	return d.check(a, caller, actor, target, scopes)
}

// trade is the exchange itself. What a provider does not heed of resource and
// audience its scripts can read.
func (d *Delegator) trade(ctx context.Context, caller Caller, actor *Token, target Target, scopes []string) (*answer, error) {
	form := url.Values{
		"grant_type":           {exchangeGrant},
		"subject_token":        {caller.Token},
		"subject_token_type":   {accessTokenType},
		"actor_token":          {actor.AccessToken},
		"actor_token_type":     {accessTokenType},
		"requested_token_type": {accessTokenType},
		"scope":                {strings.Join(scopes, " ")},
	}
	if target.Resource != "" {
		form.Set("resource", target.Resource)
		if target.AudienceParameter {
			form.Set("audience", target.Resource)
		}
	}
	return d.grant(ctx, opExchange, form)
}

// blame says what of the caller's token forbids the exchange, "" if nothing that can
// be seen.
func (d *Delegator) blame(caller Caller) string {
	c, ok, err := claimsOf(caller.Token)
	switch {
	case !ok || err != nil, c.mayAct.names(d.client.ID):
		return ""
	case c.mayAct == nil:
		return "the caller's token has no claim may_act"
	}
	return "the claim may_act of the caller's token names another client"
}

func (d *Delegator) tokenFix(blame string) string {
	if blame == "" {
		blame = "the issuer says that of every fault: the caller's token may be revoked, of another realm or without the claim may_act"
	}
	return fmt.Sprintf("%s; the access token may-act script of the OAuth2 provider (or of the client that callers log in to, if that overrides it) must call token.setMayAct({client_id: %q}), and callers have to log in again after that", blame, d.client.ID)
}

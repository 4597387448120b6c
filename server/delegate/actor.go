package delegate

import (
	"context"
	"net/url"
	"strings"
)

const opActor = "actor token"

// actor is the server's own token. An issuer may refuse a client that asks for no
// scope, so there is one for each target, with the scopes that are allowed there.
func (d *Delegator) actor(ctx context.Context, target Target) (*Token, error) {
	scopes, err := sorted(target.Scopes)
	if err != nil {
		return nil, err
	}
	k := keyOf(append([]string{target.Name}, scopes...)...)
	t, _, err := d.actors.get(ctx, k, opActor, actorTime, func(ctx context.Context) (*Token, error) {
		a, err := d.grant(ctx, opActor, url.Values{
			"grant_type": {"client_credentials"},
			"scope":      {strings.Join(scopes, " ")},
		})
		if err != nil {
			return nil, err
		}
		return kept(a.AccessToken, scopes, a.expires(), a.asked), nil
	})
	return t, err
}

package mockaic

import (
	"context"
	"strings"

	"aicmcp/mockaic/internal/am"
	"aicmcp/mockaic/internal/idm"
	"aicmcp/mockaic/internal/journey"
	"aicmcp/mockaic/internal/oauth"
)

// people lets AM and its OAuth provider ask IDM who is there, and who may log in.
type people struct{ idm *idm.Service }

func (p people) Administrator(id string) (oauth.Identity, bool) {
	person, ok := p.idm.Administrator(id)
	return oauth.Identity(person), ok
}

func (p people) ServiceAccount(id string) (oauth.ServiceAccount, bool) {
	account, ok := p.idm.ServiceAccount(id)
	return oauth.ServiceAccount(account), ok
}

func (p people) Profile(realm, id string) (map[string]any, bool) {
	collection := "managed/teammember"
	if below := strings.TrimPrefix(realm, "/"); below != "" {
		collection = "managed/" + below + "_user"
	}
	account, ok := p.idm.Account(collection, id)
	return account.Object, ok
}

func (p people) Users(realm string) []am.User {
	found := p.idm.People(realm)
	users := make([]am.User, len(found))
	for i, person := range found {
		users[i] = am.User(person)
	}
	return users
}

func (p people) User(realm, id string) (am.User, bool) {
	person, ok := p.idm.PersonWith(realm, id)
	return am.User(person), ok
}

// registry lets the OAuth provider ask AM who its clients are.
type registry struct{ am *am.Service }

func (g registry) Client(realm, id string) (oauth.Client, bool) {
	client, ok := g.am.OAuthClient(realm, id)
	return oauth.Client(client), ok
}

func (g registry) Provider(realm, clientID string) (oauth.Provider, bool) {
	settings, ok := g.am.OAuthProvider(realm, clientID)
	return oauth.Provider(settings), ok
}

func (g registry) RegisterClient(ctx context.Context, realm string, fill func(id string) map[string]any) error {
	return g.am.RegisterClient(ctx, realm, fill)
}

func (g registry) RegisteredClient(realm, id string) map[string]any {
	return g.am.RegisteredClient(realm, id)
}

func (g registry) ReplaceClient(ctx context.Context, realm, id string, follow func(map[string]any) (map[string]any, error)) error {
	return g.am.ReplaceClient(ctx, realm, id, follow)
}

func (g registry) TokenScripts(realm, clientID string) oauth.TokenScripts {
	return oauth.TokenScripts(g.am.TokenScripts(realm, clientID))
}

func (g registry) Script(realm, id string) (oauth.Script, bool) {
	found, ok := g.am.Script(realm, id)
	return oauth.Script(found), ok
}

// accounts lets journeys ask IDM who is there.
type accounts struct{ *idm.Service }

func (a accounts) AccountBy(collection, property, value string) (journey.Account, bool) {
	account, ok := a.Service.AccountBy(collection, property, value)
	return journey.Account(account), ok
}

func (a accounts) Account(collection, id string) (journey.Account, bool) {
	account, ok := a.Service.Account(collection, id)
	return journey.Account(account), ok
}

package mockaic

import (
	"aicmcp/mockaic/internal/am"
	"aicmcp/mockaic/internal/idm"
	"aicmcp/mockaic/internal/oauth"
)

// people lets AM and its OAuth provider ask IDM who is there, and who may log in.
type people struct{ idm *idm.Service }

func (p people) Authenticate(userName, password string) (oauth.Identity, bool) {
	person, ok := p.idm.Authenticate(userName, password)
	return oauth.Identity(person), ok
}

func (p people) Administrator(id string) (oauth.Identity, bool) {
	person, ok := p.idm.Administrator(id)
	return oauth.Identity(person), ok
}

func (p people) ServiceAccount(id string) (oauth.ServiceAccount, bool) {
	account, ok := p.idm.ServiceAccount(id)
	return oauth.ServiceAccount(account), ok
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

package journey

import (
	"fmt"
	"net/url"
	"slices"

	"aicmcp/mockaic/internal/crest"
)

// deciding are the nodes that find something out.
func deciding() map[string]behaviour {
	password := []string{passwordKey}
	return map[string]behaviour{
		"AccountActiveDecisionNode":    {run: isActive},
		"AttributePresentDecisionNode": {run: hasAttribute},
		"AttributeValueDecisionNode":   {run: hasValue},
		"AuthLevelDecisionNode":        {run: hasLevel},
		"DataStoreDecisionNode":        {run: checkDataStore, reads: password},
		"IdentityStoreDecisionNode":    {run: checkIdentityStore, reads: password},
		"LoginCountDecisionNode":       {run: compareLogins},
		"QueryFilterDecisionNode":      {run: matchFilter},
		"RetryLimitDecisionNode":       {run: limitRetries},
		"ZeroPageLoginNode":            {run: takeHeaders},
	}
}

// verdict is what a password is found to be.
type verdict int

const (
	wrong verdict = iota
	right
	locked // right, but the account is not active
)

// checkPassword checks name and password of the state. Who has the name is known
// afterwards even if the password is wrong.
func (s *step) checkPassword() (Account, verdict, error) {
	password, ok := s.state().get(passwordKey).(string)
	if !ok || s.state().userName() == "" {
		return Account{}, wrong, fmt.Errorf("%s %s has no name or no password to check", s.node.Type, s.id)
	}
	account, found := s.account()
	if found {
		s.state().put(universalKey, account.ID)
	}
	switch matches := s.options.People.CheckPassword(s.users(), account.ID, password); {
	case !matches || !found || password == "":
		return account, wrong, nil
	case !account.Active:
		return account, locked, nil
	}
	return account, right, nil
}

func checkDataStore(s *step) (string, []Callback, error) {
	_, found, err := s.checkPassword()
	return decision(found == right), nil, err
}

func checkIdentityStore(s *step) (string, []Callback, error) {
	account, found, err := s.checkPassword()
	if err != nil {
		return "", nil, err
	}
	delete(s.state().Shared, errorKey)
	switch found {
	case right:
		if s.config["useUniversalIdForUsername"] == true {
			s.state().put(usernameKey, account.ID)
		}
		return "TRUE", nil, nil
	case locked:
		s.state().put(errorKey, "User Locked Out.")
		s.state().put(lockoutKey, "User Locked Out.")
		return "LOCKED", nil, nil
	}
	s.state().put(errorKey, loginFailure)
	return "FALSE", nil, nil
}

func isActive(s *step) (string, []Callback, error) {
	account, ok := s.account()
	if !ok {
		return "", nil, fmt.Errorf("nobody is known to %s %s", s.node.Type, s.id)
	}
	return decision(account.Active), nil, nil
}

func hasAttribute(s *step) (string, []Callback, error) {
	account, err := s.identity()
	if err != nil {
		return "", nil, err
	}
	return decision(valueAt(account.Object, s.setting("presentAttribute")) != nil), nil, nil
}

func hasValue(s *step) (string, []Callback, error) {
	account, err := s.identity()
	if err != nil {
		return "", nil, err
	}
	value := valueAt(account.Object, s.setting("comparisonAttribute"))
	if s.setting("comparisonOperation") == "PRESENT" {
		return decision(value != nil), nil, nil
	}
	return decision(value != nil && fmt.Sprint(value) == s.setting("comparisonValue")), nil, nil
}

func hasLevel(s *step) (string, []Callback, error) {
	return decision(whole(s.state().get(levelKey)) >= whole(s.config["authLevelRequirement"])), nil, nil
}

func compareLogins(s *step) (string, []Callback, error) {
	account, err := s.identity()
	if err != nil {
		return "", nil, err
	}
	amount := whole(s.config["amount"])
	if s.setting("interval") == "EVERY" {
		return decision(account.Logins > 0 && amount > 0 && account.Logins%amount == 0), nil, nil
	}
	return decision(account.Logins > 0 && account.Logins == amount), nil, nil
}

func matchFilter(s *step) (string, []Callback, error) {
	account, err := s.identity()
	if err != nil {
		return "", nil, err
	}
	filter, err := crest.ParseFilter(s.setting("queryFilter"))
	if err != nil {
		return "", nil, fmt.Errorf("the query filter of %s: %s", s.id, err) // its status is not the client's
	}
	return decision(filter.Match(account.Object, s.options.Matching)), nil, nil
}

// limitRetries counts in the user's account where it shall and can, so that the
// count outlives the journey.
func limitRetries(s *step) (string, []Callback, error) {
	key, limit := s.id+".retryCount", whole(s.config["retryLimit"])
	count := whole(s.state().get(key))
	another := count < limit
	if account, known := s.account(); known && s.config["incrementUserAttributeOnFailure"] == true {
		var err error
		if another, err = s.options.People.Retry(s.users(), account.ID, s.id, limit); err != nil {
			return "", nil, err
		}
	}
	if !another {
		s.state().put(key, 0)
		return "Reject", nil, nil
	}
	s.state().put(key, count+1)
	return "Retry", nil, nil
}

// takeHeaders takes name and password from headers.
func takeHeaders(s *step) (string, []Callback, error) {
	header := s.request.Header
	name, password := header.Get(s.setting("usernameHeader")), header.Get(s.setting("passwordHeader"))
	if name == "" || password == "" || !s.trustsReferer(header.Get("Referer")) {
		return decision(false), nil, nil
	}
	s.state().put(usernameKey, decodeHeader(name))
	s.state().transient[passwordKey] = decodeHeader(password)
	return decision(true), nil, nil
}

func (s *step) trustsReferer(referer string) bool {
	if referer == "" {
		return s.config["allowWithoutReferer"] == true
	}
	trusted := s.list("referrerWhiteList")
	return len(trusted) == 0 || slices.ContainsFunc(trusted, func(entry string) bool {
		want, errWant := url.Parse(entry)
		got, errGot := url.Parse(referer)
		return errWant == nil && errGot == nil && want.Scheme == got.Scheme && want.Host == got.Host
	})
}

package oauth

import (
	"net/http"
	"slices"
	"strings"
)

// profile are the claims that scopes give of a user, as the stock script has them.
// What the user has not is left out.
type profile struct {
	Name       string   `json:"name,omitempty"`
	GivenName  string   `json:"given_name,omitempty"`
	FamilyName string   `json:"family_name,omitempty"`
	ZoneInfo   string   `json:"zoneinfo,omitempty"`
	Locale     string   `json:"locale,omitempty"`
	Email      string   `json:"email,omitempty"`
	Phone      string   `json:"phone_number,omitempty"`
	Address    *address `json:"address,omitempty"`
}

type address struct {
	Formatted string `json:"formatted"`
}

// profileOf is what scopes tell of a user of the request's realm.
func (s *Service) profileOf(r *http.Request, subject string, scopes []string) (shown profile) {
	user, ok := s.options.Identities.Profile(realmOf(r), subject)
	if !ok {
		return profile{}
	}
	text := func(name string) string {
		value, _ := user[name].(string)
		return value
	}
	if slices.Contains(scopes, "profile") {
		shown.GivenName, shown.FamilyName = text("givenName"), text("sn")
		shown.Name = strings.TrimSpace(shown.GivenName + " " + shown.FamilyName)
		shown.ZoneInfo, shown.Locale = text("preferredTimezone"), text("preferredLocale")
	}
	if slices.Contains(scopes, "email") {
		shown.Email = text("mail")
	}
	if slices.Contains(scopes, "phone") {
		shown.Phone = text("telephoneNumber")
	}
	if formatted := text("postalAddress"); formatted != "" && slices.Contains(scopes, "address") {
		shown.Address = &address{formatted}
	}
	return shown
}

package idm

// stockEmail is an e-mail template.
type stockEmail struct {
	id       string
	subjects property // by locale
	bodies   property // by locale
	styled   bool     // has html and styles, from which message is made
	more     property
}

// Which templates there are, in which locales and with which keys, is recorded
// (f525f6324453).
var stockEmails = []stockEmail{
	{"forgottenUsername", property{"en": "Your username", "fr": "Votre identifiant"}, property{
		"en": "<p>Your username is '{{object.userName}}'.</p>", "fr": "<p>Votre identifiant est « {{object.userName}} ».</p>",
	}, true, nil},
	{"registration", property{"en": "Register new account", "fr": "Créer un compte"}, property{
		"en": resumeLink("Confirm your address"), "fr": resumeLink("Confirmer votre adresse"),
	}, true, nil},
	{"resetPassword", property{"en": "Reset your password", "fr": "Changer de mot de passe"}, property{
		"en": resumeLink("Reset your password"), "fr": resumeLink("Changer de mot de passe"),
	}, false, nil},
	{"updatePassword", property{"en": "Update your password"}, property{"en": resumeLink("Update your password")}, true, nil},
	{"welcome", property{"en": "Your account has been created"}, property{
		"en": "<p>Welcome. Your username is '{{object.userName}}'.</p>",
	}, true, property{"displayName": "Welcome", "templateId": "welcome"}},
	{"frEmailUpdated", property{"en": "Your email has been updated"}, property{"en": "<p>Your email address is now {{object.mail}}.</p>"}, false, nil},
	{"frForgotUsername", property{"en": "Forgot Username"}, property{"en": "<p>Your username is {{ object.userName }}.</p>" + resumeLink("Sign in")}, false, nil},
	{"frOnboarding", property{"en": "Complete your registration"}, property{"en": resumeLink("Complete your registration")}, false, nil},
	{"frPasswordUpdated", property{"en": "Your password has been updated"}, property{"en": "<p>Your password has been changed.</p>"}, false, nil},
	{"frProfileUpdated", property{"en": "Your profile has been updated"}, property{"en": "<p>Your profile has been changed.</p>"}, false, nil},
	{"frResetPassword", property{"en": "Reset your password"}, property{"en": resumeLink("Reset your password")}, false, nil},
	{"frUsernameUpdated", property{"en": "Your username has been updated"}, property{"en": "<p>Your username is now {{object.userName}}.</p>"}, false, nil},
}

const emailStyles = "body{background-color:#324054;padding:60px;text-align:center}.content{background-color:#fff;padding:48px}"

func resumeLink(text string) string { return `<p><a href="{{object.resumeURI}}">` + text + `</a></p>` }

func (e stockEmail) document() property {
	messages := property{}
	for locale, body := range e.bodies {
		messages[locale] = "<html><head></head><body>" + body.(string) + "</body></html>"
	}
	document := property{
		"defaultLocale": "en", "enabled": true, "from": "", "mimeType": "text/html",
		"subject": stockInstance(e.subjects, ""), "message": messages,
	}
	if e.styled {
		document["html"], document["styles"] = stockInstance(e.bodies, ""), emailStyles
	}
	return with(document, e.more)
}

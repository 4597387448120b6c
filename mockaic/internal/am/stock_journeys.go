package am

import (
	"strings"

	"github.com/google/uuid"

	"aicmcp/mockaic/internal/am/nodetype"
	"aicmcp/mockaic/internal/store"
)

// stockJourney is a journey that every realm has from the start. The first node is
// its entry.
type stockJourney struct {
	name, description, category string
	start, success, failure     place
	nodes                       []stockNode
}

type place struct{ x, y int }

// stockNode is a node of a journey, or of a page, which has no ways.
type stockNode struct {
	key, kind, name string
	at              place
	// ways are words "OUTCOME>KEY". Keys are those of the journey's nodes, success
	// and failure.
	ways     string
	config   store.Object
	children []stockNode // of a page
}

// stockJourneys returns the journeys of a realm of a new tenant and their nodes. How
// they are connected and configured is recorded; prose is this package's own.
func stockJourneys(realm string) (trees, nodes []store.Object) {
	users := "managed/" + realm + "_user"
	for _, j := range []stockJourney{
		loginJourney(), registrationJourney(users), resetPasswordJourney(users),
		forgottenUsernameJourney(), progressiveProfileJourney(users), updatePasswordJourney(users),
	} {
		trees = append(trees, j.tree(realm, users))
		for _, n := range j.nodes {
			nodes = append(nodes, j.documents(realm, n)...)
		}
	}
	return trees, nodes
}

func loginJourney() stockJourney {
	return stockJourney{
		name: "Login", description: "Platform Login Tree", category: "Authentication",
		start: place{50, 25}, success: place{1073, 30}, failure: place{761, 401},
		nodes: []stockNode{
			page("page", place{136, 59}, "outcome>check", "Sign In",
				"New here? "+linkTo("Registration", "Sign up")+"<br>Forgotten "+linkTo("ForgottenUsername", "username")+" or "+linkTo("ResetPassword", "password"),
				usernameInput(false), passwordInput(false)),
			node("check", "IdentityStoreDecisionNode", "Identity Store Decision", place{352, 40}, "TRUE>count FALSE>retry LOCKED>failure CANCELLED>failure EXPIRED>failure", store.Object{
				"minimumPasswordLength": 8, "mixedCaseForPasswordChangeMessages": false, "useUniversalIdForUsername": false,
			}),
			countLogin(place{579, 34}, "outcome>profile"),
			runJourney("profile", place{827, 13}, "ProgressiveProfile"),
			node("retry", "RetryLimitDecisionNode", "Retry Limit Decision", place{612, 105}, "Retry>page Reject>lock", store.Object{
				"incrementUserAttributeOnFailure": true, "retryLimit": 5,
			}),
			node("lock", "AccountLockoutNode", "Account Lockout", place{836, 184}, "outcome>failure", store.Object{"lockAction": "LOCK"}),
		},
	}
}

// In one recorded realm, the page has a stage, too.
func registrationJourney(users string) stockJourney {
	return stockJourney{
		name: "Registration", description: "Platform Registration Tree", category: "Registration",
		start: place{50, 25}, success: place{1085, 248}, failure: place{921, 370},
		nodes: []stockNode{
			page("page", place{261, 168}, "outcome>mail", "Sign Up", "Registered already? "+linkTo("Login", "Sign in"),
				usernameInput(true),
				attributeInput("userName", true, true, "givenName sn mail preferences/marketing preferences/updates"),
				passwordInput(true),
				input("questions", "KbaCreateNode", "KBA Definition", store.Object{
					"allowUserDefinedQuestions": true, "message": english("Select a security question"),
				}),
				input("terms", "AcceptTermsAndConditionsNode", "Accept Terms and Conditions", store.Object{})),
			suspend(place{484, 267}, "outcome>create", "registration", "userName", false),
			node("create", "CreateObjectNode", "Create Object", place{717, 283}, "CREATED>count FAILURE>failure", store.Object{"identityResource": users}),
			countLogin(place{861, 221}, "outcome>success"),
		},
	}
}

func resetPasswordJourney(users string) stockJourney {
	return stockJourney{
		name: "ResetPassword", description: "Reset Password Tree", category: "Password Reset",
		start: place{25, 25}, success: place{970, 79}, failure: place{981, 147},
		nodes: []stockNode{
			askForMail(place{103, 50}, "Reset Password"),
			findByMail(place{271, 21}),
			suspend(place{453, 66}, "outcome>password", "resetPassword", "mail", true),
			page("password", place{643, 50}, "outcome>patch", "Reset Password", "Change password", passwordInput(true)),
			patch(place{819, 61}, users, "mail", ""),
		},
	}
}

func forgottenUsernameJourney() stockJourney {
	return stockJourney{
		name: "ForgottenUsername", description: "Forgotten Username Tree", category: "Username Reset",
		start: place{50, 25}, success: place{970, 149}, failure: place{982, 252},
		nodes: []stockNode{
			askForMail(place{139, 146}, "Forgotten Username"),
			findByMail(place{324, 152}),
			suspend(place{563, 193}, "outcome>login", "forgottenUsername", "mail", true),
			runJourney("login", place{767, 188}, "Login"),
		},
	}
}

func progressiveProfileJourney(users string) stockJourney {
	return stockJourney{
		name: "ProgressiveProfile", description: "Asks for missing preferences at the third login", category: "Progressive Profile",
		start: place{50, 58}, success: place{802, 312}, failure: place{919, 171},
		nodes: []stockNode{
			node("third", "LoginCountDecisionNode", "Login Count Decision", place{152, 36}, "true>missing false>success", store.Object{
				"amount": 3, "identityAttribute": "userName", "interval": "AT",
			}),
			node("missing", "QueryFilterDecisionNode", "Query Filter Decision", place{357, 36}, "true>page false>success", store.Object{
				"identityAttribute": "userName", "queryFilter": "!(/preferences pr) or /preferences/marketing eq false or /preferences/updates eq false",
			}),
			page("page", place{555, 20}, "outcome>patch", "Please select your preferences", "",
				attributeInput("userName", false, false, "preferences/updates preferences/marketing")),
			patch(place{766, 36}, users, "userName", ""),
		},
	}
}

func updatePasswordJourney(users string) stockJourney {
	return stockJourney{
		name: "UpdatePassword", description: "Changes the password of a user with a session", category: "Password Reset",
		start: place{50, 25}, success: place{1212, 128}, failure: place{939, 290},
		nodes: []stockNode{
			node("session", "SessionDataNode", "Get Session Data", place{122, 129}, "outcome>present", store.Object{
				"sessionDataKey": "UserToken", "sharedStateKey": "userName",
			}),
			node("present", "AttributePresentDecisionNode", "Attribute Present Decision", place{288, 133}, "true>old false>mail", store.Object{
				"identityAttribute": "userName", "presentAttribute": "password",
			}),
			page("old", place{526, 46}, "outcome>check", "Verify Existing Password", "Enter current password", passwordInput(false)),
			node("check", "DataStoreDecisionNode", "Data Store Decision", place{722, 45}, "true>new false>failure", store.Object{}),
			suspend(place{659, 223}, "outcome>new", "updatePassword", "userName", true),
			page("new", place{943, 30}, "outcome>patch", "Update Password", "Enter new password", passwordInput(true)),
			patch(place{1062, 189}, users, "userName", "userName"),
		},
	}
}

func node(key, kind, name string, at place, ways string, config store.Object) stockNode {
	return stockNode{key: key, kind: kind, name: name, at: at, ways: ways, config: config}
}

func input(key, kind, name string, config store.Object) stockNode {
	return stockNode{key: key, kind: kind, name: name, config: config}
}

func page(key string, at place, ways, header, description string, children ...stockNode) stockNode {
	return stockNode{key, "PageNode", "Page Node", at, ways, store.Object{
		"pageHeader": english(header), "pageDescription": english(description),
	}, children}
}

func askForMail(at place, header string) stockNode {
	return page("page", at, "outcome>find", header, "Tell us your email address, or "+linkTo("Login", "sign in"), attributeInput("mail", true, false, "mail"))
}

func findByMail(at place) stockNode {
	return node("find", "IdentifyExistingUserNode", "Identify Existing User", at, "true>mail false>mail", store.Object{
		"identifier": "userName", "identityAttribute": "mail",
	})
}

func suspend(at place, ways, template, by string, lookup bool) stockNode {
	return node("mail", "EmailSuspendNode", "Email Suspend Node", at, ways, store.Object{
		"emailTemplateName": template, "emailAttribute": "mail", "identityAttribute": by, "objectLookup": lookup,
		"emailSuspendMessage": english("We have sent you an email. Follow the link in it to go on."),
	})
}

func patch(at place, users, by, ignored string) stockNode {
	return node("patch", "PatchObjectNode", "Patch Object", at, "PATCHED>success FAILURE>failure", store.Object{
		"identityResource": users, "identityAttribute": by, "ignoredFields": words(ignored), "patchAsObject": false,
	})
}

func countLogin(at place, ways string) stockNode {
	return node("count", "IncrementLoginCountNode", "Increment Login Count", at, ways, store.Object{"identityAttribute": "userName"})
}

func runJourney(key string, at place, name string) stockNode {
	return node(key, "InnerTreeEvaluatorNode", "Inner Tree Evaluator", at, "true>success false>failure", store.Object{
		"tree": name, "displayErrorOutcome": false,
	})
}

func usernameInput(validate bool) stockNode {
	return input("username", "ValidatedUsernameNode", "Platform Username", store.Object{
		"usernameAttribute": "userName", "validateInput": validate, "autocompleteValues": []any{},
	})
}

func passwordInput(validate bool) stockNode {
	return input("password", "ValidatedPasswordNode", "Platform Password", store.Object{
		"passwordAttribute": "password", "validateInput": validate,
	})
}

func attributeInput(by string, required, validate bool, names string) stockNode {
	return input("attributes", "AttributeCollectorNode", "Attribute Collector", store.Object{
		"attributesToCollect": words(names), "identityAttribute": by, "required": required, "validateInputs": validate,
	})
}

func linkTo(journey, text string) string {
	return `<a href="#/service/` + journey + `">` + text + `</a>`
}

// english is a text by locale.
func english(text string) store.Object {
	if text == "" {
		return store.Object{}
	}
	return store.Object{"en": text}
}

// id is the same in all tenants. Recorded IDs are often those of the other realm, too;
// these differ, so that it shows when realms are mixed up.
func (j stockJourney) id(realm, key string) string {
	switch key {
	case "success":
		return successNode
	case "failure":
		return failureNode
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(realm+"/"+j.name+"/"+key)).String()
}

func (j stockJourney) tree(realm, users string) store.Object {
	nodes := store.Object{}
	for _, n := range j.nodes {
		connections := store.Object{}
		for way := range strings.FieldsSeq(n.ways) {
			outcome, target, _ := strings.Cut(way, ">")
			connections[outcome] = j.id(realm, target)
		}
		nodes[j.id(realm, n.key)] = store.Object{
			"connections": connections, "displayName": n.name, "nodeType": n.kind, "version": nodetype.FirstVersion, "x": n.at.x, "y": n.at.y,
		}
	}
	return store.Object{
		"_id": j.name, "description": j.description, "enabled": true, "identityResource": users,
		"innerTreeOnly": false, "mustRun": false, "noSession": false, "transactionalOnly": false,
		"uiConfig":    store.Object{"categories": `["` + j.category + `"]`},
		"entryNodeId": j.id(realm, j.nodes[0].key), "nodes": nodes,
		"staticNodes": store.Object{startNode: j.start.document(), successNode: j.success.document(), failureNode: j.failure.document()},
	}
}

func (p place) document() store.Object { return store.Object{"x": p.x, "y": p.y} }

// documents returns a node, and those of a page behind the page.
func (j stockJourney) documents(realm string, n stockNode) []store.Object {
	documents := []store.Object{{"_id": n.kind + "/" + j.id(realm, n.key), "version": nodetype.FirstVersion, "config": n.config}}
	if n.children == nil {
		return documents
	}
	var children []store.Object
	for _, child := range n.children {
		child.key = n.key + "/" + child.key
		children = append(children, store.Object{
			"_id": j.id(realm, child.key), "nodeType": child.kind, "nodeVersion": nodetype.FirstVersion, "displayName": child.name,
		})
		documents = append(documents, j.documents(realm, child)...)
	}
	n.config["nodes"] = children
	return documents
}

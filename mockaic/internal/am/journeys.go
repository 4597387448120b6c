package am

import (
	"encoding/json"
	"time"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/journey"
	"aicmcp/mockaic/internal/store"
)

// Tree finds an enabled journey of a realm, for it to run.
func (s *Service) Tree(realm, name string) (journey.Tree, bool) {
	stored := s.view(collection(realm, treeKind), name)
	if realm == "" {
		stored = s.administrators.trees[name]
	}
	if stored == nil || stored["enabled"] == false {
		return journey.Tree{}, false
	}
	tree := journey.Tree{
		Name: name, Nodes: map[string]journey.Node{},
		Timeout: minutes(stored["treeTimeout"]), Lifetime: minutes(stored["maximumSessionTime"]), Idle: minutes(stored["maximumIdleTime"]),
	}
	tree.Entry, _ = stored["entryNodeId"].(string)
	tree.Resource, _ = stored["identityResource"].(string)
	tree.InnerOnly, _ = stored["innerTreeOnly"].(bool)
	tree.NoSession, _ = stored["noSession"].(bool)
	tree.MustRun, _ = stored["mustRun"].(bool)
	all, _ := stored["nodes"].(map[string]any)
	for id, described := range all {
		about, _ := described.(map[string]any)
		node := journey.Node{Ways: map[string]string{}}
		node.Type, _ = about["nodeType"].(string)
		node.Version, _ = about["version"].(string)
		node.Name, _ = about["displayName"].(string)
		ways, _ := about["connections"].(map[string]any)
		for outcome, target := range ways {
			node.Ways[outcome], _ = target.(string)
		}
		tree.Nodes[id] = node
	}
	return tree, true
}

// minutes is a duration that is set in minutes; what is no number is unset.
func minutes(value any) time.Duration {
	number, _ := value.(json.Number)
	count, _ := number.Int64()
	const most = 60 * 24 * 365 * 100
	return time.Duration(min(max(0, count), most)) * time.Minute
}

// NodeConfig is how a node of a realm's journey is configured.
func (s *Service) NodeConfig(realm, nodeType, id string) (map[string]any, bool) {
	stored := s.view(collection(realm, nodeKind), nodeKey(nodeType, id))
	if realm == "" {
		stored = s.administrators.nodes[nodeKey(nodeType, id)]
	}
	config, ok := stored["config"].(map[string]any)
	return config, ok
}

// Settings say how a realm authenticates. What is not set, or not as expected, is
// as in a new tenant.
func (s *Service) Settings(realm string) journey.Settings {
	if realm == "" {
		return administratorSettings
	}
	found := journey.Settings{Default: "Login", Timeout: 5 * time.Minute, SuccessURL: "/enduser/?realm=/" + realm}
	document := s.view(authentication.collection(), realm)
	core, _ := document["core"].(map[string]any)
	if name, ok := core["orgConfig"].(string); ok && name != "" {
		found.Default = name
	}
	trees, _ := document["trees"].(map[string]any)
	if timeout := minutes(trees["authenticationSessionsMaxDuration"]); timeout > 0 {
		found.Timeout = timeout
	}
	found.SingleUse, _ = trees["authenticationSessionsWhitelist"].(bool)
	process, _ := document["postauthprocess"].(map[string]any)
	if urls := texts(process["loginSuccessUrl"]); len(urls) > 0 {
		found.SuccessURL = urls[0]
	}
	if urls := texts(process["loginFailureUrl"]); len(urls) > 0 {
		found.FailureURL = urls[0]
	}
	return found
}

// administratorSettings are recorded: those of the root realm, which nobody changes.
var administratorSettings = journey.Settings{
	Default: "FRLogin", Timeout: 24 * time.Hour, SingleUse: true, SuccessURL: "/platform",
}

// administratorJourney is the login of the people who run the tenant. On a tenant
// it goes on to a second factor, which this fake's administrators have none of.
func administratorJourney() stockJourney {
	return stockJourney{
		name: "FRLogin", description: "Login of tenant administrators",
		nodes: []stockNode{
			page("page", place{}, "outcome>check", "", "",
				input("username", "UsernameCollectorNode", "User Name", store.Object{}),
				input("password", "PasswordCollectorNode", "Password", store.Object{})),
			node("check", "DataStoreDecisionNode", "Data Store Decision", place{}, "true>success false>failure", store.Object{}),
		},
	}
}

// administrators are the journeys and nodes of the root realm, as a store has them.
type administrators struct {
	trees, nodes map[string]store.Object
}

func newAdministrators() administrators {
	j, a := administratorJourney(), administrators{map[string]store.Object{}, map[string]store.Object{}}
	keep := func(in map[string]store.Object, document store.Object) {
		normal, err := crest.Normalize(document)
		if err != nil {
			panic(err) // a value declared here that is not JSON
		}
		in[document["_id"].(string)] = normal.(map[string]any)
	}
	keep(a.trees, j.tree("", "managed/teammember"))
	for _, n := range j.nodes {
		for _, document := range j.documents("", n) {
			keep(a.nodes, document)
		}
	}
	return a
}

package am

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/am/nodetype"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// recordedWiring is how the nodes of the recorded journeys are connected. A page goes
// by its header.
var recordedWiring = map[string]string{
	"Login": `
		start -> Sign In
		Sign In -outcome-> IdentityStoreDecisionNode
		IdentityStoreDecisionNode -TRUE-> IncrementLoginCountNode
		IdentityStoreDecisionNode -FALSE-> RetryLimitDecisionNode
		IdentityStoreDecisionNode -LOCKED-> failure
		IdentityStoreDecisionNode -CANCELLED-> failure
		IdentityStoreDecisionNode -EXPIRED-> failure
		IncrementLoginCountNode -outcome-> InnerTreeEvaluatorNode
		InnerTreeEvaluatorNode -true-> success
		InnerTreeEvaluatorNode -false-> failure
		RetryLimitDecisionNode -Retry-> Sign In
		RetryLimitDecisionNode -Reject-> AccountLockoutNode
		AccountLockoutNode -outcome-> failure`,
	"Registration": `
		start -> Sign Up
		Sign Up -outcome-> EmailSuspendNode
		EmailSuspendNode -outcome-> CreateObjectNode
		CreateObjectNode -CREATED-> IncrementLoginCountNode
		CreateObjectNode -FAILURE-> failure
		IncrementLoginCountNode -outcome-> success`,
	"ResetPassword": `
		start -> Reset Password
		Reset Password -outcome-> IdentifyExistingUserNode
		IdentifyExistingUserNode -true-> EmailSuspendNode
		IdentifyExistingUserNode -false-> EmailSuspendNode
		EmailSuspendNode -outcome-> Reset Password
		Reset Password -outcome-> PatchObjectNode
		PatchObjectNode -PATCHED-> success
		PatchObjectNode -FAILURE-> failure`,
	"ForgottenUsername": `
		start -> Forgotten Username
		Forgotten Username -outcome-> IdentifyExistingUserNode
		IdentifyExistingUserNode -true-> EmailSuspendNode
		IdentifyExistingUserNode -false-> EmailSuspendNode
		EmailSuspendNode -outcome-> InnerTreeEvaluatorNode
		InnerTreeEvaluatorNode -true-> success
		InnerTreeEvaluatorNode -false-> failure`,
	"ProgressiveProfile": `
		start -> LoginCountDecisionNode
		LoginCountDecisionNode -true-> QueryFilterDecisionNode
		LoginCountDecisionNode -false-> success
		QueryFilterDecisionNode -true-> Please select your preferences
		QueryFilterDecisionNode -false-> success
		Please select your preferences -outcome-> PatchObjectNode
		PatchObjectNode -PATCHED-> success
		PatchObjectNode -FAILURE-> failure`,
	"UpdatePassword": `
		start -> SessionDataNode
		SessionDataNode -outcome-> AttributePresentDecisionNode
		AttributePresentDecisionNode -true-> Verify Existing Password
		AttributePresentDecisionNode -false-> EmailSuspendNode
		Verify Existing Password -outcome-> DataStoreDecisionNode
		DataStoreDecisionNode -true-> Update Password
		DataStoreDecisionNode -false-> failure
		EmailSuspendNode -outcome-> Update Password
		Update Password -outcome-> PatchObjectNode
		PatchObjectNode -PATCHED-> success
		PatchObjectNode -FAILURE-> failure`,
}

// recordedPages are the types of the nodes in the recorded pages, by the journey and
// the header. The pages of ResetPassword share theirs.
var recordedPages = map[string][]string{
	"Login/Sign In":                                     {"ValidatedUsernameNode ValidatedPasswordNode"},
	"Registration/Sign Up":                              {"ValidatedUsernameNode AttributeCollectorNode ValidatedPasswordNode KbaCreateNode AcceptTermsAndConditionsNode"},
	"ResetPassword/Reset Password":                      {"AttributeCollectorNode", "ValidatedPasswordNode"},
	"ForgottenUsername/Forgotten Username":              {"AttributeCollectorNode"},
	"ProgressiveProfile/Please select your preferences": {"AttributeCollectorNode"},
	"UpdatePassword/Verify Existing Password":           {"ValidatedPasswordNode"},
	"UpdatePassword/Update Password":                    {"ValidatedPasswordNode"},
}

// stockRealm is what a new realm has of journeys, as it is stored.
type stockRealm struct {
	catalogue *nodetype.Catalogue
	trees     map[string]store.Object
	nodes     map[string]store.Object // by type and ID
}

func newStockRealm(t *testing.T, realm string) stockRealm {
	t.Helper()
	trees, nodes := stockJourneys(realm)
	return stockRealm{nodetype.New(), byID(t, trees), byID(t, nodes)}
}

func byID(t *testing.T, documents []store.Object) map[string]store.Object {
	t.Helper()
	found := map[string]store.Object{}
	for _, document := range documents {
		normal, err := crest.Normalize(document)
		if err != nil {
			t.Fatal(err)
		}
		id := document["_id"].(string)
		if found[id] != nil {
			t.Errorf("%s is there twice", id)
		}
		found[id] = normal.(store.Object)
	}
	return found
}

func (s stockRealm) lookup(typeID, version, id string) (*nodetype.Type, map[string]any) {
	config, _ := s.nodes[typeID+"/"+id]["config"].(map[string]any)
	return s.catalogue.Find(typeID, version), config
}

// outcomes are the IDs of what can come of a node.
func (s stockRealm) outcomes(t *testing.T, typeID, id string) []string {
	t.Helper()
	own, config := s.lookup(typeID, nodetype.FirstVersion, id)
	outcomes, err := own.Outcomes(config, s.lookup)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, outcome := range outcomes {
		ids = append(ids, outcome.(map[string]any)["id"].(string))
	}
	slices.Sort(ids)
	return ids
}

// label names a node of a tree as recordedWiring does.
func (s stockRealm) label(tree store.Object, id string) string {
	switch id {
	case "70e691a5-1e33-4ac3-a356-e7b6d60d92e0":
		return "success"
	case "e301438c-0bd0-429c-ab0c-66126501069a":
		return "failure"
	}
	node, ok := tree["nodes"].(map[string]any)[id].(map[string]any)
	if !ok {
		return "nothing"
	}
	typeID := node["nodeType"].(string)
	_, config := s.lookup(typeID, "", id)
	if header, ok := config["pageHeader"].(map[string]any); ok {
		return header["en"].(string)
	}
	return typeID
}

func lines(text string) []string {
	var all []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		all = append(all, strings.TrimSpace(line))
	}
	slices.Sort(all)
	return all
}

func TestStockJourneys(t *testing.T) {
	for _, realm := range []string{"alpha", "bravo"} {
		s := newStockRealm(t, realm)
		if got, want := slices.Sorted(maps.Keys(s.trees)), slices.Sorted(maps.Keys(recordedWiring)); !slices.Equal(got, want) {
			t.Errorf("%s has the journeys %v, recorded are %v", realm, got, want)
		}
		used := map[string]int{}
		for name, tree := range s.trees {
			if tree["identityResource"] != "managed/"+realm+"_user" {
				t.Errorf("%s: identityResource %v", name, tree["identityResource"])
			}
			wiring := []string{"start -> " + s.label(tree, tree["entryNodeId"].(string))}
			for id, node := range tree["nodes"].(map[string]any) {
				node := node.(map[string]any)
				typeID := node["nodeType"].(string)
				used[typeID+"/"+id]++
				connections := node["connections"].(map[string]any)
				if got, want := slices.Sorted(maps.Keys(connections)), s.outcomes(t, typeID, id); !slices.Equal(got, want) {
					t.Errorf("%s: %s has connections of %v, and the outcomes %v", name, typeID, got, want)
				}
				for outcome, target := range connections {
					wiring = append(wiring, s.label(tree, id)+" -"+outcome+"-> "+s.label(tree, target.(string)))
				}
				if own := s.catalogue.Find(typeID, ""); node["displayName"] != own.Name {
					t.Errorf("%s: %s is named %v", name, typeID, node["displayName"])
				}
			}
			slices.Sort(wiring)
			if want := lines(recordedWiring[name]); !slices.Equal(wiring, want) {
				t.Errorf("%s is connected\n%s\nrecorded is\n%s", name, strings.Join(wiring, "\n"), strings.Join(want, "\n"))
			}
			s.countChildren(t, tree, used)
		}
		for id := range s.nodes {
			if used[id] != 1 {
				t.Errorf("%s is used %d times", id, used[id])
			}
			delete(used, id)
		}
		for id := range used {
			t.Errorf("%s is not there", id)
		}
	}
}

// countChildren holds the pages of a tree against the recorded ones.
func (s stockRealm) countChildren(t *testing.T, tree store.Object, used map[string]int) {
	t.Helper()
	for id := range tree["nodes"].(map[string]any) {
		_, page := s.lookup("PageNode", "", id)
		if page == nil {
			continue
		}
		var types []string
		for _, child := range page["nodes"].([]any) {
			child := child.(map[string]any)
			typeID := child["nodeType"].(string)
			types = append(types, typeID)
			used[typeID+"/"+child["_id"].(string)]++
			if own := s.catalogue.Find(typeID, child["nodeVersion"].(string)); child["displayName"] != own.Name {
				t.Errorf("%s: %s is named %v", tree["_id"], typeID, child["displayName"])
			}
		}
		name := tree["_id"].(string) + "/" + s.label(tree, id)
		if got := strings.Join(types, " "); !slices.Contains(recordedPages[name], got) {
			t.Errorf("the page %s has %s", name, got)
		}
	}
}

func TestStockNodes(t *testing.T) {
	s := newStockRealm(t, "alpha")
	seen := map[string]bool{}
	for id, document := range s.nodes {
		typeID, bare, _ := strings.Cut(id, "/")
		if seen[bare] {
			t.Errorf("nodes share the ID %s", bare)
		}
		seen[bare] = true
		own := s.catalogue.Find(typeID, document["version"].(string))
		if own == nil {
			t.Errorf("there is no type %s", typeID)
			continue
		}
		config := document["config"].(map[string]any)
		if err := own.Validate(config); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if complete, err := own.Complete(config); err != nil || !reflect.DeepEqual(complete, config) {
			t.Errorf("%s is %v, complete %v, %v", id, config, complete, err)
		}
		if tree, ok := config["tree"].(string); ok && s.trees[tree] == nil {
			t.Errorf("%s runs the journey %s", id, tree)
		}
		if resource, ok := config["identityResource"]; ok && resource != "managed/alpha_user" {
			t.Errorf("%s: identityResource %v", id, resource)
		}
	}
}

// TestStockJourneysRepeat holds two tenants against each other, and two realms.
func TestStockJourneysRepeat(t *testing.T) {
	first, again, other := newStockRealm(t, "alpha"), newStockRealm(t, "alpha"), newStockRealm(t, "bravo")
	if !reflect.DeepEqual(first.trees, again.trees) || !reflect.DeepEqual(first.nodes, again.nodes) {
		t.Error("two tenants differ")
	}
	for id := range first.nodes {
		if other.nodes[id] != nil {
			t.Errorf("%s is in two realms", id)
		}
	}
}

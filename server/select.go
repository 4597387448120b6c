package server

import (
	"maps"
	"slices"

	"aicmcp/server/aic"
	"aicmcp/server/apps"
	"aicmcp/server/tool"
)

// Selection says which of the tools are offered.
type Selection struct {
	// ReadOnly leaves out every tool that can change something.
	ReadOnly bool
	// NoAM leaves out the tools that need AM, and those for applications.
	NoAM bool
}

// Tools lists the tools that are offered.
func (s Selection) Tools() []tool.Tool[*aic.Client] {
	applications := map[string]bool{}
	for _, t := range apps.Tools() {
		applications[t.Name] = true
	}
	return slices.DeleteFunc(Tools(), func(t tool.Tool[*aic.Client]) bool {
		return s.ReadOnly && t.Effect != tool.ReadOnly ||
			s.NoAM && (slices.Contains(t.Scopes, aic.AM) || applications[t.Name])
	})
}

// Scopes is the sorted union of what the tools that are offered need.
func (s Selection) Scopes() []string {
	union := map[string]bool{}
	for _, t := range s.Tools() {
		for _, scope := range t.Scopes {
			union[string(scope)] = true
		}
	}
	return slices.Sorted(maps.Keys(union))
}

// Needing names the tools that are offered and need one of the scopes.
func (s Selection) Needing(scopes ...string) []string {
	var names []string
	for _, t := range s.Tools() {
		if slices.ContainsFunc(t.Scopes, func(scope tool.Scope) bool { return slices.Contains(scopes, string(scope)) }) {
			names = append(names, t.Name)
		}
	}
	return names
}

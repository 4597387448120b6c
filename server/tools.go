package server

import (
	"slices"

	"aicmcp/server/aic"
	"aicmcp/server/apps"
	"aicmcp/server/esv"
	"aicmcp/server/features"
	"aicmcp/server/journeys"
	"aicmcp/server/logs"
	"aicmcp/server/managed"
	"aicmcp/server/scripts"
	"aicmcp/server/themes"
	"aicmcp/server/tool"
)

// Tools lists all tools, area by area.
func Tools() []tool.Tool[*aic.Client] {
	return slices.Concat(
		managed.Tools(),
		themes.Tools(),
		journeys.Tools(),
		scripts.Tools(),
		apps.Tools(),
		features.Tools(),
		esv.Tools(),
		logs.Tools(),
	)
}

// Scopes is the sorted union of what all tools need.
func Scopes() []string { return Selection{}.Scopes() }

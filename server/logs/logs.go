// Package logs holds the tools for a tenant's logs.
package logs

import (
	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

// Tools lists the tools of this area.
func Tools() []tool.Tool[*aic.Client] { return []tool.Tool[*aic.Client]{sources, query} }

// results returns the list of a query envelope, nil if there is none.
func results(page aic.Object) []any {
	list, _ := page["result"].([]any)
	return list
}

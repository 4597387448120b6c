// Package server is an MCP server for the administration of a PingOne
// Advanced Identity Cloud tenant.
//
//	config.go   Settings and Config: each option declared once
//	server.go   New: tools, middleware
//	connect.go  Connector: from a source of bearers to a tool's client
//	login.go    a person is asked to log in, through the client
//	tools.go    Tools, Scopes, Table: the one catalogue
//	select.go   which of the tools are offered
//	stdio.go    the stdio transport
//
//	tool/       Define: from a typed function to a tool
//	rest/       a client of one JSON API: bearers, retries, errors
//	aic/        the tenant's REST APIs
//	auth/       login by browser, device code or key, refresh, token exchange
//	delegate/   tokens that act for a caller at downstream APIs
//	tokenstore/ where a login is kept
//	resource/   the OAuth resource server: tokens, metadata, challenges, limits
//	telemetry/  OpenTelemetry: traces and metrics of calls, requests and caches
//	managed/    the tools for managed objects and their types
//	themes/     the tools for themes
//	journeys/   the tools for journeys and their nodes
//	scripts/    the tools for AM's scripts
//	apps/       the tools for OIDC applications
//	features/   the tools for features
//	esv/        the tools for environment secrets and variables
//	logs/       the tools for logs
//
// An area of tools imports tool, aic and rest, never another area; tool and aic
// import rest only, and not each other; auth imports tokenstore only, so Connector,
// which joins auth to tool, is here.
package server

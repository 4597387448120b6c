// Package server is an MCP server for PingOne Advanced Identity Cloud: on stdio for
// one person who administers a tenant, and over HTTP for remote clients, for whose
// people it acts at APIs.
//
//	settings.go flags and environment variables: an option declared once is both
//	tools.go    Tools, Scopes: the one catalogue of the tenant's tools
//	docs.go     the tables of tools and settings in the README
//
// On stdio:
//
//	config.go   Settings and Config: each option declared once
//	server.go   New: tools, middleware
//	connect.go  Connector: from a source of bearers to a tool's client
//	login.go    a person is asked to log in, through the client
//	select.go   which of the tools are offered
//	stdio.go    the transport
//
// Over HTTP:
//
//	remote_config.go  RemoteSettings and RemoteConfig: each option declared once
//	remote.go         NewRemote: tools, who may see them, tokens for downstreams
//	remote_http.go    Handler: the endpoint, its metadata and health
//	remote_serve.go   NewRemoteFrom the configuration; Serve, and its end
//	downstream.go     the APIs that there are tools for, each declared once
//	self.go           the tools that tell of the caller's token and that for an API
//
// The packages:
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
//	todo/       the tools for the Todo API
//
// An area of tools imports tool, aic and rest, never another area; tool and aic
// import rest only, and not each other; auth imports tokenstore only, so Connector,
// which joins auth to tool, is here. So is Remote, which joins delegate, resource and
// telemetry to the tools: these import none of the others.
package server

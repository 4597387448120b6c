// Package conformance is the frame of a suite that tells whether a server
// behaves as a PingOne Advanced Identity Cloud tenant does, and whether an MCP
// server in front of it does what its tools promise.
//
// A Case is declared once, in package cases, and has an address that never
// changes. Run is the only runner: the command prints its results, the tests
// wrap them. A case gets a T, through which it sends requests, calls tools and
// states what must be so; T writes down what went over the wire, without
// tokens, passwords and cookies.
//
// An outcome is pass, fail, warn (a recommendation is not met), skip (the
// target does not claim the feature, or may not be written to) or error (the
// suite could not judge, or left something behind). A case that checks nothing
// is an error.
//
// What a target is known to fail stands in its Baseline. An entry that passes,
// or that names no case, is a problem of the baseline and fails the run. A
// baseline hides no error.
//
// # What a run does to a tenant
//
// Cases write objects of fresh names beginning with "conformance", remove them
// again even when they fail, and leave alone what they did not make.
//
// Many cases need a managed object type that accepts any property. Unless the
// target names one (--open-type NAME), a run of the command adds a type
// conformance_XXXXXXXXXXXX to the tenant's configuration, config/managed, and
// takes it out again at the end. Cases about types (feature types) do so too,
// one by one; others put documents emailTemplate/conformance-... into the
// configuration (config), and themes named conformance-... into the document
// of all themes, config/ui/themerealm (themes). A run without such cases
// (--without open-type,types,config,themes) leaves the configuration alone, and
// so does a read-only run (--read-only).
//
// Cases about scripts and OAuth clients make some of the realms alpha and bravo,
// of names and IDs that begin with conformance- (scripts, oauth-clients); they
// leave alone those that are there, and only read the settings of realms (realms).
// Cases about service accounts (service-accounts) make some whose names begin so, with keys
// of their own, and those about CORS (cors) entries of such IDs for origins of such names. The
// cases that change the settings of alpha's OAuth provider and put them back
// (provider-settings), which all its clients notice meanwhile, run only if the command is told
// to (--with provider-settings). Those that move the clock (clock), and then back, are for
// fakes.
//
// Cases about journeys (journeys) make some of such names in alpha, with nodes whose
// IDs are random, and node types (node-designer) whose display names begin so. Cases about
// logins (logins) make users of alpha and log them in, and lock some of these out; those
// about registration make clients whose IDs are random, and whose names begin so.
//
// Cases about ESVs (esvs) make environment variables and secrets of names that
// begin with esv-conformance-, and delete them before anything loads them, but
// for secrets that no placeholder uses. The one case that restarts the tenant's
// services (restart) runs only if the command is told to (--with restart): a
// restart disturbs everybody for minutes, and loads what other people changed.
//
// Cases about logs (logs) only read, but for what they do so that something is
// logged; one makes an API key named conformance-... and deletes it (log-keys).
// Tenants answer some 60 requests for logs a minute: cases wait as long as they
// are told to, and up to three minutes for an event to be seen.
//
// Cases about a remote MCP server (remote-mcp), which the target names besides the tenant,
// play clients that know only its address: they register at the tenant without being
// asked who they are, log users in that they make, and have them consent. Clients with a
// script of their own get tokens whose claims are wrong, though the tenant signed them.
// Lists of the Todo API (remote-todo) are those of these users, and are emptied. One case
// sends hundreds of requests (remote-rate), two hold a connection open until the server
// ends it, up to two minutes each; these know no proxies.
//
// What could not be removed is an error that names it, and the run exits with
// 2. A run that was killed may leave a type whose name begins with conformance_
// in config/managed, with the objects in it, documents, themes, variables and
// secrets of such names, OAuth clients, journeys and CORS entries of such IDs, and users, roles,
// internal roles, service accounts, groups, organizations, assignments, applications and scripts whose
// names begin with conformance-. These filters find them:
//
//	userName sw "conformance-"   for users
//	/_id co "esv-conformance-"   for variables and secrets
//	_id sw "conformance-"        for OAuth clients, journeys and CORS entries
//	coreOAuth2ClientConfig/clientName sw "conformance-"
//	                             for OAuth clients that registered themselves
//	name sw "conformance-"       for the others
//
// API keys whose names begin with conformance- are listed at /keys. Cases that
// count ESVs or scripts rely on that nobody else changes any while they run.
package conformance

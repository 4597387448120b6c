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
// suite could not judge). A case that checks nothing is an error.
//
// What a target is known to fail stands in its Baseline. An entry that passes,
// or that names no case, is a problem of the baseline and fails the run.
//
// Cases write only objects of fresh names beginning with "conformance", remove
// them again even when they fail, and leave alone what they did not make.
package conformance

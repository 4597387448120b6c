// Package aic is a client for the REST APIs of a PingOne Advanced Identity
// Cloud tenant, on package rest. A file per API; config.go changes documents that
// have no revision.
package aic

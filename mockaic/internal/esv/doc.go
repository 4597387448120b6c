// Package esv is a tenant's environment secrets and variables, and the restart
// that makes changes of them effective.
package esv

// Package idm is the identity management half of a tenant: the definitions of
// managed object types, the objects themselves, their policies, relationships
// and passwords.
package idm

// Package route turns HTTP requests into calls of the tenant's services and
// their answers into HTTP: the CREST binding, transaction IDs, the journal of
// requests.
package route

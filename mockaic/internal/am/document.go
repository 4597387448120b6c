package am

import (
	"encoding/json"
	"hash/fnv"
	"maps"
	"net/http"
	"strconv"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// maxDocuments bounds each collection of a realm.
const maxDocuments = 5000

// collection names where the documents of a realm are stored.
func collection(realm, kind string) string { return "am/" + realm + "/" + kind }

// put stores a document. AM's revision is a hash of the content: a signed 32-bit
// integer, in a string.
func put(tx *store.Tx, collection, id string, document store.Object) store.Object {
	document = maps.Clone(document)
	delete(document, "_id")
	delete(document, "_rev")
	return tx.PutRevision(collection, id, document, revision(document))
}

func revision(content any) string {
	hash := fnv.New32a()
	// What came from JSON can be encoded again.
	_ = json.NewEncoder(hash).Encode(content)
	return strconv.Itoa(int(int32(hash.Sum32())))
}

// checkRevision holds what is there against the conditions of a request.
func (c *call) checkRevision(before store.Object, what string) error {
	switch {
	case c.Operation == route.Create && before != nil:
		return crest.Errorf(http.StatusPreconditionFailed, "%s exists already", what)
	case c.IfMatch == nil || before == nil:
		return nil
	case *c.IfMatch != before["_rev"]:
		return crest.Errorf(http.StatusPreconditionFailed, "%s does not have the required version", what)
	}
	return nil
}

// checkRoom keeps a collection within its bound.
func checkRoom(tx *store.Tx, collection string) error {
	if tx.Len(collection) >= maxDocuments {
		return crest.Errorf(http.StatusBadRequest, "This fake tenant holds at most %d documents of a kind in a realm", maxDocuments)
	}
	return nil
}

// query runs the query of a request over documents as clients see them.
func (s *Service) query(c *call, documents []store.Object) (*crest.Page, error) {
	list := crest.NewList(documents, crest.Order(s.options.Seed))
	return c.Query.Run(list, crest.RunOptions{Matching: s.options.Matching, Seed: s.options.Seed})
}

// page answers a query that has no other results than these.
func (s *Service) page(c *call, documents []store.Object, version string) (*route.Response, error) {
	page, err := s.query(c, documents)
	if err != nil {
		return nil, err
	}
	return &route.Response{Page: page, Version: version}, nil
}

// countedPage is a page that tells how many results there are, asked or not.
func (s *Service) countedPage(c *call, documents []store.Object) (*route.Response, error) {
	c.Query.CountPolicy = crest.CountExact
	answer, err := s.page(c, documents, "")
	if err == nil && c.Query.PageSize == 0 && !c.Query.CountOnly {
		answer.Page.Policy, answer.Page.Total = crest.CountExact, len(answer.Page.Result)
	}
	return answer, err
}

// view reads a document; nil if it is not there.
func (s *Service) view(collection, id string) (document store.Object) {
	s.options.Store.View(func(tx *store.Tx) { document = tx.Get(collection, id) })
	return document
}

// all reads the documents of a collection.
func (s *Service) all(collection string) (documents []store.Object) {
	s.options.Store.View(func(tx *store.Tx) { documents = tx.All(collection) })
	return documents
}

// without is a copy that lacks some members.
func without(object store.Object, names ...string) store.Object {
	rest := maps.Clone(object)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

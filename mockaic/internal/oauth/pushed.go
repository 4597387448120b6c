package oauth

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// pushed is an authorization request that a client sent ahead.
type pushed struct {
	params url.Values
	at     time.Time
}

// servePushed keeps the parameters of an authorization request, which the browser then
// only names: RFC 9126.
func (s *Service) servePushed(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	client, failed := s.formOfClient(w, r)
	if failed != nil {
		writeError(w, r, failed)
		return
	}
	a := &authorization{params: maps.Clone(r.PostForm), pushed: s.random(idBytes)}
	for _, name := range slices.Concat([]string{"client_secret", "client_assertion", "client_assertion_type"}, decisionParams()) {
		a.params.Del(name)
	}
	a.params.Set("client_id", client.ID)
	if a.params.Has("request_uri") {
		writeError(w, r, badRequest("invalid_request", "Invalid parameter request_uri"))
		return
	}
	problem := checkSize(a.params)
	if problem == "" {
		problem = s.checkClient(r, a)
	}
	if problem != "" {
		writeError(w, r, badRequest("invalid_request", problem))
		return
	}
	p := s.provider(r, client)
	if failed := a.check(p); failed != nil {
		writeError(w, r, failed)
		return
	}
	now := s.options.Now()
	s.mu.Lock()
	s.pushed.put(pushedKey(r, client.ID, a.pushed), pushed{a.params, now}, now, now.Add(p.RequestURILifetime))
	s.mu.Unlock()
	writeJSON(w, http.StatusCreated, struct {
		RequestURI string `json:"request_uri"`
		ExpiresIn  int64  `json:"expires_in"`
	}{a.pushed, int64(p.RequestURILifetime.Seconds())})
}

// decisionParams are what the consent form adds, which clients can't push.
func decisionParams() []string { return []string{"decision", "csrf", "save_consent"} }

// pushedKey joins what cannot contain a line break but in the end.
func pushedKey(r *http.Request, clientID, uri string) string {
	return realmOf(r) + "\n" + uri + "\n" + clientID
}

// pushedParams are the parameters that a request names, with what the consent form
// adds.
func (s *Service) pushedParams(r *http.Request, sent url.Values) (pushed, bool) {
	s.mu.Lock()
	kept, ok := s.pushed.get(pushedKey(r, sent.Get("client_id"), sent.Get("request_uri")), s.options.Now())
	s.mu.Unlock()
	kept.params = maps.Clone(kept.params)
	for _, name := range decisionParams() {
		if ok && sent.Has(name) {
			kept.params[name] = sent[name]
		}
	}
	return kept, ok
}

// named is how the browser names a pushed request.
func (a *authorization) named() url.Values {
	return url.Values{"client_id": {a.client.ID}, "request_uri": {a.pushed}}
}

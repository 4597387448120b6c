package login

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/session"
)

// The actions on sessions.
const (
	getInfo          = "getSessionInfo"
	getInfoAndReset  = "getSessionInfoAndResetIdleTime"
	validate         = "validate"
	refresh          = "refresh"
	logout           = "logout"
	logoutByHandle   = "logoutByHandle"
	logoutByUser     = "logoutByUser"
	getProperties    = "getSessionProperties"
	updateProperties = "updateSessionProperties"
	idFromSession    = "idFromSession"
)

// sessionVersion is the latest version of the resource.
const sessionVersion = "5.1"

// authorize takes a request without a bearer for what it is: whoever has the token
// of a session may ask about it.
func (s *Service) authorize(r *http.Request) (route.Caller, error) {
	if r.Header.Get("Authorization") == "" {
		return route.Caller{}, nil
	}
	return s.options.Authorize(r)
}

// serveSessions answers for the sessions of a realm.
func (s *Service) serveSessions(r *route.Request) (*route.Response, error) {
	realm, err := s.realmOf(r.Request)
	if err != nil {
		return nil, err
	}
	answer := &route.Response{Version: r.ResourceVersion(sessionVersion)}
	switch {
	case r.Operation == route.Query:
		answer.Page, err = s.query(r, realm)
	case r.Operation == route.Action:
		answer.Object, err = s.act(r, realm)
	default:
		err = crest.Errorf(http.StatusNotImplemented, "the %s operation on sessions is not implemented by this fake tenant", r.Operation)
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func (s *Service) act(r *route.Request, realm string) (map[string]any, error) {
	body, _ := r.Body.(map[string]any)
	token, _ := body["tokenId"].(string)
	token = cmp.Or(token, r.URL.Query().Get("tokenId"), s.options.Sessions.TokenOf(r.Request))
	if r.Action == logoutByHandle || r.Action == logoutByUser {
		if err := s.mayManage(r); err != nil {
			return nil, err
		}
		return s.logOutOthers(r, realm, body)
	}
	current, ok := s.options.Sessions.Find(token)
	ok = ok && current.Realm == realm
	route.TrailOf(r.Context()).Subject = current.UserID
	switch r.Action {
	case validate:
		if !ok {
			return map[string]any{"valid": false}, nil
		}
		if r.URL.Query().Get("refresh") != "false" {
			s.options.Sessions.Use(token)
		}
		return map[string]any{"valid": true, "sessionUid": current.Context, "uid": current.UserID, "realm": current.Realm}, nil
	case logout:
		if !ok || !s.options.Sessions.Stop(r.Context(), token) {
			return map[string]any{"result": "Token has expired"}, nil
		}
		return map[string]any{"result": "Successfully logged out"}, nil
	}
	if !ok {
		return nil, crest.Errorf(http.StatusUnauthorized, "Access Denied")
	}
	switch r.Action {
	case getInfo:
		return info(current), nil
	case getInfoAndReset:
		current, _ = s.options.Sessions.Use(token)
		return info(current), nil
	case refresh:
		current, _ = s.options.Sessions.Use(token)
		return map[string]any{
			"uid": current.UserID, "realm": current.Realm, "idletime": 0,
			"maxidletime": int(current.Idle.Minutes()), "maxsessiontime": int(current.Lifetime.Minutes()), "maxtime": int(current.End().Sub(current.Seen).Seconds()),
		}, nil
	case getProperties: // no property is on the list of those that may be read
		return map[string]any{}, nil
	case updateProperties:
		return nil, crest.Errorf(http.StatusForbidden, "Forbidden")
	case idFromSession:
		successURL := s.options.Runner.SuccessURL(realm)
		return map[string]any{
			"id": current.UserID, "realm": current.Realm, "dn": current.UniversalID(), "successURL": successURL, "fullLoginURL": nil,
		}, nil
	}
	return nil, crest.Errorf(http.StatusBadRequest, "Action %s is not supported", r.Action)
}

func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

// info is what a session tells of itself.
func info(of session.Session) map[string]any {
	properties := map[string]any{"AMCtxId": of.Context}
	for name, value := range of.Properties {
		properties[name] = value
	}
	return map[string]any{
		"username": of.UserID, "universalId": of.UniversalID(), "realm": of.Realm, "latestAccessTime": instant(of.Seen),
		"maxIdleExpirationTime": instant(of.IdleEnd()), "maxSessionExpirationTime": instant(of.End()), "properties": properties,
	}
}

// mayManage refuses all but the people who run the tenant, by bearer or session.
func (s *Service) mayManage(r *route.Request) error {
	if r.Caller.ID != "" {
		return nil
	}
	if _, ok := s.options.Sessions.Current(r.Request, "/"); ok {
		return nil
	}
	return crest.Errorf(http.StatusForbidden, "Forbidden")
}

func (s *Service) logOutOthers(r *route.Request, realm string, body map[string]any) (map[string]any, error) {
	all := s.options.Sessions.All(realm)
	if r.Action == logoutByUser {
		user, _ := body["username"].(string)
		ended := false
		for _, one := range all {
			if one.UserID == user {
				ended = s.options.Sessions.Stop(r.Context(), one.Token) || ended
			}
		}
		return map[string]any{"result": ended}, nil
	}
	result := map[string]any{}
	handles, _ := body["sessionHandles"].([]any)
	for _, handle := range handles {
		text, _ := handle.(string)
		if !strings.HasPrefix(text, "shandle:") {
			return nil, crest.Errorf(http.StatusBadRequest, "sessionHandles must hold handles of sessions")
		}
		result[text] = false
		for _, one := range all {
			if one.Handle == text {
				result[text] = s.options.Sessions.Stop(r.Context(), one.Token)
			}
		}
	}
	return map[string]any{"result": result}, nil
}

// query lists the sessions of a user, as those who run the tenant may.
func (s *Service) query(r *route.Request, realm string) (*crest.Page, error) {
	if err := s.mayManage(r); err != nil {
		return nil, err
	}
	var all []map[string]any
	for _, one := range s.options.Sessions.All(realm) {
		shown := info(one)
		shown["sessionHandle"], shown["_rev"] = one.Handle, "0"
		all = append(all, shown)
	}
	order := func(string) uint64 { return 0 }
	return r.Query.Run(crest.NewList(all, order), crest.RunOptions{})
}

package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aicmcp/server/delegate"
	"aicmcp/server/resource"
	"aicmcp/server/tool"
)

// self is what the server itself can tell a caller.
type self struct {
	caller  *resource.Caller
	remote  *Remote
	targets []delegate.Target
}

func (r *Remote) self(ctx context.Context, _ []tool.Scope) (*self, error) {
	if _, err := callerOf(ctx); err != nil {
		return nil, err
	}
	s := &self{caller: resource.CallerOf(ctx), remote: r}
	for _, d := range r.opts.Downstreams {
		s.targets = append(s.targets, d.Target)
	}
	return s, nil
}

const selfAPI = "this server"

func selfTools() []tool.Tool[*self] { return []tool.Tool[*self]{whoAmI, peekClaims} }

type whoInput struct{}

type claimsOutput struct {
	Claims map[string]any `json:"claims"`
}

var whoAmI = tool.Define(tool.Spec{
	API:         selfAPI,
	Name:        "who_am_I",
	Title:       "Who Am I",
	Description: "The claims of the token that this call bears: who the caller is, and what they may do here.",
	Unscoped:    true,
	Effect:      tool.ReadOnly,
}, func(_ context.Context, s *self, _ whoInput) (claimsOutput, error) {
	return claimsOutput{s.caller.Token.Claims}, nil
})

type peekInput struct {
	API string `json:"api,omitempty" jsonschema:"name of the API; the first one if left out"`
}

type peekOutput struct {
	API    string         `json:"api"`
	Claims map[string]any `json:"claims"`
}

var peekClaims = tool.Define(tool.Spec{
	API:         selfAPI,
	Name:        "peek_api_token_claims",
	Title:       "Peek API Token Claims",
	Description: "The claims of the token with which this server acts for the caller at an API. The token itself is never shown.",
	Unscoped:    true,
	Effect:      tool.ReadOnly,
}, func(ctx context.Context, s *self, in peekInput) (peekOutput, error) {
	var out peekOutput
	target, err := s.target(in.API)
	if err != nil {
		return out, err
	}
	caller, err := callerOf(ctx)
	if err != nil {
		return out, err
	}
	scopes := slices.DeleteFunc(slices.Clone(target.Scopes), func(scope string) bool {
		return len(delegate.Missing(caller.Scopes, []string{scope})) > 0
	})
	if len(scopes) == 0 {
		return out, delegationFailure(&delegate.ScopeError{Target: target.Name, Lacking: target.Scopes})
	}
	token, err := s.remote.token(ctx, caller, target, scopes)
	if err != nil {
		return out, err
	}
	out = peekOutput{target.Name, token.Claims()}
	if out.Claims == nil {
		return out, tool.Unusable("the token for " + target.Name + " is opaque: it has no claims to read")
	}
	return out, nil
})

func (s *self) target(name string) (delegate.Target, error) {
	if len(s.targets) == 0 {
		return delegate.Target{}, &tool.Failure{Reason: "No APIs", Message: "this server is set up for no API"}
	}
	if name == "" {
		return s.targets[0], nil
	}
	var known []string
	for _, t := range s.targets {
		if t.Name == name {
			return t, nil
		}
		known = append(known, t.Name)
	}
	return delegate.Target{}, tool.Invalid("api", fmt.Sprintf("names no API of this server: %q", name), "There are: "+strings.Join(known, ", ")+".")
}

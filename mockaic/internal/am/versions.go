package am

import (
	"errors"
	"net/http"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
)

// versioned serves what is there in several versions of the API, which differ in
// nothing that clients have been seen to depend on: paths that name the version of
// a node are of 3.0, the node designer is of 1.0 and all else of 1.0 and 2.0. Answers,
// errors too, name the version that was asked for.
func versioned(serve func(*call) (*route.Response, error)) func(*call) (*route.Response, error) {
	return func(c *call) (*route.Response, error) {
		latest := treeVersion
		accepted := c.AcceptsVersion(1, 0) || c.AcceptsVersion(2, 0)
		switch {
		case c.realm == "":
			latest, accepted = "1.0", c.AcceptsVersion(1, 0)
		case c.namesVersion():
			latest, accepted = "3.0", c.AcceptsVersion(3, 0)
		}
		if !accepted {
			return nil, crest.Errorf(http.StatusNotFound, "Version %s of the resource is not available", c.ResourceVersion(latest))
		}
		version := c.ResourceVersion(latest)
		answer, err := serve(c)
		if err != nil {
			var refusal *route.Refusal
			if errors.As(err, &refusal) {
				return nil, err
			}
			return nil, &route.Refusal{Err: err, Version: version}
		}
		answer.Version = version
		return answer, nil
	}
}

// namesVersion tells whether the path of a node, or of a node type, has a version.
func (c *call) namesVersion() bool { return len(c.names) > 1 && nodeVersion.MatchString(c.names[1]) }

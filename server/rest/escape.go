package rest

import "net/url"

// Segment writes s as exactly one segment of a path. Dots alone would be a
// step in the path, however they are escaped.
func Segment(s string) (string, error) {
	if s == "" || s == "." || s == ".." {
		return "", &Error{Reason: "Invalid argument", Message: "an identifier is not empty and neither . nor .."}
	}
	return url.PathEscape(s), nil
}

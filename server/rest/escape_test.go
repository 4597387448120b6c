package rest

import "testing"

func TestSegments(t *testing.T) {
	for in, want := range map[string]string{
		"a b":        "a%20b",
		"a/b":        "a%2Fb",
		"%2F":        "%252F",
		`a"b\`:       "a%22b%5C",
		`\" or true`: "%5C%22%20or%20true",
		"?x#y;z":     "%3Fx%23y%3Bz",
		"a\n\x00":    "a%0A%00",
		"...":        "...",
	} {
		if got, err := Segment(in); err != nil || got != want {
			t.Errorf("segment %q is %s, %v; want %s", in, got, err, want)
		}
	}
	for _, s := range []string{"", ".", ".."} {
		if got, err := Segment(s); err == nil {
			t.Errorf("segment %q is %q", s, got)
		}
	}
}

package crest_test

import (
	"strings"
	"testing"

	"aicmcp/mockaic/internal/crest"
)

func TestElementFilters(t *testing.T) {
	objects := decode(t, []byte(`[
		{"_id":"a","emails":[{"type":"home","value":"ha"},{"type":"work","value":"wa","n":[{"k":1},{"k":2,"l":true}]}]},
		{"_id":"b","emails":[{"type":"home","value":"wb"},{"type":"work","value":"hb"}]},
		{"_id":"c","emails":[],"x":[{"emails[0]":"y"}]},
		{"_id":"d","emails":{"type":"work","value":"wd"}},
		{"_id":"e","emails":["work",null,[{"type":"work"}],5]},
		{"_id":"f","a":{"emails":[{"type":null,"true":"T"}]}},
		{"_id":"g"}
	]`)).([]any)
	for filter, want := range map[string]string{
		`emails[type eq "WORK"]`:                          "ab",
		`emails[type eq "work" and value sw "w"]`:         "a",
		`emails/type eq "work"`:                           "d",
		`/emails[/type eq 'work']`:                        "ab",
		`emails[ type eq "work" ]`:                        "ab",
		`emails[type eq "x]" or value eq "ha"]`:           "a",
		`emails[(type pr)]`:                               "ab",
		`emails[(true)]`:                                  "ab",
		`emails[!(type eq "home")]`:                       "ab",
		`! (emails[type eq "home"])`:                      "cdefg",
		`!emails[type eq "home"]`:                         "",
		`(emails[value eq "ha"]or emails[value eq "hb"])`: "ab",
		`emails[value eq "ha"]and emails[value eq "wa"]`:  "a",
		`emails[n[k eq 2 and l eq true]]`:                 "a",
		`emails[n[k eq 1 and l eq true]]`:                 "",
		`emails[n[k eq 1] and type eq "work"]`:            "a",
		`emails[n/0/k eq 1]`:                              "a",
		`a/emails[type pr]`:                               "f",
		`a/emails[/true eq "t"]`:                          "f",
		`x[emails[0] eq "y"]`:                             "c",
		`emails[0]/value pr`:                              "",
		`emails[0] pr`:                                    "",
		`emails/0[type pr]`:                               "",
		`emails[` + strings.Repeat("(", 62) + "type pr" + strings.Repeat(")", 62) + `]`: "ab",
	} {
		f, err := crest.ParseFilter(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		got := ""
		for _, object := range objects {
			if f.Match(object, crest.IgnoreCase) {
				got += object.(map[string]any)["_id"].(string)
			}
		}
		if got != want {
			t.Errorf("%s matches %q, want %q", filter, got, want)
		}
	}
	for _, filter := range []string{
		`emails[type eq "work"`, `emails[type eq "work")`, `(emails[type pr)]`, `emails[(type pr])`, `emails[type pr]]`, `emails[type pr] pr`, `emails[]`,
		`emails [type pr]`, `emails[type]`, `emails[type pr`, `[type pr]`, `/[type pr]`, `emails[5 eq]`, `sn eq [type pr]`, `emails[type pr]/x pr`, `emails[ ]`,
		`emails[` + strings.Repeat("(", 63) + "type pr" + strings.Repeat(")", 63) + `]`,
		strings.Repeat("a[", 64) + "b pr" + strings.Repeat("]", 64),
	} {
		if f, err := crest.ParseFilter(filter); errorCode(err) != 400 {
			t.Errorf("%s: %v, error %v", filter, f, err)
		}
	}
}

func TestElementFiltersPrint(t *testing.T) {
	for filter, want := range map[string]string{
		`emails[ type eq "work" and value co "a" ]`: `/emails[(/type eq "work" and /value co "a")]`,
		`a/b[!(c pr)]`:                 `/a/b[! (/c pr)]`,
		`a[(true) ] or b[c[d lt 5.5]]`: `(/a[(true)] or /b[/c[/d lt 5.5]])`,
	} {
		f, err := crest.ParseFilter(filter)
		if err != nil || f.String() != want {
			t.Errorf("%s prints as %v, %v, want %s", filter, f, err, want)
			continue
		}
		if again, err := crest.ParseFilter(want); err != nil || again.String() != want {
			t.Errorf("%s prints as %v, %v", want, again, err)
		}
	}
}

// Text is searched without allocating, unless it goes beyond ASCII.
func TestSearchesDoNotAllocate(t *testing.T) {
	object := map[string]any{"city": "Some TOWN on the River", "tags": []any{"A", "Bc"}}
	for filter, want := range map[string]bool{
		`city co "town"`: true, `city co "Towns"`: false, `city sw "SOME"`: true, `city sw "town"`: false, `city co "ü"`: false,
		`city eq "some town on the river"`: true, `tags eq "bC"`: true, `tags in '["x","BC"]'`: true, `city in '["x"]'`: false, `city gt "some"`: true,
	} {
		f, err := crest.ParseFilter(filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(object, crest.IgnoreCase); got != want {
			t.Errorf("%s: %v", filter, got)
		}
		if n := testing.AllocsPerRun(100, func() { f.Match(object, crest.IgnoreCase) }); n > 0 {
			t.Errorf("%s: %v allocations", filter, n)
		}
	}
}

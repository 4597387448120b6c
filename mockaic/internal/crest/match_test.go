package crest_test

import (
	"testing"

	"aicmcp/mockaic/internal/crest"
)

func TestMatching(t *testing.T) {
	for _, m := range []crest.Matching{crest.IgnoreCase, crest.Exact} {
		if got, err := crest.ParseMatching(m.String()); err != nil || got != m {
			t.Errorf("%v: %v, %v", m, got, err)
		}
	}
	if _, err := crest.ParseMatching("Exact"); err == nil {
		t.Error("no error")
	}
	object := decode(t, []byte(`{"s":"Straße ΣΑΣ","u":"\uffff","e":"\ud83d\ude00","l":["A","b"],"n":5}`))
	for _, test := range []struct {
		filter            string
		ignoreCase, exact bool
	}{
		{`s eq "Straße ΣΑΣ"`, true, true},
		{`s eq "straße σας"`, true, false},
		{`s co "straße"`, true, false},
		{`s co "σας"`, true, false},
		{`s sw "Stra"`, true, true},
		{`s sw "sTRA"`, true, false},
		{`s gt "a"`, true, false},
		{`s lt "a"`, false, true},
		{`l eq "a"`, true, false},
		{`l eq "A"`, true, true},
		{`s in '["x","STRAßE σας"]'`, true, false},
		{`l in '["B","c"]'`, true, false},
		{`l in '["b","c"]'`, true, true},
		{`l in '[]'`, false, false},
		{`n in '["5"]'`, false, false},
		{`e lt "` + "\uffff" + `"`, true, true}, // by code units a surrogate comes first
		{`u gt "😀"`, true, true},
		{`n eq 5.0`, true, true},
		{`n co 5`, true, true},
	} {
		f, err := crest.ParseFilter(test.filter)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := f.Match(object, crest.IgnoreCase); got != test.ignoreCase {
			t.Errorf("%s: ignoring case %v, want %v", test.filter, got, test.ignoreCase)
		}
		if got := f.Match(object, crest.Exact); got != test.exact {
			t.Errorf("%s: exact %v, want %v", test.filter, got, test.exact)
		}
	}
}

func TestUnknownOperator(t *testing.T) {
	const want = "unrecognized or unsupported filter operator 'ne'"
	if _, err := crest.ParseFilter(`age ne 40`); errorCode(err) != 400 || err.Error() != want {
		t.Errorf("error %v", err)
	}
	p, _ := crest.ParseParams("_queryFilter=age+ne+40")
	if _, err := p.Query(); errorCode(err) != 400 || err.Error() != want {
		t.Errorf("error %v", err)
	}
	for _, filter := range []string{`a in ["b"]`, `a in "b"`, `a in '[1]'`, `a in '[null]'`, `a in 5`, `a in '["b"] x'`, `a eq 0x1.8p1`, `a eq 1.0e400`} {
		if _, err := crest.ParseFilter(filter); errorCode(err) != 400 {
			t.Errorf("%s: error %v", filter, err)
		}
	}
}

func TestRooted(t *testing.T) {
	for filter, want := range map[string]bool{
		`/a eq "b"`:                      true,
		`a eq "/b"`:                      false,
		`/a pr and (b pr or /c pr)`:      false,
		`!(/a eq 1) and /b/c[/d eq "e"]`: true,
		`/b[d eq "e"]`:                   false,
		`true`:                           true,
	} {
		parsed, err := crest.ParseFilter(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
		} else if got := parsed.Rooted(); got != want {
			t.Errorf("%s: %t", filter, got)
		}
	}
}

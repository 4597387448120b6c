package aic

import (
	"slices"
	"testing"
)

func TestSegmentsAndLiterals(t *testing.T) {
	for _, tc := range []struct{ in, segment, literal string }{
		{"a b", "a%20b", `"a b"`},
		{"a/b", "a%2Fb", `"a/b"`},
		{"%2F", "%252F", `"%2F"`},
		{`a"b\`, "a%22b%5C", `"a\"b\\"`},
		{`\" or true`, "%5C%22%20or%20true", `"\\\" or true"`},
		{"?x#y;z", "%3Fx%23y%3Bz", `"?x#y;z"`},
		{"a\n\x00", "a%0A%00", "\"a\n\x00\""},
		{"...", "...", `"..."`},
	} {
		got, err := segment(tc.in)
		if err != nil || got != tc.segment {
			t.Errorf("segment %q is %s, %v; want %s", tc.in, got, err, tc.segment)
		}
		if got := Literal(tc.in); got != tc.literal {
			t.Errorf("literal %q is %s, want %s", tc.in, got, tc.literal)
		}
	}
	for _, s := range []string{"", ".", ".."} {
		if got, err := segment(s); err == nil {
			t.Errorf("segment %q is %q", s, got)
		}
	}
}

func TestPointers(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want []string
		out  string
	}{
		{"/schema/order/-", []string{"schema", "order", "-"}, "/schema/order/-"},
		{"schema/order/", []string{"schema", "order"}, "/schema/order"},
		{"/a%2Fb/c d", []string{"a/b", "c d"}, "/a%2Fb/c%20d"},
		{"//a", []string{"", "a"}, "//a"},
		{"/", nil, ""},
	} {
		got, err := ParsePointer(tc.in)
		if err != nil || !slices.Equal(got, tc.want) || Pointer(got...) != tc.out {
			t.Errorf("%q is %q, %v, again %q", tc.in, got, err, Pointer(got...))
		}
	}
	if got, err := ParsePointer("/a%zz"); err == nil {
		t.Errorf("a broken escape is %q", got)
	}
}

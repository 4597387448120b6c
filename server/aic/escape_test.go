package aic

import (
	"slices"
	"testing"
)

func TestLiterals(t *testing.T) {
	for in, want := range map[string]string{
		"a b":        `"a b"`,
		"a/b":        `"a/b"`,
		"?x#y;z":     `"?x#y;z"`,
		"%2F":        `"%2F"`,
		`a"b\`:       `"a\"b\\"`,
		`\" or true`: `"\\\" or true"`,
		"a\n\x00":    "\"a\n\x00\"",
		"...":        `"..."`,
	} {
		if got := Literal(in); got != want {
			t.Errorf("literal %q is %s, want %s", in, got, want)
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

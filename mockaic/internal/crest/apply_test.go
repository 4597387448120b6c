package crest_test

import (
	"fmt"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/crest"
)

func TestApply(t *testing.T) {
	for _, test := range []struct{ doc, ops, want string }{
		{ // a copy is shared with its source until the patch is done
			`{"o":{"a":[1]}}`,
			`[{"operation":"copy","from":"o","field":"p"},{"operation":"add","field":"p/a/-","value":2},{"operation":"add","field":"o/b","value":3}]`,
			`{"o":{"a":[1,2],"b":3},"p":{"a":[1,2],"b":3}}`,
		},
		{ // positions of two digits pass
			`{"l":[0,1,2,3,4,5,6,7,8,9,10]}`,
			`[{"operation":"move","from":"l/10","field":"l/00"},{"operation":"remove","field":"l/10"},{"operation":"add","field":"l/10","value":"x"}]`,
			`{"l":[10,0,1,2,3,4,5,6,7,8,"x"]}`,
		},
		{`{"n":2147483647}`, `[{"operation":"increment","field":"n","value":1}]`, `{"n":-2147483648}`},
		{`{"n":9223372036854775807}`, `[{"operation":"increment","field":"n","value":1}]`, `{"n":-9223372036854775808}`},
		{`{"n":5}`, `[{"operation":"increment","field":"n","value":1e999999999}]`, `{"n":-2147483644}`},
		{`{"n":5}`, `[{"operation":"increment","field":"n","value":-100000000000000000000000000000000000001}]`, `{"n":4}`},
		{`{"n":0.1}`, `[{"operation":"increment","field":"n","value":2}]`, `{"n":2.1}`},
		{`{"n":1e10}`, `[{"operation":"increment","field":"n","value":1}]`, `{"n":1.0000000001E10}`},
	} {
		ops, err := crest.ParsePatch(decode(t, []byte(test.ops)))
		if err != nil {
			t.Fatal(err)
		}
		doc := decode(t, []byte(test.doc)).(map[string]any)
		for range 2 { // operations can be applied again
			after, modified, err := crest.Apply(doc, ops)
			if err != nil || !modified || encode(t, after) != test.want {
				t.Errorf("%s: %s, %v, %v, want %s", test.ops, encode(t, after), modified, err, test.want)
			}
		}
	}
}

func TestApplyLimits(t *testing.T) {
	repeat := func(n int, op string) string { return strings.TrimSuffix(strings.Repeat(op+",", n), ",") }
	double := ""
	for i := range 60 {
		double += fmt.Sprintf(`{"operation":"add","field":"x%d","value":{}},{"operation":"copy","from":"x%d","field":"x%d/a"},{"operation":"copy","from":"x%d","field":"x%d/b"},`,
			i+1, i, i+1, i, i+1)
	}
	for _, test := range []struct {
		name, ops string
		code      int
	}{
		{"exponential", strings.TrimSuffix(double, ","), 413},
		{"cycle", `{"operation":"copy","from":"o","field":"o/self"}`, 400},
		{"wide cycle", `{"operation":"copy","from":"wide","field":"wide/-"}`, 413},
		{
			"cycle compared",
			`{"operation":"copy","from":"o","field":"o/self"},{"operation":"remove","field":"o","value":{"self":{"self":{}}}}`, 400,
		},
		{"deep", `{"operation":"add","field":"` + strings.Repeat("a/", 600) + `","value":1}`, 400},
		{"long lists", repeat(1000, `{"operation":"remove","field":"wide","value":{"a":1}}`), 413},
		{"infinite", `{"operation":"add","field":"n","value":1e308},` + repeat(2, `{"operation":"increment","field":"n","value":1e308}`), 400},
		{"transform", `{"operation":"transform","field":"n","value":{}}`, 400},
		{"root", `{"operation":"remove","field":""}`, 500},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := map[string]any{"o": map[string]any{}, "x0": map[string]any{}, "wide": make([]any, 100_000)}
			ops, err := crest.ParsePatch(decode(t, []byte("["+test.ops+"]")))
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := crest.Apply(doc, ops); errorCode(err) != test.code {
				t.Errorf("error %v, want code %d", err, test.code)
			}
		})
	}
}

package scripts

import (
	"errors"
	"strings"
	"testing"

	"github.com/dop251/goja/parser"
)

func TestWhatDoesNotParseIsRefusedWithItsPlace(t *testing.T) {
	for source, want := range map[string]string{
		"var a = 1;\nvar b = ;":           "line 2, column 9",
		"var /*é*/ é = '日本' +;":           "line 1, column 21",
		"a();\r\n\r\n}":                   "line 3, column 1",
		"a();\u2028b();\u2029 }":          "line 3, column 2",
		"import x from 'y'":               "line 1, column 1",
		"return 1":                        "Illegal return",
		"if (x) {":                        "end of input",
		strings.Repeat("var a = ;\n", 5):  "; and 6 more",
		strings.Repeat("(", 500):          "nested more than 400 deep",
		strings.Repeat("a=>", 5000) + "1": "too many arrow functions",
		strings.Repeat("(a=", 60) + "1" + strings.Repeat(") => 1", 60):                                 "too many in each other",
		strings.Repeat("(a=", 60) + "1" + strings.Repeat(") /**/ //\n => 1", 60):                       "too many in each other",
		strings.Repeat("(a=1,b=/)[)]/,c=`)${')'})`,d=", 60) + "1" + strings.Repeat(") => 1", 60):       "too many in each other",
		strings.Repeat("(a=", 60) + "1" + strings.Repeat(")=>class A{", 60):                            "Unexpected token )",
		"function* f() { " + strings.Repeat("yield [", 60) + "1=>1" + strings.Repeat("]=>1", 60) + "}": "too many in each other",
		"function* f() { " + strings.Repeat("(yield new ", 60) + "1" + strings.Repeat("{=", 60):        "too many in each other",
		strings.Repeat(`(")"+`, 500):           "nested more than 400 deep",
		strings.Repeat("`)${", 500):            "nested more than 400 deep",
		strings.Repeat("a:", 5000):             "too many labels",
		strings.Repeat("a: /**/ if(1) ", 5000): "too many labels",
		strings.Repeat("a:if(1);else ", 5000):  "too many labels",
	} {
		_, err := check(source, decisionContext, nextGen)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "script ") {
			t.Errorf("%.30q: %v, want %q", source, err, want)
		}
	}
}

func TestOneFaultIsToldOnce(t *testing.T) {
	_, err := check("let a = ", decisionContext, nextGen)
	if err == nil || strings.Count(err.Error(), "line 1, column 9") != 1 {
		t.Errorf("%v", err)
	}
}

func TestWhatParsesIsTaken(t *testing.T) {
	for _, source := range []string{
		"", "// only this", "outcome = 'true';", "var f = JavaImporter(org.x); with (f) { action = Action.goTo('a').build(); }",
		"//# sourceMappingURL=/etc/passwd\nvar a;", "var r = /(?<=x)(y)\\1/;", "a.b(function () { return 1; });", strings.Repeat("[1],", 20000) + "1",
		strings.Repeat("a('('); // (\n/* [ */ b(/[(/]\\/(/g); c = `({[`; d = e / 2 + '(' / f;\n", 500), strings.Repeat("a = {b: c, d: e ? f : g};\n", 2000),
		"switch (a) {" + strings.Repeat("case 'b': case 1:\n", 2000) + "}", "a = " + strings.Repeat("b ? 'c' : d ? e : ", 1000) + "f",
		"if (a) /[(]'/.test(b); c = (d) / 2; e = \"'\"; f++ / g; return_ = h[0] / i; `${ {a: `}`}.a }`; j => { return /'/ }",
	} {
		if _, err := check(source, decisionContext, legacy); err != nil {
			t.Errorf("%.40q: %v", source, err)
		}
	}
}

// A source that kept the parser, or what tells its errors, busy for good would keep
// this test until the tests' own limit of time.
func TestNoSourceKeepsTheParser(t *testing.T) {
	length := maxSource
	if testing.Short() {
		length /= 8
	}
	for _, unit := range []string{"(", "[", "{", "!", "-", "a=>", "`${", "if(1)", "new ", "a?", "({a:", "a(", "a=", "(a=", "async(a=", "({a=", "({get a(){", "function a(){", ")=>", "\u2028", "a\n", "/", "'", "typeof ", "a:", "a:\n", "a:if(1)", "a:do ", "{a:", "a:{}", "(a=')'+(", "case 1:"} {
		source := strings.Repeat(unit, length/len(unit))
		if simple(source) != nil {
			continue
		}
		_, err := parser.ParseFile(nil, "", source, parser.IgnoreRegExpErrors, parser.WithDisableSourceMaps)
		var list parser.ErrorList
		if errors.As(err, &list) {
			syntax(list, source)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, tc := range []struct {
		source, evaluator string
		want              []string
	}{
		{"var a = [1]; for (var i = 0; i < a.length; i++) { logger.info(`${a[i]}`); } function f(x) { const y = x; return y; } a.forEach((e) => f(e)); action.goTo('true');", nextGen, nil},
		{"let a = 1;\n  let b = 2;", nextGen, []string{"line 1, column 1 and 1 more: " + noLet}},
		{"for (var x of y) { f(x); }", nextGen, []string{"line 1, column 1: " + noForOf}},
		{"for (const x of y) { f(x); }", nextGen, []string{"line 1, column 1: " + noForOf, "line 1, column 6: " + noConstInHead}},
		{"for (const i = 0; ; ) {}", nextGen, []string{"line 1, column 6: " + noConstInHead}},
		{"for (let k in o) {}", nextGen, []string{"line 1, column 6: " + noLet}},
		{"var é = {a};", nextGen, []string{"line 1, column 10: " + noShorthand}},
		{"var {a, b} = c;", nextGen, []string{"line 1, column 5: " + noDestructure}},
		{"var [a] = c;", nextGen, []string{"line 1, column 5: " + noDestructure}},
		{"function f(a = 1) {}", nextGen, []string{"line 1, column 12: " + noDefault}},
		{"var f = (a = 1) => a;", nextGen, []string{"line 1, column 10: " + noDefault}},
		{"const a = 1;", nextGen, []string{"line 1, column 1: " + topConst}},
		{"if (a) { const b = 1; } switch (a) { case 1: const c = 2; }", nextGen, []string{"line 1, column 10 and 1 more: " + topConst}},
		{"f(function () { const a = 1; }); g(() => { const b = 1; });", nextGen, nil},
		{"var x = typeof Map; try { f(); } catch (Set) { g(Set); }", nextGen, nil},
		{"function f() { while (x) { while (y) { const a = 1; } } }", nextGen, []string{"line 1, column 40: " + loopConst}},
		{"function f() { if (x) { const a = 1; } else { const a = 2; } function g() { const a = 3; } }", nextGen, []string{"line 1, column 53: " + noConstTwice}},
		{"var m = new Map(); m.Map = 1;", nextGen, []string{"line 1, column 13: Map does not exist there"}},
		{"var Map = {}; Map.x = 1;", nextGen, nil},
		{"var c = class {};", nextGen, []string{"line 1, column 9: " + noClass}},
		{"f(...a); function g(...b) {}", nextGen, []string{"line 1, column 6 and 1 more: " + noSpread}},
		{"async function f() { await g(); }", nextGen, []string{"line 1, column 1 and 1 more: " + noAsync}},
		{"var a = b?.c ?? d;", nextGen, []string{"line 1, column 9: " + noOptional}},
		{"sharedState.get('x');", nextGen, []string{"line 1, column 1: sharedState exists in legacy scripts only, not in next-generation ones"}},
		{"sharedState.get('x');", legacy, nil},
		{"openidm.read('x');", legacy, []string{"line 1, column 1: openidm exists in next-generation scripts only, not in legacy ones"}},
		{"console.log('x');", legacy, []string{"line 1, column 1: console does not exist there"}},
	} {
		got, err := check(tc.source, decisionContext, tc.evaluator)
		if err != nil || strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
			t.Errorf("%q: %v\n got %q\nwant %q", tc.source, err, got, tc.want)
		}
	}
	got, err := check("const a = 1; openidm.read(sharedState);", "OIDC_CLAIMS", legacy)
	if err != nil || got != nil {
		t.Errorf("a claims script: %q, %v", got, err)
	}
	many := "let a; for (const b of c) {} var d = {e}; var {f} = g; function h(i = 1) {} class J {} k(...l); m?.n; async () => 1;"
	for _, name := range append(missingGlobals, legacyGlobals...) {
		many += name + ";"
	}
	if got, _ := check(many, decisionContext, nextGen); len(got) != maxWarnings+1 || !strings.Contains(got[maxWarnings], "more kinds") {
		t.Errorf("%d warnings: %q", len(got), got)
	}
}

package script_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic/internal/script"
)

// never is longer than any test takes.
const never = time.Hour

func run(t *testing.T, source string) (any, error) {
	t.Helper()
	return script.New(script.Options{Time: never}).Run(t.Context(), script.Script{Name: "test", Source: source}, nil)
}

func TestValues(t *testing.T) {
	for source, want := range map[string]any{
		"(async function () {})().constructor === Object": true,
		"1 + 1":                               json.Number("2"),
		"'a' + 1":                             "a1",
		"null":                                nil,
		"({b: [1, {c: true}], d: undefined})": map[string]any{"b": []any{json.Number("1"), map[string]any{"c": true}}},
		"[1, [2, 3], null].join('-')":         "1-2,3-",
		"var a = [1]; a.push(a); '' + a":      "1,",
		"[1, 2].concat(3, [4]).length":        json.Number("4"),
		"[10, 9, undefined, 1].sort().join()": "1,10,9,",
		"[3, 1, 2].sort(function (a, b) { return b - a; }).join()": "3,2,1",
		"'ab'.repeat(3)":               "ababab",
		"'ab'.padStart(5, 'xy')":       "xyxab",
		"'ab'.padEnd(3)":               "ab ",
		"'a-b-c'.replace(/-/g, '$$+')": "a$+b$+c",
		"'John Smith'.replace(/(\\w+)\\s(\\w+)/, '$2, $1 $` $\\' $& $3')":                 "Smith, John   John Smith $3",
		"'2026-11'.replace(/(?<y>\\d+)-(?<m>\\d+)/, '$<m>/$<y>')":                         "11/2026",
		"'abc'.replace('b', function (m, at) { return m + at; })":                         "ab1c",
		"'aXbX'.replaceAll('X', '-')":                                                     "a-b-",
		"'a,b;c'.split(/[,;]/).join()":                                                    "a,b,c",
		"'x1y22'.match(/\\d+/g).join()":                                                   "1,22",
		"/b(.)/.exec('abc')[1]":                                                           "c",
		"var r = /a/g; r.test('aa'); r.lastIndex":                                         json.Number("1"),
		"/^(a+)+$/.test('aaaa')":                                                          true,
		"/(a)\\1/.test('xaa')":                                                            true,
		"/\\u{1F600}/u.exec('x\\u{1F600}').index":                                         json.Number("1"),
		"'abc'.search(/c/)":                                                               json.Number("2"),
		"new RegExp('B', 'i').test('abc') && /x/ instanceof RegExp && RegExp('x').source": "x",
		"JSON.stringify({a: [1, 'x\\n', null, undefined, NaN], f: run, d: new Date(0), n: new Number(5)}); function run() {}": `{"a":[1,"x\n",null,null,null],"d":"1970-01-01T00:00:00.000Z","n":5}`,
		"JSON.stringify({a: [], b: {c: 1}}, null, 2)":                                                                 "{\n  \"a\": [],\n  \"b\": {\n    \"c\": 1\n  }\n}",
		"JSON.stringify({a: 1, b: 2}, ['b'])":                                                                         `{"b":2}`,
		"JSON.stringify({a: 1, b: 2}, ['b', 'b'])":                                                                    `{"b":2}`,
		"JSON.stringify({a: 1, b: 2}, function (k, v) { return k === 'a' ? undefined : v; })":                         `{"b":2}`,
		"JSON.stringify(undefined) === undefined":                                                                     true,
		"JSON.parse('{\"a\":[1]}').a[0]":                                                                              json.Number("1"),
		"new Function('a', 'b', 'return a + b')(1, 2)":                                                                json.Number("3"),
		"var x = 2; eval('x * 3')":                                                                                    json.Number("6"),
		"(function () {}).constructor === Function && Array(3).length":                                                json.Number("3"),
		"Array.from({length: 3}, function (v, i) { return i; }).join()":                                               "0,1,2",
		"Array.prototype.slice.call(arguments('a', 'b')).length; function arguments() { return ['a', 'b']; }":         json.Number("2"),
		"var all = ''; for (var c of 'ab') { all += c + '.'; } all":                                                   "a.b.",
		"[...[1, 2], ...'ab'].length":                                                                                 json.Number("4"),
		"Math.max.apply(null, [1, 3, 2])":                                                                             json.Number("3"),
		"[] instanceof Array && [].constructor === Array && new Array(3) instanceof Object && !({} instanceof Array)": true,
		"class A extends Error {} var e = new A('x'); e instanceof A && e instanceof Error && e.message":              "x",
		"class A extends Array {} var a = new A(3); a instanceof A && !([] instanceof A) && a.map(String).length":     json.Number("3"),
		"[Object('x').length, String(5), Number('3'), new Date(5).getTime(), typeof Date(), Boolean('')].join()":      "1,5,3,5,string,false",
		"new Object({a: 1}).a":                                 json.Number("1"),
		"var n = 0; `a${++n}b${++n}${++n}c${`${++n}-`}${++n}`": "a1b23c4-5",
		"((a = 1) => a)() + ((b, c) => c)(1, 2)":               json.Number("3"),
		"Object.keys({a: 1, b: 2}).join()":                     "a,b",
		"[1, 2, 3].map(function (n) { return n * 2; }).filter(function (n) { return n > 2; }).length": json.Number("2"),
		"utils.base64.decode(utils.base64.encode('hé'))":                                              "hé",
		"utils.base64url.encode(utils.types.stringToBytes('>>>?'))":                                   "Pj4-Pw",
		"utils.types.bytesToString(utils.base64.decodeToBytes('aGk='))":                               "hi",
		"utils.crypto.randomUUID().length":                                                            json.Number("36"),
		"scriptName":                                                                                  "test",
	} {
		if got, err := run(t, source); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v %v", source, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for source, want := range map[string]string{
		"var a = ;": "SyntaxError: Unexpected token ; (line 1, column 9)",
		"var o = {toString: String.prototype.trim}; '' + o": "RangeError: Too deep recursion",
		"var o = {}, get = Object.getOwnPropertyDescriptor(RegExp.prototype, 'flags').get; Object.defineProperty(o, 'global', {get: get}); Object.defineProperty(o, 'hasIndices', {get: get}); o.global": "RangeError: Too deep recursion",
		"var o = {}; o.toString = String.bind(null, o); '' + o":                       "RangeError: Too deep recursion",
		"var o = {}; o.toString = Error.bind(null, o); '' + o":                        "RangeError: Too deep recursion",
		"var o = {}; o.toString = Function.bind(null, o); new Function(o)":            "RangeError: Too deep recursion",
		"var o = {}; o.toString = logger.info.bind(logger, o); '' + o":                "RangeError: Too deep recursion",
		"var o = {}; o.toJSON = utils.base64.encode.bind(null, o); JSON.stringify(o)": "TypeError: ",
		"function* g(n) { if (n) { yield* g(n - 1); } } g(1e5).next()":                "RangeError: Too deep recursion",
		"x.y":                           "ReferenceError: x is not defined (line 1",
		"\n\nthrow new TypeError('no')": "TypeError: no (line 3, column 7)",
		"throw {toString: function () { throw 1; }}": "an error that is no text",
		"throw null":                "null",
		"function f() { f(); } f()": "RangeError: Too deep recursion",
		"var o = {toString: function () { return '' + this; }}; '' + o": "RangeError: Too deep recursion",
		"function f() { [1].forEach(f); } f()":                          "RangeError: Too deep recursion",
		"10n":                                                           "SyntaxError: BigInt",
		"eval('10n')":                                                   "SyntaxError: BigInt",
		"new Function('return 10n')":                                    "SyntaxError: BigInt",
		"utils.crypto.subtle.digest('SHA-256')":                         "Error: utils.crypto.subtle.digest is not provided by this fake tenant",
	} {
		_, err := run(t, source)
		var failure *script.Error
		if !errors.As(err, &failure) || !strings.HasPrefix(failure.Error(), want) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestWhatAMLacks(t *testing.T) {
	for _, name := range strings.Fields("Map Set WeakMap WeakSet Symbol Promise Proxy Reflect console setTimeout BigInt Uint8Array ArrayBuffer WeakRef require process") {
		if got, err := run(t, "typeof "+name); err != nil || got != "undefined" {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if got, err := run(t, "typeof java"); got != "undefined" {
		t.Errorf("%v %v", got, err)
	}
}

// Each of these would take more time or memory than there is.
func TestAttacksOnBuiltInFunctions(t *testing.T) {
	for _, source := range []string{
		"new Array(5e7).fill(1)",
		"Array(4e9).join('x')",
		"var a = []; a.length = 4e9; a.indexOf(1)",
		"var a = []; a[4294967294] = 1; a.reverse()",
		"Array.prototype.fill.call({length: Math.pow(2, 53) - 1}, 1)",
		"Array.prototype.indexOf.call({get length() { return 1e15; }}, 1)",
		"Array.prototype.indexOf.call({length: {valueOf: function () { return 1e15; }}}, 1)",
		"Array.prototype.map.call(Object.create({length: 1e15}), String)",
		"Array.from({length: 1e12})",
		"[...new Array(4e9)]",
		"Math.max(...new Array(4e9))",
		"Math.max.apply(null, {length: 4e9})",
		"String('x'.repeat(1 << 20) + 'x')",
		"logger.info('x'.repeat(1 << 20) + 'x')",
		"({...'abc'})",
		"var {length, ...others} = 'abc'",
		"/" + strings.Repeat("[a-z]", 1e4) + "/",
		strings.Repeat("((a = [", 100) + "1" + strings.Repeat("]) => 1)", 100),
		strings.Repeat("async(a = [", 100) + "1" + strings.Repeat("]//(\n) => 1", 100),
		"Object.keys(new String('x'.repeat(1 << 20) + 'x'))",
		"var a = new Array(1 << 20); a.concat(a)",
		"var b = new Array(1e6).fill('x'.repeat(1e6)); b.join('')",
		"'a'.repeat(Math.pow(2, 28))",
		"'a'.padStart(Math.pow(2, 28))",
		"'a'.padEnd(Math.pow(2, 28), 'ab')",
		"var s = 'a'.repeat(1 << 20); s.concat(s)",
		"var s = 'a'.repeat(1e4); s.replace(/a/g, s)",
		"var s = 'a'.repeat(1e4); s.replace(/a/g, '$`')",
		"var s = 'a'.repeat(1e4); s.replace(/a/g, function () { return s; })",
		"var s = 'a'.repeat(1e6); s = s + s; s.split('')",
		"String.prototype.split.call({toString: function () { var s = 'a'.repeat(1e6); return s + s; }}, '')",
		"var a = [1]; for (var i = 0; i < 60; i++) { a = [a, a]; } a.toString()",
		"var a = [1]; for (var i = 0; i < 60; i++) { a = [a, a]; } JSON.stringify(a)",
		"var a = [1]; for (var i = 0; i < 1e4; i++) { a = [a]; } '' + a",
		"var a = [1]; for (var i = 0; i < 1e4; i++) { a = [a]; } JSON.stringify(a)",
		"JSON.stringify(new Array(1e6).fill('x'.repeat(1e6)))",
		"JSON.stringify(new Array(1e6), null, 'x'.repeat(1e6))",
		"var a = []; a.push(a); JSON.stringify(a)",
		"new RegExp('('.repeat(1e5))",
		"new RegExp('a'.repeat(1e5))",
		"eval('('.repeat(1e5))",
		"new Function('('.repeat(1e5))",
		"eval('1'.repeat(1e6))",
		strings.Repeat("(", 1e4),
		strings.Repeat(" ", 1e6),
		strings.Repeat("a=>", 3e3) + "1",
		strings.Repeat("1+", 6e4) + "1",
		strings.Repeat("- ", 6e4) + "1",
	} {
		_, err := run(t, source)
		var failure *script.Error
		if !errors.As(err, &failure) {
			t.Errorf("%.60s: %v", source, err)
		}
	}
}

func TestBacktrackingIsStopped(t *testing.T) {
	engine := script.New(script.Options{Time: never, Match: time.Millisecond})
	for _, pattern := range []string{`/^(a+)+$/`, `/^(a+)+\1$/`, `/(?!b)(a|aa)+$/g`} {
		for _, use := range []string{pattern + ".test(s)", "s.replace(" + pattern + ", '')", "s.match(" + pattern + ")", "s.split(" + pattern + ")"} {
			_, err := engine.Run(t.Context(), script.Script{Source: "var s = 'a'.repeat(60) + '!'; " + use}, nil)
			var failure *script.Error
			if !errors.As(err, &failure) || !strings.Contains(failure.Message, "too long") {
				t.Errorf("%s: %v", use, err)
			}
		}
	}
}

func TestMemory(t *testing.T) {
	engine := script.New(script.Options{Time: never, Memory: 16 << 20})
	for _, source := range []string{
		"var s = 'a'; for (;;) { s += s; }",
		"var a = []; for (;;) { a[a.length] = {}; }",
		"var o = {}; for (;;) { o = {next: o}; }",
		"var s = 'a'.repeat(1 << 20); `" + strings.Repeat("${s}", 1e4) + "`",
	} {
		if _, err := engine.Run(t.Context(), script.Script{Source: source}, nil); !errors.Is(err, script.ErrMemory) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestDeadline(t *testing.T) {
	for _, source := range []string{
		"started(); for (;;) {}",
		"started(); for (;;) { try { for (;;) {} } catch (e) {} finally { continue; } }",
		"started(); (async function () { for (;;) { await 0; } })()",
		"started(); JSON.parse('[1,2]', function again(k, v) { for (;;) {} })",
		"started(); [3, 1, 2].sort(function () { for (;;) {} })",
	} {
		engine := script.New(script.Options{Time: never})
		ctx, cancel := context.WithCancel(t.Context())
		started := script.Function(func([]any) (any, error) { cancel(); return nil, nil })
		if _, err := engine.Run(ctx, script.Script{Source: source}, map[string]any{"started": started}); !errors.Is(err, script.ErrDeadline) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// The engine itself goes on with each of these for as long as a function returns.
func TestLoopsOfTheEngineEnd(t *testing.T) {
	bindings := map[string]any{"list": script.List{}, "map": script.Map{}}
	for _, source := range []string{
		"var re = /a/g; re.exec = Object; 'x'.match(re)",
		"var re = /a/g; re.exec = Array.bind(null, 'x'); 'x'.replace(re, '')",
		"Object.getPrototypeOf([].values()).next = Object; [...[1]]",
		"var it = [].values(); it.next = Error; Math.max(...it)",
		"var it = [].values(); it.next = list.toArray; [...it]",
		"var it = [].values(); it.next = map.keySet; Array.from(it)",
		"var it = [].values(); it.next = JavaImporter; Array.from(it)",
	} {
		engine := script.New(script.Options{Time: never, Runaways: 1})
		ctx, cancel := context.WithCancel(t.Context())
		bindings["started"] = script.Function(func([]any) (any, error) { cancel(); return nil, nil })
		s := script.Script{Source: "started(); " + source, Generation: script.Legacy}
		if _, err := engine.Run(ctx, s, bindings); !errors.Is(err, script.ErrDeadline) {
			t.Errorf("%s: %v", source, err)
		}
		for err := script.ErrRunaways; errors.Is(err, script.ErrRunaways); {
			_, err = engine.Run(t.Context(), script.Script{Source: "1"}, nil)
		}
	}
}

func TestRunaways(t *testing.T) {
	engine := script.New(script.Options{Time: never, Runaways: 2})
	release, left := make(chan struct{}), make(chan struct{})
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		busy := script.Function(func([]any) (any, error) {
			cancel()
			<-release
			left <- struct{}{}
			return nil, nil
		})
		if _, err := engine.Run(ctx, script.Script{Source: "busy()"}, map[string]any{"busy": busy}); !errors.Is(err, script.ErrDeadline) {
			t.Fatal(err)
		}
	}
	if _, err := engine.Run(t.Context(), script.Script{Source: "1"}, nil); !errors.Is(err, script.ErrRunaways) {
		t.Errorf("%v", err)
	}
	close(release)
	<-left
	<-left
	for {
		_, err := engine.Run(t.Context(), script.Script{Source: "1"}, nil)
		if err == nil {
			break
		}
		if !errors.Is(err, script.ErrRunaways) {
			t.Fatal(err)
		}
	}
}

func TestLogs(t *testing.T) {
	var logged []string
	s := script.Script{
		Name: "mine", ID: "1", Context: "LIBRARY", Log: func(level, message string) { logged = append(logged, level+" "+message) },
		Source: "logger.info('a {} {}', 1, 'b'); logger.error('c {}', [2]); if (logger.isDebugEnabled()) { logger.debug(logger.getName()); }",
	}
	if _, err := script.New(script.Options{}).Run(t.Context(), s, nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"INFO a 1 b", "ERROR c 2", "DEBUG scripts.LIBRARY.1.(mine)"}; !reflect.DeepEqual(logged, want) {
		t.Errorf("%q", logged)
	}
	logged = nil
	s.Source = "logger.info('{} {}', '{}', 'b'); logger.info.apply(null, ['{}'.repeat(5e5)].concat(new Array(5e5).fill('x'.repeat(1e6))))"
	if _, err := script.New(script.Options{Time: never}).Run(t.Context(), s, nil); err != nil {
		t.Fatal(err)
	}
	if len(logged) != 2 || logged[0] != "INFO {} b" || len(logged[1]) > 3000 {
		t.Errorf("%.5000q", logged)
	}
	logged = nil
	s.Generation, s.Source = script.Legacy, "logger.message('a'); logger.warning('b'); if (logger.errorEnabled()) { logger.error('c'); } throw 'd'"
	if _, err := script.New(script.Options{}).Run(t.Context(), s, nil); err == nil {
		t.Error("no error")
	}
	if want := []string{"DEBUG a", "WARN b", "ERROR c"}; !reflect.DeepEqual(logged, want) {
		t.Errorf("%q", logged)
	}
}

func TestBindings(t *testing.T) {
	var got []any
	bindings := map[string]any{
		"give": script.Function(func(args []any) (any, error) { got = args; return args[0], nil }),
		"fail": script.Function(func([]any) (any, error) { return nil, errors.New("no") }),
		"host": &script.Object{Members: map[string]any{"name": "h"}},
		"map":  script.Map{"a": map[string]any{"b": json.Number("1")}, "list": script.List{"x", "y", json.Number("1"), map[string]any{}}},
		"odd":  script.Map{"__proto__": script.List{"x"}},
	}
	engine := script.New(script.Options{})
	for source, want := range map[string]any{
		"give({a: 1}).a":            json.Number("1"),
		"give(host) === host":       true,
		"give('x', undefined, 1.5)": "x",
		"map.get('a').b + map.a.b":  json.Number("2"),
		"map.get('none')":           nil,
		"map.get('list').get(1) + map.list[0] + map.list.contains('x') + map.list.size()": "yxtrue4",
		"map.list.contains(1) && !map.list.contains('1') && !map.list.contains({})":       true,
		"var a = []; a.length = 1 << 20; map.list.contains(a)":                            false,
		"Object.getPrototypeOf(odd) === Object.prototype && odd.get('__proto__')[0]":      "x",
		"Object.keys(map).join() + map.keySet().size() + map.containsKey('a')":            "a,list2true",
		"try { fail(); } catch (e) { e.message }":                                         "no",
		"try { give(run); } catch (e) { e.message } function run() {}":                    "a function is no value",
		"var a = []; a.push(a); try { give(a); } catch (e) { e.message }":                 "TypeError: Converting circular structure to JSON",
	} {
		if value, err := engine.Run(t.Context(), script.Script{Source: source}, bindings); err != nil || !reflect.DeepEqual(value, want) {
			t.Errorf("%s: %#v %v", source, value, err)
		}
	}
	if _, err := engine.Run(t.Context(), script.Script{Source: "give(1, 'a', null, host)"}, bindings); err != nil || len(got) != 4 || got[0] != json.Number("1") || got[3] != bindings["host"] {
		t.Errorf("%v %v", got, err)
	}
}

func TestJava(t *testing.T) {
	s := script.Script{Generation: script.Legacy, Classes: map[string]*script.Object{
		"org.example.Thing": {Members: map[string]any{"one": json.Number("1")}},
	}}
	for source, want := range map[string]string{
		"JavaImporter(org.example.Thing).Thing.one":                "",
		"with (new JavaImporter(org.example.Thing)) { Thing.one }": "",
		"Packages.org.example.Thing.one":                           "",
		"new java.util.HashMap()":                                  "Error: The Java class java.util.HashMap is not provided by this fake tenant (line 1",
		"JavaImporter(org.forgerock.json.JsonValue)":               "Error: The Java class org.forgerock.json.JsonValue is not provided by this fake tenant (line 1",
		"JavaImporter(java.util)":                                  "-",
	} {
		s.Source = source
		value, err := script.New(script.Options{}).Run(t.Context(), s, nil)
		switch {
		case want == "" && (err != nil || value != json.Number("1")):
			t.Errorf("%s: %v %v", source, value, err)
		case want != "" && want != "-" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("%s: %v %v", source, value, err)
		}
	}
}

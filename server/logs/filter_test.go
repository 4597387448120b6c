package logs

import (
	"strings"
	"testing"
)

func TestFieldsWithoutASlashAreMended(t *testing.T) {
	for _, tc := range []struct{ filter, want string }{
		{`payload/level eq "ERROR"`, `/payload/level eq "ERROR"`},
		{`/payload/level eq "payload/level eq 1"`, `/payload/level eq "payload/level eq 1"`},
		{`payload pr`, `/payload pr`},
		{`payload/a gt "x" or type sw "z"`, `/payload/a gt "x" or /type sw "z"`},
		{`!(payload/userId pr) and(payload/a/b co "\" or type pr")`, `!(/payload/userId pr) and(/payload/a/b co "\" or type pr")`},
		{`!payload/userId pr`, `!/payload/userId pr`},
		{`! ! ( ( type PR ) ) OR TRUE`, `! ! ( ( /type PR ) ) OR TRUE`},
		{`payload/x eq 'a\' and type pr' AND type pr`, `/payload/x eq 'a\' and type pr' AND /type pr`},
		{`payload/x ge -1.5e3 and /payload/y eq true`, `/payload/x ge -1.5e3 and /payload/y eq true`},
		{`payload/e[info eq "]" and type pr] and type pr`, `/payload/e[info eq "]" and type pr] and /type pr`},
		{`payload/e[0]/x eq 1`, `/payload/e[0]/x eq 1`},
		{`payload/x ne "a"`, `/payload/x ne "a"`},
		{"payload/ä\u2003eq\t\"ö\"", "/payload/ä\u2003eq\t\"ö\""},
		{`true`, `true`},
		{`payload/source eq source`, `/payload/source eq source`},
		// What cannot be read stays as it is.
		{``, ``},
		{`payload/level`, `payload/level`},
		{`payload/level eq`, `payload/level eq`},
		{`payload/level eq "x`, `payload/level eq "x`},
		{`payload/level eq "x\`, `payload/level eq "x\`},
		{`payload/level eq "x" and`, `payload/level eq "x" and`},
		{`and type pr`, `and type pr`},
		{`(type pr`, `(type pr`},
		{`type pr)`, `type pr)`},
		{`type pr type pr`, `type pr type pr`},
		{`type and source pr`, `type and source pr`},
		{`"type" eq "x"`, `"type" eq "x"`},
		{`type ("x")`, `type ("x")`},
		{`type eq ("x")`, `type eq ("x")`},
		{`type[x eq "]`, `type[x eq "]`},
		{`type] pr`, `type] pr`},
		{`not (type pr)`, `not (type pr)`},
	} {
		mended, note, err := slashed(tc.filter)
		if err != nil || mended != tc.want || (note != "") != (mended != tc.filter) {
			t.Errorf("%s is %s, %q, %v", tc.filter, mended, note, err)
		}
	}
}

func TestFieldsThatCouldBeAnythingAreRefused(t *testing.T) {
	for filter, want := range map[string]string{
		`level eq "ERROR"`:                       `"/payload/level"`,
		`source eq "audit"`:                      `"/payload/source"`,
		`type pr and timestamp gt "2026"`:        `"/payload/timestamp"`,
		`type pr and http/request/path co "x"`:   `"/payload/http/request/path"`,
		`payload.response.statusCode ge 400`:     `"/payload/response/statusCode"`,
		`payloads/x pr`:                          `"/payload/payloads/x"`,
		`(/payload/x pr) or !(transactionId pr)`: `"/payload/transactionId"`,
		`Source eq "x"`:                          `"/payload/Source"`,
		`... pr`:                                 `"/payload"`,
		`level = "ERROR"`:                        `"/payload/level"`,
	} {
		_, _, err := slashed(filter)
		if err == nil || !strings.Contains(failure(t, err).Hint, want) {
			t.Errorf("%s: %v", filter, err)
		}
	}
}

// Mending only inserts slashes, outside of strings, and nothing is left to mend.
func FuzzBareFields(f *testing.F) {
	for _, seed := range []string{
		`payload/level eq "ERROR"`, `!(type pr) and (source eq 'a\'b' or /payload/x[y eq "]"] pr)`, `true or false`, `"`, `a[b[`, "type\xffpr", `\`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		bare, ok := bareFields(filter)
		if !ok && bare != nil {
			t.Fatalf("fields %v of what cannot be read", bare)
		}
		mended, last := insertSlashes(filter, bare), -1
		if len(mended) != len(filter)+len(bare) {
			t.Fatalf("mended %q", mended)
		}
		for i, b := range bare {
			if b.at <= last || !strings.HasPrefix(filter[b.at:], b.name) || mended[b.at+i] != '/' || strings.HasPrefix(b.name, "/") {
				t.Fatalf("field %+v", b)
			}
			last = b.at
		}
		if !ok {
			return
		}
		if left, readable := bareFields(mended); len(left) > 0 || !readable {
			t.Fatalf("%q is mended to %q, which has the fields %v, %t", filter, mended, left, readable)
		}
		before, after := literals(filter), literals(mended)
		if strings.Join(before, "\n") != strings.Join(after, "\n") {
			t.Fatalf("the strings %q became %q", before, after)
		}
	})
}

// literals lists the strings in a filter that can be read.
func literals(filter string) []string {
	var out []string
	for s := (scanner{filter: filter}); ; {
		switch next := s.next(); next.kind {
		case end:
			return out
		case text:
			out = append(out, next.text)
		}
	}
}

package crest_test

import (
	"strings"
	"testing"

	"aicmcp/mockaic/internal/crest"
)

func TestOptions(t *testing.T) {
	for _, test := range []struct{ query, want string }{
		{"", `{"Fields":null,"PrettyPrint":false,"MimeType":""}`},
		{"_fields=a,b/c&_FIELDS=d&x=1&_prettyPrint=TRUE", `{"Fields":[["a"],["b","c"],["d"]],"PrettyPrint":true,"MimeType":""}`},
		{"_fields=a&_mimeType=text/plain&_action=x", `{"Fields":[["a"]],"PrettyPrint":false,"MimeType":"text/plain"}`},
		{"_fields=,&_fields=", `{"Fields":[[]],"PrettyPrint":false,"MimeType":""}`},
	} {
		p, err := crest.ParseParams(test.query)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := p.Options("_action"); err != nil || encode(t, o) != test.want {
			t.Errorf("%s: %s, %v, want %s", test.query, encode(t, o), err, test.want)
		}
	}
	for query, want := range map[string]string{
		"_x=1":                "Unrecognized request parameter '_x'",
		"_action=x":           "Unrecognized request parameter '_action'",
		"_mimetype=a":         "Unrecognized request parameter '_mimetype'",
		"x=1&X=2":             "Multiple values provided for the single-valued request parameter 'X'",
		"_fields=a%20b":       "The value 'a b' for parameter '_fields' could not be parsed as a comma separated list of JSON pointers",
		"_mimeType=a/b":       "The parameter '_mimeType' requires exactly one parameter '_fields'",
		"_pageSize=1&_fields": "Unrecognized request parameter '_pageSize'",
	} {
		p, _ := crest.ParseParams(query)
		if _, err := p.Options(); errorCode(err) != 400 || err.Error() != want {
			t.Errorf("%s: error %v, want %s", query, err, want)
		}
	}
	p, _ := crest.ParseParams("_action=x&_other=y&_fields=a")
	if o, err := p.ActionOptions(); err != nil || len(o.Fields) != 1 {
		t.Errorf("%v, %v", o, err)
	}
	p, _ = crest.ParseParams("_mimeType=x")
	if _, err := p.ActionOptions(); errorCode(err) != 400 {
		t.Errorf("error %v", err)
	}
	if _, err := crest.ParseParams("a=%zz"); errorCode(err) != 400 {
		t.Errorf("error %v", err)
	}
}

func TestQueryParams(t *testing.T) {
	for query, code := range map[string]int{
		"_queryId=a":                    501,
		"_queryExpression=a":            501,
		"_queryId=a&_queryFilter=true":  400,
		"x=1":                           400,
		"_queryFilter":                  400,
		"_queryFilter=true&_mimeType=a": 400,
		"_queryFilter=true&_sortKeys=" + strings.Repeat("a,", 33):                   400,
		"_queryFilter=true&_pagedResultsCookie=x&_pageSize=1&_pagedResultsOffset=1": 400,
	} {
		p, _ := crest.ParseParams(query)
		if _, err := p.Query(); errorCode(err) != code {
			t.Errorf("%s: error %v, want code %d", query, err, code)
		}
		if want := strings.Contains(query, "_query"); p.IsQuery() != want {
			t.Errorf("%s: IsQuery %v", query, !want)
		}
	}
	p, _ := crest.ParseParams("_queryFilter=true&_pagedResultsCookie=&_pagedResultsOffset=1&_COUNTONLY=true")
	q, err := p.Query()
	if err != nil {
		t.Fatal(err)
	}
	page, err := run(stored(t, 0, collection(t)), q, crest.RunOptions{})
	want := `{"result":[],"resultCount":0,"pagedResultsCookie":null,"totalPagedResultsPolicy":"EXACT","totalPagedResults":60,"remainingPagedResults":-1}`
	if err != nil || encode(t, page) != want {
		t.Errorf("%s, %v, want %s", encode(t, page), err, want)
	}
}

func TestProject(t *testing.T) {
	object := decode(t, []byte(`{"_id":"1","_rev":"2","a":{"b":null,"_id":"x"},"b":5}`)).(map[string]any)
	for _, test := range []struct{ fields, want string }{
		{"a/b,missing", `{"_id":"1","_rev":"2","b":null}`},
		{"a/b,b", `{"_id":"1","_rev":"2","b":5}`},
		{"a/_id", `{"_id":"1","_rev":"2"}`},
		{"*,a/b", `{"_id":"1","_rev":"2","a":{"_id":"x","b":null},"b":null}`},
	} {
		p, _ := crest.ParseParams("_fields=" + test.fields)
		o, err := p.Options()
		if err != nil {
			t.Fatal(err)
		}
		if got := encode(t, crest.Project(object, o.Fields)); got != test.want {
			t.Errorf("%s: %s, want %s", test.fields, got, test.want)
		}
	}
}

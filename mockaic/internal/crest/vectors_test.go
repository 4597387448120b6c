package crest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"aicmcp/mockaic/internal/crest"
)

// vector has the fields that all vector files share.
type vector struct {
	ID            string
	Class         string
	Exotic        bool
	TenantDiffers bool
	RefCrash      bool
	Unhandled     bool
	NewerGrammar  bool
}

func (v vector) common() vector { return v }

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// readVectors returns the rows of a file, but for those that depend on the platform of the reference. Rows that newer releases may
// answer otherwise are among them.
func readVectors[T interface{ common() vector }](t testing.TB, name string) []T {
	t.Helper()
	var rows []T
	lines := bufio.NewScanner(bytes.NewReader(readFile(t, name)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row T
		dec := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		dec.UseNumber()
		if err := dec.Decode(&row); err != nil {
			t.Fatal(err)
		}
		if v := row.common(); !v.Exotic && !v.TenantDiffers && !v.RefCrash && !v.Unhandled || v.NewerGrammar {
			rows = append(rows, row)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatalf("%s: no rows", name)
	}
	return rows
}

// eachClass runs test for all rows of a class as one subtest.
func eachClass[T interface{ common() vector }](t *testing.T, rows []T, test func(t *testing.T, row T)) {
	t.Helper()
	classes := make(map[string][]T)
	var names []string
	for _, row := range rows {
		name := row.common().Class
		if classes[name] == nil {
			names = append(names, name)
		}
		classes[name] = append(classes[name], row)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			for _, row := range classes[name] {
				test(t, row)
			}
		})
	}
}

func decode(t testing.TB, data []byte) any {
	t.Helper()
	v, err := crest.DecodeJSON(data)
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

func encode(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func collection(t testing.TB) []map[string]any {
	t.Helper()
	var objects []map[string]any
	for _, v := range decode(t, readFile(t, "crest-collection.json")).([]any) {
		object := v.(map[string]any)
		object["_rev"] = "0"
		objects = append(objects, object)
	}
	return objects
}

func ids(objects []map[string]any) []string {
	result := []string{}
	for _, object := range objects {
		result = append(result, object["_id"].(string))
	}
	return result
}

func errorCode(err error) int {
	if e, ok := err.(*crest.Error); ok {
		return e.Code
	}
	return -1
}

// newerFilters are the filters that newer releases do answer otherwise.
var newerFilters = []struct{ filter, reason string }{
	{`emails[type eq "work"]`, "newer releases filter the elements of arrays"},
	{`sn in '["smith","Jones"]'`, "IDM knows the operator in"},
	{`/age in '[40,29]'`, "IDM's operator in takes strings"},
}

func TestFilterVectors(t *testing.T) {
	type row struct {
		vector
		Filter   string
		OK       bool
		IDs      []string
		ToString string
	}
	objects := collection(t)
	used := make(map[string]bool)
	eachClass(t, readVectors[row](t, "crest-filter.jsonl"), func(t *testing.T, row row) {
		for _, newer := range newerFilters {
			if row.NewerGrammar && row.Filter == newer.filter {
				used[row.Filter] = true
				return
			}
		}
		f, err := crest.ParseFilter(row.Filter)
		if !row.OK {
			if errorCode(err) != 400 {
				t.Errorf("%s: %q: error %v, want code 400", row.ID, row.Filter, err)
			}
			return
		}
		if err != nil {
			t.Errorf("%s: %q: %v", row.ID, row.Filter, err)
			return
		}
		var got []string
		for _, object := range objects {
			if f.Match(object, crest.IgnoreCase) {
				got = append(got, object["_id"].(string))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, row.IDs) {
			t.Errorf("%s: %q matches %v, want %v", row.ID, row.Filter, got, row.IDs)
		}
		if f.String() != row.ToString {
			t.Errorf("%s: %q prints as %q, want %q", row.ID, row.Filter, f, row.ToString)
		}
	})
	for _, newer := range newerFilters {
		if !used[newer.filter] {
			t.Errorf("no vector needs the exception that %s", newer.reason)
		}
	}
}

func TestPointerVectors(t *testing.T) {
	type row struct {
		vector
		Pointer  string
		OK       bool
		Tokens   []string
		ToString string
		Present  bool
		Value    any
		Error    string
	}
	doc := decode(t, readFile(t, "crest-pointer-doc.json"))
	for _, row := range readVectors[row](t, "crest-pointer.jsonl") {
		p, err := crest.ParsePointer(row.Pointer)
		if !row.OK {
			if errorCode(err) != 400 || err.Error() != row.Error {
				t.Errorf("%s: %q: error %v, want %s", row.ID, row.Pointer, err, row.Error)
			}
			continue
		}
		if err != nil || !slices.Equal(p, row.Tokens) || p.String() != row.ToString {
			t.Errorf("%s: %q is %q %s, %v, want %q %s", row.ID, row.Pointer, []string(p), p, err, row.Tokens, row.ToString)
			continue
		}
		v, ok := p.Lookup(doc)
		if row.Value == "<document root>" {
			row.Value = doc
		}
		if ok != row.Present || !crest.Equal(v, row.Value) {
			t.Errorf("%s: %q finds %v, %v, want %v, %v", row.ID, row.Pointer, v, ok, row.Value, row.Present)
		}
	}
}

func TestSortKeyVectors(t *testing.T) {
	type row struct {
		vector
		Key       string
		OK        bool
		Ascending bool
		Field     string
		ToString  string
		Error     string
	}
	for _, row := range readVectors[row](t, "crest-sortkey.jsonl") {
		keys, err := crest.ParseSortKeys(row.Key)
		if !row.OK {
			if errorCode(err) != 400 || err.Error() != row.Error {
				t.Errorf("%s: %q: error %v, want %s", row.ID, row.Key, err, row.Error)
			}
			continue
		}
		if err != nil || len(keys) != 1 {
			t.Errorf("%s: %q: %v, %v, want one key", row.ID, row.Key, keys, err)
			continue
		}
		k := keys[0]
		if k.Descending == row.Ascending || k.Field.String() != row.Field || k.String() != row.ToString {
			t.Errorf("%s: %q: %s, want %s", row.ID, row.Key, k, row.ToString)
		}
	}
}

func TestErrorVectors(t *testing.T) {
	type row struct {
		vector
		Input struct {
			Code         int
			Message      string
			Cause        string
			Detail       json.RawMessage
			Reason       string
			IncludeCause bool
		}
		JSON json.RawMessage
	}
	for _, row := range readVectors[row](t, "crest-errors.jsonl") {
		in := row.Input
		if in.IncludeCause {
			continue // asked for by the HTTP layer of the reference
		}
		e := &crest.Error{Code: in.Code, Reason: in.Reason, Message: in.Message}
		if in.Detail != nil {
			e.Detail = in.Detail
		}
		if in.Cause != "" {
			e.Err = os.ErrNotExist
			row.JSON = bytes.Replace(row.JSON, []byte(in.Cause), []byte(os.ErrNotExist.Error()), 1)
		}
		if got := encode(t, e); got != string(row.JSON) {
			t.Errorf("%s: %s, want %s", row.ID, got, row.JSON)
		}
	}
}

func TestPatchVectors(t *testing.T) {
	type row struct {
		vector
		Before   map[string]any
		Ops      any
		After    map[string]any
		Modified bool
		Error    *struct {
			Code      int
			Message   string
			Stage     string
			Unhandled bool
		}
	}
	eachClass(t, readVectors[row](t, "crest-patch-idm.jsonl"), func(t *testing.T, row row) {
		before := encode(t, row.Before)
		ops, err := crest.ParsePatch(row.Ops)
		stage := "parse"
		var after map[string]any
		var modified bool
		if err == nil {
			stage = "apply"
			after, modified, err = crest.Apply(row.Before, ops)
		}
		if encode(t, row.Before) != before {
			t.Errorf("%s: Apply changed its argument", row.ID)
		}
		if row.Error != nil {
			if errorCode(err) != row.Error.Code || stage != row.Error.Stage || err.Error() != row.Error.Message {
				t.Errorf("%s: %s: %s error %v, want %+v", row.ID, encode(t, row.Ops), stage, err, *row.Error)
			}
			return
		}
		if err != nil || modified != row.Modified || !crest.Equal(after, row.After) {
			t.Errorf("%s: %s:\ngot  %s, %v, %v\nwant %s, %v",
				row.ID, encode(t, row.Ops), encode(t, after), modified, err, encode(t, row.After), row.Modified)
		}
	})
}

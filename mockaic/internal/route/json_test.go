package route

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPrettyPrint(t *testing.T) {
	var body any
	if err := json.Unmarshal([]byte(`{"a":[1,"x, {y}: \"z\"",{"b":[],"c":{}}],"d":{"e":null,"f":true}}`), &body); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := WriteJSON(w, 200, body, true); err != nil {
		t.Fatal(err)
	}
	want := `{
  "a" : [ 1, "x, {y}: \"z\"", {
    "b" : [ ],
    "c" : { }
  } ],
  "d" : {
    "e" : null,
    "f" : true
  }
}`
	if got := w.Body.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A deep document must not grow with the square of its depth.
func TestPrettyPrintOfADeepDocumentIsBounded(t *testing.T) {
	const depth, wide = 400, 10_000
	text := strings.Repeat(`{"k":`, depth) + "[" + strings.Repeat(`{"a":1},`, wide) + "0]" + strings.Repeat("}", depth)
	var body any
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := WriteJSON(w, 200, body, true); err != nil {
		t.Fatal(err)
	}
	if got := w.Body.Len(); got > 40*len(text) {
		t.Errorf("%d bytes became %d", len(text), got)
	}
	if !json.Valid(w.Body.Bytes()) {
		t.Error("not JSON any more")
	}
}

func TestJournalKeepsTheLastEntries(t *testing.T) {
	j := Journal{Size: 3}
	for i := range 5 {
		j.Add(Entry{Status: i})
	}
	entries := j.Entries()
	if len(entries) != 3 || entries[0].Status != 2 || entries[2].Status != 4 {
		t.Errorf("entries %v", entries)
	}
	none := Journal{}
	none.Add(Entry{})
	if len(none.Entries()) != 0 {
		t.Error("a journal without a size keeps entries")
	}
}

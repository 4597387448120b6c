package cases

import (
	"net/http"
	"net/url"
	"testing"

	c "aicmcp/conformance"
)

func TestForm(t *testing.T) {
	const text = `<!doctype html><input name=before value=1><form action="/login?a=1&amp;b=2" method=post>
<input TYPE=hidden name=csrf value="&quot;x&quot;"><input name=user><input type=password name=secret>
<input type=checkbox name=no value=on><input type=checkbox name=yes value=on checked>
<button name=decision value=allow>Allow</button><input type=submit name=decision value=deny></form>
<input name=after value=1><form><input name=other></form>`
	f := page{Response: &c.Response{Raw: []byte(text)}}.form()
	want := url.Values{"csrf": {`"x"`}, "user": {""}, "secret": {""}, "yes": {"on"}}
	if f.action != "/login?a=1&b=2" || f.values.Encode() != want.Encode() {
		t.Errorf("got %q %v", f.action, f.values)
	}
	if !f.has("password") || f.has("file") || !f.offers("decision", "allow") || !f.offers("decision", "deny") || f.offers("decision", "on") {
		t.Errorf("got %+v", f)
	}
	if none := (page{Response: &c.Response{Raw: []byte("{}")}}).form(); none.has("password") || len(none.values) > 0 {
		t.Errorf("got %+v", none)
	}
}

// TestBack shows that only the client's own address is one.
func TestBack(t *testing.T) {
	for location, want := range map[string]bool{
		"http://localhost:3000?code=x": true, "http://LOCALHOST:3000?error=x": true,
		"http://localhost:3000.example.com?code=x": false, "http://localhost:30001?code=x": false, "https://localhost:3000?code=x": false,
		"http://localhost:3000@example.com/": false, "http://x@localhost:3000": false, "http://localhost:3000/elsewhere": false,
		"http://localhost?code=x": false, "/?code=x": false, "": false,
	} {
		a := &authorization{params: url.Values{"redirect_uri": {"http://localhost:3000"}}}
		res := &c.Response{Status: http.StatusFound, Header: http.Header{"Location": {location}}}
		if got := a.back(res) != nil; got != want {
			t.Errorf("%q leads to the client: %t", location, got)
		}
		res.Status = http.StatusOK
		if a.back(res) != nil {
			t.Errorf("an answer that is no redirect leads to %q", location)
		}
	}
}

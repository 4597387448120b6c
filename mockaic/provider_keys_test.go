package mockaic_test

import (
	"net/url"
	"testing"
)

func TestTokensOfOlderKeysStayGood(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	before := p.tokens()
	if err := p.mock.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	after := p.tokens()
	older, _ := partsOf(t, before["access_token"])
	newer, _ := partsOf(t, after["access_token"])
	if older["kid"] == newer["kid"] {
		t.Error("the key is the same")
	}
	for _, tokens := range []map[string]any{before, after} {
		verifyByDiscovery(t, p, tokens, "RS256")
		if got := p.post("/introspect", url.Values{"token": {tokens["access_token"].(string)}}).object(t); got["active"] != true {
			t.Errorf("introspection: %v", got)
		}
	}
}

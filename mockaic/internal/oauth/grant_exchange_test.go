package oauth

import (
	"slices"
	"testing"
)

func TestAudiencesOfAnExchange(t *testing.T) {
	heeds := Provider{AudienceInExchange: true}
	client := &Client{ID: "c", Audiences: []string{"https://a.example.com", "https://b.example.com"}}
	for name, c := range map[string]struct {
		provider Provider
		client   *Client
		wanted   []string
		want     []string // nil is a refusal
	}{
		"ignored":        {Provider{}, client, []string{"x"}, []string{"c"}},
		"none":           {heeds, client, nil, []string{"c"}},
		"listed":         {heeds, client, []string{"https://b.example.com", "https://a.example.com"}, []string{"c", "https://b.example.com", "https://a.example.com"}},
		"twice":          {heeds, client, []string{"https://b.example.com", "https://b.example.com"}, []string{"c", "https://b.example.com"}},
		"not listed":     {heeds, client, []string{"https://a.example.com", "x"}, nil},
		"longer":         {heeds, client, []string{"https://a.example.com/"}, nil},
		"empty":          {heeds, client, []string{""}, nil},
		"nothing listed": {heeds, &Client{ID: "c"}, []string{"https://a.example.com"}, nil},
	} {
		got, failed := c.provider.audience(c.client, c.wanted)
		if refused := c.want == nil; refused != (failed != nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v %v", name, got, failed)
		}
		if failed != nil && failed.Description != "Invalid audience requested." {
			t.Errorf("%s: %v", name, failed)
		}
	}
}

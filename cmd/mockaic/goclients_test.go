package main

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// TestGoClients lets golang.org/x/oauth2 and go-oidc use the tenant.
func TestGoClients(t *testing.T) {
	r := startRealm(t)
	ctx := oidc.ClientContext(t.Context(), r.browser)
	for _, issuer := range []string{r.issuer, r.address + "/am/oauth2/alpha"} {
		t.Run("login at "+issuer[len(r.address):], func(t *testing.T) { renewLogin(ctx, t, r, issuer) })
	}
}

// renewLogin discovers the provider, logs in and renews the login.
func renewLogin(ctx context.Context, t *testing.T, r *realm, issuer string) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	config, token := login(ctx, t, r, provider, issuer)
	first := verify(ctx, t, provider, config, token)

	spent := *token
	spent.Expiry = time.Now().Add(-time.Minute)
	renewed, err := config.TokenSource(ctx, &spent).Token()
	if err != nil {
		t.Fatal(err)
	}
	if renewed.AccessToken == token.AccessToken || renewed.RefreshToken == token.RefreshToken {
		t.Error("the tokens are the old ones")
	}
	if again := verify(ctx, t, provider, config, renewed); again.Subject != first.Subject {
		t.Errorf("the tokens are %q's, not %q's", again.Subject, first.Subject)
	}
	if _, err := config.TokenSource(ctx, &spent).Token(); err == nil {
		t.Error("a refresh token is good twice")
	}
}

func login(ctx context.Context, t *testing.T, r *realm, provider *oidc.Provider, issuer string) (oauth2.Config, *oauth2.Token) {
	t.Helper()
	config := oauth2.Config{
		ClientID: "portal", ClientSecret: clientSecret, Endpoint: provider.Endpoint(), RedirectURL: r.redirect,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
	verifier := oauth2.GenerateVerifier()
	end, err := r.visit(ctx, config.AuthCodeURL("a state", oauth2.S256ChallengeOption(verifier), oidc.Nonce("a nonce")))
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(end)
	if err != nil {
		t.Fatal(err)
	}
	answer := address.Query()
	if answer.Get("state") != "a state" || answer.Get("iss") != issuer {
		t.Fatalf("the login ended at %s", end)
	}
	token, err := config.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if id := verify(ctx, t, provider, config, token); id.Nonce != "a nonce" {
		t.Errorf("nonce %q", id.Nonce)
	}
	return config, token
}

// verify checks the ID token, and that it belongs to the access token.
func verify(ctx context.Context, t *testing.T, provider *oidc.Provider, config oauth2.Config, token *oauth2.Token) *oidc.IDToken {
	t.Helper()
	text, _ := token.Extra("id_token").(string)
	id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: config.ClientID}).Verify(ctx, text)
	if err != nil {
		t.Fatalf("ID token: %v", err)
	}
	if err := id.VerifyAccessToken(token.AccessToken); err != nil {
		t.Fatalf("at_hash: %v", err)
	}
	return id
}

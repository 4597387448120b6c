package main

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// TestGoClients lets golang.org/x/oauth2 and go-oidc use the tenant.
func TestGoClients(t *testing.T) {
	r := startRealm(t)
	ctx := oidc.ClientContext(t.Context(), r.browser)
	for _, issuer := range []string{r.issuer, r.address + "/am/oauth2/alpha"} {
		t.Run("login at "+issuer[len(r.address):], func(t *testing.T) { renewLogin(ctx, t, r, issuer) })
	}
	provider, err := oidc.NewProvider(ctx, r.issuer)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("userinfo", func(t *testing.T) {
		config, token := login(ctx, t, r, provider, r.issuer)
		info, err := provider.UserInfo(ctx, config.TokenSource(ctx, token))
		if err != nil {
			t.Fatal(err)
		}
		var claims struct {
			FamilyName string `json:"family_name"`
		}
		if err := info.Claims(&claims); err != nil {
			t.Fatal(err)
		}
		if id := verify(ctx, t, provider, config, token); info.Subject != id.Subject || info.Email != "demo@example.com" || claims.FamilyName != "User" {
			t.Errorf("%+v %+v, the ID token's subject is %q", info, claims, id.Subject)
		}
	})
	t.Run("device", func(t *testing.T) {
		config := oauth2.Config{ClientID: "television", Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID}}
		config.Endpoint.DeviceAuthURL = r.issuer + "/device/code" // which a tenant does not announce
		config.Endpoint.AuthStyle = oauth2.AuthStyleInParams      // else the first poll is two, to find out
		verifier := oauth2.GenerateVerifier()
		shown, err := config.DeviceAuth(ctx, oauth2.S256ChallengeOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		polls := &onRefusal{RoundTripper: r.browser.Transport, call: func() error {
			_, err := r.visit(ctx, shown.VerificationURIComplete)
			return err
		}}
		token, err := config.DeviceAccessToken(oidc.ClientContext(ctx, &http.Client{Transport: polls}), shown, oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		if polls.call != nil {
			t.Error("the device got its token before anybody allowed it")
		}
		verify(ctx, t, provider, config, token)
	})
	t.Run("client credentials", func(t *testing.T) {
		config := clientcredentials.Config{ClientID: "nightly", ClientSecret: clientSecret, TokenURL: provider.Endpoint().TokenURL, Scopes: []string{"reports"}, AuthStyle: oauth2.AuthStyleInParams}
		token, err := config.Token(ctx)
		if err != nil {
			t.Fatal(err)
		}
		checked, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: "nightly"}).Verify(ctx, token.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		if checked.Subject != "nightly" || token.RefreshToken != "" {
			t.Errorf("%+v, refresh token %q", checked, token.RefreshToken)
		}
	})
}

// onRefusal calls once, after the first answer that is not 200.
type onRefusal struct {
	http.RoundTripper
	call func() error
}

func (o *onRefusal) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := o.RoundTripper.RoundTrip(request)
	if err != nil || response.StatusCode == http.StatusOK || o.call == nil {
		return response, err
	}
	call := o.call
	o.call = nil
	if err := call(); err != nil {
		response.Body.Close()
		return nil, err
	}
	return response, nil
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

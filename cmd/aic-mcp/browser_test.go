package main

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"aicmcp/mockaic"
	"aicmcp/server/auth"
)

// browser starts a headless browser, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium or Chrome is installed")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // the pages are our own, and root may not use the sandbox
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1000, 800),
	)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	see(t, ctx, chromedp.Location()) // starts the browser
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	return ctx
}

// do takes steps and see asks for something; the test ends if they fail.
func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func see[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	seen, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// screenshot keeps what is seen in the directory AIC_MCP_SCREENSHOTS, if set.
func screenshot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("AIC_MCP_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture := see(t, ctx, chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAPersonLogsInWithTheKeyboard goes through all pages of a login: the
// tenant's login page, past a wrong password, its consent page, and the page
// of the server that ends it.
func TestAPersonLogsInWithTheKeyboard(t *testing.T) {
	ctx := browser(t)
	mock := mockaic.Start(t, mockaic.Seed("empty"), mockaic.LoopbackRedirects(auth.DefaultClientID))
	base, err := url.Parse(mock.URL)
	if err != nil {
		t.Fatal(err)
	}
	addresses := make(chan string, 1)
	source, err := auth.New(auth.Options{
		BaseURL: base, Scopes: []string{"fr:am:*", "fr:idm:*"},
		OpenURL: func(address string) error { addresses <- address; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	loggedIn := make(chan error, 1)
	go func() { loggedIn <- source.Login(t.Context()) }()

	do(t, ctx, chromedp.Navigate(<-addresses), chromedp.WaitVisible(chromedp.CSS("#username")))
	if focused := see(t, ctx, chromedp.Evaluate[string](`document.activeElement.id`)); focused != "username" {
		t.Errorf("the focus is on %q", focused)
	}
	checkAccessibility(t, ctx)
	screenshot(t, ctx, "login")
	do(t, ctx,
		chromedp.KeyEvent("admin@example.com"+kb.Tab+"wrong"+kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("[role=alert]")))
	if message := see(t, ctx, chromedp.Text(chromedp.CSS("[role=alert]"))); !strings.Contains(message, "Authentication Failed") {
		t.Errorf("a wrong password shows %q", message)
	}
	screenshot(t, ctx, "login-failed")
	do(t, ctx,
		chromedp.SendKeys(chromedp.CSS("#password"), mockaic.Password+kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("button[value=allow]")))
	consent := see(t, ctx, chromedp.Text(chromedp.CSS("main")))
	for _, want := range []string{"AIC MCP Server", "fr:idm:*", "Ada Admin"} {
		if !strings.Contains(consent, want) {
			t.Errorf("the consent page does not show %q: %s", want, consent)
		}
	}
	checkAccessibility(t, ctx)
	screenshot(t, ctx, "consent")
	do(t, ctx,
		chromedp.Focus(chromedp.CSS("button[value=allow]")), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitNotPresent(chromedp.CSS("button[value=allow]")))
	if err := <-loggedIn; err != nil {
		t.Fatal(err)
	}
	if text := see(t, ctx, chromedp.Text(chromedp.CSS("main"))); !strings.Contains(text, "You are logged in") {
		t.Errorf("the last page says %q", text)
	}
	checkAccessibility(t, ctx)
	screenshot(t, ctx, "result")
	if _, err := source.Token(t.Context(), []string{"fr:idm:*"}); err != nil {
		t.Errorf("after the login: %v", err)
	}

	do(t, ctx, chromedp.Navigate(mock.URL+"/am/oauth2/authorize?client_id=nobody"))
	if broken := see(t, ctx, chromedp.Text(chromedp.CSS("main"))); !strings.Contains(broken, "cannot go on") {
		t.Errorf("the error page says %q", broken)
	}
	screenshot(t, ctx, "error")
}

// checkAccessibility looks for what a screen reader needs on the page: a label
// for every field, a language, a title, one heading.
func checkAccessibility(t *testing.T, ctx context.Context) {
	t.Helper()
	complaints := see(t, ctx, chromedp.Evaluate[string](`[
		...[...document.querySelectorAll('input:not([type=hidden])')].filter(i => !i.labels.length).map(i => 'no label for ' + i.name),
		...(document.documentElement.lang ? [] : ['no language']),
		...(document.title ? [] : ['no title']),
		...(document.querySelectorAll('h1').length === 1 ? [] : ['not one heading']),
	].join(', ')`))
	if complaints != "" {
		t.Errorf("accessibility: %s", complaints)
	}
}

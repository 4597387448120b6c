package mockaic_test

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

// screenshot keeps what is seen in the directory MOCKAIC_SCREENSHOTS, if set.
func screenshot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("MOCKAIC_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture := see(t, ctx, chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAPersonLogsInWithTheKeyboard goes from the application to the login
// page, past a wrong password, over the consent page, and back.
func TestAPersonLogsInWithTheKeyboard(t *testing.T) {
	ctx := browser(t)
	a := newApp(t)
	do(t, ctx, chromedp.Navigate(a.authorizeURL(nil)), chromedp.WaitVisible(chromedp.CSS("#username")))
	if focused := see(t, ctx, chromedp.Evaluate[string](`document.activeElement.id`)); focused != "username" {
		t.Errorf("the focus is on %q", focused)
	}
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
	// Every field has a label, and the page a language and a title.
	if complaints := see(t, ctx, chromedp.Evaluate[string](`[...document.querySelectorAll('input:not([type=hidden])')]
		.filter(i => !i.labels.length).map(i => i.name).join()
		+ (document.documentElement.lang ? '' : ' no lang') + (document.title ? '' : ' no title')`)); complaints != "" {
		t.Errorf("accessibility: %s", complaints)
	}
	screenshot(t, ctx, "consent")
	do(t, ctx,
		chromedp.Focus(chromedp.CSS("button[value=allow]")), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#done")))
	landed := see(t, ctx, chromedp.Location())
	at, err := url.Parse(landed)
	if err != nil || !strings.HasPrefix(landed, a.redirect) || at.Query().Get("code") == "" {
		t.Fatalf("landed at %s", landed)
	}
	if tokens := a.redeem(at.Query().Get("code")); tokens.Status != 200 {
		t.Errorf("the code gives %+v", tokens)
	}
	do(t, ctx, chromedp.Navigate(a.authorizeURL(url.Values{"client_id": {"nobody"}})))
	if broken := see(t, ctx, chromedp.Text(chromedp.CSS("main"))); !strings.Contains(broken, "cannot go on") {
		t.Errorf("the error page says %q", broken)
	}
	screenshot(t, ctx, "error")
}

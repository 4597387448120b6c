package mockaic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Person plays someone at a browser: it keeps cookies, follows redirects, fills
// in the tenant's login form, confirms the code of a device and answers the consent page. Tests and demos use
// it where a real client would open a browser.
type Person struct {
	UserName string
	Password string
	Denies   bool // presses Deny on the consent page
	// Transport reaches the tenant; nil is http.DefaultTransport.
	Transport http.RoundTripper
}

// Page is what the person sees in the end.
type Page struct {
	URL    *url.URL
	Status int
	Text   string
}

const (
	maxPages    = 10
	maxPageSize = 1 << 20
)

// Visit opens an address and goes on until there is no form left that the
// person knows how to fill in. A login form that comes a second time means that
// the password was refused.
func (p Person) Visit(ctx context.Context, address string) (*Page, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make a cookie jar: %w", err)
	}
	browser := &http.Client{Jar: jar, Transport: p.Transport}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("visit %q: %w", address, err)
	}
	loggedIn, coded := false, false
	for range maxPages {
		page, err := load(browser, request)
		if err != nil {
			return nil, err
		}
		form := findForm(page.Text)
		switch {
		case form != nil && (form.has("username") || form.has("password")):
			if loggedIn {
				return page, errors.New("the login was refused")
			}
			loggedIn = form.has("password")
			form.fill("username", p.UserName)
			form.fill("password", p.Password)
		case form != nil && !coded && form.values.Get("user_code") != "" && !form.has("decision"):
			coded = true
		case form != nil && form.has("decision"):
			form.values.Set("decision", "allow")
			if p.Denies {
				form.values.Set("decision", "deny")
			}
		case form != nil && form.has("authId"):
			// A journey that asks for more, such as preferences: they go on as they are.
		case form != nil && form.has("client_id") && form.has("iss"):
			// An answer for a client, which browsers' scripts send on.
		default:
			return page, nil
		}
		if request, err = form.submit(ctx, page.URL); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("still not done after %d pages", maxPages)
}

func load(browser *http.Client, request *http.Request) (*Page, error) {
	response, err := browser.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxPageSize))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", response.Request.URL.Path, err)
	}
	return &Page{URL: response.Request.URL, Status: response.StatusCode, Text: string(text)}, nil
}

// form is the first form of a page with the values it has already.
type form struct {
	action, method string
	values         url.Values
	names          map[string]bool
}

func (f *form) has(name string) bool { return f.names[name] }

// fill sets a field, if the form has it.
func (f *form) fill(name, value string) {
	if f.has(name) {
		f.values.Set(name, value)
	}
}

func findForm(page string) *form {
	document, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	var found *form
	for node := range document.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		switch node.Data {
		case "form":
			if found != nil {
				return found
			}
			found = &form{
				action: attribute(node, "action"), method: strings.ToUpper(attribute(node, "method")),
				values: url.Values{}, names: map[string]bool{},
			}
		case "input", "button":
			name := attribute(node, "name")
			if found == nil || name == "" {
				continue
			}
			found.names[name] = true
			if kind := attribute(node, "type"); node.Data == "input" && kind != "checkbox" && kind != "submit" {
				found.values.Set(name, attribute(node, "value"))
			}
		}
	}
	return found
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (f *form) submit(ctx context.Context, page *url.URL) (*http.Request, error) {
	target, err := page.Parse(f.action)
	if err != nil {
		return nil, fmt.Errorf("form action %q: %w", f.action, err)
	}
	if f.method != http.MethodPost {
		return nil, fmt.Errorf("a form that sends its values by %q", f.method)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(f.values.Encode()))
	if err != nil {
		return nil, fmt.Errorf("submit a form: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request, nil
}

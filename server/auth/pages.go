package auth

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
)

// page is what the browser shows at the end of a login.
type page struct {
	Title string
	Text  string
	// Detail is a server's text, shown as such.
	Detail string
	Good   bool
}

func failurePage(err error) page {
	p := page{Title: "Login failed", Text: "The MCP server did not get access. You can close this window; to try again, repeat the request in your client."}
	var e *Error
	if errors.As(err, &e) {
		switch {
		case e.Code == "access_denied":
			p.Title = "Access denied"
			p.Text = "Access was denied, so the MCP server cannot work on your behalf. You can close this window; to try again, repeat the request in your client."
		case e.Code != "" && e.Description != "":
			p.Detail = e.Code + ": " + e.Description
		default:
			p.Detail = e.Code + e.Description
		}
	}
	return p
}

const style = `
:root{color-scheme:light dark;--bg:#f4f6fa;--card:#fff;--ink:#1c2733;--soft:#51606f;--good:#0b6b3a;--bad:#a4262c;--line:#d9e0e8}
@media (prefers-color-scheme:dark){:root{--bg:#11161c;--card:#1b222b;--ink:#eef2f6;--soft:#b3bfcb;--good:#5fd39a;--bad:#ff9a9a;--line:#313c48}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--bg);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:32rem;width:100%;background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:2.25rem}
svg{display:block;width:3rem;height:3rem;margin-bottom:1rem}
.good{color:var(--good)}.bad{color:var(--bad)}
h1{margin:0 0 .5rem;font-size:1.6rem;line-height:1.25}
p{margin:.5rem 0 0;color:var(--soft)}
code{display:block;margin-top:1rem;padding:.75rem;border:1px solid var(--line);border-radius:.5rem;font-size:.9rem;overflow-wrap:anywhere;color:var(--ink)}
`

const markup = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} · AIC MCP server</title>
<style>` + style + `</style>
</head>
<body>
<main>
{{if .Good}}<svg class="good" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2"><circle cx="12" cy="12" r="10"/><path d="m7.5 12.5 3 3 6-6.5"/></svg>
{{else}}<svg class="bad" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2"><circle cx="12" cy="12" r="10"/><path d="M12 7v6m0 3.5v.5"/></svg>
{{end}}<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{with .Detail}}<code>{{.}}</code>
{{end}}</main>
</body>
</html>
`

// pages is never changed after it is parsed.
var pages = template.Must(template.New("page").Parse(markup))

func show(w http.ResponseWriter, status int, p page) {
	var body bytes.Buffer
	if err := pages.Execute(&body, p); err != nil {
		http.Error(w, p.Title, http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256([]byte(style))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	// The server ends with the login: no connection is to linger.
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

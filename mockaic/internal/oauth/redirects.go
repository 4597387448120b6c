package oauth

import (
	"net/url"
	"slices"
	"strings"
)

// unsafeSchemes run, or show, what the address itself holds, or reach files.
var unsafeSchemes = []string{"about", "blob", "data", "file", "filesystem", "javascript", "mailto", "vbscript", "view-source"}

// safeAddress parses an absolute address that a client may register: one without
// credentials, fragment, wildcard or characters that are read in different ways.
func safeAddress(text string) *url.URL {
	odd := func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`#*\"<>^{|}`+"`", c) }
	if strings.ContainsFunc(text, odd) {
		return nil
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme == "" || address.User != nil || slices.Contains(unsafeSchemes, address.Scheme) {
		return nil
	}
	if isWeb(address) && address.Hostname() == "" || address.Opaque == "" && address.Host == "" && address.Path == "" {
		return nil
	}
	return address
}

func isWeb(address *url.URL) bool { return address.Scheme == "http" || address.Scheme == "https" }

// isSafeRedirect tells where codes may be sent to: a website, or an application by
// a scheme of its own or by a loopback address (RFC 8252 7).
func isSafeRedirect(text string) bool { return safeAddress(text) != nil }

// isSafePage tells what may be a link.
func isSafePage(text string) bool {
	address := safeAddress(text)
	return address != nil && isWeb(address)
}

// isSafeResource tells what may be fetched or shown as it is.
func isSafeResource(text string) bool {
	address := safeAddress(text)
	return address != nil && isWeb(address) && (address.Scheme == "https" || isLoopback(address.Hostname()))
}

// isLoopbackRedirect tells of redirects whose port the system chooses anew each time
// (RFC 8252 7.3).
func isLoopbackRedirect(text string) bool {
	address := safeAddress(text)
	return address != nil && address.Scheme == "http" && isLoopback(address.Hostname())
}

package resource

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

func absoluteURL(what, text string) (*url.URL, error) {
	if text == "" {
		return nil, fmt.Errorf("%s has no address: give an absolute URL", what)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return nil, fmt.Errorf("%s %q must be an absolute URL of http or https, without credentials", what, text)
	}
	return u, nil
}

// secureURL reads an identifier: without query and fragment, and with http only on
// this machine.
func secureURL(what, text string) (*url.URL, error) {
	u, err := absoluteURL(what, text)
	switch {
	case err != nil:
		return nil, err
	case strings.ContainsAny(text, "?#"):
		return nil, fmt.Errorf("%s %q must have no query and no fragment", what, text)
	case u.Scheme != "https" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("%s %q must use https: http is for loopback addresses", what, text)
	}
	return u, nil
}

// isLoopback tells of a name or an address of this machine.
func isLoopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.Unmap().IsLoopback()
}

// originOf is the serialized origin of RFC 6454, section 6.2: in lower case, and
// without the scheme's own port.
func originOf(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname())
	port := u.Port()
	if scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		port = ""
	}
	switch {
	case port != "":
		return scheme + "://" + net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		return scheme + "://[" + host + "]"
	}
	return scheme + "://" + host
}

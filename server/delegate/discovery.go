package delegate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

const opDiscovery = "discovery"

// tokenEndpoint is the issuer's, from its discovery document. It is asked for once.
func (d *Delegator) tokenEndpoint(ctx context.Context) (string, error) {
	if known := d.endpoint.Load(); known != nil {
		return *known, nil
	}
	return shared(ctx, &d.discovering, "", opDiscovery, discoveryTime, func(ctx context.Context) (string, error) {
		if known := d.endpoint.Load(); known != nil {
			return *known, nil
		}
		endpoint, err := d.discover(ctx)
		if err == nil {
			d.endpoint.Store(&endpoint)
		}
		return endpoint, err
	})
}

func (d *Delegator) discover(ctx context.Context) (string, error) {
	address := strings.TrimSuffix(d.issuer, "/") + "/.well-known/openid-configuration"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", &Error{Op: opDiscovery, Description: "the request could not be made", Err: err}
	}
	data, id, err := d.send(req, opDiscovery)
	if err != nil {
		return "", err
	}
	var document struct {
		Issuer        string `json:"issuer"`
		TokenEndpoint string `json:"token_endpoint"`
	}
	if err := json.Unmarshal(data, &document); err != nil {
		return "", &Error{Op: opDiscovery, Status: http.StatusOK, Description: address + " is no discovery document", TransactionID: id}
	}
	// OpenID Connect Discovery 4.3: the two are compared as strings.
	if document.Issuer != d.issuer {
		return "", &Error{
			Op: opDiscovery, Status: http.StatusOK, TransactionID: id,
			Description: fmt.Sprintf("the discovery document is that of %q", clean(document.Issuer)),
			Fix:         fmt.Sprintf("spell the issuer, which is %q now, like that", d.issuer),
		}
	}
	if err := checkAddress(document.TokenEndpoint); err != nil {
		return "", &Error{Op: opDiscovery, Status: http.StatusOK, Description: fmt.Sprintf("the token endpoint %q %v", clean(document.TokenEndpoint), err), TransactionID: id}
	}
	return document.TokenEndpoint, nil
}

// checkAddress refuses one that secrets must not be sent to.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		return errors.New("must be an absolute https URL")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("must begin with https:, as it is not on this machine")
	case u.User != nil || u.Fragment != "":
		return errors.New("must have neither a user nor a fragment")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

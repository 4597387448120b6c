package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"aicmcp/server"
	"aicmcp/server/aic"
	"aicmcp/server/auth"
	"aicmcp/server/tokenstore"
	"aicmcp/server/tool"
)

// answer is what the tenant told about itself.
type answer struct {
	status int
	date   string
	body   []byte
}

const (
	// skew is how far clocks may differ, expiring how soon a certificate ends.
	skew     = 2 * time.Minute
	expiring = 14 * 24 * time.Hour
)

// reach asks the tenant about itself, which it tells anybody.
func reach(ctx context.Context, config server.Config) ([]check, *answer) {
	client, err := config.HTTPClient()
	if err != nil {
		return []check{{"address", fail, err.Error(), ""}}, nil
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, config.BaseURL.String()+"/am/json/serverinfo/*", nil)
	if err != nil {
		return []check{{"address", fail, err.Error(), ""}}, nil
	}
	req.Header.Set("Accept-API-Version", "protocol=2.1,resource=2.0")
	res, err := client.Do(req)
	if err != nil {
		return unreached(err, config), nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return []check{{"address", fail, "the answer broke off: " + err.Error(), "Check the network, and proxies in between."}}, nil
	}
	return []check{
		{"address", good, config.BaseURL.Host + " answers", ""},
		checkCertificate(res.TLS, time.Now()),
	}, &answer{res.StatusCode, res.Header.Get("Date"), body}
}

// unreached says how far a request got.
func unreached(err error, config server.Config) []check {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		header    tls.RecordHeaderError
	)
	answers := check{"address", good, config.BaseURL.Host + " answers", ""}
	switch {
	case errors.As(err, &dns):
		return []check{{"address", fail, fmt.Sprintf("the name %s cannot be resolved", dns.Name), "Check AIC_BASE_URL, the network, and a VPN if one is needed."}}
	case errors.As(err, &authority):
		return []check{answers, {"certificate", fail, "it is of an authority that this machine does not trust", "Behind a proxy that opens TLS, or before a fake, give the authority's certificate with AIC_CA_FILE."}}
	case errors.As(err, &name):
		return []check{answers, {"certificate", fail, "it is for another name: " + name.Error(), "Check AIC_BASE_URL."}}
	case errors.As(err, &invalid):
		return []check{answers, {"certificate", fail, invalid.Error(), "Check this machine's clock; else the tenant's certificate has to be renewed."}}
	case errors.As(err, &header):
		return []check{answers, {"certificate", fail, "what answers there does not speak TLS", "Check AIC_BASE_URL."}}
	}
	return []check{{"address", fail, "no connection: " + err.Error(), "Check AIC_BASE_URL, the network, and the proxy (HTTPS_PROXY, NO_PROXY)."}}
}

func checkCertificate(state *tls.ConnectionState, now time.Time) check {
	if state == nil {
		return check{"certificate", good, "none: plain HTTP on this machine", ""}
	}
	ends := state.PeerCertificates[0].NotAfter
	message := "trusted, good until " + ends.UTC().Format(time.DateOnly)
	if ends.Sub(now) < expiring {
		return check{"certificate", warn, message, "The tenant's certificate has to be renewed soon."}
	}
	return check{"certificate", good, message, ""}
}

// recognize tells a tenant from other servers.
func recognize(a *answer) check {
	var info struct {
		CookieName string `json:"cookieName"`
		Cloud      bool   `json:"cloudOnlyFeaturesEnabled"`
	}
	err := json.Unmarshal(a.body, &info)
	switch {
	case a.status != http.StatusOK || err != nil || info.CookieName == "":
		return check{"tenant", fail, fmt.Sprintf("what answers there (%d) is no tenant", a.status), "AIC_BASE_URL is the tenant's host name, such as openam-example.forgeblocks.com."}
	case !info.Cloud:
		return check{"tenant", warn, "this is an AM server, but not Advanced Identity Cloud", "Many tools will not work."}
	}
	return check{"tenant", good, "Advanced Identity Cloud", ""}
}

func compareClocks(a *answer, now time.Time) check {
	date, err := http.ParseTime(a.date)
	if err != nil {
		return check{"clock", warn, "the tenant does not say what time it is", ""}
	}
	off := now.Sub(date).Round(time.Second)
	if off.Abs() > skew {
		direction := "ahead of"
		if off < 0 {
			direction = "behind"
		}
		return check{"clock", warn, fmt.Sprintf("this machine is %s %s the tenant", off.Abs(), direction), "Set this machine's clock: tokens and times in logs depend on it."}
	}
	return check{"clock", good, "as the tenant's", ""}
}

// checkKeyFile looks at who can read a service account's key.
func checkKeyFile(name string) check {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return check{"key", fail, err.Error(), "Check AIC_SERVICE_ACCOUNT_KEY."}
	// Windows has no such mode bits.
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return check{"key", warn, fmt.Sprintf("%s can be read or changed by others (mode %04o)", name, info.Mode().Perm()), "chmod 600 it, unless nobody else can enter its folder."}
	}
	return check{"key", good, name, ""}
}

// checkStore tells whether the login can be kept, and whether it is free: not if
// another process is renewing it.
func (a *app) checkStore(ctx context.Context) (c check, free bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	store := a.source.Store
	err := a.bearers.CheckStore(ctx)
	message := fmt.Sprintf("%s: %v", store, err)
	switch {
	case errors.Is(err, auth.ErrBusy):
		return check{"store", warn, message + ", so the login was not checked", "Another aic-mcp may be waiting for its person: finish that login, or end it."}, false
	case errors.Is(err, tokenstore.ErrUnusable):
		return check{"store", warn, message, "aic-mcp login replaces it."}, true
	case err != nil:
		return check{"store", fail, message, "Mend that, or choose another place with AIC_TOKEN_STORE or AIC_TOKEN_FILE."}, true
	}
	return check{"store", good, store.String(), ""}, true
}

// checkLogin tells whether calls can be made without asking anybody.
func (a *app) checkLogin(ctx context.Context) (c check, usable bool) {
	if account := a.config.ServiceAccount; account != nil {
		return check{"login", good, account.String() + ", which each API below is asked with", ""}, true
	}
	err := a.bearers.Renew(ctx)
	switch {
	case errors.Is(err, auth.ErrUnattended):
		who := "nobody is logged in"
		if s, err := a.standing(ctx); err == nil && s.Expires != nil {
			who = "the login has expired, or the tenant no longer accepts it"
		}
		return check{"login", warn, who + ", so the APIs were not checked", "Run aic-mcp login; or the first call will ask."}, false
	case err != nil:
		return check{"login", fail, err.Error(), "See what the tenant says; aic-mcp login gets a new login."}, false
	}
	s, err := a.standing(ctx)
	if err != nil || s.Account == "" {
		return check{"login", good, "somebody is logged in", ""}, true
	}
	return check{"login", good, s.Account + " is logged in", ""}, true
}

// probes are reads that cost little. A scope that opens no read has none.
var probes = map[tool.Scope]func(context.Context, *aic.Client) error{
	aic.IDM: func(ctx context.Context, c *aic.Client) error {
		_, err := c.QueryManaged(ctx, "alpha_user", aic.Query{PageSize: 1, Fields: "_id"})
		return err
	},
	aic.AM: func(ctx context.Context, c *aic.Client) error {
		_, err := c.QueryScripts(ctx, "alpha", `name eq "aic-mcp doctor"`, "_id")
		return err
	},
	aic.ESVRead: func(ctx context.Context, c *aic.Client) error {
		_, err := c.QueryVariables(ctx, aic.ESVQuery{PageSize: 1})
		return err
	},
	aic.Monitoring: func(ctx context.Context, c *aic.Client) error {
		_, err := c.LogSources(ctx)
		return err
	},
}

// checkAPI asks what the scope opens, with a token of that scope alone.
func (a *app) checkAPI(ctx context.Context, scope string) check {
	name := strings.TrimSuffix(strings.TrimPrefix(scope, "fr:"), ":*")
	tools := fmt.Sprintf("%d tools", len(a.selection.Needing(scope)))
	message := "answers, for " + tools
	err := func() error {
		probe, ok := probes[tool.Scope(scope)]
		if !ok {
			message = "granted, for " + tools
			_, err := a.bearers.Token(ctx, []string{scope})
			return err
		}
		connector, err := a.connector()
		if err != nil {
			return err
		}
		client, err := connector.Client(ctx, []tool.Scope{tool.Scope(scope)})
		if err != nil {
			return err
		}
		return probe(ctx, client)
	}()
	if err == nil {
		return check{name, good, message, ""}
	}
	var failure *tool.Failure
	if errors.As(err, &failure) {
		c := check{name, fail, failure.Error(), strings.TrimPrefix(failure.Hint, "Nothing was done. ")}
		if a.config.ServiceAccount != nil && tool.Scope(scope) == aic.Monitoring {
			// That is how tenants are.
			c.Verdict = warn
		}
		return c
	}
	return check{name, fail, err.Error(), fmt.Sprintf("Without %s these tools cannot work: %s.", scope, strings.Join(a.selection.Needing(scope), ", "))}
}

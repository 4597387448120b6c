package conformance

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Unfinished sends the beginning of a request to an address, and then waits for as long
// as the target may take to lose patience. It returns the status of the answer, 0 if the
// other end hung up without one, and false if it still waits for the rest. What is sent
// is kept out of reports.
func (t *T) Unfinished(address, beginning string) (status int, ended bool) {
	u, err := url.Parse(address)
	if err != nil || !t.isTenant(u) && !t.isMCP(u) {
		t.Breakf("%q is no address of the target", address)
	}
	patience := t.Target.Patience
	if patience == 0 {
		patience = DefaultPatience
	}
	started := time.Now()
	connection, err := t.dial(u)
	if err != nil {
		t.Breakf("connect to %s: %w", u.Host, err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(started.Add(patience)); err != nil {
		t.Breakf("set a deadline: %w", err)
	}
	if _, err := connection.Write([]byte(beginning)); err != nil {
		t.Breakf("send the beginning of a request: %w", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	ended = !errors.Is(err, os.ErrDeadlineExceeded)
	if err == nil {
		status = answer.StatusCode
		answer.Body.Close()
	}
	t.note(Exchange{Request: "the beginning of a request to " + u.EscapedPath(), Status: status, Duration: time.Since(started)})
	return status, ended
}

// dial connects as the target's client does, but for proxies.
func (t *T) dial(u *url.URL) (net.Conn, error) {
	host := net.JoinHostPort(u.Hostname(), port(u))
	if u.Scheme != "https" {
		return (&net.Dialer{}).DialContext(t.ctx, "tcp", host)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.Target.HTTPClient != nil {
		if transport, ok := t.Target.HTTPClient.Transport.(*http.Transport); ok && transport.TLSClientConfig != nil {
			config = transport.TLSClientConfig.Clone()
		}
	}
	config.NextProtos = []string{"http/1.1"}
	return (&tls.Dialer{Config: config}).DialContext(t.ctx, "tcp", host)
}

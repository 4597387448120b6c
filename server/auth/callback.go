package auth

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// callback receives the browser when the tenant sends it back.
type callback struct {
	port    int
	state   string
	issuer  string
	answers chan callbackAnswer

	mu      sync.Mutex
	used    bool
	outcome error
	done    chan struct{} // closed when outcome is known
	gone    chan struct{} // closed when the login was given up
}

type callbackAnswer struct {
	code string
	err  error
}

func newCallback(port int, state, issuer string) *callback {
	return &callback{
		port:    port,
		state:   state,
		issuer:  issuer,
		answers: make(chan callbackAnswer, 1),
		done:    make(chan struct{}),
		gone:    make(chan struct{}),
	}
}

// listen takes the port on both loopback addresses: browsers differ in which
// one localhost is. A machine without IPv6 does with one.
func listen(ctx context.Context, port int) ([]net.Listener, int, error) {
	var lc net.ListenConfig
	for try := 1; ; try++ {
		four, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, 0, fmt.Errorf("listen: %w", err)
		}
		got := four.Addr().(*net.TCPAddr).Port
		six, err := lc.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(got)))
		if err == nil {
			return []net.Listener{four, six}, got, nil
		}
		probe, noIPv6 := lc.Listen(ctx, "tcp6", "[::1]:0")
		if noIPv6 != nil {
			return []net.Listener{four}, got, nil
		}
		_ = probe.Close()
		_ = four.Close()
		// Somebody else on [::1] would receive the code.
		if port != 0 || try == 10 {
			return nil, 0, fmt.Errorf("listen: %w", err)
		}
	}
}

// serve starts the server and returns how to stop it.
func (c *callback) serve(listeners []net.Listener) (stop func()) {
	spare := &spareConns{open: map[net.Conn]bool{}}
	srv := &http.Server{
		Handler:           c,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ConnState:         spare.track,
	}
	var running sync.WaitGroup
	for _, l := range listeners {
		running.Go(func() { _ = srv.Serve(l) })
	}
	return func() {
		close(c.gone)
		spare.close()
		// The last page is on its way.
		ctx, cancel := context.WithTimeout(context.Background(), lastPage)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close()
		}
		running.Wait()
	}
}

// lastPage is how long the page that ends a login may take to be delivered.
const lastPage = 2 * time.Second

// spareConns are the connections that a browser opened and has not used, which
// a server that shuts down would wait for.
type spareConns struct {
	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

func (s *spareConns) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(s.open, conn)
	case s.closed:
		_ = conn.Close()
	default:
		s.open[conn] = true
	}
}

func (s *spareConns) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for conn := range s.open {
		_ = conn.Close()
	}
}

// finish tells the page how the login ended.
func (c *callback) finish(err error) {
	c.mu.Lock()
	c.outcome = err
	c.mu.Unlock()
	close(c.done)
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case !c.ours(r.Host):
		// A name that was rebound to 127.0.0.1.
		show(w, http.StatusMisdirectedRequest, page{Title: "Not here", Text: "This address only answers to localhost."})
	case r.URL.Path != "/":
		show(w, http.StatusNotFound, page{Title: "Nothing here", Text: "This address only waits for the answer to a login."})
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET")
		show(w, http.StatusMethodNotAllowed, page{Title: "Not allowed", Text: "This address only waits for the answer to a login."})
	case subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(c.state)) != 1:
		// Not our login; it goes on waiting, or anyone could end it.
		show(w, http.StatusBadRequest, page{
			Title: "Login not recognized",
			Text:  "This answer does not belong to the login that is under way. Use the most recent login page, or start again from your MCP client.",
		})
	default:
		c.receive(w, r, q)
	}
}

// ours reports whether the Host header is one that the redirect leads to.
func (c *callback) ours(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), "80" // which browsers leave out
	}
	if port != strconv.Itoa(c.port) {
		return false
	}
	return name == "localhost" || name == "127.0.0.1" || name == "::1"
}

func (c *callback) receive(w http.ResponseWriter, r *http.Request, q url.Values) {
	c.mu.Lock()
	used := c.used
	c.used = true
	c.mu.Unlock()
	if used {
		show(w, http.StatusBadRequest, page{Title: "Already used", Text: "This login was answered before. You can close this window."})
		return
	}
	iss := q.Get("iss")
	switch {
	case q.Get("error") != "":
		err := refusal(q)
		c.answers <- callbackAnswer{err: err}
		show(w, http.StatusOK, failurePage(err))
		return
	case iss != "" && !sameIssuer(iss, c.issuer):
		err := &Error{Op: "login", Description: "the answer came from another authorization server than the login went to"}
		c.answers <- callbackAnswer{err: err}
		show(w, http.StatusBadRequest, failurePage(err))
		return
	case q.Get("code") == "":
		err := &Error{Op: "login", Description: "the tenant's answer has neither a code nor an error"}
		c.answers <- callbackAnswer{err: err}
		show(w, http.StatusBadRequest, failurePage(err))
		return
	}
	c.answers <- callbackAnswer{code: q.Get("code")}
	select {
	case <-c.done:
	case <-c.gone:
	case <-r.Context().Done():
		return
	}
	c.mu.Lock()
	err := c.outcome
	c.mu.Unlock()
	select {
	case <-c.done:
	default:
		err = &Error{Op: "login", Description: "the login was cancelled"}
	}
	if err != nil {
		show(w, http.StatusOK, failurePage(err))
		return
	}
	show(w, http.StatusOK, page{
		Title: "You are logged in", Good: true,
		Text: "The MCP server can now work on your behalf. You can close this window and go back to your client.",
	})
}

// Command todo-api serves todo lists that access tokens of a PingOne Advanced
// Identity Cloud tenant protect.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"aicmcp/cmd/internal/todo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

const exitUsage = 2

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := parseConfig(args, getenv, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = serve(ctx, c, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintf(stderr, "todo-api: %s\n", line)
		}
		return exitUsage
	}
	return 0
}

// shutdownTime is more than a request may take.
const shutdownTime = 35 * time.Second

// serve answers requests until ctx ends, and then those that are under way.
func serve(ctx context.Context, c *config, log *slog.Logger) (err error) {
	store, err := todo.Open(c.database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	address := "http://" + listener.Addr().String()
	resource := c.resource
	if resource == "" {
		resource = defaultResource(c.addr, listener)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.roots}
	defer transport.CloseIdleConnections()
	server := &http.Server{
		Handler: todo.NewHandler(todo.Options{
			Store: store, Verify: todo.NewVerifier(c.issuer, resource, transport).Verify, Logger: log,
		}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, // tokens take some
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	defer server.Close()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	log.Info("serving", "address", address, "resource", resource, "issuer", c.issuer, "database", c.database)
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", address, err)
	case <-ctx.Done():
	}
	log.Info("shutting down: finishing what is under way")
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// defaultResource keeps the host as it was given, and has the port that was opened.
func defaultResource(addr string, listener net.Listener) string {
	host, port, err := net.SplitHostPort(addr)
	if opened, ok := listener.Addr().(*net.TCPAddr); ok && err == nil && port == "0" {
		addr = net.JoinHostPort(host, fmt.Sprint(opened.Port))
	}
	return "http://" + addr
}

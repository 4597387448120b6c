package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"aicmcp/server/delegate"
	"aicmcp/server/resource"
)

const (
	// shutdownTime is how long calls under way may take to end.
	shutdownTime = 20 * time.Second

	headerTime, requestTime, idleTime = 10 * time.Second, time.Minute, 2 * time.Minute
	maxHeader                         = 64 << 10
)

// NewRemoteFrom makes a Remote as it is configured. It asks nothing of the issuer yet.
func NewRemoteFrom(ctx context.Context, c RemoteConfig, log *slog.Logger) (*Remote, error) {
	client, err := c.HTTPClient()
	if err != nil {
		return nil, err
	}
	opts := RemoteOptions{Unguarded: c.Unguarded, Downstreams: c.Downstreams, ReadOnly: c.ReadOnly, HTTPClient: client, Logger: log}
	if c.Unguarded {
		return NewRemote(ctx, opts)
	}
	guard := resource.Options{
		URL: c.Resource, Issuer: c.Issuer, Name: "PingOne Advanced Identity Cloud MCP server",
		Scopes: c.Scopes(), AskedScopes: c.AskedScopes,
		Introspection: resource.Introspection{Mode: c.Introspection}, OwnClients: c.OwnClients,
		Origins: c.Origins, Hosts: c.Hosts, Rate: c.Rate, HTTPClient: client, Logger: log,
	}
	if c.Client != nil {
		opts.Delegator, err = delegate.New(delegate.Options{Issuer: c.Issuer, Client: c.Client, HTTPClient: client, Logger: log})
		if err != nil {
			return nil, fmt.Errorf("delegation: %w", err)
		}
		guard.Introspection.Authenticate = opts.Delegator.Authenticate
	}
	if opts.Resource, err = resource.New(guard); err != nil {
		return nil, err
	}
	return NewRemote(ctx, opts)
}

// Serve answers on a listener until ctx ends, and then lets what is under way end. A
// certificate makes it HTTPS.
func (r *Remote) Serve(ctx context.Context, listener net.Listener, certificate *tls.Certificate) error {
	srv := &http.Server{
		Handler: r.Handler(), ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(r.log.Handler(), slog.LevelDebug),
	}
	if certificate != nil {
		listener = tls.NewListener(listener, &tls.Config{
			Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		})
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := srv.Shutdown(deadline); err != nil {
		return errors.Join(fmt.Errorf("calls under way were cut off: %w", err), srv.Close())
	}
	return nil
}

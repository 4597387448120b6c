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
	"aicmcp/server/telemetry"
)

const (
	// shutdownTime is how long calls under way may take to end.
	shutdownTime = 20 * time.Second
	// flushTime is how long the collector may take, after that, for the last of the
	// telemetry.
	flushTime = 5 * time.Second

	headerTime, requestTime, idleTime = 10 * time.Second, time.Minute, 2 * time.Minute
	// answerTime is how long after its request an answer may take, with the call: who
	// reads none of it must not keep a place for ever.
	answerTime = 5 * time.Minute
	maxHeader  = 64 << 10
)

// NewRemoteFrom makes a Remote as it is configured. It asks nothing of the issuer yet.
func NewRemoteFrom(ctx context.Context, c RemoteConfig, log *slog.Logger) (_ *Remote, err error) {
	recorded, err := c.telemetry(ctx, log)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	defer func() {
		if err != nil {
			deadline, cancel := context.WithTimeout(ctx, flushTime)
			defer cancel()
			err = errors.Join(err, recorded.Shutdown(deadline))
		}
	}()
	client, err := c.HTTPClient()
	if err != nil {
		return nil, err
	}
	if client.Transport, err = telemetry.Transport(recorded, client.Transport); err != nil {
		return nil, err
	}
	opts := RemoteOptions{Unguarded: c.Unguarded, Downstreams: c.Downstreams, ReadOnly: c.ReadOnly, HTTPClient: client, Logger: log, Telemetry: recorded}
	if c.Unguarded {
		return NewRemote(ctx, opts)
	}
	ofKeys, err := telemetry.Lookups(recorded, "keys")
	if err != nil {
		return nil, err
	}
	guard := resource.Options{
		URL: c.Resource, Issuer: c.Issuer, Name: "PingOne Advanced Identity Cloud MCP server",
		Scopes: c.Scopes(), AskedScopes: c.AskedScopes,
		Introspection: resource.Introspection{Mode: c.Introspection}, OwnClients: c.OwnClients,
		Origins: c.Origins, Hosts: c.Hosts, Rate: c.Rate, HTTPClient: client, Logger: log,
		ObserveKeys: func(ctx context.Context, hit bool) { ofKeys(ctx, "", hit) },
	}
	if c.Client != nil {
		ofTokens, err := telemetry.Lookups(recorded, "delegated tokens")
		if err != nil {
			return nil, err
		}
		opts.Delegator, err = delegate.New(delegate.Options{Issuer: c.Issuer, Client: c.Client, HTTPClient: client, Logger: log, Observe: ofTokens})
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

// telemetry is nowhere unless there is a collector.
func (c RemoteConfig) telemetry(ctx context.Context, log *slog.Logger) (telemetry.Providers, error) {
	if c.Telemetry == "" {
		return telemetry.Providers{}, nil
	}
	client, err := c.HTTPClient()
	if err != nil {
		return telemetry.Providers{}, err
	}
	return telemetry.Export(ctx, telemetry.ExportOptions{Endpoint: c.Telemetry, Service: Name, Version: Version(), HTTPClient: client, Logger: log})
}

// Serve answers on a listener until ctx ends, and then lets what is under way end. A
// certificate makes it HTTPS.
func (r *Remote) Serve(ctx context.Context, listener net.Listener, certificate *tls.Certificate) error {
	defer r.flush(ctx)
	srv := &http.Server{
		Handler: r.Handler(), ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: answerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
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

// flush sends the last of the telemetry.
func (r *Remote) flush(ctx context.Context) {
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := r.opts.Telemetry.Shutdown(deadline); err != nil {
		r.log.Debug("the last of the telemetry was not sent", "error", err)
	}
}

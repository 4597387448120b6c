package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"aicmcp/server"
)

// serveHTTP is the server for remote clients.
func serveHTTP(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	settings := server.NewRemoteSettings(getenv)
	if code, done := parse(settings, "http", args, std); done {
		return code
	}
	config, err := settings.Config()
	if err != nil {
		return complain(std, err)
	}
	log := slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: config.LogLevel}))
	// Calls under way outlive ctx: Serve lets them end.
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	remote, err := server.NewRemoteFrom(calls, config, log)
	if err != nil {
		return complain(std, err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", config.Addr)
	if err != nil {
		return complain(std, fmt.Errorf("--addr: %w", err))
	}
	log.Info("serving over HTTP", "address", listener.Addr().String(), "resource", config.Resource, "issuer", config.Issuer)
	if config.Unguarded {
		log.Warn("serving without authorization: whoever reaches this address may call")
	}
	if err := remote.Serve(ctx, listener, config.Certificate); err != nil {
		log.Error("the server ended", "error", err)
		return exitFailure
	}
	return exitOK
}

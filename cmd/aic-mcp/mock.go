package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/auth"
)

// serveTenant serves a tenant on a free port of the loopback interface until
// ctx ends.
func serveTenant(ctx context.Context, tenant *mockaic.Tenant, log *slog.Logger) (address string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("start the embedded tenant: %w", err)
	}
	server := &http.Server{Handler: tenant, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() {
		if err := server.Close(); err != nil {
			log.Debug("embedded tenant", "error", err)
		}
	})
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the embedded tenant stopped", "error", err)
		}
	}()
	return "http://" + listener.Addr().String(), nil
}

// startMock makes the embedded tenant of --mock and points the settings at it.
// Its login is kept in memory, like the tenant itself, and may return to any
// port.
func startMock(ctx context.Context, settings *server.Settings, stderr io.Writer) error {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	tenant, err := mockaic.New(mockaic.LoopbackRedirects(auth.DefaultClientID), mockaic.Logger(log))
	if err != nil {
		return fmt.Errorf("start the embedded tenant: %w", err)
	}
	address, err := serveTenant(ctx, tenant, log)
	if err != nil {
		return err
	}
	settings.Set("base-url", address)
	settings.Set("ca-file", "")
	settings.Set("login", "browser")
	settings.Set("service-account-key", "")
	settings.Set("token-store", "memory")
	settings.Set("redirect-port", "0")
	settings.Set("client-id", auth.DefaultClientID)
	settings.Set("exchange-client-id", auth.DefaultExchangeClientID)
	fmt.Fprintf(stderr, "aic-mcp: a fake tenant is at %s; log in as admin@example.com with %s\n", address, mockaic.Password)
	return nil
}

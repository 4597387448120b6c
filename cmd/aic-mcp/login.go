package main

import (
	"context"
	"errors"
	"fmt"

	"aicmcp/server"
	"aicmcp/server/auth"
	"aicmcp/server/tokenstore"
)

func login(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	settings := server.NewSettings(getenv)
	if code, done := parse(settings, "login", args, std); done {
		return code
	}
	a, err := build(ctx, settings, std)
	switch {
	case err != nil:
	case a.config.Login == auth.ServiceAccounts:
		fmt.Fprintln(std.out, "A service account needs no login; aic-mcp doctor says whether it works.")
		return exitOK
	case a.config.TokenStore == tokenstore.Memory:
		err = errors.New("the token store is memory, so this login would be forgotten at once")
	}
	if err != nil {
		return complain(std, err)
	}
	if err := a.bearers.Login(ctx); err != nil {
		return giveUp(ctx, std, err)
	}
	fmt.Fprintf(std.out, "Logged in to %s.\n", a.config.BaseURL.Host)
	return exitOK
}

func logout(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	settings := server.NewSettings(getenv)
	if code, done := parse(settings, "logout", args, std); done {
		return code
	}
	a, err := build(ctx, settings, std)
	if err != nil {
		return complain(std, err)
	}
	if a.config.Login == auth.ServiceAccounts {
		fmt.Fprintln(std.out, "A service account has no login that could be ended.")
		return exitOK
	}
	forgotten, err := a.bearers.Logout(ctx)
	if err != nil {
		return giveUp(ctx, std, err)
	}
	if forgotten == (tokenstore.Login{}) {
		fmt.Fprintf(std.out, "Nobody was logged in to %s.\n", a.config.BaseURL.Host)
		return exitOK
	}
	fmt.Fprintf(std.out, "The login to %s is forgotten.\n", a.config.BaseURL.Host)
	if err := a.bearers.Revoke(ctx, forgotten); err != nil {
		return giveUp(ctx, std, fmt.Errorf("the login is not ended at the tenant, where its tokens are good until they expire: %w", err))
	}
	return exitOK
}

// giveUp says why a command failed.
func giveUp(ctx context.Context, std streams, err error) int {
	if ctx.Err() != nil {
		err = fmt.Errorf("interrupted: %w", err)
	}
	fmt.Fprintf(std.err, "aic-mcp: %v\n", err)
	return exitFailure
}

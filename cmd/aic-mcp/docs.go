package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"aicmcp/server"
)

// docs rewrites the tables of a README, or says that they are out of date.
func docs(_ context.Context, args []string, std streams, _ func(string) string) int {
	fs := flag.NewFlagSet("aic-mcp docs", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	check := fs.Bool("check", false, "fail if a table is out of date; change nothing")
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(std.out, "Usage: aic-mcp docs [--check] [FILE]   (FILE is README.md if left out)")
		return exitOK
	}
	if err == nil && fs.NArg() > 1 {
		err = fmt.Errorf("unexpected argument %q", fs.Arg(1))
	}
	if err != nil {
		return complain(std, err)
	}
	path := "README.md"
	if fs.NArg() == 1 {
		path = fs.Arg(0)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		return complain(std, err)
	}
	updated, err := server.UpdateDocs(string(old))
	if err != nil {
		return complain(std, fmt.Errorf("%s: %w", path, err))
	}
	switch {
	case updated == string(old):
		return exitOK
	case *check:
		fmt.Fprintf(std.err, "aic-mcp: a table in %s is out of date; run aic-mcp docs\n", path)
		return exitFailure
	}
	if err := os.WriteFile(path, []byte(updated), 0o644); err != nil {
		fmt.Fprintf(std.err, "aic-mcp: %v\n", err)
		return exitFailure
	}
	return exitOK
}

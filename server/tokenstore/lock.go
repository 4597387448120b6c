package tokenstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a lock is tried that another process has: none of the
// systems tells when it is free.
const lockPoll = 100 * time.Millisecond

// lockFile locks a file of the key's in dir. The file stays: to remove it would
// take it from under a process that waits for it. The system unlocks it when a
// process dies.
func lockFile(ctx context.Context, dir, key string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock login: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "login-"+digest(key)+".lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return nil, fmt.Errorf("lock login: %w", err)
	}
	return func() { _ = lock.Unlock() }, nil
}

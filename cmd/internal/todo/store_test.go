package todo_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aicmcp/cmd/internal/todo"
)

// storeToWrite makes the test binary a process that writes to the store of that name.
const storeToWrite = "TODO_TEST_STORE"

func TestMain(m *testing.M) {
	if file := os.Getenv(storeToWrite); file != "" {
		fmt.Fprintln(os.Stderr, write(file, os.Stdout))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// write adds, completes and deletes todos of several users until it is killed. It
// says what it has done when that is done.
func write(file string, stdout io.Writer) error {
	store, err := todo.Open(file)
	if err != nil {
		return err
	}
	failed := make(chan error)
	var line sync.Mutex
	say := func(words ...any) {
		line.Lock()
		defer line.Unlock()
		fmt.Fprintln(stdout, words...)
	}
	for user := range 4 {
		name := fmt.Sprint("user", user)
		go func() {
			for {
				if err := writeOnce(store, name, say); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

func writeOnce(store *todo.Store, user string, say func(...any)) error {
	kept, err := store.Add(user, strings.Repeat("x", todo.MaxText), time.Now())
	if err != nil {
		return err
	}
	say("added", user, kept.ID)
	yes := true
	if _, err := store.Change(user, kept.ID, todo.Change{Completed: &yes}); err != nil {
		return err
	}
	say("completed", user, kept.ID)
	gone, err := store.Add(user, "short-lived", time.Now())
	if err != nil {
		return err
	}
	if err := store.Delete(user, gone.ID); err != nil {
		return err
	}
	say("deleted", user, gone.ID)
	return nil
}

// TestWhatIsAcknowledgedSurvivesKill kills a process in the middle of its writes,
// again and again with the same file.
func TestWhatIsAcknowledgedSurvivesKill(t *testing.T) {
	file := filepath.Join(t.TempDir(), "todo.db")
	acknowledged := map[string]string{} // what was done last, by user and ID
	for _, lines := range []int{1, 2, 7, 40, 90} {
		killWriter(t, file, lines, acknowledged)
		store := open(t, file)
		found := map[string]bool{} // whether completed
		for _, user := range []string{"user0", "user1", "user2", "user3"} {
			todos, err := store.List(user)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range todos {
				found[user+" "+entry.ID] = entry.Completed
			}
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		for key, done := range acknowledged {
			completed, ok := found[key]
			if ok != (done != "deleted") || done == "completed" && !completed {
				t.Errorf("killed after %d lines: %s was %s; there %t, completed %t", lines, key, done, ok, completed)
			}
		}
	}
	if len(acknowledged) < 40 {
		t.Errorf("only %d todos were written", len(acknowledged))
	}
}

// killWriter kills a writer that has said so many lines and goes on.
func killWriter(t *testing.T, file string, lines int, acknowledged map[string]string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), storeToWrite+"="+file)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	output := bufio.NewReader(stdout)
	for n := 1; ; n++ {
		line, err := output.ReadString('\n')
		if err == io.EOF {
			break // without a line break at its end, the line was not said
		}
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(line)
		acknowledged[words[1]+" "+words[2]] = words[0]
		if n == lines {
			if err := command.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := command.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("the writer was not killed: %v %s", err, &stderr)
	}
}

func open(t *testing.T, file string) *todo.Store {
	t.Helper()
	store, err := todo.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	used, other := filepath.Join(dir, "used.db"), filepath.Join(dir, "other.db")
	open(t, used)
	if err := os.WriteFile(other, bytes.Repeat([]byte("no database\n"), 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		used:                            "in use by another process",
		other:                           "invalid database",
		filepath.Join(dir, "x", "y.db"): "no such file",
		dir:                             "is a directory",
	} {
		if store, err := todo.Open(file); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v %v", file, store, err)
		}
	}
	if text, err := os.ReadFile(other); err != nil || !bytes.HasPrefix(text, []byte("no database\n")) {
		t.Errorf("the file of others was changed: %v", err)
	}
	if info, err := os.Stat(used); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the database: %v %v", info.Mode(), err)
	}
}

// TestFilesThatWereCutOffAreRefused cuts a file off after each of its pages. The
// last of them may be unused.
func TestFilesThatWereCutOffAreRefused(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.db")
	store := open(t, whole)
	const entries = 100
	for range entries {
		if _, err := store.Add("ann", strings.Repeat("x", todo.MaxText), time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	complete := 0
	for size := os.Getpagesize(); size < len(text); size += os.Getpagesize() {
		cut := filepath.Join(t.TempDir(), "cut.db")
		if err := os.WriteFile(cut, text[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		store, err := todo.Open(cut)
		if err != nil {
			continue
		}
		complete++
		if todos, err := store.List("ann"); err != nil || len(todos) != entries {
			t.Errorf("of %d bytes: %d todos, %v", size, len(todos), err)
		}
		store.Close()
	}
	if most := len(text) / os.Getpagesize() / 2; complete > most {
		t.Errorf("%d files were taken", complete)
	}
}

// TestIDsAreUniqueUnderConcurrency adds for two users at once, all in one moment.
func TestIDsAreUniqueUnderConcurrency(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "todo.db"))
	const writers, each = 8, 15
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for n := range each {
				if _, err := store.Add(fmt.Sprint("user", writer%2), fmt.Sprint(writer, n), time.Unix(0, 0)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	ids := map[string]bool{}
	for _, user := range []string{"user0", "user1"} {
		todos, err := store.List(user)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range todos {
			ids[entry.ID] = true
		}
	}
	if len(ids) != writers*each {
		t.Errorf("%d IDs of %d todos", len(ids), writers*each)
	}
}

// TestFullListsStayFull lets callers race for the last places.
func TestFullListsStayFull(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "todo.db"))
	const racers = 8
	for n := range todo.MaxTodos - racers/2 {
		if _, err := store.Add("ann", fmt.Sprint(n), time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	results := make(chan error, racers)
	for range racers {
		go func() {
			_, err := store.Add("ann", "last", time.Unix(0, 0))
			results <- err
		}()
	}
	full := 0
	for range racers {
		if err := <-results; errors.Is(err, todo.ErrFull) {
			full++
		} else if err != nil {
			t.Error(err)
		}
	}
	todos, err := store.List("ann")
	if err != nil || len(todos) != todo.MaxTodos || full != racers/2 {
		t.Errorf("%d todos, %d refused, %v", len(todos), full, err)
	}
	if _, err := store.Add("ben", "x", time.Unix(0, 0)); err != nil {
		t.Errorf("another user's list is full, too: %v", err)
	}
	if err := store.Delete("ann", todos[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Add("ann", "again", time.Unix(0, 0)); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}

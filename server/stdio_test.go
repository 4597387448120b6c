package server

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

// hanging is a connector whose clients never get a token.
type hanging struct{ reached, cancelled chan struct{} }

func (h hanging) Client(ctx context.Context, _ []tool.Scope) (*aic.Client, error) {
	close(h.reached)
	<-ctx.Done()
	close(h.cancelled)
	return nil, ctx.Err()
}

type wire struct {
	t    *testing.T
	in   *io.PipeWriter
	out  chan string
	done chan error
	hang hanging
}

func serveOnPipes(t *testing.T, ctx context.Context) *wire {
	t.Helper()
	h := hanging{make(chan struct{}), make(chan struct{})}
	srv, err := New(ctx, Options{Connector: h})
	if err != nil {
		t.Fatal(err)
	}
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	w := &wire{t: t, in: inW, out: make(chan string, 100), done: make(chan error, 1), hang: h}
	go func() {
		w.done <- ServeStdio(ctx, srv, inR, outW)
		_ = outW.Close()
	}()
	go func() {
		defer close(w.out)
		for lines := bufio.NewScanner(outR); lines.Scan(); {
			w.out <- lines.Text()
		}
	}()
	t.Cleanup(func() { _ = inW.Close(); _ = outR.Close() })
	return w
}

func (w *wire) send(lines ...string) {
	w.t.Helper()
	for _, l := range lines {
		if _, err := io.WriteString(w.in, l+"\n"); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *wire) receive() map[string]any {
	w.t.Helper()
	line, ok := <-w.out
	if !ok {
		w.t.Fatal("no answer")
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(line), &doc); err != nil || doc["jsonrpc"] != "2.0" {
		w.t.Fatalf("stdout has %q: %v", line, err)
	}
	return doc
}

func (w *wire) open() {
	w.t.Helper()
	w.send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	if w.receive()["result"] == nil {
		w.t.Fatal("initialize failed")
	}
	w.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
}

const listCall = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"listManagedObjects","arguments":{}}}`

func TestLinesThatAreNoMessages(t *testing.T) {
	w := serveOnPipes(t, t.Context())
	w.open()
	for line, code := range map[string]float64{
		"hello":             -32700,
		`{"jsonrpc":"2.0",`: -32700,
		"\xff\xfe":          -32700,
		"42":                -32600,
		"[]":                -32600,
		`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`: -32600,
		`"` + strings.Repeat("x", maxLine) + `"`:     -32600,
	} {
		w.send(line, "", "  \r")
		doc := w.receive()
		if e, _ := doc["error"].(map[string]any); e["code"] != code || doc["id"] != nil {
			t.Errorf("%.30q: %v", line, doc)
		}
	}
	w.send(`{"jsonrpc":"2.0","id":2,"method":"ping"}` + "\r")
	if doc := w.receive(); doc["id"] != 2.0 || doc["error"] != nil {
		t.Errorf("ping: %v", doc)
	}
}

func TestLinesThatAreNoMessagesButHaveAnID(t *testing.T) {
	w := serveOnPipes(t, t.Context())
	w.open()
	for line, id := range map[string]any{
		`{"id":1,"method":"ping"}`:                          1.0,
		`{"jsonrpc":"1.0","id":"a\"b","method":"ping"}`:     "a\"b",
		`{"jsonrpc":"2.0","id":-5,"method":["tools/list"]}`: -5.0,
		`{"id":{},"method":"ping"}`:                         nil,
		`{"id":null,"method":"ping"}`:                       nil,
		`{"id":3,"result":{}}`:                              nil,
		`{"id":3,"error":{}}`:                               nil,
	} {
		w.send(line)
		doc := w.receive()
		if e, _ := doc["error"].(map[string]any); e["code"] != -32600.0 || doc["id"] != id {
			t.Errorf("%s: %v", line, doc)
		}
	}
}

func TestMethodsOfWhatIsNotDeclared(t *testing.T) {
	w := serveOnPipes(t, t.Context())
	w.open()
	for _, method := range []string{"prompts/list", "prompts/get", "resources/list", "resources/templates/list", "logging/setLevel", "completion/complete", "nope"} {
		w.send(`{"jsonrpc":"2.0","id":4,"method":"` + method + `","params":{}}`)
		doc := w.receive()
		if e, _ := doc["error"].(map[string]any); e["code"] != -32601.0 || doc["id"] != 4.0 {
			t.Errorf("%s: %v", method, doc)
		}
	}
}

// In the bubbles time passes when nothing else can happen, so if any has
// passed, the call was not cancelled, but left alone after a while.
func endsTheCall(t *testing.T, end func(w *wire, cancel func())) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := serveOnPipes(t, ctx)
		w.open()
		w.send(listCall)
		<-w.hang.reached
		began := time.Now()
		end(w, cancel)
		if err := <-w.done; err != nil {
			t.Errorf("error is %v", err)
		}
		<-w.hang.cancelled
		if !time.Now().Equal(began) {
			t.Error("the call was not cancelled")
		}
	})
}

func TestStdinClosedDuringACall(t *testing.T) {
	endsTheCall(t, func(w *wire, _ func()) { _ = w.in.Close() })
}

func TestProcessEndsDuringACall(t *testing.T) {
	endsTheCall(t, func(_ *wire, cancel func()) { cancel() })
}

func TestLastLineWithoutEnd(t *testing.T) {
	c, err := (&lines{in: strings.NewReader(`{"jsonrpc":"2.0","id":2,"method":"ping"}`), out: io.Discard}).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if msg, err := c.Read(t.Context()); err != nil || msg == nil {
		t.Errorf("%v, %v", msg, err)
	}
	if _, err := c.Read(t.Context()); err != io.EOF {
		t.Errorf("error is %v", err)
	}
}

package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// maxLine bounds a message from the client.
	maxLine = 8 << 20
	// grace is how long calls that were cancelled may take to notice.
	grace = 3 * time.Second
)

// ServeStdio serves one client, a message a line, until in ends or ctx does.
// Either ends at once, cancelling what is under way.
func ServeStdio(ctx context.Context, srv *mcp.Server, in io.Reader, out io.Writer) error {
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx, &lines{in: in, out: out}) }()
	select {
	case err := <-done:
		return ended(ctx, err)
	case <-ctx.Done():
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case err := <-done:
		return ended(ctx, err)
	case <-t.C:
		return nil
	}
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// lines is a transport of a JSON-RPC message a line. Unlike the SDK's, it
// outlives a line that is no message: that is answered with an error.
type lines struct {
	in  io.Reader
	out io.Writer
}

func (t *lines) Connect(context.Context) (mcp.Connection, error) {
	c := &lineConn{out: t.out, incoming: make(chan jsonrpc.Message), closed: make(chan struct{})}
	// This leaks if in cannot be interrupted, as the SDK's does: the process
	// is about to end then.
	go c.readAll(t.in)
	return c, nil
}

type lineConn struct {
	incoming chan jsonrpc.Message
	readErr  error // set before incoming is closed

	writing sync.Mutex
	out     io.Writer

	closing sync.Once
	closed  chan struct{}
}

func (c *lineConn) SessionID() string { return "" }

func (c *lineConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return nil
}

func (c *lineConn) Read(ctx context.Context) (jsonrpc.Message, error) {
	select {
	case msg, ok := <-c.incoming:
		if !ok {
			return nil, c.readErr
		}
		return msg, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.closed:
		return nil, io.EOF
	}
}

func (c *lineConn) Write(ctx context.Context, msg jsonrpc.Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data, err := jsonrpc.EncodeMessage(msg)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return c.writeLine(data)
}

func (c *lineConn) writeLine(data []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := c.out.Write(append(data, '\n'))
	return err
}

func (c *lineConn) readAll(in io.Reader) {
	defer close(c.incoming)
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, tooLong, err := readLine(r)
		switch {
		case tooLong:
			c.refuse(nil, jsonrpc.CodeInvalidRequest, fmt.Sprintf("the line is longer than %d bytes", maxLine))
		case len(line) > 0:
			if !c.accept(line) {
				return
			}
		}
		if err != nil {
			c.readErr = err
			return
		}
	}
}

// accept hands a line on, and reports whether anybody still wants it.
func (c *lineConn) accept(line []byte) bool {
	if !json.Valid(line) {
		c.refuse(nil, jsonrpc.CodeParseError, "the line is not JSON")
		return true
	}
	msg, err := jsonrpc.DecodeMessage(line)
	if err != nil {
		// MCP dropped batches in 2025-06-18; they are refused for all.
		c.refuse(requestID(line), jsonrpc.CodeInvalidRequest, "the line is not a JSON-RPC 2.0 message")
		return true
	}
	select {
	case c.incoming <- msg:
		return true
	case <-c.closed:
		return false
	}
}

// requestID is the ID of a line that is no message, if it has one and is no
// answer: those carry the IDs of this side.
func requestID(line []byte) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(line, &members) != nil || members["result"] != nil || members["error"] != nil {
		return nil
	}
	id := members["id"]
	if len(id) == 0 || !strings.ContainsRune(`"-0123456789`, rune(id[0])) {
		return nil
	}
	return id
}

// refuse answers a line that is no message. If that fails, so will the next
// answer, which ends the session.
func (c *lineConn) refuse(id json.RawMessage, code int64, message string) {
	data, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0",
		"id":      id,
		"error":   map[string]any{"code": code, "message": message},
	})
	if err == nil {
		_ = c.writeLine(data)
	}
}

// readLine reads a line without its end. A line that is too long is read to
// its end and dropped.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if !tooLong {
			if line = append(line, part...); len(line) > maxLine {
				line, tooLong = nil, true
			}
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return bytes.TrimSpace(line), tooLong, err
	}
}

package route

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// WriteJSON answers with body as JSON, in two-space indentation when pretty.
func WriteJSON(w http.ResponseWriter, status int, body any, pretty bool) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return fmt.Errorf("encode the answer: %w", err)
	}
	text := bytes.TrimRight(buffer.Bytes(), "\n")
	if pretty {
		w.WriteHeader(status)
		out := bufio.NewWriter(w)
		indent(out, text)
		return out.Flush()
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, err := w.Write(text)
	return err
}

// maxIndent bounds what deep nesting makes of a small document.
const maxIndent = 32

// indent lays compact JSON out as _prettyPrint does: a line for each member of
// an object, arrays on one line. Errors of out show when it is flushed.
func indent(out *bufio.Writer, compact []byte) {
	depth := 0
	var containers []byte // the brackets that are open
	line := func() {
		out.WriteByte('\n')
		out.WriteString(strings.Repeat("  ", min(depth, maxIndent)))
	}
	inString := false
	for i := 0; i < len(compact); i++ {
		c := compact[i]
		if inString {
			out.WriteByte(c)
			if c == '\\' {
				i++
				out.WriteByte(compact[i])
			}
			inString = c != '"'
			continue
		}
		switch c {
		case '"':
			inString = true
			out.WriteByte(c)
		case '{', '[':
			out.WriteByte(c)
			if closing := compact[i+1]; closing == '}' || closing == ']' {
				out.WriteByte(' ')
				out.WriteByte(closing)
				i++
				continue
			}
			containers = append(containers, c)
			if c == '{' {
				depth++
				line()
			} else {
				out.WriteByte(' ')
			}
		case '}':
			containers = containers[:len(containers)-1]
			depth--
			line()
			out.WriteByte(c)
		case ']':
			containers = containers[:len(containers)-1]
			out.WriteString(" ]")
		case ',':
			out.WriteByte(c)
			if containers[len(containers)-1] == '{' {
				line()
			} else {
				out.WriteByte(' ')
			}
		case ':':
			out.WriteString(" : ")
		default:
			out.WriteByte(c)
		}
	}
}

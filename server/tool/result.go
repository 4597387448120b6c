package tool

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/server/aic"
)

// MaxResult bounds the text of a result, in bytes.
const MaxResult = 64 << 10

func succeeded(spec Spec, doc map[string]any, trace *aic.Trace, hidden secrets) (*mcp.CallToolResult, error) {
	hidden.redact(doc)
	if ids := trace.Transactions(); len(ids) > 0 {
		doc["transactionId"] = ids[len(ids)-1]
	}
	data, err := shorten(spec, doc)
	if err != nil {
		return nil, fmt.Errorf("result of %s: %w", spec.Name, err)
	}
	return &mcp.CallToolResult{
		Content:           []mcp.Content{&mcp.TextContent{Text: string(data)}},
		StructuredContent: json.RawMessage(data),
	}, nil
}

func failed(f *Failure, trace *aic.Trace, hidden secrets) *mcp.CallToolResult {
	if f.TransactionID == "" {
		if ids := trace.Transactions(); len(ids) > 0 {
			f.TransactionID = ids[len(ids)-1]
		}
	}
	f.Message = hidden.text(f.Message)
	f.Detail = hidden.value(f.Detail)
	res := &mcp.CallToolResult{
		IsError: true,
		Content: []mcp.Content{&mcp.TextContent{Text: f.sentence()}},
	}
	if data, err := compact(map[string]any{"error": f}); err == nil {
		res.StructuredContent = json.RawMessage(data)
	}
	return res
}

// shorten writes doc in at most MaxResult bytes: the biggest member loses
// elements from its end or, if it is an object, its biggest members. The
// notice says so, and how to get the rest.
func shorten(spec Spec, doc map[string]any) ([]byte, error) {
	data, err := compact(doc)
	if err != nil || len(data) <= MaxResult {
		return data, err
	}
	name := biggest(doc)
	var notice string
	switch v := doc[name].(type) {
	case []any:
		delete(doc, spec.Cursor)
		notice, err = shortenArray(spec, doc, name, v)
	case map[string]any:
		notice, err = shortenObject(spec, doc, name, v)
	default:
		return nil, fmt.Errorf("%d bytes in %q", len(data), name)
	}
	if err != nil {
		return nil, err
	}
	doc["notice"] = notice
	data, err = compact(doc)
	if err == nil && len(data) > MaxResult {
		err = fmt.Errorf("%d bytes after cutting %q", len(data), name)
	}
	return data, err
}

// room is what notices may take.
const room = 2 << 10

func shortenArray(spec Spec, doc map[string]any, name string, all []any) (string, error) {
	doc[name] = []any{}
	rest, err := compact(doc)
	if err != nil {
		return "", err
	}
	left := MaxResult - room - len(rest)
	keep := 0
	for _, e := range all {
		data, err := compact(e)
		if err != nil {
			return "", err
		}
		if left -= len(data) + 1; left < 0 {
			break
		}
		keep++
	}
	doc[name] = all[:keep]
	return join(fmt.Sprintf("The result was too long: %s holds the first %d of %d elements.", name, keep, len(all)), spec.Less), nil
}

func shortenObject(spec Spec, doc map[string]any, name string, all map[string]any) (string, error) {
	sizes := make(map[string]int, len(all))
	total := 0
	for k, v := range all {
		data, err := compact(v)
		if err != nil {
			return "", err
		}
		sizes[k] = len(data) + len(k) + 4
		total += sizes[k]
	}
	doc[name] = map[string]any{}
	rest, err := compact(doc)
	if err != nil {
		return "", err
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		if d := sizes[b] - sizes[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	kept := maps.Clone(all)
	var dropped []string
	for _, k := range names {
		if total+len(rest)+room <= MaxResult {
			break
		}
		total -= sizes[k]
		delete(kept, k)
		dropped = append(dropped, printable(k))
	}
	doc[name] = kept
	shown := dropped[:min(len(dropped), 10)]
	what := strings.Join(shown, ", ")
	if len(shown) < len(dropped) {
		what += fmt.Sprintf(" and %d more", len(dropped)-len(shown))
	}
	return join(fmt.Sprintf("The result was too long: %s lacks its longest members %s.", name, what), spec.Less), nil
}

func join(a, b string) string { return strings.TrimSpace(a + " " + b) }

func biggest(doc map[string]any) string {
	var name string
	size := -1
	for k, v := range doc {
		if data, err := compact(v); err == nil && len(data) > size {
			name, size = k, len(data)
		}
	}
	return name
}

package tool

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/server/rest"
)

const (
	// MaxResult bounds the text of a result, in bytes.
	MaxResult = 64 << 10
	// MaxFailure bounds the text of a failure, and its object.
	MaxFailure = 16 << 10
)

func succeeded(spec Spec, doc map[string]any, trace *rest.Trace, hidden secrets) (*mcp.CallToolResult, error) {
	hidden.hide(doc)
	if id := trace.Transaction(); id != "" {
		doc["transactionId"] = id
	}
	data, err := shorten(spec, doc)
	if err != nil {
		return nil, err
	}
	return &mcp.CallToolResult{
		Content:           []mcp.Content{&mcp.TextContent{Text: string(data)}},
		StructuredContent: json.RawMessage(data),
	}, nil
}

// failed hides the secrets in all that a failure says, and bounds it.
func failed(f *Failure, trace *rest.Trace, hidden secrets) *mcp.CallToolResult {
	if f.TransactionID == "" {
		f.TransactionID = trace.Transaction()
	}
	f.TransactionID = cutString(f.TransactionID, 250)
	// Together with the detail, these are less than MaxFailure.
	for s, most := range map[*string]int{&f.Reason: 250, &f.Message: 2000, &f.Parameter: 250, &f.Hint: 3000} {
		*s = cutString(hidden.text(*s), most)
	}
	if f.Detail = hidden.value(f.Detail); size(f.Detail) > maxDetail {
		f.Detail = "left out: too long"
	}
	f.Findings = fewer(f.Findings, hidden, maxDetail-size(f.Detail))
	res := &mcp.CallToolResult{
		IsError: true,
		Content: []mcp.Content{&mcp.TextContent{Text: f.sentence()}},
	}
	if data, err := rest.Encode(map[string]any{"error": f}); err == nil {
		res.StructuredContent = json.RawMessage(data)
	}
	return res
}

// fewer is the findings without secrets, as many as fit into most bytes.
func fewer(findings []string, hidden secrets, most int) []string {
	var out []string
	for i, finding := range findings {
		finding = cutString(hidden.text(finding), maxFinding)
		// What a sentence puts around it counts too.
		if most -= size(finding) + len(" (100) ."); most < len("and 1000 more") {
			return append(out, fmt.Sprintf("and %d more", len(findings)-i))
		}
		out = append(out, finding)
	}
	return out
}

const (
	// maxDetail bounds an API's detail in a failure, and all findings together
	// with it.
	maxDetail  = 8 << 10
	maxFinding = 600
	// room is what a notice may take.
	room = 2 << 10
	// leastShare is how short a member of an object may be cut; where more
	// would have to go, members are left out instead.
	leastShare = 512
	// maxDepth is how deep a result is cut inside.
	maxDepth = 8
)

// shorten writes doc in at most MaxResult bytes. A notice tells what is gone,
// and how to ask for it.
func shorten(spec Spec, doc map[string]any) ([]byte, error) {
	data, err := rest.Encode(doc)
	if err != nil || len(data) <= MaxResult {
		return data, err
	}
	short, cuts := cutObject(doc, "", 0, MaxResult-room)
	for name, v := range doc {
		whole, _ := v.([]any)
		if left, _ := short[name].([]any); len(left) < len(whole) {
			delete(short, spec.Cursor)
			if spec.Count != "" {
				short[spec.Count] = len(left)
			}
		}
	}
	notice := cutString("The result was too long: "+strings.Join(cuts, "; "), room/2) + ". " + spec.Less
	short["notice"] = strings.TrimSpace(notice)
	return rest.Encode(short)
}

// cut shortens v to most bytes of JSON if it can, and tells what it did.
func cut(v any, path string, depth, most int) (any, []string) {
	if depth > maxDepth {
		return v, nil
	}
	switch v := v.(type) {
	case string:
		if short := cutString(v, most); short != v {
			return short, []string{fmt.Sprintf("%s holds the first %d of %d characters", path, utf8.RuneCountInString(short)-1, utf8.RuneCountInString(v))}
		}
	case []any:
		return cutArray(v, path, depth, most)
	case map[string]any:
		return cutObject(v, path, depth, most)
	}
	return v, nil
}

// cutArray keeps the first elements or, if the first alone is too long, cuts
// inside it.
func cutArray(all []any, path string, depth, most int) ([]any, []string) {
	left, keep := most-len("[]"), 0
	for keep < len(all) {
		if left -= size(all[keep]) + len(","); left < 0 {
			break
		}
		keep++
	}
	kept := all[:keep]
	var cuts []string
	if inside := most - len("[]"); keep == 0 && inside >= leastShare {
		first, inner := cut(all[0], path+"[0]", depth+1, inside)
		if size(first) <= inside {
			kept, cuts = []any{first}, inner
		}
	}
	if len(kept) < len(all) {
		cuts = append([]string{fmt.Sprintf("%s holds the first %d of %d elements", path, len(kept), len(all))}, cuts...)
	}
	return kept, cuts
}

// cutObject cuts inside the longest members, to an equal share each, or leaves
// them out where that would be next to nothing.
func cutObject(all map[string]any, path string, depth, most int) (map[string]any, []string) {
	sizes := make(map[string]int, len(all))
	for name, v := range all {
		sizes[name] = size(name) + len(":,") + size(v)
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(sizes[a]-sizes[b], strings.Compare(a, b))
	})
	left, share := most-len("{}"), 0
	for len(names) > 0 {
		if share = left / len(names); sizes[names[0]] > share && (share >= leastShare || sizes[names[0]] > left) {
			break
		}
		left -= sizes[names[0]]
		names = names[1:]
	}
	kept := maps.Clone(all)
	var cuts, gone []string
	for _, name := range slices.Backward(names) {
		inside := share - (sizes[name] - size(all[name]))
		var inner []string
		if share >= leastShare {
			kept[name], inner = cut(all[name], member(path, name), depth+1, inside)
		}
		if size(kept[name]) > inside {
			delete(kept, name)
			gone = append(gone, member("", name))
			continue
		}
		cuts = append(cuts, inner...)
	}
	if len(gone) > 0 {
		cuts = append(cuts, fmt.Sprintf("%s lacks its longest members %s", cmp.Or(path, "it"), some(gone)))
	}
	return kept, cuts
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)

// member is the path of an object's member. Names can come from an API.
func member(path, name string) string {
	if !plainName.MatchString(name) {
		name = printable(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// some lists the first ten.
func some(words []string) string {
	if more := len(words) - 10; more > 0 {
		words = append(slices.Clone(words[:10]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}

// size is the length of v as JSON.
func size(v any) int {
	data, err := rest.Encode(v)
	if err != nil {
		return MaxResult + 1
	}
	return len(data)
}

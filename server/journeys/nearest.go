package journeys

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"aicmcp/server/tool"
)

// maxNearest is how many names are proposed for one that is not known.
const maxNearest = 3

// nearest are the names that are probably meant, the most probable first.
func nearest(name string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	wanted := folded(name)
	var found []candidate
	for _, k := range known {
		f := folded(k)
		d := distance(wanted, f)
		if len(wanted) > 3 && (strings.Contains(f, wanted) || strings.Contains(wanted, f) && len(f) > 3) {
			d = min(d, 1)
		}
		if d <= max(1, min(len(wanted), len(f))/4) {
			found = append(found, candidate{k, d})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(a.distance-b.distance, len(a.name)-len(b.name), strings.Compare(a.name, b.name))
	})
	var out []string
	for _, c := range found[:min(len(found), maxNearest)] {
		out = append(out, c.name)
	}
	return out
}

// folded is what counts of a name: its letters and digits, but not that it is a
// node's.
func folded(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	if len(name) > 60 {
		name = name[:60]
	}
	return cmp.Or(strings.TrimSuffix(name, "node"), name)
}

// distance is the number of letters to change, add or take away.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// maxQuoted is how many names a finding lists.
const maxQuoted = 20

func quoted(names []string) string {
	values := make([]any, len(names))
	for i, name := range names {
		values[i] = name
	}
	return listed(values)
}

// listed quotes values of the tenant or the caller.
func listed(values []any) string {
	var words []string
	for i, v := range values {
		if i == maxQuoted {
			words = append(words, fmt.Sprintf("and %d more", len(values)-i))
			break
		}
		words = append(words, tool.Quote(fmt.Sprint(v)))
	}
	return strings.Join(words, ", ")
}

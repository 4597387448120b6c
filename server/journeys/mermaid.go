package journeys

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxDrawn bounds the nodes of a diagram, maxLabel the characters of a label
	// and maxListed the nodes of a page in it.
	maxDrawn  = 60
	maxLabel  = 80
	maxListed = 12
)

// mermaid draws the flow as a Mermaid flowchart.
func (f flow) mermaid() string {
	order, _ := f.walk()
	left := max(len(order)-maxDrawn, 0)
	order = order[:len(order)-left]
	names := map[string]string{successID: "success", failureID: "failure"}
	for i, id := range order {
		names[id] = fmt.Sprintf("n%d", i+1)
	}
	var b strings.Builder
	b.WriteString("flowchart LR\n  start([Start])\n")
	for _, id := range order {
		fmt.Fprintf(&b, "  %s[\"%s\"]\n", names[id], f.steps[id].label())
	}
	b.WriteString("  success([Success])\n  failure([Failure])\n")
	if name, drawn := names[f.entry]; drawn {
		fmt.Fprintf(&b, "  start --> %s\n", name)
	}
	for _, id := range order {
		connections := f.steps[id].connections
		for _, outcome := range slices.Sorted(maps.Keys(connections)) {
			if name, drawn := names[connections[outcome]]; drawn {
				fmt.Fprintf(&b, "  %s -->|\"%s\"| %s\n", names[id], escaped(outcome), name)
			}
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "  %%%% %d more nodes are left out\n", left)
	}
	return b.String()
}

// label is the name of a node, its type and, if it is a page, what is on it.
func (s step) label() string {
	lines := []string{escaped(s.name)}
	if s.name == "" {
		lines = nil
	}
	lines = append(lines, escaped(s.nodeType))
	for i, child := range s.children {
		if i == maxListed {
			lines = append(lines, fmt.Sprintf("+ %d more", len(s.children)-i))
			break
		}
		lines = append(lines, "+ "+escaped(child))
	}
	return strings.Join(lines, "<br>")
}

// escaped is a text that cannot end the label in which it stands, nor be markup
// there. Mermaid takes no empty label.
func escaped(text string) string {
	if text == "" {
		return " "
	}
	var b strings.Builder
	n, last, started := 0, ' ', false
	for _, r := range text {
		if n++; n > maxLabel {
			b.WriteRune('…')
			break
		}
		switch {
		case unicode.IsSpace(r), !unicode.IsGraphic(r):
			r = ' '
			b.WriteByte(' ')
		case wordy(r), strings.ContainsRune(",:!?", r),
			// Elsewhere these can be a list, a line, an emphasis or a link.
			strings.ContainsRune("-+", r) && started, r == '_' && wordy(last), r == '/' && last != ':':
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
		last, started = r, started || r != ' '
	}
	return b.String()
}

func wordy(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

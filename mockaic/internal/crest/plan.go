package crest

import (
	"iter"
	"math"
	"slices"
	"strings"
)

// probe is a question to an index: for the objects whose property equals a value or begins with it.
type probe struct {
	property, value string
	prefix          bool
}

func (p probe) ask(c Collection) iter.Seq2[uint64, Record] {
	if p.prefix {
		return c.Prefix(p.property, p.value)
	}
	return c.Equal(p.property, p.value, 0, "")
}

// candidates returns objects that all matches are among, and whether they come in the order of the query. If they do, those before
// from may be left out. Limit is how many matches are needed, 0 for all.
func (r *run) candidates(from *position, limit int) (objects iter.Seq2[uint64, Record], ordered bool) {
	ordered = !r.order.sorted
	var place uint64
	id := ""
	if ordered && from != nil {
		place, id = from.place, from.id()
	}
	if r.Filter == nil {
		return r.collection.Ascend(place, id), ordered
	}
	probes, ok := r.Filter.root.probes(r.collection)
	switch {
	case !ok || len(probes) > r.collection.Len():
		return r.collection.Ascend(place, id), ordered
	case len(probes) == 1 && !probes[0].prefix:
		return r.collection.Equal(probes[0].property, probes[0].value, place, id), ordered
	case ordered && limit > 0 && r.many(probes, limit):
		return r.collection.Ascend(place, id), ordered
	default:
		return union(r.collection, probes), false
	}
}

// many reports whether so many objects answer to probes that a walk through the collection meets as many as are needed before it has
// looked at more objects. What is found by several probes has to be looked at in whole, because it comes in another order.
func (r *run) many(probes []probe, needed int) bool {
	// With found of all objects evenly spread, the walk looks at needed*all/found.
	enough := int(math.Sqrt(float64(needed) * float64(r.collection.Len())))
	for _, p := range probes {
		for range p.ask(r.collection) {
			if enough--; enough < 0 {
				return true
			}
		}
	}
	return false
}

// union walks through the answers to all probes, each once.
func union(c Collection, probes []probe) iter.Seq2[uint64, Record] {
	return func(yield func(uint64, Record) bool) {
		seen := map[string]bool{}
		for _, p := range probes {
			for place, object := range p.ask(c) {
				v, _ := object.Member(p.property)
				if _, several := v.([]any); several || len(probes) > 1 {
					id := identifier(object)
					if seen[id] {
						continue
					}
					seen[id] = true
				}
				if !yield(place, object) {
					return
				}
			}
		}
	}
}

// probes returns probes that together find all objects that n is true of, if there are such.
func (n *node) probes(c Collection) (probes []probe, ok bool) {
	return n.probesBelow(nil, c)
}

// probesBelow is probes for a filter on what is at outer, such as the elements of an array.
func (n *node) probesBelow(outer Pointer, c Collection) (probes []probe, ok bool) {
	switch n.kind {
	case comparison:
		return n.lookups(outer, c)
	case element:
		return n.kids[0].probesBelow(slices.Concat(outer, n.field), c)
	case and:
		var choices [][]probe
		for i := range n.kids {
			if found, could := n.kids[i].probesBelow(outer, c); could {
				choices = append(choices, found)
			}
		}
		return fewest(c, choices), len(choices) > 0
	case or:
		for i := range n.kids {
			found, could := n.kids[i].probesBelow(outer, c)
			if !could {
				return nil, false
			}
			probes = append(probes, found...)
		}
		return probes, true
	default:
		return nil, false
	}
}

// lookups returns the probes of a comparison with a string. An index finds what has the same fold, which is more than equal strings.
func (n *node) lookups(outer Pointer, c Collection) (probes []probe, ok bool) {
	property := strings.Join(slices.Concat(outer, n.field), "/")
	if n.want.key.rank != rankString || !c.Indexed(property) {
		return nil, false
	}
	switch n.op {
	case opEq:
		return []probe{{property, n.want.text, false}}, true
	case opIn:
		for _, text := range n.want.set {
			probes = append(probes, probe{property, text, false})
		}
		return probes, true
	case opSw:
		// Beyond ASCII a string may begin with another one in lower case although its fold does not begin with the other's.
		return []probe{{property, n.want.text, true}}, n.want.text != "" && isASCII(n.want.text)
	default:
		return nil, false
	}
}

// peek bounds how many answers are counted to compare probes with others.
const peek = 1000

// fewest returns the choice with the fewest answers. If all have many, strings that begin alike count for more than equal ones.
func fewest(c Collection, choices [][]probe) []probe {
	if len(choices) == 0 {
		return nil
	}
	least := choices[0]
	if len(choices) == 1 {
		return least
	}
	answers := count(c, least, peek)
	for _, choice := range choices[1:] {
		if found := count(c, choice, answers); found < answers || found == peek && cost(choice) < cost(least) {
			least, answers = choice, found
		}
	}
	return least
}

// count counts the answers to probes, up to a number.
func count(c Collection, probes []probe, most int) int {
	answers := 0
	for _, p := range probes {
		for range p.ask(c) {
			if answers == most {
				return answers
			}
			answers++
		}
	}
	return answers
}

// cost guesses how many objects answer to probes.
func cost(probes []probe) int {
	cost := 0
	for _, p := range probes {
		cost++
		if p.prefix {
			cost += peek
		}
	}
	return cost
}

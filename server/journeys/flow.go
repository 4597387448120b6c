package journeys

import (
	"maps"
	"slices"

	"aicmcp/server/aic"
)

// flow is how the nodes of a journey are connected.
type flow struct {
	entry string
	steps map[string]step
}

type step struct {
	nodeType, name string
	connections    map[string]string // outcome to node
	children       []string          // types of a page's nodes
}

// flowOf reads the flow of a tree. The children of pages are not in it.
func flowOf(tree aic.Object) flow {
	entries, _ := tree["nodes"].(map[string]any)
	f := flow{aic.String(tree, "entryNodeId"), make(map[string]step, len(entries))}
	for id, e := range entries {
		entry, _ := e.(map[string]any)
		f.steps[id] = step{nodeType: aic.String(e, "nodeType"), name: aic.String(e, "displayName"), connections: connectionsOf(entry)}
	}
	return f
}

func connectionsOf(entry aic.Object) map[string]string {
	out := map[string]string{}
	connections, _ := entry["connections"].(map[string]any)
	for outcome := range connections {
		out[outcome] = aic.String(connections, outcome)
	}
	return out
}

// walk lists the nodes in the order in which they are reached, with their
// distances from the entry, and then those that are not reached, which have none.
func (f flow) walk() (order []string, distance map[string]int) {
	distance = map[string]int{}
	reach := func(id string, steps int) {
		_, is := f.steps[id]
		if _, been := distance[id]; is && !been {
			distance[id] = steps
			order = append(order, id)
		}
	}
	reach(f.entry, 0)
	for i := 0; i < len(order); i++ {
		connections := f.steps[order[i]].connections
		for _, outcome := range slices.Sorted(maps.Keys(connections)) {
			reach(connections[outcome], distance[order[i]]+1)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.steps)) {
		if _, been := distance[id]; !been {
			order = append(order, id)
		}
	}
	return order, distance
}

const (
	left, top     = 50, 100 // of the start
	across, apart = 240, 150
)

// layout places the nodes: a column for each distance from the entry, and the ends
// behind the last.
func (f flow) layout() (nodes, static map[string]aic.Object) {
	order, distance := f.walk()
	nodes = make(map[string]aic.Object, len(order))
	rows := map[int]int{}
	last := -1
	for _, id := range order {
		column := distance[id]
		nodes[id] = at(column, rows[column])
		rows[column]++
		last = max(last, column)
	}
	static = map[string]aic.Object{
		startID:   at(-1, 0),
		successID: at(last+1, 0),
		failureID: at(last+1, 1),
	}
	return nodes, static
}

func at(column, row int) aic.Object {
	return aic.Object{"x": number(left + (column+1)*across), "y": number(top + row*apart)}
}

package store

// Difference is what a transaction did to one object: Before is nil if it made
// it, After if it deleted it.
type Difference struct {
	Collection, ID string
	Before, After  Record
}

// follow is the differences that a transaction makes, in the order in which it
// first touched the objects.
type follow struct {
	all   []Difference
	index map[[2]string]int
}

// Follow makes a Change remember what it does from now on, for Differences.
func (t *Tx) Follow() {
	t.mustWrite()
	t.follow = &follow{index: map[[2]string]int{}}
}

// Differences are what was done since Follow, as it stands now.
func (t *Tx) Differences() []Difference {
	var all []Difference
	if t.follow == nil {
		return nil
	}
	for _, d := range t.follow.all {
		if d.Before != nil || d.After != nil {
			all = append(all, d)
		}
	}
	return all
}

func (f *follow) note(collection, id string, before, after *record) {
	if f == nil {
		return
	}
	key := [2]string{collection, id}
	at, known := f.index[key]
	if !known {
		at = len(f.all)
		f.index[key] = at
		f.all = append(f.all, Difference{Collection: collection, ID: id})
		if before != nil {
			f.all[at].Before = before
		}
	}
	f.all[at].After = nil
	if after != nil {
		f.all[at].After = after
	}
}

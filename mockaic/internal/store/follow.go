package store

// Difference is what a transaction did to one object: Before is nil if it made
// it, After if it deleted it.
type Difference struct {
	Collection, ID string
	Before, After  Record
}

// ChangeAndTell is Change, and tells what write did, in the order in which it
// first touched the objects.
func (s *Store) ChangeAndTell(write func(*Tx) error) ([]Difference, error) {
	followed := &follow{index: map[[2]string]int{}}
	err := s.Change(func(tx *Tx) error {
		tx.follow = followed
		return write(tx)
	})
	if err != nil {
		return nil, err
	}
	return followed.differences(), nil
}

// follow is the differences that a transaction makes.
type follow struct {
	all   []Difference
	index map[[2]string]int // by collection and ID
}

func (f *follow) differences() []Difference {
	var all []Difference
	for _, d := range f.all {
		if d.Before != nil || d.After != nil {
			all = append(all, d)
		}
	}
	return all
}

// note does nothing if nobody wants to know.
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

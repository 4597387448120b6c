package route

import (
	"sync"
	"time"
)

// Entry is one answered request. It holds neither query nor headers, so no
// token can get into it.
type Entry struct {
	Time          time.Time
	Method        string
	Path          string
	Status        int
	Duration      time.Duration // until the answer began
	TransactionID string
}

// Journal keeps the last requests. The zero value keeps none; set Size first.
type Journal struct {
	Size int

	mu      sync.Mutex
	entries []Entry
	next    int // where the oldest entry is, once the journal is full
}

// Add records an entry, dropping the oldest when the journal is full.
func (j *Journal) Add(entry Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) < j.Size {
		j.entries = append(j.entries, entry)
		return
	}
	if j.Size == 0 {
		return
	}
	j.entries[j.next] = entry
	j.next = (j.next + 1) % j.Size
}

// Entries returns what is kept, oldest first.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	entries := make([]Entry, 0, len(j.entries))
	entries = append(entries, j.entries[j.next:]...)
	return append(entries, j.entries[:j.next]...)
}

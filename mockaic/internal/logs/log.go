// Package logs keeps what a tenant writes to its logs, and answers
// /monitoring/logs and /keys.
package logs

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
)

// everything ends the names of the sources that are all of theirs.
const everything = "-everything"

// sources are those that a tenant lists, in its order: those recorded, and
// environment-access, which is documented.
var sources = []route.Source{
	route.AMAccess, route.AMActivity, route.AMAuthentication, route.AMConfig, route.AMCore, "am" + everything,
	route.EnvironmentAccess,
	route.IDMAccess, route.IDMActivity, route.IDMAuthentication, route.IDMConfig, route.IDMCore, "idm" + everything,
	"idm-recon", "idm-sync",
}

// expand replaces a roll-up by what it holds.
func expand(name route.Source) []route.Source {
	prefix, rollUp := strings.CutSuffix(string(name), everything)
	if !rollUp {
		return []route.Source{name}
	}
	var all []route.Source
	for _, source := range sources {
		if strings.HasPrefix(string(source), prefix+"-") && source != name {
			all = append(all, source)
		}
	}
	return all
}

// Log keeps the last events, up to a bound in bytes. It may be used by several
// goroutines at once.
type Log struct {
	// Limit is the bound; DefaultLimit if 0.
	Limit int
	// Instance is the part of every event's _id that tells tenants apart, Generation
	// that of cookies which tells the logs of a tenant apart.
	Instance   string
	Generation int64

	mu       sync.Mutex
	segments []segment // oldest first
	size     int       // the capacity of all segments
	sequence uint64
}

// DefaultLimit is enough for some ten thousand requests.
const DefaultLimit = 32 << 20

// segment holds events one after the other: a header, the transaction ID, the
// payload. What is written is never changed, so readers need no lock.
type segment struct {
	data  []byte
	first int64 // the earliest time of an event
	last  int64
}

const (
	maxSegment = 256 << 10
	minSegment = 4 << 10
	// segmentsInAll is into how many segments a small limit is divided: the oldest
	// is dropped as a whole.
	segmentsInAll = 16
)

// entry is one event.
type entry struct {
	at          int64 // nanoseconds since 1970
	sequence    uint64
	source      route.Source
	text        bool // the payload is a line, not JSON
	transaction string
	payload     []byte
}

// maxEvent is how long an event may be, in bytes, before its texts and lists are
// shortened.
const maxEvent = 16 << 10

// headerSize is the room that an event takes besides its texts: time, sequence,
// source, kind, and two lengths.
const headerSize = 8 + 8 + 1 + 1 + 2 + 4

// Write adds an event, a line or a JSON object, with the members that all events
// of its log have, which it puts into the object. The clock is asked when the event gets its
// place, so that places follow times unless the clock is set back.
func (l *Log) Write(source route.Source, now func() time.Time, transaction string, event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := now()
	l.sequence++
	e := entry{at: at.UnixNano(), sequence: l.sequence, source: source, transaction: transaction}
	switch event := event.(type) {
	case string:
		e.text, e.payload = true, []byte(route.Cut(event, maxEvent))
	case map[string]any:
		event["timestamp"] = at.UTC().Format("2006-01-02T15:04:05.000Z")
		event["transactionId"] = transaction
		if strings.HasSuffix(string(source), "-core") {
			event["mdc"] = map[string]any{"transactionId": transaction}
		} else {
			event["_id"] = fmt.Sprintf("%s-%d", l.Instance, l.sequence)
			event["level"], event["source"] = "INFO", "audit"
			_, event["topic"], _ = strings.Cut(string(source), "-")
		}
		if e.payload = encode(event); len(e.payload) > maxEvent {
			e.payload = shorten(e.payload)
		}
	default:
		panic(fmt.Sprintf("logs: an event is an object or a line, not a %T", event))
	}
	l.add(e)
}

// encode panics for what is not JSON: events are made by this program.
func encode(event map[string]any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(event); err != nil {
		panic(fmt.Errorf("logs: encode an event: %w", err))
	}
	return bytes.TrimRight(text.Bytes(), "\n")
}

func (l *Log) add(e entry) {
	limit := l.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	room := headerSize + len(e.transaction) + len(e.payload)
	if n := len(l.segments); n == 0 || len(l.segments[n-1].data)+room > cap(l.segments[n-1].data) {
		size := max(room, min(maxSegment, max(minSegment, limit/segmentsInAll)))
		for len(l.segments) > 0 && l.size+size > limit {
			l.size -= cap(l.segments[0].data)
			l.segments = slices.Delete(l.segments, 0, 1) // readers have the segments they began with
		}
		l.segments = append(l.segments, segment{data: make([]byte, 0, size), first: e.at, last: e.at})
		l.size += size
	}
	s := &l.segments[len(l.segments)-1]
	s.first, s.last = min(s.first, e.at), max(s.last, e.at)
	kind := byte(0)
	if e.text {
		kind = 1
	}
	data := binary.BigEndian.AppendUint64(s.data, uint64(e.at))
	data = binary.BigEndian.AppendUint64(data, e.sequence)
	data = append(data, byte(slices.Index(sources, e.source)), kind)
	data = binary.BigEndian.AppendUint16(data, uint16(len(e.transaction)))
	data = binary.BigEndian.AppendUint32(data, uint32(len(e.payload)))
	data = append(data, e.transaction...)
	s.data = append(data, e.payload...)
}

// parse reads the event that data begins with, and returns what follows. The
// payload is shared.
func parse(data []byte) (e entry, rest []byte) {
	e.at, e.sequence = int64(binary.BigEndian.Uint64(data)), binary.BigEndian.Uint64(data[8:])
	e.source, e.text = sources[data[16]], data[17] == 1
	begin := headerSize
	end := begin + int(binary.BigEndian.Uint16(data[18:]))
	stop := end + int(binary.BigEndian.Uint32(data[20:]))
	e.transaction, e.payload = string(data[begin:end]), data[end:stop]
	return e, data[stop:]
}

// position is a place in the log: that of an event.
type position struct {
	at       int64
	sequence uint64
}

func (e *entry) position() position { return position{e.at, e.sequence} }

func (p position) before(other position) bool {
	return p.at < other.at || p.at == other.at && p.sequence < other.sequence
}

// selection is what a request asks for.
type selection struct {
	sources      []route.Source
	since, until int64    // the first is exclusive
	after        position // where the page before ended
	// asWritten puts events in the order of their writing, not of their times, so
	// that none is ever written before the end of a page.
	asWritten   bool
	transaction string
	match       func(event map[string]any) bool // nil is all
	most        int
}

// precedes tells whether a position is before another in the order of the
// selection.
func (s *selection) precedes(a, b position) bool {
	if s.asWritten {
		return a.sequence < b.sequence
	}
	return a.before(b)
}

// find returns the first events of a selection, and where to go on. There is
// nowhere to go on to after the last event, but for an order in which more can be
// written. Clocks may be set back, so the times of events have no order of their
// own.
func (l *Log) find(ctx context.Context, s selection) (found []entry, next *position, err error) {
	l.mu.Lock()
	segments, last := slices.Clone(l.segments), l.sequence
	l.mu.Unlock()
	for _, segment := range segments {
		if err := ctx.Err(); err != nil {
			return nil, nil, fmt.Errorf("read the logs: %w", err)
		}
		if segment.last <= s.since || segment.first > s.until {
			continue
		}
		for data := segment.data; len(data) > 0; {
			var e entry
			if e, data = parse(data); s.selects(&e) {
				found = append(found, e)
			}
		}
	}
	slices.SortFunc(found, func(a, b entry) int {
		if s.precedes(a.position(), b.position()) {
			return -1
		}
		return 1
	})
	switch {
	case len(found) > s.most:
		found = found[:s.most]
		end := found[s.most-1].position()
		next = &end
	case s.asWritten:
		next = &position{sequence: last}
	}
	return found, next, nil
}

func (s *selection) selects(e *entry) bool {
	return e.at > s.since && e.at <= s.until && s.precedes(s.after, e.position()) && slices.Contains(s.sources, e.source) &&
		(s.transaction == "" || e.transaction == s.transaction) && (s.match == nil || s.match(e.decoded()))
}

// object is an event as the API shows it.
func (e *entry) object() map[string]any {
	object := map[string]any{
		"source":    string(e.source),
		"timestamp": time.Unix(0, e.at).UTC().Format("2006-01-02T15:04:05.000000000Z"),
		"type":      "application/json",
	}
	if e.text {
		object["type"], object["payload"] = "text/plain", string(e.payload)
		return object
	}
	object["payload"] = json.RawMessage(e.payload)
	return object
}

// decoded is an event whose payload can be searched.
func (e *entry) decoded() map[string]any {
	object := e.object()
	if !e.text {
		if payload, err := crest.DecodeJSON(e.payload); err == nil {
			object["payload"] = payload
		}
	}
	return object
}

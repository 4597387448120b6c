package admin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"aicmcp/mockaic/internal/crest"
)

// entry is an answered request.
type entry struct {
	Time          time.Time `json:"time"`
	Method        string    `json:"method"`
	Path          string    `json:"path"`
	Status        int       `json:"status"`
	Duration      float64   `json:"duration"` // milliseconds
	TransactionID string    `json:"transactionId"`
}

func (h *handler) getJournal(w http.ResponseWriter, r *http.Request) error {
	entries := []entry{}
	query := r.URL.Query()
	for _, e := range h.Journal() {
		if query.Has("transactionId") && query.Get("transactionId") != e.TransactionID {
			continue
		}
		entries = append(entries, entry{
			Time: e.Time.UTC(), Method: e.Method, Path: e.Path, Status: e.Status,
			Duration: float64(e.Duration) / float64(time.Millisecond), TransactionID: e.TransactionID,
		})
	}
	h.write(w, r, http.StatusOK, entries)
	return nil
}

func (h *handler) deleteJournal(w http.ResponseWriter, _ *http.Request) error {
	h.Forget()
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) getClock(w http.ResponseWriter, r *http.Request) error {
	h.write(w, r, http.StatusOK, map[string]any{"now": h.Now().UTC()})
	return nil
}

const (
	maxClockBody = 4 << 10
	// The clock stays where durations between any two times can be counted.
	firstYear, lastYear = 1970, 2199
)

func (h *handler) postClock(w http.ResponseWriter, r *http.Request) error {
	var move struct {
		Advance *string    `json:"advance"`
		Now     *time.Time `json:"now"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxClockBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&move)
	if err == nil {
		if _, end := decoder.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is something after the JSON value")
		}
	}
	if err != nil {
		return crest.Errorf(http.StatusBadRequest, "The body must be {\"advance\": \"1h30m\"} or {\"now\": \"2027-01-01T00:00:00Z\"}: %s", err)
	}
	now := h.Now()
	var by time.Duration
	switch {
	case (move.Advance == nil) == (move.Now == nil):
		return crest.Errorf(http.StatusBadRequest, "The body must have either advance or now")
	case move.Now != nil:
		by = move.Now.Sub(now)
	default:
		if by, err = time.ParseDuration(*move.Advance); err != nil {
			return crest.Errorf(http.StatusBadRequest, "advance must be a duration such as 1h30m or -15s: %s", err)
		}
	}
	if year := now.Add(by).UTC().Year(); year < firstYear || year > lastYear {
		return crest.Errorf(http.StatusBadRequest, "The clock can be set to the years %d to %d", firstYear, lastYear)
	}
	h.Advance(by)
	return h.getClock(w, r)
}

package logs

import (
	"context"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
)

const (
	defaultPage = 1000
	maxPage     = 1000
	day         = 24 * time.Hour
	// maxFilter bounds what a filter can cost.
	maxFilter = 8 << 10
	// What lies beyond these years cannot be counted in nanoseconds.
	firstYear, lastYear = 1700, 2250
	// tailStart is how far the first answer of a tail looks back.
	tailStart = 15 * time.Second
)

func refuse(status int, format string, args ...any) error {
	return crest.Errorf(status, format, args...)
}

// envelope is the answer to a query, in the order of a tenant.
type envelope struct {
	Result      []any   `json:"result"`
	ResultCount int     `json:"resultCount"`
	Cookie      *string `json:"pagedResultsCookie"`
	Policy      string  `json:"totalPagedResultsPolicy"`
	Total       int     `json:"totalPagedResults"`
	Remaining   int     `json:"remainingPagedResults"`
}

// onePage is a list that has no pages. Its total counts pages (recorded).
func onePage(result []any) envelope {
	if result == nil {
		result = []any{}
	}
	return envelope{Result: result, ResultCount: len(result), Policy: "NONE", Total: 1}
}

func listSources() envelope {
	result := make([]any, len(sources))
	for i, source := range sources {
		result[i] = string(source)
	}
	return onePage(result)
}

// query answers /monitoring/logs, and tail /monitoring/logs/tail.
func (s *Service) query(ctx context.Context, params crest.Params, tail bool) (any, error) {
	wanted := selection{most: defaultPage, asWritten: tail}
	var err error
	if wanted.sources, err = sourcesOf(params); err != nil {
		return nil, err
	}
	if wanted.match, err = filterOf(params); err != nil {
		return nil, err
	}
	if size, given := params.Get("_pageSize"); given {
		if wanted.most, err = strconv.Atoi(size); err != nil || wanted.most < 1 || wanted.most > maxPage {
			return nil, refuse(http.StatusBadRequest, "_pageSize must be a number from 1 to %d", maxPage)
		}
	}
	text := func(name string) string {
		value, _ := params.Get(name)
		return value
	}
	wanted.transaction = text("transactionId")
	binding := fmt.Sprintf("%d %t %q %q %q %q %q", s.options.Log.Generation, tail, wanted.sources, wanted.transaction, text("_queryFilter"), text("beginTime"), text("endTime"))
	now := s.options.Now()
	switch cookie := text("_pagedResultsCookie"); {
	case cookie != "":
		err = wanted.goOn(cookie, binding)
	case tail:
		wanted.since, wanted.until, wanted.after.at = now.Add(-tailStart).UnixNano(), math.MaxInt64, math.MinInt64
	default:
		wanted.after.at = math.MinInt64
		err = wanted.window(params, now)
	}
	if err != nil {
		return nil, err
	}
	found, next, err := s.options.Log.find(ctx, wanted)
	if err != nil {
		return nil, err
	}
	result := make([]any, len(found))
	for i := range found {
		result[i] = found[i].object()
	}
	answer := envelope{Result: result, ResultCount: len(result), Policy: "NONE", Total: -1, Remaining: -1}
	if next != nil {
		if tail { // all that is written from now on, whatever the clock says
			wanted.since = math.MinInt64
		}
		wanted.after = *next
		cookie := wanted.cookie(binding)
		answer.Cookie = &cookie
	}
	return answer, nil
}

func sourcesOf(params crest.Params) ([]route.Source, error) {
	text, given := params.Get("source")
	if !given || text == "" {
		return nil, refuse(http.StatusBadRequest, "The request parameter 'source' is missing")
	}
	var all []route.Source
	for name := range strings.SplitSeq(text, ",") {
		source := route.Source(strings.TrimSpace(name))
		if !slices.Contains(sources, source) {
			return nil, refuse(http.StatusBadRequest, "There is no log source '%s'", source)
		}
		for _, one := range expand(source) {
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all, nil
}

// filterOf reads _queryFilter. A field without its leading slash is a fault of
// the server on a tenant (recorded), not of the request.
func filterOf(params crest.Params) (func(event map[string]any) bool, error) {
	text, given := params.Get("_queryFilter")
	if !given || text == "" {
		return nil, nil
	}
	if len(text) > maxFilter {
		return nil, refuse(http.StatusBadRequest, "The _queryFilter is longer than %d bytes", maxFilter)
	}
	filter, err := crest.ParseFilter(text)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "The value '%s' for parameter '_queryFilter' could not be parsed as a valid query filter", text)
	}
	if !filter.Rooted() {
		return nil, refuse(http.StatusInternalServerError, "Internal server error")
	}
	return func(event map[string]any) bool { return filter.Match(event, crest.Exact) }, nil
}

// window reads beginTime and endTime, which may be a day apart at most.
func (s *selection) window(params crest.Params, now time.Time) error {
	begin, hasBegin, err := timeOf(params, "beginTime")
	if err != nil {
		return err
	}
	end, hasEnd, err := timeOf(params, "endTime")
	if err != nil {
		return err
	}
	if !hasEnd {
		end = now
	}
	if !hasBegin {
		begin = end.Add(-day)
	}
	if span := end.Sub(begin); span > day {
		return refuse(http.StatusBadRequest, "%.2f days worth of data requested (%s to %s). Please limit the scope of your query to within a day: Cannot request more than one days worth of logs",
			span.Hours()/24, begin.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
	} else if span < 0 {
		return refuse(http.StatusBadRequest, "beginTime must be before endTime")
	}
	s.since, s.until = begin.UnixNano(), end.UnixNano()
	return nil
}

func timeOf(params crest.Params, name string) (time.Time, bool, error) {
	text, given := params.Get(name)
	if !given || text == "" {
		return time.Time{}, false, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Year() < firstYear || at.Year() > lastYear {
		return time.Time{}, false, refuse(http.StatusBadRequest, "%s must be a time in ISO 8601, such as 2026-06-01T12:00:00Z", name)
	}
	return at, true, nil
}

// cookie names the last event of a page, the window, which may have been counted
// from the time of the first page, and what it is a cookie of.
func (s *selection) cookie(binding string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d.%d.%d.%x", s.since, s.until, s.after.at, s.after.sequence, checksum(binding)))
}

func (s *selection) goOn(cookie, binding string) error {
	text, err := base64.RawURLEncoding.DecodeString(cookie)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d.%d.%d.%d.", &s.since, &s.until, &s.after.at, &s.after.sequence)
	}
	if err != nil || cookie != s.cookie(binding) {
		return refuse(http.StatusBadRequest, "The value '%s' for parameter '_pagedResultsCookie' is not a cookie of this query", cookie)
	}
	return nil
}

func checksum(text string) uint64 {
	sum := fnv.New64a()
	// A hash takes everything.
	_, _ = io.WriteString(sum, text)
	return sum.Sum64()
}

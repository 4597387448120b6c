package logs

import (
	"errors"
	"testing"

	"aicmcp/server/tool"
)

func failure(t *testing.T, err error) *tool.Failure {
	t.Helper()
	var f *tool.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v is no failure", err)
	}
	return f
}

func TestTimes(t *testing.T) {
	for _, tc := range []struct{ begin, end, from, to string }{
		{"", "", "", ""},
		{"2026-03-01T12:00:00Z", "", "2026-03-01T12:00:00Z", ""},
		{"", "2026-03-01T12:00:00+02:00", "", "2026-03-01T10:00:00Z"},
		{"2026-03-01T12:00:00.9Z", "2026-03-02T11:59:59.1Z", "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"},
		{"2026-03-01T12:00:00.123Z", "2026-03-02T12:00:00.123Z", "2026-03-01T12:00:00.123Z", "2026-03-02T12:00:00.123Z"},
		{"2026-03-01T12:00:00.1Z", "2026-03-01T12:00:00.9Z", "2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z"},
		{"2026-03-01T12:00:00Z", "2026-03-02T13:00:00+01:00", "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"},
	} {
		from, to, err := window(tc.begin, tc.end)
		if err != nil || from != tc.from || to != tc.to {
			t.Errorf("%v: %s, %s, %v", tc, from, to, err)
		}
	}
	for _, tc := range []struct{ begin, end, parameter string }{
		{"yesterday", "", "beginTime"},
		{"", "2026-03-01", "endTime"},
		{"2026-03-01T12:00:00", "", "beginTime"},
		{"2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", "beginTime"},
		{"2026-03-01T12:00:00Z", "2026-02-01T12:00:00Z", "beginTime"},
		{"2026-03-01T12:00:00.9Z", "2026-03-01T12:00:00.1Z", "beginTime"},
		{"2026-03-01T12:00:00Z", "2026-03-02T12:00:01Z", "beginTime"},
		{"2026-03-01T12:00:00Z", "2026-03-02T12:00:00.001Z", "beginTime"},
	} {
		_, _, err := window(tc.begin, tc.end)
		if err == nil || failure(t, err).Parameter != tc.parameter {
			t.Errorf("%v: %v", tc, err)
		}
	}
}

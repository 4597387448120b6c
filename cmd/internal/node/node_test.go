package node

import "testing"

func TestOlderVersionsComeBefore(t *testing.T) {
	oldest := Version{22, 19}
	for version, want := range map[Version]bool{{22, 18}: true, {20, 20}: true, {22, 19}: false, {22, 20}: false, {26, 0}: false} {
		if got := version.before(oldest); got != want {
			t.Errorf("%s before %s: %t", version, oldest, got)
		}
	}
}

package script

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// memoryInterval is how often the memory of a running script is looked at.
const memoryInterval = 10 * time.Millisecond

// heap is what the objects of the process take, garbage included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// hasGrown tells whether the process takes more than it did by a number of bytes,
// without the garbage.
func hasGrown(before, by uint64) bool {
	if heap() <= before+by {
		return false
	}
	runtime.GC()
	return heap() > before+by
}

package mockaic_test

import (
	"testing"

	"aicmcp/mockaic"
)

func BenchmarkNew(b *testing.B) {
	for _, seed := range []string{"empty", "demo"} {
		b.Run(seed, func(b *testing.B) {
			for b.Loop() {
				if _, err := mockaic.New(mockaic.Seed(seed)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package crest_test

import (
	"fmt"
	"testing"

	"aicmcp/mockaic/internal/crest"
)

// many returns copies of the collection with ids of their own.
func many(b *testing.B, n int) []map[string]any {
	b.Helper()
	objects := make([]map[string]any, 0, n)
	for len(objects) < n {
		for _, object := range collection(b) {
			object["_id"] = fmt.Sprintf("%s-%05d", object["_id"], len(objects))
			objects = append(objects, object)
		}
	}
	return objects[:n]
}

func BenchmarkFilterMatch(b *testing.B) {
	objects := many(b, 10_000)
	for _, text := range []string{
		`_id eq "u10-00009"`, `userName sw "BO"`, `sn co "muller"`, `age gt 40 and active eq true`, `tags eq "user"`,
		`userName in '["bob.3","ivan.4"]'`,
	} {
		for _, m := range []crest.Matching{crest.IgnoreCase, crest.Exact} {
			b.Run(text+"/"+m.String(), func(b *testing.B) {
				f, err := crest.ParseFilter(text)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					for _, object := range objects {
						f.Match(object, m)
					}
				}
			})
		}
	}
}

func BenchmarkQueryRun(b *testing.B) {
	objects := stored(b, 1, many(b, 10_000))
	for _, query := range []string{
		"", "&_pageSize=50", "&_sortKeys=userName", "&_sortKeys=userName&_pageSize=50", "&_sortKeys=-age,sn&_pageSize=50",
	} {
		b.Run(query, func(b *testing.B) {
			p, err := crest.ParseParams("_queryFilter=true" + query)
			if err != nil {
				b.Fatal(err)
			}
			q, err := p.Query()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := run(objects, q, crest.RunOptions{Seed: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package mockaic_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"aicmcp/mockaic"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
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

const (
	fewUsers, manyUsers = 100, 100_000
	benchSeed           = 7
	benchUsers          = "managed/alpha_user"
	// millionUsers is the variable that asks for the benchmark of a million users.
	millionUsers = "MILLION"
)

var (
	givenNames = []string{"Ada", "Barbara", "Chiara", "Dmitri", "Émile", "Fatima", "Grace", "Hiroshi", "Ines", "John", "Katherine", "Liu"}
	surnames   = []string{"Andersson", "Brown", "Chen", "Dubois", "Eriksen", "Fischer", "García", "Hansen", "Ivanova", "Jensen", "Kowalski"}
	cities     = []string{"Amsterdam", "Bern", "Chicago", "Dublin", "Edinburgh", "Frankfurt am Main", "San Francisco", "Villeneuve-d'Ascq"}
)

// user is number i as a client sends it.
func user(tb testing.TB, i int) store.Object {
	tb.Helper()
	givenName, sn := givenNames[i%len(givenNames)], surnames[i/len(givenNames)%len(surnames)]
	v, err := crest.DecodeJSON(fmt.Appendf(nil, `{
		"userName": "User.%07[1]d", "givenName": %[2]q, "sn": %[3]q, "cn": "%[2]s %[3]s", "mail": "user.%07[1]d@example.com",
		"telephoneNumber": "+1 555 %07[1]d", "postalAddress": "%[1]d Main Street", "city": %[4]q, "postalCode": "%05[1]d",
		"country": "US", "stateProvince": "Oregon", "description": "Employee number %[1]d", "accountStatus": "active",
		"effectiveRoles": [], "effectiveAssignments": [], "preferences": {"updates": false, "marketing": true},
		"frIndexedString1": "department %[5]d"
	}`, i, givenName, sn, cities[i%len(cities)], i%100))
	if err != nil {
		tb.Fatal(err)
	}
	return v.(store.Object)
}

// userID is the id of number i.
func userID(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i) }

// load returns a store like a tenant's with n users.
func load(tb testing.TB, n int) *store.Store {
	tb.Helper()
	s, err := store.New(store.Options{
		Order: crest.Order(benchSeed), Fold: crest.Fold,
		Indexed: func(string) []string { return []string{"_id", "userName", "mail", "sn", "givenName", "name"} },
	})
	if err != nil {
		tb.Fatal(err)
	}
	err = s.Change(func(tx *store.Tx) error {
		for i := range n {
			tx.Put(benchUsers, userID(i), user(tb, i))
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// asker returns a function that runs a query and checks how many results it has.
func asker(tb testing.TB, s *store.Store, query string, results int) func() *crest.Page {
	tb.Helper()
	p, err := crest.ParseParams(query)
	if err != nil {
		tb.Fatal(err)
	}
	q, err := p.Query()
	if err != nil {
		tb.Fatal(err)
	}
	return func() (page *crest.Page) {
		s.View(func(tx *store.Tx) { page, err = q.Run(tx.Collection(benchUsers), crest.RunOptions{Seed: benchSeed}) })
		if err != nil || len(page.Result) != results {
			tb.Fatalf("%s: %d results, want %d; %v", query, len(page.Result), results, err)
		}
		return page
	}
}

// cost is the time that one run takes, measured for a fifth of a second.
func cost(run func()) time.Duration {
	runtime.GC() // what the preparations left behind
	for n := 1; ; n *= 2 {
		started := time.Now()
		for range n {
			run()
		}
		if taken := time.Since(started); taken > 200*time.Millisecond {
			return taken / time.Duration(n)
		}
	}
}

// against benchmarks run and reports how many times a baseline it costs.
func against(b *testing.B, baseline time.Duration, unit string, run func()) {
	b.Helper()
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(baseline), unit)
}

// The baseline is the same query of 100 users.
func BenchmarkIndexedEquality(b *testing.B) {
	few, many := load(b, fewUsers), load(b, manyUsers)
	for _, filter := range []string{
		`_id+eq+"` + userID(42) + `"`, `userName+eq+"user.0000042"`, `mail+eq+"user.0000042@example.com"`,
		`mail+in+'["user.0000042@example.com"]'`, `userName+sw+"user.0000042"`, `userName+eq+"user.0000042"&_sortKeys=sn`,
	} {
		b.Run(filter, func(b *testing.B) {
			ask := asker(b, few, "_queryFilter="+filter, 1)
			baseline := cost(func() { ask() })
			ask = asker(b, many, "_queryFilter="+filter, 1)
			against(b, baseline, "x/100-users", func() { ask() })
		})
	}
}

// The baseline reads the same field of the same objects and searches it.
func BenchmarkScan(b *testing.B) {
	s := load(b, manyUsers)
	var objects []store.Object
	s.View(func(tx *store.Tx) { objects = tx.All(benchUsers) })
	for _, needle := range []string{"nowhere", "francisco"} {
		b.Run(needle, func(b *testing.B) {
			found := 0
			baseline := cost(func() {
				found = 0
				for _, object := range objects {
					if city, ok := object["city"].(string); ok && contains(city, needle) {
						found++
					}
				}
			})
			ask := asker(b, s, `_countOnly=true&_queryFilter=city+co+"`+needle+`"`, 0)
			if total := ask().Total; total != found {
				b.Fatalf("%d users found, want %d", total, found)
			}
			against(b, baseline, "x/loop", func() { ask() })
		})
	}
}

// contains ignores the case of ASCII letters.
func contains(text, lower string) bool {
search:
	for i := 0; i+len(lower) <= len(text); i++ {
		for j := range len(lower) {
			c := text[i+j]
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			if c != lower[j] {
				continue search
			}
		}
		return true
	}
	return false
}

// The baseline is the first page.
func BenchmarkCookieWalk(b *testing.B) {
	s := load(b, manyUsers)
	for _, filter := range []string{`true`, `userName+sw+"user"`, `accountStatus+eq+"active"`, `true&_sortKeys=userName`} {
		b.Run(filter, func(b *testing.B) {
			query := "_pageSize=50&_queryFilter=" + filter
			ask := asker(b, s, query, 50)
			baseline := cost(func() { ask() })
			page := asker(b, s, query+"&_pagedResultsOffset=49900", 50)() // number 999
			ask = asker(b, s, query+"&_pagedResultsCookie="+page.Cookie, 50)
			against(b, baseline, "x/page-1", func() { ask() })
		})
	}
}

// memory returns the size of the heap after a collection.
func memory() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // the first one may only find what the second one frees
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// reportMemory reports the size of n users, and how many times their JSON that is.
func reportMemory(b *testing.B, s *store.Store, n int, before uint64) {
	b.Helper()
	size, text := float64(memory()-before), 0
	s.View(func(tx *store.Tx) {
		for i := range n {
			data, err := json.Marshal(tx.Get(benchUsers, userID(i)))
			if err != nil {
				b.Fatal(err)
			}
			text += len(data)
		}
	})
	b.ReportMetric(size/float64(n), "B/user")
	b.ReportMetric(float64(text)/float64(n), "JSON-B/user")
	b.ReportMetric(size/float64(text), "x/JSON")
}

// The baseline is the JSON of the users.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := memory()
		s := load(b, manyUsers)
		reportMemory(b, s, manyUsers, before)
	}
}

// The baseline is the same query without a writer, on as many processors.
func BenchmarkReadersBesideWriter(b *testing.B) {
	s := load(b, manyUsers)
	ask := asker(b, s, `_queryFilter=userName+eq+"user.0000042"`, 1)
	baseline := cost(func() { ask() })
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		writes := 0
		for {
			select {
			case <-stop:
				stopped <- writes
				return
			default:
			}
			err := s.Change(func(tx *store.Tx) error {
				id := userID(writes % manyUsers)
				tx.Put(benchUsers, id, tx.Get(benchUsers, id))
				return nil
			})
			if err != nil {
				b.Error(err)
			}
			writes++
		}
	}()
	against(b, baseline, "x/alone", func() { ask() })
	close(stop)
	b.ReportMetric(float64(<-stopped)/b.Elapsed().Seconds(), "writes/s")
}

// seeded starts a tenant from a seed directory with n users, each with a role.
func seeded(b *testing.B, n int) *mockaic.Tenant {
	b.Helper()
	dir := b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "managed"), 0o700); err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "managed", "alpha_user.json"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	for i := range n {
		person := user(b, i)
		person["_id"], person["roles"] = userID(i), []any{map[string]any{"_ref": "managed/alpha_role/staff"}}
		text, err := json.Marshal(person)
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(out, "%s%s\n", map[bool]string{true: "[", false: ","}[i == 0], text)
	}
	fmt.Fprintln(out, "]")
	role := filepath.Join(dir, "managed", "alpha_role.json")
	if err := errors.Join(out.Flush(), os.WriteFile(role, []byte(`[{"_id":"staff","name":"staff"}]`), 0o600)); err != nil {
		b.Fatal(err)
	}
	tenant, err := mockaic.New(mockaic.Seed(dir), mockaic.DevToken("dev"))
	if err != nil {
		b.Fatal(err)
	}
	return tenant
}

// ask sends a request to a tenant and returns the size of the answer.
func ask(tb testing.TB, tenant *mockaic.Tenant, path string) int {
	tb.Helper()
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.RemoteAddr = "127.0.0.1:1"
	request.Header.Set("Authorization", "Bearer dev")
	answer := httptest.NewRecorder()
	tenant.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		tb.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
	}
	return answer.Body.Len()
}

// A whole tenant with everything that belongs to a user: sidecar, relationship,
// private properties, indexes. The baselines are the JSON that a query
// returns of them, and a tenant with 100 of them. MILLION=1 makes it a million users, which
// takes a few minutes and GB.
func BenchmarkTenant(b *testing.B) {
	n := manyUsers
	if os.Getenv(millionUsers) != "" {
		n *= 10
	}
	const query = `/openidm/managed/alpha_user?_fields=userName&_queryFilter=userName+eq+%22user.0000042%22`
	few := seeded(b, fewUsers)
	baseline := cost(func() { ask(b, few, query) })
	before, started := memory(), time.Now()
	tenant := seeded(b, n)
	loading := time.Since(started)
	size := float64(memory() - before)
	const page = 1000
	text := ask(b, tenant, fmt.Sprint("/openidm/managed/alpha_user?_queryFilter=true&_pageSize=", page)) * n / page
	against(b, baseline, "x/100-users", func() { ask(b, tenant, query) })
	b.ReportMetric(loading.Seconds(), "s-to-load")
	b.ReportMetric(size/float64(n), "B/user")
	b.ReportMetric(size/float64(text), "x/JSON")
}

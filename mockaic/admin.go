package mockaic

import (
	"net/http"
	"time"

	"aicmcp/mockaic/internal/admin"
)

// Admin returns the API for whoever runs the tenant. GET / of it lists what there
// is: the content as a seed, a reset, the journal, the clock, new keys. It asks for no
// credentials: serve it on a loopback address of its own.
func (t *Tenant) Admin() http.Handler {
	return admin.New(admin.Tenant{
		Export: t.Export, Import: t.Import, Wanted: wanted, Reset: t.Reset,
		Journal: t.Requests, Forget: t.forgetRequests,
		Now:     func() time.Time { return t.current.Load().clock.now() },
		Advance: t.Advance, RotateKeys: t.RotateKeys, Logger: t.settings.logger,
	})
}

// wanted tells whether readSeed would read a file.
func wanted(name string) (bool, error) {
	if ignored(name) {
		return false, nil
	}
	_, _, err := seedFile(name)
	return err == nil, err
}

package mockaic

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"aicmcp/mockaic/internal/am"
	"aicmcp/mockaic/internal/esv"
	"aicmcp/mockaic/internal/idm"
	"aicmcp/mockaic/internal/store"
)

// Export writes all that the tenant holds to a seed directory, which must be
// empty or not be there. It shows one moment, whatever is written meanwhile.
//
// A seed directory has any of these files:
//
//	config/ID.json             the document of /openidm/config/ID
//	managed/TYPE.json          an array of objects; relationship properties hold
//	                           references such as {"_ref": "managed/alpha_role/ID"}
//	internal/role.json         an array of internal roles
//	am/REALM/oauth-oidc.json   the settings of the realm's OAuth provider
//	am/REALM/authentication.json  how the realm authenticates
//	am/REALM/scripts.json      an array of scripts, as the API shows them
//	am/REALM/OAuth2Client.json  an array of OAuth clients as lists show them; each may
//	                           have its secret in userpassword, and its applicationType
//	am/root/CorsService.json   an array of entries of the CORS service
//	esv/variables.json         an array of variables, as the API shows them
//	esv/secrets.json           an array of secrets; each has an array versions,
//	                           oldest first, with the valueBase64 of each version
//	keys.json                  an array of API keys for the logs, as they were made
//	clients.json               an array of the root realm's OAuth clients: clientId, clientType
//	                           (Public or Confidential), redirectionUris, scopes,
//	                           grantTypes, mayAct ({"client_id": who may exchange})
//	tenant.json                {"complete": true} if nothing shall be added
//
// What is missing is stock, unless tenant.json says that the seed is complete,
// as that of every export does. A name may hold percent escapes, so that an ID
// can have any character. Files that end in .md are left alone, and so are files
// and folders whose name begins with a dot.
//
// Objects are checked as if a client created them, and get what a new object
// gets. But an object with a _rev, as exports write them, is taken as it is,
// with its revision and without any checks. It holds its private properties,
// too; its password is as the directory encodes it. Its relationships may have an
// _id and a _rev among their _refProperties, which are kept; each is written at
// one of its ends. Sidecars such as those of managed/alpha_usermeta are written
// like other objects, and an object that was taken as it is gets no new one.
// Objects outlive their type, in exports as in the tenant. What was stored under
// earlier definitions, and can't be told by the present ones, is below earlier.
//
// Passwords, secrets and those of OAuth clients are in an export; sessions, consents,
// codes and tokens are not, nor are the logs, the journal, pending faults and the
// clock.
func (t *Tenant) Export(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := checkVacant(dir); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	// A neighbour becomes the directory, so that there is never half an export.
	draft, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer os.RemoveAll(draft)
	if err := t.current.Load().export(draft); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("export: %w", err)
	}
	if err := os.Rename(draft, dir); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func checkVacant(dir string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("the directory %s is not empty", dir)
	}
	return err
}

// Import replaces what the tenant holds by what a seed directory has. If
// something in it is wrong, the tenant stays as it was. Requests that are under
// way end on the former content. Sessions, tokens and the count of requests for
// logs are gone afterwards; the logs, the journal, pending faults and the clock
// stay, and so does what options say of OAuth clients.
func (t *Tenant) Import(dir string) error {
	t.changing.Lock()
	defer t.changing.Unlock()
	seed, err := readSeed(dir)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	former := t.current.Load()
	next, err := t.build(seed, former.clock, former.chance, former.log)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	t.current.Store(next)
	return nil
}

// Reset makes the tenant what it was when New returned it: its content, the
// sequence of what depends on chance, the clock. Logs and journal are empty then,
// and no faults are pending.
func (t *Tenant) Reset() error {
	t.changing.Lock()
	defer t.changing.Unlock()
	first, err := t.first()
	if err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	t.current.Store(first)
	t.forgetRequests()
	t.faults.clear()
	return nil
}

// Advance moves the tenant's clock, back if d is negative.
func (t *Tenant) Advance(d time.Duration) { t.current.Load().clock.offset.Add(int64(d)) }

// RotateKeys gives the OAuth providers new keys for signatures. The older ones stay
// in the JWKS, and what they signed stays good.
func (t *Tenant) RotateKeys() error { return t.current.Load().oauth.RotateKeys() }

// export writes the content to a directory that is there and empty.
func (c *content) export(dir string) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	w := seedWriter{root}
	if err := w.document(markerFile, marker{Complete: true}); err != nil {
		return err
	}
	if len(c.clients) > 0 {
		if err := w.document("clients.json", c.clients); err != nil {
			return err
		}
	}
	if err := c.esvs.Settle(); err != nil {
		return err
	}
	c.store.View(func(tx *store.Tx) {
		if err = checkPlaces(tx); err != nil {
			return
		}
		var data idm.Data
		if data, err = c.identities.Export(tx); err == nil {
			err = w.data(data)
		}
		if err == nil {
			err = w.access(c.access.Export(tx))
		}
		if err == nil {
			err = w.esvs(c.esvs.Export(tx))
		}
		if keys := c.logs.Export(tx); err == nil && len(keys) > 0 {
			err = w.document(keysFile, keys)
		}
	})
	return err
}

// seedPlaces are how the names of all collections begin that a seed has a place for.
var seedPlaces = []string{"am/", "config", "esv/", "internal/", "logs/", "managed/", "private/", "relationships"}

// checkPlaces makes sure that nothing is forgotten.
func checkPlaces(tx *store.Tx) error {
	for _, collection := range tx.Collections() {
		if !slices.ContainsFunc(seedPlaces, func(place string) bool { return strings.HasPrefix(collection, place) }) {
			return fmt.Errorf("a seed has no place for the collection %s", collection)
		}
	}
	return nil
}

// seedWriter writes the files of a seed.
type seedWriter struct{ root *os.Root }

func (w seedWriter) data(data idm.Data) error {
	for _, id := range slices.Sorted(maps.Keys(data.Configs)) {
		if err := w.document(seedName("config", id), data.Configs[id]); err != nil {
			return err
		}
	}
	for _, collection := range slices.Sorted(maps.Keys(data.Objects)) {
		folder, name, _ := strings.Cut(collection, "/")
		if err := w.objects(seedName(folder, name), data.Objects[collection]); err != nil {
			return err
		}
	}
	for _, collection := range slices.Sorted(maps.Keys(data.Earlier)) {
		if err := w.objects(seedName("earlier", collection), data.Earlier[collection]); err != nil {
			return err
		}
	}
	return nil
}

func (w seedWriter) access(data am.Data) error {
	for _, name := range slices.Sorted(maps.Keys(data.Settings)) {
		if err := w.document(seedName("am", name), data.Settings[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(data.Lists)) {
		if err := w.objects(seedName("am", name), idm.List(data.Lists[name])); err != nil {
			return err
		}
	}
	return nil
}

func (w seedWriter) esvs(data esv.Data) error {
	return errors.Join(
		w.objects(seedName("esv", variablesSeed), idm.List(data.Variables)),
		w.objects(seedName("esv", secretsSeed), idm.List(data.Secrets)),
	)
}

// seedName is the file for what has an ID, in a folder. Names that mean
// something to a file system or to readSeed are escaped.
func seedName(folder, id string) string {
	elements := strings.Split(id, "/")
	if slices.Contains(elements, "") {
		elements = []string{id}
	}
	for i, element := range elements {
		element = strings.ReplaceAll(url.PathEscape(element), ":", "%3A")
		if rest, hidden := strings.CutPrefix(element, "."); hidden {
			element = "%2E" + rest
		}
		if stem, isFile := strings.CutSuffix(element, ".json"); isFile && i < len(elements)-1 {
			element = stem + "%2Ejson"
		}
		elements[i] = element
	}
	return path.Join(folder, path.Join(elements...)) + ".json"
}

// create makes a file for its owner only, since a seed can hold secrets. One that
// is there already, as where names differ by case only and the file system
// ignores that, is an error.
func (w seedWriter) create(name string) (*os.File, error) {
	if err := w.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return nil, err
	}
	return w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func (w seedWriter) document(name string, value any) (err error) {
	text, err := indented(value, "")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	file, err := w.create(name)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	return errors.Join(err, file.Close())
}

// indented is JSON that people can read, with sorted names.
func indented(value any, prefix string) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, "  ")
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(text.Bytes(), "\n"), nil
}

// objects writes an array, or no file if there are none.
func (w seedWriter) objects(name string, objects idm.Objects) (err error) {
	var file *os.File
	var out *bufio.Writer
	for object, err := range objects {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		before := ",\n  "
		if file == nil {
			if file, err = w.create(name); err != nil {
				return err
			}
			defer file.Close()
			out, before = bufio.NewWriter(file), "[\n  "
		}
		text, err := indented(object, "  ")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out.WriteString(before)
		out.Write(text)
	}
	if file == nil {
		return nil
	}
	out.WriteString("\n]\n")
	return errors.Join(out.Flush(), file.Close())
}

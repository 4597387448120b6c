package mockaic

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strings"

	"aicmcp/mockaic/internal/am"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/esv"
	"aicmcp/mockaic/internal/idm"
	"aicmcp/mockaic/internal/logs"
	"aicmcp/mockaic/internal/oauth"
	"aicmcp/mockaic/internal/store"
)

// Password is that of the people of the built-in seeds who can log in.
const Password = "Passw0rd!"

// seedData is all that a tenant starts with.
type seedData struct {
	data    idm.Data
	access  am.Data
	clients []oauth.Client
	esvs    esv.Data
	keys    []logs.Key
	agents  bool   // AI agents are enabled
	digest  []byte // of the files that the data comes from
}

// marker is tenant.json, which says how the rest of a seed directory is meant.
type marker struct {
	// Complete leaves out all that is stock.
	Complete bool `json:"complete"`
}

const (
	markerFile = "tenant.json"
	keysFile   = "keys.json"
)

// The files below esv.
const variablesSeed, secretsSeed = "variables", "secrets"

func loadSeed(name string, chance uint64, remote *remoteMCP) (*seedData, error) {
	switch name {
	case "empty":
		return stockSeed(), nil
	case "demo":
		seed := stockSeed()
		types, err := idm.StockTypesWith(agentsFeature)
		if err != nil {
			return nil, err
		}
		seed.data.Configs["managed"], seed.agents = types, true
		seed.access.SignWithPublicKeys(idm.Realms)
		seed.esvs = demoESVs()
		if err := seed.access.AdmitMCP("alpha", remote.admission()); err != nil {
			return nil, err
		}
		for path, objects := range demoObjects(chance) {
			seed.data.Objects[path] = idm.List(objects)
		}
		return seed, nil
	}
	seed, err := readSeed(name)
	if errors.Is(err, errNoDirectory) {
		return nil, errors.New("is neither demo nor empty nor a directory")
	}
	return seed, err
}

// stockSeed is what a tenant holds on its first day.
func stockSeed() *seedData {
	seed := &seedData{
		data: idm.Data{
			Configs: idm.StockConfig(),
			Objects: map[string]idm.Objects{
				"internal/role":      idm.List(idm.StockInternalRoles()),
				"managed/teammember": idm.List(stockAdministrators()),
			},
			Earlier: map[string]idm.Objects{},
		},
		access:  am.Stock(idm.Realms),
		clients: stockClients(),
	}
	seed.data.Configs["managed"] = idm.StockTypes()
	return seed
}

var errNoDirectory = errors.New("not a directory")

func readSeed(name string) (*seedData, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, errNoDirectory
	}
	if err != nil {
		return nil, err
	}
	seed, dir := stockSeed(), os.DirFS(name)
	var about marker
	if err := readJSON(dir, markerFile, &about); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if about.Complete {
		seed = &seedData{
			data: idm.Data{
				Configs: map[string]store.Object{}, Objects: map[string]idm.Objects{}, Earlier: map[string]idm.Objects{},
			},
			access: am.NewData(),
		}
	}
	digest, seen := sha256.New(), map[string]bool{}
	err = fs.WalkDir(dir, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || ignored(file) {
			return err
		}
		if err := addDigest(digest, dir, file); err != nil {
			return err
		}
		kind, id, err := seedFile(file)
		if err != nil {
			return err
		}
		if seen[kind+" "+id] {
			return fmt.Errorf("%s: another file has the same content under another spelling of its name", file)
		}
		seen[kind+" "+id] = true
		return seed.read(dir, file, kind, id)
	})
	seed.digest = digest.Sum(nil)
	return seed, err
}

// ignored tells of the files that a directory may have beside those of a seed.
func ignored(file string) bool {
	return strings.HasPrefix(file, ".") || strings.Contains(file, "/.") || path.Ext(file) == ".md"
}

func addDigest(digest hash.Hash, dir fs.FS, name string) error {
	file, err := dir.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	fmt.Fprintf(digest, "%q", name)
	_, err = io.Copy(digest, file)
	return err
}

// seedFile says what a file of a seed is for: its folder is that of a kind of
// content, and id is what it holds of that kind. It is the inverse of seedName.
func seedFile(name string) (kind, id string, err error) {
	unknown := fmt.Errorf("%s is not part of a seed: expected config/ID.json, managed/TYPE.json, internal/role.json, am/REALM/KIND.json, esv/variables.json, esv/secrets.json, keys.json, clients.json or %s", name, markerFile)
	if name == "clients.json" || name == keysFile || name == markerFile {
		return name, "", nil
	}
	stem, isJSON := strings.CutSuffix(name, ".json")
	folder, rest, _ := strings.Cut(stem, "/")
	if !isJSON || rest == "" {
		return "", "", unknown
	}
	if id, err = url.PathUnescape(rest); err != nil {
		return "", "", fmt.Errorf("%s: a %% in the name must begin an escape: %w", name, err)
	}
	switch folder {
	case "managed", "internal":
		return folder, folder + "/" + id, nil
	case "config", "earlier":
		return folder, id, nil
	case "esv":
		if id == variablesSeed || id == secretsSeed {
			return folder, id, nil
		}
	case "am":
		if _, known := am.IsList(id); known {
			return folder, id, nil
		}
	}
	return "", "", unknown
}

// read adds a file, or puts it in the place of stock content.
func (s *seedData) read(dir fs.FS, name, kind, id string) (err error) {
	switch kind {
	case "clients.json":
		s.clients = nil
		return readJSON(dir, name, &s.clients)
	case keysFile:
		return readJSON(dir, name, &s.keys)
	case "config":
		s.data.Configs[id], err = readDocument(dir, name)
	case "am":
		if many, _ := am.IsList(id); many {
			s.access.Lists[id], err = collect(readObjects(dir, name), name)
		} else {
			s.access.Settings[id], err = readDocument(dir, name)
		}
	case "esv":
		into := &s.esvs.Variables
		if id == secretsSeed {
			into = &s.esvs.Secrets
		}
		*into, err = collect(readObjects(dir, name), name)
	case "managed", "internal":
		s.data.Objects[id] = readObjects(dir, name)
	case "earlier":
		s.data.Earlier[id] = readObjects(dir, name)
	}
	return err
}

func readDocument(dir fs.FS, name string) (store.Object, error) {
	var document store.Object
	if err := readJSON(dir, name, &document); err != nil {
		return nil, err
	}
	if document == nil {
		return nil, fmt.Errorf("%s: not a JSON object", name)
	}
	return document, nil
}

func readJSON(dir fs.FS, name string, into any) error {
	file, err := dir.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := atEnd(decoder); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func atEnd(decoder *json.Decoder) error {
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after the JSON value")
	}
	return nil
}

// readObjects reads an array element by element. The file stays open until the
// last one is taken.
func readObjects(dir fs.FS, name string) idm.Objects {
	return func(yield func(store.Object, error) bool) {
		file, err := dir.Open(name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		decoder := json.NewDecoder(file)
		if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
			yield(nil, errors.Join(errors.New("not a JSON array"), err))
			return
		}
		for decoder.More() {
			object, err := readObject(decoder)
			if !yield(object, err) || err != nil {
				return
			}
		}
		_, err = decoder.Token()
		if err == nil {
			err = atEnd(decoder)
		}
		if err != nil {
			yield(nil, cutShort(err))
		}
	}
}

// collect reads all objects of a file.
func collect(objects idm.Objects, name string) ([]store.Object, error) {
	var all []store.Object
	for object, err := range objects {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, object)
	}
	return all, nil
}

// readObject holds an object to the rules for the body of a request.
func readObject(decoder *json.Decoder) (store.Object, error) {
	var text json.RawMessage
	if err := decoder.Decode(&text); err != nil {
		return nil, cutShort(err)
	}
	value, err := crest.DecodeJSON(text)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("not a JSON object")
	}
	return object, nil
}

// cutShort tells the end of a file within an array from that of a stream.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func stockAdministrators() []store.Object {
	return []store.Object{{
		"_id": "8a2d0f5c-3f43-4c8e-9f0e-6d1f1f6f0a01", "userName": "admin@example.com", "mail": "admin@example.com",
		"givenName": "Ada", "sn": "Admin", "accountStatus": "active", "password": Password,
	}}
}

// stockClients are those that Ping's MCP server uses. It asks for all scopes at
// login and narrows them down in an exchange for each call.
func stockClients() []oauth.Client {
	scopes := []string{"fr:am:*", "fr:idc:esv:*", "fr:idc:esv:read", "fr:idc:esv:update", "fr:idc:monitoring:*", "fr:idm:*"}
	return []oauth.Client{
		{
			ID: "AICMCPClient", Name: "AIC MCP Server", Type: "Public",
			RedirectURIs: []string{"http://localhost:3000"},
			Scopes:       scopes,
			GrantTypes:   []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"},
			MayAct:       map[string]any{"client_id": "AICMCPExchangeClient"},
		},
		{
			ID: "AICMCPExchangeClient", Name: "AIC MCP Server token exchange", Type: "Public",
			Scopes:     scopes,
			GrantTypes: []string{"urn:ietf:params:oauth:grant-type:token-exchange"},
		},
	}
}

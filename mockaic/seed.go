package mockaic

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"

	"aicmcp/mockaic/internal/idm"
	"aicmcp/mockaic/internal/oauth"
	"aicmcp/mockaic/internal/store"
)

// Password is that of the people of the built-in seeds who can log in.
const Password = "Passw0rd!"

// seedData is all that a tenant starts with.
type seedData struct {
	data    idm.Data
	clients []oauth.Client
	agents  bool // AI agents are enabled
}

func loadSeed(name string, chance uint64) (*seedData, error) {
	seed := &seedData{data: stockData(), clients: stockClients()}
	switch name {
	case "empty":
		return seed, nil
	case "demo":
		types, err := idm.StockTypesWith(agentsFeature)
		if err != nil {
			return nil, err
		}
		seed.data.Configs["managed"], seed.agents = types, true
		maps.Copy(seed.data.Objects, demoObjects(chance))
		return seed, nil
	}
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, errors.New("is neither demo nor empty nor a directory")
	}
	if err != nil {
		return nil, err
	}
	return seed, seed.read(os.DirFS(name))
}

// stockData is what a tenant holds on its first day.
func stockData() idm.Data {
	data := idm.Data{
		Configs: idm.StockConfig(),
		Objects: map[string][]store.Object{
			"internal/role":      idm.StockInternalRoles(),
			"managed/teammember": stockAdministrators(),
		},
	}
	data.Configs["managed"] = idm.StockTypes()
	return data
}

// read replaces the stock data by what a directory has.
func (s *seedData) read(dir fs.FS) error {
	return fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		stem, isJSON := strings.CutSuffix(name, ".json")
		folder, file := path.Split(name)
		switch {
		case strings.HasPrefix(file, ".") || path.Ext(file) == ".md":
			return nil
		case name == "clients.json":
			s.clients = nil
			return readJSON(dir, name, &s.clients)
		case isJSON && strings.HasPrefix(stem, "config/"):
			var document store.Object
			err := readJSON(dir, name, &document)
			s.data.Configs[strings.TrimPrefix(stem, "config/")] = document
			return err
		case isJSON && (folder == "managed/" || folder == "internal/"):
			var objects []store.Object
			err := readJSON(dir, name, &objects)
			s.data.Objects[stem] = objects
			return err
		}
		return fmt.Errorf("%s is not part of a seed: expected config/ID.json, managed/TYPE.json, internal/role.json or clients.json", name)
	})
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
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: there is something after the JSON value", name)
	}
	return nil
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
	scopes := []string{"fr:am:*", "fr:idc:esv:*", "fr:idc:monitoring:*", "fr:idm:*"}
	return []oauth.Client{
		{
			ID: "AICMCPClient", Name: "AIC MCP Server", Type: "Public",
			RedirectURIs: []string{"http://localhost:3000"},
			Scopes:       scopes,
			GrantTypes:   []string{"authorization_code", "refresh_token"},
			MayAct:       map[string]any{"client_id": "AICMCPExchangeClient"},
		},
		{
			ID: "AICMCPExchangeClient", Name: "AIC MCP Server token exchange", Type: "Public",
			Scopes:     scopes,
			GrantTypes: []string{"urn:ietf:params:oauth:grant-type:token-exchange"},
		},
	}
}

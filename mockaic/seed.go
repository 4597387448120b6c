package mockaic

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
}

func loadSeed(name string, chance uint64) (*seedData, error) {
	seed := &seedData{
		data:    idm.Data{Types: idm.StockTypes(), Administrators: stockAdministrators()},
		clients: stockClients(),
	}
	switch name {
	case "empty":
		return seed, nil
	case "demo":
		seed.data.Objects = demoObjects(chance)
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

// read replaces the stock data by what a directory has.
func (s *seedData) read(dir fs.FS) error {
	s.data.Objects = map[string][]store.Object{}
	return fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		switch folder, file := path.Split(name); {
		case name == "config/managed.json":
			s.data.Types = nil
			return readJSON(dir, name, &s.data.Types)
		case name == "administrators.json":
			s.data.Administrators = nil
			return readJSON(dir, name, &s.data.Administrators)
		case name == "clients.json":
			s.clients = nil
			return readJSON(dir, name, &s.clients)
		case folder == "managed/" && path.Ext(file) == ".json":
			var objects []store.Object
			if err := readJSON(dir, name, &objects); err != nil {
				return err
			}
			s.data.Objects[strings.TrimSuffix(file, ".json")] = objects
			return nil
		case strings.HasPrefix(file, ".") || path.Ext(file) == ".md":
			return nil
		}
		return fmt.Errorf("%s is not part of a seed: expected config/managed.json, managed/TYPE.json, administrators.json or clients.json", name)
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

package resource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	protectedPath = "/.well-known/oauth-protected-resource"
	serverPath    = "/.well-known/oauth-authorization-server"
)

// protectedMetadata is the document of RFC 9728.
func protectedMetadata(opts Options) ([]byte, error) {
	return encode(struct {
		Resource      string   `json:"resource"`
		Servers       []string `json:"authorization_servers"`
		Scopes        []string `json:"scopes_supported,omitempty"`
		Methods       []string `json:"bearer_methods_supported"`
		Name          string   `json:"resource_name,omitempty"`
		Documentation string   `json:"resource_documentation,omitempty"`
	}{opts.URL, []string{opts.Issuer}, opts.Scopes, []string{"header"}, opts.Name, opts.Documentation})
}

// serverMembers are those of RFC 8414, and of RFC 8628, 9126 and 9207, which clients
// that log in want to know.
var serverMembers = []string{
	"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint",
	"scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported",
	"token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
	"code_challenge_methods_supported", "authorization_response_iss_parameter_supported",
	"client_id_metadata_document_supported",
	"revocation_endpoint", "revocation_endpoint_auth_methods_supported", "revocation_endpoint_auth_signing_alg_values_supported",
	"introspection_endpoint", "introspection_endpoint_auth_methods_supported", "introspection_endpoint_auth_signing_alg_values_supported",
	"device_authorization_endpoint", "pushed_authorization_request_endpoint", "require_pushed_authorization_requests",
	"service_documentation", "ui_locales_supported", "op_policy_uri", "op_tos_uri",
}

// serverMetadata makes the document of RFC 8414 from that of OpenID Connect. Clients
// stumble over members that are null or empty.
func serverMetadata(found map[string]json.RawMessage) ([]byte, error) {
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "response_types_supported"} {
		if isEmpty(found[name]) {
			return nil, fmt.Errorf("the issuer's discovery document has no %s", name)
		}
	}
	var buf bytes.Buffer
	for _, name := range serverMembers {
		if isEmpty(found[name]) {
			continue
		}
		value, err := encode(found[name])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&buf, ",%q:%s", name, value)
	}
	return slices.Concat([]byte("{"), buf.Bytes()[1:], []byte("}")), nil
}

func isEmpty(value json.RawMessage) bool {
	var compact bytes.Buffer
	return json.Compact(&compact, value) != nil || slices.Contains([]string{"", "null", `""`, "[]", "{}"}, compact.String())
}

// MetadataURL is where the metadata of the resource is (RFC 9728, section 3.1).
func (s *Server) MetadataURL() string {
	return s.resource.Scheme + "://" + s.resource.Host + protectedPath + s.resource.EscapedPath()
}

// Metadata answers below /.well-known/: with the metadata of the resource and, for
// clients that look only here, with that of the issuer. Each is both at the root and
// at the path of the resource.
func (s *Server) Metadata() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", "*")
		what, known := s.document(r.URL.Path)
		switch {
		case !known:
			writeError(w, http.StatusNotFound, "not_found", "there is no such document")
		case r.Method == http.MethodOptions:
			header.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
			header.Set("Access-Control-Allow-Headers", "Mcp-Protocol-Version")
			header.Set("Access-Control-Max-Age", preflightAge)
			header.Set("Allow", "GET, HEAD, OPTIONS")
			w.WriteHeader(http.StatusNoContent)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			header.Set("Allow", "GET, HEAD, OPTIONS")
			writeError(w, http.StatusMethodNotAllowed, "invalid_request", "this document can only be read")
		case what == protectedPath:
			writeDocument(w, s.metadata)
		default:
			found, err := s.issuer.discovery(r.Context())
			if err != nil {
				writeError(w, http.StatusBadGateway, "temporarily_unavailable", "the issuer can't be asked for its metadata")
				return
			}
			writeDocument(w, found.metadata)
		}
	})
}

// document tells which document is at a path.
func (s *Server) document(path string) (string, bool) {
	for _, what := range []string{protectedPath, serverPath} {
		if rest, ok := strings.CutPrefix(path, what); ok && (rest == "" || rest == s.resource.Path) {
			return what, true
		}
	}
	return "", false
}

func writeDocument(w http.ResponseWriter, document []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(document)))
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(document) // who went away needs no answer
}

// encode writes compact JSON, nothing escaped for HTML.
func encode(value any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

package idm

import (
	"fmt"
	"html"
	"net/http"
	"strings"

	"aicmcp/mockaic/internal/crest"
)

// entryName is how the directory below IDM names an object.
func entryName(typeName, id string) string {
	organization := ""
	kind := typeName
	for _, realm := range Realms {
		if rest, ok := strings.CutPrefix(typeName, realm+"_"); ok {
			kind, organization = rest, ",o="+realm
		}
	}
	return fmt.Sprintf("fr-idm-uuid=%s,ou=%s%s,o=root,ou=identities", id, kind, organization)
}

// The directory's messages come out escaped for HTML, "=" included (recorded).
func directoryText(format string, args ...any) string {
	return strings.ReplaceAll(html.EscapeString(fmt.Sprintf(format, args...)), "=", "&#61;")
}

func noSuchEntry(typeName, id string) error {
	return &crest.Error{Code: http.StatusNotFound, Message: "No Such Entry: " +
		directoryText("The search base entry '%s' does not exist", entryName(typeName, id))}
}

func entryExists(typeName, id string) error {
	return &crest.Error{Code: http.StatusPreconditionFailed, Message: "Entry Already Exists: " +
		directoryText("The entry '%s' cannot be added because an entry with that name already exists", entryName(typeName, id))}
}

package features

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type listInput struct{}

type listOutput struct {
	Features []feature `json:"features"`
}

type feature struct {
	Name      string   `json:"name"`
	Type      string   `json:"type" jsonschema:"idm, or aic for a feature of the whole tenant"`
	Installed bool     `json:"installed"`
	Version   string   `json:"installedVersion,omitempty"`
	Available []string `json:"availableVersions,omitempty"`
	Status    string   `json:"status" jsonschema:"installed, not_installed or indeterminate"`
	Message   string   `json:"message,omitempty"`
	Details   *details `json:"details,omitempty" jsonschema:"what the status of AI agents follows from"`
}

type details struct {
	IDM idmDetails             `json:"idm"`
	AM  map[string]realmStatus `json:"am" jsonschema:"by realm"`
}

type idmDetails struct {
	Installed bool `json:"installed"`
}

type realmStatus struct {
	Configured bool   `json:"configured"`
	Error      string `json:"error,omitempty" jsonschema:"why the realm cannot be read"`
	refused    bool
}

const (
	installed     = "installed"
	notInstalled  = "not_installed"
	indeterminate = "indeterminate"

	aiAgents  = "AI Agents"
	aiFeature = "aiagent"
)

var realms = []string{"alpha", "bravo"}

var list = tool.Define(tool.Spec{
	Name:        "listFeatures",
	Title:       "List Features",
	Description: "List what can be added to the tenant, and what is: the features of IDM, and AI agents.",
	Scopes:      []tool.Scope{aic.AM, aic.IDM},
	Effect:      tool.ReadOnly,
	Less:        "There is nothing to leave out.",
}, func(ctx context.Context, c *aic.Client, _ listInput) (listOutput, error) {
	var page aic.Object
	statuses := make([]realmStatus, len(realms))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		page, err = c.QueryFeatures(ctx)
		return err
	})
	for i, realm := range realms {
		g.Go(func() error {
			statuses[i] = agentsIn(ctx, c, realm)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return listOutput{}, err
	}
	result, ok := page["result"].([]any)
	if !ok {
		return listOutput{}, tool.Unusable("the tenant's answer to the query has no list of features")
	}
	out := listOutput{Features: []feature{}}
	agents := details{AM: map[string]realmStatus{}}
	for i, realm := range realms {
		agents.AM[realm] = statuses[i]
	}
	for _, e := range result {
		doc, _ := e.(map[string]any)
		f := featureFrom(doc)
		switch f.Name {
		case "":
		case aiFeature:
			agents.IDM.Installed = f.Installed
		default:
			out.Features = append(out.Features, f)
		}
	}
	out.Features = append(out.Features, agents.feature())
	return out, nil
})

func featureFrom(doc aic.Object) feature {
	f := feature{Name: aic.String(doc, "_id"), Type: "idm", Version: version(doc["installedVersion"]), Status: notInstalled}
	if f.Installed = f.Version != ""; f.Installed {
		f.Status = installed
	}
	versions, _ := doc["availableVersions"].([]any)
	for _, v := range versions {
		f.Available = append(f.Available, version(v))
	}
	return f
}

func version(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// agentsIn reports whether AI agents are enabled in the realm.
func agentsIn(ctx context.Context, c *aic.Client, realm string) realmStatus {
	provider, err := c.OAuthProvider(ctx, realm)
	var e *rest.Error
	switch {
	case errors.As(err, &e) && e.Status != 0:
		return realmStatus{
			Error:   fmt.Sprintf("the tenant answered %d", e.Status),
			refused: e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden,
		}
	case err != nil:
		return realmStatus{Error: "no answer"}
	}
	config, _ := provider["aiAgentsConfig"].(map[string]any)
	return realmStatus{Configured: config["aiAgentsEnabled"] == true}
}

// feature sums up: AI agents are there when IDM and both realms have them.
func (d details) feature() feature {
	f := feature{Name: aiAgents, Type: "aic", Status: indeterminate, Details: &d}
	yes, no, refused := 0, 0, 0
	var unread []string
	for _, realm := range realms {
		switch status := d.AM[realm]; {
		case status.Error != "":
			unread = append(unread, realm)
			if status.refused {
				refused++
			}
		case status.Configured:
			yes++
		default:
			no++
		}
	}
	if d.IDM.Installed {
		yes++
	} else {
		no++
	}
	switch {
	case len(unread) > 0:
		f.Message = "The settings of these realms cannot be read: " + strings.Join(unread, ", ") + "."
		if refused > 0 {
			f.Message += " The account may lack the right."
		}
	case no == 0:
		f.Status, f.Installed = installed, true
	case yes == 0:
		f.Status, f.Message = notInstalled, "Call enableAiAgent to turn them on."
	default:
		f.Message = "They are turned on in parts only; enableAiAgent turns on the rest."
	}
	return f
}

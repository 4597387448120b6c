package cases

import (
	"net/http"
	"net/url"
	"strings"
)

const inTrees = inAlpha + "/realm-config/authentication/authenticationtrees/"

// journeyDefects are such as a tenant has that keeps journeys as it keeps anything.
var journeyDefects = []defect{
	{
		name: "a new journey or node is 200",
		answer: onPath(inTrees, func(r *http.Response) error {
			if r.StatusCode == http.StatusCreated {
				r.StatusCode = http.StatusOK
			}
			return nil
		}),
		noticed: []string{"journeys/create/answer", "nodes/create/answer", "nodes/create/action"},
	}, {
		name: "every write of a journey or node is 201",
		answer: onPath(inTrees, func(r *http.Response) error {
			if r.Request.Method == http.MethodPut && r.StatusCode == http.StatusOK {
				r.StatusCode = http.StatusCreated
			}
			return nil
		}),
		noticed: []string{"journeys/update/answer", "nodes/update/answer", "journeys/embedded/orphans"},
	}, {
		name:    "journeys and nodes have no ETags",
		answer:  onPath(inTrees, func(r *http.Response) error { r.Header.Del("ETag"); return nil }),
		noticed: []string{"journeys/create/answer", "journeys/read/answer", "journeys/delete/answer", "nodes/create/answer", "nodes/delete/answer"},
	}, {
		name:    "nobody is told where a journey is",
		answer:  onPath(inTrees, func(r *http.Response) error { r.Header.Del("Location"); return nil }),
		noticed: []string{"journeys/create/answer", "nodes/create/answer", "nodes/create/action"},
	}, {
		name: "journeys may be changed whatever their revision",
		ask: func(r *http.Request) {
			if strings.HasPrefix(r.URL.Path, inTrees) {
				r.Header.Del("If-Match")
			}
		},
		noticed: []string{"journeys/update/stale", "nodes/update/stale"},
	}, {
		name:    "what a journey leaves out stays out",
		answer:  onPath(inTrees+"trees", inText(`"innerTreeOnly":false,`, "")),
		noticed: []string{"journeys/create/answer"},
	}, {
		name:    "nodes of journeys have no version",
		answer:  onPath(inTrees+"trees", inPattern(`"version":"1.0",`, "")),
		noticed: []string{"journeys/create/answer"},
	}, {
		name:    "journeys show the configuration of their nodes",
		answer:  onPath(inTrees+"trees", inText(`"displayName":"Page"`, `"displayName":"Page","config":{}`)),
		noticed: []string{"journeys/embedded/written"},
	}, {
		name:    "nodes do not come with journeys",
		ask:     inSentTo(inTrees+"trees", func(text string) string { return strings.ReplaceAll(text, `"config":`, `"settings":`) }),
		noticed: []string{"journeys/embedded/written", "journeys/delete/nodes"},
	}, {
		name:    "children do not come with pages",
		ask:     inSentTo(inTrees+"trees", func(text string) string { return strings.ReplaceAll(text, `"_properties":`, `"properties":`) }),
		noticed: []string{"journeys/embedded/written", "journeys/delete/nodes"},
	}, {
		name: "any attribute of a journey or a node is taken",
		ask: inSentTo(inTrees, func(text string) string {
			return strings.NewReplacer(`"colour":"red",`, "", `,"colour":"red"`, "").Replace(text)
		}),
		noticed: []string{"journeys/create/unknown-attribute", "nodes/create/unknown-attribute"},
	}, {
		name:    "what refuses an attribute does not say which there are",
		answer:  onPath(inTrees, inText(`"validAttributes"`, `"attributes"`)),
		noticed: []string{"journeys/create/unknown-attribute"},
	}, {
		name:    "an entry is refused by its name only",
		answer:  onPath(inTrees+"trees", inText("Node with ID entryNodeId", "Node with ID null")),
		noticed: []string{"journeys/create/no-entry"},
	}, {
		name:    "what is missing of journeys is named",
		answer:  onPath(inTrees, inText(`"message":"Not Found"`, `"message":"Resource not found"`)),
		noticed: []string{"journeys/read/missing", "journeys/delete/answer", "nodes/read/missing", "nodes/delete/answer"},
	}, {
		name:    "nodes of unknown types are just not found",
		answer:  onPath(inTrees, inPattern(`"message":"Resource '[^"]*"`, `"message":"Not Found"`)),
		noticed: []string{"nodes/read/missing"},
	}, {
		name:    "a deleted journey or node is named only",
		answer:  onPath(inTrees, onRequestMethod(http.MethodDelete, inPattern(`^\{"_id":("[^"]*").*\}`, `{"_id":$1}`))),
		noticed: []string{"journeys/delete/answer", "nodes/delete/answer"},
	}, {
		name:    "lists of journeys and nodes are counted",
		answer:  onPath(inTrees, inText(`"NONE"`, `"EXACT"`)),
		noticed: []string{"journeys/list/page", "nodes/list/type"},
	}, {
		name:    "a taken ID makes a node anew",
		ask:     inSentTo(inTrees+"nodes/SetStateNode", func(text string) string { return strings.Replace(text, `"_id":`, `"_id_":`, 1) }),
		noticed: []string{"nodes/create/action"},
	}, {
		name:    "outcomes are called as clients call them",
		answer:  onPath(inTrees, inText(`"displayName":"Outcome"`, `"displayName":"outcome"`)),
		noticed: []string{"nodes/create/derived", "journeys/embedded/written", "nodes/version/page"},
	}, {
		name:    "types are called as clients call them",
		answer:  onPath(inTrees, inText(`"name":"Set State"`, `"name":"Stale"`)),
		noticed: []string{"nodes/create/derived"},
	}, {
		name:    "nodes have no defaults",
		answer:  onPath(inTrees+"nodes", inPattern(`"(displayErrorOutcome|mixedCaseForPasswordChangeMessages|autocompleteValues)":(false|\[\]),`, "")),
		noticed: []string{"nodes/create/defaults", "nodes/version/path"},
	}, {
		name:    "pages have one outcome",
		answer:  onPath(inTrees+"nodes/PageNode", inPattern(`"_outcomes":\[[^\]]*\]`, `"_outcomes":[{"displayName":"Outcome","id":"outcome"}]`)),
		noticed: []string{"nodes/outcomes/page", "nodes/version/page"},
	}, {
		name:    "choices have numbers",
		answer:  onPath(inTrees+"nodes", inText(`"id":"one"`, `"id":"0"`)),
		noticed: []string{"nodes/outcomes/lists"},
	}, {
		name:    "the nodes of a realm have revisions",
		answer:  onPath(inTrees+"nodes", inText(`"_outcomes":`, `"_rev":"1","_outcomes":`)),
		noticed: []string{"nodes/list/all"},
	}, {
		name:    "nodes of a version are those of the first",
		ask:     func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/2.0", "/1.0", 1) },
		noticed: []string{"nodes/version/path", "nodes/version/page", "nodes/types/version", "nodes/types/schema"},
	}, {
		name:    "types without attributes have no properties, but say so",
		answer:  onPath(inTrees+"nodes", inText(`"required":[]`, `"properties":{},"required":[]`)),
		noticed: []string{"nodes/types/schema-without-version"},
	}, {
		name:    "all attributes are optional",
		answer:  onPath(inTrees+"nodes", inPattern(`"required":\[[^\]]*\]`, `"required":[]`)),
		noticed: []string{"nodes/types/schema"},
	}, {
		name:    "outcomes are in an envelope",
		answer:  onPath(inTrees+"nodes", inPattern(`^(\[.*\])(\s*)$`, `{"result":$1}$2`)),
		noticed: []string{"nodes/types/outcomes"},
	}, {
		name:    "tags are told once",
		answer:  onPath(inTrees+"nodes", inText(`"metadata"`, `"meta"`)),
		noticed: []string{"nodes/types/list"},
	}, {
		name:    "the root realm has no journeys",
		answer:  onPath("/am/json/realms/root/realm-config", inStatus(unavailable, http.StatusNotFound)),
		noticed: []string{"journeys/realm/root"},
	}, {
		name: "a realm has one spelling",
		ask: func(r *http.Request) {
			r.URL.Path = strings.Replace(r.URL.Path, "/am/json/alpha/", "/am/json/gamma/", 1)
		},
		noticed: []string{"journeys/realm/spellings"},
	}, {
		name:    "_fields of journeys is ignored",
		ask:     inQuery(func(q url.Values) { q.Del("_fields") }),
		noticed: []string{"journeys/list/fields"},
	}, {
		name:    "the wiring of journeys is lost",
		answer:  onPath(inTrees+"trees", inPattern(`"connections":\{[^}]*\}`, `"connections":{}`)),
		noticed: []string{"journeys/create/answer", "journeys/stock/login"},
	}, {
		name:    "designed nodes have no error outcome",
		answer:  onPath(inTrees+"nodes", inPattern(`,\{"displayName":"Script Error","id":"Script Error"\}`, "")),
		noticed: []string{"designer/type/nodes"},
	}, {
		name:    "a clash of node types is refused by its ID",
		answer:  onPath(designs.path, inText(" already exists", "-1 already exists")),
		noticed: []string{"designer/create/clash"},
	}, {
		name:    "node types in use are a conflict",
		answer:  onPath(designs.path, inStatus("in use", http.StatusConflict)),
		noticed: []string{"designer/type/in-use"},
	}, {
		name: "every PUT makes a node type",
		ask: func(r *http.Request) {
			if strings.HasPrefix(r.URL.Path, designs.path) {
				r.Header.Del("If-Match")
			}
		},
		noticed: []string{"designer/update/answer"},
	}, {
		name:    "node types are not counted",
		answer:  onPath(designs.path, inText(`"EXACT"`, `"NONE"`)),
		noticed: []string{"designer/create/answer"},
	}, {
		name:    "deleted node types are answered",
		answer:  onPath(designs.path, onRequestMethod(http.MethodDelete, inText(`{"_id"`, `{"version":1,"_id"`))),
		noticed: []string{"designer/delete/answer"},
	},
}

// inSentTo changes the text of JSON bodies that are sent to a path, or below it.
func inSentTo(prefix string, change func(text string) string) func(*http.Request) {
	return func(r *http.Request) {
		if strings.HasPrefix(r.URL.Path, prefix) {
			inSent(change)(r)
		}
	}
}

// onRequestMethod changes answers to requests with the method.
func onRequestMethod(method string, change func(*http.Response) error) func(*http.Response) error {
	return func(r *http.Response) error {
		if r.Request.Method != method {
			return nil
		}
		return change(r)
	}
}

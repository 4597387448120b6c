package am

import (
	"strings"

	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const scriptingContexts = "global-config/services/scripting/contexts"

// serveContext tells what scripts of a context can use.
func (s *Service) serveContext(c *call) (*route.Response, error) {
	context, ok := findContext(c.names[0])
	if !ok {
		return nil, notFound()
	}
	if c.Operation != route.Read {
		return nil, c.refused("a script context")
	}
	described := s.described()
	bindings := []any{}
	for _, name := range context.bindings() {
		name, unknown := strings.CutSuffix(name, "?")
		if binding, ok := described[name]; ok && !unknown {
			bindings = append(bindings, binding)
		} else {
			bindings = append(bindings, undescribed(name))
		}
	}
	versions := map[string]any{javascript: context.evaluators}
	if context.runs != nextGen {
		versions[groovy] = []string{"1.0"}
	}
	return &route.Response{Version: "1.0", Object: store.Object{
		"_id": context.id, "bindings": bindings, "allowLists": classesOn(context.allowed), "evaluatorVersions": versions,
	}}, nil
}

func (s *Service) serveContextSettings(c *call) (*route.Response, error) {
	if c.Operation != route.Query {
		return nil, c.refused("the script contexts")
	}
	var all []store.Object
	for _, row := range contextRows {
		all = append(all, row.context().settings())
	}
	return s.page(c, all, "1.0")
}

func (s *Service) serveContextSetting(c *call) (*route.Response, error) {
	context, ok := findContext(c.names[0])
	if !ok {
		return nil, notFound()
	}
	if c.Operation != route.Read {
		return nil, c.refused("the settings of a script context")
	}
	return &route.Response{Object: context.settings(), Version: "1.0"}, nil
}

func (c scriptContext) settings() store.Object {
	languages := []any{}
	for _, language := range c.languages {
		languages = append(languages, language)
	}
	object := store.Object{
		"_id": c.id, "isHidden": c.id == hiddenContext, "languages": languages, "defaultScript": c.defaultScript,
		"_type": map[string]any{"_id": "contexts", "name": "scriptContext", "collection": true},
	}
	object["_rev"] = revision(object)
	return object
}

func (s *Service) serveEngine(c *call) (*route.Response, error) {
	context, ok := findContext(c.names[0])
	if !ok || context.limits == none {
		return nil, notFound()
	}
	if c.Operation != route.Read {
		return nil, c.refused("the engine of a script context")
	}
	engine := context.engineConfiguration()
	engine["_rev"] = revision(engine)
	return &route.Response{Object: engine, Version: "1.0"}, nil
}

func (c scriptContext) engineConfiguration() store.Object {
	prefix, forbidden := "esv.", "java.lang.Class java.security.AccessController java.lang.reflect.*"
	if c.limits.fixed {
		prefix = "script"
	}
	if c.runs != nextGen || c.id == "DEVICE_MATCH_NODE" {
		forbidden += " java.lang.Thread java.lang.invoke.*"
	}
	return store.Object{
		"_id": "engineConfiguration", "propertyNamePrefix": prefix, "serverTimeout": number(0), "idleTimeout": number(60), "useSecurityManager": true,
		"maxThreads":  c.limit("max.threads", c.limits.most),
		"coreThreads": c.limit("core.threads", c.limits.core),
		"queueSize":   c.limit("queue.size", c.limits.queue),
		"whiteList":   classesOn(c.engine), "blackList": words(forbidden),
		"_type": map[string]any{"_id": "engineConfiguration", "name": "Scripting engine configuration", "collection": false},
	}
}

// limit is a number, or the ESV that can set it.
func (c scriptContext) limit(name string, value int) any {
	if c.limits.fixed {
		return number(value)
	}
	key := strings.ReplaceAll(strings.ToLower(c.id), "_", ".")
	key = strings.Replace(key, "nextgen", "next.gen", 1)
	if key == "oauth2.dynamic.client.registration" { // the one that leaves its family out
		key = "dynamic.client.registration"
	}
	return map[string]any{"$int": "&{" + key + ".script.context." + name + "|" + number(value).String() + "}"}
}

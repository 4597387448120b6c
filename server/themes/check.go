package themes

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

const nothingSent = "Correct it and call again; getThemeSchema tells what each field takes. Nothing was sent to the tenant."

// checked returns the values as a tenant stores them, or says what is wrong
// with them. parameter is where they came from.
func checked(parameter string, values aic.Object) (aic.Object, error) {
	declared := map[string]field{}
	for _, f := range fields() {
		declared[f.Name] = f
	}
	out := aic.Object{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch name {
		case "_id":
			return nil, tool.Invalid(parameter+"._id", "is chosen by this server and cannot change", "Leave it out. Nothing was sent to the tenant.")
		case "isDefault":
			return nil, tool.Invalid(parameter+".isDefault", "cannot be set here", "Leave it out, and call setDefaultTheme afterwards. Nothing was sent to the tenant.")
		}
		f, known := declared[name]
		if !known {
			return nil, tool.Invalid(parameter+"."+tool.Quote(name), "is not a field of a theme"+tool.Nearest(name, slices.Sorted(maps.Keys(declared))), nothingSent)
		}
		v, must := f.value(values[name])
		if must != "" {
			return nil, tool.Invalid(parameter+"."+name, must, nothingSent)
		}
		out[name] = v
	}
	return out, nil
}

// value returns v as it is stored, or what it must be.
func (f field) value(v any) (stored any, must string) {
	byLocale, ok := v.(map[string]any)
	if !ok || !f.Localized {
		return f.plain(v)
	}
	if len(byLocale) == 0 {
		return nil, "must name at least one locale"
	}
	for locale, v := range byLocale {
		if !localeName.MatchString(locale) {
			return nil, "must have locales such as en or fr-CA for names"
		}
		if _, must := f.plain(v); must != "" {
			return nil, must + ", in every locale"
		}
	}
	return v, ""
}

var (
	localeName = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)
	hexColour  = regexp.MustCompile(`^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$`)
	digits     = regexp.MustCompile(`^[0-9]{1,6}$`)
)

func (f field) plain(v any) (stored any, must string) {
	s, isString := v.(string)
	switch f.Kind {
	case colour:
		if !hexColour.MatchString(s) {
			return nil, "must be a colour: #rgb, #rrggbb or #rrggbbaa"
		}
	case link:
		if !isString || !isLink(s) {
			return nil, "must be an http or https URL, a data:image URI, or empty"
		}
	case markup, text:
		if !isString {
			return nil, "must be a string"
		}
		if f.Name == "name" && strings.TrimSpace(s) == "" {
			return nil, "must not be empty"
		}
	case choice:
		if !slices.Contains(f.Enum, s) {
			return nil, "must be one of " + strings.Join(f.Enum, ", ")
		}
	case pixels, integer:
		return f.number(v)
	case boolean:
		if _, ok := v.(bool); !ok {
			return nil, "must be true or false"
		}
	case journeys:
		names, ok := v.([]any)
		if !ok || slices.ContainsFunc(names, func(e any) bool { s, _ := e.(string); return s == "" }) {
			return nil, "must be an array of names of journeys"
		}
	case sections:
		if !areSections(v, defaultSections()) {
			return nil, "must map sections, of those in its default, to {\"enabled\": true or false}, with subsections as there"
		}
	}
	return v, ""
}

// number takes digits in a string too: recorded themes have both.
func (f field) number(v any) (stored any, must string) {
	s, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		s, ok = string(n), true
	}
	n, err := strconv.Atoi(s)
	if !ok || !digits.MatchString(s) || err != nil || n < *f.Minimum || n > *f.Maximum {
		return nil, fmt.Sprintf("must be a whole number from %d to %d", *f.Minimum, *f.Maximum)
	}
	if f.Kind == pixels {
		return s, ""
	}
	return json.Number(s), ""
}

func isLink(s string) bool {
	if s == "" || strings.HasPrefix(s, "data:image/") {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// areSections compares with the sections that there are.
func areSections(v any, known map[string]any) bool {
	given, ok := v.(map[string]any)
	if !ok {
		return false
	}
	for name, e := range given {
		section, _ := e.(map[string]any)
		example, isKnown := known[name].(map[string]any)
		if _, ok := section["enabled"].(bool); !ok || !isKnown {
			return false
		}
		below, nested := section["subsections"]
		examples, _ := example["subsections"].(map[string]any)
		if nested && !areSections(below, examples) || len(section) > 1 && !nested || len(section) > 2 {
			return false
		}
	}
	return true
}

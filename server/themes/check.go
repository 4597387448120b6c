package themes

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

const (
	nothingSent    = "Correct it and call again; getThemeSchema tells what each field takes. Nothing was sent to the tenant."
	nothingWritten = "Correct it and call again; getThemeSchema tells what each field takes. Nothing was changed."
)

// checked returns the values as a tenant stores them, or says what is wrong with
// them. Those of other fields than the declared ones are not checked, but named.
// parameter is where they came from.
func checked(parameter string, values aic.Object) (stored aic.Object, others []string, err error) {
	declared := declaration()
	stored = aic.Object{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch name {
		case "_id":
			return nil, nil, tool.Invalid(parameter+"._id", "is chosen by this server and cannot change", "Leave it out. Nothing was sent to the tenant.")
		case "isDefault":
			return nil, nil, tool.Invalid(parameter+".isDefault", "cannot be set here", "Leave it out, and call setDefaultTheme afterwards. Nothing was sent to the tenant.")
		}
		f, known := declared[name]
		if !known {
			stored[name], others = values[name], append(others, name)
			continue
		}
		v, must := f.value(values[name])
		if must != "" {
			return nil, nil, tool.Invalid(parameter+"."+name, must, nothingSent)
		}
		stored[name] = v
	}
	return stored, others, nil
}

func declaration() map[string]field {
	declared := map[string]field{}
	for _, f := range fields() {
		declared[f.Name] = f
	}
	return declared
}

// undeclared is the failure of a field that is not in the schema.
func undeclared(parameter, name, message string) error {
	return tool.Invalid(parameter+"."+tool.Quote(name), message+tool.Nearest(name, slices.Sorted(maps.Keys(declaration()))), nothingWritten)
}

// inherited checks the values of fields that the schema does not have: a tenant
// may be newer. They must be in the theme, and keep their type.
func inherited(parameter string, theme, values aic.Object, names []string) error {
	for _, name := range names {
		old, there := theme[name]
		switch {
		case !there:
			return undeclared(parameter, name, "is neither a field in getThemeSchema nor one that this theme has")
		case kindOf(old) != kindOf(values[name]):
			return tool.Invalid(parameter+"."+tool.Quote(name), "must be "+kindOf(old)+", as it is in this theme", nothingWritten)
		case tooLong(values[name], longest[markup]):
			return tool.Invalid(parameter+"."+tool.Quote(name), "is too long", nothingWritten)
		}
	}
	return nil
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case bool:
		return "true or false"
	case json.Number:
		return "a number"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	}
	return "null"
}

// tooLong compares the length of v as JSON.
func tooLong(v any, most int) bool {
	data, err := rest.Encode(v)
	return err != nil || len(data) > most
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
	hexColour  = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
	digits     = regexp.MustCompile(`^[0-9]+$`)
	dataImage  = regexp.MustCompile(`^data:image/[a-z0-9.+-]+(;[A-Za-z0-9=_.-]+)*,.`)
)

func (f field) plain(v any) (stored any, must string) {
	s, isString := v.(string)
	if most := f.longest(s); utf8.RuneCountInString(s) > most {
		return nil, fmt.Sprintf("must have at most %d characters", most)
	}
	switch f.Kind {
	case colour:
		if !hexColour.MatchString(s) {
			return nil, "must be a colour: #rrggbb"
		}
	case link:
		if !isString || !isLink(s) {
			return nil, "must be an http or https URL without a user's name or a data:image URI, either without blanks, quotes, < > and \\, or empty"
		}
	case title:
		if !isString || s != strings.TrimSpace(s) || s == "" || strings.ContainsAny(s, "\"<>\\") || strings.ContainsFunc(s, unseen) {
			return nil, "must be a name: not empty, no blanks at its ends, and none of \" < > \\ or characters that do not show"
		}
	case markup, text:
		if !isString {
			return nil, "must be a string"
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
		if !ok || slices.ContainsFunc(names, func(e any) bool {
			s, _ := e.(string)
			return s == "" || utf8.RuneCountInString(s) > longest[title] || strings.ContainsFunc(s, unseen)
		}) {
			return nil, fmt.Sprintf("must be an array of names of journeys, each of at most %d characters, all of which show", longest[title])
		}
	case sections:
		if !areSections(v, defaultSections()) {
			return nil, "must map sections, of those in its default, to {\"enabled\": true or false}, with subsections as there"
		}
	}
	return v, ""
}

// longest is how many characters the value may have.
func (f field) longest(s string) int {
	if f.Kind == link && strings.HasPrefix(s, "data:") {
		return longestImage
	}
	if f.MaxLength > 0 {
		return f.MaxLength
	}
	return longest[text]
}

// number takes digits in a string too: recorded themes have both.
func (f field) number(v any) (stored any, must string) {
	s, isString := v.(string)
	if n, ok := v.(json.Number); ok {
		s = string(n)
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || isString && !digits.MatchString(s) || n != math.Trunc(n) || n < float64(*f.Minimum) || n > float64(*f.Maximum) {
		return nil, fmt.Sprintf("must be a whole number from %d to %d", *f.Minimum, *f.Maximum)
	}
	s = strconv.Itoa(int(n))
	if f.Kind == pixels {
		return s, ""
	}
	return json.Number(s), ""
}

func isLink(s string) bool {
	if s == "" {
		return true
	}
	if strings.ContainsAny(s, "\"'`<>\\") || strings.ContainsFunc(s, unicode.IsSpace) || strings.ContainsFunc(s, unseen) {
		return false
	}
	if dataImage.MatchString(s) {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
}

// unseen reports characters that do not show: controls, those that turn the
// direction of the text round, and separators of lines.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
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

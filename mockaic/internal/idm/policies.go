package idm

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dlclark/regexp2"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// policyRule is what a policyId of IDM's standard policies demands.
type policyRule struct {
	requirements []string // for the policy service, which lists them
	valid        func(params map[string]any) error
	check        func(s *Service, w candidateWrite, name string, value any, use policyUse, f *failures)
}

// Each rule is told only of values that have the type of their property.
var policyRules = map[string]policyRule{
	"required":  {[]string{"REQUIRED"}, nil, textRule("REQUIRED", func(text string, _ policyUse) bool { return text != "" })},
	"not-empty": {[]string{"REQUIRED"}, nil, textRule("REQUIRED", func(text string, _ policyUse) bool { return text != "" })},
	"not-null": {[]string{"NOT_NULL"}, nil, func(_ *Service, _ candidateWrite, name string, value any, _ policyUse, f *failures) {
		if value == nil {
			f.add(name, "NOT_NULL", nil)
		}
	}},
	"unique": {[]string{"UNIQUE"}, nil, uniqueRule("UNIQUE")},
	"valid-username": {[]string{"VALID_USERNAME"}, nil, func(s *Service, w candidateWrite, name string, value any, use policyUse, f *failures) {
		if text, _ := value.(string); text == "" {
			f.add(name, "VALID_USERNAME", nil)
			return
		}
		uniqueRule("VALID_USERNAME")(s, w, name, value, use, f)
	}},
	"regexpMatches":              {[]string{"MATCH_REGEXP"}, nil, matchRegexp},
	"valid-email-address-format": {[]string{"VALID_EMAIL_ADDRESS_FORMAT"}, nil, patternRule("VALID_EMAIL_ADDRESS_FORMAT", `^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$`)},
	"valid-name-format":          {[]string{"VALID_NAME_FORMAT"}, nil, patternRule("VALID_NAME_FORMAT", `^[\pL\pM' .-]+$`)},
	"valid-phone-format":         {[]string{"VALID_PHONE_FORMAT"}, nil, patternRule("VALID_PHONE_FORMAT", `^\+?([0-9\- ()])*$`)},
	"valid-date":                 {[]string{"VALID_DATE"}, nil, dateRule("VALID_DATE", time.DateOnly, time.RFC3339, "2006/01/02", "01/02/2006")},
	"valid-formatted-date":       {[]string{"VALID_FORMATTED_DATE"}, nil, dateRule("VALID_FORMATTED_DATE", time.DateOnly)},
	"valid-time":                 {[]string{"VALID_TIME"}, nil, dateRule("VALID_TIME", "15:04:05Z07:00", "15:04:05", "15:04")},
	"valid-datetime":             {[]string{"VALID_DATETIME"}, nil, dateRule("VALID_DATETIME", time.RFC3339)},
	"valid-duration":             {[]string{"VALID_DURATION"}, nil, patternRule("VALID_DURATION", `^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$`)},
	"minimum-length": {[]string{"MIN_LENGTH"}, countParam("minLength"), textRule("MIN_LENGTH", func(text string, use policyUse) bool {
		return len([]rune(text)) >= use.count("minLength")
	}, "minLength")},
	"maximum-length": {[]string{"MAX_LENGTH"}, countParam("maxLength"), textRule("MAX_LENGTH", func(text string, use policyUse) bool {
		return len([]rune(text)) <= use.count("maxLength")
	}, "maxLength")},
	"at-least-X-capitals": {[]string{"AT_LEAST_X_CAPITAL_LETTERS"}, countParam("numCaps"), textRule("AT_LEAST_X_CAPITAL_LETTERS", func(text string, use policyUse) bool {
		return countRunes(text, unicode.IsUpper) >= use.count("numCaps")
	}, "numCaps")},
	"at-least-X-numbers": {[]string{"AT_LEAST_X_NUMBERS"}, countParam("numNums"), textRule("AT_LEAST_X_NUMBERS", func(text string, use policyUse) bool {
		return countRunes(text, unicode.IsDigit) >= use.count("numNums")
	}, "numNums")},
	"cannot-contain-characters": {[]string{"CANNOT_CONTAIN_CHARACTERS"}, listParam("forbiddenChars"), func(_ *Service, _ candidateWrite, name string, value any, use policyUse, f *failures) {
		text, _ := value.(string)
		forbidden, _ := stringList(use.params["forbiddenChars"])
		if slices.ContainsFunc(forbidden, func(char string) bool { return strings.Contains(text, char) }) {
			f.add(name, "CANNOT_CONTAIN_CHARACTERS", map[string]any{"forbiddenChars": strings.Join(forbidden, "")})
		}
	}},
	"cannot-contain-others": {[]string{"CANNOT_CONTAIN_OTHERS"}, nil, func(_ *Service, w candidateWrite, name string, value any, use policyUse, f *failures) {
		text, _ := value.(string)
		fields, _ := stringList(use.params["disallowedFields"])
		for _, field := range fields {
			for other := range strings.SplitSeq(field, ",") {
				if part, _ := w.object[strings.TrimSpace(other)].(string); part != "" && strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
					f.add(name, "CANNOT_CONTAIN_OTHERS", map[string]any{"disallowedFields": strings.TrimSpace(other)})
					return
				}
			}
		}
	}},
	"cannot-contain-duplicates": {[]string{"CANNOT_CONTAIN_DUPLICATES"}, nil, func(_ *Service, _ candidateWrite, name string, value any, _ policyUse, f *failures) {
		list, _ := value.([]any)
		for i := range list {
			if slices.ContainsFunc(list[:i], func(before any) bool { return crest.Equal(before, list[i]) }) {
				f.add(name, "CANNOT_CONTAIN_DUPLICATES", map[string]any{"duplicateValue": list[i]})
				return
			}
		}
	}},
	"valid-query-filter": {[]string{"VALID_QUERY_FILTER"}, nil, textRule("VALID_QUERY_FILTER", func(text string, _ policyUse) bool {
		_, err := crest.ParseFilter(text)
		return text == "" || err == nil
	})},
	"minimumNumber": {[]string{"MINIMUM_NUMBER_VALUE"}, numberParam("minimum"), numberRule("MINIMUM_NUMBER_VALUE", "minimum", func(n, bound float64) bool { return n >= bound })},
	"maximumNumber": {[]string{"MAXIMUM_NUMBER_VALUE"}, numberParam("maximum"), numberRule("MAXIMUM_NUMBER_VALUE", "maximum", func(n, bound float64) bool { return n <= bound })},
	"validNumber": {[]string{"VALID_NUMBER"}, nil, func(_ *Service, _ candidateWrite, name string, value any, _ policyUse, f *failures) {
		if _, ok := value.(json.Number); !ok && value != nil {
			f.add(name, "VALID_NUMBER", nil)
		}
	}},
}

// textRule demands something of strings, and of nothing else. params names the
// parameters that a failure repeats.
func textRule(requirement string, holds func(string, policyUse) bool, params ...string) func(*Service, candidateWrite, string, any, policyUse, *failures) {
	return func(_ *Service, _ candidateWrite, name string, value any, use policyUse, f *failures) {
		if text, ok := value.(string); ok && !holds(text, use) {
			f.add(name, requirement, use.repeat(params))
		}
	}
}

func (u policyUse) repeat(names []string) map[string]any {
	var params map[string]any
	for _, name := range names {
		if value, ok := u.params[name]; ok {
			if params == nil {
				params = map[string]any{}
			}
			params[name] = value
		}
	}
	return params
}

func (u policyUse) count(param string) int {
	number, _ := u.params[param].(json.Number)
	n, _ := strconv.Atoi(number.String())
	return n
}

func countParam(name string) func(map[string]any) error {
	return func(params map[string]any) error {
		number, _ := params[name].(json.Number)
		if _, err := strconv.Atoi(number.String()); err != nil {
			return fmt.Errorf("params/%s must be a whole number", name)
		}
		return nil
	}
}

func numberParam(name string) func(map[string]any) error {
	return func(params map[string]any) error {
		if number, _ := params[name].(json.Number); number == "" {
			return fmt.Errorf("params/%s must be a number", name)
		}
		return nil
	}
}

func listParam(name string) func(map[string]any) error {
	return func(params map[string]any) error {
		if list, err := stringList(params[name]); err != nil || len(list) == 0 {
			return fmt.Errorf("params/%s must be an array of strings", name)
		}
		return nil
	}
}

func numberRule(requirement, param string, holds func(n, bound float64) bool) func(*Service, candidateWrite, string, any, policyUse, *failures) {
	return func(_ *Service, _ candidateWrite, name string, value any, use policyUse, f *failures) {
		number, ok := value.(json.Number)
		bound, bounded := use.params[param].(json.Number)
		n, err := number.Float64()
		limit, limitErr := bound.Float64()
		if ok && bounded && err == nil && limitErr == nil && !holds(n, limit) {
			f.add(name, requirement, use.repeat([]string{param}))
		}
	}
}

func patternRule(requirement, pattern string) func(*Service, candidateWrite, string, any, policyUse, *failures) {
	compiled := regexp.MustCompile(pattern)
	return textRule(requirement, func(text string, _ policyUse) bool { return text == "" || compiled.MatchString(text) })
}

func dateRule(requirement string, layouts ...string) func(*Service, candidateWrite, string, any, policyUse, *failures) {
	return textRule(requirement, func(text string, _ policyUse) bool {
		return text == "" || slices.ContainsFunc(layouts, func(layout string) bool {
			_, err := time.Parse(layout, text)
			return err == nil
		})
	})
}

// patternTimeout bounds a match: patterns that look back can take forever. A
// text that takes longer does not match, nor do those after it.
const patternTimeout = time.Second / 4

// javaScript compiles a policy's expression, which a tenant hands to JavaScript.
func javaScript(params map[string]any) (*regexp2.Regexp, error) {
	text, ok := params["regexp"].(string)
	if !ok {
		return nil, fmt.Errorf("params/regexp must be a string")
	}
	flags, _ := params["flags"].(string)
	var options regexp2.RegexOptions = regexp2.ECMAScript
	for flag, option := range map[string]regexp2.RegexOptions{"i": regexp2.IgnoreCase, "m": regexp2.Multiline, "u": regexp2.Unicode} {
		if strings.Contains(flags, flag) {
			options |= option
		}
	}
	if strings.Contains(flags, "s") {
		text = "(?s)" + text
	}
	pattern, err := regexp2.Compile(text, options)
	if err != nil {
		return nil, fmt.Errorf("params/regexp: %w", err)
	}
	pattern.MatchTimeout = patternTimeout
	return pattern, nil
}

// matchRegexp gives up all further patterns of a write once one took too long.
func matchRegexp(_ *Service, w candidateWrite, name string, value any, use policyUse, f *failures) {
	text, ok := value.(string)
	if !ok {
		return
	}
	matches := false
	if !*w.slow {
		var err error
		matches, err = use.pattern.MatchString(text)
		*w.slow = err != nil
	}
	if !matches {
		f.add(name, "MATCH_REGEXP", use.repeat([]string{"regexp", "flags"}))
	}
}

func countRunes(text string, is func(rune) bool) int {
	n := 0
	for _, r := range text {
		if is(r) {
			n++
		}
	}
	return n
}

// uniqueRule demands that no other object of the type has the value.
func uniqueRule(requirement string) func(*Service, candidateWrite, string, any, policyUse, *failures) {
	return func(_ *Service, w candidateWrite, name string, value any, _ policyUse, f *failures) {
		if value != nil && w.taken(name, value) {
			f.add(name, requirement, nil)
		}
	}
}

func (w candidateWrite) taken(name string, value any) bool {
	found := false
	if text, ok := value.(string); ok {
		forEqual(w.tx, w.t.collection, name, text, func(other store.Record) bool {
			found = textOf(other, "_id") != w.id && strings.EqualFold(textOf(other, name), text)
			return !found
		})
		return found
	}
	for _, other := range w.tx.Collection(w.t.collection).Ascend(0, "") {
		if object := other.Object(); object["_id"] != w.id && crest.Equal(object[name], value) {
			return true
		}
	}
	return false
}

func quoteList(names []string) string {
	return "'" + strings.Join(names, "', '") + "'"
}

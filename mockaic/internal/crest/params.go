package crest

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// Params is a parsed query string. The names of parameters are case-insensitive.
type Params []param

type param struct {
	name  string // as sent
	value string
	bare  bool // without an equals sign
}

// ParseParams parses a query string. Its errors are of type [*Error].
func ParseParams(rawQuery string) (Params, error) {
	var p Params
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if pair == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, Errorf(400, "The query string could not be decoded: %w", err)
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, Errorf(400, "The query string could not be decoded: %w", err)
		}
		p = append(p, param{
			name:  strings.ToValidUTF8(name, "\ufffd"),
			value: strings.ToValidUTF8(value, "\ufffd"),
			bare:  !found,
		})
	}
	return p, nil
}

// Get returns the first value of a parameter.
func (p Params) Get(name string) (string, bool) {
	for _, q := range p {
		if strings.EqualFold(q.name, name) {
			return q.value, true
		}
	}
	return "", false
}

// IsQuery reports whether the parameters make a GET request a query.
func (p Params) IsQuery() bool {
	for _, name := range [...]string{"_queryId", "_queryExpression", "_queryFilter"} {
		if _, ok := p.Get(name); ok {
			return true
		}
	}
	return false
}

// maxFields bounds the work for each object of a result.
const maxFields = 1000

// Options are the parameters that most requests have in common.
type Options struct {
	Fields      []Pointer // nil stands for all
	PrettyPrint bool
	MimeType    string // of a read; "" if the parameter is absent
}

// Options checks the parameters of a create, read, update, patch or delete request. Names in allow are known besides.
func (p Params) Options(allow ...string) (Options, error) {
	var o Options
	fields, mime := 0, false
	err := p.visit(func(name string, q param) (bool, error) {
		if name == "_fields" {
			fields++
		}
		if q.name == "_mimeType" { // the only name of which case counts
			mime, o.MimeType = true, q.value
			return true, nil
		}
		for _, other := range allow {
			if strings.EqualFold(name, other) {
				return true, nil
			}
		}
		return o.set(name, q)
	})
	if err == nil && mime && fields != 1 {
		err = Errorf(400, "The parameter '_mimeType' requires exactly one parameter '_fields'")
	}
	if err != nil {
		return Options{}, err
	}
	return o, nil
}

// ActionQuery returns the query of an action that selects what it acts on. Other parameters are the action's.
func (p Params) ActionQuery() (*Query, error) {
	var q Query
	err := p.visit(func(name string, param param) (bool, error) {
		_, err := q.set(name, param)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return &q, nil
}

// ActionOptions checks the parameters of an action, which may have unknown ones.
func (p Params) ActionOptions() (Options, error) {
	var o Options
	err := p.visit(func(name string, q param) (bool, error) {
		if name == "_mimetype" {
			return false, nil
		}
		_, err := o.set(name, q)
		return true, err
	})
	if err != nil {
		return Options{}, err
	}
	return o, nil
}

func (o *Options) set(name string, q param) (known bool, err error) {
	switch name {
	case "_fields":
		for _, element := range splitList(q.value) {
			field, err := ParsePointer(element)
			if err != nil {
				return true, q.invalid("a comma separated list of JSON pointers", err)
			}
			o.Fields = append(o.Fields, field)
		}
		if len(o.Fields) > maxFields {
			return true, Errorf(400, "more than %d fields", maxFields)
		}
	case "_prettyprint":
		o.PrettyPrint = q.isTrue()
	default:
		return false, nil
	}
	return true, nil
}

// Query returns the query that the parameters ask for. Queries by id and by expression are errors with code 501.
func (p Params) Query() (*Query, error) {
	var q Query
	var o Options
	kinds := make(map[string]bool)
	err := p.visit(func(name string, param param) (bool, error) {
		switch name {
		case "_queryid", "_queryexpression", "_queryfilter":
			kinds[name] = true
		}
		if known, err := q.set(name, param); known || err != nil {
			return true, err
		}
		return o.set(name, param)
	})
	if err != nil {
		return nil, err
	}
	id, expression, filter := kinds["_queryid"], kinds["_queryexpression"], kinds["_queryfilter"]
	switch {
	case id && filter:
		return nil, exclusive("_queryId", "_queryFilter")
	case id && expression:
		return nil, exclusive("_queryId", "_queryExpression")
	case filter && expression:
		return nil, exclusive("_queryFilter", "_queryExpression")
	case q.Offset > 0 && q.Cookie != "":
		return nil, exclusive("_pagedResultsOffset", "_pagedResultsCookie")
	case id:
		return nil, Errorf(501, "Query by ID not supported")
	case expression:
		return nil, Errorf(501, "Query by expression not supported")
	case !filter:
		return nil, Errorf(400, "The request parameter '_queryFilter' is missing")
	}
	q.Fields, q.PrettyPrint = o.Fields, o.PrettyPrint
	return &q, nil
}

func (q *Query) set(name string, p param) (known bool, err error) {
	switch name {
	case "_queryid", "_queryexpression":
	case "_queryfilter":
		q.Filter, err = ParseFilter(p.value)
		if unknown := unknownOperator(""); err != nil && !errors.As(err, &unknown) {
			err = p.invalid("a valid query filter", err)
		}
	case "_sortkeys":
		var keys []SortKey
		keys, err = ParseSortKeys(p.value)
		if q.SortKeys = append(q.SortKeys, keys...); err == nil && len(q.SortKeys) > maxSortKeys {
			err = Errorf(400, "more than %d sort keys", maxSortKeys)
		}
		if err == nil && len(q.SortKeys) == 0 {
			// A list that names no key leaves what equal keys are ordered by.
			q.SortKeys = []SortKey{{Field: Pointer{"_id"}}}
		}
		if err != nil {
			err = p.invalid("a comma separated list of sort keys", err)
		}
	case "_pagesize":
		q.PageSize, err = p.count()
	case "_pagedresultsoffset":
		q.Offset, err = p.count()
	case "_pagedresultscookie":
		q.Cookie = p.value
	case "_totalpagedresultspolicy":
		for _, policy := range [...]CountPolicy{CountNone, CountEstimate, CountExact} {
			if strings.EqualFold(p.value, policy.String()) {
				q.CountPolicy = policy
				return true, nil
			}
		}
		err = p.invalid("a valid count policy", nil)
	case "_countonly":
		q.CountOnly = p.isTrue()
	default:
		return false, nil
	}
	return true, err
}

// visit calls handle with each parameter and its name in lower case.
func (p Params) visit(handle func(name string, q param) (known bool, err error)) error {
	seen := make(map[string]bool)
	for _, q := range p {
		name := strings.ToLower(q.name)
		if seen[name] && name != "_fields" && name != "_sortkeys" {
			return Errorf(400, "Multiple values provided for the single-valued request parameter '%s'", q.name)
		}
		seen[name] = true
		known, err := handle(name, q)
		if err != nil {
			return err
		}
		if !known && strings.HasPrefix(name, "_") {
			return Errorf(400, "Unrecognized request parameter '%s'", q.name)
		}
	}
	return nil
}

func exclusive(a, b string) *Error {
	return Errorf(400, "The parameters %s and %s are mutually exclusive", a, b)
}

func (q param) isTrue() bool { return strings.EqualFold(q.value, "true") }

// count parses a 32-bit number. Negative ones mean none.
func (q param) count() (int, error) {
	n, err := strconv.ParseInt(q.value, 10, 32)
	if err != nil {
		return 0, q.invalid("a valid integer", err)
	}
	return max(0, int(n)), nil
}

func (q param) invalid(want string, cause error) *Error {
	value := q.value
	if q.bare {
		value = "null" // as the reference prints an absent value
	}
	return &Error{
		Code:    400,
		Message: "The value '" + value + "' for parameter '" + q.name + "' could not be parsed as " + want,
		Err:     cause,
	}
}

package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"aicmcp/mockaic/internal/script"
)

// tokenMethods are the methods of accessToken that concern one claim, as recorded; ""
// is one that there is not.
var tokenMethods = []struct{ claim, get, set, remove string }{
	{"scope", "getScope", "setScope", "removeScopes"},
	{"permissions", "getPermissions", "setPermissions", "removePermissions"},
	{"nonce", "getNonce", "setNonce", "removeNonce"},
	{"realm", "getRealm", "setRealm", "removeRealm"},
	{"jti", "getTokenId", "setId", ""},
	{"auth_level", "getAuthLevel", "setAuthLevel", "removeAuthLevel"},
	{"cnf", "getConfirmationKey", "setConfirmationKey", "removeConfirmationKey"},
	{"claims", "getClaims", "setClaims", "removeClaims"},
	{"grant_type", "getGrantType", "setGrantType", "removeGrantType"},
	{"client_id", "getClientId", "setClientId", "removeClientId"},
	{"auditTrackingId", "getAuditTrackingId", "setAuditTrackingId", "removeAuditTrackingId"},
	{"authGrantId", "getAuthGrantId", "setAuthGrantId", "removeAuthGrantId"},
	{"token_type", "getTokenType", "setTokenType", "removeTokenType"},
	{"tokenName", "getTokenName", "setTokenName", "removeTokenName"},
	{"act", "getAct", "setAct", ""},
	{"may_act", "getMayAct", "setMayAct", ""},
	{"sub", "getResourceOwnerId", "setResourceOwnerId", "removeResourceOwnerId"},
	{"auth_time", "getAuthTimeSeconds", "setAuthTime", "removeAuthTime"},
}

// accessTokenBinding lets a script change the claims of an access token, and add to
// the answer.
func (s *Service) accessTokenBinding(claims, extra map[string]any) map[string]any {
	token := map[string]any{}
	method := func(name string, arity int, f func(args []any) (any, error)) {
		token[name] = script.Function(func(args []any) (any, error) {
			if len(args) != arity {
				return nil, fmt.Errorf("%s takes %d arguments", name, arity)
			}
			for i, argument := range args {
				if host, ok := argument.(*script.Object); ok {
					args[i], _ = plainValue(host)
				}
			}
			return f(args)
		})
	}
	for _, row := range tokenMethods {
		method(row.get, 0, func([]any) (any, error) { return claims[row.claim], nil })
		method(row.set, 1, func(args []any) (any, error) { claims[row.claim] = args[0]; return nil, nil })
		if row.remove != "" {
			method(row.remove, 0, func([]any) (any, error) { delete(claims, row.claim); return nil, nil })
		}
	}
	method("getField", 1, func(args []any) (any, error) {
		name, err := nameOf(args[0])
		return claims[name], err
	})
	set := func(in map[string]any) func(args []any) (any, error) {
		return func(args []any) (any, error) {
			name, err := nameOf(args[0])
			if err == nil {
				in[name] = args[1]
			}
			return nil, err
		}
	}
	method("setField", 2, set(claims))
	method("addExtraData", 2, set(extra))
	method("addExtraJsonData", 2, set(extra))
	method("setFields", 1, func(args []any) (any, error) {
		fields, ok := args[0].(map[string]any)
		if !ok {
			return nil, errors.New("setFields takes a map")
		}
		maps.Copy(claims, fields)
		return nil, nil
	})
	for _, name := range []string{"toMap", "getTokenInfo"} {
		method(name, 0, func([]any) (any, error) { return script.Map(claims), nil })
	}
	method("getAudience", 0, func([]any) (any, error) {
		if list, ok := claims["aud"].([]any); ok {
			return script.List(list), nil
		}
		return script.List{claims["aud"]}, nil
	})
	method("getExpiryTime", 0, func([]any) (any, error) { return wholeNumber(claims["exp"]) * 1000, nil })
	method("setExpiryTime", 1, func(args []any) (any, error) {
		claims["exp"] = json.Number(strconv.FormatInt(wholeNumber(args[0])/1000, 10))
		return nil, nil
	})
	method("isExpired", 0, func([]any) (any, error) { return wholeNumber(claims["exp"]) <= s.options.Now().Unix(), nil })
	method("getCustomFields", 0, func([]any) (any, error) { return script.Map{}, nil })
	method("getResourceOwner", 0, func([]any) (any, error) { return nil, nil })
	return token
}

// nameOf is the name that a script gave.
func nameOf(value any) (string, error) {
	switch value := value.(type) {
	case string:
		return value, nil
	case json.Number:
		return value.String(), nil
	}
	return "", errors.New("the name is no text")
}

func wholeNumber(value any) int64 {
	number, _ := value.(json.Number)
	whole, err := number.Int64()
	if err != nil {
		float, _ := number.Float64() // what is no number is 0
		whole = int64(float)
	}
	return whole
}

// javaClasses are the classes that legacy scripts make the value of may_act with.
func javaClasses() map[string]*script.Object {
	class := &script.Object{Members: map[string]any{
		"object": script.Function(func(fields []any) (any, error) {
			value := &jsonValue{members: map[string]any{}}
			for _, field := range fields {
				if err := value.putField(field); err != nil {
					return nil, err
				}
			}
			return value.object(), nil
		}),
		"field": script.Function(func(args []any) (any, error) {
			if len(args) != 2 {
				return nil, errors.New("field takes a name and a value")
			}
			name, err := nameOf(args[0])
			return &script.Object{Value: jsonField{name, args[1]}}, err
		}),
		"json": script.Function(func(args []any) (any, error) {
			if len(args) != 1 {
				return nil, errors.New("json takes one value")
			}
			if host, ok := args[0].(*script.Object); ok {
				return host, nil
			}
			return nil, errors.New("json takes what object makes")
		}),
	}}
	return map[string]*script.Object{"org.forgerock.json.JsonValue": class}
}

// jsonField is what Java's JsonValue makes an object of.
type jsonField struct {
	name  string
	value any
}

// jsonValue is an object of Java's JsonValue.
type jsonValue struct {
	members map[string]any
	size    int // of all that was put, as JSON
}

// put keeps a copy, as an object within itself would have no end.
func (v *jsonValue) put(name string, value any) error {
	if host, ok := value.(*script.Object); ok {
		value, _ = plainValue(host)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	if v.size += len(name) + len(text); v.size > maxScripted {
		return fmt.Errorf("more than %d bytes were put into a JsonValue", maxScripted)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var own any
	if err := decoder.Decode(&own); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	v.members[name] = own
	return nil
}

func (v *jsonValue) putField(field any) error {
	if host, ok := field.(*script.Object); ok {
		if made, ok := host.Value.(jsonField); ok {
			return v.put(made.name, made.value)
		}
	}
	return errors.New("object takes what field makes")
}

func (v *jsonValue) object() *script.Object {
	put := func(args []any) (any, error) {
		if len(args) != 2 {
			return nil, errors.New("put takes a name and a value")
		}
		name, err := nameOf(args[0])
		if err != nil {
			return nil, err
		}
		return nil, v.put(name, args[1])
	}
	get := func(args []any) (any, error) {
		if len(args) != 1 {
			return nil, errors.New("get takes a name")
		}
		name, err := nameOf(args[0])
		return v.members[name], err
	}
	return &script.Object{Value: v, Members: map[string]any{"put": script.Function(put), "get": script.Function(get)}}
}

// plainValue is what a JsonValue holds.
func plainValue(host *script.Object) (any, bool) {
	value, ok := host.Value.(*jsonValue)
	if !ok {
		return nil, false
	}
	return value.members, true
}

package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
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
	method("getField", 1, func(args []any) (any, error) { return claims[fmt.Sprint(args[0])], nil })
	method("setField", 2, func(args []any) (any, error) { claims[fmt.Sprint(args[0])] = args[1]; return nil, nil })
	method("setFields", 1, func(args []any) (any, error) {
		fields, ok := args[0].(map[string]any)
		if !ok {
			return nil, errors.New("setFields takes a map")
		}
		for name, value := range fields {
			claims[name] = value
		}
		return nil, nil
	})
	for _, name := range []string{"addExtraData", "addExtraJsonData"} {
		method(name, 2, func(args []any) (any, error) { extra[fmt.Sprint(args[0])] = args[1]; return nil, nil })
	}
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
			value := map[string]any{}
			for _, field := range fields {
				if pair, ok := field.([]any); ok && len(pair) == 2 {
					value[fmt.Sprint(pair[0])] = pair[1]
				}
			}
			return jsonValue(value), nil
		}),
		"field": script.Function(func(args []any) (any, error) { return args, nil }),
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

// jsonValue is an object of Java's JsonValue.
func jsonValue(value map[string]any) *script.Object {
	put := func(args []any) (any, error) {
		if len(args) != 2 {
			return nil, errors.New("put takes a name and a value")
		}
		if host, ok := args[1].(*script.Object); ok {
			args[1], _ = plainValue(host)
		}
		value[fmt.Sprint(args[0])] = args[1]
		return nil, nil
	}
	get := func(args []any) (any, error) {
		if len(args) != 1 {
			return nil, errors.New("get takes a name")
		}
		return value[fmt.Sprint(args[0])], nil
	}
	return &script.Object{Value: value, Members: map[string]any{"put": script.Function(put), "get": script.Function(get)}}
}

// plainValue is what a JsonValue holds.
func plainValue(host *script.Object) (any, bool) {
	value, ok := host.Value.(map[string]any)
	return value, ok
}

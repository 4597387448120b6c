package script

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// utils is the binding of that name.
func (r *run) utils() map[string]any {
	return map[string]any{
		"base64":    base64Service(base64.StdEncoding),
		"base64url": base64Service(base64.RawURLEncoding),
		"crypto": map[string]any{
			"randomUUID":      Function(r.randomUUID),
			"getRandomValues": Function(notProvided("utils.crypto.getRandomValues")),
			"subtle":          r.subtle(),
		},
		"types": map[string]any{
			"stringToBytes": Function(func(args []any) (any, error) { return bytesOut([]byte(firstText(args))), nil }),
			"bytesToString": Function(func(args []any) (any, error) {
				bytes, err := bytesIn(args)
				return string(bytes), err
			}),
		},
	}
}

func (r *run) subtle() map[string]any {
	service := map[string]any{}
	for _, name := range strings.Fields("sign verify digest encrypt decrypt generateKey deriveKey") {
		service[name] = Function(notProvided("utils.crypto.subtle." + name))
	}
	return service
}

func notProvided(what string) func([]any) (any, error) {
	return func([]any) (any, error) { return nil, fmt.Errorf("%s is not provided by this fake tenant", what) }
}

// NotProvided is an object whose methods fail, as they are not in this fake.
func NotProvided(name string, methods ...string) map[string]any {
	object := map[string]any{}
	for _, method := range methods {
		object[method] = Function(notProvided(name + "." + method))
	}
	return object
}

func (r *run) randomUUID([]any) (any, error) {
	source := r.options.Chance
	if source == nil {
		source = rand.Reader
	}
	id, err := uuid.NewRandomFromReader(source)
	return id.String(), err
}

// base64Service reads either alphabet, with padding or without.
func base64Service(encoding *base64.Encoding) map[string]any {
	decode := func(args []any) ([]byte, error) {
		plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(firstText(args), "="))
		decoded, err := base64.RawStdEncoding.DecodeString(plain)
		if err != nil {
			return nil, errors.New("the text is not in base64")
		}
		return decoded, nil
	}
	encode := Function(func(args []any) (any, error) {
		if len(args) > 0 {
			if _, isArray := args[0].([]any); isArray {
				bytes, err := bytesIn(args)
				return encoding.EncodeToString(bytes), err
			}
		}
		return encoding.EncodeToString([]byte(firstText(args))), nil
	})
	decoded := Function(func(args []any) (any, error) {
		bytes, err := decode(args)
		return string(bytes), err
	})
	return map[string]any{
		"encode": encode, "btoa": encode, "decode": decoded, "atob": decoded,
		"decodeToBytes": Function(func(args []any) (any, error) {
			bytes, err := decode(args)
			return bytesOut(bytes), err
		}),
	}
}

// firstText is the first argument as a text.
func firstText(args []any) string {
	if len(args) == 0 || args[0] == nil {
		return ""
	}
	return fmt.Sprint(args[0])
}

// bytesOut are bytes as Java has them, signed.
func bytesOut(bytes []byte) []any {
	numbers := make([]any, len(bytes))
	for i, b := range bytes {
		numbers[i] = int64(int8(b))
	}
	return numbers
}

func bytesIn(args []any) ([]byte, error) {
	var numbers []any
	if len(args) > 0 {
		numbers, _ = args[0].([]any)
	}
	bytes := make([]byte, len(numbers))
	for i, value := range numbers {
		number, _ := value.(json.Number)
		b, err := strconv.ParseInt(number.String(), 10, 16)
		if err != nil || b < -128 || b > 255 {
			return nil, errors.New("the array has what is no byte")
		}
		bytes[i] = byte(b)
	}
	return bytes, nil
}

package script

import (
	"strings"

	"github.com/dop251/goja"
)

// logEntry is what a script logged.
type logEntry struct{ level, message string }

// maxLogs bounds what a script can log.
const maxLogs = 200

func (r *run) log(level, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.logs) < maxLogs {
		r.logs = append(r.logs, logEntry{level, cut(message)})
	}
}

// handLogs hands over what was logged so far.
func (r *run) handLogs(log func(level, message string)) {
	r.mu.Lock()
	logs := r.logs
	r.logs = nil
	r.mu.Unlock()
	if log == nil {
		return
	}
	for _, entry := range logs {
		log(entry.level, entry.message)
	}
}

// levels are the methods of a logger, with the levels of AM's log.
var levels = map[Generation]map[string]string{
	NextGen: {"trace": "TRACE", "debug": "DEBUG", "info": "INFO", "warn": "WARN", "error": "ERROR"},
	Legacy:  {"message": "DEBUG", "warning": "WARN", "error": "ERROR"},
}

// logger is the binding of that name. A log that is read has all levels.
func (r *run) logger() *goja.Object {
	logger := r.vm.NewObject()
	set := func(method string, f func(goja.FunctionCall) goja.Value) {
		check(logger.Set(method, r.binding(f)))
	}
	for method, level := range levels[r.script.Generation] {
		set(method, func(c goja.FunctionCall) goja.Value {
			r.log(level, format(c.Arguments))
			return goja.Undefined()
		})
		enabled := "is" + strings.ToUpper(method[:1]) + method[1:] + "Enabled"
		if r.script.Generation == Legacy {
			enabled = method + "Enabled"
		}
		set(enabled, func(goja.FunctionCall) goja.Value { return r.vm.ToValue(true) })
	}
	set("getName", func(goja.FunctionCall) goja.Value { return r.vm.ToValue(r.script.Logger()) })
	return logger
}

// format puts arguments in the places that a message has for them.
func format(arguments []goja.Value) string {
	if len(arguments) == 0 {
		return ""
	}
	text, rest := arguments[0].String(), arguments[1:]
	if len(rest) == 1 {
		if array, ok := rest[0].(*goja.Object); ok && array.ClassName() == "Array" {
			rest = nil
			for _, name := range array.Keys() {
				rest = append(rest, array.Get(name))
			}
		}
	}
	var message strings.Builder
	for _, argument := range rest {
		before, after, found := strings.Cut(text, "{}")
		if !found || message.Len() > maxMessage {
			break
		}
		message.WriteString(before + cut(argument.String()))
		text = after
	}
	return message.String() + text
}

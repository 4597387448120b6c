// Package script runs the scripts of AM, in goja instead of Rhino. It knows nothing
// of what scripts are for: callers say what a script finds.
//
// A script runs in a goroutine and a runtime of its own. At the deadline its caller
// gets [ErrDeadline] at once. The script stops with its next instruction; what is
// then still in a built-in function is a runaway until that returns, and while there
// are [Options.Runaways] of them no other script is run.
//
// # What is bounded
//
//   - the length and the nesting of a source, that of eval and new Function too; how
//     many arrow functions of a source have parameters that are more than names
//   - the depth of calls, of built-in functions in each other too
//   - built-in functions, constructors and those of bindings: none takes a text or an
//     array above a million characters or elements, and none makes one that is many
//     times as long; the engine calls none again that is of a stopped script;
//     join, JSON.stringify, sort and replace can be stopped
//   - regular expressions, by time: every match is one of regexp2 with a timeout
//   - what the process's memory grows by while a script runs, looked at every
//     10 ms: 256 MiB
//
// # What is not
//
//   - parsing, which can take seconds for a source made for that, and cannot be
//     stopped
//   - what is allocated between two looks at the memory, such as a text that is
//     doubled, which can be a few times as much
//   - single built-in functions whose time grows with the square of a text's length
//   - the number of scripts that run at a time, before their deadline
//
// # What scripts don't find
//
// Map, Set, Symbol, Promise, Proxy, Reflect, console and setTimeout are not in AM;
// nor is what was new after ES2017 in arrays. BigInt, typed arrays and the Java
// classes that are not named by the caller are in AM, and not here. Syntax that AM
// refuses is not refused, but for ... in objects. eval runs in the global scope.
package script

package server

import (
	"errors"
	"flag"
	"fmt"
	"strings"
)

// option is one setting of a C: a flag, an environment variable, or both. A flag
// wins over the variable, the variable over the default.
type option[C any] struct {
	flag, env, fallback, help string
	boolean                   bool
	// isKey says that the variable may hold a private key, and the flag no more than
	// the name of its file.
	isKey bool
	// required says what to do if there is no value.
	required string
	set      func(c *C, value string) error
}

// name is what the option's value is kept by.
func (o option[C]) name() string {
	if o.flag == "" {
		return o.env
	}
	return o.flag
}

type settings[C any] struct {
	options []option[C]
	values  map[string]setting
}

type setting struct{ source, value string }

func newSettings[C any](options []option[C], getenv func(string) string) settings[C] {
	s := settings[C]{options, map[string]setting{}}
	for _, o := range options {
		s.values[o.name()] = setting{"--" + o.flag, o.fallback}
		if o.env == "" {
			continue
		}
		if v := strings.TrimSpace(getenv(o.env)); v != "" {
			s.values[o.name()] = setting{o.env, v}
		}
	}
	return s
}

// Flags declares the options' flags.
func (s *settings[C]) Flags(fs *flag.FlagSet) {
	for _, o := range s.options {
		if o.flag == "" {
			continue
		}
		help := o.help
		if o.env != "" {
			help += " (" + o.env + ")"
		}
		if o.fallback != "" {
			help += "; default " + o.fallback
		}
		put := func(v string) error {
			s.Set(o.flag, v)
			return nil
		}
		if o.boolean {
			fs.BoolFunc(o.flag, help, put)
		} else {
			fs.Func(o.flag, help, put)
		}
	}
}

// Set gives an option a value as its flag would.
func (s *settings[C]) Set(flag, value string) { s.values[flag] = setting{"--" + flag, value} }

// source is the flag or variable that an option's value comes from.
func (s *settings[C]) source(name string) string { return s.values[name].source }

// read checks each value by itself.
func (s *settings[C]) read() (c C, mistakes []error) {
	for _, o := range s.options {
		v := s.values[o.name()]
		if v.value == "" {
			v.value = o.fallback
		}
		if v.value == "" {
			if o.required != "" {
				mistakes = append(mistakes, errors.New(o.required))
			}
			continue
		}
		if o.isKey && v.source != o.env && isJWK(v.value) {
			mistakes = append(mistakes, fmt.Errorf("%s must be a file: everybody on this machine can read what a command line holds", v.source))
			continue
		}
		if err := o.set(&c, v.value); err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s %w", v.source, err))
		}
	}
	return c, mistakes
}

// Package todo is a small API that OAuth access tokens protect: todo lists, one
// for each user.
package todo

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Todo is one entry of a user's list.
type Todo struct {
	ID        string    `json:"id"`
	Text      string    `json:"text"`
	Completed bool      `json:"completed"`
	Created   time.Time `json:"created"`
}

// Change is what to change of a todo; nil leaves a member as it is.
type Change struct {
	Completed *bool
	Text      *string
}

// The limits of a list.
const (
	MaxText  = 1000 // characters of a text
	MaxTodos = 500  // todos of a user
)

var (
	// ErrNotFound tells that the user has no such todo. Another may have it.
	ErrNotFound = errors.New("there is no such todo")
	// ErrFull tells that the user has MaxTodos todos.
	ErrFull = fmt.Errorf("the list is full: it may hold %d todos; delete some first", MaxTodos)
	// ErrText is what errors about unfit texts wrap.
	ErrText = errors.New("the text")
)

func checkText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("%w must not be blank", ErrText)
	case strings.ContainsRune(text, utf8.RuneError):
		// Decoders put U+FFFD where the text was not valid.
		return fmt.Errorf("%w must be valid UTF-8, without U+FFFD", ErrText)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%w must not hold control characters, such as line breaks", ErrText)
	}
	if n := utf8.RuneCountInString(text); n > MaxText {
		return fmt.Errorf("%w must have at most %d characters, not %d", ErrText, MaxText, n)
	}
	return nil
}

package api

import (
	"errors"
	"fmt"
	"net"
)

// Error is an answer of the platform that says no: a code (one of the Code constants, or one that the cloud has added since), its
// sentence for people, and the id by which the platform's own log knows the request.
type Error struct{ Code, Message, RequestID string }

// Error tells the code first, since it is what one searches for.
func (e *Error) Error() string {
	if e.RequestID == "" {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s (request %s)", e.Code, e.Message, e.RequestID)
}

// NewError makes an Error with a formatted message.
func NewError(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// IsCode tells whether err is an Error of exactly that code.
func IsCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// CodeOf returns the code of the Error in err, and "" where there is none.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// NoAnswerError says that no answer came that could be read. Unless NotSent, the platform may have done what was asked: whoever called
// must look before calling again.
type NoAnswerError struct {
	Action string
	// NotSent is true where the request surely never left, such as when nobody listened.
	NotSent bool
	Err     error
}

// Error names the action and the cause.
func (e *NoAnswerError) Error() string { return fmt.Sprintf("%s: no answer: %v", e.Action, e.Err) }

// Unwrap returns the cause.
func (e *NoAnswerError) Unwrap() error { return e.Err }

// IsUnknownOutcome tells that the platform may or may not have done what was asked.
func IsUnknownOutcome(err error) bool {
	var e *NoAnswerError
	return errors.As(err, &e) && !e.NotSent
}

// neverSent recognises failures before the first byte of a request.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

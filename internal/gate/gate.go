// Package gate holds an answer back until it has been recorded. It stands where content leaves: what passes is in the audit log first, and
// what cannot be recorded does not pass.
package gate

import (
	"errors"
	"maps"
	"net/http"
)

// ErrShut is what a handler gets that writes an answer which could not be recorded.
var ErrShut = errors.New("the answer could not be recorded and is held back")

// Writer passes an answer on after its note has been asked once, with the answer's status, before the first byte. An error of the note holds
// all of the answer back, and takes away the headers that it has set.
type Writer struct {
	http.ResponseWriter
	note   func(status int) error
	before http.Header // as it was before the handler
	asked  bool
	err    error
}

// New puts a gate before w.
func New(w http.ResponseWriter, note func(status int) error) *Writer {
	return &Writer{ResponseWriter: w, note: note, before: w.Header().Clone()}
}

// WriteHeader asks for the status and passes it on. Informational ones (1xx) hold no content and pass.
func (w *Writer) WriteHeader(status int) {
	if !w.asked && status >= http.StatusOK {
		w.asked = true
		if w.err = w.note(status); w.err != nil {
			clear(w.Header())
			maps.Copy(w.Header(), w.before)
		}
	}
	if w.err == nil {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write passes bytes on, as an answer with status 200 where none was given. It returns ErrShut when they are held back.
func (w *Writer) Write(data []byte) (int, error) {
	if !w.asked {
		w.WriteHeader(http.StatusOK)
	}
	if w.err != nil {
		return 0, ErrShut
	}
	return w.ResponseWriter.Write(data)
}

// FlushError passes a flush on, which sends the header; see http.ResponseController.
func (w *Writer) FlushError() error {
	if !w.asked {
		w.WriteHeader(http.StatusOK)
	}
	if w.err != nil {
		return ErrShut
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Err is why the answer was held back; nil where it passed, or where there was none.
func (w *Writer) Err() error { return w.err }

// Unwrap lets http.ResponseController reach the connection for its time-outs.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"sealdesk/internal/audit"
)

// Transport carries requests to the engine inside one process. Signature, headers and bodies are the ones that would
// travel over a network.
func (e *Engine) Transport() http.RoundTripper { return transport{e} }

type transport struct{ engine *Engine }

// insideKey is under which a request from within the program says for whom it is made.
type insideKey struct{}

// RoundTrip serves the request at once, in the caller's goroutine and under its context.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	in := req.Clone(context.WithValue(req.Context(), insideKey{}, audit.ActorFrom(req.Context())))
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	in.RequestURI = req.URL.RequestURI()
	if err := req.Context().Err(); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	handler := t.engine.API()
	if strings.HasPrefix(in.URL.Path, "/"+string(LinkDownload)+"/") {
		handler = t.engine.Downloads() // the links that actions answer with lead here too
	}
	handler.ServeHTTP(rec, in)
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", rec.status, http.StatusText(rec.status)),
		StatusCode:    rec.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        rec.header,
		Body:          io.NopCloser(&rec.body),
		ContentLength: int64(rec.body.Len()),
		Request:       req,
	}, nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// Package compress makes answers smaller on their way to the browser.
package compress

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// compressFrom is the size in bytes of a first write from which compressing pays. Pages come in one write.
const compressFrom = 1024

// Quality 4 of brotli is about as fast as gzip and smaller.
var (
	brotlis = sync.Pool{New: func() any { return brotli.NewWriterLevel(nil, 4) }}
	gzips   = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}
)

// compressor is what both formats have.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
	Flush() error
}

// Handler makes pages and exports smaller for browsers that can read it; never streams, pictures or what is compressed already. Pages
// carry no secret that an attacker could guess by their length: there are no tokens in forms, cookies are not sent across sites, and the
// address of a signing page is known to its signer alone.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accepted := r.Header.Get("Accept-Encoding")
		var pool *sync.Pool
		var name string
		switch {
		case r.Method == http.MethodHead:
		case strings.Contains(accepted, "br"):
			pool, name = &brotlis, "br"
		case strings.Contains(accepted, "gzip"):
			pool, name = &gzips, "gzip"
		}
		if pool == nil {
			next.ServeHTTP(w, r)
			return
		}
		c := &compressingWriter{ResponseWriter: w, pool: pool, name: name}
		defer c.close()
		next.ServeHTTP(c, r)
	})
}

// compressingWriter decides at the first write.
type compressingWriter struct {
	http.ResponseWriter
	pool    *sync.Pool
	name    string
	status  int
	decided bool
	to      compressor // nil: as it is
}

func (c *compressingWriter) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *compressingWriter) Write(b []byte) (int, error) {
	c.decide(len(b))
	if c.to != nil {
		return c.to.Write(b)
	}
	return c.ResponseWriter.Write(b)
}

func (c *compressingWriter) decide(size int) {
	if c.decided {
		return
	}
	c.decided = true
	h := c.Header()
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	switch kind {
	case "text/html", "text/csv", "text/plain", "application/json", "application/x-ndjson", "application/jsonl", "image/svg+xml":
		h.Add("Vary", "Accept-Encoding")
		if size >= compressFrom && h.Get("Content-Encoding") == "" && h.Get("Content-Range") == "" {
			h.Set("Content-Encoding", c.name)
			h.Del("Content-Length")
			c.to = c.pool.Get().(compressor)
			c.to.Reset(c.ResponseWriter)
		}
	}
	if c.status != 0 {
		c.ResponseWriter.WriteHeader(c.status)
	}
}

// FlushError sends what was written so far; for http.ResponseController.
func (c *compressingWriter) FlushError() error {
	c.decide(0)
	if c.to != nil {
		if err := c.to.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

// Flush is FlushError for those who ask by the old interface; an error shows at the next write.
func (c *compressingWriter) Flush() { _ = c.FlushError() }

// Unwrap lets http.ResponseController reach the connection.
func (c *compressingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// close ends the answer. An error means that the browser is gone.
func (c *compressingWriter) close() {
	c.decide(0)
	if c.to != nil {
		_ = c.to.Close()
		c.to.Reset(nil)
		c.pool.Put(c.to)
	}
}

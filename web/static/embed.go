// Package static holds the browser's files inside the program: bundled, named by a hash of their contents and compressed in advance by
// internal/assets.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Prefix is the path below which Handler serves; mount it there as "GET /static/".
const Prefix = "/static/"

//go:embed dist
var dist embed.FS

// asset is one file in the forms that a browser may accept; brotli and gzip are nil where compressing did not pay.
type asset struct {
	contentType, etag   string
	plain, brotli, gzip []byte
}

// library is everything below dist: names maps "app.js" to "app-1A2B3C4D.js", assets is by hashed name.
type library struct {
	names  map[string]string
	assets map[string]asset
}

var load = sync.OnceValue(func() library {
	lib, err := read(dist)
	if err != nil { // Without a manifest the assets have not been built; Ready says so.
		return library{}
	}
	return lib
})

func read(files fs.FS) (library, error) {
	lib := library{assets: make(map[string]asset)}
	manifest, err := fs.ReadFile(files, "dist/manifest.json")
	if err != nil {
		return lib, fmt.Errorf("read the manifest: %w", err)
	}
	if err := json.Unmarshal(manifest, &lib.names); err != nil {
		return lib, fmt.Errorf("parse the manifest: %w", err)
	}
	for name, hashed := range lib.names {
		plain, err := fs.ReadFile(files, "dist/"+hashed)
		if err != nil {
			return lib, fmt.Errorf("read %s: %w", name, err)
		}
		sum := sha256.Sum256(plain)
		a := asset{
			contentType: contentType(name),
			etag:        base64.RawURLEncoding.EncodeToString(sum[:12]),
			plain:       plain,
		}
		// A missing compressed form is no error: small files have none.
		a.brotli, _ = fs.ReadFile(files, "dist/"+hashed+".br")
		a.gzip, _ = fs.ReadFile(files, "dist/"+hashed+".gz")
		lib.assets[hashed] = a
	}
	return lib, nil
}

// contentType is fixed here because mime.TypeByExtension depends on the machine's own tables.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return "application/octet-stream"
	}
}

// Ready tells whether the program was built with its assets; if not, `make assets` was not run before the build.
func Ready() bool { return len(load().names) > 0 }

// URL is the path of a built file such as "app.js". A name that was not built gives a path that answers 404.
func URL(name string) string {
	if hashed, ok := load().names[name]; ok {
		return Prefix + hashed
	}
	return Prefix + name
}

// Handler serves the built files below Prefix. Their names change with their contents, so that browsers may keep them for ever.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := load().assets[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		a.serve(w, r)
	})
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	body, encoding := a.plain, ""
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case a.brotli != nil && accepts(accepted, "br"):
		body, encoding = a.brotli, "br"
	case a.gzip != nil && accepts(accepted, "gzip"):
		body, encoding = a.gzip, "gzip"
	}
	header := w.Header()
	// Each encoding is a representation of its own and needs an ETag of its own.
	etag := strconv.Quote(a.etag + encoding)
	header.Set("ETag", etag)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	header.Set("X-Content-Type-Options", "nosniff")
	if matches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", a.contentType)
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		w.Write(body) // An error here is a browser that went away.
	}
}

// accepts reads an Accept-Encoding header: whether coding is named and not refused with q=0.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if !found {
			return true
		}
		weight, err := strconv.ParseFloat(q, 64)
		return err == nil && weight > 0
	}
	return false
}

func matches(ifNoneMatch, etag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

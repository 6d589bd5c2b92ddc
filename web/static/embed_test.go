package static

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func built(t *testing.T) library {
	t.Helper()
	lib, err := read(fstest.MapFS{
		"dist/manifest.json":    {Data: []byte(`{"app.js":"app-ABC.js","x.svg":"x-1.svg"}`)},
		"dist/app-ABC.js":       {Data: []byte("plain")},
		"dist/app-ABC.js.br":    {Data: []byte("brotli")},
		"dist/app-ABC.js.gz":    {Data: []byte("gzip")},
		"dist/x-1.svg":          {Data: []byte("<svg/>")},
		"dist/not-listed-1.css": {Data: []byte("secret")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func TestEncodings(t *testing.T) {
	lib := built(t)
	for _, test := range []struct{ file, accept, body, encoding, contentType string }{
		{"app-ABC.js", "gzip, deflate, br, zstd", "brotli", "br", "text/javascript; charset=utf-8"},
		{"app-ABC.js", "gzip;q=1.0, br;q=0", "gzip", "gzip", "text/javascript; charset=utf-8"},
		{"app-ABC.js", "identity", "plain", "", "text/javascript; charset=utf-8"},
		{"app-ABC.js", "", "plain", "", "text/javascript; charset=utf-8"},
		{"app-ABC.js", "brx, br;q=x", "plain", "", "text/javascript; charset=utf-8"},
		{"x-1.svg", "br", "<svg/>", "", "image/svg+xml"},
	} {
		request := httptest.NewRequest(http.MethodGet, Prefix+test.file, nil)
		request.Header.Set("Accept-Encoding", test.accept)
		answer := httptest.NewRecorder()
		lib.assets[test.file].serve(answer, request)
		header := answer.Header()
		if answer.Code != http.StatusOK || answer.Body.String() != test.body || header.Get("Content-Encoding") != test.encoding || header.Get("Content-Type") != test.contentType {
			t.Errorf("%s for %q: %d %q as %q, %q", test.file, test.accept, answer.Code, answer.Body, header.Get("Content-Encoding"), header.Get("Content-Type"))
		}
		if header.Get("Vary") != "Accept-Encoding" || header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("headers %v", header)
		}

		again := httptest.NewRequest(http.MethodGet, Prefix+test.file, nil)
		again.Header.Set("Accept-Encoding", test.accept)
		again.Header.Set("If-None-Match", `"other", W/`+header.Get("ETag"))
		answer = httptest.NewRecorder()
		lib.assets[test.file].serve(answer, again)
		if answer.Code != http.StatusNotModified || answer.Body.Len() != 0 {
			t.Errorf("%s again: %d with %d bytes", test.file, answer.Code, answer.Body.Len())
		}
	}
}

func TestMethods(t *testing.T) {
	a := built(t).assets["app-ABC.js"]
	answer := httptest.NewRecorder()
	a.serve(answer, httptest.NewRequest(http.MethodHead, Prefix, nil))
	if answer.Code != http.StatusOK || answer.Body.Len() != 0 || answer.Header().Get("Content-Length") != "5" {
		t.Errorf("HEAD: %d %v", answer.Code, answer.Header())
	}
	answer = httptest.NewRecorder()
	a.serve(answer, httptest.NewRequest(http.MethodPost, Prefix, nil))
	if answer.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", answer.Code)
	}
}

func TestOnlyListedFilesAreServed(t *testing.T) {
	lib := built(t)
	if _, ok := lib.assets["not-listed-1.css"]; ok || len(lib.assets) != 2 {
		t.Errorf("assets: %v", lib.assets)
	}
	answer := httptest.NewRecorder()
	Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, Prefix+"../embed.go", nil))
	if answer.Code != http.StatusNotFound {
		t.Errorf("a file outside: %d", answer.Code)
	}
	if _, err := read(fstest.MapFS{}); err == nil {
		t.Error("no manifest, no error")
	}
	if got := URL("nothing.js"); got != "/static/nothing.js" {
		t.Errorf("URL of what was not built = %q", got)
	}
}

package compress

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func TestPagesAreCompressedAndStreamsAreNot(t *testing.T) {
	long := strings.Repeat("<p>合同</p>", 500)
	serve := func(contentType, body, accept string) (*http.Response, string) {
		t.Helper()
		server := httptest.NewServer(Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(http.StatusAccepted)
			if _, err := io.WriteString(w, body); err != nil {
				t.Error(err)
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		})))
		defer server.Close()
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var in io.Reader = resp.Body
		switch resp.Header.Get("Content-Encoding") {
		case "br":
			in = brotli.NewReader(in)
		case "gzip":
			if in, err = gzip.NewReader(in); err != nil {
				t.Fatal(err)
			}
		}
		got, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(got)
	}
	for _, test := range []struct{ contentType, body, accept, want string }{
		{"text/html; charset=utf-8", long, "gzip, br", "br"},
		{"text/html; charset=utf-8", long, "gzip", "gzip"},
		{"text/html; charset=utf-8", long, "identity", ""},
		{"text/html; charset=utf-8", "short", "br", ""},
		{"text/event-stream", long, "br", ""},
		{"image/png", long, "br", ""},
	} {
		resp, got := serve(test.contentType, test.body, test.accept)
		if resp.Header.Get("Content-Encoding") != test.want || got != test.body || resp.StatusCode != http.StatusAccepted {
			t.Errorf("%s of %d bytes for %q: %d %q, %d bytes", test.contentType, len(test.body), test.accept, resp.StatusCode, resp.Header.Get("Content-Encoding"), len(got))
		}
	}
}

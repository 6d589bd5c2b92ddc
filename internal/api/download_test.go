package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"sealdesk/internal/api"
)

type noRecorder struct{}

func (noRecorder) Intent(context.Context, api.CallRecord) error  { return nil }
func (noRecorder) Outcome(context.Context, api.CallRecord) error { return nil }

func TestDownload(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/file", http.StatusFound)
		case "/file":
			w.Header().Set("Content-Type", "image/png")
			w.Write([]byte("12345678")) //nolint:errcheck // a test's server
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	client, err := api.NewClient(api.ClientOptions{Endpoint: server.URL, SecretID: "i", SecretKey: "k", ApplicationID: "a", Recorder: noRecorder{}})
	if err != nil {
		t.Fatal(err)
	}
	data, kind, err := client.Download(t.Context(), server.URL+"/moved", 8)
	if err != nil || string(data) != "12345678" || kind != "image/png" {
		t.Errorf("got %q, %q, %v", data, kind, err)
	}
	for _, path := range []string{"/file?too-long", "/none", "\x00"} {
		_, _, err := client.Download(t.Context(), server.URL+path, 7)
		var lost *api.NoAnswerError
		if !errors.As(err, &lost) || api.IsUnknownOutcome(err) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

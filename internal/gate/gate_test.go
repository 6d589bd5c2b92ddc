package gate

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve runs a handler behind a gate on a real server, and gives the answer with what the gate was asked.
func serve(t *testing.T, refuse error, handle func(w http.ResponseWriter)) (status int, body string, header http.Header, asked []int) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("X-Frame-Options", "DENY")
		w := New(out, func(status int) error {
			asked = append(asked, status)
			return refuse
		})
		handle(w)
		if w.Err() != nil {
			http.Error(out, "not recorded", http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data), resp.Header, asked
}

// answers are the ways in which a handler can send content.
func answers() map[string]func(w http.ResponseWriter) {
	return map[string]func(w http.ResponseWriter){
		"write":  func(w http.ResponseWriter) { _, _ = io.WriteString(w, "content") },
		"header": func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK); _, _ = io.WriteString(w, "content") },
		"flush": func(w http.ResponseWriter) {
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "content")
		},
		"file": func(w http.ResponseWriter) {
			w.Header().Set("ETag", `"content"`)
			http.ServeContent(w, httptest.NewRequest(http.MethodGet, "/", nil), "a.txt", time.Time{}, strings.NewReader("content"))
		},
	}
}

func TestAnswersPassOnceTheyAreRecorded(t *testing.T) {
	for name, answer := range answers() {
		if status, body, _, asked := serve(t, nil, answer); status != http.StatusOK || body != "content" || len(asked) != 1 || asked[0] != http.StatusOK {
			t.Errorf("%s: %d %q, asked %v", name, status, body, asked)
		}
	}
}

func TestNothingPassesThatCannotBeRecorded(t *testing.T) {
	for name, answer := range answers() {
		status, body, header, _ := serve(t, errors.New("the disk is full"), answer)
		if status != http.StatusInternalServerError || strings.Contains(body, "content") || header.Get("ETag") != "" || header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %d %q %v", name, status, body, header)
		}
	}
}

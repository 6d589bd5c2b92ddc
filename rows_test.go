package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestAChangedRowIsToldByEveryCommand writes a row into the engine's database: verifying names it and exits with 1, the program goes on serving
// after a restart and says that it is not ready, and a row that it cannot do without is a refusal in words.
func TestAChangedRowIsToldByEveryCommand(t *testing.T) {
	dir := twoHalves(t)
	database := (folders{dir}).half(engineHalf).path("engine.db")
	must(t, "", "audit", "verify", "--data", dir)
	tamper(t, database, "INSERT INTO engine_console (token_hash, kind, expires, used, created) VALUES (x'0102', 'session', 1 << 60, 0, 0)")
	out, err := command(t, "", "audit", "verify", "--data", dir)
	var status exitStatus
	if !errors.As(err, &status) || status != 1 || !strings.Contains(out, "engine_console 0102") || !strings.Contains(out, "outside of Sealdesk") {
		t.Errorf("audit verify: %v\n%s", err, out)
	}
	r := instance(t, dir)
	handler, err := r.engineHandler()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		if rec.Code != want {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	r.close(t)

	tamper(t, database, "UPDATE engine_applications SET name = 'Mallory'")
	if again, err := start(t, dir); err == nil || !strings.Contains(err.Error(), "engine_applications") || !strings.Contains(err.Error(), "sealdesk restore") ||
		!strings.Contains(err.Error(), filepath.Base(database)) {
		t.Errorf("it starts, or says: %v %v", again, err)
	}
}

package main

import (
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
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
	raw, err := sql.Open("sqlite3", "file:"+database)
	if err == nil {
		_, err = raw.Exec("INSERT INTO engine_console (token_hash, kind, expires, used, created) VALUES (x'0102', 'session', 1 << 60, 0, 0)")
	}
	if err := errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, "", "audit", "verify", "--data", dir)
	var status exitStatus
	if !errors.As(err, &status) || status != 1 || !strings.Contains(out, "engine_console 0102") || !strings.Contains(out, "The audit log is whole, but rows") {
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

// TestALostAuthorityIsNotMadeAnew deletes the engine's certificate authority, or another part of it, and replaces the file of its root: each is
// refused in words, and nothing is made.
func TestALostAuthorityIsNotMadeAnew(t *testing.T) {
	for name, c := range map[string]struct{ sql, want string }{
		"all of it":  {"DELETE FROM engine_authority", "certificate authority"},
		"its stamps": {"DELETE FROM engine_authority WHERE role = 'timestamp'", "certificate authority"},
		"the file":   {"", "root-certificate.pem"},
	} {
		dir := twoHalves(t)
		root := (folders{dir}).engineRoot()
		database := (folders{dir}).half(engineHalf).path("engine.db")
		if c.sql != "" {
			tamper(t, database, c.sql)
		} else if err := os.WriteFile(root, []byte("-----BEGIN CERTIFICATE-----"), 0o600); err != nil {
			t.Fatal(err)
		}
		before := all(t, filepath.Dir(root))[root]
		if again, err := start(t, dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: it starts, or says: %v %v", name, again, err)
		}
		if after := all(t, filepath.Dir(root))[root]; after != before {
			t.Errorf("%s: the root was written anew", name)
		}
	}
}

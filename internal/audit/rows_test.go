package audit_test

import (
	"errors"
	"slices"
	"testing"
	"testing/fstest"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

var rowsMigrations = fstest.MapFS{"00001_keepers.sql": {Data: []byte("CREATE TABLE keepers (id TEXT PRIMARY KEY, seal TEXT NOT NULL, mac BLOB)")}}

// withRows is a log in a database with a sealed table.
type withRows struct {
	*audit.Log
	db *store.DB
}

func openWithRows(t *testing.T, path string, key audit.Key) *withRows {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Path: path, Migrations: rowsMigrations,
		Sealed: &store.Sealed{Master: make([]byte, store.KeyBytes), Name: "test", Tables: []store.SealedTable{{Name: "keepers"}}}})
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(t.Context(), db, audit.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return &withRows{log, db}
}

func (l *withRows) exec(t *testing.T, query string) {
	t.Helper()
	err := l.db.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(t.Context(), query); return err })
	if err != nil {
		t.Fatal(err)
	}
}

func (l *withRows) problems(t *testing.T) (all []string) {
	t.Helper()
	r, err := l.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems {
		all = append(all, p.String())
	}
	return all
}

// TestRowsAreSealedOnceAndWithAWholeLog: rows from before there were MACs get them with an event, once; where the log is not whole nobody does,
// and the rows that have none are named.
func TestRowsAreSealedOnceAndWithAWholeLog(t *testing.T) {
	for name, tampered := range map[string]bool{"a whole log": false, "a log that somebody changed": true} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir() + "/a.db"
			key, err := audit.NewKey("rows")
			if err != nil {
				t.Fatal(err)
			}
			l := openWithRows(t, path, key)
			if err := l.Record(t.Context(), audit.Event{Action: "test"}); err != nil {
				t.Fatal(err)
			}
			l.exec(t, "DELETE FROM keepers")
			l.exec(t, "INSERT INTO main.keepers (id, seal) VALUES ('ann', 's1')")
			l.exec(t, "UPDATE main.keepers SET mac = NULL")
			if tampered {
				l.exec(t, "DROP TRIGGER audit_events_no_update; UPDATE audit_events SET actor = 'mallory'")
			}
			if err := l.SealRows(t.Context()); err != nil {
				t.Fatal(err)
			}
			events, err := l.Query(t.Context(), audit.Filter{Action: audit.ActionRowsSealed}, 0, 10)
			if err != nil || len(events) != 1 {
				t.Fatalf("%d events, %v", len(events), err)
			}
			var read string
			err = l.db.Read(t.Context(), func(tx *store.Tx) error { return tx.QueryRow(t.Context(), "SELECT seal FROM keepers").Scan(&read) })
			if named := slices.Contains(l.problems(t), "row keepers ann"); named != tampered || errors.Is(err, store.ErrRowChanged) != tampered ||
				len(l.ChangedRows()) > 0 != tampered {
				t.Errorf("named %v, read %q, %v; told of %v", named, read, err, l.ChangedRows())
			}
			if err := errors.Join(l.Close(), l.db.Close()); err != nil {
				t.Fatal(err)
			}
			again := openWithRows(t, path, key)
			defer again.db.Close()
			if err := again.SealRows(t.Context()); err != nil {
				t.Fatal(err)
			}
			if slices.Contains(again.problems(t), "row keepers ann") != tampered {
				t.Errorf("after a restart: %v", again.problems(t))
			}
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

var migrations = fstest.MapFS{
	"00001_notes.sql": {Data: []byte("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, doc TEXT) STRICT;\n")},
}

func open(t testing.TB, path string) *DB {
	t.Helper()
	d, err := Open(t.Context(), Options{Path: path, Migrations: migrations})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func put(ctx context.Context, d *DB, text string) error {
	return d.Write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO notes (text) VALUES ($1)", text)
		return err
	})
}

func texts(t testing.TB, d *DB) (all []string) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *Tx) error {
		rows, err := tx.Query(t.Context(), "SELECT text FROM notes ORDER BY id")
		if err != nil {
			return err
		}
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				return err
			}
			all = append(all, s)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWriteAndReadInBothModes(t *testing.T) {
	for name, path := range map[string]string{"memory": "", "file": filepath.Join(t.TempDir(), "a folder", "印台 ?#%.db")} {
		t.Run(name, func(t *testing.T) {
			d, ctx := open(t, path), t.Context()
			if err := put(ctx, d, "one"); err != nil {
				t.Fatal(err)
			}
			err := put(ctx, d, "one")
			if !IsUnique(err) || IsUnique(errors.New("x")) || IsUnique(nil) {
				t.Errorf("a second equal text: %v, want a broken UNIQUE rule", err)
			}
			err = d.Read(ctx, func(tx *Tx) error {
				var id, second int64
				// Raw $2,$1 would be bound by order of appearance.
				if err := tx.QueryRow(ctx, "SELECT $2, $1", 1, 2).Scan(&second, &id); err != nil || second != 2 || id != 1 {
					t.Errorf("$2, $1 = %d, %d, %v", second, id, err)
				}
				if _, err := tx.Exec(ctx, "DELETE FROM notes"); !errors.Is(err, ErrReadOnly) {
					t.Errorf("Exec in Read: %v", err)
				}
				if rows, err := tx.Query(ctx, "DELETE FROM notes RETURNING id"); err == nil {
					if rows.Next(); rows.Err() == nil {
						t.Error("a reading connection changed rows")
					}
				}
				return tx.QueryRow(ctx, "SELECT id FROM notes WHERE text = $1", "none").Scan(&id)
			})
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("no row: %v, want ErrNotFound", err)
			}
			if got := texts(t, d); len(got) != 1 {
				t.Errorf("notes = %q", got)
			}
		})
	}
}

func TestPragmas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	d, ctx := open(t, path), t.Context()
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "foreign_keys": "1", "query_only": "0"}
	check := func(tx *Tx) error {
		for pragma, want := range want {
			var got string
			if err := tx.QueryRow(ctx, "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s = %q, %v, want %q", pragma, got, err, want)
			}
		}
		return nil
	}
	if err := d.Write(ctx, check); err != nil {
		t.Fatal(err)
	}
	want["query_only"] = "1"
	if err := d.Read(ctx, check); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v; others may read the database", info.Mode(), err)
	}
}

func TestSeveralMigrationSets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	other := fstest.MapFS{"00001_x.sql": {Data: []byte("CREATE TABLE other (id INTEGER PRIMARY KEY);\n")}}
	for range 2 { // the second time nothing is left to apply
		d, err := Open(t.Context(), Options{Path: path, Migrations: migrations})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Migrate(t.Context(), other, "other_versions"); err != nil {
			t.Fatal(err)
		}
		if err := d.Migrate(t.Context(), fstest.MapFS{}, "none"); err != nil {
			t.Fatal(err)
		}
		err = d.Read(t.Context(), func(tx *Tx) error {
			var n int
			return tx.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM other) + (SELECT count(*) FROM notes)").Scan(&n)
		})
		if err := errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
	}
	broken := fstest.MapFS{"00001_x.sql": {Data: []byte("CREATE TABEL x (id);\n")}}
	if _, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "b.db"), Migrations: broken}); err == nil {
		t.Error("a broken migration was applied")
	}
}

func TestPanicAndGoexitRollBack(t *testing.T) {
	d, ctx := open(t, ""), t.Context()
	for name, end := range map[string]func(){"panic": func() { panic("boom") }, "goexit": runtime.Goexit} {
		done := make(chan any)
		go func() {
			defer func() { done <- recover() }()
			err := d.Write(ctx, func(tx *Tx) error {
				if _, err := tx.Exec(ctx, "INSERT INTO notes (text) VALUES ('x')"); err != nil {
					return err
				}
				end()
				return nil
			})
			t.Errorf("%s: Write returned %v", name, err)
		}()
		<-done
		if err := put(ctx, d, name); err != nil {
			t.Errorf("after a %s: %v", name, err)
		}
	}
	if got := texts(t, d); len(got) != 2 {
		t.Errorf("notes = %q", got)
	}
}

func TestCancelledContext(t *testing.T) {
	d := open(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	err := d.Write(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO notes (text) VALUES ('x')"); err != nil {
			return err
		}
		cancel()
		_, err := tx.Exec(ctx, "INSERT INTO notes (text) VALUES ('y')")
		return err
	})
	if !errors.Is(err, context.Canceled) || len(texts(t, d)) != 0 {
		t.Errorf("cancelled in the middle: %v, notes %q", err, texts(t, d))
	}
	for name, err := range map[string]error{
		"write": put(ctx, d, "z"),
		"read":  d.Read(ctx, func(tx *Tx) error { return tx.QueryRow(ctx, "SELECT 1").Scan(new(int)) }),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s under a cancelled context: %v", name, err)
		}
	}
	// One who waits for a turn gives up; the one before it still commits although it had left the commit to the other.
	ctx, cancel = context.WithCancel(t.Context())
	inside, gaveUp := make(chan struct{}), make(chan error)
	go func() {
		<-inside
		gaveUp <- put(ctx, d, "never")
	}()
	err = d.Write(t.Context(), func(tx *Tx) error {
		close(inside)
		waitFor(d, 1)
		cancel()
		_, err := tx.Exec(t.Context(), "INSERT INTO notes (text) VALUES ('kept')")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-gaveUp; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("the one who gave up: %v", err)
	}
	if got := texts(t, d); len(got) == 0 || got[0] != "kept" {
		t.Errorf("notes = %q", got)
	}
}

func TestReadIsInterrupted(t *testing.T) {
	d := open(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := d.Read(ctx, func(tx *Tx) error {
		return tx.QueryRow(ctx, "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c) SELECT count(*) FROM c").Scan(new(int))
	})
	if err == nil {
		t.Error("an endless read ended by itself")
	}
	if got := texts(t, d); len(got) != 0 {
		t.Error(got)
	}
}

func TestForgottenRowsAndUseAfterTheEnd(t *testing.T) {
	d, ctx := open(t, ""), t.Context()
	var kept *Tx
	var rows *sql.Rows
	err := d.Write(ctx, func(tx *Tx) (err error) {
		kept = tx
		rows, err = tx.Query(ctx, "INSERT INTO notes (text) VALUES ('a'), ('b') RETURNING id")
		rows.Next()
		return err
	})
	if err != nil || rows.Next() || len(texts(t, d)) != 2 {
		t.Errorf("forgotten rows: %v, %q", err, texts(t, d))
	}
	if _, err := kept.Exec(ctx, "DELETE FROM notes"); !errors.Is(err, ErrTxDone) {
		t.Errorf("Exec after the end: %v", err)
	}
	if err := kept.QueryRow(ctx, "SELECT 1").Scan(new(int)); !errors.Is(err, ErrTxDone) {
		t.Errorf("QueryRow after the end: %v", err)
	}
}

func TestBackupAndClose(t *testing.T) {
	folder := t.TempDir()
	d, err := Open(t.Context(), Options{Migrations: migrations})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(t.Context(), d, "one"); err != nil {
		t.Fatal(err)
	}
	copyPath := filepath.Join(folder, "copy.db")
	for range 2 { // also over an older copy
		if err := d.Backup(t.Context(), copyPath); err != nil {
			t.Fatal(err)
		}
	}
	if got := texts(t, open(t, copyPath)); len(got) != 1 {
		t.Errorf("the copy holds %q", got)
	}
	if err := d.Backup(t.Context(), filepath.Join(folder, "none", "x.db")); err == nil {
		t.Error("a backup into a folder that does not exist")
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(d.Path()); err == nil {
		t.Error("the temporary database is still there")
	}
	if err := put(t.Context(), d, "two"); !errors.Is(err, ErrClosed) {
		t.Errorf("a write after Close: %v", err)
	}
	if err := d.Read(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("a read after Close: %v", err)
	}
}

func TestManyWritersAndReaders(t *testing.T) {
	d, ctx := open(t, filepath.Join(t.TempDir(), "a.db")), t.Context()
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 50 {
				if err := put(ctx, d, fmt.Sprint(w, " ", i)); err != nil {
					t.Error(err)
				}
				err := d.Read(ctx, func(tx *Tx) error {
					return tx.QueryRow(ctx, "SELECT id FROM notes WHERE text = $1", fmt.Sprint(w, " ", i)).Scan(new(int64))
				})
				if err != nil {
					t.Errorf("own write is not seen: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(texts(t, d)); got != 800 {
		t.Errorf("%d notes, want 800", got)
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 11, 23, 1, 2, 3, 4000, time.FixedZone("", 8*3600))
	if got := Time(Micros(now)); !got.Equal(now) || got.Location() != time.UTC || !Time(Micros(time.Time{})).IsZero() {
		t.Errorf("round trip gives %v", got)
	}
}

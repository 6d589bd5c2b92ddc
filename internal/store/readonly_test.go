package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

// TestReadOnlyChangesNothing reads a database that nobody has open, one that somebody has, and a copy of the latter that may not be written.
func TestReadOnlyChangesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	if _, err := Open(t.Context(), Options{Path: path, ReadOnly: true}); err == nil {
		t.Fatal("opened what is not there")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Fatalf("it made %v, %v", entries, err)
	}
	tables := fstest.MapFS{"00001_a.sql": {Data: []byte("CREATE TABLE a (n INTEGER)")}}
	d, err := Open(t.Context(), Options{Path: path, Migrations: tables})
	if err != nil {
		t.Fatal(err)
	}
	put := func(n int) {
		t.Helper()
		if err := d.Write(t.Context(), func(tx *Tx) error { _, err := tx.Exec(t.Context(), "INSERT INTO a VALUES ($1)", n); return err }); err != nil {
			t.Fatal(err)
		}
	}
	put(1)
	count := func(path string, want int, overtaken bool) {
		t.Helper()
		before, _ := os.ReadDir(filepath.Dir(path))
		r, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := r.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), "SELECT count(*) FROM a").Scan(&n) }); err != nil || n != want {
			t.Errorf("%d rows, want %d, %v", n, want, err)
		}
		if err := r.Write(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, ErrReadOnly) {
			t.Errorf("Write: %v", err)
		}
		if overtaken {
			if d, err = Open(t.Context(), Options{Path: path}); err != nil {
				t.Fatal(err)
			}
			put(3)
		}
		if r.Overtaken() != overtaken {
			t.Errorf("overtaken = %v", !overtaken)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if after, _ := os.ReadDir(filepath.Dir(path)); !overtaken && len(after) != len(before) {
			t.Errorf("%d files became %d", len(before), len(after))
		}
	}
	put(2)
	count(path, 2, false)
	cold := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(path+suffix, filepath.Join(cold, "a.db"+suffix)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(cold, "a.db"+suffix), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(cold, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(cold, 0o755) })
	count(filepath.Join(cold, "a.db"), 2, false)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	count(path, 2, true)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTablesThatAreNotOurs refuses what a newer program wrote, and a database that lacks a table.
func TestTablesThatAreNotOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	one := fstest.MapFS{"00001_a.sql": {Data: []byte("CREATE TABLE a (n INTEGER);\nCREATE TABLE gone (n INTEGER);\nCREATE TABLE old (n INTEGER)")}}
	two := fstest.MapFS{"00001_a.sql": one["00001_a.sql"], "00002_b.sql": {Data: []byte("DROP TABLE gone;\nALTER TABLE old RENAME TO b")}}
	open := func(files fstest.MapFS, spoil string) error {
		t.Helper()
		d, err := Open(t.Context(), Options{Path: path, Migrations: files})
		if err != nil {
			return err
		}
		if spoil != "" {
			if err := d.Write(t.Context(), func(tx *Tx) error { _, err := tx.Exec(t.Context(), spoil); return err }); err != nil {
				t.Fatal(err)
			}
		}
		return d.Close()
	}
	for range 2 {
		if err := open(two, ""); err != nil {
			t.Fatal(err)
		}
	}
	var newer *NewerError
	if err := open(one, ""); !errors.As(err, &newer) || newer.Found != 2 || newer.Known != 1 {
		t.Errorf("an older program: %v", err)
	}
	reads := func(files fstest.MapFS) error {
		t.Helper()
		d, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		return d.CheckTables(t.Context(), files, "goose_db_version")
	}
	three := fstest.MapFS{"00001_a.sql": two["00001_a.sql"], "00002_b.sql": two["00002_b.sql"], "00003_c.sql": {Data: []byte("CREATE TABLE c (n INTEGER)")}}
	if err := reads(two); err != nil {
		t.Errorf("read as it is: %v", err)
	}
	if err := reads(one); !errors.As(err, &newer) {
		t.Errorf("read by an older program: %v", err)
	}
	if err := reads(three); !errors.Is(err, ErrOlder) {
		t.Errorf("read by a newer program: %v", err)
	}
	var missing *MissingTableError
	if err := open(two, "DROP TABLE b"); err != nil {
		t.Fatal(err)
	}
	if err := open(two, ""); !errors.As(err, &missing) || missing.Table != "b" {
		t.Errorf("without a table: %v", err)
	}
}

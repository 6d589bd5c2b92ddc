package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var sealedMigrations = fstest.MapFS{"00001_a.sql": {Data: []byte(`
CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT NOT NULL, age INTEGER, weight REAL, face BLOB, seen INTEGER NOT NULL DEFAULT 0, mac BLOB);
CREATE TABLE keepers (seal TEXT, person TEXT, until INTEGER NOT NULL, mac BLOB, PRIMARY KEY (seal, person)) WITHOUT ROWID;
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO people (id, name) VALUES ('old', 'Old');
`)}}

func openSealedFile(t *testing.T, path string, files fstest.MapFS) *DB {
	t.Helper()
	d, err := Open(t.Context(), Options{Path: path, Migrations: files, Sealed: &Sealed{
		Master: bytes.Repeat([]byte{9}, KeyBytes), Name: "test",
		Tables: []SealedTable{{Name: "people", Free: []string{"seen"}}, {Name: "keepers"}},
	}})
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

// sealedFile is a database with some rows that Sealdesk wrote, and a plain connection to it as an attacker has one.
func sealedFile(t *testing.T) (*DB, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	d := openSealedFile(t, path, sealedMigrations)
	must(t, d.Write(t.Context(), func(tx *Tx) error {
		if n, err := tx.Seal(t.Context(), "people", ""); err != nil || n != 1 {
			t.Errorf("sealed %d rows, %v", n, err)
		}
		return nil
	}))
	write(t, d, `INSERT INTO people (id, name, age, weight, face) VALUES ('ann', 'Ann', 30, 61.5, x'00ff')`)
	write(t, d, `INSERT INTO people (id, name) VALUES ('bob', 'Bob')`)
	write(t, d, `INSERT INTO keepers (seal, person, until) VALUES ('s1', 'ann', 7)`)
	raw, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	must(t, err)
	t.Cleanup(func() { _ = raw.Close() })
	return d, raw
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func tryWrite(d *DB, query string, args ...any) error {
	return d.Write(context.Background(), func(tx *Tx) error { _, err := tx.Exec(context.Background(), query, args...); return err })
}

func write(t *testing.T, d *DB, query string, args ...any) {
	t.Helper()
	if err := tryWrite(d, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// changedRows lists what does not fit.
func changedRows(t *testing.T, d *DB) (all []string) {
	t.Helper()
	must(t, d.Read(t.Context(), func(tx *Tx) error {
		return tx.ChangedRows(t.Context(), d.SealedTables(), func(e RowChangedError) { all = append(all, e.Table+" "+e.Key) })
	}))
	return all
}

func readName(d *DB, id string) (name string, err error) {
	err = d.Read(context.Background(), func(tx *Tx) error {
		return tx.QueryRow(context.Background(), "SELECT name FROM people WHERE id = $1", id).Scan(&name)
	})
	return name, err
}

func TestHonestWritesFit(t *testing.T) {
	d, _ := sealedFile(t)
	for _, query := range []string{
		`UPDATE people SET name = 'Anna', age = NULL WHERE id = 'ann'`,
		"\n\tupdate people set seen = seen + 1 where people.id in (select person from keepers)",
		`UPDATE people SET id = 'robert' WHERE id = 'bob'`,
		`UPDATE keepers SET person = 'robert' WHERE person = 'ann'`,
		`INSERT INTO keepers (seal, person, until) VALUES ('s1', 'robert', 9) ON CONFLICT DO UPDATE SET until = excluded.until + keepers.until`,
		`INSERT OR REPLACE INTO people (id, name) VALUES ('robert', 'Robert')`,
		`REPLACE INTO people (id, name) VALUES ('cid', 'Cid')`,
		`INSERT INTO people (id, name) SELECT id || '2', name FROM people`,
		`INSERT INTO people (id, name, age, weight) VALUES ('dan', 5, '31', 62)`, // which SQLite keeps as another type
		`DELETE FROM people WHERE id = 'cid2'`,
	} {
		write(t, d, query)
		if found := changedRows(t, d); found != nil {
			t.Fatalf("after %s: %v", query, found)
		}
	}
	must(t, d.Write(t.Context(), func(tx *Tx) error { // RETURNING and reading within the transaction
		var name string
		must(t, tx.QueryRow(t.Context(), `UPDATE people SET name = 'Annie' WHERE id = 'ann' RETURNING name`).Scan(&name))
		return tx.QueryRow(t.Context(), `SELECT name FROM people WHERE name = $1`, name).Scan(&name)
	}))
	if name, err := readName(d, "ann"); err != nil || name != "Annie" {
		t.Errorf("read %q, %v", name, err)
	}
}

// attacks are what somebody does who writes the file, and the row that does not fit afterwards.
var attacks = []struct{ sql, found string }{
	{`UPDATE people SET name = 'Mallory' WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET age = 31 WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET age = '' WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET age = NULL WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET age = 0 WHERE id = 'bob'`, "people bob"},
	{`UPDATE people SET face = x'' WHERE id = 'bob'`, "people bob"},
	{`UPDATE people SET name = CAST(name AS BLOB) WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET weight = 61.500001 WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET face = x'00fe' WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET id = 'eve' WHERE id = 'ann'`, "people eve"},
	{`UPDATE people SET mac = NULL WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET mac = '' WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET mac = CAST(mac AS TEXT) WHERE id = 'ann'`, "people ann"},
	{`UPDATE people SET mac = (SELECT mac FROM people WHERE id = 'bob') WHERE id = 'ann'`, "people ann"},
	{`INSERT INTO people SELECT 'eve', name, age, weight, face, seen, mac FROM people WHERE id = 'ann'`, "people eve"},
	{`INSERT INTO people (id, name) VALUES ('eve', 'Eve')`, "people eve"},
	{`UPDATE keepers SET person = 'bob'`, "keepers s1,bob"},
	{`UPDATE keepers SET until = 8`, "keepers s1,ann"},
	{`INSERT INTO keepers SELECT 's2', person, until, mac FROM keepers`, "keepers s2,ann"},
}

func TestEveryChangeOfARowIsNamed(t *testing.T) {
	for _, attack := range attacks {
		d, raw := sealedFile(t)
		if _, err := raw.Exec(attack.sql); err != nil {
			t.Fatalf("%s: %v", attack.sql, err)
		}
		if found := changedRows(t, d); !slices.Equal(found, []string{attack.found}) {
			t.Errorf("%s: found %q, want %q", attack.sql, found, attack.found)
		}
	}
	d, raw := sealedFile(t)
	_, err := raw.Exec(`UPDATE people SET seen = 99`)
	if found := changedRows(t, d); err != nil || found != nil {
		t.Errorf("a free column is covered: %v, %v", found, err)
	}
}

// TestNothingFollowsFromAChangedRow reads and writes such a row in every way, also by callbacks that look away from errors.
func TestNothingFollowsFromAChangedRow(t *testing.T) {
	d, raw := sealedFile(t)
	told := make(chan RowChangedError, 64)
	d.OnRowChanged(func(e RowChangedError) { told <- e })
	write(t, d, "INSERT INTO notes (text) VALUES ('a note')")
	_, err := raw.Exec(`UPDATE people SET name = 'Mallory' WHERE id = 'ann'`)
	must(t, err)
	ctx := t.Context()
	look := func(tx *Tx) error {
		var name string
		_ = tx.QueryRow(ctx, "SELECT name FROM people WHERE id = 'ann'").Scan(&name)
		if name != "" {
			t.Errorf("read %q", name)
		}
		return nil
	}
	list := func(tx *Tx) error {
		rows, err := tx.Query(ctx, "SELECT p.name FROM keepers LEFT JOIN people p ON p.id = person")
		if err == nil {
			for rows.Next() {
				t.Error("listed a row")
			}
		}
		return nil
	}
	update := func(tx *Tx) error {
		_, _ = tx.Exec(ctx, "INSERT INTO notes (text) VALUES ('before')")
		_, _ = tx.Exec(ctx, "UPDATE people SET age = 50 WHERE id = 'ann'")
		return nil
	}
	free := func(tx *Tx) error { _, err := tx.Exec(ctx, "UPDATE people SET seen = 1"); return err }
	for name, run := range map[string]error{
		"read": d.Read(ctx, look), "list": d.Read(ctx, list), "read in a write": d.Write(ctx, look), "list in a write": d.Write(ctx, list),
		"update": d.Write(ctx, update), "update a free column": d.Write(ctx, free),
		"select into":  tryWrite(d, "INSERT INTO notes (text) SELECT name FROM people"),
		"where exists": tryWrite(d, "DELETE FROM notes WHERE EXISTS (SELECT 1 FROM people WHERE age > 1)"),
	} {
		var changed *RowChangedError
		if !errors.As(run, &changed) || changed.Table != "people" || changed.Key != "ann" || !errors.Is(run, ErrRowChanged) {
			t.Errorf("%s: %v", name, run)
		}
	}
	if n := len(told); n != 8 {
		t.Errorf("told %d times, want 8", n)
	}
	must(t, d.Write(ctx, func(tx *Tx) error {
		res, err := tx.Exec(ctx, "DELETE FROM people WHERE id IN ('old', 'ann')")
		if n, _ := res.RowsAffected(); err != nil || n != 1 {
			t.Errorf("deleted %d rows, %v", n, err)
		}
		return err
	}))
	var notes int
	must(t, d.Read(ctx, func(tx *Tx) error { return tx.QueryRow(ctx, "SELECT count(*) FROM notes").Scan(&notes) }))
	if name, err := readName(d, "bob"); err != nil || name != "Bob" || notes != 1 {
		t.Errorf("other rows: %q, %v; %d notes, want 1", name, err, notes)
	}
	write(t, d, "UPDATE people SET age = 50 WHERE id = 'bob'")
	if found := changedRows(t, d); !slices.Equal(found, []string{"people ann"}) {
		t.Errorf("found %v: an honest write made a foreign row good", found)
	}
}

// TestAWriteThatIsNotUnderstoodIsRefused holds that what the program's statements say of sealed tables reaches a view where it does not name the
// table at its head: SQLite writes into none.
func TestAWriteThatIsNotUnderstoodIsRefused(t *testing.T) {
	d, _ := sealedFile(t)
	for _, query := range []string{"WITH x AS (SELECT 1) UPDATE people SET age = 1", `UPDATE "people" SET age = 1`, "/* */ DELETE FROM people"} {
		if err := tryWrite(d, query); err == nil || !strings.Contains(err.Error(), "view") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestASealedTableGetsAnotherColumn(t *testing.T) {
	d, raw := sealedFile(t)
	_, err := raw.Exec(`UPDATE people SET name = 'Mallory' WHERE id = 'ann'`)
	must(t, err)
	before, path := d.SealedTables()["people"], d.Path()
	must(t, d.Close())
	further := fstest.MapFS{"00001_a.sql": sealedMigrations["00001_a.sql"], "00002_b.sql": {Data: []byte("ALTER TABLE people ADD COLUMN mail TEXT NOT NULL DEFAULT 'x'")}}
	d = openSealedFile(t, path, further)
	if found := changedRows(t, d); len(found) != 3 || d.SealedTables()["people"] == before {
		t.Fatalf("found %v before the table was sealed again", found)
	}
	must(t, d.Write(t.Context(), func(tx *Tx) error { _, err := tx.Seal(t.Context(), "people", before); return err }))
	if found := changedRows(t, d); !slices.Equal(found, []string{"people ann"}) {
		t.Errorf("found %v", found)
	}
	_, err = raw.Exec(`UPDATE people SET mail = 'y' WHERE id = 'bob'`)
	if found := changedRows(t, d); err != nil || !slices.Equal(found, []string{"people ann", "people bob"}) {
		t.Errorf("found %v, %v", found, err)
	}
}

// BenchmarkSealedRead says what the MACs cost: rows read by key, of a table that is sealed and past its view.
func BenchmarkSealedRead(b *testing.B) {
	d, err := Open(b.Context(), Options{Migrations: sealedMigrations, Sealed: &Sealed{Master: make([]byte, KeyBytes), Tables: []SealedTable{{Name: "people"}}}})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(tryWrite(d, "DELETE FROM people"))
	for i := range 10000 {
		must(tryWrite(d, "INSERT INTO people (id, name, age, weight, face) VALUES ($1, 'Somebody', 7, 60, x'0011223344556677')", fmt.Sprint(i)))
	}
	for _, table := range []string{"people", "main.people"} {
		b.Run(table, func(b *testing.B) {
			for b.Loop() {
				must(d.Read(b.Context(), func(tx *Tx) error {
					var n int
					return tx.QueryRow(b.Context(), "SELECT count(*) FROM "+table+" WHERE name <> ''").Scan(&n)
				}))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10000, "ns/row")
		})
	}
}

package store

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// house is a database of two sets of migrations, of which one has a guard.
var house = Options{
	Migrations: fstest.MapFS{
		"00001_a.sql": {Data: []byte(`CREATE TABLE accounts (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, -- of a person
    made INTEGER NOT NULL CHECK (made > 0),
    role TEXT NOT NULL CHECK (role <> ''));
CREATE INDEX accounts_by_role ON accounts (role);
CREATE TABLE flows (id INTEGER PRIMARY KEY, steps INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE steps (flow_id INTEGER NOT NULL);
CREATE TRIGGER steps_counted AFTER INSERT ON steps BEGIN
    UPDATE flows SET steps = steps + 1 WHERE id = NEW.flow_id;
END;
CREATE VIEW admins AS SELECT * FROM accounts WHERE role = 'admin';`)},
		"00003_b.sql": {Data: []byte(`ALTER TABLE steps ADD COLUMN done INTEGER NOT NULL DEFAULT 0; CREATE VIRTUAL TABLE words USING fts5 (text);`)},
	},
	Table: "a_versions",
	Beside: []Set{{Files: fstest.MapFS{"00001_l.sql": {Data: []byte(`CREATE TABLE log (seq INTEGER PRIMARY KEY);
CREATE TRIGGER log_stays BEFORE DELETE ON log BEGIN
    SELECT RAISE(ABORT, 'it stays');
END;`)}}, Table: "b_versions", Guards: []string{"log_stays"}}},
}

func openHouse(t *testing.T, path string) (*DB, error) {
	t.Helper()
	o := house
	o.Path = path
	d, err := Open(t.Context(), o)
	if err == nil {
		err = d.Migrate(t.Context(), o.Beside[0].Files, o.Beside[0].Table)
	}
	return d, err
}

// otherwise runs SQL beside the program.
func otherwise(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// edited changes a text of the structure in the file itself.
func edited(name, from, to string) []string {
	return []string{"PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = replace(sql, '" + from + "', '" + to + "') WHERE name = '" + name + "'",
		"PRAGMA writable_schema = RESET"}
}

var spoilt = map[string]struct {
	sql  []string
	want string
}{
	"a trigger":                     {[]string{"CREATE TRIGGER t AFTER INSERT ON accounts BEGIN UPDATE accounts SET role = 'admin'; END"}, "foreign: trigger t on accounts"},
	"a trigger on the log":          {[]string{"CREATE TRIGGER t AFTER INSERT ON log BEGIN UPDATE accounts SET role = 'admin'; END"}, "foreign: trigger t on log"},
	"a trigger on a view":           {[]string{"CREATE TRIGGER t INSTEAD OF DELETE ON admins BEGIN SELECT 1; END"}, "foreign: trigger t on admins"},
	"a table":                       {[]string{"CREATE TABLE notes (n)"}, "foreign: table notes"},
	"a view":                        {[]string{"CREATE VIEW v AS SELECT 1"}, "foreign: view v"},
	"an index":                      {[]string{"CREATE UNIQUE INDEX i ON accounts (name)"}, "foreign: index i on accounts"},
	"a virtual table":               {[]string{"CREATE VIRTUAL TABLE more USING fts5 (x)"}, "foreign: table more"},
	"a view in place of a table":    {[]string{"ALTER TABLE flows RENAME TO f2", "CREATE VIEW flows AS SELECT 1 AS id, 2 AS steps"}, "foreign: table f2"},
	"no table":                      {[]string{"DROP TABLE flows"}, "the table flows is missing"},
	"no index":                      {[]string{"DROP INDEX accounts_by_role"}, "missing: index accounts_by_role on accounts"},
	"no trigger":                    {[]string{"DROP TRIGGER steps_counted"}, "missing: trigger steps_counted on steps"},
	"no view":                       {[]string{"DROP VIEW admins"}, "missing: view admins"},
	"another trigger":               {[]string{"DROP TRIGGER steps_counted", "CREATE TRIGGER steps_counted AFTER INSERT ON steps BEGIN SELECT 1; END"}, "altered: trigger steps_counted"},
	"another guard":                 {[]string{"DROP TRIGGER log_stays", "CREATE TRIGGER log_stays BEFORE DELETE ON log WHEN 0 BEGIN SELECT RAISE(ABORT, 'it stays'); END"}, "altered: trigger log_stays"},
	"a guard elsewhere":             {[]string{"DROP TRIGGER log_stays", "CREATE TRIGGER log_stays BEFORE DELETE ON flows BEGIN SELECT RAISE(ABORT, 'it stays'); END"}, "altered: trigger log_stays on flows"},
	"another column":                {[]string{"ALTER TABLE accounts ADD COLUMN extra TEXT DEFAULT 'x'"}, "altered: table accounts"},
	"a renamed column":              {[]string{"ALTER TABLE flows RENAME COLUMN steps TO stops"}, "altered: table flows"},
	"a table anew without rules":    {[]string{"DROP TABLE flows", "CREATE TABLE flows (id INTEGER PRIMARY KEY, steps INTEGER)"}, "altered: table flows"},
	"a rule gone from the file":     {edited("accounts", " CHECK (role <> '''')", ""), "altered: table accounts"},
	"a default in the file":         {edited("flows", "DEFAULT 0", "DEFAULT 1"), "altered: table flows"},
	"a rule in a comment":           {edited("accounts", "-- of a person\n    made", "-- of a person     made"), "altered: table accounts"},
	"two names of one place":        {[]string{"PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'flows') WHERE name = 'steps'", "PRAGMA writable_schema = RESET"}, "altered: table"},
	"a version of its own":          {[]string{"PRAGMA user_version = 7"}, "altered: setting user_version"},
	"an application of its own":     {[]string{"PRAGMA application_id = 7"}, "altered: setting application_id"},
	"a migration that is not noted": {[]string{"DELETE FROM a_versions WHERE version_id = 3"}, "foreign: table words"},
	"versions that are not there":   {[]string{"DROP TABLE b_versions"}, "foreign: table log"},
}

// TestWhatNoMigrationMadeIsRefused changes the structure of a database in each way: it is not opened, a program that has it open writes nothing
// from then on, and both name what is wrong.
func TestWhatNoMigrationMadeIsRefused(t *testing.T) {
	for name, c := range spoilt {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "a.db")
			d, err := openHouse(t, path)
			if err != nil {
				t.Fatal(err)
			}
			insert := func(tx *Tx) error {
				_, err := tx.Exec(t.Context(), "INSERT INTO log DEFAULT VALUES")
				return err
			}
			if err := d.Write(t.Context(), insert); err != nil {
				t.Fatal(err)
			}
			if err := d.CheckSchema(t.Context()); err != nil {
				t.Fatal(err)
			}
			statements := c.sql
			if first := statements[0]; strings.HasPrefix(first, "PRAGMA") || strings.HasPrefix(first, "DELETE") {
				// SQLite does not count these as changes of the structure, and whoever has the database open goes on as before.
				statements = append(statements, "PRAGMA schema_version = 4711")
			}
			otherwise(t, path, statements...)
			for range 2 {
				if err := d.Write(t.Context(), insert); !errors.Is(err, ErrSchema) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("a write: %v, want %s", err, c.want)
				}
			}
			if err := d.Refused(); !errors.Is(err, ErrSchema) {
				t.Errorf("it does not say that it refuses: %v", err)
			}
			if err := d.CheckSchema(t.Context()); !errors.Is(err, ErrSchema) {
				t.Errorf("the check: %v", err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			again, err := openHouse(t, path)
			if !errors.Is(err, ErrSchema) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("opened: %v, want %s", err, c.want)
			}
			if err == nil {
				again.Close()
			}
		})
	}
}

// TestAStructureThatIsOursIsTaken opens what this program, an older one and ANALYZE left, and puts back a guard that is gone.
func TestAStructureThatIsOursIsTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	older := house
	older.Path, older.Migrations = path, fstest.MapFS{"00001_a.sql": house.Migrations.(fstest.MapFS)["00001_a.sql"]}
	d, err := Open(t.Context(), older)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if d, err = openHouse(t, path); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		otherwise(t, path, "INSERT INTO log DEFAULT VALUES", "ANALYZE", "DROP TRIGGER log_stays")
	}
	if d, err = openHouse(t, path); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.CheckSchema(t.Context()); err != nil {
		t.Errorf("the guard was not put back: %v", err)
	}
	remove := func(tx *Tx) error { _, err := tx.Exec(t.Context(), "DELETE FROM log"); return err }
	if err := d.Write(t.Context(), remove); err == nil {
		t.Error("the guard does not guard")
	}
	// While it is open it goes on without the guard, and names it to whoever asks; what was put right is taken again.
	otherwise(t, path, "DROP TRIGGER log_stays")
	if err := d.Write(t.Context(), func(*Tx) error { return nil }); err != nil {
		t.Errorf("without a guard: %v", err)
	}
	if err := d.CheckSchema(t.Context()); err == nil || err.Error() != "missing: trigger log_stays on log" {
		t.Errorf("the check says %v", err)
	}
	otherwise(t, path, "CREATE TABLE z (n)")
	if err := d.Write(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, ErrSchema) {
		t.Errorf("with a foreign table: %v", err)
	}
	otherwise(t, path, "DROP TABLE z")
	if err := d.Write(t.Context(), func(*Tx) error { return nil }); err != nil || d.Refused() != nil {
		t.Errorf("once it is gone: %v, %v", err, d.Refused())
	}
}

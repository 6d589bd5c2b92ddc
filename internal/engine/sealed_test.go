package engine_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/internal/engine"
)

// unsealed are the tables of engine.db whose rows carry no MAC, each with what protects it instead.
var unsealed = map[string]string{
	"audit_events":       "leaves of the tree that the log signs",
	"audit_checkpoint":   "signed, and sealed by the log",
	"audit_folds":        "each row has a MAC of the log's own",
	"audit_search":       "made from the events, and held against them by verifying",
	"audit_search_state": "how far that was made",
	"audit_values":       "what events tell of people, each held against the commitment in its event",
	"audit_people":       "the keys of that: without the right one nothing opens",
	"audit_migrations":   "which changes of the log's tables were applied: the tables are compared with what this program knows",
	"engine_schema":      "the same of the engine's",
	"sqlite_sequence":    "SQLite's own: the next number of a table",
}

// inFolder is a platform in a data folder, and a plain connection to its database, as somebody has one who can write the file.
func inFolder(t *testing.T, change ...func(*engine.Options)) (*platform, *sql.DB) {
	t.Helper()
	dir := t.TempDir()
	p := start(t, append([]func(*engine.Options){func(o *engine.Options) { o.Memory, o.DataDir = false, dir }}, change...)...)
	return p, attacker(t, dir)
}

// dir is the data folder of a platform that has one.
func (p *platform) dir() string { return filepath.Dir(p.engine.Path()) }

func attacker(t *testing.T, dir string) *sql.DB {
	t.Helper()
	raw, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, engine.FileName)+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	raw.SetMaxOpenConns(1) // so that its temporary tables stay
	t.Cleanup(func() { _ = raw.Close() })
	return raw
}

func rawly(t testing.TB, raw *sql.DB, query string, args ...any) {
	t.Helper()
	res, err := raw.Exec(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s: no row, %v", query, err)
	}
}

func raws(t testing.TB, raw *sql.DB, queries ...string) {
	t.Helper()
	for _, query := range queries {
		if _, err := raw.Exec(query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
}

func rawTexts(t testing.TB, raw *sql.DB, query string, args ...any) (all []string) {
	t.Helper()
	rows, err := raw.Query(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// changedRows verifies the evidence and gives what it says of rows.
func (p *platform) changedRows() (all []string) {
	p.Helper()
	r, err := p.engine.Evidence().Verify(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	for _, problem := range r.Problems {
		all = append(all, problem.String())
	}
	return all
}

// TestEveryTableIsSealedOrHasAReason asks the schema of a real data folder, so that a table which comes later must be decided about.
func TestEveryTableIsSealedOrHasAReason(t *testing.T) {
	p, raw := inFolder(t)
	sealed := map[string]bool{}
	for _, table := range engine.SealedRows(nil).Tables {
		sealed[table.Name] = true
		if len(table.Free) > 0 {
			t.Errorf("%s leaves %v to anybody", table.Name, table.Free)
		}
	}
	for _, name := range rawTexts(t, raw, "SELECT name FROM sqlite_master WHERE type = 'table'") {
		index := strings.HasPrefix(name, "audit_search_") && unsealed[name] == "" // the parts of the search index
		if sealed[name] == (unsealed[name] != "" || index) {
			t.Errorf("the table %s is neither sealed nor has a reason, or both", name)
		}
		delete(sealed, name)
	}
	if len(sealed) > 0 {
		t.Errorf("there are no tables %v", sealed)
	}
	if found := p.changedRows(); found != nil {
		t.Errorf("a new folder: %v", found)
	}
}

// TestEveryColumnOfEveryRowIsHeld changes one column of one row of each sealed table after the other, as whoever writes the file can, and
// verifying names the row each time.
func TestEveryColumnOfEveryRowIsHeld(t *testing.T) {
	p, raw := inFolder(t)
	p.fillTables(raw)
	if found := p.changedRows(); found != nil {
		t.Fatalf("before: %v", found)
	}
	count := 0
	for _, table := range engine.SealedRows(nil).Tables {
		raws(t, raw, "DROP TABLE IF EXISTS temp.saved", "CREATE TEMP TABLE saved AS SELECT * FROM "+table.Name)
		keys := strings.Join(rawTexts(t, raw, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", table.Name), ", ")
		for _, column := range rawTexts(t, raw, "SELECT name FROM pragma_table_info(?)", table.Name) {
			rawly(t, raw, fmt.Sprintf(`UPDATE %s SET %s = CASE typeof(%[2]s) WHEN 'integer' THEN %[2]s + 1000 WHEN 'real' THEN %[2]s + 0.5
				WHEN 'text' THEN %[2]s || 'x' WHEN 'blob' THEN CAST(x'01' || %[2]s AS BLOB) ELSE 'x' END
				WHERE (%[3]s) = (SELECT %[3]s FROM saved LIMIT 1)`, table.Name, column, keys))
			if found := p.changedRows(); len(found) != 1 || !strings.HasPrefix(found[0], "row "+table.Name+" ") {
				t.Errorf("%s.%s: found %v", table.Name, column, found)
			}
			raws(t, raw, "DELETE FROM "+table.Name, "INSERT INTO "+table.Name+" SELECT * FROM saved")
			count++
		}
	}
	if found := p.changedRows(); found != nil || count < 250 {
		t.Errorf("after %d columns: %v", count, found)
	}
}

// fillTables sees to it that each sealed table has a row: those that a signed contract leaves none in get one of their own.
func (p *platform) fillTables(raw *sql.DB) {
	p.Helper()
	by, to := p.party(0), p.party(1)
	p.task(p.flow(by), by, to, 100)
	filled := false
	for _, table := range engine.SealedRows(nil).Tables {
		if len(rawTexts(p, raw, "SELECT 1 FROM "+table.Name+" LIMIT 1")) > 0 {
			continue
		}
		parents := map[string]string{}
		for _, pair := range rawTexts(p, raw, `SELECT "from" || '=' || "table" || '.' || "to" FROM pragma_foreign_key_list(?)`, table.Name) {
			column, parent, _ := strings.Cut(pair, "=")
			parents[column] = parent
		}
		var names, values []string
		for _, pair := range rawTexts(p, raw, "SELECT name || ' ' || type FROM pragma_table_info(?) WHERE name <> 'mac'", table.Name) {
			name, kind, _ := strings.Cut(pair, " ")
			value := map[string]string{"TEXT": "'a'", "INTEGER": "1", "REAL": "0.5", "BLOB": "x'00'"}[kind]
			if parent, column, ok := strings.Cut(parents[name], "."); ok {
				value = "(SELECT " + column + " FROM " + parent + " LIMIT 1)"
			}
			names, values = append(names, name), append(values, value)
		}
		filled = true
		if err := p.engine.Exec(p.Context(), "INSERT INTO "+table.Name+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(values, ", ")+")"); err != nil {
			p.Fatalf("%s: %v", table.Name, err)
		}
	}
	if !filled {
		p.Fatal("nothing was left to fill")
	}
}

package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// unsealed are the tables of portal.db whose rows carry no MAC, each with the reason.
var unsealed = map[string]string{
	"audit_events":       "leaves of the tree that the log signs",
	"audit_checkpoint":   "signed, and sealed by the log",
	"audit_folds":        "each row has a MAC of the log's own",
	"audit_search":       "made from the events, and held against them by verifying",
	"audit_search_terms": "a view of the same",
	"audit_search_state": "how far that was made",
	"audit_values":       "what events tell of people, each held against the commitment in its event",
	"audit_people":       "the keys of that: without the right one nothing opens",
	"audit_migrations":   "which migrations were applied: the structure is compared with what they make",
	"portal_migrations":  "the same of the portal's",
	"sqlite_sequence":    "SQLite's own: the next number of a table",
	"counters":           "numbers that are only shown",
	"search_objects":     "finds objects, which are then read for themselves",
	"search_terms":       "the same",
	"file_uses":          "says where a file is used: what is sent names its files in the document, which is sealed",
	"flow_events":        "the history as a page shows it; what was done stands in the log",
	"flow_days":          "numbers of a day that are only shown",
	"flow_views":         "how somebody likes to see a list",
	"flow_view_defaults": "the same",
	"notices":            "texts that are only shown",
	"callbacks":          "numbers of hints that came: each only has the platform asked",
	"imports":            "where an import of people or organisations stands; each row is checked by the platform",
	"import_rows":        "the same",
}

// attacker is a plain connection to the database, as somebody has one who can write the file.
func attacker(t *testing.T, d *DB) *sql.DB {
	t.Helper()
	raw, err := sql.Open("sqlite3", "file:"+d.store.Path()+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	raw.SetMaxOpenConns(1) // so that its temporary tables stay
	t.Cleanup(func() { _ = raw.Close() })
	return raw
}

func rawly(t *testing.T, raw *sql.DB, queries ...string) {
	t.Helper()
	for _, query := range queries {
		if _, err := raw.Exec(query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
}

func rawTexts(t *testing.T, raw *sql.DB, query string, args ...any) (all []string) {
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

// changedRows verifies the log and gives what it says.
func changedRows(t *testing.T, d *DB) (all []string) {
	t.Helper()
	r, err := d.audit.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range r.Problems {
		if problem.Kind == audit.ProblemRow { // a test that drops triggers is told of these too
			all = append(all, problem.String())
		}
	}
	return all
}

// TestEveryTableIsSealedOrHasAReason asks the schema, so that a table which comes later must be decided about.
func TestEveryTableIsSealedOrHasAReason(t *testing.T) {
	d, _ := openTest(t)
	raw := attacker(t, d)
	sealed := map[string]bool{}
	for _, table := range SealedRows(nil).Tables {
		sealed[table.Name] = true
		if len(table.Free) > 0 {
			t.Errorf("%s leaves %v to anybody", table.Name, table.Free)
		}
	}
	for _, name := range rawTexts(t, raw, "SELECT name FROM sqlite_master WHERE type = 'table'") {
		index := (strings.HasPrefix(name, "audit_search_") || strings.HasPrefix(name, "search_terms_")) && unsealed[name] == "" // parts of a search index
		if sealed[name] == (unsealed[name] != "" || index) {
			t.Errorf("the table %s is neither sealed nor has a reason, or both", name)
		}
		delete(sealed, name)
	}
	if len(sealed) > 0 {
		t.Errorf("there are no tables %v", sealed)
	}
}

// fillTables puts a row into each sealed table, by the program's own door.
func fillTables(t *testing.T, d *DB, raw *sql.DB) {
	t.Helper()
	values := map[string]string{"accounts.role": "'admin'", "seals.source": "'drawn'", "seals.state": "'active'", "seals.user_id": "''", "flow_approvals.role": "''"}
	kinds := map[string]string{"TEXT": "'a'", "INTEGER": "1", "REAL": "0.5", "BLOB": "x'00'"}
	inserts := []string{"PRAGMA defer_foreign_keys = ON"}
	for _, table := range SealedRows(nil).Tables {
		var names, row []string
		for _, pair := range rawTexts(t, raw, "SELECT name || ' ' || type FROM pragma_table_info(?) WHERE name <> 'mac'", table.Name) {
			name, kind, _ := strings.Cut(pair, " ")
			value := cmp.Or(values[table.Name+"."+name], kinds[kind])
			if name == "document" {
				value = "'{}'"
			}
			names, row = append(names, name), append(row, value)
		}
		inserts = append(inserts, "INSERT INTO "+table.Name+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(row, ", ")+")")
	}
	err := d.store.Write(t.Context(), func(tx *store.Tx) error {
		for _, insert := range inserts {
			if _, err := tx.Exec(t.Context(), insert); err != nil {
				return fmt.Errorf("%s: %w", insert, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEveryColumnOfEveryRowIsHeld changes one column of one row of each sealed table after the other, as whoever writes the file can, and
// verifying names the row each time.
func TestEveryColumnOfEveryRowIsHeld(t *testing.T) {
	d, _ := openTest(t)
	raw := attacker(t, d)
	fillTables(t, d, raw)
	if found := changedRows(t, d); found != nil {
		t.Fatalf("before: %v", found)
	}
	rawly(t, raw, "PRAGMA ignore_check_constraints = ON")
	for _, name := range rawTexts(t, raw, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name NOT LIKE 'audit%'") {
		rawly(t, raw, "DROP TRIGGER "+name) // so that one row is changed at a time
	}
	count := 0
	for _, table := range SealedRows(nil).Tables {
		rawly(t, raw, "DROP TABLE IF EXISTS temp.saved", "CREATE TEMP TABLE saved AS SELECT * FROM "+table.Name)
		for _, column := range rawTexts(t, raw, "SELECT name FROM pragma_table_info(?)", table.Name) {
			rawly(t, raw, fmt.Sprintf(`UPDATE %s SET %s = CASE typeof(%[2]s) WHEN 'integer' THEN %[2]s + 1000 WHEN 'real' THEN %[2]s + 0.5
				WHEN 'text' THEN %[2]s || 'x' WHEN 'blob' THEN CAST(x'01' || %[2]s AS BLOB) ELSE 'x' END`, table.Name, column))
			if found := changedRows(t, d); len(found) != 1 || !strings.HasPrefix(found[0], "row "+table.Name+" ") {
				t.Errorf("%s.%s: found %v", table.Name, column, found)
			}
			rawly(t, raw, "DELETE FROM "+table.Name, "INSERT INTO "+table.Name+" SELECT * FROM saved")
			count++
		}
	}
	if found := changedRows(t, d); found != nil || count < 250 {
		t.Errorf("after %d columns: %v", count, found)
	}
}

// TestARowByHandIsRefused writes past the program what would let somebody in, or give them rights: whatever needs the row is refused.
func TestARowByHandIsRefused(t *testing.T) {
	for _, c := range []struct{ name, sql string }{
		{"a role", "UPDATE accounts SET role = 'admin' WHERE name = 'mallory'"},
		{"a password", "UPDATE accounts SET password_hash = 'mine' WHERE name = 'mallory'"},
		{"a reach", "UPDATE accounts SET all_organizations = 0 WHERE name = 'mallory'; INSERT INTO account_organizations (account_id, organization_id) SELECT id, 'org1' FROM accounts"},
		{"a person", "UPDATE accounts SET person_id = 'usr1' WHERE name = 'mallory'"},
		{"an account of one's own", "INSERT INTO accounts (id, name, name_key, display_name, role, all_organizations, password_hash, must_change, created_at) " +
			"VALUES ('acc_m', 'mallory2', 'mallory2', 'M', 'admin', 1, 'hash', 0, 1); UPDATE accounts SET name_key = name_key || '1' WHERE name = 'mallory'; UPDATE accounts SET name_key = 'mallory' WHERE id = 'acc_m'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := openTest(t)
			a := testAccount(t, d, "mallory", auth.Business)
			rawly(t, attacker(t, d), c.sql)
			if got, err := d.AccountByName(context.Background(), "mallory"); !errors.Is(err, ErrRowChanged) {
				t.Errorf("read: %+v, %v", got, err)
			}
			name := "M"
			if _, err := d.ChangeAccount(context.Background(), a.ID, AccountChange{DisplayName: &name}); !errors.Is(err, ErrRowChanged) && c.name != "an account of one's own" {
				t.Errorf("changed: %v", err) // an honest change would make the row good
			}
			if found := changedRows(t, d); !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, "row account") }) {
				t.Errorf("verifying says %v", found)
			}
		})
	}
}

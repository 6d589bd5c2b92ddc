package audit

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/store"
)

// tamper runs SQL as somebody would who has the file and no respect for triggers.
func (f *fixture) tamper(t *testing.T, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+f.path)
	if err != nil {
		t.Fatal(err)
	}
	drop := []string{"audit_events_no_update", "audit_events_no_delete", "audit_events_no_gap", "audit_checkpoint_no_delete", "audit_checkpoint_grows"}
	for _, name := range drop {
		statements = append([]string{"DROP TRIGGER IF EXISTS " + name}, statements...)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTriggers(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 10)
	for _, s := range []string{
		"UPDATE audit_events SET actor = 'x' WHERE seq = 3", "DELETE FROM audit_events WHERE seq = 9", "DELETE FROM audit_checkpoint",
		"UPDATE audit_checkpoint SET size = 3", "INSERT INTO audit_events SELECT 20, " + columns[5:] + ", hashes FROM audit_events WHERE seq = 3",
		"INSERT OR REPLACE INTO audit_events SELECT " + columns + ", hashes FROM audit_events WHERE seq = 3",
	} {
		err := f.db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), s)
			return err
		})
		if err == nil {
			t.Errorf("allowed: %s", s)
		}
	}
	if r := f.verify(t); !r.OK() {
		t.Errorf("%+v", r)
	}
}

func TestTamperingIsFound(t *testing.T) {
	type tampering struct {
		sql  string
		want string
	}
	cases := map[string]tampering{
		"delete":               {"DELETE FROM audit_events WHERE seq = 5", "missing 5"},
		"delete the first":     {"DELETE FROM audit_events WHERE seq = 0", "missing 0"},
		"cut the tail":         {"DELETE FROM audit_events WHERE seq >= 15", "cut 20"},
		"swap":                 {"UPDATE audit_events SET seq = -seq WHERE seq = 7; UPDATE audit_events SET seq = 7 WHERE seq = 8; UPDATE audit_events SET seq = 8 WHERE seq = -7", "content 7"},
		"inner hash":           {"UPDATE audit_events SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) AS BLOB) WHERE seq = 1", "nodes 1"},
		"no hash":              {"UPDATE audit_events SET hashes = x'' WHERE seq = 1", "content 1"},
		"checkpoint's text":    {"UPDATE audit_checkpoint SET text = replace(text, '20', '21')", "signature 0"},
		"no checkpoint":        {"DELETE FROM audit_checkpoint", "checkpoint 0"},
		"move text to a field": {"UPDATE audit_events SET actor = actor || role, role = '' WHERE seq = 4", "content 4"},
		"before the first":     {"INSERT INTO audit_events SELECT -1, " + columns[5:] + ", hashes FROM audit_events WHERE seq = 3", "content -1"},
		"insert":               {"INSERT INTO audit_events SELECT 20, " + columns[5:] + ", hashes FROM audit_events WHERE seq = 3", "content 20"},
	}
	for _, column := range columnNames[1:] {
		change := column + " = " + column + " || 'x'"
		if column == "time" || column == "duration" {
			change = column + " = " + column + " + 1"
		}
		cases["column "+column] = tampering{"UPDATE audit_events SET " + change + " WHERE seq = 11", "content 11"}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := open(t, Options{})
			f.fill(t, 20)
			f.tamper(t, c.sql)
			r := f.verify(t)
			if r.OK() || !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.String() == c.want }) {
				t.Errorf("problems = %v, want %s", r.Problems, c.want)
			}
			if strings.HasPrefix(name, "column") && r.Found != 1 {
				t.Errorf("one changed event gives %v", r.Problems)
			}
		})
	}
}

// TestForgery has somebody who recomputes every hash but has no key, and somebody who has the key too.
func TestForgery(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 20)
	kept, err := f.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	forged := open(t, Options{Key: f.key})
	err = forged.db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range 20 {
			e := sample(i)
			if i == 6 {
				e.Actor.Name = "somebody else"
			}
			if _, err := forged.Append(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := forged.verify(t); !r.OK() {
		t.Fatalf("a log forged with the key agrees with itself: %+v", r)
	}
	if r := forged.verify(t, kept); r.OK() || r.Problems[0].Kind != ProblemAgainst {
		t.Errorf("against the kept checkpoint: %+v", r)
	}
	f.tamper(t, "ATTACH '"+forged.path+"' AS forged; DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM forged.audit_events")
	if r := f.verify(t); r.OK() || r.Problems[0].Kind != ProblemRoot {
		t.Errorf("recomputed hashes under the old checkpoint: %+v", r)
	}
	short := open(t, Options{Key: f.key})
	short.fill(t, 12)
	if r := short.verify(t, kept); r.OK() || r.Problems[0] != (Problem{ProblemCut, 20}) {
		t.Errorf("a log cut together with its checkpoint: %+v", r)
	}
	alien := open(t, Options{Key: f.key, Origin: "another"})
	alien.fill(t, 20)
	if r := alien.verify(t, kept); r.OK() {
		t.Error("a checkpoint of another log was accepted")
	}
}

package audit

import (
	"database/sql"
	"testing"

	"sealdesk/internal/store"
)

// tamper runs SQL as somebody would who has the file and no respect for triggers.
func (f *fixture) tamper(t *testing.T, statements ...string) {
	t.Helper()
	db := f.raw(t)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// raw opens the file beside the program, without its triggers.
func (f *fixture) raw(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+f.path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"audit_events_no_update", "audit_events_no_delete", "audit_events_no_gap", "audit_checkpoint_no_delete", "audit_checkpoint_grows"} {
		if _, err := db.Exec("DROP TRIGGER IF EXISTS " + name); err != nil {
			t.Fatal(err)
		}
	}
	return db
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
	if r := short.verify(t, kept); r.OK() || r.Problems[0] != (Problem{Kind: ProblemCut, Seq: 20}) {
		t.Errorf("a log cut together with its checkpoint: %+v", r)
	}
	alien := open(t, Options{Key: f.key, Origin: "another"})
	alien.fill(t, 20)
	if r := alien.verify(t, kept); r.OK() {
		t.Error("a checkpoint of another log was accepted")
	}
}

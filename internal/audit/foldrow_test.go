package audit

import (
	"context"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/store"
)

// What somebody writes into the table of counted acts is no event of the person whom it names: the log says that it was forged, at once and
// ever after, and what it counted itself becomes an event once.
func TestForgedFoldsBecomeNoEvents(t *testing.T) {
	const genuine = "UPDATE audit_folds SET event = event"
	madeUp := `{"Actor":{"Name":"compliance"},"Action":"contract.read","ObjectType":"flow","ObjectID":"flow-of-none","Detail":{"opening":0,"count":9}}`
	for name, c := range map[string]struct{ sql, reason string }{
		"nothing done":       {genuine, ""},
		"without a MAC":      {"INSERT INTO audit_folds VALUES (7, '" + madeUp + "')", forgedMAC},
		"no JSON":            {"INSERT INTO audit_folds VALUES (7, 'x')", forgedMAC},
		"a blob":             {"INSERT INTO audit_folds VALUES (7, x'ff00')", forgedMAC},
		"another's MAC":      {"INSERT INTO audit_folds SELECT 7, substr(event, 1, 65) || '" + madeUp + "' FROM audit_folds", forgedMAC},
		"another opening":    {"INSERT INTO audit_folds SELECT 7, event FROM audit_folds", forgedMAC},
		"edited":             {"UPDATE audit_folds SET event = replace(event, 'f1', 'f2')", forgedMAC},
		"told already":       {"told", forgedAgain},
		"opening of another": {"other", forgedOpening},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolding(t)
			f.note(t, reading(2))
			f.note(t, reading(3))
			if err := f.write(t.Context(), (*fold).over); err != nil {
				t.Fatal(err)
			}
			switch c.sql {
			case "told": // the row is kept and put back after its event
				f.exec(t, "CREATE TABLE kept AS SELECT * FROM audit_folds")
				if err := f.Folder.Close(); err != nil {
					t.Fatal(err)
				}
				f.exec(t, "INSERT INTO audit_folds SELECT * FROM kept")
			case "other": // a row that this log wrote, but whose opening is somebody else's
				f.exec(t, "DELETE FROM audit_folds")
				other := reading(1)
				other.Actor.Name = "wang"
				err := f.fixture.db.Write(t.Context(), func(tx *store.Tx) error { return f.save(t.Context(), tx, 0, &other.Event) })
				if err != nil {
					t.Fatal(err)
				}
			default:
				f.exec(t, c.sql)
			}
			f.finds(t, c.reason != "")
			again := openFolding(t, f.path, f.key, f.fixture.clock)
			if err := again.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			again.finds(t, c.reason != "")
			all := again.events(t)
			forged := slices.IndexFunc(all, func(e Event) bool { return e.Action == actionForged })
			if c.reason == "" {
				if forged >= 0 || len(all) != 2 || all[1].Detail["interrupted"] != true {
					t.Errorf("events: %+v", all)
				}
				return
			}
			if forged < 0 || all[forged].ErrorCode != c.reason || all[forged].Actor.Name != "" || all[forged].Outcome != Failed {
				t.Fatalf("events: %+v", all)
			}
			for _, e := range all {
				if e.Actor.Name == "compliance" || e.Actor.Name == "wang" || strings.Contains(e.DetailText, "flow-of-none") {
					t.Errorf("the forger had the log sign %+v", e)
				}
			}
		})
	}
}

func (f *folding) exec(t *testing.T, sql string) {
	t.Helper()
	err := f.fixture.db.Write(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Exec(context.Background(), sql)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *folding) finds(t *testing.T, forged bool) {
	t.Helper()
	r, err := f.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if found := slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Kind == ProblemFold }); found != forged || r.OK() == forged {
		t.Errorf("verify finds %v", r.Problems)
	}
}

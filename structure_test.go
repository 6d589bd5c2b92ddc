package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// TestForeignObjectsAreRefused puts things that act for somebody else into both databases: the program that runs writes nothing any more, none
// starts, and verifying names them.
func TestForeignObjectsAreRefused(t *testing.T) {
	data := twoHalves(t)
	for name, c := range map[string]struct{ half, sql, want string }{
		"a trigger on accounts":       {portalHalf, "CREATE TRIGGER own AFTER UPDATE ON accounts BEGIN UPDATE accounts SET role = 'admin' WHERE name = 'mallory'; END", "trigger own on accounts"},
		"a trigger on the log":        {portalHalf, "CREATE TRIGGER own AFTER INSERT ON audit_events BEGIN DELETE FROM sessions; END", "trigger own on audit_events"},
		"a trigger on the engine":     {engineHalf, "CREATE TRIGGER own AFTER INSERT ON engine_seals BEGIN DELETE FROM engine_seals; END", "trigger own on engine_seals"},
		"a view on the engine":        {engineHalf, "CREATE VIEW own AS SELECT 1", "view own"},
		"a view in place of sessions": {portalHalf, "ALTER TABLE sessions RENAME TO old; CREATE VIEW sessions AS SELECT * FROM old", "table old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyOf(t, data)
			h := folders{dir}.half(c.half)
			r := instance(t, dir)
			must(t, "", "audit", "verify", "--data", dir)
			tamper(t, h.path(h.database), c.sql)
			before := r.log(c.half).Count()
			if err := r.log(c.half).Record(t.Context(), audit.Event{Action: "test"}); !errors.Is(err, store.ErrSchema) || r.log(c.half).Count() != before {
				t.Errorf("the running program goes on: %v", err)
			}
			if ready := map[string]func() error{portalHalf: func() error { return r.portal.Ready(t.Context()) }, engineHalf: r.engine.Refused}[c.half]; ready() == nil {
				t.Error("it says that it is ready")
			}
			_ = r.Close() // what it could not write is told above
			if out, err := command(t, "", "audit", "verify", "--data", dir); err == nil || !strings.Contains(out, c.want) {
				t.Errorf("audit verify: %v\n%s", err, out)
			}
			for range 2 {
				again, err := start(t, dir)
				if err == nil {
					again.close(t)
					t.Fatal("it starts")
				}
				if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Base(h.database)) || !strings.Contains(err.Error(), "sealdesk restore") {
					t.Errorf("it says: %v", err)
				}
			}
			if _, err := command(t, "", "restore", dir, "--data", filepath.Join(t.TempDir(), "new")); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it is restored: %v", err)
			}
		})
	}
}

// TestAPolicyByHandIsRefused changes, puts back and removes what an administrator decided: none starts, and verifying a change names it.
func TestAPolicyByHandIsRefused(t *testing.T) {
	data := twoHalves(t)
	r := instance(t, data)
	strict := r.portal.Policy()
	strict.SecondFactor = auth.FactorAll
	if err := r.portal.SetPolicy(t.Context(), strict); err != nil {
		t.Fatal(err)
	}
	r.close(t)
	for name, sql := range map[string]string{"changed": "UPDATE policies SET value = 'optional' WHERE name = 'second_factor'", "removed": "DELETE FROM policies"} {
		dir := copyOf(t, data)
		if err := sqlOn(t, dir, sql); err != nil {
			t.Fatal(err)
		}
		if _, err := start(t, dir); err == nil || !strings.Contains(err.Error(), "policies") || !strings.Contains(err.Error(), "sealdesk restore") {
			t.Errorf("%s: %v", name, err)
		}
		if out, err := command(t, "", "audit", "verify", "--data", dir); name == "changed" && (err == nil || !strings.Contains(out, "row policies second_factor")) {
			t.Errorf("audit verify: %v\n%s", err, out)
		}
	}
}

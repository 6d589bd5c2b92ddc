package engine_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
	"sealdesk/internal/store"
)

// TestAnOlderFolderIsSealedOnce opens a folder as a version left it that knew no MACs: its rows get them, with an event, and its addresses go
// into the vault. From then on what somebody changes is found.
func TestAnOlderFolderIsSealedOnce(t *testing.T) {
	p, raw := inFolder(t)
	a := prepare(p)
	dir := p.dir()
	if err := p.engine.Close(); err != nil {
		t.Fatal(err)
	}
	for _, table := range engine.SealedRows(nil).Tables {
		raws(t, raw, "ALTER TABLE "+table.Name+" DROP COLUMN mac")
	}
	for _, table := range []string{"engine_users", "engine_organizations"} {
		raws(t, raw, "ALTER TABLE "+table+" RENAME COLUMN email_sealed TO email")
		rawly(t, raw, "UPDATE "+table+" SET email = 'li@example.com'")
	}
	raws(t, raw, "DROP INDEX engine_outbox_flow") // of the migrations that came after
	for _, column := range []string{"flow_id", "sign_id"} {
		raws(t, raw, "ALTER TABLE engine_outbox DROP COLUMN "+column)
	}
	raws(t, raw, "DELETE FROM engine_schema WHERE version_id >= 20")
	logs := "SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'audit%' AND name <> 'audit_folds' AND name NOT LIKE 'audit_search_%' " +
		"OR name IN ('audit_search_state', 'audit_search_terms')) ORDER BY rowid DESC"
	for _, table := range rawTexts(t, raw, logs) {
		raws(t, raw, "DROP TABLE "+table)
	}
	olderLog(t, dir)

	p = start(t, func(o *engine.Options) { o.Memory, o.DataDir = false, dir })
	sealed := p.evidence(audit.ActionRowsSealed)
	if found := p.changedRows(); found != nil || len(sealed) != 1 {
		t.Fatalf("after the upgrade: %v, %d events", found, len(sealed))
	}
	for _, table := range []string{"engine_users", "engine_organizations"} {
		if kinds := rawTexts(t, raw, "SELECT DISTINCT typeof(email_sealed) FROM "+table); !slices.Equal(kinds, []string{"blob"}) {
			t.Errorf("%s keeps addresses as %v", table, kinds)
		}
	}
	a.platform = p
	if err := a.signs(); err != nil {
		t.Error(err)
	}
	rawly(t, raw, "UPDATE engine_users SET name = 'Eve' WHERE id = ?", a.to.user)
	if err := p.engine.Close(); err != nil {
		t.Fatal(err)
	}
	p = start(t, func(o *engine.Options) { o.Memory, o.DataDir = false, dir })
	if found := p.changedRows(); !slices.Equal(found, []string{"row engine_users " + a.to.user}) || len(p.engine.Evidence().ChangedRows()) != 1 {
		t.Errorf("found %v, told of %v", found, p.engine.Evidence().ChangedRows())
	}
	if n := len(p.evidence(audit.ActionRowsSealed)); n != 1 {
		t.Errorf("rows were sealed %d times", n)
	}
}

// olderLog makes a log that never heard of MACs.
func olderLog(t *testing.T, dir string) {
	t.Helper()
	key, err := audit.ReadKey(filepath.Join(dir, filepath.FromSlash(engine.EvidenceKeyName)))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, engine.FileName)})
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(t.Context(), db, audit.Options{Key: key, Origin: engine.EvidenceOrigin})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(log.Record(t.Context(), audit.Event{Action: "application.create", ObjectType: "application"}), log.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
}

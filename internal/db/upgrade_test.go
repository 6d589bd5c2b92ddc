package db_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/fstest"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/store"
)

// olderFolder makes a data folder as the portal left it before the migration of a number, with what statements put there.
func olderFolder(t *testing.T, before int, statements ...string) string {
	t.Helper()
	dir := t.TempDir()
	first, err := db.Open(t.Context(), db.Options{Dir: dir}) // for its keys
	if err == nil {
		err = first.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, db.FileName)
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	set, older := db.Set(), fstest.MapFS{}
	files, err := fs.ReadDir(set.Files, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if n, err := strconv.Atoi(f.Name()[:5]); err == nil && n < before {
			data, err := fs.ReadFile(set.Files, f.Name())
			if err != nil {
				t.Fatal(err)
			}
			older[f.Name()] = &fstest.MapFile{Data: data}
		}
	}
	s, err := store.Open(t.Context(), store.Options{Path: path, Migrations: older, Table: set.Table, Beside: []store.Set{audit.Set()}})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Write(t.Context(), func(tx *store.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(context.WithoutCancel(t.Context()), statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestAnOlderFoldersSealsGetTheirFirstKeepers: seals of before there were keepers are kept by the legal representative and by whoever has signed
// for the organisation; the legal representative's own seal by that person alone; nobody's, where nobody of these is assigned to it.
func TestAnOlderFoldersSealsGetTheirFirstKeepers(t *testing.T) {
	statements := []string{}
	organization := func(id, legal string) {
		statements = append(statements, fmt.Sprintf(`INSERT INTO organizations (id, name, kind, id_card_type, id_card_number, legal_name, verified_at, created_by, created_at, updated_at)
			VALUES ('%[1]s', '%[1]s', 'ENTERPRISE', 'USCC', '%[1]s', '%[2]s', 0, '', 1, 1)`, id, legal))
	}
	person := func(id string, organizations ...string) {
		statements = append(statements, fmt.Sprintf(`INSERT INTO users (id, name, mobile, id_card_type, id_card_number, home, verified_at, created_by, created_at, updated_at)
			VALUES ('%[1]s', '%[1]s', '', '', '', '', 0, '', 1, 1)`, id))
		for _, o := range organizations {
			statements = append(statements, fmt.Sprintf(`INSERT INTO user_organizations (user_id, organization_id, created_at) VALUES ('%s', '%s', 1)`, id, o))
		}
	}
	seal := func(id, organization, kind string) {
		statements = append(statements, fmt.Sprintf(`INSERT INTO seals (id, organization_id, user_id, owner_name, name, kind, source, width_mm, height_mm, is_default, created_by, created_at)
			VALUES ('%[1]s', '%[2]s', '', '', '%[1]s', '%[3]s', 'generated', 40, 40, 0, '', 1)`, id, organization, kind))
	}
	organization("A", "legal")
	organization("B", "nobody here")
	person("legal", "A")
	person("signed", "A")
	person("idle", "A", "B")
	person("left")
	seal("official", "A", "OFFICIAL")
	seal("own", "A", "LEGAL_REPRESENTATIVE")
	seal("orphan", "B", "OFFICIAL")
	statements = append(statements, `INSERT INTO flows (id, platform_id, revision, organization_id, name, document, state, problem, message, deadline, created_by, created, updated, completed)
		VALUES ('f', '', 1, 'A', '', '{}', 4, '', '', 1, '', 1, 1, 1)`)
	for i, a := range []struct {
		user   string
		status int
	}{{"signed", 1}, {"idle", 0}, {"left", 1}} {
		statements = append(statements, fmt.Sprintf(`INSERT INTO flow_approvers (flow_id, id, position, step, user_id, user_name, organization_id, organization_name, channel, sign_id, status, message, sent, decided)
			VALUES ('f', '%d', %d, 1, '%s', '', 'A', '', '', '', %d, '', 1, 1)`, i, i, a.user, a.status))
	}

	d, err := db.Open(t.Context(), db.Options{Dir: olderFolder(t, 27, statements...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	for id, want := range map[string][]string{"official": {"legal", "signed"}, "own": {"legal"}, "orphan": nil} {
		keepers, err := d.Keepers(t.Context(), id)
		var got []string
		for _, k := range keepers {
			got = append(got, k.UserID)
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is kept by %v, %v; want %v", id, got, err, want)
		}
	}
	untold, err := d.Untold(t.Context())
	if err != nil || len(untold) < 5 { // three seals and two organisations
		t.Errorf("the platform is told of %d, %v", len(untold), err)
	}
}

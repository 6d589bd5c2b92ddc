package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
)

// TestADamagedBackupIsNotRestored damages backups in each way that leaves the databases readable: what is wrong is named, and there is no folder.
func TestADamagedBackupIsNotRestored(t *testing.T) {
	root := t.TempDir()
	data, whole := filepath.Join(root, "data"), filepath.Join(root, "backup")
	r := instance(t, data)
	ref, err := r.files.Put(t.Context(), []byte("%PDF-"))
	if err == nil {
		err = r.portal.AddFile(t.Context(), db.File{ID: "f1", Name: "a.pdf", Ref: string(ref), Size: 5})
	}
	if err == nil { // whose seal is two pictures
		_, err = api.CreateUserAndSeal.Call(t.Context(), r.client, &api.CreateUserAndSealRequest{OpenId: "open-1", Name: "李娜", IdCardType: "ID_CARD",
			IdCardNumber: "440301198001010010", SourceIp: "127.0.0.1"})
	}
	if err != nil {
		t.Fatal(err)
	}
	r.close(t)
	must(t, "", "backup", whole, "--data", data)
	if out := must(t, "", "restore", whole, "--data", filepath.Join(root, "good")); !strings.Contains(out, "stored: 1\n") || !strings.Contains(out, "stored: 2\n") {
		t.Errorf("it says %s", out)
	}
	first := func(dir string) string {
		found, err := filepath.Glob(filepath.Join(dir, "*", "*", "*"))
		if err != nil || len(found) == 0 {
			t.Fatal("no file", err)
		}
		return found[0]
	}
	for name, c := range map[string]struct {
		want   string
		damage func(f folders) error
	}{
		"the portal's files are gone": {"half portal", func(f folders) error { return os.RemoveAll(f.portalFiles()) }},
		"the engine's files are gone": {"half engine", func(f folders) error { return os.RemoveAll(f.half(engineHalf).path("files")) }},
		"a file was changed":          {"half portal", func(f folders) error { return os.WriteFile(first(f.portalFiles()), []byte("x"), 0o600) }},
		"the authority is gone": {"certificate authority", func(f folders) error {
			tamper(t, f.half(engineHalf).path("engine.db"), "DELETE FROM engine_authority")
			return nil
		}},
		"a row was changed": {"engine_applications", func(f folders) error {
			tamper(t, f.half(engineHalf).path("engine.db"), "UPDATE engine_applications SET name = 'Mallory'")
			return nil
		}},
	} {
		copied, restored := filepath.Join(t.TempDir(), "copy"), filepath.Join(root, "restored")
		if err := os.CopyFS(copied, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		if err := c.damage(folders{copied}); err != nil {
			t.Fatal(err)
		}
		if out, err := command(t, "", "restore", copied, "--data", restored); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if _, err := os.Stat(restored); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was left: %v", name, err)
			_ = os.RemoveAll(restored)
		}
	}
}

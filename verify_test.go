package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheTerminalNamesThePerson: beside a data folder, verifying a contract of its engine names who signed for an organisation, whose certificate
// does not; elsewhere nobody can know.
func TestTheTerminalNamesThePerson(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	portal := freePort(t)
	server := startProcess(t, "serve", "--demo", "--data", data, "--listen", portal, "--engine-listen", freePort(t))
	eventually(t, "http://"+portal+"/readyz", "ok")
	server.stop()
	named := 0
	err := filepath.WalkDir(filepath.Join(data, "engine", "files"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(content, []byte("%PDF")) || bytes.Count(content, []byte("/ByteRange")) != 2 {
			return err
		}
		named++
		out, err := command(t, "", "verify", path, "--data", data)
		if err != nil || !strings.Contains(out, "person: 王小明") || !strings.Contains(out, "person: 李娜") {
			t.Errorf("%v: %s", err, out)
		}
		if out, err := command(t, "", "verify", path, "--data", filepath.Join(data, "nothing")); err != nil || strings.Contains(out, "person:") {
			t.Errorf("elsewhere, %v: %s", err, out)
		}
		return nil
	})
	if err != nil || named == 0 {
		t.Errorf("%d contracts were verified, %v", named, err)
	}
}

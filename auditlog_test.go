package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnExportAgainstACheckpoint: the command compares, says when it cannot and how it could, and takes no checkpoint that was changed.
func TestAnExportAgainstACheckpoint(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	r := instance(t, data)
	r.record(t, portalHalf, 5)
	kept := must2(r.log(portalHalf).Checkpoint(t.Context()))
	r.record(t, portalHalf, 5)
	key := r.log(portalHalf).PublicKey()
	var one bytes.Buffer
	if err := r.log(portalHalf).ExportEvent(t.Context(), &one, 2, nil); err != nil {
		t.Fatal(err)
	}
	r.close(t)
	file := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	against := file("kept.txt", kept.Text)
	changed := file("changed.txt", bytes.Replace(kept.Text, []byte("\n"), []byte("x\n"), 1))
	proof, older, whole := file("one.jsonl", one.Bytes()), filepath.Join(dir, "older.jsonl"), filepath.Join(dir, "whole.jsonl")
	must(t, "", "audit", "export", "--data", data, "--out", whole)
	must(t, "", "audit", "export", "--data", data, "--out", older, "--at", against)
	for _, export := range []string{whole, older} {
		out := must(t, "", "audit", "verify", "--export", export, "--key", key, "--against", against)
		if !strings.Contains(out, "is the whole log") || !strings.Contains(out, "compared with 1 checkpoints") {
			t.Error(out)
		}
	}
	out, err := command(t, "", "audit", "verify", "--export", proof, "--key", key, "--against", against)
	var status exitStatus
	if !errors.As(err, &status) || status != 2 || !strings.Contains(out, "cannot be compared") || !strings.Contains(out, "audit export --at") {
		t.Errorf("%v: %s", err, out)
	}
	if out := must(t, "", "audit", "verify", "--export", proof, "--key", key); strings.Contains(out, "whole") ||
		!strings.Contains(out, "These 1 records stand in the log of") {
		t.Error(out)
	}
	for _, args := range [][]string{{"--export", whole, "--key", key}, {"--data", data}, {"--data", data, "--log", "portal"}} {
		if out, err := command(t, "", append([]string{"audit", "verify", "--against", changed}, args...)...); err == nil {
			t.Errorf("%v takes a changed checkpoint: %s", args, out)
		}
	}
	if _, err := command(t, "", "audit", "export", "--data", data, "--at", changed); err == nil {
		t.Error("an export as of a changed checkpoint")
	}
	out = must(t, "", "audit", "verify", "--data", data, "--log", "portal", "--against", against)
	if !strings.Contains(out, "beside the database, on this machine, and 1 that came from elsewhere") {
		t.Error(out)
	}
}

package store

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestVaultBindsABoxToItsPlace(t *testing.T) {
	v, err := NewVault(bytes.Repeat([]byte{7}, KeyBytes), "test")
	if err != nil {
		t.Fatal(err)
	}
	box := v.Seal("engine_users.mobile", "u1", []byte("13800000001"))
	if bytes.Contains(box, []byte("138")) {
		t.Error("the box holds the number in clear")
	}
	if got, err := v.OpenText("engine_users.mobile", "u1", box); err != nil || got != "13800000001" {
		t.Errorf("open = %q, %v", got, err)
	}
	if _, err := v.OpenText("engine_users.mobile", "u2", box); err == nil {
		t.Error("a box moved to another row opened there")
	}
	if _, err := v.OpenText("engine_users.id_card", "u1", box); err == nil {
		t.Error("a box moved to another column opened there")
	}
	if !bytes.Equal(v.Blind("id", " 11010119900307011x"), v.Blind("id", "11010119900307011X")) {
		t.Error("the blind index depends on case or space")
	}
	if bytes.Equal(v.Blind("id", "1"), v.Blind("mobile", "1")) {
		t.Error("blind indexes of two purposes are equal")
	}
}

func TestMasterKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	first, err := LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %o", info.Mode().Perm())
	}
	again, err := LoadKey(path)
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("the key changed on reading it again: %v", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path); err == nil {
		t.Error("a broken key file was accepted")
	}
}

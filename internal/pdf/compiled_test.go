package pdf

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestCompiledCodeOfOthersIsNotRun: whoever can write the cache folder could have any machine code run by the program that holds the keys. What
// does not carry the MAC is removed before PDFium starts, and compiled anew.
func TestCompiledCodeOfOthersIsNotRun(t *testing.T) {
	dir, key := t.TempDir(), bytes.Repeat([]byte{7}, 32)
	code := compiled{dir: dir, key: key}
	module, other := filepath.Join(dir, compiledName, "v1", "module"), filepath.Join(dir, compiledName, "v1", "other")
	write := func(path, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(){
		"nothing was kept":   func() { os.Remove(filepath.Join(dir, macName)) },
		"changed":            func() { write(module, "payload") },
		"added":              func() { write(other, "payload") },
		"moved":              func() { os.Rename(module, other) },
		"a link":             func() { os.Remove(module); os.Symlink(filepath.Join(dir, macName), module) },
		"of another key":     func() { (compiled{dir: dir, key: bytes.Repeat([]byte{8}, 32)}).keep() },
		"a MAC of something": func() { write(filepath.Join(dir, macName), "00") },
	} {
		write(module, "code")
		if err := code.keep(); err != nil {
			t.Fatal(err)
		}
		if kept, err := code.check(); !kept || err != nil {
			t.Fatalf("what was kept is refused: %v", err)
		}
		change()
		if kept, err := code.check(); kept || err != nil {
			t.Errorf("%s: believed (%v)", name, err)
		}
		if _, err := os.Stat(code.folder()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the folder is still there (%v)", name, err)
		}
	}
	if kept, err := code.check(); kept || err != nil {
		t.Errorf("an empty cache: %v, %v", kept, err)
	}
}

// TestARendererLooksAtCompiledCodeFirst: a renderer that has a key believes no folder without its MAC, and takes the one that carries it.
func TestARendererLooksAtCompiledCodeFirst(t *testing.T) {
	code := compiled{dir: t.TempDir(), key: bytes.Repeat([]byte{7}, 32)}
	r, err := NewRenderer(t.Context(), RendererOptions{CacheDir: code.dir, CacheKey: func() ([]byte, error) { return code.key, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	opened := func() bool {
		t.Helper()
		if err := os.MkdirAll(code.folder(), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(code.folder(), "module"), []byte("code"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, kept := r.openCache()
		return kept
	}
	if opened() {
		t.Error("a folder without a MAC is believed")
	}
	if err := os.WriteFile(filepath.Join(code.folder(), "module"), []byte("code"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := code.keep(); err != nil {
		t.Fatal(err)
	}
	if !opened() {
		t.Error("what was kept is not believed")
	}
}

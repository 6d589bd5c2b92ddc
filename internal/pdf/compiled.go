package pdf

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// The compiled PDF module is machine code that the sandbox runs as it finds it. A folder of it that others may write is therefore believed only
// with a MAC over every file, under a key that does not lie there; else it is removed, and PDFium is compiled anew. Somebody who writes into it in
// the very moment between that look and PDFium's start is not held off.

// compiledName is the folder of the compiled module within the cache folder, and macName the file beside it with its MAC in hex.
const (
	compiledName = "wazero"
	macName      = "wazero.mac"
)

// sealedCache is the cache that carries a MAC, of the last renderer that has one and is open: renderers that have no key take compiled code from there too.
var sealedCache atomic.Pointer[RendererOptions]

// compiling is held by the renderer that looks into a folder or compiles into it, so that the next one finds it whole.
var compiling sync.Mutex

// compiled is a folder with the compiled module.
type compiled struct {
	dir string // the cache folder
	key []byte // nil: the folder is believed as it is
}

func (c compiled) folder() string { return filepath.Join(c.dir, compiledName) }

// check removes what was not kept by this program. kept tells that there is something, and all of it fits.
func (c compiled) check() (kept bool, err error) {
	if c.key == nil {
		return true, nil
	}
	want, err := os.ReadFile(filepath.Join(c.dir, macName))
	if err == nil {
		if mac, err := c.mac(); err == nil && hmac.Equal(want, mac) {
			return true, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return false, os.RemoveAll(c.folder())
}

// keep notes what the folder holds once this program has compiled into it.
func (c compiled) keep() error {
	if c.key == nil {
		return nil
	}
	mac, err := c.mac()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, macName), mac, 0o600)
}

// mac covers the name, size and content of each file in the folder, in the order of their names. Links and other files that are none are refused.
func (c compiled) mac() ([]byte, error) {
	sum := hmac.New(sha256.New, c.key)
	err := filepath.WalkDir(c.folder(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is no file", path)
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		one := sha256.New()
		n, err := io.Copy(one, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		name, err := filepath.Rel(c.dir, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(sum, "%d:%s %d %x\n", len(name), name, n, one.Sum(nil))
		return err
	})
	return []byte(hex.EncodeToString(sum.Sum(nil))), err
}

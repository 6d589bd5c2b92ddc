// Package files keeps immutable files under the SHA-256 of their content, in a folder or in memory.
//
// A file that Put returned is on the disk under its final name; one that was half written has no name. Get checks the content against
// its name, so that a damaged or exchanged file is never served.
package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Ref names a file by its content: 64 lower-case hexadecimal digits.
type Ref string

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound says that there is no such file.
	ErrNotFound = errors.New("no such file")
	// ErrDamaged says that the stored bytes are not the ones that were put.
	ErrDamaged = errors.New("the stored file is damaged")
	// ErrBadRef says that a Ref is not 64 lower-case hexadecimal digits.
	ErrBadRef = errors.New("not the name of a file")
)

// RefOf is the name of a content.
func RefOf(data []byte) Ref {
	sum := sha256.Sum256(data)
	return Ref(hex.EncodeToString(sum[:]))
}

// Valid tells whether r has the form of a Ref.
func (r Ref) Valid() bool {
	if len(r) != 2*sha256.Size {
		return false
	}
	for i := range len(r) {
		if (r[i] < '0' || r[i] > '9') && (r[i] < 'a' || r[i] > 'f') {
			return false
		}
	}
	return true
}

// Store is a set of files, safe for concurrent use.
type Store struct {
	dir string

	mu     sync.RWMutex
	memory map[Ref][]byte // instead of dir
}

// partPattern names files that are being written.
const partPattern = ".part-*"

// Open keeps files in a folder, which is made when missing, two levels deep: ab/cd/abcd…. What an interrupted Put left behind is removed.
func Open(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("open the files: no folder given")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the files: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "[0-9a-f][0-9a-f]", "[0-9a-f][0-9a-f]", partPattern))
	if err != nil {
		return nil, fmt.Errorf("open the files: %w", err)
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("open the files: %w", err)
		}
	}
	return &Store{dir: dir}, nil
}

// OpenMemory keeps files in memory.
func OpenMemory() *Store { return &Store{memory: make(map[Ref][]byte)} }

func (s *Store) path(r Ref) string {
	return filepath.Join(s.dir, string(r[:2]), string(r[2:4]), string(r))
}

// Put stores data and returns its name when it is safely there. Putting the same content again costs a read.
func (s *Store) Put(ctx context.Context, data []byte) (Ref, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	r := RefOf(data)
	if s.memory != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, known := s.memory[r]; !known {
			s.memory[r] = append([]byte{}, data...)
		}
		return r, nil
	}
	_, err := s.Get(ctx, r)
	if err == nil {
		// Another Put may have named it and not yet waited for the disk.
		return r, syncDir(filepath.Dir(s.path(r)))
	}
	if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDamaged) { // a damaged one is replaced
		return "", err
	}
	if err := s.write(s.path(r), data); err != nil {
		return "", fmt.Errorf("put file %s: %w", r, err)
	}
	return r, nil
}

func (s *Store) write(path string, data []byte) (err error) {
	folder := filepath.Dir(path)
	if err := s.makeFolder(folder); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, partPattern) // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(folder)
}

// makeFolder makes the two levels and puts their names on the disk.
func (s *Store) makeFolder(folder string) error {
	upper := filepath.Dir(folder)
	for _, dir := range []string{upper, folder} {
		err := os.Mkdir(dir, 0o700)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		// Also when it was there: another Put may have made it and not come to this yet.
		if err := syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(path string) error {
	f, err := os.Open(path) // #nosec G304 -- within the store's own folder
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Get returns a file's content, checked against its name. The caller must not change it.
func (s *Store) Get(ctx context.Context, r Ref) ([]byte, error) {
	if err := check(ctx, r); err != nil {
		return nil, err
	}
	var data []byte
	if s.memory != nil {
		s.mu.RLock()
		defer s.mu.RUnlock()
		var known bool
		if data, known = s.memory[r]; !known {
			return nil, fmt.Errorf("get file %s: %w", r, ErrNotFound)
		}
		return data, nil
	}
	data, err := os.ReadFile(s.path(r)) // the path is made of hexadecimal digits only
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("get file %s: %w", r, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("get file %s: %w", r, err)
	}
	if RefOf(data) != r {
		return nil, fmt.Errorf("get file %s: %w", r, ErrDamaged)
	}
	return data, nil
}

// Has tells whether a file is there, without reading it.
func (s *Store) Has(ctx context.Context, r Ref) (bool, error) {
	if err := check(ctx, r); err != nil {
		return false, err
	}
	if s.memory != nil {
		s.mu.RLock()
		defer s.mu.RUnlock()
		_, known := s.memory[r]
		return known, nil
	}
	_, err := os.Stat(s.path(r))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for file %s: %w", r, err)
	}
	return true, nil
}

// Delete removes a file; one that is not there is no error.
func (s *Store) Delete(ctx context.Context, r Ref) error {
	if err := check(ctx, r); err != nil {
		return err
	}
	if s.memory != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.memory, r)
		return nil
	}
	err := os.Remove(s.path(r))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete file %s: %w", r, err)
	}
	return syncDir(filepath.Dir(s.path(r)))
}

func check(ctx context.Context, r Ref) error {
	if !r.Valid() {
		return fmt.Errorf("file %q: %w", string(r), ErrBadRef)
	}
	return ctx.Err()
}

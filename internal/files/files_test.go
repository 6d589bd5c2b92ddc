package files

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func stores(t *testing.T) map[string]*Store {
	s, err := Open(filepath.Join(t.TempDir(), "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*Store{"folder": s, "memory": OpenMemory()}
}

func TestPutGetDelete(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			data := []byte("abc")
			r, err := s.Put(ctx, data)
			if err != nil || r != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
				t.Fatalf("Put = %s, %v; want the published SHA-256 of abc", r, err)
			}
			data[0] = 'x' // the store has its own copy
			for range 2 {
				if got, err := s.Get(ctx, r); err != nil || string(got) != "abc" {
					t.Fatalf("Get = %q, %v", got, err)
				}
				if again, err := s.Put(ctx, []byte("abc")); err != nil || again != r {
					t.Fatalf("Put again = %s, %v", again, err)
				}
			}
			empty, err := s.Put(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := s.Get(ctx, empty); err != nil || len(got) != 0 {
				t.Errorf("an empty file: %q, %v", got, err)
			}
			for range 2 {
				if err := s.Delete(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			if ok, err := s.Has(ctx, r); ok || err != nil {
				t.Errorf("Has after Delete = %v, %v", ok, err)
			}
			if ok, err := s.Has(ctx, empty); !ok || err != nil {
				t.Errorf("Has = %v, %v", ok, err)
			}
			if _, err := s.Get(ctx, r); !errors.Is(err, ErrNotFound) {
				t.Errorf("Get after Delete: %v", err)
			}
		})
	}
}

func TestBadRefsReachNoPath(t *testing.T) {
	for name, s := range stores(t) {
		for _, r := range []Ref{"", "ab", "../../../../etc/passwd", RefOf(nil)[:63] + "/", RefOf(nil)[:63] + "G", RefOf(nil) + "0"} {
			_, err := s.Get(t.Context(), r)
			_, err2 := s.Has(t.Context(), r)
			for _, err := range []error{err, err2, s.Delete(t.Context(), r)} {
				if !errors.Is(err, ErrBadRef) {
					t.Errorf("%s: ref %q: %v", name, r, err)
				}
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Put(ctx, []byte("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Put under a cancelled context: %v", name, err)
		}
	}
	if _, err := Open(""); err == nil {
		t.Error("a store without a folder")
	}
}

func TestDamageIsFoundAndRepaired(t *testing.T) {
	s := stores(t)["folder"]
	data := bytes.Repeat([]byte("contract "), 1000)
	r, err := s.Put(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir, string(r[:2]), string(r[2:4]), string(r))
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v; want a file of mode 0600 in two folders", info, err)
	}
	bad := bytes.Clone(data)
	bad[4500] ^= 1
	for name, content := range map[string][]byte{"flipped": bad, "cut": data[:100], "empty": nil} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), r); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.Put(t.Context(), data); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(t.Context(), r); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: putting it again did not mend it: %v", name, err)
		}
	}
}

func TestOpenRemovesHalfWrittenFiles(t *testing.T) {
	s := stores(t)["folder"]
	r, err := s.Put(t.Context(), []byte("whole"))
	if err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(filepath.Dir(s.path(r)), ".part-123")
	if err := os.WriteFile(part, []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(part); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the half-written file is still there: %v", err)
	}
	if _, err := again.Get(t.Context(), r); err != nil {
		t.Error(err)
	}
}

func TestManyAtOnce(t *testing.T) {
	for name, s := range stores(t) {
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				data := []byte{byte(i % 4)}
				r, err := s.Put(t.Context(), data)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				if got, err := s.Get(t.Context(), r); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			})
		}
		wg.Wait()
	}
}

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/audit/audittest"
	"sealdesk/internal/store"
)

// TestBothLogsFindTampering does every kind of tampering to the portal's log and to the engine's, in the databases of a data folder, and asks
// the command: at once, after the running program has recorded something, and after a restart.
func TestBothLogsFindTampering(t *testing.T) {
	data, outside := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "kept.txt")
	must(t, "correct horse battery\n", "user", "add", "lina", "--role", "admin", "--password-stdin", "--data", data)
	r := instance(t, data)
	earlier := map[string]audit.Checkpoint{}
	var kept []byte
	for _, half := range halfNames {
		log := r.log(half)
		for log.Count() < audittest.Events {
			e := audit.Event{Action: "test", ObjectType: "seal", ObjectID: "s1", Actor: audit.Actor{Name: "lina", Role: "business", IP: "192.0.2.1"}}
			if log.Count() == 10 {
				e.Outcome = audit.Denied
			}
			if err := log.Record(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if log.Count() == audittest.Earlier {
				earlier[half] = must2(log.Checkpoint(t.Context()))
			}
		}
		kept = append(append(kept, must2(log.Checkpoint(t.Context())).Text...), '\n')
	}
	r.close(t)
	if err := os.WriteFile(outside, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "", "audit", "verify", "--against", outside, "--data", data); strings.Count(out, "whole: 20 records") != 2 {
		t.Fatal(out)
	}
	for _, k := range audittest.Kinds() {
		if k.Key || strings.HasPrefix(k.Name, "column ") {
			continue // another key is refused, see TestWhatIsMissingIsRefused; each column is the log's own test
		}
		t.Run(k.Name, func(t *testing.T) {
			both := func(t *testing.T, dir string) {
				t.Helper()
				for _, half := range halfNames {
					h := folders{dir}.half(half)
					if err := k.Do(h.path(h.database), earlier[half]); err != nil {
						t.Fatal(err)
					}
				}
			}
			copied := func(t *testing.T) string {
				t.Helper()
				dir := filepath.Join(t.TempDir(), "data")
				if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
					t.Fatal(err)
				}
				return dir
			}
			t.Run("at once", func(t *testing.T) {
				dir := copied(t)
				both(t, dir)
				verdict(t, dir, outside, k.Want, k.Refused)
			})
			t.Run("after an event", func(t *testing.T) {
				dir := copied(t)
				r := instance(t, dir)
				both(t, dir)
				want := cmp.Or(k.Later, k.Want)
				for _, half := range halfNames {
					if !k.Structure {
						r.record(t, half, 1)
						continue
					}
					want = k.Want
					if err := r.log(half).Record(t.Context(), audit.Event{Action: "test"}); !errors.Is(err, store.ErrSchema) {
						t.Errorf("%s: it goes on: %v", half, err)
					}
				}
				verdict(t, dir, outside, want, false)
				if err := r.Close(); err != nil && !k.Structure {
					t.Fatal(err)
				}
			})
			t.Run("after a restart", func(t *testing.T) {
				dir := copied(t)
				both(t, dir)
				r, err := start(t, dir)
				if k.Refused || k.Structure {
					if err == nil || !strings.Contains(err.Error(), "sealdesk restore") {
						t.Errorf("it starts: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, half := range halfNames {
					r.record(t, half, 1)
				}
				r.close(t)
				verdict(t, dir, outside, cmp.Or(k.Later, k.Want), false)
			})
		})
	}
}

// verdict asks the command, which names the problem of both logs, or refuses where nothing is left to be judged.
func verdict(t *testing.T, dir, outside, want string, refused bool) {
	t.Helper()
	out, err := command(t, "", "audit", "verify", "--json", "--against", outside, "--data", dir)
	if err == nil {
		t.Errorf("audit verify finds nothing: %s", out)
	}
	if refused {
		if err == nil || !strings.Contains(err.Error(), "is empty, although events were signed") {
			t.Errorf("it says: %v", err)
		}
		return
	}
	var said auditVerdicts
	if err := json.Unmarshal([]byte(out), &said); err != nil || len(said.Logs) != 2 {
		t.Fatalf("%s, %v", out, err)
	}
	for _, log := range said.Logs {
		if log.OK || !slices.Contains(log.Problems, want) {
			t.Errorf("%s: problems %v, want %s", log.Log, log.Problems, want)
		}
	}
}

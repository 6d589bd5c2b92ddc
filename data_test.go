package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
	"sealdesk/internal/i18n"
)

// running is the program with both halves of a data folder open, as serve has it, but without its listeners.
type running struct {
	*program
	out *bytes.Buffer
}

func start(t *testing.T, data string) (*running, error) {
	t.Helper()
	cfg := config.Config{EngineListen: "127.0.0.1:1", EngineURL: "http://127.0.0.1:1", Data: data, Platform: config.Platform{Endpoint: config.Embedded}}
	out := &bytes.Buffer{}
	ctx := i18n.WithLanguage(t.Context(), i18n.English)
	p, err := open(ctx, cfg, "", out, starting, halfNames...)
	if err != nil {
		return nil, err
	}
	if err := p.openPortal(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return &running{p, out}, nil
}

func instance(t *testing.T, data string) *running {
	t.Helper()
	r, err := start(t, data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *running) close(t *testing.T) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// log is one of the two logs.
func (r *running) log(half string) *audit.Log {
	if half == portalHalf {
		return r.portal.Audit()
	}
	return r.engine.Evidence()
}

// record writes n events into a log.
func (r *running) record(t *testing.T, half string, n int) {
	t.Helper()
	for i := range n {
		if err := r.log(half).Record(t.Context(), audit.Event{Action: "test", ObjectID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
}

// all lists a folder with the sizes of its files.
func all(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	files := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		info, infoErr := entry.Info()
		files[path] = info.Size()
		return errors.Join(err, infoErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// asked are the commands that only ask.
var asked = [][]string{{"audit", "verify"}, {"audit", "export"}, {"audit", "checkpoint"}, {"audit", "verify", "--log", "engine"}, {"user", "list"},
	{"user", "passwd", "lina"}, {"user", "reset-factor", "lina"}, {"engine", "credentials"}, {"engine", "console"}}

// TestCommandsThatAskMakeNothing runs each on a folder that is not there, one that is empty and one with other people's files.
func TestCommandsThatAskMakeNothing(t *testing.T) {
	root := t.TempDir()
	foreign := filepath.Join(root, "foreign")
	for _, dir := range []string{foreign, filepath.Join(root, "empty")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(foreign, "letter.txt"), []byte("dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := all(t, root)
	for name, want := range map[string]string{"typo": "sealdesk restore", "empty": "sealdesk restore", "foreign": "letter.txt"} {
		data := filepath.Join(root, name)
		for _, args := range append(asked, []string{"backup", filepath.Join(root, "backup")}) {
			if out, err := command(t, "", append(args, "--data", data)...); err == nil || !strings.Contains(err.Error(), want) && args[0] != "backup" {
				t.Errorf("%v on %s: %v\n%s", args, name, err, out)
			}
		}
	}
	if after := all(t, root); !maps.Equal(before, after) {
		t.Errorf("there was %v, now %v", before, after)
	}
	if _, err := start(t, foreign); err == nil || !strings.Contains(err.Error(), "letter.txt") {
		t.Errorf("an instance was made among other files: %v", err)
	}
	if after := all(t, root); !maps.Equal(before, after) {
		t.Errorf("there was %v, now %v", before, after)
	}
}

// TestWhatIsMissingIsRefused takes each part away, or puts another in its place: the program names it and makes nothing new.
func TestWhatIsMissingIsRefused(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	instance(t, data).close(t)
	r := instance(t, data)
	r.record(t, portalHalf, 3)
	r.record(t, engineHalf, 3)
	r.close(t)
	other := filepath.Join(t.TempDir(), "other")
	instance(t, other).close(t)
	type change struct {
		name, want string
		do         func(t *testing.T, dir string) error
	}
	var changes []change
	for _, part := range parts[1:7] {
		changes = append(changes, change{"without " + part, filepath.FromSlash(part) + " is missing", func(_ *testing.T, dir string) error {
			return os.Remove(filepath.Join(dir, part))
		}})
		if strings.HasSuffix(part, ".key") {
			changes = append(changes, change{"another " + part, filepath.FromSlash(part) + " is another key", func(_ *testing.T, dir string) error {
				return errors.Join(os.Remove(filepath.Join(dir, part)), copyFile(filepath.Join(other, part), filepath.Join(dir, part)))
			}})
		}
	}
	database := func(part, statement string) func(*testing.T, string) error {
		return func(t *testing.T, dir string) error {
			tamper(t, filepath.Join(dir, part), statement)
			return nil
		}
	}
	folder := func(part string) func(*testing.T, string) error {
		return func(_ *testing.T, dir string) error { return os.RemoveAll(filepath.Join(dir, part)) }
	}
	for half, file := range map[string]string{"portal": "portal/portal.db", "engine": "engine/engine.db"} {
		changes = append(changes, change{"emptied log of " + half, "is empty, although events were signed", database(file, "DELETE FROM audit_events; DELETE FROM audit_checkpoint")},
			change{"emptied events of " + half, "is empty, although events were signed", database(file, "DELETE FROM audit_events")},
			change{"dropped log of " + half, "lacks the table audit_events", database(file, "DROP TABLE audit_events")},
			change{"dropped checkpoint of " + half, "lacks the table audit_checkpoint", database(file, "DROP TABLE audit_checkpoint")},
			change{"newer log of " + half, "newer version", database(file, "INSERT INTO audit_migrations (version_id, is_applied) VALUES (999, 1)")})
	}
	changes = append(changes,
		change{"newer portal", "newer version", database("portal/portal.db", "INSERT INTO portal_migrations (version_id, is_applied) VALUES (999, 1)")},
		change{"newer engine", "newer version", database("engine/engine.db", "INSERT INTO engine_schema (version_id, is_applied) VALUES (999, 1)")},
		change{"dropped accounts", "lacks the table", database("portal/portal.db", "DROP TABLE sessions")},
		change{"no portal at all", "portal.db is missing", folder("portal")}, change{"no engine at all", "engine.db is missing", folder("engine")},
		change{"a torn marker", "sealdesk.json cannot be read", func(_ *testing.T, dir string) error { return os.Truncate(filepath.Join(dir, "sealdesk.json"), 40) }},
		change{"a checkpoint that was given out in the marker", "sealdesk.json cannot be read: checkpoint", func(_ *testing.T, dir string) error {
			f := folders{dir}
			m, err := f.readMarker()
			if err != nil {
				return err
			}
			h := f.half(engineHalf)
			m.Halves[engineHalf].Checkpoint = string(audit.FindCheckpoints(tail(h.checkpoints(), 1<<20), h.origin, m.Halves[engineHalf].Keys[h.logKey])[0].Text)
			m.Halves[engineHalf].Seal = m.Halves[portalHalf].Seal
			return f.writeMarker(m)
		}})
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
				t.Fatal(err)
			}
			if err := c.do(t, dir); err != nil {
				t.Fatal(err)
			}
			before := all(t, dir)
			r, err := start(t, dir)
			if err == nil {
				r.close(t)
				t.Fatal("it starts")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "sealdesk restore") {
				t.Errorf("it says: %v", err)
			}
			if after := all(t, dir); !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))) {
				t.Errorf("there was %v, now %v", before, after)
			}
			for _, log := range []string{"portal", "engine"} { // at least the half that is concerned does not verify
				if _, err = command(t, "", "audit", "verify", "--log", log, "--data", dir); err != nil {
					break
				}
			}
			if err == nil && !strings.Contains(c.name, "master.key") && c.name != "newer portal" && c.name != "newer engine" && c.name != "dropped accounts" {
				t.Error("audit verify finds nothing")
			}
		})
	}
}

// tamper runs SQL on a database beside the program, without the log's triggers.
func tamper(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, name := range []string{"audit_events_no_update", "audit_events_no_delete", "audit_events_no_gap", "audit_checkpoint_no_delete", "audit_checkpoint_grows"} {
		statements = append([]string{"DROP TRIGGER IF EXISTS " + name}, statements...)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// TestAFirstStartThatWasCutOffIsFinished leaves what a power cut leaves: a marker that says so, and some of the files.
func TestAFirstStartThatWasCutOffIsFinished(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	f := folders{data}
	m := newMarker()
	m.Halves[portalHalf] = &halfMark{Making: true}
	if err := f.writeMarker(m); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, "", "user", "list", "--data", data); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("a command that asks: %v", err)
	}
	instance(t, data).close(t)
	after, err := f.readMarker()
	if err != nil || after.ID != m.ID || after.Halves[portalHalf].Making || len(after.Halves[portalHalf].Keys) != 2 || after.Halves[engineHalf] == nil {
		t.Errorf("%+v, %v", after, err)
	}
}

// TestAnEmptiedLogIsRefusedWhateverIsGone removes with the events of one half everything that knew of them, the search index too.
func TestAnEmptiedLogIsRefusedWhateverIsGone(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	must(t, "correct horse battery\n", "user", "add", "lina", "--role", "admin", "--password-stdin", "--data", data)
	instance(t, data).close(t)
	for _, name := range halfNames {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
				t.Fatal(err)
			}
			h := folders{dir}.half(name)
			tamper(t, h.path(h.database), "DELETE FROM audit_events", "DELETE FROM audit_checkpoint", "DELETE FROM audit_folds",
				"INSERT INTO audit_search(audit_search) VALUES ('delete-all')", "UPDATE audit_search_state SET indexed = 0")
			m, err := folders{dir}.readMarker()
			if err != nil {
				t.Fatal(err)
			}
			m.Halves[name].Checkpoint = ""
			if err := errors.Join(folders{dir}.writeMarker(m), os.Remove(h.checkpoints())); err != nil {
				t.Fatal(err)
			}
			out, err := command(t, "", "audit", "verify", "--log", name, "--data", dir)
			if status := exitStatus(0); !errors.As(err, &status) || status != 1 || !strings.Contains(out, "nothing can be judged") {
				t.Errorf("audit verify: %s, %v", out, err)
			}
			if _, err := start(t, dir); err == nil || !strings.Contains(err.Error(), "is empty, although events were signed") {
				t.Errorf("it starts: %v", err)
			}
		})
	}
}

// TestAReadOnlyCopyIsVerified verifies a copy whose modes allow nobody to write, also as root, of a program that runs and of one that does not.
func TestAReadOnlyCopyIsVerified(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	r := instance(t, data)
	r.record(t, portalHalf, 5)
	for _, when := range []string{"while it runs", "at rest"} {
		dir := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
			t.Fatal(err)
		}
		modes := func(file, folder fs.FileMode) {
			err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
				if entry.IsDir() {
					return errors.Join(err, os.Chmod(path, folder))
				}
				return errors.Join(err, os.Chmod(path, file))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		modes(0o444, 0o555)
		before := all(t, dir)
		if out := must(t, "", "audit", "verify", "--data", dir); !strings.Contains(out, "whole: 7 records") {
			t.Errorf("%s: %s", when, out)
		}
		if after := all(t, dir); !maps.Equal(before, after) {
			t.Errorf("%s: there was %v, now %v", when, before, after)
		}
		modes(0o600, 0o700)
		if when == "while it runs" {
			r.close(t)
		}
	}
}

// TestAnExportOfAnUnknownKeyIsNotWhole has a verdict and an exit status of its own.
func TestAnExportOfAnUnknownKeyIsNotWhole(t *testing.T) {
	data, export := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "log.jsonl")
	must(t, "correct horse battery\n", "user", "add", "lina", "--role", "admin", "--password-stdin", "--data", data)
	must(t, "", "audit", "export", "--out", export, "--data", data)
	must(t, "", "audit", "verify", "--export", export, "--data", data)
	out, err := command(t, "", "audit", "verify", "--export", export, "--data", t.TempDir())
	if status := exitStatus(0); !errors.As(err, &status) || status != 2 || !strings.Contains(out, "not known here") {
		t.Errorf("%v: %s", err, out)
	}
	var verdict struct{ OK, UnknownKey bool }
	out, _ = command(t, "", "audit", "verify", "--export", export, "--json", "--data", t.TempDir())
	if err := json.Unmarshal([]byte(out), &verdict); err != nil || verdict.OK || !verdict.UnknownKey {
		t.Errorf("%s, %v", out, err)
	}
	text, err := os.ReadFile(filepath.Join(data, "sealdesk.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m marker
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	must(t, "", "audit", "verify", "--export", export, "--key", m.Halves[portalHalf].Keys["audit.key"], "--data", t.TempDir())
	changed := bytes.Replace(must2(os.ReadFile(export)), []byte("lina"), []byte("lisa"), 1)
	if err := os.WriteFile(export, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, "", "audit", "verify", "--export", export, "--data", t.TempDir()); !errors.Is(err, errReported) {
		t.Errorf("a changed export of an unknown key: %v", err)
	}
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

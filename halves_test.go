package main

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
)

// parts are what an instance cannot be without, and the cache, which it can.
var parts = []string{"sealdesk.json", "portal/portal.db", "portal/audit.key", "portal/master.key", "engine/engine.db", "engine/keys/evidence.key",
	"engine/keys/master.key", "cache"}

// twoHalves is a data folder with an account that was started twice, so that both of its logs know of both halves.
func twoHalves(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	instance(t, data).close(t)
	must(t, "correct horse battery\n", "user", "add", "lina", "--role", "admin", "--password-stdin", "--data", data)
	if err := os.MkdirAll(filepath.Join(data, "cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestEveryPartThatIsGoneIsNamed takes away each set of parts at once: the program refuses, names the first that is gone and a command that
// mends it, and makes nothing. Only without the cache it starts, and only where nothing at all is left it begins anew.
func TestEveryPartThatIsGoneIsNamed(t *testing.T) {
	data := twoHalves(t)
	aside := filepath.Join(t.TempDir(), "aside")
	move := func(from, to string, set int) (gone []string) {
		for i, part := range parts {
			if set&(1<<i) == 0 {
				continue
			}
			target := filepath.Join(to, filepath.FromSlash(part))
			if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o700), os.Rename(filepath.Join(from, filepath.FromSlash(part)), target)); err != nil {
				t.Fatal(err)
			}
			if part != "cache" {
				gone = append(gone, part)
			}
		}
		return gone
	}
	for set := 1; set < 1<<len(parts); set++ {
		gone := move(data, aside, set)
		before := slices.Sorted(maps.Keys(all(t, data)))
		r, err := start(t, data)
		switch {
		case len(gone) == 0:
			if err != nil {
				t.Fatalf("without its cache: %v", err)
			}
			r.close(t)
		case err == nil:
			r.close(t)
			t.Fatalf("without %v it starts", gone)
		default:
			named := slices.ContainsFunc(gone, func(part string) bool {
				return strings.Contains(err.Error(), filepath.Join(data, filepath.FromSlash(part)))
			})
			nothingLeft := len(gone) == len(parts)-1 // but folders with contracts: it is no place for a new instance
			if !named && !nothingLeft || !nothingLeft && !strings.Contains(err.Error(), "sealdesk restore") {
				t.Errorf("without %v it says: %v", gone, err)
			}
			if after := slices.Sorted(maps.Keys(all(t, data))); !slices.Equal(before, after) {
				t.Errorf("without %v there was %v, now %v", gone, before, after)
			}
		}
		if err := os.RemoveAll(filepath.Join(data, "cache")); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(data, "cache"), 0o700); err != nil {
			t.Fatal(err)
		}
		move(aside, data, set&^(1<<(len(parts)-1)))
		if err := os.RemoveAll(aside); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"portal", "engine", "sealdesk.json"} {
		if err := os.RemoveAll(filepath.Join(data, name)); err != nil {
			t.Fatal(err)
		}
	}
	instance(t, data).close(t)
}

// TestHalfAFolderDoesNotBeginAnew takes whole halves away with whatever else knew of them, or forges it.
func TestHalfAFolderDoesNotBeginAnew(t *testing.T) {
	data, other := twoHalves(t), twoHalves(t)
	remove := func(names ...string) func(string) error {
		return func(dir string) (err error) {
			for _, name := range names {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))))
			}
			return err
		}
	}
	forged := func(change func(m *marker), names ...string) func(string) error {
		return func(dir string) error {
			if err := remove(names...)(dir); err != nil {
				return err
			}
			m, err := folders{dir}.readMarker()
			if err != nil {
				return err
			}
			change(m)
			return folders{dir}.writeMarker(m)
		}
	}
	exchanged := func(dir string) error {
		theirs, err := folders{other}.readMarker()
		if err != nil {
			return err
		}
		err = forged(func(m *marker) { m.Halves[engineHalf] = theirs.Halves[engineHalf] }, "engine")(dir)
		return errors.Join(err, os.CopyFS(filepath.Join(dir, "engine"), os.DirFS(filepath.Join(other, "engine"))))
	}
	unknowing := func(half string) func(string) error {
		return func(dir string) error {
			rest := engineHalf
			if half == engineHalf {
				rest = portalHalf
			}
			h := folders{dir}.half(rest)
			tamper(t, h.path(h.database), "DELETE FROM audit_events WHERE action = '"+actionHalves+"'")
			return remove(half, "sealdesk.json", rest+"/checkpoints.txt")(dir)
		}
	}
	for name, c := range map[string]struct {
		do   func(dir string) error
		want []string
	}{
		"engine and marker":            {remove("engine", "sealdesk.json"), []string{"engine.db", "sealdesk.json"}},
		"portal and marker":            {remove("portal", "sealdesk.json"), []string{"portal.db", "sealdesk.json"}},
		"marker alone":                 {remove("sealdesk.json"), []string{"sealdesk.json is missing"}},
		"marker without the engine":    {forged(func(m *marker) { delete(m.Halves, engineHalf) }, "engine"), []string{"engine.db"}},
		"marker without the portal":    {forged(func(m *marker) { delete(m.Halves, portalHalf) }, "portal"), []string{"portal.db"}},
		"marker at its first start":    {forged(func(m *marker) { m.Halves[engineHalf] = &halfMark{Making: true} }, "engine"), []string{"engine.db"}},
		"marker of another instance":   {forged(func(m *marker) { m.ID = newMarker().ID }), []string{"do not belong together"}},
		"another engine with its mark": {exchanged, []string{"another key"}},
		"another engine, no marker":    {func(dir string) error { return errors.Join(exchanged(dir), remove("sealdesk.json")(dir)) }, []string{"another key"}},
		"engine, and who knew of it":   {unknowing(engineHalf), []string{"engine.db", "is not whole"}},
		"portal, and who knew of it":   {unknowing(portalHalf), []string{"portal.db", "is not whole"}},
		"accounts":                     {func(dir string) error { return sqlOn(t, dir, "DELETE FROM accounts") }, []string{"no account", "sealdesk user add"}},
		"accounts, and who knew of them": {func(dir string) error {
			return sqlOn(t, dir, "DELETE FROM accounts", "UPDATE audit_events SET action = 'session.login' WHERE action IN ('account.add', 'setup.complete')")
		}, []string{"no account", "sealdesk user add"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyOf(t, data)
			if err := c.do(dir); err != nil {
				t.Fatal(err)
			}
			before := slices.Sorted(maps.Keys(all(t, dir)))
			for range 2 {
				r, err := start(t, dir)
				if err == nil {
					r.close(t)
					t.Fatal("it starts")
				}
				for _, want := range append(c.want, "sealdesk restore") {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("it says: %v, and not %s", err, want)
					}
				}
			}
			if after := slices.Sorted(maps.Keys(all(t, dir))); !slices.Equal(before, after) {
				t.Errorf("there was %v, now %v", before, after)
			}
		})
	}
}

// copyOf is a copy of a data folder.
func copyOf(t *testing.T, data string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sqlOn runs SQL on the portal's database of a folder, without the log's triggers.
func sqlOn(t *testing.T, dir string, statements ...string) error {
	tamper(t, filepath.Join(dir, "portal", "portal.db"), statements...)
	return nil
}

// TestALostMarkerIsMended makes a new folder of one that lost its marker, if the rest is as it was.
func TestALostMarkerIsMended(t *testing.T) {
	data, fresh := twoHalves(t), filepath.Join(t.TempDir(), "fresh")
	was, err := folders{data}.readMarker()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(data, "sealdesk.json")); err != nil {
		t.Fatal(err)
	}
	for _, args := range append(slices.Clone(asked), []string{"backup", filepath.Join(t.TempDir(), "copy")}) {
		if out, err := command(t, "", append(args, "--data", data)...); err == nil || !strings.Contains(err.Error(), "sealdesk.json is missing") {
			t.Errorf("%v: %s, %v", args, out, err)
		}
	}
	must(t, "", "restore", data, "--data", fresh)
	is, err := folders{fresh}.readMarker()
	if err != nil || is.ID != was.ID || len(is.Halves) != 2 {
		t.Errorf("the marker is %+v, was %+v, %v", is, was, err)
	}
	r := instance(t, fresh)
	for _, half := range halfNames {
		if events, err := r.log(half).Query(t.Context(), audit.Filter{Action: "data.restore"}, 0, 9); err != nil || len(events) != 1 {
			t.Errorf("%s: %d events, %v", half, len(events), err)
		}
	}
	r.close(t)
	must(t, "", "audit", "verify", "--data", fresh)
	if err := os.RemoveAll(filepath.Join(data, "engine")); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, "", "restore", data, "--data", filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "engine.db") {
		t.Errorf("half a folder is restored: %v", err)
	}
}

// TestAHalfJoinsLater starts with one half, as `sealdesk user add` and `sealdesk engine` do, and the other comes later.
func TestAHalfJoinsLater(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	must(t, "correct horse battery\n", "user", "add", "lina", "--role", "admin", "--password-stdin", "--data", data)
	r := instance(t, data)
	for _, half := range halfNames {
		m, err := folders{data}.half(half).remembers(t.Context())
		if err != nil || m.instance != r.data.marker.ID || len(m.Halves) != 2 {
			t.Errorf("%s remembers %+v, %v", half, m, err)
		}
	}
	counts := [2]int64{r.log(portalHalf).Count(), r.log(engineHalf).Count()}
	r.close(t)
	r = instance(t, data)
	if again := [2]int64{r.log(portalHalf).Count(), r.log(engineHalf).Count()}; counts != again {
		t.Errorf("a start that changes nothing records: %v events, then %v", counts, again)
	}
	r.close(t)
}

// ofBefore makes the halves of a data folder as they were before there were markers and logs that know of them.
func ofBefore(t *testing.T, data string) {
	t.Helper()
	r := instance(t, filepath.Join(t.TempDir(), "lender"))
	defer r.close(t)
	f := folders{data}
	portal, err := db.Open(t.Context(), db.Options{Dir: f.half(portalHalf).dir, Origin: auditOrigin})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(t.Context(), engine.Options{DataDir: f.half(engineHalf).dir, PublicURL: "http://127.0.0.1:1", Face: r.face, Renderer: r.renderer})
	if err != nil {
		t.Fatal(err)
	}
	err = portal.Audit().Record(t.Context(), audit.Event{Action: "test"})
	if err := errors.Join(err, portal.Close(), e.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestFoldersOfBeforeThereWereMarkersGetOne takes what is whole, with a line and an event, and refuses what is not.
func TestFoldersOfBeforeThereWereMarkersGetOne(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	ofBefore(t, data)
	marker := filepath.Join(data, "sealdesk.json")
	must(t, "", "audit", "verify", "--data", data)
	if _, err := os.Stat(marker); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a command that asks made it: %v", err)
	}
	half := filepath.Join(t.TempDir(), "half")
	if err := errors.Join(os.CopyFS(half, os.DirFS(data)), os.Remove(filepath.Join(half, "portal", "audit.key"))); err != nil {
		t.Fatal(err)
	}
	if _, err := start(t, half); err == nil || !strings.Contains(err.Error(), "audit.key is missing") {
		t.Errorf("half a folder without a marker: %v", err)
	}
	r := instance(t, data)
	if !strings.Contains(r.out.String(), "sealdesk.json") {
		t.Errorf("it says %q", r.out)
	}
	for _, half := range halfNames {
		for _, action := range []string{"data.mark", actionHalves} {
			if events, err := r.log(half).Query(t.Context(), audit.Filter{Action: action}, 0, 9); err != nil || len(events) == 0 {
				t.Errorf("%s: %d events %s, %v", half, len(events), action, err)
			}
		}
	}
	r.close(t)
	if r = instance(t, data); strings.Contains(r.out.String(), "sealdesk.json") {
		t.Errorf("told twice: %s", r.out)
	}
	r.close(t)
}

// TestAFolderWhoseLogsKnowNothingYetIsTakenOn starts a folder with a marker, as the version before left it.
func TestAFolderWhoseLogsKnowNothingYetIsTakenOn(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	ofBefore(t, data)
	f, m := folders{data}, newMarker()
	for _, name := range halfNames {
		prints, err := f.half(name).fingerprints()
		if err != nil {
			t.Fatal(err)
		}
		m.Halves[name] = &halfMark{Keys: prints}
	}
	if err := f.writeMarker(m); err != nil {
		t.Fatal(err)
	}
	instance(t, data).close(t)
	for _, name := range halfNames {
		if said, err := f.half(name).remembers(t.Context()); err != nil || said.instance != m.ID || len(said.Halves) != 2 {
			t.Errorf("%s says %+v, %v", name, said, err)
		}
	}
}

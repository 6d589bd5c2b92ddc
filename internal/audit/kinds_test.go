package audit

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// tampering is something that somebody does to a log of twenty events who has the file and knows the format, but not the key.
type tampering struct {
	name string
	// sql runs without triggers; recompute then makes all hashes fit; act is for what neither can do.
	sql       string
	recompute bool
	act       func(*testing.T, *fixture)
	// want is the problem that names it, found at once and ever after; later is another where the log has gone on meanwhile.
	want, later string
	// blind: nothing inside the log tells it from a genuine state, so that only a checkpoint from outside does.
	blind bool
	// quiet: the tree's edge is not touched, so that the log goes on as one: only verifying finds it.
	quiet bool
	// refused: there is nothing to go on from, so that a log is not opened any more.
	refused bool
	// key: it is the key that changes, at the next start.
	key bool
}

// madeUp is an event that never happened, with the hashes of another.
func madeUp(seq string) string {
	return "INSERT INTO audit_events SELECT " + seq + ", " + columns[5:] + ", hashes FROM audit_events WHERE seq = 3"
}

// older puts back the state that the log had at twelve events, which f.kept holds.
func older(events, checkpoint bool) func(*testing.T, *fixture) {
	return func(t *testing.T, f *fixture) {
		var s []string
		if events {
			s = append(s, "DELETE FROM audit_events WHERE seq >= 12")
		}
		if checkpoint {
			s = append(s, "UPDATE audit_checkpoint SET size = 12, text = '"+strings.ReplaceAll(string(f.twelve.Text), "'", "''")+"'")
		}
		f.tamper(t, s...)
	}
}

// resigned signs whatever stands in the table with a key of one's own.
func resigned(origin string) func(*testing.T, *fixture) {
	return func(t *testing.T, f *fixture) {
		key, err := NewKey(origin)
		if err != nil {
			t.Fatal(err)
		}
		f.tamper(t, "UPDATE audit_events SET actor = 'mallory' WHERE seq = 6")
		f.recompute(t)
		db := f.raw(t)
		defer db.Close()
		var hashes []byte
		tr := tree{size: 20}
		levels, ks := edgePlaces(20)
		for i, level := range levels {
			if err := db.QueryRow("SELECT hashes FROM audit_events WHERE seq = ?", place(level, ks[i])).Scan(&hashes); err != nil {
				t.Fatal(err)
			}
			tr.edge = append(tr.edge, tlog.Hash(hashes[32*level:32*level+32]))
		}
		c, err := signCheckpoint(key, f.opts.Origin, firstSegment(), 20, tr.root(), f.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("UPDATE audit_checkpoint SET text = ?", string(c.Text)); err != nil {
			t.Fatal(err)
		}
	}
}

const rebuilt = "CREATE TABLE other AS SELECT * FROM audit_events; DROP TABLE audit_events; ALTER TABLE other RENAME TO audit_events; " +
	"CREATE INDEX audit_by_actor ON audit_events (actor, outcome); CREATE INDEX audit_by_action ON audit_events (action, outcome)"

func tamperings() []tampering {
	all := []tampering{
		{name: "delete in the middle", sql: "DELETE FROM audit_events WHERE seq = 5", want: "missing 5", quiet: true},
		{name: "delete the first", sql: "DELETE FROM audit_events WHERE seq = 0", want: "missing 0", quiet: true},
		{name: "delete and close the gap", sql: "DELETE FROM audit_events WHERE seq = 5; UPDATE audit_events SET seq = seq - 1 WHERE seq > 5",
			recompute: true, want: "cut 20"},
		{name: "cut the last", sql: "DELETE FROM audit_events WHERE seq >= 19", want: "cut 20"},
		{name: "cut the tail", sql: "DELETE FROM audit_events WHERE seq >= 15", want: "cut 20"},
		{name: "cut to a whole tree", sql: "DELETE FROM audit_events WHERE seq >= 16", want: "cut 20"},
		{name: "cut the tail and the checkpoint", sql: "DELETE FROM audit_events WHERE seq >= 15; DELETE FROM audit_checkpoint",
			want: "checkpoint 0", later: "cut 20"},
		{name: "cut the tail and the checkpoint's size", sql: "DELETE FROM audit_events WHERE seq >= 15; UPDATE audit_checkpoint SET size = 15", want: "cut 20"},
		{name: "an older checkpoint", act: older(false, true), want: "unsigned 12", later: "break 20"},
		{name: "an older state", act: older(true, true), want: "cut 20", blind: true},
		{name: "all events", sql: "DELETE FROM audit_events", want: "cut 20", refused: true},
		{name: "all events and the checkpoint", sql: "DELETE FROM audit_events; DELETE FROM audit_checkpoint", want: "cut 20", blind: true, refused: true},
		{name: "a made-up event", sql: madeUp("20"), want: "content 20"},
		{name: "a made-up event with hashes", sql: madeUp("20"), recompute: true, want: "unsigned 20"},
		{name: "many made-up events", sql: strings.Join([]string{madeUp("20"), madeUp("21"), madeUp("22")}, ";"), recompute: true, want: "unsigned 20"},
		{name: "a made-up event far behind", sql: madeUp("1000"), want: "content 1000"},
		{name: "a made-up event with the last number", sql: madeUp("9223372036854775807"), want: "content 9223372036854775807", quiet: true},
		{name: "a made-up event with the last number but one", sql: madeUp("9223372036854775806"), want: "content 9223372036854775806"},
		{name: "a made-up event before the first", sql: madeUp("-1"), want: "content -1", quiet: true},
		{name: "a made-up event within", sql: "UPDATE audit_events SET seq = -seq WHERE seq > 7; UPDATE audit_events SET seq = 1 - seq WHERE seq < 0; " + madeUp("8"),
			recompute: true, want: "unsigned 20"},
		{name: "swap", sql: "UPDATE audit_events SET seq = -seq WHERE seq = 7; UPDATE audit_events SET seq = 7 WHERE seq = 8; UPDATE audit_events SET seq = 8 WHERE seq = -7",
			want: "content 7", quiet: true},
		{name: "swap with hashes", sql: "UPDATE audit_events SET seq = -seq WHERE seq = 7; UPDATE audit_events SET seq = 7 WHERE seq = 8; UPDATE audit_events SET seq = 8 WHERE seq = -7",
			recompute: true, want: "root 20"},
		{name: "one event over another", sql: "DELETE FROM audit_events WHERE seq = 9; " + madeUp("9"), want: "content 9", quiet: true},
		{name: "an inner hash", sql: "UPDATE audit_events SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) AS BLOB) WHERE seq = 1", want: "nodes 1", quiet: true},
		{name: "a hash of the edge", sql: "UPDATE audit_events SET hashes = CAST(substr(hashes, 1, 64) || zeroblob(32) AS BLOB) WHERE seq = 19", want: "nodes 19"},
		{name: "no hash", sql: "UPDATE audit_events SET hashes = x'' WHERE seq = 1", want: "content 1", quiet: true},
		{name: "no hash at the edge", sql: "UPDATE audit_events SET hashes = x'' WHERE seq = 15", want: "content 15"},
		{name: "a short hash", sql: "UPDATE audit_events SET hashes = substr(hashes, 1, 31) WHERE seq = 4", want: "content 4", quiet: true},
		{name: "a long hash", sql: "UPDATE audit_events SET hashes = CAST(hashes || x'00' AS BLOB) WHERE seq = 4", want: "nodes 4", quiet: true},
		{name: "edit with its hash", sql: "UPDATE audit_events SET actor = 'mallory' WHERE seq = 19", recompute: true, want: "root 20"},
		{name: "edit with all hashes", sql: "UPDATE audit_events SET actor = 'mallory' WHERE seq = 6", recompute: true, want: "root 20"},
		{name: "edit the first with all hashes", sql: "UPDATE audit_events SET detail = '{}' WHERE seq = 0", recompute: true, want: "root 20"},
		{name: "all times with all hashes", sql: "UPDATE audit_events SET time = time - 3600000000", recompute: true, want: "root 20"},
		{name: "an outcome with all hashes", sql: "UPDATE audit_events SET outcome = 'ok' WHERE outcome = 'denied'", recompute: true, want: "root 20"},
		{name: "text moved to another field", sql: "UPDATE audit_events SET actor = actor || role, role = '' WHERE seq = 4", want: "content 4", quiet: true},
		{name: "the checkpoint's text", sql: "UPDATE audit_checkpoint SET text = replace(text, '20', '21')", want: "signature 0", later: "break 20"},
		{name: "the checkpoint's size", sql: "UPDATE audit_checkpoint SET size = 1 << 40", want: "signature 0", later: "break 20"},
		{name: "no checkpoint", sql: "DELETE FROM audit_checkpoint", want: "checkpoint 0", later: "break 20"},
		{name: "a checkpoint of another key", act: resigned("portal.example/audit"), want: "signature 0", later: "root 20"},
		{name: "a checkpoint of another name", act: resigned("elsewhere.example/audit"), want: "signature 0", later: "root 20"},
		{name: "a trigger that loses events", sql: "CREATE TRIGGER lose AFTER INSERT ON audit_events WHEN NEW.seq = 20 BEGIN DELETE FROM audit_events WHERE seq = NEW.seq; END; " +
			"DELETE FROM audit_events WHERE seq = 19", want: "cut 20"},
		{name: "the table anew without rules", sql: rebuilt + "; UPDATE audit_events SET time = 'yesterday', hashes = NULL WHERE seq = 6", want: "content 6", quiet: true},
		{name: "the table anew without a number", sql: rebuilt + "; UPDATE audit_events SET seq = NULL WHERE seq = 6", want: "missing 6", quiet: true},
		{name: "the key", key: true, want: "signature 0", later: "break 20"},
	}
	for _, column := range columnNames[1:] {
		change := column + " = " + column + " || 'x'"
		if column == "time" || column == "duration" {
			change = column + " = " + column + " + 1"
		}
		all = append(all, tampering{name: "column " + column, sql: "UPDATE audit_events SET " + change + " WHERE seq = 11", want: "content 11", quiet: true})
	}
	return all
}

// The moments at which a tampering is looked for.
const (
	atOnce       = "at once"
	afterEvent   = "after an event"
	afterRestart = "after a restart"
)

// TestTamperingIsFoundForEver does each kind of tampering and looks at once, after the running log has gone on, and after another process
// has opened the log and gone on: each time the problem is named, with a checkpoint from outside and, where that can be, without.
func TestTamperingIsFoundForEver(t *testing.T) {
	for _, k := range tamperings() {
		for _, when := range []string{atOnce, afterEvent, afterRestart} {
			t.Run(k.name+"/"+when, func(t *testing.T) { k.run(t, when) })
		}
	}
}

func (k tampering) run(t *testing.T, when string) {
	f := open(t, Options{})
	f.fill(t, 12)
	f.twelve = f.checkpoint(t)
	f.fill(t, 8)
	kept := f.checkpoint(t)
	f.tamper(t, cmp.Or(k.sql, "SELECT 1"))
	if k.recompute {
		f.recompute(t)
	}
	if k.act != nil {
		k.act(t, f)
	}
	want := k.want
	if when == afterRestart || k.key {
		o := Options{Key: f.key, Clock: f.clock.Now, Known: []string{string(kept.Text)}}
		if k.key {
			o.Key, o.Known = newKey(t), nil
		}
		if k.refused {
			if _, err := Open(t.Context(), f.db, o); !errors.Is(err, ErrEmptied) {
				t.Errorf("opened: %v", err)
			}
			return
		}
		f.reopen(t, o)
	}
	if when != atOnce {
		want = cmp.Or(k.later, want)
		f.goesOn(t, k)
	}
	f.finds(t, want, f.verify(t, kept))
	if !k.blind || when == afterEvent {
		f.finds(t, want, f.verify(t))
	}
}

func (f *fixture) checkpoint(t *testing.T) Checkpoint {
	t.Helper()
	c, err := f.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (f *fixture) finds(t *testing.T, want string, r Report) {
	t.Helper()
	if r.OK() || !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.String() == want }) {
		t.Errorf("problems = %v, want %s", r.Problems, want)
	}
}

// goesOn records events and checks that none is lost, that they are proven, and that the break is told where there is one.
func (f *fixture) goesOn(t *testing.T, k tampering) {
	t.Helper()
	for i := range 3 {
		if err := f.Record(t.Context(), Event{Action: "later", ObjectID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	b, broken := f.Broken()
	if broken == k.quiet {
		t.Errorf("broken = %v %+v", broken, b)
	}
	events, err := f.Query(t.Context(), Filter{Action: "later"}, 0, 10)
	if err != nil || len(events) != 3 {
		t.Fatalf("%d later events, %v", len(events), err)
	}
	if k.quiet {
		return
	}
	for i := range events {
		p, err := f.Proof(t.Context(), events[i].Seq)
		if err != nil || p.Check(&events[i]) != nil {
			t.Errorf("proof of event %d: %v", events[i].Seq, err)
		}
	}
	var told []Event
	if told, err = f.Query(t.Context(), Filter{Action: actionBreak}, 0, 10); err != nil || len(told) == 0 || told[0].ErrorCode != b.Reason {
		t.Errorf("the break is told by %+v, %v", told, err)
	}
}

// TestAnOlderFilePutBackIsBehind replaces the file by an older copy of it while no process runs.
func TestAnOlderFilePutBackIsBehind(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 12)
	old := filepath.Join(t.TempDir(), "old.db")
	if err := f.db.Backup(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	f.fill(t, 8)
	kept := f.checkpoint(t)
	f.path = old
	f.reopen(t, Options{Key: f.key, Clock: f.clock.Now, Known: []string{string(kept.Text)}})
	if b, ok := f.Broken(); !ok || b.Reason != ReasonBehind || b.Signed.Size != 20 || b.Found.Size != 12 {
		t.Errorf("%v %+v", ok, b)
	}
	if err := f.Record(t.Context(), sample(1)); err != nil {
		t.Fatal(err)
	}
	if e, err := f.Get(t.Context(), 20); err != nil || e.Action != actionBreak {
		t.Errorf("the event of the break: %+v, %v", e, err)
	}
	f.finds(t, "cut 20", f.verify(t))
}

package audit

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/store"
)

// TestBreaksFollowEachOther breaks a log twice: each segment is a tree of its own that names those before, and stays provable.
func TestBreaksFollowEachOther(t *testing.T) {
	var told []Break
	var out bytes.Buffer
	f := open(t, Options{Checkpoints: &out, Every: 1, OnBreak: func(b Break) { told = append(told, b) }})
	f.fill(t, 20)
	f.tamper(t, madeUp("20"), madeUp("21"))
	f.fill(t, 5) // numbers 22 to 27, the break first
	f.tamper(t, "DELETE FROM audit_events WHERE seq = 27")
	f.fill(t, 3) // numbers 28 to 31
	c := f.checkpoint(t)
	if c.Origin != "portal.example/audit#3" || c.Number != 3 || c.First != 28 || c.Size != 4 || len(c.Closed) != 2 || c.Closed[1].First != 22 ||
		c.Closed[1].Size != 6 || c.Closed[1].Reason != ProblemCut || c.Closed[0].Size != 20 || c.Closed[0].Reason != ProblemUnsigned {
		t.Errorf("checkpoint = %s", c.Text)
	}
	if len(told) != 2 || told[0].Reason != ProblemUnsigned || told[0].Segment != 2 || told[0].Found.Size != 22 || told[0].Signed.Size != 20 ||
		told[1].Reason != ProblemCut || told[1].Segment != 3 {
		t.Errorf("told: %+v", told)
	}
	all, err := ParseCheckpoints(out.Bytes(), f.key.Public())
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	r := f.verify(t, all...)
	var got []string
	for _, p := range r.Problems {
		got = append(got, p.String())
	}
	want := []string{"time 20", "content 20", "nodes 20", "content 21", "nodes 21", "unsigned 20", "break 22", "cut 28", "break 28"}
	if !slices.Equal(got, want) {
		t.Errorf("problems = %v, want %v", got, want)
	}
	for _, seq := range []int64{3, 19, 28, 31} {
		e, err := f.Get(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := f.Proof(t.Context(), seq); err != nil || p.Check(&e) != nil {
			t.Errorf("proof of event %d: %v %v", seq, err, p.Check(&e))
		}
	}
	for _, seq := range []int64{20, 26} { // made up; without the event that was cut off, its tree has no root any more
		if _, err := f.Proof(t.Context(), seq); !errors.Is(err, ErrUnsigned) {
			t.Errorf("proof of event %d: %v", seq, err)
		}
	}
}

// TestExportsOfABrokenLog are whole but for what nobody signed, and tell of the break.
func TestExportsOfABrokenLog(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 20)
	f.tamper(t, madeUp("20"), "UPDATE audit_events SET hashes = x'' WHERE seq = 4")
	f.fill(t, 5)
	for _, format := range []string{JSONL, CSV} {
		var out bytes.Buffer
		n, err := f.Export(t.Context(), &out, Filter{}, format, nil)
		if err != nil || n != 27 {
			t.Fatalf("%d events, %v", n, err)
		}
		r, err := VerifyExport(&out, f.PublicKey())
		if err != nil || r.Events != 27 {
			t.Fatalf("%+v, %v", r, err)
		}
		for _, want := range []Problem{{Kind: ProblemBreak, Seq: 21}, {Kind: ProblemContent, Seq: 20}, {Kind: ProblemContent, Seq: 4}} {
			if !slices.Contains(r.Problems, want) {
				t.Errorf("%s: %v lacks %v", format, r.Problems, want)
			}
		}
		if slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Kind == ProblemContent && p.Seq > 20 }) {
			t.Errorf("%s: the new segment is not proven: %v", format, r.Problems)
		}
	}
}

// TestABreakIsRolledBackWithItsTransaction begins a segment in a change that fails: the next one begins it again.
func TestABreakIsRolledBackWithItsTransaction(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 20)
	f.tamper(t, madeUp("20"))
	failed := errors.New("failed")
	err := f.db.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := f.Append(t.Context(), tx, sample(1)); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if _, ok := f.Broken(); !ok {
		t.Error("the break was forgotten with the change that failed")
	}
	f.fill(t, 2)
	if c := f.checkpoint(t); c.Number != 2 || c.First != 21 || c.Size != 3 {
		t.Errorf("%s", c.Text)
	}
}

// TestProcessesShareABreak has two processes on one log of which one finds the break; the other goes on in the same segment.
func TestProcessesShareABreak(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 20)
	other := &fixture{path: f.path}
	other.reopen(t, Options{Key: f.key, Clock: f.clock.Now})
	f.tamper(t, madeUp("20"))
	for i := range 6 {
		log := f.Log
		if i%2 == 1 {
			log = other.Log
		}
		if err := log.Record(t.Context(), sample(i)); err != nil {
			t.Fatal(err)
		}
	}
	c := f.checkpoint(t)
	if c.Number != 2 || c.Size != 7 {
		t.Errorf("%s", c.Text)
	}
	if b, ok := other.Broken(); !ok || b.Segment != 2 || b.Reason != ProblemUnsigned || b.Time.IsZero() {
		t.Errorf("the other process: %v %+v", ok, b)
	}
}

// TestAnotherProcessThatRewrites signs, with the key, a tree that does not go on from what this process signed.
func TestAnotherProcessThatRewrites(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 12)
	forged := open(t, Options{Key: f.key})
	forged.fill(t, 3)
	forged.fill(t, 17)
	f.tamper(t, "ATTACH '"+forged.path+"' AS forged; DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM forged.audit_events; "+
		"DELETE FROM audit_values; DELETE FROM audit_people; INSERT INTO audit_people SELECT * FROM forged.audit_people; INSERT INTO audit_values SELECT * FROM forged.audit_values; "+
		"UPDATE audit_checkpoint SET (size, text, seal) = (SELECT size, text, seal FROM forged.audit_checkpoint)")
	if r := f.verify(t); !r.OK() {
		t.Fatalf("a log forged with the key agrees with itself: %+v", r)
	}
	f.fill(t, 1)
	if b, ok := f.Broken(); !ok || b.Reason != ProblemAgainst {
		t.Errorf("%v %+v", ok, b)
	}
}

// TestDroppedTablesAreTold loses events, since there is nowhere to write them, but never silently.
func TestDroppedTablesAreTold(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 5)
	f.tamper(t, "DROP TABLE audit_events")
	if err := f.Record(t.Context(), sample(1)); err == nil {
		t.Error("recorded into nothing")
	}
	if b, ok := f.Broken(); !ok || b.Reason != ReasonUnreadable || b.Signed.Size != 5 {
		t.Errorf("%v %+v", ok, b)
	}
}

func TestCheckpointsOfSegmentsAreStrict(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 4)
	f.tamper(t, madeUp("4"))
	f.fill(t, 1)
	body, _, _ := strings.Cut(string(f.checkpoint(t).Text), "\n\n")
	lines := strings.Split(strings.TrimSuffix(body, "\n"+sealedLine), "\n")[4:]
	if s, err := parseSegment(lines); err != nil || s.lines() != strings.Join(lines, "\n")+"\n" {
		t.Errorf("%q: %v", lines, err)
	}
	for _, bad := range [][]string{lines[:1], {"segment x from 5 below 9"}, {lines[0], "after 0 4 nonsense cut"}, {lines[0], lines[1], lines[1]}} {
		if _, err := parseSegment(bad); err == nil {
			t.Errorf("read: %q", bad)
		}
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
	if r := f.verify(t); !slices.Contains(r.Problems, Problem{Kind: ProblemCut, Seq: 20}) {
		t.Errorf("%v", r.Problems)
	}
}

// madeUp is an event that never happened, with the hashes of another.
func madeUp(seq string) string {
	return "INSERT INTO audit_events SELECT " + seq + ", " + columns[5:] + ", hashes FROM audit_events WHERE seq = 3"
}

func (f *fixture) checkpoint(t *testing.T) Checkpoint {
	t.Helper()
	c, err := f.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

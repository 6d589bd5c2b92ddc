package audit

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"sealdesk/internal/store"
)

// TestAnOldLogGetsItsSealOnce opens a log of before there were seals: its next event is followed by one that says so, and from then on a
// missing seal is a break, for every process.
func TestAnOldLogGetsItsSealOnce(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 12)
	n, err := note.Open(f.checkpoint(t).Text, note.VerifierList(f.key.verifier))
	if err != nil {
		t.Fatal(err)
	}
	old, err := note.Sign(&note.Note{Text: strings.TrimSuffix(n.Text, sealedLine+"\n")}, f.key.signer)
	if err != nil {
		t.Fatal(err)
	}
	f.tamper(t, "UPDATE audit_checkpoint SET seal = '', text = '"+string(old)+"'")
	f.reopen(t, Options{Key: f.key, Clock: f.clock.Now})
	other := &fixture{clock: f.clock, path: f.path, key: f.key}
	other.reopen(t, Options{Key: f.key, Clock: f.clock.Now})
	if r := f.verify(t); !r.OK() {
		t.Fatalf("a log of before: %v", r.Problems)
	}
	for _, log := range []*fixture{f, other, f} {
		if err := log.Record(t.Context(), sample(1)); err != nil {
			t.Fatal(err)
		}
	}
	told, err := f.Query(t.Context(), Filter{Action: actionSealed}, 0, 10)
	if err != nil || len(told) != 1 || told[0].Seq != 13 {
		t.Errorf("told by %+v, %v", told, err)
	}
	if r := f.verify(t); !r.OK() || r.Events != 16 || !r.Checkpoint.Sealed {
		t.Errorf("%+v", r)
	}
	if b, broken := other.Broken(); broken {
		t.Errorf("broken: %+v", b)
	}
	f.tamper(t, "UPDATE audit_checkpoint SET seal = ''")
	again := &fixture{clock: f.clock, path: f.path, key: f.key}
	again.reopen(t, Options{Key: f.key, Clock: f.clock.Now})
	if b, broken := again.Broken(); !broken || b.Reason != ProblemSeal {
		t.Errorf("without its seal: %v %+v", broken, b)
	}
}

// What the log gives out has no seal in it, and the seal for its owner is another than that in the database.
func TestSealsAreNotGivenOut(t *testing.T) {
	out := &strings.Builder{}
	f := open(t, Options{Checkpoints: out})
	f.fill(t, 3)
	text := string(f.checkpoint(t).Text)
	var seal string
	err := f.db.Read(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT seal FROM audit_checkpoint").Scan(&seal)
	})
	if err != nil || len(seal) != 64 || strings.Contains(out.String()+text, seal) || f.key.Seal(text) == seal {
		t.Errorf("seal %q, %v", seal, err)
	}
	if !f.key.Sealed(text, f.key.Seal(text)) || f.key.Sealed(text, "") || f.key.Sealed(text, seal) {
		t.Error("the owner's seal is not told from others")
	}
	another, err := OpenKey(filepath.Join(t.TempDir(), "key"), f.key.signer.Name())
	if err != nil || another.Seal(text) == f.key.Seal(text) {
		t.Errorf("another key makes the same seal, %v", err)
	}
}

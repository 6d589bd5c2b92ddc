package audit_test

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/audit/audittest"
	"sealdesk/internal/store"
)

// tampered is a log that somebody tampers with.
type tampered struct {
	*audit.Log
	db   *store.DB
	path string
}

func (l *tampered) open(t *testing.T, o audit.Options) error {
	t.Helper()
	var err error
	if l.db, err = store.Open(t.Context(), store.Options{Path: l.path}); err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(t.Context(), l.db, o)
	if err != nil {
		return errors.Join(err, l.db.Close())
	}
	l.Log = log
	t.Cleanup(func() {
		if err := errors.Join(log.Close(), l.db.Close()); err != nil {
			t.Error(err)
		}
	})
	return nil
}

func (l *tampered) fill(t *testing.T, n int) audit.Checkpoint {
	t.Helper()
	for i := range n {
		e := audit.Event{Action: "test", ObjectType: "seal", ObjectID: fmt.Sprint(i), Actor: audit.Actor{Name: "lina", Role: "business", IP: "192.0.2.1"}}
		if i == 1 {
			e.Outcome = audit.Denied
		}
		if err := l.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	c, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (l *tampered) finds(t *testing.T, want string, against ...audit.Checkpoint) {
	t.Helper()
	r, err := l.Verify(t.Context(), against...)
	if err != nil {
		t.Fatal(err)
	}
	if r.OK() || !slices.ContainsFunc(r.Problems, func(p audit.Problem) bool { return p.String() == want }) {
		t.Errorf("problems = %v, want %s", r.Problems, want)
	}
}

// The moments at which a tampering is looked for.
const (
	atOnce       = "at once"
	afterEvent   = "after an event"
	afterRestart = "after a restart"
	afterAlone   = "after a restart that knows of no checkpoint from outside"
)

// TestTamperingIsFoundForEver does each kind of tampering and looks at once, after the running log has gone on, and after another process
// has opened the log and gone on: each time the problem is named, with a checkpoint from outside and, where that can be, without.
func TestTamperingIsFoundForEver(t *testing.T) {
	for _, k := range audittest.Kinds() {
		for _, when := range []string{atOnce, afterEvent, afterRestart, afterAlone} {
			if k.Blind && when == afterAlone {
				continue // nothing there tells it from what was
			}
			t.Run(k.Name+"/"+when, func(t *testing.T) {
				t.Parallel()
				looksFor(t, k, when)
			})
		}
	}
}

func looksFor(t *testing.T, k audittest.Kind, when string) {
	key, err := audit.NewKey("portal.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	l := &tampered{path: filepath.Join(t.TempDir(), "audit.db")}
	if err := l.open(t, audit.Options{Key: key}); err != nil {
		t.Fatal(err)
	}
	earlier := l.fill(t, audittest.Earlier)
	kept := l.fill(t, audittest.Events-audittest.Earlier)
	if err := k.Do(l.path, earlier); err != nil {
		t.Fatal(err)
	}
	if when == afterRestart || when == afterAlone || k.Key {
		o := audit.Options{Key: key}
		if when == afterRestart {
			o.Known = []string{string(kept.Text)}
		}
		if k.Key {
			if o.Key, err = audit.NewKey("portal.example/audit"); err != nil {
				t.Fatal(err)
			}
			o.Known = nil // a marker that knows another key is refused before
		}
		err := l.open(t, o)
		if k.Refused {
			if !errors.Is(err, audit.ErrEmptied) {
				t.Errorf("opened: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want := k.Want
	if when != atOnce {
		want = cmp.Or(k.Later, want)
		if when == afterAlone {
			want = cmp.Or(k.Alone, want)
		}
		l.goesOn(t, k)
	}
	l.finds(t, want, kept)
	if !k.Blind || when == afterEvent {
		l.finds(t, want)
	}
}

// goesOn records events and checks that none is lost, that they are proven, and that the break is told where there is one.
func (l *tampered) goesOn(t *testing.T, k audittest.Kind) {
	t.Helper()
	for i := range 3 {
		if err := l.Record(t.Context(), audit.Event{Action: "later", ObjectID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	b, broken := l.Broken()
	if broken == k.Quiet {
		t.Errorf("broken = %v %+v", broken, b)
	}
	events, err := l.Query(t.Context(), audit.Filter{Action: "later"}, 0, 10)
	if err != nil || len(events) != 3 {
		t.Fatalf("%d later events, %v", len(events), err)
	}
	if k.Quiet {
		return
	}
	for i := range events {
		p, err := l.Proof(t.Context(), events[i].Seq)
		if err != nil || p.Check(&events[i]) != nil {
			t.Errorf("proof of event %d: %v", events[i].Seq, err)
		}
	}
	told, err := l.Query(t.Context(), audit.Filter{Action: "audit.break"}, 0, 10)
	if err != nil || len(told) == 0 || told[0].ErrorCode != b.Reason {
		t.Errorf("the break is told by %+v, %v", told, err)
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
)

// TestTheLogsAreVerifiedByThemselves: at once where they never were, not again before their time, against the checkpoints outside of the
// databases too, and what is wrong is told in the event.
func TestTheLogsAreVerifiedByThemselves(t *testing.T) {
	dir := t.TempDir()
	before := instance(t, dir)
	before.record(t, portalHalf, 3)
	before.record(t, engineHalf, 3)
	before.close(t) // which leaves checkpoints beside the databases
	p := instance(t, dir)
	defer p.close(t)
	run := func(every time.Duration, want int, action string) []audit.Event {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.verifyRegularly(ctx, every) }()
		var events []audit.Event
		var err error
		for end := time.Now().Add(20 * time.Second); len(events) < want && time.Now().Before(end); time.Sleep(time.Millisecond) {
			if events, err = p.portal.Audit().Query(t.Context(), audit.Filter{Action: action}, 0, 10); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if len(events) != want {
			t.Fatalf("%d events %s, want %d", len(events), action, want)
		}
		return events
	}
	run(0, 0, db.ActionVerify) // never
	engines := run(time.Hour, 1, db.ActionVerifyEvidence)[0]
	first := run(time.Hour, 1, db.ActionVerify)[0] // the same: it is not repeated
	for _, e := range []audit.Event{first, engines} {
		against, _ := e.Detail["against"].(json.Number)
		if n, err := against.Int64(); e.Outcome != audit.OK || e.Actor.Name != "sealdesk" || e.Actor.Role != "system" || err != nil || n < 1 {
			t.Errorf("by itself: %+v", e)
		}
	}
	if due, err := p.portal.VerificationDue(t.Context(), time.Hour); err != nil || !due.Equal(first.Time.Add(time.Hour)) {
		t.Errorf("due at %v, %v", due, err)
	}
	for _, half := range halfNames {
		tamper(t, p.data.half(half).path(p.data.half(half).database), "UPDATE audit_events SET actor = 'li' WHERE seq = 0")
	}
	p.verifyNow(audit.WithActor(t.Context(), audit.Actor{Name: "sealdesk", Role: "system"}))
	for _, action := range []string{db.ActionVerify, db.ActionVerifyEvidence} {
		if e := run(0, 2, action)[0]; e.Outcome != audit.Failed || e.ErrorCode != db.CodeBroken {
			t.Errorf("a changed log: %+v", e)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.portal.VerifyLog(ctx, p.portal.Audit(), audit.Event{Action: db.ActionVerify, ObjectType: "audit"}); !errors.Is(err, context.Canceled) {
		t.Errorf("without an answer: %v", err)
	}
	if last, _, err := p.portal.LastVerification(t.Context(), db.ActionVerify); err != nil || last.Outcome != audit.Failed || last.ErrorCode != db.CodeNotAsked {
		t.Errorf("what could not be judged is told as %+v, %v", last, err)
	}
}

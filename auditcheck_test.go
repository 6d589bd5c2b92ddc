package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/store"
)

// TestTheLogIsVerifiedByItself: at once where it never was, not again before its time, and what is wrong is told in the event.
func TestTheLogIsVerifiedByItself(t *testing.T) {
	database, err := db.Open(t.Context(), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &program{portal: &portalDB{DB: database}, logger: slog.New(slog.DiscardHandler)}
	run := func(every time.Duration, want int) []audit.Event {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.verifyRegularly(ctx, every) }()
		var events []audit.Event
		for end := time.Now().Add(20 * time.Second); len(events) < want && time.Now().Before(end); time.Sleep(time.Millisecond) {
			if events, err = database.Audit().Query(t.Context(), audit.Filter{Action: db.ActionVerify}, 0, 10); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if len(events) != want {
			t.Fatalf("%d verifications, want %d", len(events), want)
		}
		return events
	}
	if err := database.Audit().Record(t.Context(), audit.Event{Action: "session.login", ObjectType: "account", ObjectID: "a"}); err != nil {
		t.Fatal(err)
	}
	run(0, 0) // never
	first := run(time.Hour, 1)[0]
	if first.Outcome != audit.OK || first.Actor.Name != "sealdesk" || first.Actor.Role != "system" {
		t.Errorf("the first: %+v", first)
	}
	run(time.Hour, 1) // a restart does not repeat it
	if due, err := database.VerificationDue(t.Context(), time.Hour); err != nil || !due.Equal(first.Time.Add(time.Hour)) {
		t.Errorf("due at %v, %v", due, err)
	}
	err = database.Store().Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), "DROP TRIGGER audit_events_no_update")
		if err == nil {
			_, err = tx.Exec(t.Context(), "UPDATE audit_events SET actor = 'li' WHERE seq = 0")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.verifyNow(audit.WithActor(t.Context(), audit.Actor{Name: "sealdesk", Role: "system"}))
	if e := run(0, 2)[0]; e.Outcome != audit.Failed || e.ErrorCode != db.CodeBroken {
		t.Errorf("a changed log: %+v", e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := database.VerifyAudit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("without an answer: %v", err)
	}
	if last, _, err := database.LastVerification(t.Context()); err != nil || last.Outcome != audit.Failed || last.ErrorCode != db.CodeNotAsked {
		t.Errorf("what could not be judged is told as %+v, %v", last, err)
	}
}

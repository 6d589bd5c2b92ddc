package main

import (
	"context"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
)

// lookAgain is how often the program asks itself whether the logs are to be verified: a clock that was set must not put it off for long.
const lookAgain = 5 * time.Minute

// verifyRegularly verifies the logs by itself until the context ends, each time that long after the last verification. The result is an
// event; what is wrong is an error line for the operator too. Every 0 is never.
func (p *program) verifyRegularly(ctx context.Context, every time.Duration) error {
	if every == 0 {
		<-ctx.Done()
		return nil
	}
	ctx = audit.WithActor(ctx, audit.Actor{Name: audit.ActorPortal, Role: audit.RoleSystem})
	for {
		due, err := p.portal.VerificationDue(ctx, every)
		switch {
		case err != nil && ctx.Err() == nil:
			p.logger.ErrorContext(ctx, "it cannot be told when the audit log was verified", "error", err)
			due = time.Now().Add(lookAgain)
		case !due.After(time.Now()):
			p.verifyNow(ctx)
			due = time.Now().Add(min(every, lookAgain))
		}
		timer := time.NewTimer(min(time.Until(due), lookAgain))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// verifyNow verifies the portal's log and the engine's, if there is one, also against the checkpoints that lie outside of their databases.
func (p *program) verifyNow(ctx context.Context) {
	p.verifyOne(ctx, p.portal.Audit(), audit.Event{Action: db.ActionVerify, ObjectType: "audit"})
	if p.engine != nil && ctx.Err() == nil {
		p.verifyOne(ctx, p.engine.Evidence(), audit.Event{Action: db.ActionVerifyEvidence, ObjectType: "evidence"})
	}
}

func (p *program) verifyOne(ctx context.Context, log *audit.Log, event audit.Event) {
	report, err := p.portal.VerifyLog(ctx, log, event, p.keptCheckpoints(log)...)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		p.logger.ErrorContext(ctx, "a log could not be verified", "log", event.ObjectType, "error", err)
	case !report.OK():
		p.logger.ErrorContext(ctx, "a log is broken", "log", event.ObjectType, "problems", report.Found, "first", report.Problems[0].String())
	}
}

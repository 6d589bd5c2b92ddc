package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/audit"
)

// The actions of the events that tell how a verification went: of the audit log, and of the engine's evidence.
const (
	ActionVerify         = "audit.verify"
	ActionVerifyEvidence = "evidence.verify"
)

// Error codes of a verification.
const (
	CodeBroken   = "broken"       // something is wrong with the log
	CodeNotAsked = "cannot_judge" // it could not be judged: that is never "well"
)

// VerifyLog verifies a log, this one or the engine's, also against checkpoints that were kept elsewhere, and completes and records the event
// that tells how it went. What is wrong stands in the report; the error says that the log could not be judged, which is recorded as well.
func (d *DB) VerifyLog(ctx context.Context, log *audit.Log, event audit.Event, against ...audit.Checkpoint) (audit.Report, error) {
	began := d.now()
	report, err := log.Verify(ctx, against...)
	if err == nil {
		err = log.VerifySearch(ctx, &report)
	}
	event.Actor, event.Duration = audit.ActorFrom(ctx), report.Took
	event.Detail = map[string]any{"events": report.Events, "root": report.Root.String(), "against": report.Against}
	switch {
	case err != nil:
		event.Outcome, event.ErrorCode, event.Duration = audit.Failed, CodeNotAsked, d.now().Sub(began)
		event.Detail = map[string]any{"events": log.Count()}
	case !report.OK():
		event.Outcome, event.ErrorCode = audit.Failed, CodeBroken
		event.Detail["problems"], event.Detail["first"] = report.Found, report.Problems[0].String()
	}
	if noted := d.audit.Record(context.WithoutCancel(ctx), event); noted != nil {
		return report, errors.Join(err, fmt.Errorf("record the verification: %w", noted))
	}
	return report, err
}

// LastVerification is the newest event of a verification, by its action; ok is false where there was none.
func (d *DB) LastVerification(ctx context.Context, action string) (e audit.Event, ok bool, err error) {
	events, err := d.audit.Query(ctx, audit.Filter{Action: action}, 0, 1)
	if err != nil || len(events) == 0 {
		return e, false, err
	}
	return events[0], true, nil
}

// VerificationDue is when the logs are to be verified by itself again: every so often after the last verification of this one, whoever made it.
func (d *DB) VerificationDue(ctx context.Context, every time.Duration) (time.Time, error) {
	last, ok, err := d.LastVerification(ctx, ActionVerify)
	if err != nil || !ok {
		return d.now(), err
	}
	return last.Time.Add(every), nil
}

package db

import (
	"context"
	"fmt"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// detailCall is the field of an event's detail that names the call, the same in its intent and its outcome.
const detailCall = "call"

// Recorder writes every call of the platform to the audit log: what is about to be asked, durably, before it is asked, and what came of
// it after. It is the api.Recorder of the portal's client.
type Recorder struct{ db *DB }

// Recorder is the recorder of this database.
func (d *DB) Recorder() Recorder { return Recorder{d} }

// Intent records that a call is about to leave. The actor comes from the context.
func (r Recorder) Intent(ctx context.Context, call api.CallRecord) error {
	if pollsOf(ctx) != nil {
		return nil // counted by its outcome
	}
	detail := map[string]any{detailCall: call.ID}
	if len(call.Request) > 0 {
		detail["request"] = call.Request
	}
	return r.append(ctx, audit.Intent, call, detail)
}

// Outcome records what came of the call whose intent has the same ID. It is written even when whoever asked has gone away.
func (r Recorder) Outcome(ctx context.Context, call api.CallRecord) error {
	if p := pollsOf(ctx); p != nil {
		return p.count(ctx, call)
	}
	outcome := audit.OK
	if call.ErrorCode != "" {
		outcome = audit.Failed
	}
	return r.append(context.WithoutCancel(ctx), outcome, call, map[string]any{detailCall: call.ID})
}

func (r Recorder) append(ctx context.Context, outcome string, call api.CallRecord, detail map[string]any) error {
	event := audit.Event{
		Actor: audit.ActorFrom(ctx), Action: "platform." + call.Action, ObjectType: call.ObjectType, ObjectID: call.ObjectID, Outcome: outcome,
		ErrorCode: call.ErrorCode, PlatformRequestID: call.RequestID, Duration: call.Duration, Detail: detail,
	}
	err := r.db.store.Write(ctx, func(tx *store.Tx) error {
		_, err := r.db.audit.Append(ctx, tx, event)
		return err
	})
	if err != nil {
		return fmt.Errorf("record %s of %s: %w", outcome, call.Action, err)
	}
	return nil
}

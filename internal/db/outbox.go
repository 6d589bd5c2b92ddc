package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// The kinds of what the outbox does at the platform.
const (
	OutboxUpload = "upload" // UploadFiles with one file; Subject is its FileIndex, Result the FileId
	OutboxCreate = "create" // CreateFlowByFiles; Result is the FlowId
	OutboxSend   = "send"   // SendFlow to one approver; Subject is their id, with /2 and so on when sent again, Result the SignId
	OutboxCopy   = "copy"   // CreatePreviewSignUrl; Subject is the id of the copy, which keeps the link
	OutboxCancel = "cancel" // CancelFlow after an approval was refused; Result is OutboxWithdrawn unless the flow had ended before
)

// OutboxWithdrawn is the result of a withdrawal that took effect.
const OutboxWithdrawn = "withdrawn"

// The states of an entry. "trying" is written before a call: found at start, it means a crash in between and so an unknown outcome.
const (
	OutboxWaiting = "waiting"
	OutboxTrying  = "trying"
	OutboxUnknown = "unknown"
	OutboxDone    = "done"
	OutboxFailed  = "failed"
)

// The errors of entries whose outcome is unknown. They are codes of our own.
const (
	CodeOutcomeUnknown = "OutcomeUnknown"       // the platform gave no answer and cannot be asked what it did
	CodeCannotAsk      = "OutcomeCannotBeAsked" // and will stay so: it does not serve the question
)

// CodeForeignSigner is why nobody was sent to: the person is not, or no longer, assigned to the organisation that they are to sign for.
const CodeForeignSigner = "ForeignSigner"

// CodeLinkOnly is the error of an entry that would have somebody sign by their link alone who may not; a code of our own.
const CodeLinkOnly = "LinkOnlyNotAllowed"

// CodeNoAccount is the error of an entry that would have somebody sign by their own account who has none; a code of our own.
const CodeNoAccount = "SignerWithoutAccount"

// OutboxEntry is one call that is to be made exactly once.
type OutboxEntry struct {
	Seq      int64
	FlowID   string
	Kind     string
	Subject  string
	State    string
	Result   string
	Error    string
	Attempts int
	Due      time.Time
	// Actor caused the call, in the request or round of that name; empty where nobody is known.
	Actor, RequestID string
}

// Approver is whom an entry of the kind OutboxSend is about.
func (e OutboxEntry) Approver() string {
	id, _, _ := strings.Cut(e.Subject, "/")
	return id
}

const outboxColumns = `seq, flow_id, kind, subject, state, result, error, attempts, due, actor, request_id`

func scanOutbox(row interface{ Scan(...any) error }) (OutboxEntry, error) {
	var e OutboxEntry
	var due int64
	err := row.Scan(&e.Seq, &e.FlowID, &e.Kind, &e.Subject, &e.State, &e.Result, &e.Error, &e.Attempts, &due, &e.Actor, &e.RequestID)
	e.Due = store.Time(due)
	return e, missing(err)
}

func (d *DB) enqueue(ctx context.Context, tx *store.Tx, flowID, kind, subject string) error {
	now, cause := store.Micros(d.now()), audit.ActorFrom(ctx)
	if _, err := tx.Exec(ctx, `INSERT INTO flow_outbox (flow_id, kind, subject, state, result, error, attempts, due, updated, actor, request_id)
		VALUES ($1, $2, $3, $4, '', '', 0, $5, $5, $6, $7) ON CONFLICT (flow_id, kind, subject) DO NOTHING`, flowID, kind, subject, OutboxWaiting, now,
		cause.Name, cause.RequestID); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

// advance does what the current step of a flow needs: unsent approvers go into the outbox, approvals are asked for.
func (d *DB) advance(ctx context.Context, tx *store.Tx, flowID string) error {
	f, err := findFlow(ctx, tx, Everything(), flowID)
	if err != nil {
		return err
	}
	approvers, approvals := f.due()
	for _, a := range approvers {
		if err := d.enqueue(ctx, tx, flowID, OutboxSend, a.ID); err != nil {
			return err
		}
	}
	for _, a := range approvals {
		if err := d.askApproval(ctx, tx, flowID, a); err != nil {
			return err
		}
	}
	return nil
}

// due gives who of the current step has not been sent to and who has not been asked; nobody once an approval was refused.
func (f Flow) due() (approvers []FlowApprover, approvals []FlowApproval) {
	step, left := f.Current()
	if _, refused := f.refusal(); refused || !left {
		return nil, nil
	}
	for _, a := range step.Approvers {
		if a.Status == ApproverUnsent {
			approvers = append(approvers, a)
		}
	}
	for _, a := range step.Approvals {
		if a.Status == ApprovalUnasked {
			approvals = append(approvals, a)
		}
	}
	return approvers, approvals
}

// Advance begins the next step of a flow if its turn has come, and tells whether it did.
func (d *DB) Advance(ctx context.Context, flowID string) (moved bool, err error) {
	f, err := d.Flow(ctx, Everything(), flowID)
	if err != nil {
		return false, err
	}
	if approvers, approvals := f.due(); !f.State.Open() || len(approvers)+len(approvals) == 0 {
		return false, nil
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error { return d.advance(ctx, tx, flowID) })
	return err == nil, err
}

// Outbox returns the entries of a flow in their order.
func (d *DB) Outbox(ctx context.Context, flowID string) (all []OutboxEntry, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+outboxColumns+` FROM flow_outbox WHERE flow_id = $1 ORDER BY seq`, flowID)
		if err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		all, err = collect(rows, scanOutbox)
		return err
	})
	return all, err
}

// OutboxDue returns the flows that have something to do by now, and when the next one will have; zero: none.
func (d *DB) OutboxDue(ctx context.Context, now time.Time) (flowIDs []string, next time.Time, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT flow_id, min(due) FROM flow_outbox WHERE state IN ('waiting', 'trying', 'unknown') GROUP BY flow_id ORDER BY min(due)`)
		if err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var due int64
			if err := rows.Scan(&id, &due); err != nil {
				return err
			}
			if due > store.Micros(now) {
				next = store.Time(due)
				break
			}
			flowIDs = append(flowIDs, id)
		}
		return rows.Err()
	})
	return flowIDs, next, err
}

// OutboxTry records that the call of an entry is about to be made. ErrConflict when the entry is no longer as it was read: nobody wants
// the call any more.
func (d *DB) OutboxTry(ctx context.Context, e OutboxEntry) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		var state string
		if err := tx.QueryRow(ctx, `SELECT state FROM flow_outbox WHERE seq = $1`, e.Seq).Scan(&state); err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		if state != e.State {
			return ErrConflict
		}
		return d.setOutbox(ctx, tx, e.Seq, OutboxTrying, "", e.Attempts+1, d.now())
	})
}

func (d *DB) setOutbox(ctx context.Context, tx *store.Tx, seq int64, state, code string, attempts int, due time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE flow_outbox SET state = $1, error = $2, attempts = $3, due = $4, updated = $5 WHERE seq = $6`,
		state, code, attempts, store.Micros(due), store.Micros(d.now()), seq); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

// OutboxLater puts an entry off: state is waiting when the platform surely did nothing, unknown when it may have.
func (d *DB) OutboxLater(ctx context.Context, e OutboxEntry, state, code string, due time.Time) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		return d.setOutbox(ctx, tx, e.Seq, state, code, e.Attempts, due)
	})
}

// OutboxRefused records that the platform refused the call. The flow shows the code until a person decides; it only counts as failed
// when it is not running yet.
func (d *DB) OutboxRefused(ctx context.Context, e OutboxEntry, code string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, Everything(), e.FlowID)
		if err != nil {
			return err
		}
		if err := d.setOutbox(ctx, tx, e.Seq, OutboxFailed, code, e.Attempts, d.now()); err != nil {
			return err
		}
		before := f
		f.Problem = code
		if f.State == FlowSending {
			f.State = FlowFailed
		}
		who := ""
		for _, a := range f.Approvers {
			if e.Kind == OutboxSend && a.ID == e.Approver() {
				who = a.UserName
			}
		}
		return errors.Join(d.setFlow(ctx, tx, before, f),
			d.flowEvent(ctx, tx, f.ID, FlowEvent{Kind: "refused_" + e.Kind, Who: who, Detail: code}),
			d.record(ctx, tx, audit.Event{Action: "flow.send." + e.Kind, ObjectType: "flow", ObjectID: f.ID, Outcome: audit.Failed, ErrorCode: code}))
	})
}

// OutboxFinished records the result of an entry and what follows from it for the flow.
func (d *DB) OutboxFinished(ctx context.Context, e OutboxEntry, result string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, Everything(), e.FlowID)
		if err != nil {
			return err
		}
		kept := result
		if e.Kind == OutboxCopy {
			kept = "" // whoever has the link may read the contract: it rests encrypted
		}
		if _, err := tx.Exec(ctx, `UPDATE flow_outbox SET state = $1, result = $2, error = '', updated = $3 WHERE seq = $4`,
			OutboxDone, kept, store.Micros(d.now()), e.Seq); err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		before := f
		switch e.Kind {
		case OutboxUpload:
			return nil
		case OutboxCreate:
			f.PlatformID = result
			err = errors.Join(d.flowEvent(ctx, tx, f.ID, FlowEvent{Kind: "created"}), indexFlow(ctx, tx, f), d.settle(ctx, tx, &f))
		case OutboxSend:
			err = errors.Join(d.approverSent(ctx, tx, &f, e.Approver(), result), d.settle(ctx, tx, &f), d.enqueueCopies(ctx, tx, f, true))
		case OutboxCopy:
			err = d.copyMade(ctx, tx, &f, e.Subject, result)
		case OutboxCancel:
			err = d.cancelled(ctx, tx, &f, result)
		}
		if err != nil {
			return err
		}
		return d.setFlow(ctx, tx, before, f)
	})
}

// approverSent records the task of an approver.
func (d *DB) approverSent(ctx context.Context, tx *store.Tx, f *Flow, approverID, signID string) error {
	for i := range f.Approvers {
		a := &f.Approvers[i]
		if a.ID != approverID {
			continue
		}
		a.SignID, a.Status, a.Sent, a.Decided = signID, 0, d.now(), time.Time{}
		if err := d.setFlowApprover(ctx, tx, f.ID, *a); err != nil {
			return err
		}
		if err := errors.Join(d.flowEvent(ctx, tx, f.ID, FlowEvent{Kind: "sent", Who: a.UserName}), d.scheduleReminders(ctx, tx, *f, a.ID)); err != nil {
			return err
		}
	}
	return nil
}

// settle takes a flow out of sending when nothing of it is left to do: it runs, or waits for an approval before anybody was sent to.
func (d *DB) settle(ctx context.Context, tx *store.Tx, f *Flow) error {
	var left int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM flow_outbox WHERE flow_id = $1 AND kind IN ($2, $3, $4) AND state <> $5`, f.ID, OutboxUpload, OutboxCreate,
		OutboxSend, OutboxDone).Scan(&left); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	if left > 0 {
		return nil
	}
	f.Problem = ""
	if final(f.State) {
		return nil
	}
	f.State, f.Completed = FlowCreated, time.Time{}
	for _, a := range f.Approvers {
		if a.SignID != "" {
			f.State = FlowSigning
		}
	}
	return nil
}

// cancelled records that the platform has withdrawn the flow; one that had ended in another way is left to polling.
func (d *DB) cancelled(ctx context.Context, tx *store.Tx, f *Flow, result string) error {
	if result != OutboxWithdrawn || final(f.State) {
		return nil
	}
	f.State, f.Problem, f.Completed = FlowWithdrawn, "", d.now()
	return d.flowEvent(ctx, tx, f.ID, FlowEvent{Kind: stateEvents[FlowWithdrawn], Detail: f.Message})
}

// RetryOutbox makes refused entries of a flow wait again, at a person's wish.
func (d *DB) RetryOutbox(ctx context.Context, scope Scope, flowID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, scope, flowID)
		if err != nil {
			return err
		}
		if final(f.State) && f.State != FlowArchived { // of an archived one, links of copies may be missing
			return ErrConflict
		}
		// An entry that failed after an unknown outcome is asked about again before it is repeated.
		// Only where asking is impossible does the person decide to repeat without it. What waited behind it is due as well.
		now, cause := store.Micros(d.now()), audit.ActorFrom(ctx)
		if _, err := tx.Exec(ctx, `UPDATE flow_outbox SET state = CASE WHEN state = $1 AND error <> $2 THEN $3 ELSE $4 END, attempts = 0, due = $5,
			updated = $5, actor = $7, request_id = $8 WHERE flow_id = $6 AND state IN ($1, $4)`,
			OutboxFailed, CodeCannotAsk, OutboxUnknown, OutboxWaiting, now, flowID, cause.Name, cause.RequestID); err != nil {
			return fmt.Errorf("retry: %w", err)
		}
		before := f
		f.Problem = ""
		if f.State == FlowFailed {
			f.State = FlowSending
		}
		return errors.Join(d.setFlow(ctx, tx, before, f), d.flowEvent(ctx, tx, flowID, FlowEvent{Kind: "retried", Actor: actorName(ctx)}),
			d.note(ctx, tx, "flow.retry", "flow", flowID, nil))
	})
}

// DropOutbox ends what is left to do for a flow that nobody can sign any more. The links of copies are made of a complete one all the same.
func (d *DB) DropOutbox(ctx context.Context, flowID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error { return d.dropOutbox(ctx, tx, flowID) })
}

func (d *DB) dropOutbox(ctx context.Context, tx *store.Tx, flowID string) error {
	if _, err := tx.Exec(ctx, `UPDATE flow_outbox SET state = $1, error = 'ended', updated = $2 WHERE flow_id = $3 AND state <> $4
		AND (kind <> $5 OR (SELECT state FROM flows WHERE id = $3) <> $6)`,
		OutboxFailed, store.Micros(d.now()), flowID, OutboxDone, OutboxCopy, int64(FlowArchived)); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

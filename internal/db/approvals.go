package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// ErrOwnRequest is what somebody gets who wants to approve a flow that they sent themselves.
var ErrOwnRequest = errors.New("nobody approves what they sent themselves")

const approvalColumns = `id, account_id, role, name, step, status, comment, asked, decided, decided_by`

func scanApproval(row interface{ Scan(...any) error }) (FlowApproval, error) {
	var a FlowApproval
	var asked, decided int64
	err := row.Scan(&a.ID, &a.AccountID, &a.Role, &a.Name, &a.Step, &a.Status, &a.Comment, &asked, &decided, &a.DecidedBy)
	a.Asked, a.Decided = timeOrZero(asked), timeOrZero(decided)
	return a, err
}

func findFlowApprovals(ctx context.Context, tx *store.Tx, flowID string) ([]FlowApproval, error) {
	rows, err := tx.Query(ctx, `SELECT `+approvalColumns+` FROM flow_approvals WHERE flow_id = $1 ORDER BY step, position`, flowID)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanApproval)
}

func insertApprovals(ctx context.Context, tx *store.Tx, flowID string, all []DraftApproval) error {
	for i, a := range all {
		if _, err := tx.Exec(ctx, `INSERT INTO flow_approvals (flow_id, id, position, step, account_id, role, name, status, comment, asked, decided, decided_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, 0, '')`, flowID, a.ID, i, a.Step, a.AccountID, string(a.Role), a.Name, ApprovalUnasked); err != nil {
			return fmt.Errorf("start flow: %w", err)
		}
	}
	return nil
}

// refusal is the approval that stops the flow, if there is one.
func (f Flow) refusal() (FlowApproval, bool) {
	for _, a := range f.Approvals {
		if a.Status == ApprovalRefused {
			return a, true
		}
	}
	return FlowApproval{}, false
}

// RefusalReason is what whoever refused the approval said; empty when nobody did.
func (f Flow) RefusalReason() string {
	a, _ := f.refusal()
	return a.Comment
}

// askApproval records that it is the turn of an approval.
func (d *DB) askApproval(ctx context.Context, tx *store.Tx, flowID string, a FlowApproval) error {
	if _, err := tx.Exec(ctx, `UPDATE flow_approvals SET status = $1, asked = $2 WHERE flow_id = $3 AND id = $4`, ApprovalAsked, store.Micros(d.now()),
		flowID, a.ID); err != nil {
		return fmt.Errorf("ask for approval: %w", err)
	}
	return errors.Join(d.flowEvent(ctx, tx, flowID, FlowEvent{Kind: "approval_asked", Who: a.Who()}), d.notifyApproval(ctx, tx, flowID, a))
}

// Who names an approval in a timeline: the account, or the role.
func (a FlowApproval) Who() string {
	if a.AccountID == "" {
		return string(a.Role)
	}
	return a.Name
}

// For tells whether the account may decide.
func (a FlowApproval) For(account Account) bool {
	return a.AccountID == account.ID || a.AccountID == "" && a.Role == account.Role
}

// Decision is what an account says to an approval.
type Decision struct {
	Approve bool
	Comment string
	Own     bool // also where the account sent the flow itself
}

// Decide takes an account's decision. An approval lets the flow go on once enough have given theirs; a refusal stops it, and withdraws it
// from the platform through the outbox. ErrConflict when nobody asks for it (any more).
func (d *DB) Decide(ctx context.Context, account Account, flowID, approvalID string, decision Decision) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, account.Scope, flowID)
		if err != nil {
			return err
		}
		a, err := f.approval(account, approvalID)
		switch {
		case err != nil:
			return err
		case a.Status != ApprovalAsked || final(f.State):
			return ErrConflict
		case f.CreatedBy == account.Name && !decision.Own:
			return ErrOwnRequest
		}
		status, word := ApprovalApproved, "approved"
		if !decision.Approve {
			status, word = ApprovalRefused, "approval_refused"
		}
		if _, err := tx.Exec(ctx, `UPDATE flow_approvals SET status = $1, comment = $2, decided = $3, decided_by = $4 WHERE flow_id = $5 AND id = $6`,
			status, decision.Comment, store.Micros(d.now()), account.Name, flowID, approvalID); err != nil {
			return fmt.Errorf("decide: %w", err)
		}
		if err := errors.Join(d.flowEvent(ctx, tx, flowID, FlowEvent{Kind: word, Who: a.Who(), Actor: account.Name, Detail: decision.Comment}),
			d.record(ctx, tx, audit.Event{Action: "flow." + word, ObjectType: "flow", ObjectID: flowID,
				Detail: map[string]any{"approval": approvalID, "step": a.Step, "reason": decision.Comment}})); err != nil {
			return err
		}
		if !decision.Approve {
			return d.stop(ctx, tx, f, decision.Comment)
		}
		if err := d.setFlow(ctx, tx, f, f); err != nil {
			return err
		}
		return d.advance(ctx, tx, flowID)
	})
}

// approval finds one of the flow's that the account may decide.
func (f Flow) approval(account Account, id string) (FlowApproval, error) {
	for _, a := range f.Approvals {
		if a.ID == id && a.For(account) {
			return a, nil
		}
	}
	return FlowApproval{}, ErrNotFound
}

// stop ends a flow that was refused: at once where the platform surely has nothing of it, else by a withdrawal in the outbox.
func (d *DB) stop(ctx context.Context, tx *store.Tx, f Flow, reason string) error {
	var untouched int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM flow_outbox WHERE flow_id = $1 AND kind = $2 AND (state = $3 OR state = $4 AND error NOT IN ($5, $6))`,
		f.ID, OutboxCreate, OutboxWaiting, OutboxFailed, CodeOutcomeUnknown, CodeCannotAsk).Scan(&untouched); err != nil {
		return fmt.Errorf("stop flow: %w", err)
	}
	before := f
	f.Message = reason
	if untouched == 0 {
		return errors.Join(d.setFlow(ctx, tx, before, f), d.enqueue(ctx, tx, f.ID, OutboxCancel, ""))
	}
	f.State, f.Problem, f.Completed = FlowWithdrawn, "", d.now()
	return errors.Join(d.setFlow(ctx, tx, before, f), d.dropOutbox(ctx, tx, f.ID),
		d.flowEvent(ctx, tx, f.ID, FlowEvent{Kind: stateEvents[FlowWithdrawn], Detail: reason}))
}

// WaitingApproval is an approval that an account could decide now, with its flow.
type WaitingApproval struct {
	FlowApproval
	Flow Flow
}

// WaitingApprovals lists what waits for the account's approval, newest first.
func (d *DB) WaitingApprovals(ctx context.Context, account Account, page Page) (all []WaitingApproval, next string, err error) {
	within, args := account.Scope.clause("f.organization_id", 2)
	args = append([]any{account.ID, string(account.Role)}, args...)
	after, more := page.clause("a.asked", "a.flow_id || a.id", len(args))
	query := fmt.Sprintf(`SELECT a.flow_id, a.id FROM flow_approvals a JOIN flows f ON f.id = a.flow_id
		WHERE a.status = 0 AND (a.account_id = $1 OR a.account_id = '' AND a.role = $2) AND f.state IN (-2, -1, 0, 1, 7)%s%s
		ORDER BY a.asked DESC, a.flow_id || a.id DESC LIMIT %d`, within, after, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, append(args, more...)...)
		if err != nil {
			return fmt.Errorf("waiting approvals: %w", err)
		}
		keys, err := collect(rows, func(row interface{ Scan(...any) error }) (key [2]string, err error) {
			err = row.Scan(&key[0], &key[1])
			return key, err
		})
		if err != nil {
			return fmt.Errorf("waiting approvals: %w", err)
		}
		for _, key := range keys {
			f, err := findFlow(ctx, tx, account.Scope, key[0])
			if err != nil {
				return err
			}
			a, err := f.approval(account, key[1])
			if err != nil {
				return err
			}
			all = append(all, WaitingApproval{a, f})
		}
		return nil
	})
	all, next = cut(page, all, func(w WaitingApproval) (time.Time, string) { return w.Asked, w.Flow.ID + w.ID })
	return all, next, err
}

package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/store"
)

// FlowState is the platform's FlowStatus (0–7), or what the portal knows before the platform has a flow.
type FlowState int64

// The states of a flow.
const (
	FlowFailed    FlowState = -2 // a sending step was refused: a person must decide
	FlowSending   FlowState = -1 // the outbox is at work
	FlowCreated   FlowState = 0
	FlowSigning   FlowState = 1
	FlowRejected  FlowState = 2
	FlowWithdrawn FlowState = 3
	FlowArchived  FlowState = 4
	FlowExpired   FlowState = 5
	FlowDestroyed FlowState = 6
	FlowSigned    FlowState = 7 // by all, not archived
)

// everyFlowState lists all states.
func everyFlowState() []FlowState {
	return []FlowState{FlowFailed, FlowSending, FlowCreated, FlowSigning, FlowRejected, FlowWithdrawn, FlowArchived, FlowExpired, FlowDestroyed, FlowSigned}
}

// Open tells whether the platform may still change the state by itself.
func (s FlowState) Open() bool { return s == FlowCreated || s == FlowSigning || s == FlowSigned }

// complete tells that everybody has signed.
func (s FlowState) complete() bool { return s == FlowSigned || s == FlowArchived }

// ApproverUnsent is the Status of an approver whose step has not come; the others are the platform's ApproveStatus: 0 to sign,
// 1 signed, 2 rejected, 3 expired, 4 withdrawn, 12 in review, 13 review not passed.
const ApproverUnsent = -1

// What a step asks of the Status of an approver: who has signed, and who can be sent to again.
const (
	ApproverSigned  = 1
	ApproverExpired = 3
)

// Flow is a contract that was sent.
type Flow struct {
	ID             string
	PlatformID     string // FlowId; empty until the platform has answered
	Revision       int64
	OrganizationID string
	Name           string
	Document       DraftDocument // as it was sent
	State          FlowState
	Problem        string // error code of a sending step that a person must look at
	Message        string // reason of a rejection or withdrawal
	CreatedBy      string
	Created        time.Time
	Updated        time.Time
	Completed      time.Time      // zero until signed by all, rejected, withdrawn or expired
	Approvers      []FlowApprover // by step
	Approvals      []FlowApproval // by step
}

// FlowApprover is a person of a flow and how far they are.
type FlowApprover struct {
	ID, UserID, UserName             string
	OrganizationID, OrganizationName string
	Channels                         []string
	SignID                           string
	Step, Status                     int64
	Message                          string
	Sent, Decided                    time.Time
}

// FlowEvent is a line of a flow's timeline.
type FlowEvent struct {
	At     time.Time
	Kind   string // key of its text, below flows.event.
	Who    string // whom it concerns
	Actor  string // who did it; empty: the platform or the portal itself
	Detail string
}

const flowColumns = `id, platform_id, revision, organization_id, name, document, state, problem, message, created_by, created, updated, completed`

func scanFlow(row interface{ Scan(...any) error }) (Flow, error) {
	var f Flow
	var created, updated, completed int64
	var document string
	if err := row.Scan(&f.ID, &f.PlatformID, &f.Revision, &f.OrganizationID, &f.Name, &document, &f.State, &f.Problem, &f.Message,
		&f.CreatedBy, &created, &updated, &completed); err != nil {
		return f, missing(err)
	}
	f.Created, f.Updated, f.Completed = store.Time(created), store.Time(updated), timeOrZero(completed)
	return f, json.Unmarshal([]byte(document), &f.Document)
}

func timeOrZero(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return store.Time(micros)
}

func microsOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return store.Micros(t)
}

// Flow returns a flow with its approvers, within the scope.
func (d *DB) Flow(ctx context.Context, scope Scope, id string) (Flow, error) {
	var f Flow
	err := d.store.Read(ctx, func(tx *store.Tx) (err error) {
		f, err = findFlow(ctx, tx, scope, id)
		return err
	})
	return f, err
}

func findFlow(ctx context.Context, tx *store.Tx, scope Scope, id string) (Flow, error) {
	within, args := scope.clause("organization_id", 1)
	f, err := scanFlow(tx.QueryRow(ctx, `SELECT `+flowColumns+` FROM flows WHERE id = $1`+within, append([]any{id}, args...)...))
	if err == nil {
		err = findFlowPeople(ctx, tx, &f)
	}
	if err != nil {
		return Flow{}, fmt.Errorf("flow: %w", err)
	}
	return f, nil
}

// findFlowPeople reads who signs and who approves.
func findFlowPeople(ctx context.Context, tx *store.Tx, f *Flow) (err error) {
	if f.Approvers, err = findFlowApprovers(ctx, tx, f.ID); err != nil {
		return err
	}
	if len(f.Document.Approvals) > 0 {
		if f.Approvals, err = findFlowApprovals(ctx, tx, f.ID); err != nil {
			return err
		}
	}
	return holdFlowPeople(f)
}

func findFlowApprovers(ctx context.Context, tx *store.Tx, flowID string) ([]FlowApprover, error) {
	rows, err := tx.Query(ctx, `SELECT id, user_id, user_name, organization_id, organization_name, channel, sign_id, step, status, message, sent, decided
		FROM flow_approvers WHERE flow_id = $1 ORDER BY step, position`, flowID)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(row interface{ Scan(...any) error }) (FlowApprover, error) {
		var a FlowApprover
		var channels string
		var sent, decided int64
		err := row.Scan(&a.ID, &a.UserID, &a.UserName, &a.OrganizationID, &a.OrganizationName, &channels, &a.SignID, &a.Step, &a.Status,
			&a.Message, &sent, &decided)
		a.Channels = strings.Fields(channels)
		a.Sent, a.Decided = timeOrZero(sent), timeOrZero(decided)
		return a, err
	})
}

// FlowEvents returns the timeline of a flow, newest first. The caller has read the flow within its scope.
func (d *DB) FlowEvents(ctx context.Context, id string) (all []FlowEvent, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT at, kind, subject, actor, detail FROM flow_events WHERE flow_id = $1 ORDER BY seq DESC LIMIT 2000`, id)
		if err != nil {
			return fmt.Errorf("timeline: %w", err)
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (FlowEvent, error) {
			var e FlowEvent
			var at int64
			err := row.Scan(&at, &e.Kind, &e.Who, &e.Actor, &e.Detail)
			e.At = store.Time(at)
			return e, err
		})
		return err
	})
	return all, err
}

// OpenFlows lists the ids of flows that the platform may still change, with their last change; for polling.
func (d *DB) OpenFlows(ctx context.Context) (ids map[string]time.Time, err error) {
	ids = map[string]time.Time{}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, updated FROM main.flows WHERE state IN (0, 1, 7) OR (state IN (-1, -2) AND platform_id <> '')`)
		if err != nil {
			return fmt.Errorf("open flows: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var updated int64
			if err := rows.Scan(&id, &updated); err != nil {
				return err
			}
			ids[id] = store.Time(updated)
		}
		return rows.Err()
	})
	return ids, err
}

// flowEvent adds a line to the timeline, and tells whoever sent the flow of what matters to them.
func (d *DB) flowEvent(ctx context.Context, tx *store.Tx, flowID string, e FlowEvent) error {
	if e.At.IsZero() {
		e.At = d.now()
	}
	if _, err := tx.Exec(ctx, `INSERT INTO flow_events (flow_id, organization_id, at, kind, subject, actor, detail)
		VALUES ($1, (SELECT organization_id FROM flows WHERE id = $1), $2, $3, $4, $5, $6)`, flowID, store.Micros(e.At), e.Kind, e.Who, e.Actor, e.Detail); err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	if kind := noticeOf(e.Kind); kind != "" {
		return d.notifySender(ctx, tx, kind, flowID, e.Detail)
	}
	return nil
}

// setFlow writes what of a flow may change, raises its revision and keeps the counters.
func (d *DB) setFlow(ctx context.Context, tx *store.Tx, before, f Flow) error {
	if _, err := tx.Exec(ctx, `UPDATE flows SET platform_id = $1, revision = revision + 1, state = $2, problem = $3, message = $4, updated = $5,
		completed = $6 WHERE id = $7`, f.PlatformID, int64(f.State), f.Problem, f.Message, store.Micros(d.now()), microsOrZero(f.Completed), f.ID); err != nil {
		return fmt.Errorf("change flow: %w", err)
	}
	if before.State == f.State {
		return nil
	}
	errs := []error{bump(ctx, tx, flowCounter(before.State), f.OrganizationID, -1), bump(ctx, tx, flowCounter(f.State), f.OrganizationID, 1)}
	switch was, is := before.State.complete(), f.State.complete(); {
	case is && !was:
		errs = append(errs, d.countDay(ctx, tx, f.OrganizationID, f.Completed, 0, 1))
	case was && f.State.Open(): // a further step begins after all of the earlier ones have signed
		errs = append(errs, d.countDay(ctx, tx, f.OrganizationID, before.Completed, 0, -1))
	}
	return errors.Join(errs...)
}

func flowCounter(s FlowState) string { return "flows." + strconv.FormatInt(int64(s), 10) }

func (d *DB) setFlowApprover(ctx context.Context, tx *store.Tx, flowID string, a FlowApprover) error {
	if _, err := tx.Exec(ctx, `UPDATE flow_approvers SET sign_id = $1, status = $2, message = $3, sent = $4, decided = $5 WHERE flow_id = $6 AND id = $7`,
		a.SignID, a.Status, a.Message, microsOrZero(a.Sent), microsOrZero(a.Decided), flowID, a.ID); err != nil {
		return fmt.Errorf("change approver: %w", err)
	}
	return nil
}

package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// FlowReport is what the platform says about a flow.
type FlowReport struct {
	State     FlowState
	Message   string
	Completed time.Time
	Approvers []ApproverReport
}

// ApproverReport is what the platform says about one approver.
type ApproverReport struct {
	SignID, UserID, OrganizationID string
	Status                         int64
	Message                        string
	Decided                        time.Time
	Seals                          map[string]string // of somebody who has signed: which seal stands in which component
}

// ApplyReport brings a flow up to what the platform says, with a line in the timeline and an audit event for every change. It tells
// whether anything changed; when nothing did, nothing is written.
func (d *DB) ApplyReport(ctx context.Context, id string, report FlowReport) (changed bool, err error) {
	before, err := d.Flow(ctx, Everything(), id)
	if err != nil {
		return false, err
	}
	if after, _ := before.apply(report, d.now()); len(after) == 0 {
		return false, nil
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, Everything(), id)
		if err != nil {
			return err
		}
		before := f
		before.Approvers = nil
		events, touched := f.apply(report, d.now())
		if changed = len(events) > 0; !changed {
			return nil
		}
		if err := d.setFlow(ctx, tx, before, f); err != nil {
			return err
		}
		if f.State == FlowSigned || f.State == FlowArchived {
			if err := d.enqueueCopies(ctx, tx, f, false); err != nil {
				return err
			}
		}
		for _, i := range touched {
			if err := d.setFlowApprover(ctx, tx, id, f.Approvers[i]); err != nil {
				return err
			}
			if err := useSeals(ctx, tx, id, f.Approvers[i], report.sealsOf(f.Approvers[i].SignID)); err != nil {
				return err
			}
		}
		for i, e := range events {
			if err := d.flowEvent(ctx, tx, id, e); err != nil {
				return err
			}
			detail := map[string]any{"approver": e.Who, "reason": e.Detail, "state": int64(f.State), "before": int64(before.State)}
			if i < len(touched) { // the first events are theirs; by the seals' ids their histories find the contract
				if seals := report.sealsOf(f.Approvers[touched[i]].SignID); len(seals) > 0 {
					detail["seals"] = slices.Compact(slices.Sorted(maps.Values(seals)))
				}
			}
			if err := d.record(ctx, tx, audit.Event{Action: "flow." + e.Kind, ObjectType: "flow", ObjectID: id, Detail: detail}); err != nil {
				return err
			}
		}
		return nil
	})
	return changed, err
}

// sealsOf is which seals a task that is signed has put where.
func (r FlowReport) sealsOf(signID string) map[string]string {
	for _, a := range r.Approvers {
		if a.SignID == signID && a.Status == api.ApproverSigned {
			return a.Seals
		}
	}
	return nil
}

// approverEvents and stateEvents name the timeline's lines by the state that is reached.
var approverEvents = map[int64]string{1: "signed", 2: "rejected", 3: "approver_expired", 12: "review", 13: "review_refused"}

var stateEvents = map[FlowState]string{FlowSigned: "completed", FlowRejected: "ended_rejected", FlowWithdrawn: "withdrawn", FlowArchived: "archived",
	FlowExpired: "expired", FlowDestroyed: "destroyed"}

// apply changes f by the report and returns the lines for the timeline and the indexes of changed approvers. A flow that is still
// being sent, or that failed while it was, keeps that state until its outbox is empty: only its approvers follow.
func (f *Flow) apply(report FlowReport, now time.Time) (events []FlowEvent, touched []int) {
	f.Approvers = append([]FlowApprover(nil), f.Approvers...)
	for _, r := range report.Approvers {
		for i := range f.Approvers {
			a := &f.Approvers[i]
			// Whoever is being sent to again keeps the number of the task that expired until there is another.
			if a.SignID == "" || a.SignID != r.SignID || a.Status == ApproverUnsent || (a.Status == r.Status && a.Message == r.Message) {
				continue
			}
			kind, known := approverEvents[r.Status]
			if !known {
				kind = "approver_changed"
			}
			if r.Status != a.Status && r.Status != 4 { // withdrawn with the flow: one line for it is enough
				events = append(events, FlowEvent{At: orNow(r.Decided, now), Kind: kind, Who: a.UserName, Actor: a.UserName, Detail: r.Message})
			} else {
				events = append(events, FlowEvent{At: now, Kind: "approver_changed", Who: a.UserName, Detail: r.Message})
			}
			a.Status, a.Message, a.Decided = r.Status, r.Message, r.Decided
			touched = append(touched, i)
		}
	}
	if f.State == FlowSending || f.State == FlowFailed {
		if !final(report.State) {
			return events, touched
		}
	}
	report.State = f.seen(report.State)
	if f.State != report.State {
		kind, known := stateEvents[report.State]
		if !known {
			kind = "signing"
		}
		events = append(events, FlowEvent{At: orNow(report.Completed, now), Kind: kind, Detail: report.Message})
		f.State, f.Problem = report.State, ""
	}
	f.Message = report.Message
	if ended := final(report.State) || report.State == FlowSigned; ended && (f.Completed.IsZero() || !report.Completed.IsZero()) {
		f.Completed = orNow(report.Completed, now)
	}
	return events, touched
}

// seen is what a state of the platform is for the flow as a whole. The platform knows neither later steps nor that fewer than all may be
// enough: it calls a flow signed between two steps, and not signed, later expired, while people hold a task that nobody needs.
func (f *Flow) seen(state FlowState) FlowState {
	complete := f.Complete()
	switch {
	case state == FlowSigned && !complete:
		return FlowSigning
	case (state == FlowSigning || state == FlowExpired) && complete:
		return FlowSigned
	}
	return state
}

// final tells that nobody can sign any more.
func final(s FlowState) bool {
	switch s {
	case FlowRejected, FlowWithdrawn, FlowArchived, FlowExpired, FlowDestroyed:
		return true
	}
	return false
}

func orNow(t, now time.Time) time.Time {
	if t.IsZero() {
		return now
	}
	return t
}

// StartFlow turns a draft into a flow that is being sent: the draft goes, the flow and its outbox come, in one transaction. The
// revision must be the draft's, else it is a *StaleError.
func (d *DB) StartFlow(ctx context.Context, scope Scope, draftID string, revision int64, flowID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		r, err := findDraft(ctx, tx, scope, draftID)
		if err != nil {
			return err
		}
		if r.Revision != revision {
			return &StaleError{Revision: r.Revision}
		}
		if r.Template != nil {
			return ErrConflict
		}
		if err := removeDraft(ctx, tx, r); err != nil {
			return err
		}
		if err := d.startFlow(ctx, tx, r, flowID); err != nil {
			return err
		}
		return d.note(ctx, tx, "flow.send", "flow", flowID, map[string]any{"name": r.Name, "draft": draftID, "approvers": len(r.Approvers), "files": len(r.Files)})
	})
}

// startFlow puts a flow and what is to be done for it into the database.
func (d *DB) startFlow(ctx context.Context, tx *store.Tx, r Draft, flowID string) error {
	if err := d.insertFlow(ctx, tx, r, flowID); err != nil {
		return err
	}
	for i := range r.Files {
		if err := d.enqueue(ctx, tx, flowID, OutboxUpload, fmt.Sprint(i)); err != nil {
			return err
		}
	}
	if err := d.enqueue(ctx, tx, flowID, OutboxCreate, ""); err != nil {
		return err
	}
	return d.advance(ctx, tx, flowID)
}

func (d *DB) insertFlow(ctx context.Context, tx *store.Tx, r Draft, flowID string) error {
	document, err := json.Marshal(r.DraftDocument)
	if err != nil {
		return fmt.Errorf("start flow: %w", err)
	}
	now := store.Micros(d.now())
	if _, err := tx.Exec(ctx, `INSERT INTO flows (id, platform_id, revision, organization_id, name, document, state, problem, message, deadline,
		created_by, created, updated, completed) VALUES ($1, '', 1, $2, $3, $4, $5, '', '', $6, $7, $8, $8, 0)`, flowID, r.OrganizationID, r.Name,
		string(document), int64(FlowSending), store.Micros(r.Deadline), actorName(ctx), now); err != nil {
		return fmt.Errorf("start flow: %w", err)
	}
	if err := errors.Join(bump(ctx, tx, flowCounter(FlowSending), r.OrganizationID, 1), d.countDay(ctx, tx, r.OrganizationID, d.now(), 1, 0)); err != nil {
		return err
	}
	for i, a := range r.Approvers {
		if _, err := tx.Exec(ctx, `INSERT INTO flow_approvers (flow_id, id, position, step, user_id, user_name, organization_id, organization_name,
			channel, sign_id, status, message, sent, decided) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', -1, '', 0, 0)`, flowID, a.ID, i,
			max(1, a.Step), a.UserID, a.UserName, a.OrganizationID, a.OrganizationName, strings.Join(a.Channels, " ")); err != nil {
			return fmt.Errorf("start flow: %w", err)
		}
	}
	if err := errors.Join(insertApprovals(ctx, tx, flowID, r.Approvals), insertCopies(ctx, tx, flowID, r.Copies)); err != nil {
		return err
	}
	if err := indexFlow(ctx, tx, Flow{ID: flowID, Name: r.Name, Document: r.DraftDocument}); err != nil {
		return err
	}
	return d.flowEvent(ctx, tx, flowID, FlowEvent{Kind: "started", Actor: actorName(ctx)})
}

// indexFlow makes a flow findable by its name, its numbers and its people.
func indexFlow(ctx context.Context, tx *store.Tx, f Flow) error {
	texts := []string{f.Name, f.Document.Type, f.ID, f.PlatformID}
	for _, a := range f.Document.Approvers {
		texts = append(texts, a.UserName, a.OrganizationName)
	}
	return index(ctx, tx, "flows", f.ID, texts...)
}

// ReopenDraft turns a flow that the platform never got back into a draft of the same content and returns the draft's id. It refuses
// with ErrConflict when the platform has the flow, or may have it.
func (d *DB) ReopenDraft(ctx context.Context, scope Scope, flowID string) (draftID string, err error) {
	draftID = newID("")
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, scope, flowID)
		if err != nil {
			return err
		}
		if f.State != FlowFailed || f.PlatformID != "" {
			return ErrConflict
		}
		var undecided int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM flow_outbox WHERE flow_id = $1 AND kind = $2 AND state IN ($3, $4)`, flowID, OutboxCreate,
			OutboxTrying, OutboxUnknown).Scan(&undecided); err != nil {
			return fmt.Errorf("reopen draft: %w", err)
		}
		if undecided > 0 {
			return ErrConflict
		}
		if err := insertDraft(ctx, tx, Draft{ID: draftID, OrganizationID: f.OrganizationID, Name: f.Name, DraftDocument: f.Document,
			CreatedBy: f.CreatedBy, Created: d.now()}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM flows WHERE id = $1`, flowID); err != nil {
			return fmt.Errorf("reopen draft: %w", err)
		}
		if err := unindex(ctx, tx, "flows", flowID); err != nil {
			return err
		}
		if err := errors.Join(bump(ctx, tx, flowCounter(f.State), f.OrganizationID, -1), d.countDay(ctx, tx, f.OrganizationID, f.Created, -1, 0)); err != nil {
			return err
		}
		return d.note(ctx, tx, "flow.reopen", "flow", flowID, map[string]any{"draft": draftID})
	})
	return draftID, err
}

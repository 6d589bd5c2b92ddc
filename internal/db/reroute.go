package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"sealdesk/internal/store"
)

// Reroute changes who of a running flow is sent to later, and in which order. Whoever was sent to, asked or has decided stays where they are:
// a change that would move them is ErrConflict. Event is the line for the timeline.
func (d *DB) Reroute(ctx context.Context, scope Scope, flowID string, event FlowEvent, change func(*DraftDocument) error) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, scope, flowID)
		if err != nil {
			return err
		}
		current, left := f.Current()
		if _, refused := f.refusal(); !left || refused || final(f.State) {
			return ErrConflict
		}
		fixed, err := fixedPlaces(ctx, tx, f)
		if err != nil {
			return err
		}
		before := f
		f.Document = f.Document.clone()
		if err := change(&f.Document); err != nil {
			return err
		}
		for _, p := range f.Document.places() {
			step, isFixed := fixed[p.id]
			if isFixed && step != *p.step || !isFixed && int64(*p.step) < current.Number {
				return ErrConflict
			}
		}
		if err := setRouting(ctx, tx, f); err != nil {
			return err
		}
		event.Actor = actorName(ctx)
		if err := errors.Join(d.setFlow(ctx, tx, before, f), d.flowEvent(ctx, tx, flowID, event),
			d.note(ctx, tx, "flow."+event.Kind, "flow", flowID, map[string]any{"who": event.Who, "detail": event.Detail})); err != nil {
			return err
		}
		return d.advance(ctx, tx, flowID)
	})
}

// fixedPlaces gives the steps of those who cannot be moved any more: their turn has come, or has been.
func fixedPlaces(ctx context.Context, tx *store.Tx, f Flow) (map[string]int, error) {
	fixed := map[string]int{}
	rows, err := tx.Query(ctx, `SELECT `+outboxColumns+` FROM flow_outbox WHERE flow_id = $1 AND kind = $2`, f.ID, OutboxSend)
	if err != nil {
		return nil, fmt.Errorf("reroute: %w", err)
	}
	queued, err := collect(rows, scanOutbox)
	if err != nil {
		return nil, fmt.Errorf("reroute: %w", err)
	}
	for _, a := range f.Approvers {
		if a.Status != ApproverUnsent || slices.ContainsFunc(queued, func(e OutboxEntry) bool { return e.Approver() == a.ID }) {
			fixed[a.ID] = int(a.Step)
		}
	}
	for _, a := range f.Approvals {
		if a.Status != ApprovalUnasked {
			fixed[a.ID] = int(a.Step)
		}
	}
	return fixed, nil
}

// Movable tells whether an approver or approval of a flow may still be moved or replaced: their turn has not come.
func (f Flow) Movable(id string) bool {
	current, left := f.Current()
	if !left || final(f.State) {
		return false
	}
	for _, a := range f.Approvers {
		if a.ID == id {
			return a.Status == ApproverUnsent && a.SignID == "" && a.Step > current.Number
		}
	}
	for _, a := range f.Approvals {
		if a.ID == id {
			return a.Status == ApprovalUnasked && a.Step > current.Number
		}
	}
	return false
}

// setRouting writes the routing of a flow's document, and who is found by searching for it.
func setRouting(ctx context.Context, tx *store.Tx, f Flow) error {
	if err := setDocument(ctx, tx, f); err != nil {
		return err
	}
	texts := []string{f.Name, f.Document.Type}
	for _, a := range f.Document.Approvers {
		if _, err := tx.Exec(ctx, `UPDATE flow_approvers SET step = $1, user_id = $2, user_name = $3, organization_id = $4, organization_name = $5
			WHERE flow_id = $6 AND id = $7`, a.Step, a.UserID, a.UserName, a.OrganizationID, a.OrganizationName, f.ID, a.ID); err != nil {
			return fmt.Errorf("reroute: %w", err)
		}
		texts = append(texts, a.UserName, a.OrganizationName)
	}
	for _, a := range f.Document.Approvals {
		if _, err := tx.Exec(ctx, `UPDATE flow_approvals SET step = $1 WHERE flow_id = $2 AND id = $3`, a.Step, f.ID, a.ID); err != nil {
			return fmt.Errorf("reroute: %w", err)
		}
	}
	return index(ctx, tx, "flows", f.ID, texts...)
}

func setDocument(ctx context.Context, tx *store.Tx, f Flow) error {
	document, err := json.Marshal(f.Document)
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE flows SET document = $1 WHERE id = $2`, string(document), f.ID)
	}
	if err != nil {
		return fmt.Errorf("change flow: %w", err)
	}
	return nil
}

// SendAgain sends once more to somebody whose own deadline has passed, with the contract's deadline.
func (d *DB) SendAgain(ctx context.Context, scope Scope, flowID, approverID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, scope, flowID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(f.Approvers, func(a FlowApprover) bool { return a.ID == approverID })
		switch {
		case i < 0:
			return ErrNotFound
		case f.Approvers[i].Status != ApproverExpired || final(f.State) || !f.Document.Deadline.After(d.now()):
			return ErrConflict
		}
		a := f.Approvers[i]
		a.Status, a.Message = ApproverUnsent, ""
		f.Document = f.Document.clone()
		for i := range f.Document.Approvers {
			if f.Document.Approvers[i].ID == approverID {
				f.Document.Approvers[i].Deadline = f.Document.Deadline
			}
		}
		var sent int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM flow_outbox WHERE flow_id = $1 AND kind = $2 AND (subject = $3 OR substr(subject, 1, length($3) + 1) = $3 || '/')`,
			flowID, OutboxSend, approverID).Scan(&sent); err != nil {
			return fmt.Errorf("send again: %w", err)
		}
		return errors.Join(d.setFlowApprover(ctx, tx, flowID, a), setDocument(ctx, tx, f), d.setFlow(ctx, tx, f, f),
			d.enqueue(ctx, tx, flowID, OutboxSend, fmt.Sprintf("%s/%d", approverID, sent+1)),
			d.flowEvent(ctx, tx, flowID, FlowEvent{Kind: "resent", Who: a.UserName, Actor: actorName(ctx)}),
			d.note(ctx, tx, "flow.resent", "flow", flowID, map[string]any{"who": a.UserName}))
	})
}

// CopyToDraft makes a draft of the same content from a flow that has ended without being complete, and returns its id.
func (d *DB) CopyToDraft(ctx context.Context, scope Scope, flowID string) (draftID string, err error) {
	draftID = newID("")
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, scope, flowID)
		if err != nil {
			return err
		}
		if f.State != FlowWithdrawn && f.State != FlowRejected && f.State != FlowExpired {
			return ErrConflict
		}
		if err := insertDraft(ctx, tx, Draft{ID: draftID, OrganizationID: f.OrganizationID, Name: f.Name, DraftDocument: f.Document,
			CreatedBy: actorName(ctx), Created: d.now()}); err != nil {
			return err
		}
		return d.note(ctx, tx, "draft.create", "draft", draftID, map[string]any{"name": f.Name, "organization": f.OrganizationID, "flow": flowID})
	})
	return draftID, err
}

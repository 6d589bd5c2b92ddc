package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// A MAC does not tell of a row that is gone or was put back to an earlier state of itself. Where less rows would permit more, they are held
// against what else says the same: the log, or the document of the flow, which is sealed in its own row.

// The events that switch a second factor.
const (
	actionFactorOn  = "account.factor.on"
	actionFactorOff = "account.factor.off"
	actionPolicy    = "settings.policy"
)

// NeedsFactor tells whether an account logs in with a second factor: ErrRowChanged where the log says so and the factor is gone.
func (d *DB) NeedsFactor(ctx context.Context, a Account) (bool, error) {
	if a.SecondFactor {
		return true, nil
	}
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		var last string
		err := tx.QueryRow(ctx, `SELECT action FROM audit_events WHERE object_id = $1 AND object_type = 'account' AND object_id <> '' AND action IN ($2, $3)
			ORDER BY seq DESC LIMIT 1`, a.ID, actionFactorOn, actionFactorOff).Scan(&last)
		if err == nil && last == actionFactorOn {
			err = &store.RowChangedError{Table: "second_factors", Key: a.ID}
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for a second factor in the log: %w", err)
	}
	return false, nil
}

// holdPolicy compares the policy in the rows with the newest that the log says was set; before the first there is nothing to compare.
func holdPolicy(ctx context.Context, tx *store.Tx, is auth.Policy) error {
	var text string
	err := tx.QueryRow(ctx, "SELECT detail FROM audit_events WHERE action = $1 AND outcome = $2 ORDER BY seq DESC LIMIT 1", actionPolicy, audit.OK).Scan(&text)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the policy in the log: %w", err)
	}
	var detail struct{ After map[string]string }
	if err := json.Unmarshal([]byte(text), &detail); err != nil {
		return fmt.Errorf("read the policy in the log: %w", err)
	}
	set := auth.DefaultPolicy()
	for name, value := range detail.After {
		if next := withPolicy(set, name, value); next.Check() == nil {
			set = next
		}
	}
	for name, value := range policyValues(set) {
		if policyValues(is)[name] != value {
			return &store.RowChangedError{Table: "policies", Key: name}
		}
	}
	return nil
}

// holdFlowPeople tells when somebody whom the document of a flow names, who signs or approves, has no row any more.
func holdFlowPeople(f *Flow) error {
	rows := map[string]bool{}
	for _, a := range f.Approvers {
		rows["flow_approvers"+a.ID] = true
	}
	for _, a := range f.Approvals {
		rows["flow_approvals"+a.ID] = true
	}
	for _, a := range f.Document.Approvers {
		if !rows["flow_approvers"+a.ID] {
			return &store.RowChangedError{Table: "flow_approvers", Key: f.ID + "," + a.ID}
		}
	}
	for _, a := range f.Document.Approvals {
		if !rows["flow_approvals"+a.ID] {
			return &store.RowChangedError{Table: "flow_approvals", Key: f.ID + "," + a.ID}
		}
	}
	return nil
}

package db

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// OwnAccountOnly tells that the approver signs by their own account and in no other way, so that nobody else is given their link.
func (a FlowApprover) OwnAccountOnly() bool {
	return len(a.Channels) == 1 && a.Channels[0] == api.VerifyChannelAccount
}

// WaitingSigning is a task that waits for the person of an account, who signs it by that account.
type WaitingSigning struct {
	FlowApprover
	Flow Flow
}

// WaitingSignings lists what waits for the signature of the account's person, newest first: contracts of whatever organisation sends them,
// that they sign as a person, or for an organisation that they are assigned to and that is within the account's reach. An account that is
// nobody's own has none.
func (d *DB) WaitingSignings(ctx context.Context, account Account, page Page) (all []WaitingSigning, next string, err error) {
	after, args := page.clause("a.sent", "a.flow_id || a.id", 1)
	all, err = d.waitingSignings(ctx, account, after+fmt.Sprintf(" ORDER BY a.sent DESC, a.flow_id || a.id DESC LIMIT %d", page.limit()), args...)
	all, next = cut(page, all, func(w WaitingSigning) (time.Time, string) { return w.Sent, w.Flow.ID + w.ID })
	return all, next, err
}

// WaitingSigning is one of WaitingSignings; ErrNotFound where it is not, or not any more.
func (d *DB) WaitingSigning(ctx context.Context, account Account, flowID, approverID string) (WaitingSigning, error) {
	all, err := d.waitingSignings(ctx, account, " AND a.flow_id = $2 AND a.id = $3", flowID, approverID)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return WaitingSigning{}, err
	}
	return all[0], nil
}

func (d *DB) waitingSignings(ctx context.Context, account Account, condition string, args ...any) (all []WaitingSigning, err error) {
	if account.PersonID == "" {
		return nil, nil
	}
	// Within the account's reach is what it signs for, not who sends it. Who has left an organisation signs for it no more.
	within, more := account.Scope.clause("m.organization_id", 1+len(args))
	within = ` AND (a.organization_id = '' OR EXISTS (SELECT 1 FROM user_organizations m
		WHERE m.user_id = a.user_id AND m.organization_id = a.organization_id` + within + `))`
	query := `SELECT a.flow_id, a.id FROM flow_approvers a JOIN flows f ON f.id = a.flow_id
		WHERE a.status = 0 AND a.user_id = $1 AND a.sign_id <> '' AND f.state = 1 AND instr(a.channel, 'ACCOUNT') > 0` + within + condition
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, slices.Concat([]any{account.PersonID}, args, more)...)
		if err != nil {
			return fmt.Errorf("waiting signings: %w", err)
		}
		keys, err := collect(rows, func(row interface{ Scan(...any) error }) (key [2]string, err error) {
			return key, row.Scan(&key[0], &key[1])
		})
		if err != nil {
			return fmt.Errorf("waiting signings: %w", err)
		}
		for _, key := range keys {
			f, err := findFlow(ctx, tx, Everything(), key[0])
			if err != nil {
				return err
			}
			for _, a := range f.Approvers {
				if a.ID == key[1] {
					all = append(all, WaitingSigning{a, f})
				}
			}
		}
		return nil
	})
	return all, err
}

// NoteSigning records that the account opened a task of its person's to sign it. The event's actor tells account and session.
func (d *DB) NoteSigning(ctx context.Context, w WaitingSigning, secondFactor bool) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		return d.note(ctx, tx, "flow.open", "flow", w.Flow.ID, map[string]any{"sign_id": w.SignID, "user": w.UserID, "organization": w.OrganizationID,
			"second_factor": secondFactor})
	})
}

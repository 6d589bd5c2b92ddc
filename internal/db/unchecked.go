package db

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// Unchecked is a signature before which nobody checked who signed.
type Unchecked struct {
	FlowID, FlowName, Signer, Organization, SignID, Sender string
	Signed                                                 time.Time
}

// UncheckedSignatures lists the signatures of the scope whose task ordered no check of the signer's identity, newest first.
func (d *DB) UncheckedSignatures(ctx context.Context, scope Scope, page Page) (all []Unchecked, next string, err error) {
	within, args := scope.clause("f.organization_id", 0)
	after, more := page.clause("a.decided", "a.sign_id", len(args))
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT f.id, f.name, a.user_name, a.organization_name, a.sign_id, f.created_by, a.decided
			FROM flow_approvers a JOIN flows f ON f.id = a.flow_id WHERE a.status = 1 AND a.channel IN ('', 'NONE')%s%s
			ORDER BY a.decided DESC, a.sign_id DESC LIMIT %d`, within, after, page.limit()), append(args, more...)...)
		if err != nil {
			return err
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (u Unchecked, err error) {
			var signed int64
			err = row.Scan(&u.FlowID, &u.FlowName, &u.Signer, &u.Organization, &u.SignID, &u.Sender, &signed)
			u.Signed = store.Time(signed)
			return u, err
		})
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list unchecked signatures: %w", err)
	}
	all, next = cut(page, all, func(u Unchecked) (time.Time, string) { return u.Signed, u.SignID })
	return all, next, nil
}

package db

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sealdesk/internal/store"
)

// Unchecked is a signature before which nobody checked who signed, or which could be given after a check whose outcome is chosen.
type Unchecked struct {
	FlowID, FlowName, Signer, Organization, SignID, Sender string
	Channels                                               []string // the checks that were ordered; none is none
	Signed                                                 time.Time
}

// UncheckedSignatures lists the signatures of the scope whose task ordered no check of the signer's identity, or allowed one of the simulated
// channels, newest first.
func (d *DB) UncheckedSignatures(ctx context.Context, scope Scope, simulated []string, page Page) (all []Unchecked, next string, err error) {
	within, args := scope.clause("f.organization_id", 0)
	after, more := page.clause("a.decided", "a.sign_id", len(args))
	args = append(args, more...)
	weak := "a.channel IN ('', 'NONE')"
	for _, channel := range simulated {
		args = append(args, "% "+channel+" %")
		weak += fmt.Sprintf(" OR ' ' || a.channel || ' ' LIKE $%d", len(args))
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT f.id, f.name, a.user_name, a.organization_name, a.sign_id, f.created_by, a.decided, a.channel
			FROM flow_approvers a JOIN flows f ON f.id = a.flow_id WHERE a.status = 1 AND (%s)%s%s
			ORDER BY a.decided DESC, a.sign_id DESC LIMIT %d`, weak, within, after, page.limit()), args...)
		if err != nil {
			return err
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (u Unchecked, err error) {
			var signed int64
			var channels string
			err = row.Scan(&u.FlowID, &u.FlowName, &u.Signer, &u.Organization, &u.SignID, &u.Sender, &signed, &channels)
			u.Signed, u.Channels = store.Time(signed), strings.Fields(channels)
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

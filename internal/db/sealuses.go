package db

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// SealUse is a place of a contract where a seal was put.
type SealUse struct {
	FlowID, FlowName string
	UserName         string // who signed
	File, Page       int    // from 1; 0 where the contract no longer tells
	At               time.Time
	componentID      string
}

// maxSealUses bounds the list of a seal's page.
const maxSealUses = 200

// sealUsesVersion is the migration that made the list of uses.
const sealUsesVersion = 27

// SealUsesSince is from when on uses of seals are recorded: an older program that the database was made with recorded none.
func (d *DB) SealUsesSince(ctx context.Context) (since time.Time, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		var seconds int64
		err := tx.QueryRow(ctx, "SELECT CAST(strftime('%s', max(tstamp)) AS INTEGER) FROM "+SchemaTable+" WHERE version_id = $1", sealUsesVersion).Scan(&seconds)
		since = time.Unix(seconds, 0).UTC()
		return err
	})
	if err != nil {
		return since, fmt.Errorf("read since when uses of seals are recorded: %w", err)
	}
	return since, nil
}

// SealUses lists where a seal was used, the newest first, and how often in all. Contracts outside of the scope count, and come without
// their name and id.
func (d *DB) SealUses(ctx context.Context, scope Scope, sealID string) (all []SealUse, total int, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM seal_uses WHERE seal_id = $1`, sealID).Scan(&total); err != nil {
			return fmt.Errorf("count the uses of a seal: %w", err)
		}
		rows, err := tx.Query(ctx, `SELECT u.flow_id, coalesce(a.user_name, ''), u.component_id, u.used_at FROM seal_uses u
			LEFT JOIN flow_approvers a ON a.flow_id = u.flow_id AND a.id = u.approver_id WHERE u.seal_id = $1 ORDER BY u.used_at DESC LIMIT $2`, sealID, maxSealUses)
		if err != nil {
			return fmt.Errorf("list the uses of a seal: %w", err)
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (u SealUse, err error) {
			var at int64
			err = row.Scan(&u.FlowID, &u.UserName, &u.componentID, &at)
			u.At = store.Time(at)
			return u, err
		})
		return err
	})
	for i := range all {
		u := &all[i]
		f, failed := d.Flow(ctx, Everything(), u.FlowID)
		if failed != nil {
			return nil, 0, failed
		}
		for _, c := range f.Document.Components {
			if c.ID == u.componentID || c.Anchor != "" && c.Anchor == u.componentID {
				u.File, u.Page = c.FileIndex+1, c.Page
			}
		}
		if u.FlowName = f.Name; !scope.Allows(f.OrganizationID) {
			u.FlowID, u.FlowName = "", ""
		}
	}
	return all, total, err
}

// useSeals notes where an approver who has just signed has put which seals.
func useSeals(ctx context.Context, tx *store.Tx, flowID string, a FlowApprover, seals map[string]string) error {
	for component, seal := range seals {
		_, err := tx.Exec(ctx, `INSERT INTO seal_uses (seal_id, flow_id, approver_id, component_id, used_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			seal, flowID, a.ID, component, store.Micros(a.Decided))
		if err != nil {
			return fmt.Errorf("note the use of a seal: %w", err)
		}
	}
	return nil
}

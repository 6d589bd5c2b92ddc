package engine

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// Known is somebody whom the engine knows, as its evidence and callers name them.
type Known struct {
	ID, OpenID, Name string
	Waiting          []string // names of the contracts in which a task of theirs is open
}

// FindKnown returns everybody with that number, number of the caller's, or name in an engine's database: at most 50. The database need not be
// the engine's to write.
func FindKnown(ctx context.Context, db *store.DB, text string) (all []Known, err error) {
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err := tx.Query(ctx, "SELECT id, open_id, name FROM engine_users WHERE id = $1 OR open_id = $1 OR name = $1 ORDER BY name, id LIMIT 50", text)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var k Known
			if err := rows.Scan(&k.ID, &k.OpenID, &k.Name); err != nil {
				return err
			}
			all = append(all, k)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for i := range all {
			if err := all[i].findTasks(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find somebody in the engine: %w", err)
	}
	return all, nil
}

func (k *Known) findTasks(ctx context.Context, tx *store.Tx) (err error) {
	rows, err := tx.Query(ctx, "SELECT DISTINCT f.name FROM engine_approvers a JOIN engine_flows f ON f.id = a.flow_id WHERE a.user_id = $1 AND a.status IN ($2, $5) "+
		"AND f.status IN ($3, $4) ORDER BY f.name LIMIT 50", k.ID, api.ApproverPending, api.FlowCreated, api.FlowSigning, api.ApproverInReview)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		k.Waiting = append(k.Waiting, name)
	}
	return rows.Err()
}

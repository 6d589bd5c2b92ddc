package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// callbackMemory is how long a callback is known: longer than the platform tries to deliver it.
const callbackMemory = 72 * time.Hour

// CallbackSeen tells whether a callback has been dealt with.
func (d *DB) CallbackSeen(ctx context.Context, id string) (seen bool, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		var n int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM callbacks WHERE id = $1`, id).Scan(&n)
		seen = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for a callback: %w", err)
	}
	return seen, nil
}

// CallbackDone notes that a callback has been dealt with and forgets old ones.
func (d *DB) CallbackDone(ctx context.Context, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		now := d.now()
		_, doneErr := tx.Exec(ctx, `INSERT INTO callbacks (id, received) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, store.Micros(now))
		_, err := tx.Exec(ctx, `DELETE FROM callbacks WHERE received < $1`, store.Micros(now.Add(-callbackMemory)))
		if err := errors.Join(doneErr, err); err != nil {
			return fmt.Errorf("note a callback: %w", err)
		}
		return nil
	})
}

// FlowByPlatformID gives our id of a flow, or ErrNotFound.
func (d *DB) FlowByPlatformID(ctx context.Context, platformID string) (id string, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT id FROM flows WHERE platform_id = $1 AND platform_id <> ''`, platformID).Scan(&id)
	})
	if err != nil {
		return "", fmt.Errorf("flow of the platform: %w", err)
	}
	return id, nil
}

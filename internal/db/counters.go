package db

import (
	"context"
	"fmt"

	"sealdesk/internal/store"
)

// bump adds delta to a counter of an organisation, in the transaction that changes what it counts. Names are the plural of the kind of
// object ("organizations", "users", "seals", "files", "drafts"), for flows with their state: "flows.1".
func bump(ctx context.Context, tx *store.Tx, name, organizationID string, delta int) error {
	_, err := tx.Exec(ctx, `INSERT INTO counters (name, organization_id, value) VALUES ($1, $2, $3)
		ON CONFLICT (name, organization_id) DO UPDATE SET value = counters.value + excluded.value`, name, organizationID, delta)
	if err != nil {
		return fmt.Errorf("count %s: %w", name, err)
	}
	return nil
}

// Counters sums every counter within the scope, by name. Names that nobody counted are missing.
func (d *DB) Counters(ctx context.Context, scope Scope) (map[string]int64, error) {
	within, args := scope.clause("organization_id", 0)
	sums := make(map[string]int64)
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT name, SUM(value) FROM counters WHERE 1 = 1"+within+" GROUP BY name", args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var value int64
			if err := rows.Scan(&name, &value); err != nil {
				return err
			}
			sums[name] = value
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read the counters: %w", err)
	}
	return sums, nil
}

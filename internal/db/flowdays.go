package db

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// FlowDay is how many contracts were sent and completed on a day.
type FlowDay struct {
	Day             time.Time // its beginning in Beijing
	Sent, Completed int64
}

// Days are counted in Beijing time, the platform's own: microseconds of a day, and of the distance to UTC.
const (
	dayMicros   = 24 * 60 * 60 * 1_000_000
	zoneMicros  = 8 * 60 * 60 * 1_000_000
	zoneSeconds = 8 * 60 * 60
)

func dayOf(at time.Time) int64 { return (store.Micros(at) + zoneMicros) / dayMicros }

// countDay changes the numbers of a day, in the transaction that changes a flow.
func (d *DB) countDay(ctx context.Context, tx *store.Tx, organizationID string, at time.Time, sent, completed int) error {
	_, err := tx.Exec(ctx, `INSERT INTO flow_days (day, organization_id, sent, completed) VALUES ($1, $2, $3, $4)
		ON CONFLICT (day, organization_id) DO UPDATE SET sent = flow_days.sent + excluded.sent, completed = flow_days.completed + excluded.completed`,
		dayOf(at), organizationID, sent, completed)
	if err != nil {
		return fmt.Errorf("count a day: %w", err)
	}
	return nil
}

// FlowDays are the numbers of the last days within the scope, the oldest first; today is the last of them.
func (d *DB) FlowDays(ctx context.Context, scope Scope, days int) ([]FlowDay, error) {
	first := dayOf(d.now()) - int64(days) + 1
	all := make([]FlowDay, days)
	for i := range all {
		all[i].Day = store.Time((first+int64(i))*dayMicros - zoneMicros).In(time.FixedZone("", zoneSeconds))
	}
	within, args := scope.clause("organization_id", 1)
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT day, sum(sent), sum(completed) FROM flow_days WHERE day >= $1`+within+` GROUP BY day`, append([]any{first}, args...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var day, sent, completed int64
			if err := rows.Scan(&day, &sent, &completed); err != nil {
				return err
			}
			if i := day - first; i < int64(days) {
				all[i].Sent, all[i].Completed = sent, completed
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read the numbers of days: %w", err)
	}
	return all, nil
}

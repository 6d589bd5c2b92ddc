package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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

// RecentFlowEvent is a line of a timeline with its flow.
type RecentFlowEvent struct {
	FlowEvent
	FlowID, FlowName string
}

// RecentFlowEvents are the newest events of all flows of a scope.
func (d *DB) RecentFlowEvents(ctx context.Context, scope Scope, limit int) (all []RecentFlowEvent, err error) {
	type numbered struct {
		seq int64
		RecentFlowEvent
	}
	var found []numbered
	organizations := scope.Organizations
	if scope.All {
		organizations = []string{""}
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		for _, organization := range organizations {
			where, args := "e.organization_id = $1", []any{organization}
			if scope.All {
				where, args = "1 = 1", nil
			}
			rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT e.seq, e.at, e.kind, e.subject, e.actor, e.detail, f.id, f.name FROM flow_events e CROSS JOIN main.flows f ON f.id = e.flow_id
				WHERE %s ORDER BY e.seq DESC LIMIT %d`, where, limit), args...)
			if err != nil {
				return err
			}
			some, err := collect(rows, func(row interface{ Scan(...any) error }) (e numbered, err error) {
				var at int64
				err = row.Scan(&e.seq, &at, &e.Kind, &e.Who, &e.Actor, &e.Detail, &e.FlowID, &e.FlowName)
				e.At = store.Time(at)
				return e, err
			})
			if err != nil {
				return err
			}
			found = append(found, some...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("recent events: %w", err)
	}
	slices.SortFunc(found, func(a, b numbered) int { return cmp.Compare(b.seq, a.seq) })
	for _, e := range found[:min(limit, len(found))] {
		all = append(all, e.RecentFlowEvent)
	}
	return all, nil
}

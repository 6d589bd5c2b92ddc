package audit

import (
	"context"
	"errors"
	"time"

	"sealdesk/internal/store"
)

// within bounds the query by the numbers of the events of its time, from included and to not. Times never fall from one event to the next, but
// where the clock was set or a segment begins: each stretch between is looked at by itself.
func (q *query) within(ctx context.Context, tx *store.Tx, from, to time.Time) error {
	if from.IsZero() && to.IsZero() {
		return nil
	}
	bounds, err := stretches(ctx, tx)
	if err != nil {
		return err
	}
	var first, end int64 = lastSeq, 0
	for i := 1; i < len(bounds); i++ {
		low, high := bounds[i-1], bounds[i]
		if !to.IsZero() {
			if high, err = seqAt(ctx, tx, low, high, store.Micros(to)); err != nil {
				return err
			}
		}
		if !from.IsZero() {
			if low, err = seqAt(ctx, tx, low, high, store.Micros(from)); err != nil {
				return err
			}
		}
		if low < high {
			q.timed = q.timed || end > 0 && end < low
			first, end = min(first, low), high
		}
	}
	q.from, q.to = max(q.from, first), min(q.to, end)
	return nil
}

// lastSeq is above the numbers of all events that the log itself has written.
const lastSeq = 1 << 62

// stretches are the numbers at which times may fall, after 0 and before the end.
func stretches(ctx context.Context, tx *store.Tx) (bounds []int64, err error) {
	rows, err := tx.Query(ctx, "SELECT 0 UNION SELECT seq FROM audit_events INDEXED BY audit_by_action WHERE action IN ($1, $2) UNION "+
		"SELECT * FROM (SELECT min(seq, $3 - 1) + 1 FROM audit_events ORDER BY seq DESC LIMIT 1) ORDER BY 1", ActionClock, actionBreak, lastSeq)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, err
		}
		bounds = append(bounds, seq)
	}
	return bounds, rows.Err()
}

// seqAt is the number of the first event at or after a time among low ≤ seq < high, found by halving; high where there is none. Numbers may be
// missing: Verify tells about it.
func seqAt(ctx context.Context, tx *store.Tx, low, high, micros int64) (int64, error) {
	for low < high {
		mid := low + (high-low)/2
		var seq, at int64
		err := tx.QueryRow(ctx, "SELECT seq, time FROM audit_events WHERE seq >= $1 AND seq < $2 ORDER BY seq LIMIT 1", mid, high).Scan(&seq, &at)
		switch {
		case errors.Is(err, store.ErrNotFound):
			high = mid
		case err != nil:
			return 0, err
		case at < micros:
			low = seq + 1
		default:
			high = mid
		}
	}
	return low, nil
}

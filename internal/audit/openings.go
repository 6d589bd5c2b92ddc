package audit

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"sealdesk/internal/store"
)

// Acts that come by the hundred are two events, see Folder: the first act, and the sum of all, whose detail names the first in its field
// "opening". A reader sees the sum alone once there is one.

// isFolded tells that the event may be the first of many.
func (e *Event) isFolded() bool {
	return !e.IsCall() && e.Detail["opening"] == nil && (strings.HasSuffix(e.Action, ".read") || e.Outcome == Denied)
}

// foldedWithin is how long after the first act its sum may come, with time to spare.
const foldedWithin = 2 * foldLongest

// counted finds the first acts among some events whose sum passes the filter as well.
func (l *Log) counted(ctx context.Context, f Filter, events []Event) (map[int64]bool, error) {
	type kind struct{ actor, action string }
	oldest, newest := make(map[kind]*Event), make(map[kind]*Event)
	for i := range events {
		e := &events[i]
		if !e.isFolded() {
			continue
		}
		k := kind{e.Actor.Name, e.Action}
		if known := oldest[k]; known == nil || e.Seq < known.Seq {
			oldest[k] = e
		}
		if known := newest[k]; known == nil || e.Seq > known.Seq {
			newest[k] = e
		}
	}
	found, wanted := make(map[int64]bool), f.chooser()
	for k := range oldest {
		to := newest[k].Time.Add(foldedWithin)
		if !f.To.IsZero() && f.To.Before(to) {
			to = f.To
		}
		sums, err := l.Query(ctx, Filter{Actor: k.actor, Action: k.action, To: to, oldest: true, first: oldest[k].Seq}, 0, MaxPage)
		if err != nil {
			return nil, err
		}
		for i := range sums {
			if opening, ok := sums[i].opening(); ok && wanted(&sums[i]) {
				found[opening] = true
			}
		}
	}
	return found, nil
}

// opening is the number of the first of the acts that the event counts.
func (e *Event) opening() (int64, bool) {
	number, ok := e.Detail["opening"].(json.Number)
	if !ok {
		return 0, false
	}
	seq, err := number.Int64()
	return seq, err == nil
}

// openings gives the sums among some lines the request of their first act, in which the calls were made.
func (l *Log) openings(ctx context.Context, lines []Line) error {
	return l.db.Read(ctx, func(tx *store.Tx) error {
		for i := range lines {
			seq, ok := lines[i].opening()
			if !ok {
				continue
			}
			opening, err := scanEvent(tx.QueryRow(ctx, "SELECT "+columns+" FROM audit_events WHERE seq = $1", seq))
			if err == nil {
				lines[i].request = opening.Actor.RequestID
			}
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		return nil
	})
}

package audit

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"sealdesk/internal/store"
)

// Acts that come by the hundred are two events, see Folder: the first act, and the sum of all, whose detail names the first in its field
// "opening". A reader sees one line: the first act, with what the sum says.

// isFolded tells that the event may be the first of many.
func (e *Event) isFolded() bool {
	return !e.IsCall() && e.Detail["opening"] == nil && (strings.HasSuffix(e.Action, ".read") || e.Outcome == Denied)
}

// foldedWithin is how long after the first act its sum may come, with time to spare. What was counted before a kill may come later.
const foldedWithin = 2 * foldLongest

// When is when the acts happened that the event tells of: of a sum from the first to the last, to the second; else the time of the event, twice.
func (e *Event) When() (from, to time.Time) {
	if _, sum := e.opening(); sum {
		first, _ := e.Detail["from"].(string)
		last, _ := e.Detail["to"].(string)
		from, bad := time.Parse(time.RFC3339, first)
		to, worse := time.Parse(time.RFC3339, last)
		if bad == nil && worse == nil {
			return from, to
		}
	}
	return e.Time, e.Time
}

// together makes one line of the first act of many and their sum: it stands where the first act does, and says what the sum says. A sum whose
// first act the filter leaves out, or that came long after it, is a line of its own, unless all its acts were before the filter's time.
func (l *Log) together(ctx context.Context, f Filter, events []Event) ([]Line, error) {
	sums, err := l.sumsOf(ctx, events)
	if err != nil {
		return nil, err
	}
	firsts, err := l.firstsOf(ctx, events)
	if err != nil {
		return nil, err
	}
	wanted := f.chooser()
	var lines []Line
	for _, e := range events {
		line := Line{Event: e, request: e.Actor.RequestID}
		if sum, ok := sums[e.Seq]; ok {
			line.Detail, line.Sum = sum.Detail, sum.Seq
		}
		if seq, ok := e.opening(); ok {
			first, known := firsts[seq]
			_, last := e.When()
			told := known && e.Time.Sub(first.Time) < foldedWithin && !first.Time.Before(f.From) && (f.To.IsZero() || first.Time.Before(f.To)) && wanted(&first)
			if told || last.Before(f.From.Truncate(time.Second)) {
				continue
			}
			line.request = first.Actor.RequestID
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// sumsOf finds the sums of those first acts among some events that were followed by more, by the number of the first act.
func (l *Log) sumsOf(ctx context.Context, events []Event) (map[int64]Event, error) {
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
	found := make(map[int64]Event)
	for k := range oldest {
		f := Filter{Actor: k.actor, Action: k.action, To: newest[k].Time.Add(foldedWithin), oldest: true, first: oldest[k].Seq}
		for more := true; more; {
			some, err := l.Query(ctx, f, 0, MaxPage)
			if err != nil {
				return nil, err
			}
			for _, e := range some {
				if seq, ok := e.opening(); ok {
					found[seq] = e
				}
				f.first = e.Seq + 1
			}
			more = len(some) == MaxPage
		}
	}
	return found, nil
}

// firstsOf reads the first acts of those among some events that are sums, by their numbers. One that is not there is left out.
func (l *Log) firstsOf(ctx context.Context, events []Event) (map[int64]Event, error) {
	firsts := make(map[int64]Event)
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		var found []Event
		for i := range events {
			seq, ok := events[i].opening()
			if !ok {
				continue
			}
			first, err := scanEvent(tx.QueryRow(ctx, "SELECT "+columns+" FROM audit_events WHERE seq = $1", seq))
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			found = append(found, first)
		}
		if err := l.reveal(ctx, tx, found); err != nil {
			return err
		}
		for _, e := range found {
			firsts[e.Seq] = e
		}
		return nil
	})
	return firsts, err
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

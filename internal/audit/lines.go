package audit

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/store"
)

// callPrefix begins the actions of calls of the platform.
const callPrefix = "platform."

// IsCall tells that the event is half of a call of the platform, or the sum of many.
func (e *Event) IsCall() bool { return strings.HasPrefix(e.Action, callPrefix) }

// Line is one act as a reader sees it: an event that is no call of the platform; or, where a call changed something and no such event tells
// of it, what came of the call. Calls are those that were made in the course of the act, oldest first, each once.
type Line struct {
	Event
	Calls []Call
	// More counts the calls of the act beyond those in Calls.
	More int
	// Sum is the number of the event that counts the act and those after it, whose detail the line has; 0 where there is none.
	Sum int64

	request string // in which the calls were made
}

// Call is a call of the platform in brief.
type Call struct {
	Seq     int64  // of the outcome; of the intent where nothing came of it yet
	Action  string // with its prefix "platform."
	Outcome string // Intent where nothing came of it: it runs, or the program ended meanwhile
	Code    string // why it failed

	request, id string
	intent      int64
}

// maxCallTime is longer than any call takes.
const maxCallTime = time.Hour

// maxCalls is how many calls of one act are listed.
const maxCalls = 50

// lineCondition leaves what may be a line.
const lineCondition = " AND e.outcome <> 'intent' AND e.action <> 'platform.poll'" +
	" AND NOT (e.action >= 'platform.Describe' AND e.action < 'platform.Describf')"

// Lines returns the acts that pass the filter, newest first: those numbered below before, or the newest when before is not positive. A call
// stands under its act where that passes the filter, else it is a line of its own, so that no filter hides what it asks for.
func (l *Log) Lines(ctx context.Context, f Filter, before int64, limit int) ([]Line, error) {
	limit = max(1, min(limit, MaxPage))
	f.acts = true
	var lines []Line
	for {
		events, err := l.Query(ctx, f, before, limit)
		if err != nil {
			return nil, err
		}
		kept, err := l.unfolded(ctx, f, events)
		if err != nil {
			return nil, err
		}
		lines = append(lines, kept...)
		if len(lines) >= limit || len(events) < limit {
			lines = lines[:min(len(lines), limit)]
			return lines, l.addCalls(ctx, lines)
		}
		before = events[len(events)-1].Seq
		if before == 0 {
			return lines, l.addCalls(ctx, lines)
		}
	}
}

// EventsAndCalls returns every event that passes the filter, newest first, the two halves of a call as one: its outcome, or its intent as
// long as nothing came of it.
func (l *Log) EventsAndCalls(ctx context.Context, f Filter, before int64, limit int) ([]Line, error) {
	limit = max(1, min(limit, MaxPage))
	var lines []Line
	answered := make(map[string]bool) // ids of calls whose outcome was met on the way
	for {
		events, err := l.Query(ctx, f, before, limit)
		if err != nil {
			return nil, err
		}
		open, err := l.unanswered(ctx, events, answered)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.Outcome != Intent || f.Outcome == Intent || open[e.Seq] {
				lines = append(lines, Line{Event: e})
			}
		}
		if len(lines) >= limit || len(events) < limit || events[len(events)-1].Seq == 0 {
			return lines[:min(len(lines), limit)], nil
		}
		before = events[len(events)-1].Seq
	}
}

// unanswered finds the intents among some events of which nothing came.
func (l *Log) unanswered(ctx context.Context, events []Event, answered map[string]bool) (map[int64]bool, error) {
	var requests []string
	open := make(map[int64]bool)
	for i := range events {
		e := &events[i]
		id, _ := e.Detail["call"].(string)
		switch {
		case e.Outcome != Intent:
			answered[id] = true
		case e.Actor.RequestID == "":
			open[e.Seq] = !answered[id]
		case !slices.Contains(requests, e.Actor.RequestID):
			requests = append(requests, e.Actor.RequestID)
		}
	}
	calls, err := l.callsOf(ctx, requests)
	for _, c := range calls {
		if c.Outcome == Intent {
			open[c.Seq] = true
		}
	}
	return open, err
}

// LinesFrom is Lines oldest first, from the number from on, for exports. next is where the following part begins, 0 after the last.
func (l *Log) LinesFrom(ctx context.Context, f Filter, from int64, limit int) (lines []Line, next int64, err error) {
	f.acts, f.oldest, f.first = true, true, from
	events, err := l.Query(ctx, f, 0, limit)
	if err != nil {
		return nil, 0, err
	}
	if len(events) == limit {
		next = events[limit-1].Seq + 1
	}
	if lines, err = l.unfolded(ctx, f, events); err != nil {
		return nil, 0, err
	}
	return lines, next, l.addCalls(ctx, lines)
}

// LineOf is the act that an event belongs to, with its calls: the event itself unless it is a call of another act.
func (l *Log) LineOf(ctx context.Context, e *Event) (Line, error) {
	line := Line{Event: *e, request: e.Actor.RequestID}
	if e.IsCall() && e.Actor.RequestID != "" {
		acts, err := l.actsOf(ctx, []string{e.Actor.RequestID})
		if err != nil {
			return line, err
		}
		if len(acts) > 0 {
			line.Event = acts[0]
		}
	}
	lines := []Line{line}
	err := l.addCalls(ctx, lines)
	return lines[0], err
}

// unfolded leaves out the calls whose act passes the filter as well, and makes one line of many acts that were counted.
func (l *Log) unfolded(ctx context.Context, f Filter, events []Event) ([]Line, error) {
	var requests []string
	for i := range events {
		if id := events[i].Actor.RequestID; events[i].IsCall() && id != "" && !slices.Contains(requests, id) {
			requests = append(requests, id)
		}
	}
	acts, err := l.actsOf(ctx, requests)
	if err != nil {
		return nil, err
	}
	wanted := f.chooser()
	told := make(map[string]bool)
	for i := range acts {
		if wanted(&acts[i]) {
			told[acts[i].Actor.RequestID] = true
		}
	}
	return l.together(ctx, f, slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return e.IsCall() && told[e.Actor.RequestID] }))
}

// actsOf reads the events of requests that are no calls, oldest first.
func (l *Log) actsOf(ctx context.Context, requests []string) (acts []Event, err error) {
	if len(requests) == 0 {
		return nil, nil
	}
	list, args := marks(requests)
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		acts, err = readEvents(ctx, tx, "SELECT "+eventColumns+" FROM audit_events e INDEXED BY audit_by_request WHERE e.request_id IN ("+list+
			") AND e.request_id <> '' AND NOT (e.action >= 'platform.' AND e.action < 'platform/') ORDER BY e.seq LIMIT "+strconv.Itoa(MaxPage), args...)
		if err != nil {
			return err
		}
		return l.reveal(ctx, tx, acts)
	})
	return acts, err
}

// addCalls hangs the calls of each request under its first line.
func (l *Log) addCalls(ctx context.Context, lines []Line) error {
	first := make(map[string]*Line)
	var requests []string
	for i := range lines {
		line := &lines[i]
		id := line.request
		if id == "" {
			continue
		}
		if known, ok := first[id]; !ok || line.Seq < known.Seq {
			first[id] = line
		}
		if !slices.Contains(requests, id) {
			requests = append(requests, id)
		}
	}
	calls, err := l.callsOf(ctx, requests)
	if err != nil {
		return err
	}
	for _, c := range calls {
		line := first[c.request]
		switch {
		case slices.ContainsFunc(lines, func(other Line) bool { return other.Seq == c.Seq }):
		case len(line.Calls) == maxCalls:
			line.More++
		default:
			line.Calls = append(line.Calls, c)
		}
	}
	return nil
}

// callsOf reads the calls of requests, oldest first, intent and outcome as one.
func (l *Log) callsOf(ctx context.Context, requests []string) (calls []Call, err error) {
	if len(requests) == 0 {
		return nil, nil
	}
	list, args := marks(requests)
	// A detail that is no JSON, which only tampering makes, must not stop the reader.
	const field = "CASE WHEN json_valid(e.detail) THEN coalesce(json_extract(e.detail, '$.%'), '') ELSE '' END"
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT e.seq, e.action, e.outcome, e.error_code, e.request_id, "+strings.Replace(field, "%", "call", 1)+
			", "+strings.Replace(field, "%", "intent", 1)+" FROM audit_events e INDEXED BY audit_by_request WHERE e.request_id IN ("+list+
			") AND e.request_id <> '' AND e.action >= 'platform.' AND e.action < 'platform/' ORDER BY e.seq LIMIT "+strconv.Itoa(20*MaxPage), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Call
			var intent string
			if err := rows.Scan(&c.Seq, &c.Action, &c.Outcome, &c.Code, &c.request, &c.id, &intent); err != nil {
				return err
			}
			c.intent = -1
			if n, err := strconv.ParseInt(intent, 10, 64); err == nil {
				c.intent = n
			}
			calls = append(calls, c)
		}
		return rows.Err()
	})
	return pair(calls), err
}

// pair leaves out the intents whose outcome is known too.
func pair(calls []Call) []Call {
	ids, numbers := make(map[string]bool), make(map[int64]bool)
	for _, c := range calls {
		if c.Outcome != Intent {
			ids[c.id], numbers[c.intent] = true, true
		}
	}
	return slices.DeleteFunc(calls, func(c Call) bool {
		return c.Outcome == Intent && (c.id != "" && ids[c.id] || numbers[c.Seq])
	})
}

// marks are the placeholders of a list of texts, and the texts as arguments.
func marks(texts []string) (string, []any) {
	args, list := make([]any, len(texts)), make([]string, len(texts))
	for i, text := range texts {
		args[i], list[i] = text, "$"+strconv.Itoa(i+1)
	}
	return strings.Join(list, ", "), args
}

// IntentOf reads the intent of a call whose outcome is known: by the random id that both carry, or, in older events, by the number that the
// outcome names. ErrNotFound when there is none.
func (l *Log) IntentOf(ctx context.Context, outcome *Event) (Event, error) {
	if number, ok := outcome.Detail["intent"].(json.Number); ok {
		seq, err := number.Int64()
		if err != nil {
			return Event{}, ErrNotFound
		}
		return l.Get(ctx, seq)
	}
	id, _ := outcome.Detail["call"].(string)
	if id == "" || !outcome.IsCall() {
		return Event{}, ErrNotFound
	}
	// The intent was written shortly before, by the same actor: those of the action are few.
	for before := outcome.Seq; ; {
		events, err := l.Query(ctx, Filter{Action: outcome.Action, Outcome: Intent}, before, exportPage)
		if err != nil {
			return Event{}, err
		}
		for _, e := range events {
			if e.Detail["call"] == id {
				return e, nil
			}
		}
		if len(events) < exportPage || outcome.Time.Sub(events[len(events)-1].Time) > maxCallTime {
			return Event{}, ErrNotFound
		}
		before = events[len(events)-1].Seq
	}
}

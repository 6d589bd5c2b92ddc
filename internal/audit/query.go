package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/store"
)

// ErrNotFound says that there is no such event.
var ErrNotFound = store.ErrNotFound

// Filter chooses events. Empty fields choose all; several must hold together.
type Filter struct {
	Actor      string // account name
	Action     string
	ObjectType string
	ObjectID   string
	Outcome    string
	From, To   time.Time // From is included, To is not
	Calls      bool      // only what came of calls of the platform
	Text       string    // words and Chinese in any field that people read; see phrases
	Role       string    // role of the actor at the time
	Actions    []string  // any of these
	About      []string  // ids, any of which the event is about or names in its detail
	Except     []string  // none of these actions
	Link       string    // public name of a link, by which somebody acts or which the detail names

	acts   bool  // only what may be a Line
	oldest bool  // oldest first
	first  int64 // no event before this number
}

// chooser tells of single events whether they pass the filter, but for its times: by the same rules as a query.
func (f Filter) chooser() func(*Event) bool {
	wanted, about := phrases(f.Text), exact(f.About)
	same := func(want, got string) bool { return want == "" || want == got }
	return func(e *Event) bool {
		return same(f.Actor, e.Actor.Name) && same(f.Action, e.Action) && same(f.ObjectType, e.ObjectType) && same(f.ObjectID, e.ObjectID) &&
			same(f.Outcome, e.Outcome) && same(f.Role, e.Actor.Role) && (len(f.Actions) == 0 || slices.Contains(f.Actions, e.Action)) && !slices.Contains(f.Except, e.Action) &&
			(f.Link == "" || e.Actor.Session == f.Link || strings.Contains(e.DetailText, f.Link)) && e.matches(wanted, about)
	}
}

// MaxPage is the most events that one Query returns.
const MaxPage = 1000

// setStored fills what needs decoding. A detail that is not JSON, which only tampering makes, is left as text.
func (e *Event) setStored(at, micros int64) {
	e.Time = time.UnixMicro(at).UTC()
	e.Duration = time.Duration(micros) * time.Microsecond
	e.decodeDetail()
}

// decodeDetail reads the detail out of its text.
func (e *Event) decodeDetail() {
	e.Detail = nil
	if e.DetailText == "" {
		return
	}
	d := json.NewDecoder(strings.NewReader(e.DetailText))
	d.UseNumber()
	if err := d.Decode(&e.Detail); err != nil {
		e.Detail = nil
	}
}

// Query returns events that pass the filter, newest first: those numbered below before, or the newest when before is not positive.
func (l *Log) Query(ctx context.Context, f Filter, before int64, limit int) ([]Event, error) {
	limit = max(1, min(limit, MaxPage))
	if before <= 0 {
		before = lastSeq
	}
	wanted, about := phrases(f.Text), exact(f.About)
	if f.Text != "" && len(wanted) == 0 || len(f.About) > 0 && len(about) == 0 {
		return nil, nil // nothing but punctuation was typed: no event has that
	}
	if len(wanted)+len(about) > 0 {
		if err := l.catchUp(ctx); err != nil {
			return nil, err
		}
	}
	var events []Event
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		q := query{l: l, f: f, from: f.first, to: before, limit: limit, oldest: f.oldest}
		err := q.within(ctx, tx, f.From, f.To)
		if err != nil {
			return err
		}
		if err := q.people(ctx, tx, wanted, about); err != nil {
			return err
		}
		events, err = q.events(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("query the audit log: %w", err)
	}
	return events, nil
}

// Get returns one event; ErrNotFound when there is none of that number.
func (l *Log) Get(ctx context.Context, seq int64) (Event, error) {
	var e Event
	err := l.db.Read(ctx, func(tx *store.Tx) (err error) {
		if e, err = scanEvent(tx.QueryRow(ctx, "SELECT "+columns+" FROM audit_events WHERE seq = $1", seq)); err != nil {
			return err
		}
		one := []Event{e}
		err = l.reveal(ctx, tx, one)
		e = one[0]
		return err
	})
	if err != nil {
		return Event{}, fmt.Errorf("read audit event %d: %w", seq, err)
	}
	return e, nil
}

// catchUp indexes when a search would have too many events to read one by one.
func (l *Log) catchUp(ctx context.Context) error {
	l.search.mu.Lock()
	indexed := l.search.indexed
	l.search.mu.Unlock()
	for more := l.size.Load()-indexed > maxTail; more; {
		var err error
		if more, err = l.indexSome(ctx); err != nil {
			return err
		}
	}
	return nil
}

// query is a filter with its times and page turned into numbers: from ≤ seq < to.
type query struct {
	l        *Log
	f        Filter
	actors   []string // what stands in the column for the actor of the filter
	wanted   []phrase // all of these
	about    []phrase // and any of these, unless there are none
	from, to int64
	limit    int
	oldest   bool // oldest first instead of newest
	timed    bool // there are events of another time between: the times of events are compared too
	rare     bool // so few events have the role that they are the shortest list
}

// where writes the conditions on columns and their arguments, after those that stand before.
func (q *query) where(args []any) (string, []any) {
	var b strings.Builder
	add := func(column, value string) {
		if value != "" {
			args = append(args, value)
			b.WriteString(" AND " + column + " = $" + strconv.Itoa(len(args)))
		}
	}
	if len(q.actors) > 0 {
		list := make([]string, len(q.actors))
		for i, name := range q.actors {
			args = append(args, name)
			list[i] = "$" + strconv.Itoa(len(args))
		}
		b.WriteString(" AND e.actor IN (" + strings.Join(list, ", ") + ")")
	}
	add("e.action", q.f.Action)
	add("e.object_id", q.f.ObjectID)
	add("e.object_type", q.f.ObjectType)
	add("e.outcome", q.f.Outcome)
	add("e.role", q.f.Role)
	if q.f.Link != "" {
		args = append(args, q.f.Link)
		n := strconv.Itoa(len(args))
		b.WriteString(" AND (e.session = $" + n + " OR instr(e.detail, $" + n + ") > 0)")
	}
	for _, action := range q.f.Except {
		args = append(args, action)
		b.WriteString(" AND e.action <> $" + strconv.Itoa(len(args)))
	}
	for comparison, at := range map[string]time.Time{" AND e.time >= $": q.f.From, " AND e.time < $": q.f.To} {
		if q.timed && !at.IsZero() {
			args = append(args, store.Micros(at))
			b.WriteString(comparison + strconv.Itoa(len(args)))
		}
	}
	if len(q.f.Actions) > 0 {
		list := make([]string, len(q.f.Actions))
		for i, action := range q.f.Actions {
			args = append(args, action)
			list[i] = "$" + strconv.Itoa(len(args))
		}
		b.WriteString(" AND e.action IN (" + strings.Join(list, ", ") + ")")
	}
	if q.f.acts {
		b.WriteString(lineCondition)
	}
	if q.f.Calls {
		b.WriteString(" AND e.action >= 'platform.' AND e.action < 'platform/' AND e.outcome <> 'intent'")
	}
	return b.String(), args
}

// index names the index that suits the filter best, and a condition that a partial index needs in the text, where a bound value does not
// show. SQLite's own choice among equals is often the longer list.
func (q *query) index() (name, condition string) {
	const role, roles = " INDEXED BY audit_by_role", " AND e.role NOT IN ('', 'system')"
	byRole := q.f.Role != "" && q.f.Role != RoleSystem
	switch f := q.f; {
	case f.ObjectID != "":
		return " INDEXED BY audit_by_object", " AND e.object_id <> ''"
	case q.rare:
		return role, roles
	case f.Actor != "" && f.Action != "":
		return " INDEXED BY audit_by_actor_action", ""
	case f.Actor != "":
		return " INDEXED BY audit_by_actor", ""
	case f.Action != "":
		return " INDEXED BY audit_by_action", ""
	case f.Calls:
		return " INDEXED BY audit_by_call", ""
	case f.Outcome == Failed || f.Outcome == Denied:
		return " INDEXED BY audit_by_trouble", " AND e.outcome IN ('failed', 'denied')"
	case byRole:
		return role, roles
	}
	return " NOT INDEXED", ""
}

// eventColumns are the columns of the table e.
var eventColumns = "e." + strings.ReplaceAll(columns, ", ", ", e.")

// events finds what passes, in the words that people read.
func (q *query) events(ctx context.Context, tx *store.Tx) (events []Event, err error) {
	if len(q.wanted)+len(q.about) > 0 {
		return q.search(ctx, tx)
	}
	if events, err = q.plain(ctx, tx); err != nil {
		return nil, err
	}
	return events, q.l.reveal(ctx, tx, events)
}

// plain finds events without looking for text.
func (q *query) plain(ctx context.Context, tx *store.Tx) ([]Event, error) {
	if len(q.actors) > 1 {
		return q.everyActor(ctx, tx)
	}
	if err := q.weighRole(ctx, tx); err != nil {
		return nil, err
	}
	if len(q.f.Actions) > 0 && !q.rare {
		return q.anyAction(ctx, tx)
	}
	if f := q.f; !q.rare && f.ObjectID == "" && f.Outcome == "" && ((f.Actor == "") != (f.Action == "") || f.Calls && f.Actor == "") {
		return q.everyOutcome(ctx, tx)
	}
	where, args := q.where([]any{q.from, q.to, q.limit})
	index, condition := q.index()
	return readEvents(ctx, tx, "SELECT "+eventColumns+" FROM audit_events e"+index+" WHERE e.seq >= $1 AND e.seq < $2"+where+condition+
		" ORDER BY e.seq "+q.order()+" LIMIT $3", args...)
}

// fewEvents is how many events are read past in a millisecond or two.
const fewEvents = 2000

// weighRole looks whether the role of the filter is one of few events.
func (q *query) weighRole(ctx context.Context, tx *store.Tx) error {
	if q.f.Role == "" || q.f.Role == RoleSystem {
		return nil
	}
	var events int
	err := tx.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM audit_events INDEXED BY audit_by_role WHERE role = $1 AND role NOT IN ('', 'system') LIMIT $2)",
		q.f.Role, fewEvents).Scan(&events)
	q.rare = events < fewEvents
	return err
}

// everyActor merges the events of the names that stand for one actor: in clear in events of before there were tokens, and the token.
func (q *query) everyActor(ctx context.Context, tx *store.Tx) ([]Event, error) {
	var all []Event
	for _, name := range q.actors {
		one := *q
		one.actors = []string{name}
		events, err := one.plain(ctx, tx)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	slices.SortFunc(all, func(a, b Event) int {
		if q.oldest {
			a, b = b, a
		}
		return cmp.Compare(b.Seq, a.Seq)
	})
	if q.limit >= 0 {
		all = all[:min(len(all), q.limit)]
	}
	return all, nil
}

// everyOutcome merges the numbers out of the lists of the outcomes, which the indexes of actors, actions and calls keep apart, and reads the
// events of those that are left.
func (q *query) everyOutcome(ctx context.Context, tx *store.Tx) ([]Event, error) {
	index, _ := q.index()
	args := []any{q.from, q.to, q.limit}
	var lists []string
	for _, outcome := range Outcomes() {
		one := *q
		one.f.Outcome = outcome
		lists, args = one.list(lists, index, "", args)
	}
	return q.merge(ctx, tx, lists, args)
}

// anyAction merges the numbers out of the lists of several actions.
func (q *query) anyAction(ctx context.Context, tx *store.Tx) ([]Event, error) {
	args := []any{q.from, q.to, q.limit}
	var lists []string
	for _, action := range q.f.Actions {
		if q.f.Action != "" && q.f.Action != action {
			continue
		}
		one := *q
		one.f.Actions, one.f.Action = nil, action
		outcomes := []string{q.f.Outcome}
		if q.f.Outcome == "" && q.f.Actor == "" && q.f.ObjectID == "" {
			outcomes = Outcomes()
		}
		for _, outcome := range outcomes {
			one.f.Outcome = outcome
			index, condition := one.index()
			lists, args = one.list(lists, index, condition, args)
		}
	}
	return q.merge(ctx, tx, lists, args)
}

// list adds a list of the numbers of the events that pass, in their order and no longer than the page.
func (q *query) list(lists []string, index, condition string, args []any) ([]string, []any) {
	where, args := q.where(args)
	return append(lists, "SELECT * FROM (SELECT e.seq AS n FROM audit_events e"+index+" WHERE e.seq >= $1 AND e.seq < $2"+where+condition+
		" ORDER BY n "+q.order()+" LIMIT $3)"), args
}

// merge reads the events of the numbers that are left of several lists.
func (q *query) merge(ctx context.Context, tx *store.Tx, lists []string, args []any) ([]Event, error) {
	if len(lists) == 0 {
		return nil, nil
	}
	end := " ORDER BY n " + q.order() + " LIMIT $3"
	return readEvents(ctx, tx, "SELECT "+eventColumns+" FROM (SELECT n FROM ("+strings.Join(lists, " UNION ALL ")+")"+end+
		") CROSS JOIN audit_events e ON e.seq = n ORDER BY n "+q.order(), args...)
}

func (q *query) order() string {
	if q.oldest {
		return "ASC"
	}
	return "DESC"
}

// search reads the newest, unindexed events one by one and finds the others through the index.
func (q *query) search(ctx context.Context, tx *store.Tx) ([]Event, error) {
	var indexed int64
	if err := tx.QueryRow(ctx, "SELECT indexed FROM audit_search_state").Scan(&indexed); err != nil {
		return nil, err
	}
	tail := *q
	tail.from, tail.limit = max(q.from, indexed), -1
	events, err := tail.plain(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := q.l.reveal(ctx, tx, events); err != nil {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(e Event) bool { return !e.matches(q.wanted, q.about) })
	if !q.oldest && len(events) >= q.limit {
		return events[:q.limit], nil
	}
	limit := q.limit
	if !q.oldest {
		limit -= len(events)
	}
	where, args := q.where([]any{q.from, min(q.to, indexed), limit, match(append(q.tags(), q.wanted...), q.about)})
	found, err := readEvents(ctx, tx, "SELECT "+eventColumns+" FROM audit_search s CROSS JOIN audit_events e ON e.seq = s.rowid"+
		" WHERE s.words MATCH $4 AND s.rowid >= $1 AND s.rowid < $2"+where+" ORDER BY s.rowid "+q.order()+" LIMIT $3", args...)
	if err != nil {
		return nil, err
	}
	if err := q.l.reveal(ctx, tx, found); err != nil {
		return nil, err
	}
	if q.oldest {
		all := append(found, events...)
		return all[:min(len(all), q.limit)], nil
	}
	return append(events, found...), nil
}

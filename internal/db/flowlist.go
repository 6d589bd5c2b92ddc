package db

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sealdesk/internal/store"
)

// FlowLine is a flow as lists show it: what stands in its row, without its document and people.
type FlowLine struct {
	ID, OrganizationID, Name, Problem, CreatedBy string
	State                                        FlowState
	Approvers, Signed                            int
	WaitingOn                                    string    // names of the people whose turn it is
	WaitingSince                                 time.Time // zero: it waits for nobody
	StuckAt                                      time.Time // from when on it counts as stuck; zero: never
	Deadline, Created, Updated, Completed        time.Time
}

// FlowOrder is what a list of flows is ordered by.
type FlowOrder string

// The orders: the newest first, the nearest deadline first, the longest stuck first.
const (
	FlowsByCreated  FlowOrder = "created"
	FlowsByDeadline FlowOrder = "deadline"
	FlowsByStuck    FlowOrder = "stuck"
)

// FlowFilter narrows and orders a list of flows. Zero fields narrow nothing; the ends of ranges do not belong to them.
type FlowFilter struct {
	States                   []FlowState // any of them
	Stuck                    bool        // waiting for too long, or with a problem; always ordered by it
	Organization             string
	CreatedBy                string // name of an account
	WaitingOn                string // the beginning of the name of somebody who has to act
	CreatedFrom, CreatedTo   time.Time
	DeadlineFrom, DeadlineTo time.Time // a range of deadlines orders by them
	Query                    string    // words in the names and numbers of the flow, its people and their organisations; orders by creation
	Order                    FlowOrder // empty: by creation
}

// order is the order that the filter leads to: the one that an index serves.
func (f FlowFilter) order() FlowOrder {
	switch {
	case MatchQuery(f.Query) != "":
		return FlowsByCreated
	case f.Stuck || f.Order == FlowsByStuck:
		return FlowsByStuck
	case f.Order == FlowsByDeadline || !f.DeadlineFrom.IsZero() || !f.DeadlineTo.IsZero():
		return FlowsByDeadline
	}
	return FlowsByCreated
}

// searchSteps bounds how many hits of a search a page looks at: where few of them pass the other filters, the page has fewer rows and the
// next one goes on from there.
const searchSteps = 2000

// Flows lists the flows of a scope; next is where the following page starts, empty at the end. Whatever the filter, an index gives the order,
// so that a page costs the same among a thousand flows and a million.
func (d *DB) Flows(ctx context.Context, scope Scope, filter FlowFilter, page Page) (all []FlowLine, next string, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		var found []flowKey
		var more bool
		for _, s := range d.flowStatements(scope, filter, page) {
			part, rest, err := s.run(ctx, tx, page.limit())
			if err != nil {
				return fmt.Errorf("list flows: %w", err)
			}
			found, more = append(found, part...), more || rest
		}
		slices.SortFunc(found, func(a, b flowKey) int {
			order := cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
			if filter.order() == FlowsByCreated {
				return -order
			}
			return order
		})
		found, next = cutFlows(found, page.size(), more)
		all, err = findFlowLines(ctx, tx, found)
		return err
	})
	return all, next, err
}

// flowKey is the place of a flow in a list. A key without an id is where a search stopped.
type flowKey struct {
	key int64
	id  string
}

func cutFlows(found []flowKey, size int, more bool) ([]flowKey, string) {
	var next string
	position := func(k flowKey) string {
		return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(k.key, 36) + "." + k.id))
	}
	switch last := len(found) - 1; {
	case len(found) > size:
		found = found[:size]
		next = position(found[size-1])
	case more:
		next = position(found[last])
	}
	return slices.DeleteFunc(found, func(k flowKey) bool { return k.id == "" }), next
}

// flowStatement finds keys in order. A search also tells of the hits that do not pass.
type flowStatement struct {
	text   string
	args   []any
	search bool
}

func (s *flowStatement) arg(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

func (s *flowStatement) anyOf(column string, values []string) string {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = s.arg(v)
	}
	return column + " IN (" + strings.Join(marks, ", ") + ")"
}

// run reads up to limit keys. rest tells that a search stopped before its end; the last key is then where.
func (s *flowStatement) run(ctx context.Context, tx *store.Tx, limit int) (found []flowKey, rest bool, err error) {
	rows, err := tx.Query(ctx, s.text, s.args...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for steps := 1; rows.Next(); steps++ {
		var k flowKey
		var passes bool
		if err := rows.Scan(&k.key, &k.id, &passes); err != nil {
			return nil, false, err
		}
		if passes {
			found = append(found, k)
		}
		if len(found) == limit {
			return found, false, nil
		}
		if s.search && steps == searchSteps {
			return append(found, flowKey{key: k.key}), true, nil
		}
	}
	return found, false, rows.Err()
}

// flowStatements are the queries whose answers together are the list: a search, the tasks of people, or one for each organisation and
// state, since an index orders within those.
func (d *DB) flowStatements(scope Scope, f FlowFilter, page Page) []*flowStatement {
	if !scope.All && f.Organization != "" && !scope.Allows(f.Organization) {
		return nil
	}
	if query := MatchQuery(f.Query); query != "" {
		return []*flowStatement{d.searchFlows(scope, f, query, page)}
	}
	if f.WaitingOn != "" {
		return []*flowStatement{d.waitingFlows(scope, f, page)}
	}
	plan := f.plan(!scope.All || f.Organization != "")
	organizations, states := []string{""}, []FlowState{0}
	if plan.byOrganization {
		organizations = scope.Organizations
		if f.Organization != "" {
			organizations = []string{f.Organization}
		}
	}
	if plan.byState {
		if states = f.States; len(states) == 0 {
			states = everyFlowState()
		}
	}
	var all []*flowStatement
	for _, organization := range organizations {
		for _, state := range states {
			all = append(all, d.walkFlows(scope, f, plan, organization, state, page))
		}
	}
	return all
}

// flowPlan is the index that a list is read from, and what stands before the order in it.
type flowPlan struct {
	index                   string
	byOrganization, byState bool
}

// plan chooses the index; bound tells that the list is of certain organisations only.
func (f FlowFilter) plan(bound bool) flowPlan {
	order, own, states := f.order(), f.CreatedBy != "", len(f.States) > 0
	switch {
	case order == FlowsByStuck && bound:
		return flowPlan{"flows_organization_stuck", true, false}
	case order == FlowsByStuck:
		return flowPlan{"flows_stuck", false, false}
	case order == FlowsByDeadline && own:
		return flowPlan{"flows_creator_deadline", false, true}
	case order == FlowsByDeadline && bound:
		return flowPlan{"flows_organization_deadline", true, true}
	case order == FlowsByDeadline:
		return flowPlan{"flows_deadline", false, true}
	case own:
		return flowPlan{"flows_creator", false, true}
	case bound && states:
		return flowPlan{"flows_organization_state", true, true}
	case bound:
		return flowPlan{"flows_organization", true, false}
	case states:
		return flowPlan{"flows_state", false, true}
	}
	return flowPlan{"flows_created", false, false}
}

// walkFlows reads an index in its order.
func (d *DB) walkFlows(scope Scope, f FlowFilter, plan flowPlan, organization string, state FlowState, page Page) *flowStatement {
	s := new(flowStatement)
	where := d.flowRanges(s, f)
	if plan.byOrganization {
		where = append(where, "organization_id = "+s.arg(organization))
	} else {
		where = append(where, s.within(scope, f)...)
	}
	if plan.byState {
		where = append(where, "state = "+strconv.FormatInt(int64(state), 10))
	} else {
		where = append(where, ofStates(f)...)
	}
	key, direction := f.order().column()
	where = append(where, after(s, key, direction, page)...)
	s.text = fmt.Sprintf(`SELECT %s, id, 1 FROM main.flows INDEXED BY %s WHERE %s ORDER BY %s %s, id %s LIMIT %d`, key, plan.index,
		strings.Join(append(where, "1 = 1"), " AND "), key, direction, direction, page.limit())
	return s
}

func (o FlowOrder) column() (column, direction string) {
	switch o {
	case FlowsByDeadline:
		return "deadline", "ASC"
	case FlowsByStuck:
		return "stuck_at", "ASC"
	}
	return "created", "DESC"
}

// after is the condition that a page starts behind its position.
func after(s *flowStatement, key, direction string, page Page) []string {
	at, id, ok := parsePosition(page.After)
	if !ok {
		return nil
	}
	than := ">"
	if direction == "DESC" {
		than = "<"
	}
	return []string{fmt.Sprintf("(%s, id) %s (%s, %s)", key, than, s.arg(at), s.arg(id))}
}

// within is the condition of the scope, where no index was chosen by it.
func (s *flowStatement) within(scope Scope, f FlowFilter) []string {
	switch {
	case f.Organization != "":
		return []string{"organization_id = " + s.arg(f.Organization)}
	case scope.All:
		return nil
	case len(scope.Organizations) == 0:
		return []string{"1 = 0"}
	}
	return []string{s.anyOf("organization_id", scope.Organizations)}
}

func ofStates(f FlowFilter) []string {
	if len(f.States) == 0 {
		return nil
	}
	marks := make([]string, len(f.States))
	for i, state := range f.States {
		marks[i] = strconv.FormatInt(int64(state), 10)
	}
	return []string{"state IN (" + strings.Join(marks, ", ") + ")"}
}

// flowRanges are the conditions besides organisation and state.
func (d *DB) flowRanges(s *flowStatement, f FlowFilter) (where []string) {
	limit := func(column, than string, at time.Time) {
		if !at.IsZero() {
			where = append(where, column+than+s.arg(store.Micros(at)))
		}
	}
	limit("created", " >= ", f.CreatedFrom)
	limit("created", " < ", f.CreatedTo)
	limit("deadline", " >= ", f.DeadlineFrom)
	limit("deadline", " < ", f.DeadlineTo)
	if f.CreatedBy != "" {
		where = append(where, "created_by = "+s.arg(f.CreatedBy))
	}
	if f.WaitingOn != "" {
		where = append(where, "waiting_on <> ''")
	}
	if f.order() == FlowsByStuck || f.Stuck {
		where = append(where, "stuck_at > 0")
	}
	if f.Stuck {
		limit("stuck_at", " <= ", d.now())
	}
	return where
}

// searchFlows walks the hits of a search, the newest first: rows of the index are numbered in the order in which the flows were made.
func (d *DB) searchFlows(scope Scope, f FlowFilter, query string, page Page) *flowStatement {
	s := &flowStatement{search: true}
	hits := "search_terms MATCH " + s.arg(query)
	if at, _, ok := parsePosition(page.After); ok {
		hits += " AND search_terms.rowid < " + s.arg(at)
	}
	where := append(append(append(s.within(scope, f), ofStates(f)...), d.flowRanges(s, f)...), "1 = 1")
	if f.WaitingOn != "" {
		where = append(where, "flows."+s.waitingOn(f.WaitingOn))
	}
	s.text = `SELECT search_terms.rowid, flows.id, ` + strings.Join(where, " AND ") + ` FROM search_terms CROSS JOIN search_objects o ON o.id = search_terms.rowid
		CROSS JOIN main.flows ON flows.id = o.object_id WHERE ` + hits + ` AND o.kind = 'flows' ORDER BY search_terms.rowid DESC`
	return s
}

// waitingFlows starts from the open tasks of some people, which are few.
func (d *DB) waitingFlows(scope Scope, f FlowFilter, page Page) *flowStatement {
	s := new(flowStatement)
	where := []string{s.waitingOn(f.WaitingOn)}
	where = append(append(append(where, s.within(scope, f)...), ofStates(f)...), d.flowRanges(s, f)...)
	key, direction := f.order().column()
	where = append(where, after(s, key, direction, page)...)
	// The plus keeps other indexes from being chosen for the order: it would be a walk over all flows.
	s.text = fmt.Sprintf(`SELECT %s, id, 1 FROM main.flows WHERE %s ORDER BY +%s %s, id %s LIMIT %d`, key, strings.Join(where, " AND "), key, direction, direction, page.limit())
	return s
}

// waitingOn is the condition that somebody whose name begins like this has to act.
func (s *flowStatement) waitingOn(name string) string {
	return "id IN (SELECT flow_id FROM main.flow_approvers INDEXED BY flow_approvers_waiting WHERE status IN (0, 12, 13) AND user_name >= " + s.arg(name) +
		" AND user_name < " + s.arg(name+string(utf8.MaxRune)) + ")"
}

const flowLineColumns = `id, organization_id, name, problem, created_by, state, approvers, signed, waiting_on, waiting_since, stuck_at, deadline, created, updated, completed`

// findFlowLines reads the flows of the keys, in their order.
func findFlowLines(ctx context.Context, tx *store.Tx, keys []flowKey) ([]FlowLine, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	s := new(flowStatement)
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.id
	}
	rows, err := tx.Query(ctx, `SELECT `+flowLineColumns+` FROM main.flows WHERE `+s.anyOf("id", ids), s.args...)
	if err != nil {
		return nil, fmt.Errorf("list flows: %w", err)
	}
	lines, err := collect(rows, scanFlowLine)
	if err != nil {
		return nil, fmt.Errorf("list flows: %w", err)
	}
	place := make(map[string]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(lines, func(a, b FlowLine) int { return place[a.ID] - place[b.ID] })
	return lines, nil
}

func scanFlowLine(row interface{ Scan(...any) error }) (FlowLine, error) {
	var f FlowLine
	var since, stuck, deadline, created, updated, completed int64
	err := row.Scan(&f.ID, &f.OrganizationID, &f.Name, &f.Problem, &f.CreatedBy, &f.State, &f.Approvers, &f.Signed, &f.WaitingOn, &since, &stuck, &deadline,
		&created, &updated, &completed)
	f.WaitingSince, f.StuckAt, f.Deadline, f.Created, f.Updated, f.Completed = timeOrZero(since), timeOrZero(stuck), store.Time(deadline), store.Time(created),
		store.Time(updated), timeOrZero(completed)
	return f, err
}

package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/store"
)

// seedFlows puts n flows into the tables as they are after years of work: three organisations, every state, half of the open ones waiting
// for 王小明. The i-th was made i minutes ago.
func seedFlows(t testing.TB, d *DB, n int) {
	t.Helper()
	ctx := context.Background()
	states := everyFlowState()
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		for i := n - 1; i >= 0; i-- {
			id, state, created := fmt.Sprintf("flow%07d", i), states[i%len(states)], d.now().Add(-time.Duration(i)*time.Minute)
			problem := ""
			if state == FlowFailed {
				problem = "InternalError"
			}
			name := fmt.Sprintf("采购合同 %07d", i)
			if i%100 == 3 {
				name = fmt.Sprintf("办公室租赁合同 %07d", i)
			}
			if _, err := tx.Exec(ctx, `INSERT INTO flows (id, platform_id, revision, organization_id, name, document, state, problem, message, deadline, created_by,
				created, updated, completed) VALUES ($1, $2, 1, $3, $4, '{}', $5, $6, '', $7, $8, $9, $9, 0)`, id, "platform"+id, fmt.Sprintf("org%d", i%3), name,
				int64(state), problem, store.Micros(created.AddDate(0, 0, 20)), []string{"admin", "li"}[i/10%2], store.Micros(created)); err != nil {
				return err
			}
			if err := bump(ctx, tx, flowCounter(state), fmt.Sprintf("org%d", i%3), 1); err != nil {
				return err
			}
			people := []string{"王小明", "李娜"}
			for k, who := range people {
				status := map[FlowState][2]int64{FlowSending: {-1, -1}, FlowFailed: {-1, -1}, FlowSigning: {1, 0}, FlowCreated: {0, 0}, FlowSigned: {1, 1}, FlowArchived: {1, 1}}[state][k]
				if _, err := tx.Exec(ctx, `INSERT INTO flow_approvers (flow_id, id, position, step, user_id, user_name, organization_id, organization_name, channel,
					sign_id, status, message, sent, decided) VALUES ($1, $2, $3, 1, $4, $5, '', '', 'NONE', $2, $6, '', $7, 0)`, id, fmt.Sprint("a", k), k,
					fmt.Sprint("user", k), who, status, store.Micros(created)); err != nil {
					return err
				}
			}
			if err := index(ctx, tx, "flows", id, append(people, name, id, "platform"+id)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func flowIDs(t *testing.T, d *DB, scope Scope, f FlowFilter) (ids []string) {
	t.Helper()
	for after, first := "", true; first || after != ""; first = false {
		lines, next, err := d.Flows(context.Background(), scope, f, Page{After: after, Limit: 7})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			ids = append(ids, l.ID)
		}
		after = next
	}
	return ids
}

// Every filter is compared with a plain walk over all flows, page by page, so that neither a row is lost nor shown twice.
func TestTheListOfFlowsGivesWhatEveryFilterAsksFor(t *testing.T) {
	d, now := openTest(t)
	seedFlows(t, d, 120)
	*now = now.Add(2 * time.Hour)
	ctx := context.Background()
	var all []FlowLine
	if err := d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+flowLineColumns+` FROM flows`)
		if err == nil {
			all, err = collect(rows, scanFlowLine)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ago := func(minutes int) time.Time { return now.Add(-2*time.Hour - time.Duration(minutes)*time.Minute) }
	bound := Scope{Organizations: []string{"org0", "org2"}}
	for name, c := range map[string]struct {
		scope  Scope
		filter FlowFilter
		passes func(FlowLine) bool
	}{
		"all":               {Everything(), FlowFilter{}, func(FlowLine) bool { return true }},
		"a bound scope":     {bound, FlowFilter{}, func(f FlowLine) bool { return f.OrganizationID != "org1" }},
		"an empty scope":    {Scope{}, FlowFilter{}, func(FlowLine) bool { return false }},
		"outside the scope": {bound, FlowFilter{Organization: "org1"}, func(FlowLine) bool { return false }},
		"two states": {Everything(), FlowFilter{States: []FlowState{FlowSigning, FlowFailed}},
			func(f FlowLine) bool { return f.State == FlowSigning || f.State == FlowFailed }},
		"organisation, state and order by deadline": {Everything(), FlowFilter{Organization: "org1", States: []FlowState{FlowSigning}, Order: FlowsByDeadline},
			func(f FlowLine) bool { return f.OrganizationID == "org1" && f.State == FlowSigning }},
		"one's own, bound": {bound, FlowFilter{CreatedBy: "li"}, func(f FlowLine) bool { return f.CreatedBy == "li" && f.OrganizationID != "org1" }},
		"one's own, by deadline": {Everything(), FlowFilter{CreatedBy: "li", DeadlineTo: ago(50).AddDate(0, 0, 20)},
			func(f FlowLine) bool { return f.CreatedBy == "li" && f.Deadline.Before(ago(50).AddDate(0, 0, 20)) }},
		"both ranges": {bound, FlowFilter{CreatedFrom: ago(80), CreatedTo: ago(10), DeadlineFrom: ago(60).AddDate(0, 0, 20)},
			func(f FlowLine) bool {
				return f.OrganizationID != "org1" && !f.Created.Before(ago(80)) && f.Created.Before(ago(10)) && !f.Deadline.Before(ago(60).AddDate(0, 0, 20))
			}},
		"stuck": {Everything(), FlowFilter{Stuck: true}, func(f FlowLine) bool { return !f.StuckAt.IsZero() && !f.StuckAt.After(*now) }},
		"stuck in an organisation, one's own": {bound, FlowFilter{Stuck: true, Organization: "org2", CreatedBy: "admin"},
			func(f FlowLine) bool {
				return !f.StuckAt.IsZero() && !f.StuckAt.After(*now) && f.OrganizationID == "org2" && f.CreatedBy == "admin"
			}},
		"waiting for somebody": {bound, FlowFilter{WaitingOn: "王小明"}, func(f FlowLine) bool { return f.State == FlowCreated && f.OrganizationID != "org1" }},
		"waiting, by deadline": {Everything(), FlowFilter{WaitingOn: "李", Order: FlowsByDeadline},
			func(f FlowLine) bool { return f.State == FlowCreated || f.State == FlowSigning }},
		"a search":            {Everything(), FlowFilter{Query: "租赁"}, func(f FlowLine) bool { return strings.Contains(f.Name, "租赁") }},
		"a search by number":  {Everything(), FlowFilter{Query: "platformflow0000042"}, func(f FlowLine) bool { return f.ID == "flow0000042" }},
		"a search and filter": {bound, FlowFilter{Query: "王小明", States: []FlowState{FlowSigned}}, func(f FlowLine) bool { return f.State == FlowSigned && f.OrganizationID != "org1" }},
		"a search of what waits": {Everything(), FlowFilter{Query: "采购", WaitingOn: "李娜"},
			func(f FlowLine) bool {
				return strings.Contains(f.Name, "采购") && (f.State == FlowCreated || f.State == FlowSigning)
			}},
	} {
		var want []FlowLine
		for _, f := range all {
			if c.passes(f) {
				want = append(want, f)
			}
		}
		slices.SortFunc(want, func(a, b FlowLine) int {
			switch c.filter.order() {
			case FlowsByDeadline:
				return a.Deadline.Compare(b.Deadline)
			case FlowsByStuck:
				return a.StuckAt.Compare(b.StuckAt)
			}
			return b.Created.Compare(a.Created)
		})
		var ids []string
		for _, f := range want {
			ids = append(ids, f.ID)
		}
		if got := flowIDs(t, d, c.scope, c.filter); !slices.Equal(got, ids) {
			t.Errorf("%s: got %v, want %v", name, got, ids)
		}
	}
}

// Whatever is combined, SQLite reads an index in the order of the list. What it sorts is bounded: the open tasks of some people.
func TestEveryFilterOfFlowsIsServedByAnIndex(t *testing.T) {
	d, now := openTest(t)
	ctx := context.Background()
	pages := []Page{{}, {After: "MS4x"}}
	for mask := range 1 << 8 {
		on := func(bit int) bool { return mask>>bit&1 == 1 }
		var f FlowFilter
		scope := Everything()
		if on(0) {
			scope = Scope{Organizations: []string{"org0", "org1"}}
		}
		if on(1) {
			f.Organization = "org1"
		}
		if on(2) {
			f.States = []FlowState{FlowSigning, FlowCreated}
		}
		if on(3) {
			f.CreatedBy = "li"
		}
		if on(4) {
			f.CreatedFrom, f.CreatedTo = now.AddDate(0, -1, 0), *now
		}
		if on(5) {
			f.DeadlineTo = *now
		}
		if on(6) {
			f.Stuck = true
		}
		if on(7) {
			f.WaitingOn = "王"
		}
		for _, page := range pages {
			for _, s := range d.flowStatements(scope, f, page) {
				plan := explain(t, d, ctx, s)
				if strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") && !on(7) {
					t.Errorf("%+v: %s\n%s", f, s.text, plan)
				}
			}
		}
	}
	for _, s := range d.flowStatements(Everything(), FlowFilter{Query: "采购", States: []FlowState{FlowFailed}}, Page{}) {
		if plan := explain(t, d, ctx, s); strings.Contains(plan, "TEMP B-TREE") || strings.Count(plan, "SCAN") != 1 {
			t.Errorf("a search: %s", plan)
		}
	}
}

func explain(t *testing.T, d *DB, ctx context.Context, s *flowStatement) (plan string) {
	t.Helper()
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "EXPLAIN QUERY PLAN "+s.text, s.args...)
		if err != nil {
			return err
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				return err
			}
			// A walk along an index whose order is the list's is what the list is made for.
			plan += strings.Replace(detail, "SCAN main.flows USING", "WALK main.flows USING", 1) + "\n"
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("%v: %s", err, s.text)
	}
	return plan
}

func TestALongSearchGoesOnPageByPage(t *testing.T) {
	d, _ := openTest(t)
	seedFlows(t, d, searchSteps+200)
	f := FlowFilter{Query: "合同", CreatedTo: d.now().Add(-(searchSteps + 100) * time.Minute)}
	lines, next, err := d.Flows(context.Background(), Everything(), f, Page{})
	if err != nil || len(lines) != 0 || next == "" {
		t.Fatalf("the first page has %d rows, next %q, %v", len(lines), next, err)
	}
	if got := len(flowIDs(t, d, Everything(), f)); got != 99 {
		t.Errorf("found %d in all", got)
	}
}

func TestARowOfTheListFollowsItsFlow(t *testing.T) {
	d, now := openTest(t)
	seedFlows(t, d, 10)
	ctx := context.Background()
	line := func(id string) FlowLine {
		t.Helper()
		var all []FlowLine
		err := d.store.Read(ctx, func(tx *store.Tx) (err error) { all, err = findFlowLines(ctx, tx, []flowKey{{id: id}}); return err })
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		return all[0]
	}
	signing := "flow0000003"
	before := line(signing)
	if before.Approvers != 2 || before.Signed != 1 || before.WaitingOn != "李娜" || !before.WaitingSince.Equal(before.Created) || before.StuckAt.Sub(before.WaitingSince) != 72*time.Hour {
		t.Errorf("signing: %+v", before)
	}
	if failed := line("flow0000000"); failed.WaitingOn != "" || !failed.StuckAt.Equal(failed.Updated) {
		t.Errorf("failed: %+v", failed)
	}
	f, err := d.Flow(ctx, Everything(), signing)
	if err != nil {
		t.Fatal(err)
	}
	report := FlowReport{State: FlowSigned, Completed: *now}
	for _, a := range f.Approvers {
		report.Approvers = append(report.Approvers, ApproverReport{SignID: a.SignID, Status: ApproverSigned, Decided: *now})
	}
	if _, err := d.ApplyReport(ctx, signing, report); err != nil {
		t.Fatal(err)
	}
	if got := line(signing); got.Signed != 2 || got.WaitingOn != "" || !got.WaitingSince.IsZero() || !got.StuckAt.IsZero() {
		t.Errorf("signed: %+v", got)
	}
	days, err := d.FlowDays(ctx, Everything(), 30)
	if err != nil || len(days) != 30 || days[29].Completed != 1 || days[29].Day.Format(time.DateOnly) != "2026-11-23" {
		t.Errorf("days: %+v, %v", days, err)
	}
	if days, err := d.FlowDays(ctx, Scope{Organizations: []string{"org1"}}, 30); err != nil || days[29].Completed != 0 {
		t.Errorf("days of another organisation: %+v, %v", days, err)
	}
}

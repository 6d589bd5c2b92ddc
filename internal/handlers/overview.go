package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// How much the overview shows.
const (
	overviewTasks  = 5 // of a kind
	overviewFlows  = 8
	overviewEvents = 8
	overviewDays   = 30
	// expiresSoon is how near the deadlines are that the overview lists.
	expiresSoon = 3 * 24 * time.Hour
)

// showOverview is the start page: what waits for the reader, whom contracts wait for, what expires soon, how much there is, what has happened;
// while something is missing for the first contract, what to do next.
func (s *server) showOverview(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	counts, err := s.db.Counters(ctx, scope(ctx))
	if err != nil {
		return err
	}
	data := templates.OverviewData{Steps: nextSteps(ctx, counts), Figures: figures(ctx, counts), Now: s.now()}
	toSign, _, err := s.db.WaitingSignings(ctx, account(ctx), db.Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(toSign) > 0 { // what others have sent comes before one's own first contract
		data.Steps = nil
	}
	if len(data.Steps) == 0 {
		if err := s.addWork(ctx, &data); err != nil {
			return err
		}
	}
	events, err := s.db.RecentFlowEvents(ctx, scope(ctx), overviewEvents)
	if err != nil {
		return err
	}
	for _, e := range events {
		event := templates.RecentEvent{Time: e.At, What: eventText(ctx, e.FlowEvent), Flow: e.FlowName, URL: "/flows/" + e.FlowID}
		if e.Actor != e.Who { // else the text names them
			event.Who = e.Actor
		}
		data.Events = append(data.Events, event)
	}
	p := page{Title: "overview.title", Active: "dashboard"}
	if can(ctx, auth.FlowsWrite) && len(data.Steps) == 0 {
		p.Action = templates.OverviewAction()
	}
	return s.render(w, r, http.StatusOK, p, templates.Overview(data))
}

// addWork fills what there is to do.
func (s *server) addWork(ctx context.Context, data *templates.OverviewData) (err error) {
	if data.Tasks, err = s.tasks(ctx); err != nil {
		return err
	}
	waiting := db.FlowFilter{States: openStates(), Order: db.FlowsByStuck}
	if data.Waiting, err = s.overviewLines(ctx, waiting, overviewFlows); err != nil {
		return err
	}
	expiring := db.FlowFilter{States: openStates(), DeadlineTo: s.now().Add(expiresSoon)}
	if data.Expiring, err = s.overviewLines(ctx, expiring, overviewFlows); err != nil {
		return err
	}
	days, err := s.db.FlowDays(ctx, scope(ctx), overviewDays)
	if err != nil {
		return err
	}
	for _, d := range days {
		data.Days = append(data.Days, templates.OverviewDay{Day: d.Day, Sent: d.Sent, Completed: d.Completed})
	}
	return nil
}

// openStates are the states in which somebody still has to act.
func openStates() []db.FlowState {
	return []db.FlowState{db.FlowSending, db.FlowFailed, db.FlowCreated, db.FlowSigning}
}

func (s *server) overviewLines(ctx context.Context, filter db.FlowFilter, limit int) (lines []templates.FlowLine, err error) {
	flows, _, err := s.db.Flows(ctx, scope(ctx), filter, db.Page{Limit: limit})
	for _, f := range flows {
		lines = append(lines, flowLine(ctx, f, nil, s.now()))
	}
	return lines, err
}

// tasks are what waits for the reader: approvals, problems, contracts to archive, own drafts.
func (s *server) tasks(ctx context.Context) (tasks []templates.OverviewTask, err error) {
	signings, _, err := s.db.WaitingSignings(ctx, account(ctx), db.Page{Limit: overviewTasks})
	if err != nil {
		return nil, err
	}
	for _, w := range signings {
		tasks = append(tasks, templates.OverviewTask{Kind: "signing", Name: w.Flow.Name, URL: "/signings", Since: w.Sent})
	}
	approvals, _, err := s.db.WaitingApprovals(ctx, account(ctx), db.Page{Limit: overviewTasks})
	if err != nil {
		return nil, err
	}
	for _, a := range approvals {
		tasks = append(tasks, templates.OverviewTask{Kind: "approval", Name: a.Flow.Name, URL: "/flows/" + a.Flow.ID, Since: a.Asked})
	}
	if !can(ctx, auth.FlowsWrite) {
		return tasks, nil
	}
	for _, kind := range []struct {
		name   string
		filter db.FlowFilter
	}{
		{"problem", db.FlowFilter{States: []db.FlowState{db.FlowFailed}, Order: db.FlowsByStuck}},
		{"archive", db.FlowFilter{States: []db.FlowState{db.FlowSigned}}},
	} {
		flows, _, err := s.db.Flows(ctx, scope(ctx), kind.filter, db.Page{Limit: overviewTasks})
		if err != nil {
			return nil, err
		}
		for _, f := range flows {
			tasks = append(tasks, templates.OverviewTask{Kind: kind.name, Name: f.Name, URL: "/flows/" + f.ID, Since: f.Updated})
		}
	}
	drafts, err := s.db.DraftsBy(ctx, scope(ctx), account(ctx).Name, overviewTasks)
	for _, d := range drafts {
		tasks = append(tasks, templates.OverviewTask{Kind: "draft", Name: d.Name, URL: "/drafts/" + d.ID, Since: d.Updated})
	}
	return tasks, err
}

// eventText says in words what has happened to a contract.
func eventText(ctx context.Context, e db.FlowEvent) string {
	return i18n.T(ctx, "flows.event."+e.Kind, "Name", waitingNames(ctx, e.Who))
}

// flowCount sums the counters of flows in some states.
func flowCount(counts map[string]int64, states ...db.FlowState) int64 {
	var sum int64
	for _, state := range states {
		sum += counts["flows."+strconv.FormatInt(int64(state), 10)]
	}
	return sum
}

// figure is a number of the overview: its name, how much, where to look further and what one needs for that.
type figure struct {
	key   string
	count int64
	url   string
	icon  string
	need  auth.Permission
}

func figures(ctx context.Context, counts map[string]int64) []templates.OverviewFigure {
	state := func(s db.FlowState) string { return "/flows?state=" + strconv.FormatInt(int64(s), 10) }
	var shown []templates.OverviewFigure
	for _, f := range []figure{
		{"overview.signing", flowCount(counts, openStates()...), "/flows?state=" + stateOpen, "clock", auth.FlowsRead},
		{"overview.signed", flowCount(counts, db.FlowSigned), state(db.FlowSigned), "check-circle", auth.FlowsRead},
		{"overview.archived", flowCount(counts, db.FlowArchived), state(db.FlowArchived), "archive", auth.FlowsRead},
		{"overview.ended", flowCount(counts, db.FlowRejected, db.FlowWithdrawn, db.FlowExpired), "/flows?sort=created", "ban", auth.FlowsRead},
		{"overview.drafts", counts["drafts"], "/drafts", "draft", auth.FlowsWrite},
	} {
		if !can(ctx, f.need) {
			continue
		}
		shown = append(shown, templates.OverviewFigure{Text: i18n.T(ctx, f.key), Value: strconv.FormatInt(f.count, 10), URL: f.url, Icon: f.icon})
	}
	return shown
}

// nextSteps are the steps to the first contract; nil once there is one.
func nextSteps(ctx context.Context, counts map[string]int64) []templates.NextStep {
	var flows int64
	for name, n := range counts {
		if strings.HasPrefix(name, "flows.") {
			flows += n
		}
	}
	if flows > 0 {
		return nil
	}
	step := func(name string, done bool, url string, need auth.Permission) templates.NextStep {
		n := templates.NextStep{Title: i18n.T(ctx, "overview.step."+name), Hint: i18n.T(ctx, "overview.step."+name+".hint"), Done: done}
		if can(ctx, need) {
			n.URL, n.Text = url, i18n.T(ctx, "overview.step."+name+".button")
		} else {
			n.Hint = i18n.T(ctx, "overview.step.others")
		}
		return n
	}
	return []templates.NextStep{
		step("organization", counts["organizations"] > 0, "/organizations/new", auth.OrganizationsWrite),
		step("person", counts["users"] > 0, "/users/new", auth.UsersWrite),
		step("seal", counts["seals"] > 0, "/seals/new", auth.SealsWrite),
		step("contract", false, "/drafts/new", auth.FlowsWrite),
	}
}

// actionText is an action of the audit log in words; one that has none is shown as it is.
func actionText(ctx context.Context, action string) string {
	if key := "audit.action." + action; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return strings.TrimPrefix(action, "platform.")
}

package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// How much the overview shows.
const (
	overviewFlows  = 8
	overviewEvents = 8
)

// showOverview is the start page: what there is, what waits, what has happened; while something is missing for the first contract, what
// to do next.
func (s *server) showOverview(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	counts, err := s.db.Counters(ctx, scope(ctx))
	if err != nil {
		return err
	}
	data := templates.OverviewData{Steps: nextSteps(ctx, counts), Figures: figures(ctx, counts)}
	if data.Waiting, err = s.waitingFlows(ctx); err != nil {
		return err
	}
	if data.Events, err = s.recentEvents(ctx); err != nil {
		return err
	}
	if can(ctx, auth.AuditRead) {
		data.Audit = "/audit"
	}
	p := page{Title: "overview.title", Active: "dashboard"}
	if can(ctx, auth.FlowsWrite) && len(data.Steps) == 0 {
		p.Action = templates.OverviewAction()
	}
	return s.render(w, r, http.StatusOK, p, templates.Overview(data))
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
		{"overview.signing", flowCount(counts, db.FlowSigning, db.FlowCreated, db.FlowSending), state(db.FlowSigning), "clock", auth.FlowsRead},
		{"overview.signed", flowCount(counts, db.FlowSigned), state(db.FlowSigned), "check-circle", auth.FlowsRead},
		{"overview.archived", flowCount(counts, db.FlowArchived), state(db.FlowArchived), "archive", auth.FlowsRead},
		{"overview.ended", flowCount(counts, db.FlowRejected, db.FlowWithdrawn, db.FlowExpired, db.FlowFailed), "/flows", "ban", auth.FlowsRead},
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

// waitingFlows are the newest contracts that wait for a signer, or for somebody to look at what went wrong.
func (s *server) waitingFlows(ctx context.Context) ([]templates.WaitingFlow, error) {
	flows, _, err := s.db.Flows(ctx, scope(ctx), db.FlowFilter{States: []db.FlowState{db.FlowFailed, db.FlowSending, db.FlowCreated, db.FlowSigning}},
		db.Page{Limit: overviewFlows})
	if err != nil {
		return nil, err
	}
	waiting := make([]templates.WaitingFlow, len(flows))
	for i, f := range flows {
		waiting[i] = templates.WaitingFlow{URL: "/flows/" + f.ID, Name: f.Name, Who: waitingNames(ctx, f.WaitingOn), Since: f.WaitingSince}
	}
	return waiting, nil
}

// recentEvents are the newest events: everybody's for those who may read the audit log, else one's own. Reads of the platform's state are
// left out: they say nothing to people.
func (s *server) recentEvents(ctx context.Context) ([]templates.RecentEvent, error) {
	filter := audit.Filter{}
	all := can(ctx, auth.AuditRead)
	if !all {
		filter.Actor = account(ctx).Name
	}
	events, err := s.db.Audit().Query(ctx, filter, 0, overviewEvents*8)
	if err != nil {
		return nil, err
	}
	var recent []templates.RecentEvent
	for _, e := range events {
		if e.Outcome == audit.Intent || strings.HasPrefix(e.Action, "platform.Describe") || len(recent) == overviewEvents {
			continue
		}
		event := templates.RecentEvent{Time: e.Time, Who: e.Actor.Name, What: actionText(ctx, e.Action), Outcome: e.Outcome}
		if all {
			event.URL = "/audit/" + strconv.FormatInt(e.Seq, 10)
		}
		recent = append(recent, event)
	}
	return recent, nil
}

// actionText is an action of the audit log in words; one that has none is shown as it is.
func actionText(ctx context.Context, action string) string {
	if key := "audit.action." + action; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return strings.TrimPrefix(action, "platform.")
}

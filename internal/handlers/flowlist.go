package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// flowStates are the states that the list offers to filter by, in the order of a flow's life.
func flowStates() []db.FlowState {
	return []db.FlowState{db.FlowSending, db.FlowFailed, db.FlowSigning, db.FlowSigned, db.FlowArchived, db.FlowRejected, db.FlowWithdrawn, db.FlowExpired,
		db.FlowDestroyed}
}

// Values of the filter by state besides the numbers of states: what stands still, what is under way.
const (
	stateStuck = "stuck"
	stateOpen  = "open"
)

// flowFilterKeys are the parameters of the list's address that narrow and order it.
func flowFilterKeys() []string {
	return []string{"q", "state", "organization", "on", "mine", "from", "to", "due_from", "due_to", "sort"}
}

// flowFilter reads the filter of a list or an export. The ends of ranges are days that still count.
func flowFilter(ctx context.Context, q url.Values) (typed templates.FlowFilter, f db.FlowFilter, problems templates.Problems) {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	typed = templates.FlowFilter{Query: get("q"), State: get("state"), Organization: get("organization"), On: get("on"), Mine: get("mine") != "",
		From: get("from"), To: get("to"), DueFrom: get("due_from"), DueTo: get("due_to"), Sort: get("sort")}
	f = db.FlowFilter{Query: typed.Query, Organization: typed.Organization, WaitingOn: typed.On, Order: db.FlowOrder(typed.Sort)}
	switch number, notNumber := strconv.ParseInt(typed.State, 10, 64); {
	case typed.State == stateStuck:
		f.Stuck = true
	case typed.State == stateOpen:
		f.States = openStates()
	case notNumber == nil:
		f.States = []db.FlowState{db.FlowState(number)}
	}
	if typed.Mine {
		f.CreatedBy = account(ctx).Name
	}
	day := func(field, text string, add int) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.ParseInLocation(time.DateOnly, text, beijing())
		if err != nil {
			problems = append(problems, templates.Problem{Field: field, Rule: "date"})
			return time.Time{}
		}
		return at.AddDate(0, 0, add)
	}
	f.CreatedFrom, f.CreatedTo = day("from", typed.From, 0), day("to", typed.To, 1)
	f.DeadlineFrom, f.DeadlineTo = day("due_from", typed.DueFrom, 0), day("due_to", typed.DueTo, 1)
	return typed, f, problems
}

// listFlows shows the flows that the filters leave. Without any it opens with the view that the account has chosen.
func (s *server) listFlows(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	views, standard, err := s.db.FlowViews(ctx, account(ctx), db.ListFlows)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(views, func(v db.FlowView) bool { return v.ID == standard }); i >= 0 && len(q) == 0 {
		return s.redirect(w, r, viewURL(views[i]))
	}
	typed, filter, problems := flowFilter(ctx, q)
	data := templates.FlowsData{Filter: typed, Problems: problems, States: flowStateOptions(ctx), CanNew: can(ctx, auth.FlowsWrite), Now: s.now()}
	if data.Organizations, err = s.organizationFilter(ctx, typed.Organization); err != nil {
		return err
	}
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	} else {
		lines, next, err := s.db.Flows(ctx, scope(ctx), filter, limits(r))
		if err != nil {
			return err
		}
		names, err := s.organizationNames(ctx, each(lines, func(f db.FlowLine) string { return f.OrganizationID })...)
		if err != nil {
			return err
		}
		for _, f := range lines {
			data.Flows = append(data.Flows, flowLine(ctx, f, names, data.Now))
		}
		data.Paging = paging(r, next)
	}
	query := filterQuery(q)
	data.Views = flowViews(ctx, views, standard, q.Get("view"))
	data.Query = query.Encode()
	data.CanShare = can(ctx, auth.AccountsManage)
	if can(ctx, auth.FlowsExport) {
		data.CSV, data.CSVLimit = "/flows/export?"+query.Encode(), maxExportedFlows
	}
	p := page{Title: "flows.title", Active: "flows", Wide: true}
	if data.CanNew {
		p.Action = templates.NewDraftAction()
	}
	return s.render(w, r, status, p, templates.FlowsPage(data))
}

// filterQuery keeps of a query what narrows and orders the list.
func filterQuery(q url.Values) url.Values {
	kept := url.Values{}
	for _, key := range flowFilterKeys() {
		if value := strings.TrimSpace(q.Get(key)); value != "" {
			kept.Set(key, value)
		}
	}
	return kept
}

func flowStateOptions(ctx context.Context) []templates.Option {
	options := []templates.Option{{Value: stateStuck, Text: i18n.T(ctx, "flows.filter.stuck")}, {Value: stateOpen, Text: i18n.T(ctx, "flows.filter.open")}}
	for _, state := range flowStates() {
		value := strconv.FormatInt(int64(state), 10)
		options = append(options, templates.Option{Value: value, Text: i18n.T(ctx, "flows.state."+value)})
	}
	return options
}

// organizationFilter are the organisations that the account reaches, to filter a list by.
func (s *server) organizationFilter(ctx context.Context, chosen string) ([]templates.Option, error) {
	all, err := s.db.OrganizationChoices(ctx, scope(ctx), chosen)
	return organizationOptions(all), err
}

// flowLine is a row of the list.
func flowLine(ctx context.Context, f db.FlowLine, names map[string]string, now time.Time) templates.FlowLine {
	return templates.FlowLine{ID: f.ID, Name: f.Name, Organization: names[f.OrganizationID], State: strconv.FormatInt(int64(f.State), 10),
		Signed: f.Signed, Approvers: f.Approvers, Problem: f.Problem != "" && f.State != db.FlowFailed, Failed: f.State == db.FlowFailed,
		WaitingOn: waitingNames(ctx, f.WaitingOn), WaitingSince: f.WaitingSince, Deadline: f.Deadline, Created: f.Created, Updated: f.Updated,
		Stuck:   !f.StuckAt.IsZero() && !f.StuckAt.After(now),
		Running: f.State == db.FlowSending || f.State == db.FlowCreated || f.State == db.FlowSigning}
}

// waitingNames says in words whom a flow waits for: names, and roles where anybody of the role will do.
func waitingNames(ctx context.Context, names string) string {
	parts := strings.Split(names, "、")
	for i, name := range parts {
		if role, ok := strings.CutPrefix(name, "@"); ok {
			parts[i] = i18n.T(ctx, "common.role."+role)
		}
	}
	return strings.Join(parts, i18n.T(ctx, "overview.who.separator"))
}

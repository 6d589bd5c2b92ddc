package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// auditKeys are the parameters of the list's address that choose events.
func auditKeys() []string {
	return []string{"text", "actor", "role", "did", "action", "object", "type", "outcome", "when", "from", "to", "calls"}
}

// auditQuery keeps of a query what chooses events.
func auditQuery(q url.Values) url.Values {
	kept := url.Values{}
	for _, key := range auditKeys() {
		if value := strings.TrimSpace(q.Get(key)); value != "" {
			kept.Set(key, value)
		}
	}
	return kept
}

// Ranges of time that have a name of their own; others are months such as 2026-10.
const (
	whenToday = "today"
	whenWeek  = "week"
)

// auditAsked is what the address asks for, understood: names looked up, times turned into moments.
type auditAsked struct {
	typed    templates.AuditFilter
	filter   audit.Filter
	problems templates.Problems
	object   *db.Object       // whose history it is; nil: of none, or of an unknown number
	found    []db.Object      // what has the name that was typed
	who      string           // display name of the actor
	chips    []templates.Chip // the conditions in words
}

// auditFilter reads the filter's times and columns, without looking anything up.
func auditFilter(q url.Values, now time.Time) (templates.AuditFilter, audit.Filter, templates.Problems) {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	typed := templates.AuditFilter{Text: get("text"), Actor: get("actor"), Role: get("role"), Did: get("did"), Action: get("action"), Object: get("object"),
		Outcome: get("outcome"), When: get("when"), From: get("from"), To: get("to"), Calls: get("calls") != ""}
	f := audit.Filter{Text: typed.Text, Actor: typed.Actor, Role: typed.Role, Action: typed.Action, ObjectType: get("type"), Outcome: typed.Outcome}
	var problems templates.Problems
	day := func(field, text string, add int) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.ParseInLocation(time.DateOnly, text, auditZone)
		if err != nil {
			problems = append(problems, templates.Problem{Field: field, Rule: "date"})
			return time.Time{}
		}
		return at.AddDate(0, 0, add)
	}
	f.From, f.To = day("from", typed.From, 0), day("to", typed.To, 1)
	if typed.When != "" {
		var ok bool
		if f.From, f.To, ok = whenRange(typed.When, now); !ok {
			problems = append(problems, templates.Problem{Field: "when", Rule: "date"})
		}
	}
	if typed.Did != "" {
		if f.Actions = actionsOf(typed.Did); len(f.Actions) == 0 {
			problems = append(problems, templates.Problem{Field: "did", Rule: "invalid"})
		}
	}
	return typed, f, problems
}

// whenRange turns the name of a range of days into its bounds, in Beijing's time.
func whenRange(when string, now time.Time) (from, to time.Time, ok bool) {
	y, m, d := now.In(auditZone).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, auditZone)
	switch when {
	case whenToday:
		return today, today.AddDate(0, 0, 1), true
	case whenWeek:
		return today.AddDate(0, 0, -6), today.AddDate(0, 0, 1), true
	}
	month, err := time.ParseInLocation("2006-01", when, auditZone)
	return month, month.AddDate(0, 1, 0), err == nil
}

// askAudit reads what the address asks for and looks up whom and what it names.
func (s *server) askAudit(ctx context.Context, q url.Values) (a auditAsked, err error) {
	a.typed, a.filter, a.problems = auditFilter(q, s.now())
	if err := s.askActor(ctx, &a); err != nil {
		return a, err
	}
	if err := s.askObject(ctx, &a); err != nil {
		return a, err
	}
	a.chips = auditChips(ctx, auditQuery(q), &a)
	return a, nil
}

// askActor finds the account that the filter names by its display name or its own. Whoever has none, such as a signer, is looked for in what
// events say.
func (s *server) askActor(ctx context.Context, a *auditAsked) error {
	name := a.typed.Actor
	if name == "" {
		return nil
	}
	a.who = name
	if key := "audit.actor." + name; i18n.Has(ctx, key) {
		a.who = i18n.T(ctx, key)
		return nil
	}
	actors, err := s.db.ActorsCalled(ctx, name)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(actors, func(x db.Actor) bool { return x.Name == name }); i >= 0 { // the very account
		actors = actors[i : i+1]
	}
	switch len(actors) {
	case 0:
		known, err := s.db.Audit().Query(ctx, audit.Filter{Actor: name}, 0, 1)
		if err != nil {
			return err
		}
		if len(known) == 0 { // no account, and never was
			a.filter.Actor, a.filter.Text = "", strings.TrimSpace(a.filter.Text+" "+name)
		}
	case 1:
		a.filter.Actor, a.who = actors[0].Name, actors[0].DisplayName
	default:
		names := each(actors, func(x db.Actor) string { return x.Name })
		a.problems = append(a.problems, templates.Problem{Field: "actor", Rule: "several", Param: strings.Join(names, ", ")})
	}
	return nil
}

// askObject finds the object whose history is asked for, and those that have the name which was searched for.
func (s *server) askObject(ctx context.Context, a *auditAsked) error {
	if a.typed.Object == "" {
		var err error
		a.found, _, err = s.db.FindObjects(ctx, a.typed.Text)
		return err
	}
	found, byID, err := s.db.FindObjects(ctx, a.typed.Object)
	if err == nil && len(found) == 0 {
		found, byID, err = s.sentFrom(ctx, a.typed.Object)
	}
	if err != nil {
		return err
	}
	a.filter.About = []string{a.typed.Object}
	a.filter.Except = []string{"audit.read", actionExport} // they name what somebody searched for: nothing happened to it
	if len(found) == 0 {
		return nil
	}
	if !byID && len(found) > 1 { // several of one name: choose, and see all meanwhile
		a.found = found
	} else {
		a.object = &found[0]
	}
	a.filter.ObjectType = ""
	for _, o := range found {
		ids, err := s.db.ObjectIDs(ctx, o)
		if err != nil {
			return err
		}
		a.filter.About = append(a.filter.About, ids...)
		if o.Type == "flow" {
			if a.filter.About, err = s.withDraft(ctx, a.filter.About, o.ID); err != nil {
				return err
			}
		}
	}
	a.filter.About = slices.Compact(slices.Sorted(slices.Values(a.filter.About)))
	return nil
}

// sentFrom finds the contract that was sent from a draft, which is gone.
func (s *server) sentFrom(ctx context.Context, draft string) ([]db.Object, bool, error) {
	events, err := s.db.Audit().Query(ctx, audit.Filter{Action: "flow.send", About: []string{draft}}, 0, 1)
	if err != nil || len(events) == 0 || detailText(&events[0], "draft") != draft {
		return nil, false, err
	}
	return s.db.FindObjects(ctx, events[0].ObjectID)
}

// withDraft adds the draft from which a contract was sent: it is gone, but the sending names it.
func (s *server) withDraft(ctx context.Context, ids []string, flowID string) ([]string, error) {
	events, err := s.db.Audit().Query(ctx, audit.Filter{ObjectType: "flow", ObjectID: flowID, Action: "flow.send"}, 0, 1)
	if err != nil {
		return nil, err
	}
	if len(events) > 0 {
		if draft := detailText(&events[0], "draft"); draft != "" {
			ids = append(ids, draft)
		}
	}
	return ids, nil
}

// auditChips are the conditions in words, each with the address of the list without it.
func auditChips(ctx context.Context, q url.Values, a *auditAsked) []templates.Chip {
	var chips []templates.Chip
	add := func(key, value string, params ...string) {
		rest := url.Values{}
		for name, values := range q {
			if !slices.Contains(params, name) {
				rest[name] = values
			}
		}
		chips = append(chips, templates.Chip{Text: i18n.T(ctx, "audit.chip."+key, "Value", value), URL: auditListURL(rest)})
	}
	t := a.typed
	if t.Text != "" {
		add("text", t.Text, "text")
	}
	if t.Actor != "" {
		add("actor", a.who, "actor")
	}
	if t.Role != "" {
		add("role", auditRole(ctx, t.Role), "role")
	}
	if t.Did != "" {
		add("did", i18n.T(ctx, "audit.did."+t.Did), "did")
	}
	if t.Action != "" {
		add("did", actionText(ctx, t.Action), "action")
	}
	switch {
	case a.object != nil:
		add("object", objectText(ctx, templates.AuditObject{Type: a.object.Type, ID: a.object.ID, Name: a.object.Name}), "object", "type")
	case t.Object != "":
		add("object", t.Object, "object", "type")
	}
	if t.Outcome != "" {
		add("outcome", textOr(ctx, "audit.outcome."+t.Outcome, t.Outcome), "outcome")
	}
	if t.When != "" {
		chips = append(chips, templates.Chip{Text: whenText(ctx, t.When), URL: auditListURL(withoutKey(q, "when"))})
	} else {
		if t.From != "" {
			add("from", t.From, "from")
		}
		if t.To != "" {
			add("to", t.To, "to")
		}
	}
	if t.Calls {
		add("calls", "", "calls")
	}
	return chips
}

// withoutKey is a query without one of its parameters.
func withoutKey(q url.Values, name string) url.Values {
	rest := url.Values{}
	for key, values := range q {
		if key != name {
			rest[key] = values
		}
	}
	return rest
}

func auditListURL(q url.Values) string {
	if len(q) == 0 {
		return "/audit"
	}
	return "/audit?" + q.Encode()
}

// auditRole is a role in words, those of who acts without an account among them.
func auditRole(ctx context.Context, role string) string {
	return textOr(ctx, "common.role."+role, textOr(ctx, "audit.role."+role, role))
}

func auditRoles(ctx context.Context) []templates.Option {
	var options []templates.Option
	for _, role := range append(auth.Roles(), audit.RoleOperator, audit.RoleSystem) {
		options = append(options, templates.Option{Value: string(role), Text: auditRole(ctx, string(role))})
	}
	return options
}

// auditFamilies are the groups of actions to choose from.
func auditFamilies(ctx context.Context) []templates.Option {
	return each(families(), func(f actionFamily) templates.Option {
		return templates.Option{Value: f.name, Text: i18n.T(ctx, "audit.did."+f.name)}
	})
}

// auditMonths is how many months can be chosen by name.
const auditMonths = 12

// auditWhens are the ranges of time to choose from.
func auditWhens(ctx context.Context, now time.Time) []templates.Option {
	values := []string{whenToday, whenWeek}
	y, m, _ := now.In(auditZone).Date()
	for i := range auditMonths {
		values = append(values, time.Date(y, m-time.Month(i), 1, 0, 0, 0, 0, auditZone).Format("2006-01"))
	}
	return each(values, func(v string) templates.Option { return templates.Option{Value: v, Text: whenText(ctx, v)} })
}

// whenText is a range of time in words.
func whenText(ctx context.Context, when string) string {
	month, err := time.ParseInLocation("2006-01", when, auditZone)
	if err != nil {
		return textOr(ctx, "audit.when."+when, when)
	}
	return i18n.T(ctx, "audit.when.month", "Year", month.Year(), "Month", monthText(ctx, month.Month()))
}

func monthText(ctx context.Context, m time.Month) string {
	return i18n.T(ctx, fmt.Sprint("audit.month.", int(m)))
}

// dayText is a day as the list heads its lines with it.
func dayText(ctx context.Context, day, now time.Time) string {
	day, now = day.In(auditZone), now.In(auditZone)
	key := "audit.day"
	if day.Year() != now.Year() {
		key = "audit.day.year"
	}
	text := i18n.T(ctx, key, "Year", day.Year(), "Month", monthText(ctx, day.Month()), "Day", day.Day())
	switch day.Format(time.DateOnly) {
	case now.Format(time.DateOnly):
		return i18n.T(ctx, "audit.day.today", "Day", text)
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		return i18n.T(ctx, "audit.day.yesterday", "Day", text)
	}
	return text
}

// readyViews are questions that reviewers ask again and again, as addresses of the list.
func readyViews(ctx context.Context, r *http.Request) []templates.FlowView {
	var views []templates.FlowView
	for _, v := range []struct{ key, url string }{{"reads", "/audit?did=read"}, {"rights", "/audit?did=right"}, {"unchecked", "/audit/unchecked"},
		{"seals", "/audit?did=seal"}, {"logins", "/audit?did=session"}, {"failed", "/audit?outcome=failed"}, {"denied", "/audit?outcome=denied"}} {
		views = append(views, templates.FlowView{Name: i18n.T(ctx, "audit.view."+v.key), URL: v.url, Shown: r.URL.RequestURI() == v.url})
	}
	return views
}

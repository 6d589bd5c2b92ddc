package handlers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// noTime is how older events of the log write that there is no bound.
const noTime = "0001-01-01T00:00:00Z"

// auditActionKey begins the keys of what is known of in words.
const auditActionKey = "audit.action."

// auditActions are the actions to choose from, in the order of their words.
func auditActions(ctx context.Context) []templates.Option {
	var options []templates.Option
	for _, key := range i18n.Keys(i18n.Language(ctx)) {
		if action, ok := strings.CutPrefix(key, auditActionKey); ok {
			options = append(options, templates.Option{Value: action, Text: i18n.T(ctx, key)})
		}
	}
	slices.SortFunc(options, func(a, b templates.Option) int {
		return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Value, b.Value))
	})
	return options
}

func auditOutcomes(ctx context.Context) []templates.Option {
	var options []templates.Option
	for _, outcome := range audit.Outcomes() {
		options = append(options, templates.Option{Value: outcome, Text: i18n.T(ctx, "audit.outcome."+outcome)})
	}
	return options
}

// auditRow is an event as a line of the list.
func auditRow(ctx context.Context, e *audit.Event) templates.AuditRow {
	row := templates.AuditRow{Seq: e.Seq, At: e.Time, Actor: actorText(ctx, e), What: actionText(ctx, e.Action), ObjectID: e.ObjectID, Outcome: e.Outcome}
	if auth.Role(e.Actor.Role).Valid() {
		row.Role = i18n.T(ctx, "common.role."+e.Actor.Role)
	}
	if e.ObjectType != "" {
		row.ObjectType = textOr(ctx, "audit.object."+e.ObjectType, e.ObjectType)
	}
	row.Problem = problemText(ctx, e.Action, e.ErrorCode)
	return row
}

// actorText is who acted: the log-in name of an account, also where the program works on its order, or the name of what acts without one.
func actorText(ctx context.Context, e *audit.Event) string {
	if e.Actor.IsMachine() {
		return i18n.T(ctx, "audit.actor."+e.Actor.Name)
	}
	return accountText(ctx, e.Actor.Name)
}

// accountText is the log-in name of an account, or what is left of it where it was erased.
func accountText(ctx context.Context, name string) string {
	if pseudonym, erased := audit.Pseudonym(name); erased {
		return i18n.T(ctx, "audit.erased", "Name", pseudonym)
	}
	return name
}

// textOr is the text of a key, or another where there is none.
func textOr(ctx context.Context, key, other string) string {
	if i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return other
}

// auditEvent is an event as a page. The proof is added by the caller.
func auditEvent(ctx context.Context, e *audit.Event) templates.AuditEvent {
	page := templates.AuditEvent{AuditRow: auditRow(ctx, e), Session: e.Actor.Session, IP: e.Actor.IP,
		UserAgent: e.Actor.UserAgent, Request: e.Actor.RequestID, Platform: e.PlatformRequestID, ObjectURL: objectURL(ctx, e)}
	_, _, page.Told = toldBy(e)
	if e.Duration > 0 {
		page.Duration = millis(e.Duration)
	}
	if e.Detail == nil && e.DetailText != "" { // not JSON: somebody was at the table
		page.Values = []templates.AuditValue{{Value: e.DetailText}}
		return page
	}
	rest := maps.Clone(e.Detail)
	before, hasBefore := rest["before"].(map[string]any)
	after, hasAfter := rest["after"].(map[string]any)
	if hasBefore || hasAfter {
		delete(rest, "before")
		delete(rest, "after")
		page.Changes = auditChanges(before, after)
		for i := range page.Changes {
			c := &page.Changes[i]
			c.Field, c.Before, c.After = textOr(ctx, "audit.field."+c.Field, c.Field), wordOf(ctx, c.Field, before[c.Field]), wordOf(ctx, c.Field, after[c.Field])
		}
	}
	if intent, ok := rest["intent"].(json.Number); ok && e.Outcome != audit.Intent {
		page.IntentURL = "/audit/" + url.PathEscape(intent.String())
		delete(rest, "intent")
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if rest[name] == noTime {
			continue
		}
		page.Values = append(page.Values, templates.AuditValue{Field: textOr(ctx, "audit.field."+name, name), Value: wordOf(ctx, name, rest[name])})
	}
	return page
}

// wordOf is a value of a field for people: a word where the value has one, else as it is.
func wordOf(ctx context.Context, field string, value any) string {
	switch value.(type) {
	case bool, string:
		return fieldText(ctx, field, value)
	}
	return valueText(value)
}

// auditChanges sets the fields of an object before and after a change beside each other.
func auditChanges(before, after map[string]any) []templates.AuditChange {
	names := maps.Clone(before)
	if names == nil {
		names = make(map[string]any)
	}
	maps.Copy(names, after)
	var changes []templates.AuditChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		c := templates.AuditChange{Field: name, Before: valueText(before[name]), After: valueText(after[name])}
		c.Changed = c.Before != c.After
		changes = append(changes, c)
	}
	return changes
}

// valueText writes a value of a detail for people: texts as they are, others as JSON.
func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil { // what came from JSON goes back
		return ""
	}
	return strings.TrimSpace(b.String())
}

// objectPages are the pages of objects and what one needs to open them.
var objectPages = map[string]struct {
	path string
	need auth.Permission
}{
	"organization": {"/organizations/", auth.OrganizationsRead},
	"user":         {"/users/", auth.UsersRead},
	"seal":         {"/seals/", auth.SealsRead},
	"file":         {"/files/", auth.FilesRead},
	"flow":         {"/flows/", auth.FlowsRead},
	"draft":        {"/drafts/", auth.FlowsWrite},
	"account":      {"/accounts/", auth.AccountsManage},
}

// objectURL is the page of what an event is about; empty where there is none for this reader. Calls name files and contracts by the
// platform's numbers, which have no page.
func objectURL(ctx context.Context, e *audit.Event) string {
	p, ok := objectPages[e.ObjectType]
	if !ok || e.ObjectID == "" || !can(ctx, p.need) {
		return ""
	}
	if strings.HasPrefix(e.Action, "platform.") && (e.ObjectType == "flow" || e.ObjectType == "file") {
		return ""
	}
	return p.path + url.PathEscape(e.ObjectID)
}

// millis is a duration in milliseconds.
func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64)
}

// auditReport is the result of a verification in words.
func auditReport(ctx context.Context, r *audit.Report) templates.AuditReport {
	report := templates.AuditReport{OK: r.OK(), Events: r.Events, Checkpoint: string(r.Checkpoint.Text), Against: r.Against, Found: r.Found, RowsAlone: r.RowsAlone()}
	if r.Complete() {
		report.Root = r.Root.String()
	}
	rate := int64(float64(r.Events) / max(r.Took.Seconds(), 1e-6))
	report.Took = i18n.T(ctx, "audit.verify.rate", "Millis", millis(r.Took), "Rate", rate)
	for _, p := range r.Problems {
		report.Problems = append(report.Problems, i18n.T(ctx, "audit.problem."+p.Kind, "Seq", p.Seq, "Row", p.Row))
	}
	return report
}

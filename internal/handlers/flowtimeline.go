package handlers

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// maxTimeline is how many lines of a timeline the page of a flow shows, the newest of those that the filter leaves.
const maxTimeline = 200

// timelineFilter is what somebody wants to see of a timeline. Its zero value is everything.
type timelineFilter struct{ kind, person string }

func readTimelineFilter(q url.Values) timelineFilter {
	return timelineFilter{kind: strings.TrimSpace(q.Get("kind")), person: strings.TrimSpace(q.Get("person"))}
}

// query is the filter as the end of an address.
func (t timelineFilter) query() string {
	q := url.Values{}
	if t.kind != "" {
		q.Set("kind", t.kind)
	}
	if t.person != "" {
		q.Set("person", t.person)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// has tells whether the filter leaves a line. A person's lines are those about them and those of what they did.
func (t timelineFilter) has(e db.FlowEvent) bool {
	return (t.kind == "" || t.kind == timelineKind(e.Kind)) && (t.person == "" || t.person == e.Who || t.person == e.Actor)
}

// timelineKinds are the kinds that a timeline can be filtered by, in the order in which they are offered.
func timelineKinds() []string {
	return []string{"sending", "approval", "signing", "reminder", "change", "state", "problem"}
}

// timelineKind is the kind of a line, by the event that it tells of.
func timelineKind(event string) string {
	switch event {
	case "started", "created", "sent", "resent", "retried", "copied":
		return "sending"
	case "approval_asked", "approved", "approval_refused":
		return "approval"
	case "signed", "rejected", "approver_expired", "approver_changed", "review", "review_refused":
		return "signing"
	case "remind_due", "remind_sent", "reminded":
		return "reminder"
	case "moved", "replaced":
		return "change"
	case "signing", "completed", "ended_rejected", "withdrawn", "archived", "expired", "destroyed":
		return "state"
	}
	if strings.HasPrefix(event, "refused_") {
		return "problem"
	}
	return ""
}

// flowTimeline is the timeline of a flow as the filter leaves it, with what else it can be filtered by.
func (s *server) flowTimeline(ctx context.Context, flowID string, filter timelineFilter) (templates.FlowTimeline, error) {
	events, err := s.db.FlowEvents(ctx, flowID)
	if err != nil {
		return templates.FlowTimeline{}, err
	}
	timeline := templates.FlowTimeline{FlowID: flowID, Kind: filter.kind, Person: filter.person, Query: filter.query()}
	kinds, people := map[string]bool{filter.kind: true}, map[string]bool{filter.person: true}
	for _, e := range events {
		kinds[timelineKind(e.Kind)] = true
		people[e.Who], people[e.Actor] = true, true
		if filter.has(e) && len(timeline.Events) < maxTimeline {
			timeline.Events = append(timeline.Events, timelineLine(ctx, e))
		}
	}
	for _, kind := range timelineKinds() {
		if kinds[kind] {
			timeline.Kinds = append(timeline.Kinds, templates.Option{Value: kind, Text: i18n.T(ctx, "timeline.kind."+kind)})
		}
	}
	for name := range people {
		if name != "" {
			timeline.People = append(timeline.People, templates.Option{Value: name, Text: personOrRole(ctx, name)})
		}
	}
	slices.SortFunc(timeline.People, func(a, b templates.Option) int { return strings.Compare(a.Text, b.Text) })
	return timeline, nil
}

// personOrRole is how a line names somebody: an approval may be that of anybody of a role.
func personOrRole(ctx context.Context, who string) string {
	if role := auth.Role(who); role.Valid() {
		return roleName(ctx, role)
	}
	return who
}

func timelineLine(ctx context.Context, e db.FlowEvent) templates.FlowEventLine {
	who := e.Who
	if strings.HasPrefix(e.Kind, "approv") {
		who = personOrRole(ctx, who)
	}
	line := templates.FlowEventLine{Text: i18n.T(ctx, "flows.event."+e.Kind, "Name", who), Actor: e.Actor, Detail: e.Detail, At: e.At}
	if line.Actor == who {
		line.Actor = ""
	}
	if strings.HasPrefix(e.Kind, "refused_") {
		line.Detail = i18n.ErrorText(ctx, e.Detail)
	}
	return line
}

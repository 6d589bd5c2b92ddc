package handlers

import (
	"context"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// stateText is what something was before or is after a change of one text.
func stateText(ctx context.Context, e *audit.Event, when string) string {
	value := detailText(e, when)
	if key := "seals.state." + value; e.Action == "seal.state" && i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return quoted(ctx, e.ObjectType, value)
}

// previous says whose place something took.
func (n auditNames) previous(ctx context.Context, e *audit.Event) string {
	id := detailText(e, "previous")
	if id == "" {
		return ""
	}
	known := n.objects[db.ObjectRef{Type: e.ObjectType, ID: id}]
	return i18n.T(ctx, "audit.line.previous", "Name", objectText(ctx, templates.AuditObject{Type: e.ObjectType, ID: id, Name: known.Name}))
}

// termText is the term of a right, empty where it has no bound.
func termText(ctx context.Context, e *audit.Event) (text string) {
	for _, bound := range []string{"from", "until"} {
		at, err := time.Parse(time.RFC3339, detailText(e, bound))
		if bound == "until" {
			at = at.Add(-time.Second) // kept is when it is over: the last day that counts is the one before
		}
		if err == nil && at.Year() > 1 {
			text += i18n.T(ctx, "audit.line."+bound, "Day", at.In(auditZone).Format(time.DateOnly))
		}
	}
	return text
}

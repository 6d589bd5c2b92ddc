package routing

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
)

// remindEvery is how often reminders are looked for; they are due by the day.
const remindEvery = time.Minute

// runReminders tells what is due until ctx ends; first what came due before the start.
func (r *Router) runReminders(ctx context.Context) {
	ctx = audit.WithActor(ctx, audit.Actor{Name: audit.ActorPortal, Role: audit.RoleSystem})
	ticker := time.NewTicker(remindEvery)
	defer ticker.Stop()
	for {
		if err := r.Remind(ctx); err != nil && ctx.Err() == nil {
			r.opts.Logger.Error("routing: reminders wait", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Remind reminds people who have not signed, and tells whoever sent the flow, as far as it is due.
func (r *Router) Remind(ctx context.Context) error {
	flowIDs, err := r.opts.DB.RemindDue(ctx, r.remindSigner)
	if err != nil {
		return fmt.Errorf("remind: %w", err)
	}
	for _, id := range flowIDs {
		r.opts.Changed(id)
	}
	return nil
}

// remindSigner sends a message to somebody who has not signed; empty where that cannot be. Whoever sent the flow is told in any case.
func (r *Router) remindSigner(ctx context.Context, due db.DueReminder) (address string) {
	if r.opts.RemindSigner == nil || due.SignID == "" {
		return ""
	}
	address, err := r.opts.RemindSigner(ctx, due.PlatformID, due.SignID, due.Due.UTC().Format(time.RFC3339))
	if err != nil {
		r.opts.Logger.Error("routing: a signer cannot be reminded", "flow", due.FlowID, "error", err)
	}
	return address
}

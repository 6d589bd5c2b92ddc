package routing

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/audit"
)

// remindEvery is how often reminders are looked for; they are due by the day.
const remindEvery = time.Minute

// runReminders tells what is due until ctx ends; first what came due before the start.
func (r *Router) runReminders(ctx context.Context) {
	ctx = audit.WithActor(ctx, audit.Actor{Name: "sealdesk", Role: "system"})
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

// Remind tells whoever sent a flow of people who have not signed, as far as it is due.
func (r *Router) Remind(ctx context.Context) error {
	flowIDs, err := r.opts.DB.RemindDue(ctx)
	if err != nil {
		return fmt.Errorf("remind: %w", err)
	}
	for _, id := range flowIDs {
		r.opts.Changed(id)
	}
	return nil
}

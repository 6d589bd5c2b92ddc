package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/store"
)

// RemindRule is when whoever sent a flow is reminded of people who have not signed. Zero fields remind of nobody. The platform itself
// reminds nobody: it has no call for that.
type RemindRule struct {
	Every  int `json:"every,omitempty"`  // days from when somebody's turn came, again and again
	Before int `json:"before,omitempty"` // days before their deadline
}

const (
	maxReminders = 10 // of one person by RemindRule.Every
	remindHour   = 9  // o'clock in Beijing, when people are at work
)

// times are when somebody is to be reminded of, after now and before their deadline.
func (r RemindRule) times(now, deadline time.Time) (all []time.Time) {
	beijing := time.FixedZone("", zoneSeconds)
	morning := func(day time.Time) time.Time {
		year, month, date := day.In(beijing).Date()
		return time.Date(year, month, date, remindHour, 0, 0, 0, beijing)
	}
	for i := 1; r.Every > 0 && i <= maxReminders; i++ {
		all = append(all, morning(now.AddDate(0, 0, i*r.Every)))
	}
	if r.Before > 0 {
		all = append(all, morning(deadline.AddDate(0, 0, -r.Before)))
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return !at.After(now) || !at.Before(deadline) })
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// scheduleReminders plans the reminders of somebody whose turn has come, in place of earlier ones.
func (d *DB) scheduleReminders(ctx context.Context, tx *store.Tx, f Flow, approverID string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM reminders WHERE flow_id = $1 AND approver_id = $2`, f.ID, approverID); err != nil {
		return fmt.Errorf("plan reminders: %w", err)
	}
	deadline := f.Document.Deadline
	for _, a := range f.Document.Approvers {
		if a.ID == approverID && !a.Deadline.IsZero() {
			deadline = a.Deadline
		}
	}
	for _, at := range f.Document.Remind.times(d.now(), deadline) {
		if _, err := tx.Exec(ctx, `INSERT INTO reminders (flow_id, approver_id, due) VALUES ($1, $2, $3)`, f.ID, approverID, store.Micros(at)); err != nil {
			return fmt.Errorf("plan reminders: %w", err)
		}
	}
	return nil
}

// RemindDue tells what is due by now, in one transaction with forgetting it: the timeline and the notices of whoever sent the flow. Of what
// came due while the program did not run, one reminder a person is told; of people who have signed, none. It returns the flows.
func (d *DB) RemindDue(ctx context.Context) (flowIDs []string, err error) {
	now := store.Micros(d.now())
	var due bool
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM reminders WHERE due <= $1)`, now).Scan(&due)
	})
	if err != nil || !due {
		return nil, err
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT DISTINCT r.flow_id, a.user_name FROM reminders r JOIN flows f ON f.id = r.flow_id
			JOIN flow_approvers a ON a.flow_id = r.flow_id AND a.id = r.approver_id WHERE r.due <= $1 AND f.state IN (0, 1) AND a.status = 0`, now)
		if err != nil {
			return fmt.Errorf("remind: %w", err)
		}
		pending, err := collect(rows, func(row interface{ Scan(...any) error }) (p [2]string, err error) {
			err = row.Scan(&p[0], &p[1])
			return p, err
		})
		if err != nil {
			return fmt.Errorf("remind: %w", err)
		}
		for _, p := range pending {
			if err := d.flowEvent(ctx, tx, p[0], FlowEvent{Kind: "remind_due", Who: p[1]}); err != nil {
				return err
			}
			if err := d.notifySender(ctx, tx, NoticeReminder, p[0], p[1]); err != nil {
				return err
			}
			flowIDs = append(flowIDs, p[0])
		}
		if _, err := tx.Exec(ctx, `DELETE FROM reminders WHERE due <= $1`, now); err != nil {
			return fmt.Errorf("remind: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(flowIDs)
	return slices.Compact(flowIDs), nil
}

// Remind records that an account has reminded somebody whose turn it is, and tells the webhook. ErrConflict when it is not their turn.
func (d *DB) Remind(ctx context.Context, scope Scope, flowID, approverID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := findFlow(ctx, tx, scope, flowID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(f.Approvers, func(a FlowApprover) bool { return a.ID == approverID })
		switch {
		case i < 0:
			return ErrNotFound
		case f.Approvers[i].Status != 0 || f.Approvers[i].SignID == "" || !f.State.Open():
			return ErrConflict
		}
		who := f.Approvers[i].UserName
		err = errors.Join(d.flowEvent(ctx, tx, flowID, FlowEvent{Kind: "reminded", Who: who, Actor: actorName(ctx)}),
			d.note(ctx, tx, "flow.remind", "flow", flowID, map[string]any{"who": who}))
		if err == nil && d.webhook {
			err = d.queueDelivery(ctx, tx, Delivery{Channel: ChannelWebhook, Kind: NoticeReminder, FlowID: flowID, Detail: who})
		}
		return err
	})
}

package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/store"
)

// RemindRule is when people who have not signed are reminded, where a gateway of the embedded engine reaches them, and whoever sent the flow
// is reminded of them. Zero fields remind of nobody. The platform has no call for that.
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

// DueReminder is somebody who has not signed and is to be reminded of now.
type DueReminder struct {
	FlowID, PlatformID string
	ApproverID, SignID string
	Who                string
	Due                time.Time // the last occasion that has come
}

// RemindDue tells what is due by now, in one transaction with forgetting it: the timeline and the notices of whoever sent the flow. Of what
// came due while the program did not run, one reminder a person is told; of people who have signed, none. Before, send gives each person a
// message, where that is possible, and tells the masked address; it is asked again for the same occasion when the program ends in between.
// It returns the flows.
func (d *DB) RemindDue(ctx context.Context, send func(context.Context, DueReminder) (address string)) (flowIDs []string, err error) {
	now := d.now()
	var due []DueReminder
	var any bool
	err = d.store.Read(ctx, func(tx *store.Tx) (err error) {
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM reminders WHERE due <= $1)`, store.Micros(now)).Scan(&any); err != nil || !any {
			return err
		}
		due, err = dueReminders(ctx, tx, now)
		return err
	})
	if err != nil || !any {
		return nil, err
	}
	addresses := map[DueReminder]string{}
	for _, r := range due {
		addresses[r] = send(ctx, r)
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		due, err := dueReminders(ctx, tx, now) // somebody may have signed meanwhile, or been reminded of
		if err != nil {
			return err
		}
		for _, r := range due {
			if err := d.tellReminder(ctx, tx, r, addresses[r]); err != nil {
				return err
			}
			flowIDs = append(flowIDs, r.FlowID)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM reminders WHERE due <= $1`, store.Micros(now)); err != nil {
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

func dueReminders(ctx context.Context, tx *store.Tx, now time.Time) ([]DueReminder, error) {
	rows, err := tx.Query(ctx, `SELECT r.flow_id, f.platform_id, r.approver_id, a.sign_id, a.user_name, MAX(r.due) FROM reminders r JOIN flows f ON f.id = r.flow_id
		JOIN flow_approvers a ON a.flow_id = r.flow_id AND a.id = r.approver_id WHERE r.due <= $1 AND f.state IN (0, 1) AND a.status = 0
		GROUP BY r.flow_id, r.approver_id`, store.Micros(now))
	if err != nil {
		return nil, fmt.Errorf("remind: %w", err)
	}
	return collect(rows, func(row interface{ Scan(...any) error }) (r DueReminder, err error) {
		var due int64
		err = row.Scan(&r.FlowID, &r.PlatformID, &r.ApproverID, &r.SignID, &r.Who, &due)
		r.Due = store.Time(due)
		return r, err
	})
}

// tellReminder tells whoever sent the flow that somebody has not signed, and where a message went to them.
func (d *DB) tellReminder(ctx context.Context, tx *store.Tx, r DueReminder, address string) error {
	e := FlowEvent{Kind: "remind_due", Who: r.Who}
	if address != "" {
		e.Kind, e.Detail = "remind_sent", address
		if err := d.note(ctx, tx, "flow.remind", "flow", r.FlowID, map[string]any{"who": r.Who, "address": address}); err != nil {
			return err
		}
	}
	if err := d.flowEvent(ctx, tx, r.FlowID, e); err != nil {
		return err
	}
	return d.notifySender(ctx, tx, NoticeReminder, r.FlowID, r.Who)
}

// Remind records that an account has reminded somebody whose turn it is, and tells the webhook; address is where a message went, masked, or
// empty. ErrConflict when it is not their turn.
func (d *DB) Remind(ctx context.Context, scope Scope, flowID, approverID, address string) error {
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
		detail := map[string]any{"who": who}
		if address != "" {
			detail["address"] = address
		}
		err = errors.Join(d.flowEvent(ctx, tx, flowID, FlowEvent{Kind: "reminded", Who: who, Actor: actorName(ctx), Detail: address}),
			d.note(ctx, tx, "flow.remind", "flow", flowID, detail))
		if err == nil && d.webhook {
			err = d.queueDelivery(ctx, tx, Delivery{Channel: ChannelWebhook, Kind: NoticeReminder, FlowID: flowID, Detail: who})
		}
		return err
	})
}

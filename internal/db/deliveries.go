package db

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// The channels of a Delivery.
const (
	ChannelMail    = "mail"
	ChannelWebhook = "webhook"
)

// The states of a Delivery.
const (
	DeliveryWaiting = "waiting"
	DeliveryDone    = "done"
	DeliveryFailed  = "failed" // given up; a person may send it again
)

// Delivery is a notice on its way out of the portal.
type Delivery struct {
	ID                        int64
	Channel, Kind             string
	FlowID, AccountID, Detail string
	State, Error              string
	Attempts                  int
	Due, Created, Updated     time.Time
}

const deliveryColumns = `id, channel, kind, flow_id, account_id, detail, state, error, attempts, due, created, updated`

func scanDelivery(row interface{ Scan(...any) error }) (Delivery, error) {
	var e Delivery
	var due, created, updated int64
	err := row.Scan(&e.ID, &e.Channel, &e.Kind, &e.FlowID, &e.AccountID, &e.Detail, &e.State, &e.Error, &e.Attempts, &due, &created, &updated)
	e.Due, e.Created, e.Updated = store.Time(due), store.Time(created), store.Time(updated)
	return e, missing(err)
}

func (d *DB) queueDelivery(ctx context.Context, tx *store.Tx, e Delivery) error {
	if _, err := tx.Exec(ctx, `INSERT INTO deliveries (channel, kind, flow_id, account_id, detail, state, attempts, error, due, created, updated)
		VALUES ($1, $2, $3, $4, $5, $6, 0, '', $7, $7, $7)`, e.Channel, e.Kind, e.FlowID, e.AccountID, e.Detail, DeliveryWaiting, store.Micros(d.now())); err != nil {
		return fmt.Errorf("queue a delivery: %w", err)
	}
	if d.onDelivery != nil {
		tx.OnCommit(d.onDelivery)
	}
	return nil
}

// OnDelivery sets who is told that something is to be sent. It must be called before anything changes.
func (d *DB) OnDelivery(queued func()) { d.onDelivery = queued }

// QueueTest queues a delivery that tries a channel.
func (d *DB) QueueTest(ctx context.Context, channel, accountID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if err := d.queueDelivery(ctx, tx, Delivery{Channel: channel, Kind: NoticeTest, AccountID: accountID}); err != nil {
			return err
		}
		return d.note(ctx, tx, "delivery.test", "delivery", channel, nil)
	})
}

// DueDeliveries returns what is to be sent by now, the oldest first, and when the next one will be; zero: none waits.
func (d *DB) DueDeliveries(ctx context.Context, now time.Time, limit int) (due []Delivery, next time.Time, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM deliveries WHERE state = 'waiting' ORDER BY due, id LIMIT $1`, limit)
		if err != nil {
			return err
		}
		all, err := collect(rows, scanDelivery)
		for _, e := range all {
			if e.Due.After(now) {
				next = e.Due
				break
			}
			due = append(due, e)
		}
		return err
	})
	if err != nil {
		return nil, next, fmt.Errorf("due deliveries: %w", err)
	}
	return due, next, nil
}

// Delivered records a try: an empty code is a success; else it is tried again at retry, or given up where that is zero, which the
// administrators are told.
func (d *DB) Delivered(ctx context.Context, e Delivery, code string, retry time.Time) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		state := DeliveryDone
		switch {
		case code != "" && retry.IsZero():
			state = DeliveryFailed
		case code != "":
			state = DeliveryWaiting
		}
		if retry.IsZero() {
			retry = d.now()
		}
		if _, err := tx.Exec(ctx, `UPDATE deliveries SET state = $1, error = $2, attempts = attempts + 1, due = $3, updated = $4 WHERE id = $5`, state, code,
			store.Micros(retry), store.Micros(d.now()), e.ID); err != nil {
			return fmt.Errorf("note a delivery: %w", err)
		}
		if state != DeliveryFailed {
			return nil
		}
		if err := d.notifyAdmins(ctx, tx, e.FlowID, code); err != nil {
			return err
		}
		return d.record(ctx, tx, audit.Event{Action: "delivery.failed", ObjectType: "delivery", ObjectID: fmt.Sprint(e.ID), Outcome: audit.Failed, ErrorCode: code,
			Detail: map[string]any{"channel": e.Channel, "kind": e.Kind, "flow": e.FlowID}})
	})
}

// Deliveries lists what was and will be sent, the newest first.
func (d *DB) Deliveries(ctx context.Context, before int64, limit int) (all []Delivery, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM deliveries WHERE $1 = 0 OR id < $1 ORDER BY id DESC LIMIT $2`, before, limit)
		if err != nil {
			return fmt.Errorf("list deliveries: %w", err)
		}
		all, err = collect(rows, scanDelivery)
		return err
	})
	return all, err
}

// Redeliver makes a delivery due at once, at a person's wish.
func (d *DB) Redeliver(ctx context.Context, id int64) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if err := oneRow(tx.Exec(ctx, `UPDATE deliveries SET state = $1, attempts = 0, due = $2, updated = $2 WHERE id = $3`, DeliveryWaiting, store.Micros(d.now()), id)); err != nil {
			return fmt.Errorf("redeliver: %w", err)
		}
		if d.onDelivery != nil {
			tx.OnCommit(d.onDelivery)
		}
		return d.note(ctx, tx, "delivery.again", "delivery", fmt.Sprint(id), nil)
	})
}

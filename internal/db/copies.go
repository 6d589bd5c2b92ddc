package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// CopyLife is how long the link of a copy works.
const CopyLife = 90 * 24 * time.Hour

// copyColumn binds what the vault encrypts to its place.
const copyColumn = "flow_copies.url"

// FlowCopy is somebody who gets a link to read a flow.
type FlowCopy struct {
	ID, Name string
	URL      string // empty until the link is made
	Until    time.Time
	Made     time.Time
}

func insertCopies(ctx context.Context, tx *store.Tx, flowID string, all []DraftCopy) error {
	for i, c := range all {
		if _, err := tx.Exec(ctx, `INSERT INTO flow_copies (flow_id, id, position, name, until, made) VALUES ($1, $2, $3, $4, 0, 0)`,
			flowID, c.ID, i, c.Name); err != nil {
			return fmt.Errorf("start flow: %w", err)
		}
	}
	return nil
}

// enqueueCopies asks for the links of copies: of those at sending only, or of all once the flow is complete.
func (d *DB) enqueueCopies(ctx context.Context, tx *store.Tx, f Flow, atSending bool) error {
	for _, c := range f.Document.Copies {
		if atSending && !c.AtSending {
			continue
		}
		if err := d.enqueue(ctx, tx, f.ID, OutboxCopy, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// copyMade keeps the link of a copy.
func (d *DB) copyMade(ctx context.Context, tx *store.Tx, f *Flow, copyID, url string) error {
	now := d.now()
	if _, err := tx.Exec(ctx, `UPDATE flow_copies SET url = $1, until = $2, made = $3 WHERE flow_id = $4 AND id = $5`,
		d.vault.Seal(copyColumn, f.ID+"/"+copyID, []byte(url)), store.Micros(now.Add(CopyLife)), store.Micros(now), f.ID, copyID); err != nil {
		return fmt.Errorf("keep a copy: %w", err)
	}
	for _, c := range f.Document.Copies {
		if c.ID == copyID {
			return d.flowEvent(ctx, tx, f.ID, FlowEvent{Kind: "copied", Who: c.Name})
		}
	}
	return nil
}

// FlowCopies lists the copies of a flow with their links. The caller has read the flow within its scope.
func (d *DB) FlowCopies(ctx context.Context, flowID string) (all []FlowCopy, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, name, url, until, made FROM flow_copies WHERE flow_id = $1 ORDER BY position`, flowID)
		if err != nil {
			return fmt.Errorf("copies: %w", err)
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (FlowCopy, error) {
			var c FlowCopy
			var box sql.RawBytes
			var until, made int64
			scanErr := row.Scan(&c.ID, &c.Name, &box, &until, &made)
			c.Until, c.Made = timeOrZero(until), timeOrZero(made)
			url, err := d.vault.OpenText(copyColumn, flowID+"/"+c.ID, box)
			c.URL = url
			return c, errors.Join(scanErr, err)
		})
		return err
	})
	return all, err
}

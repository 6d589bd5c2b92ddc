package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// How long a batch keeps what its contracts are made of when nobody does anything with it.
const (
	unconfirmedLife = 24 * time.Hour
	failedLife      = 30 * 24 * time.Hour
)

// NextBatchRow finds the next row to make a contract of: of the oldest running batch that has fewer than window contracts under way. A
// batch with nothing left is done, which changed tells. ok is false when there is nothing to do now.
func (d *DB) NextBatchRow(ctx context.Context, window int) (b Batch, row BatchRow, ok bool, changed []string, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		ok, changed = false, nil
		rows, err := tx.Query(ctx, `SELECT `+batchColumns+` FROM bulk_batches WHERE state = $1 ORDER BY created`, BatchRunning)
		if err != nil {
			return err
		}
		running, err := collect(rows, scanBatch)
		if err != nil {
			return err
		}
		for _, b = range running {
			var sending int
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM bulk_rows r JOIN flows f ON f.id = r.flow_id WHERE r.batch_id = $1 AND f.state = $2`,
				b.ID, int64(FlowSending)).Scan(&sending); err != nil {
				return err
			}
			if sending >= window {
				continue
			}
			row, err = firstWaiting(ctx, tx, b.ID)
			switch {
			case err == nil:
				ok = true
				return nil
			case !errors.Is(err, ErrNotFound):
				return err
			case sending == 0:
				if err := d.setBatchState(ctx, tx, b.ID, BatchDone); err != nil {
					return err
				}
				changed = append(changed, b.ID)
			}
		}
		return nil
	})
	if err != nil {
		return Batch{}, BatchRow{}, false, nil, fmt.Errorf("next row of a batch: %w", err)
	}
	return b, row, ok, changed, nil
}

func firstWaiting(ctx context.Context, tx *store.Tx, batchID string) (BatchRow, error) {
	row := BatchRow{State: RowWaiting}
	var data string
	if err := tx.QueryRow(ctx, `SELECT line, data FROM bulk_rows WHERE batch_id = $1 AND state = $2 ORDER BY line LIMIT 1`, batchID, RowWaiting).
		Scan(&row.Line, &data); err != nil {
		return row, missing(err)
	}
	return row, json.Unmarshal([]byte(data), &row.Use)
}

// StartBatchRow makes a flow of a row: the flow, its outbox and the row's new state are one transaction, so that a row becomes a contract
// once, whatever happens. It refuses with ErrConflict when the row does not wait any more, or the batch does not run.
func (d *DB) StartBatchRow(ctx context.Context, batchID string, line int, draft Draft, flowID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		done, err := tx.Exec(ctx, `UPDATE bulk_rows SET state = $1, flow_id = $2, data = '' WHERE batch_id = $3 AND line = $4 AND state = $5
			AND EXISTS (SELECT 1 FROM bulk_batches b WHERE b.id = $3 AND b.state = $6)`, RowStarted, flowID, batchID, line, RowWaiting, BatchRunning)
		if err != nil {
			return fmt.Errorf("start a row: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(ErrConflict, err)
		}
		if err := d.startFlow(ctx, tx, draft, flowID); err != nil {
			return err
		}
		return d.note(ctx, tx, "flow.send", "flow", flowID, map[string]any{"name": draft.Name, "bulk": batchID, "line": line,
			"approvers": len(draft.Approvers), "files": len(draft.Files)})
	})
}

// FailBatchRow records why no contract can be made of a row. It keeps its data, for another try.
func (d *DB) FailBatchRow(ctx context.Context, batchID string, line int, rule, subject string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE bulk_rows SET state = $1, error = $2, subject = $3 WHERE batch_id = $4 AND line = $5 AND state = $6`,
			RowFailed, rule, subject, batchID, line, RowWaiting); err != nil {
			return fmt.Errorf("fail a row: %w", err)
		}
		return nil
	})
}

// BatchOf returns the batch that a flow belongs to, empty for none.
func (d *DB) BatchOf(ctx context.Context, flowID string) (id string, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		err := missing(tx.QueryRow(ctx, `SELECT batch_id FROM bulk_rows WHERE flow_id = $1 AND flow_id <> ''`, flowID).Scan(&id))
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	return id, err
}

// ForgetBatches removes what nobody needs any more: batches that nobody confirmed for a day, and the data of failed rows that nobody
// retried for a month.
func (d *DB) ForgetBatches(ctx context.Context) error {
	now := d.now()
	return d.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM bulk_batches WHERE state = $1 AND created < $2`, BatchReady, store.Micros(now.Add(-unconfirmedLife)))
		if err == nil {
			_, err = tx.Exec(ctx, `UPDATE bulk_rows SET data = '' WHERE data <> '' AND state = $1 AND batch_id IN
				(SELECT id FROM bulk_batches WHERE updated < $2)`, RowFailed, store.Micros(now.Add(-failedLife)))
		}
		if err != nil {
			return fmt.Errorf("forget batches: %w", err)
		}
		return nil
	})
}

// UsersByName returns the people of exactly that name, with their organisations.
func (d *DB) UsersByName(ctx context.Context, name string) (all []User, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+userColumns+` FROM users WHERE name = $1 ORDER BY id LIMIT 50`, name)
		if err != nil {
			return fmt.Errorf("people by name: %w", err)
		}
		if all, err = collect(rows, scanUser); err != nil {
			return err
		}
		return addOrganizations(ctx, tx, all)
	})
	return all, err
}

// OrganizationsByName returns the organisations of exactly that name.
func (d *DB) OrganizationsByName(ctx context.Context, name string) (all []Organization, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+organizationColumns+` FROM organizations WHERE name = $1 ORDER BY id LIMIT 50`, name)
		if err != nil {
			return fmt.Errorf("organisations by name: %w", err)
		}
		all, err = collect(rows, scanOrganization)
		return err
	})
	return all, err
}

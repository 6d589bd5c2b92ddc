package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/store"
)

// The states of a batch.
const (
	BatchReady     = "ready" // checked, not confirmed
	BatchRunning   = "running"
	BatchPaused    = "paused"
	BatchCancelled = "cancelled"
	BatchDone      = "done" // no row is left to do
)

// Batch is one template sent to many: a row for each contract.
type Batch struct {
	ID         string
	TemplateID string
	Template   Draft // as it was when the file was checked; its id is not kept
	State      string
	Total      int
	CreatedBy  string // name of the account
	Created    time.Time
	Updated    time.Time
}

// BatchCounts says how many rows are in which state.
type BatchCounts struct{ Waiting, Sending, Sent, Failed, Cancelled int }

// BatchRow is a contract of a batch. Use is there until the contract is started.
type BatchRow struct {
	Line  int // in the file
	State string
	Use   Use

	FlowID, FlowName, PlatformID string
	Error                        string // rule or code of a row that failed
	Subject                      string // whom the rule is about
}

// The states of a row. What became of a contract that was started is read from its flow.
const (
	RowWaiting   = "waiting"
	RowStarted   = "started" // in the database only
	RowSending   = "sending"
	RowSent      = "sent"
	RowFailed    = "failed"
	RowCancelled = "cancelled"
)

const batchColumns = `id, organization_id, template_id, name, document, state, total, created_by, created, updated`

func scanBatch(row interface{ Scan(...any) error }) (Batch, error) {
	var b Batch
	var created, updated int64
	var document string
	if err := row.Scan(&b.ID, &b.Template.OrganizationID, &b.TemplateID, &b.Template.Name, &document, &b.State, &b.Total, &b.CreatedBy, &created, &updated); err != nil {
		return b, missing(err)
	}
	b.Created, b.Updated = store.Time(created), store.Time(updated)
	return b, json.Unmarshal([]byte(document), &b.Template.DraftDocument)
}

// CreateBatch stores checked rows, of which each has its line and its use. Nothing is sent before the batch runs.
func (d *DB) CreateBatch(ctx context.Context, id string, template Draft, rows []BatchRow) error {
	document, err := json.Marshal(template.DraftDocument)
	if err != nil {
		return fmt.Errorf("create batch: %w", err)
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO bulk_batches (id, organization_id, template_id, name, document, state, total, created_by, created, updated)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`, id, template.OrganizationID, template.ID, template.Name, string(document), BatchReady,
			len(rows), actorName(ctx), store.Micros(d.now())); err != nil {
			return fmt.Errorf("create batch: %w", err)
		}
		for _, row := range rows {
			data, err := json.Marshal(row.Use)
			if err != nil {
				return fmt.Errorf("create batch: %w", err)
			}
			if _, err := tx.Exec(ctx, `INSERT INTO bulk_rows (batch_id, line, state, flow_id, error, subject, data) VALUES ($1, $2, $3, '', '', '', $4)`,
				id, row.Line, RowWaiting, string(data)); err != nil {
				return fmt.Errorf("create batch: %w", err)
			}
		}
		return d.note(ctx, tx, "bulk.create", "bulk", id, map[string]any{"template": template.ID, "rows": len(rows)})
	})
}

// Batch returns a batch within the scope.
func (d *DB) Batch(ctx context.Context, scope Scope, id string) (b Batch, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		b, err = findBatch(ctx, tx, scope, id)
		return err
	})
	return b, err
}

func findBatch(ctx context.Context, tx *store.Tx, scope Scope, id string) (Batch, error) {
	within, args := scope.clause("organization_id", 1)
	b, err := scanBatch(tx.QueryRow(ctx, `SELECT `+batchColumns+` FROM bulk_batches WHERE id = $1`+within, append([]any{id}, args...)...))
	if err != nil {
		return Batch{}, fmt.Errorf("batch: %w", err)
	}
	return b, nil
}

// Batches lists the batches of a scope, newest first; next is where the following page starts, empty at the end.
func (d *DB) Batches(ctx context.Context, scope Scope, page Page) (all []Batch, next string, err error) {
	within, args := scope.clause("organization_id", 0)
	after, more := page.clause("created", "id", len(args))
	query := fmt.Sprintf(`SELECT %s FROM bulk_batches WHERE 1 = 1%s%s ORDER BY created DESC, id DESC LIMIT %d`, batchColumns, within, after, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, append(args, more...)...)
		if err != nil {
			return fmt.Errorf("list batches: %w", err)
		}
		all, err = collect(rows, scanBatch)
		return err
	})
	all, next = cut(page, all, func(b Batch) (time.Time, string) { return b.Created, b.ID })
	return all, next, err
}

// rowState is the state of a row in the words of BatchRow; a contract that somebody turned back into a draft counts as cancelled.
const rowState = `CASE WHEN r.state <> 'started' THEN r.state WHEN f.id IS NULL THEN 'cancelled' WHEN f.state = -1 THEN 'sending'
	WHEN f.state = -2 THEN 'failed' ELSE 'sent' END`

// BatchCounts counts the rows of a batch by state. The caller has read the batch within its scope.
func (d *DB) BatchCounts(ctx context.Context, id string) (c BatchCounts, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+rowState+`, count(*) FROM main.bulk_rows r LEFT JOIN main.flows f ON f.id = r.flow_id WHERE r.batch_id = $1 GROUP BY 1`, id)
		if err != nil {
			return fmt.Errorf("count the rows of a batch: %w", err)
		}
		defer rows.Close()
		at := map[string]*int{RowWaiting: &c.Waiting, RowSending: &c.Sending, RowSent: &c.Sent, RowFailed: &c.Failed, RowCancelled: &c.Cancelled}
		for rows.Next() {
			var state string
			var n int
			if err := rows.Scan(&state, &n); err != nil {
				return err
			}
			*at[state] = n
		}
		return rows.Err()
	})
	return c, err
}

// BatchRows returns up to limit rows of a batch behind a line, in the order of the file; state narrows them. The caller has read the batch
// within its scope.
func (d *DB) BatchRows(ctx context.Context, id, state string, after, limit int) (all []BatchRow, err error) {
	query := `SELECT r.line, ` + rowState + `, r.flow_id, coalesce(f.name, ''), coalesce(f.platform_id, ''), CASE WHEN r.error <> '' THEN r.error ELSE
		coalesce(f.problem, '') END, r.subject, r.data FROM main.bulk_rows r LEFT JOIN main.flows f ON f.id = r.flow_id WHERE r.batch_id = $1 AND r.line > $2`
	args := []any{id, after}
	if state != "" {
		query += ` AND ` + rowState + ` = $3`
		args = append(args, state)
	}
	query += fmt.Sprintf(` ORDER BY r.line LIMIT %d`, limit)
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("list the rows of a batch: %w", err)
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (BatchRow, error) {
			var r BatchRow
			var data string
			if err := row.Scan(&r.Line, &r.State, &r.FlowID, &r.FlowName, &r.PlatformID, &r.Error, &r.Subject, &data); err != nil || data == "" {
				return r, err
			}
			return r, json.Unmarshal([]byte(data), &r.Use)
		})
		return err
	})
	return all, err
}

// SetBatch moves a batch on: ready or paused to running, running to paused, anything that is not over to cancelled. What does not follow
// from the state that it is in is ErrConflict; the state that it has already is nothing. A batch that was never confirmed is gone when it
// is cancelled, with all its rows.
func (d *DB) SetBatch(ctx context.Context, scope Scope, id, state string) error {
	from := map[string][]string{BatchRunning: {BatchReady, BatchPaused}, BatchPaused: {BatchRunning}, BatchCancelled: {BatchReady, BatchRunning, BatchPaused}}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		b, err := findBatch(ctx, tx, scope, id)
		if err != nil || b.State == state {
			return err
		}
		if !slices.Contains(from[state], b.State) {
			return ErrConflict
		}
		if state == BatchCancelled && b.State == BatchReady {
			_, err = tx.Exec(ctx, `DELETE FROM bulk_batches WHERE id = $1`, id)
		} else {
			err = d.setBatchState(ctx, tx, id, state)
		}
		if err == nil && state == BatchCancelled {
			_, err = tx.Exec(ctx, `UPDATE bulk_rows SET state = CASE WHEN state = $1 THEN $2 ELSE state END, data = '' WHERE batch_id = $3`, RowWaiting, RowCancelled, id)
		}
		if err != nil {
			return fmt.Errorf("change batch: %w", err)
		}
		return d.note(ctx, tx, "bulk."+state, "bulk", id, map[string]any{"before": b.State})
	})
}

func (d *DB) setBatchState(ctx context.Context, tx *store.Tx, id, state string) error {
	_, err := tx.Exec(ctx, `UPDATE bulk_batches SET state = $1, updated = $2 WHERE id = $3`, state, store.Micros(d.now()), id)
	return err
}

// RetryBatch makes the rows of a batch that failed before they became a flow wait again, and returns the flows that failed, whose outboxes
// are the caller's to retry.
func (d *DB) RetryBatch(ctx context.Context, scope Scope, id string) (flowIDs []string, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		b, err := findBatch(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if b.State != BatchRunning && b.State != BatchPaused && b.State != BatchDone {
			return ErrConflict
		}
		if _, err := tx.Exec(ctx, `UPDATE bulk_rows SET state = $1, error = '', subject = '' WHERE batch_id = $2 AND state = $3 AND data <> ''`,
			RowWaiting, id, RowFailed); err != nil {
			return fmt.Errorf("retry batch: %w", err)
		}
		if err := d.setBatchState(ctx, tx, id, BatchRunning); err != nil {
			return fmt.Errorf("retry batch: %w", err)
		}
		rows, err := tx.Query(ctx, `SELECT f.id FROM bulk_rows r JOIN flows f ON f.id = r.flow_id WHERE r.batch_id = $1 AND f.state = $2`, id, int64(FlowFailed))
		if err != nil {
			return fmt.Errorf("retry batch: %w", err)
		}
		flowIDs, err = collect(rows, func(row interface{ Scan(...any) error }) (id string, err error) { return id, row.Scan(&id) })
		return errors.Join(err, d.note(ctx, tx, "bulk.retry", "bulk", id, nil))
	})
	return flowIDs, err
}

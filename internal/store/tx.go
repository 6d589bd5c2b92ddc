package store

import (
	"context"
	"database/sql"
	"errors"
)

// Tx is one caller's part of a transaction. It belongs to one goroutine and to the callback that got it.
type Tx struct {
	db         *DB
	conn       *sql.Conn
	batch      *batch
	readOnly   bool
	ended      bool
	open       []*sql.Rows
	onCommit   []func()
	onRollback []func()
	before     map[any]func(*Tx) error
	changed    *changedRow // of the connection
}

// Exec runs a statement that returns no rows. Placeholders are $1, $2, …
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if t.readOnly {
		return nil, ErrReadOnly
	}
	ctx, err := t.check(ctx)
	if err != nil {
		return nil, err
	}
	return t.conn.ExecContext(ctx, t.db.texts.rewrite(query), args...)
}

// Query runs a statement that returns rows. Rows left open are closed when the callback returns.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := t.check(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := t.conn.QueryContext(ctx, t.db.texts.rewrite(query), args...)
	if err != nil {
		return nil, err
	}
	t.open = append(t.open, rows)
	return rows, nil
}

// QueryRow runs a statement that returns at most one row.
func (t *Tx) QueryRow(ctx context.Context, query string, args ...any) *Row {
	ctx, err := t.check(ctx)
	if err != nil {
		return &Row{err: err}
	}
	return &Row{row: t.conn.QueryRowContext(ctx, t.db.texts.rewrite(query), args...)}
}

// Row is the answer of QueryRow.
type Row struct {
	row *sql.Row
	err error
}

// Scan reads the row's columns; ErrNotFound says that there was no row.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	err := r.row.Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// OnCommit runs f after the change is on the disk, in the goroutine that called Write and before Write returns.
func (t *Tx) OnCommit(f func()) { t.onCommit = append(t.onCommit, f) }

// OnRollback runs f when this callback's changes are undone, latest first, before any other writer starts: it is the place to put back what
// the callback changed in memory. That also happens to a callback that returned nil when the shared commit fails.
func (t *Tx) OnRollback(f func()) { t.onRollback = append(t.onRollback, f) }

// BeforeCommit runs f once for each key just before the shared transaction commits, however many callbacks asked for it; when f
// fails, the whole transaction does. It reports whether this callback is the first of the transaction to use the key.
func (t *Tx) BeforeCommit(key any, f func(*Tx) error) (first bool) {
	if t.batch != nil {
		if _, known := t.batch.before[key]; known {
			return false
		}
	}
	if _, known := t.before[key]; known {
		return false
	}
	if t.before == nil {
		t.before = make(map[any]func(*Tx) error)
	}
	t.before[key] = f
	return true
}

// check gives the context that a statement runs under: the caller's in a Read; one without an end in a Write, where the caller's is only
// looked at between statements.
func (t *Tx) check(ctx context.Context) (context.Context, error) {
	if t.ended {
		return nil, ErrTxDone
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if t.readOnly {
		return ctx, nil
	}
	return background, nil
}

func (t *Tx) end() {
	t.ended = true
	for _, rows := range t.open {
		_ = rows.Close() // closing twice does nothing; what a forgotten one says is of no use any more
	}
	t.open = nil
}

func (t *Tx) undo() {
	for i := len(t.onRollback) - 1; i >= 0; i-- {
		t.onRollback[i]()
	}
}

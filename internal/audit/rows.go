package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"sealdesk/internal/store"
)

// Rows outside of the log carry MACs, see store.Sealed. The log knows when they got them, so that nobody who takes MACs away has the program make
// new ones, and it is where a row that does not fit is told of.

// The actions of the events about sealed rows.
const (
	// ActionRowsSealed says that the rows of tables got MACs: of an instance that is new or was there before there were any, and of tables that
	// got other columns. Its detail has what the MACs of each table cover.
	ActionRowsSealed = "rows.sealed"
	// ActionRowChanged says that a row was met which was changed outside of Sealdesk. Nothing followed from it.
	ActionRowChanged = "rows.changed"
)

// maxRowsTold is of how many different rows a process tells; verifying names all.
const maxRowsTold = 100

// ChangedRow is a row that was changed outside of Sealdesk.
type ChangedRow = store.RowChangedError

// changedRows are those that the process has met.
type changedRows struct {
	mu     sync.Mutex
	rows   []ChangedRow
	events sync.WaitGroup
}

// SealRows gives the rows of the database's sealed tables their MACs where the log does not say that they have them, and then looks at all
// of them: what does not fit is told, and the database is open all the same. Call it before anything reads such a table.
//
// Where the log itself does not verify, nobody knows whether it said so once: no row gets a MAC then, and those without one do not fit.
func (l *Log) SealRows(ctx context.Context) error {
	trusted, err := l.mayBeFirst(ctx)
	if err != nil {
		return fmt.Errorf("seal the rows: %w", err)
	}
	var was map[string]string
	now := l.db.SealedTables()
	err = l.db.Write(ctx, func(tx *store.Tx) (err error) {
		if was, err = sealedTables(ctx, tx); err != nil {
			return err
		}
		counts, news := map[string]int64{}, false
		for _, table := range slices.Sorted(maps.Keys(now)) {
			if was[table] == now[table] {
				continue
			}
			if was[table] != "" || trusted {
				if counts[table], err = tx.Seal(ctx, table, was[table]); err != nil {
					return err
				}
			}
			was[table], news = now[table], true
		}
		if !news {
			return nil
		}
		_, err = l.Append(ctx, tx, Event{Actor: systemActor, Action: ActionRowsSealed, ObjectType: "rows",
			Detail: map[string]any{"tables": was, "rows": counts}})
		return err
	})
	if err != nil {
		return fmt.Errorf("seal the rows: %w", err)
	}
	l.db.OnRowChanged(l.tellRow)
	for _, table := range slices.Sorted(maps.Keys(was)) {
		if now[table] == "" {
			return fmt.Errorf("the rows of the table %s were sealed, and have no MACs any more: somebody changed it; restore a backup", table)
		}
	}
	return l.db.Read(ctx, func(tx *store.Tx) error { return tx.ChangedRows(ctx, was, l.tellRow) })
}

// mayBeFirst tells whether rows of tables that the log does not name may get their first MACs: of a new database, and of one whose log verifies.
// Where the log names all tables, nobody asks.
func (l *Log) mayBeFirst(ctx context.Context) (bool, error) {
	named := true
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		was, err := sealedTables(ctx, tx)
		for table := range l.db.SealedTables() {
			named = named && was[table] != ""
		}
		return err
	})
	if err != nil || named || l.Count() == 0 {
		return true, err
	}
	report, err := l.Verify(ctx, l.known...)
	return err == nil && !slices.ContainsFunc(report.Problems, func(p Problem) bool { return p.Kind != ProblemRow }), err
}

// systemActor is who finds what nobody asked for.
var systemActor = Actor{Name: "sealdesk", Role: "system"}

// sealedTables gives what the MACs of each table cover, as the log says it.
func sealedTables(ctx context.Context, tx *store.Tx) (map[string]string, error) {
	var text string
	err := tx.QueryRow(ctx, "SELECT CAST(detail AS TEXT) FROM audit_events WHERE action = $1 ORDER BY seq DESC LIMIT 1", ActionRowsSealed).Scan(&text)
	if errors.Is(err, store.ErrNotFound) {
		return map[string]string{}, nil
	}
	detail := struct {
		Tables map[string]string `json:"tables"`
	}{}
	if err == nil && json.Unmarshal([]byte(text), &detail) != nil || detail.Tables == nil {
		detail.Tables = map[string]string{} // not the log's words: verifying names the event
	}
	if err != nil {
		return nil, fmt.Errorf("read which tables are sealed: %w", err)
	}
	return detail.Tables, nil
}

// tellRow remembers a row, tells the operator, and has an event tell of it, once for each row.
func (l *Log) tellRow(row ChangedRow) {
	l.changed.mu.Lock()
	known := slices.Contains(l.changed.rows, row) || len(l.changed.rows) >= maxRowsTold
	if !known {
		l.changed.rows = append(l.changed.rows, row)
	}
	l.changed.mu.Unlock()
	if known || l.opts.ReadOnly {
		return
	}
	if l.opts.OnRow != nil {
		l.opts.OnRow(row)
	}
	l.changed.events.Go(func() { // whoever met it may be within a Write
		// An event that cannot be recorded is lost: the row is still there to be met and verified.
		_ = l.Record(context.Background(), Event{Actor: systemActor, Action: ActionRowChanged, ObjectType: "rows", ObjectID: row.Table,
			Outcome: Denied, ErrorCode: ProblemRow, Detail: map[string]any{"table": row.Table, "key": row.Key}})
	})
}

// ChangedRows are the rows of the database that this process found changed outside of Sealdesk, at most a hundred; each is told once.
func (l *Log) ChangedRows() []ChangedRow {
	l.changed.mu.Lock()
	defer l.changed.mu.Unlock()
	return slices.Clone(l.changed.rows)
}

// verifyRows names the rows that do not fit, of all tables that the log says are sealed.
func (l *Log) verifyRows(ctx context.Context, tx *store.Tx, r *Report) error {
	sealed, err := sealedTables(ctx, tx)
	if err != nil {
		return err
	}
	return tx.ChangedRows(ctx, sealed, func(row ChangedRow) {
		r.put(Problem{Kind: ProblemRow, Row: row.Table + " " + row.Key})
		l.tellRow(row)
	})
}

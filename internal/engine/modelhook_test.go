package engine

import (
	"context"

	"sealdesk/internal/store"
)

// CountRows runs a query that counts what must not be there. Its $1 is the engine's time in microseconds.
func (e *Engine) CountRows(ctx context.Context, query string) (n int64, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, query, store.Micros(e.now())).Scan(&n) })
	return n, err
}

package engine

import (
	"context"
	"maps"
	"net/url"
	"slices"

	"sealdesk/internal/store"
)

// ForceApprover puts an approver into a state without what leads there.
func (e *Engine) ForceApprover(ctx context.Context, signID string, status ApproverStatus) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE engine_approvers SET status = $1 WHERE sign_id = $2`, int(status), signID)
		return err
	})
}

// Count counts the rows of a table.
func (e *Engine) Count(ctx context.Context, table string) (n int, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n) })
	return n, err
}

// Served lists the actions that the dispatcher knows.
func (e *Engine) Served() []string { return slices.Sorted(maps.Keys(e.actions)) }

// DeclaredCode is what an action answers for a code.
var DeclaredCode = declaredCode

// Undeclared is the table of codes that any action may answer.
func Undeclared() map[string]string { return undeclared }

// DecodeBody and DecodeParams read a request from JSON and from flattened parameters.
func DecodeBody(body []byte, req any) error { return input{body: body}.decode(req) }

// DecodeParams is for flattened parameters.
func DecodeParams(params url.Values, req any) error { return input{query: params}.decode(req) }

// Exec writes as the engine does.
func (e *Engine) Exec(ctx context.Context, query string, args ...any) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

// Path is the database's file.
func (e *Engine) Path() string { return e.db.Path() }

// Row reads one value as the engine does.
func (e *Engine) Row(ctx context.Context, query string, value any) error {
	return e.db.Read(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, query).Scan(value) })
}

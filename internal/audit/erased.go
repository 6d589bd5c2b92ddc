package audit

import (
	"context"
	"fmt"
	"sync"

	"sealdesk/internal/store"
)

// erasures are the tokens that the log's events say were erased, so that nobody who kept the rows of a person and puts them back has them read.
type erasures struct {
	mu     sync.Mutex
	upTo   int64            // number of the newest of these events that was read; 0 for none, as no log begins with one
	tokens map[string]int64 // with the number of the event
}

// read gives what tells of a token whether it was erased, as far as the transaction sees.
func (e *erasures) read(ctx context.Context, tx *store.Tx) (erased func(token string) bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	rows, err := tx.Query(ctx, "SELECT seq, CAST(detail AS TEXT) FROM audit_events WHERE action = $1 AND seq > $2 ORDER BY seq", actionErase, e.upTo)
	if err != nil {
		return nil, fmt.Errorf("read who was erased: %w", err)
	}
	for rows.Next() {
		var seq int64
		var detail string
		if err := rows.Scan(&seq, &detail); err != nil {
			return nil, fmt.Errorf("read who was erased: %w", err)
		}
		if e.tokens == nil {
			e.tokens = map[string]int64{}
		}
		eachToken(detail, func(token string) { e.tokens[token] = seq })
		e.upTo = seq
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read who was erased: %w", err)
	}
	return func(token string) bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.tokens[token] > 0
	}, nil
}

package engine

import (
	"context"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// Message is a text message as the platform would have sent it.
type Message struct {
	ID        string
	Recipient string // mobile, in clear
	Body      string
	Created   time.Time
	Delivered time.Time // when it was handed out; zero where that failed
}

// ListMessages gives the newest messages. Before is the ID of the last one of the page before, empty for the first page; next is empty
// on the last one.
func (e *Engine) ListMessages(ctx context.Context, before string, limit int) (page []Message, next string, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, recipient_sealed, body_sealed, created, delivered FROM engine_outbox
			WHERE $1 = '' OR (created, id) < (SELECT created, id FROM engine_outbox WHERE id = $1) ORDER BY created DESC, id DESC LIMIT $2`, before, limit+1)
		if err != nil {
			return fmt.Errorf("read the messages: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			m := Message{}
			var recipient, body []byte
			var created, delivered int64
			if err := rows.Scan(&m.ID, &recipient, &body, &created, &delivered); err != nil {
				return fmt.Errorf("read a message: %w", err)
			}
			m.Created, m.Delivered = store.Time(created), store.Time(delivered)
			if m.Recipient, err = e.vault.OpenText("engine_outbox.recipient", m.ID, recipient); err != nil {
				return err
			}
			if m.Body, err = e.vault.OpenText("engine_outbox.body", m.ID, body); err != nil {
				return err
			}
			page = append(page, m)
		}
		return rows.Err()
	})
	if err == nil && len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	return page, next, err
}

// storeOutbox keeps a message before it is handed out.
func (e *Engine) storeOutbox(ctx context.Context, tx *store.Tx, recipient, body string) (string, error) {
	id := newID(e.wall())
	_, err := tx.Exec(ctx, `INSERT INTO engine_outbox (id, kind, recipient_sealed, body_sealed, created, delivered) VALUES ($1, 'sms', $2, $3, $4, 0)`,
		id, e.vault.Seal("engine_outbox.recipient", id, []byte(recipient)), e.vault.Seal("engine_outbox.body", id, []byte(body)), store.Micros(e.now()))
	if err != nil {
		return "", fmt.Errorf("store a message: %w", err)
	}
	return id, nil
}

// deliver hands a message out: it is printed where the engine runs.
func (e *Engine) deliver(ctx context.Context, id, line string) error {
	if _, err := fmt.Fprintln(e.outbox, line); err != nil {
		return fmt.Errorf("hand out a message: %w", err)
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE engine_outbox SET delivered = $1 WHERE id = $2`, store.Micros(e.now()), id); err != nil {
			return fmt.Errorf("note the delivery: %w", err)
		}
		return nil
	})
}

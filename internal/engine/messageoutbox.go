package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sealdesk/internal/gateway"
	"sealdesk/internal/store"
)

// The states of a Message.
const (
	MessageKept    = "kept"    // there is no way to send it: it stands here only
	MessageWaiting = "waiting" // to be sent, perhaps again
	MessageTrying  = "trying"  // on its way; found at a start it may have arrived
	MessageDone    = "done"
	MessageFailed  = "failed" // given up
)

// Message is something that a person is told: by a gateway, or, where there is none, here only.
type Message struct {
	ID        string
	Kind      string // one of the gateway's kinds
	Recipient string // mobile or e-mail: in clear where the message is kept, else masked
	Body      string // the text; a code that leaves by a gateway is not shown
	Way       string // of the gateway; empty where it is kept
	State     string
	Error     string // why the last try failed
	Attempts  int
	Created   time.Time
	Delivered time.Time // when it left; zero where it did not
}

// hiddenCode stands for a code that goes to its owner and nobody else.
const hiddenCode = "******"

// queueMessage keeps a message in the transaction of what it tells of, to be sent from there. What expires is not sent afterwards; zero: never.
func (e *Engine) queueMessage(ctx context.Context, tx *store.Tx, m gateway.Message, expires time.Time) error {
	if m.ID == "" {
		m.ID = newID(e.wall())
	}
	way, state, shown, sealed, recipient := e.gateways.Way(m), MessageWaiting, m, []byte{}, m.To
	if way == "" {
		state = MessageKept
	} else {
		whole, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("keep a message: %w", err)
		}
		sealed = e.vault.Seal("engine_outbox.message", m.ID, whole)
		shown.Link, recipient = "", gateway.Mask(m.To)
		if m.Code != "" {
			shown.Code = hiddenCode
		}
		tx.OnCommit(e.wakeMessages)
	}
	now := store.Micros(e.now())
	_, err := tx.Exec(ctx, `INSERT INTO engine_outbox (id, kind, recipient_sealed, body_sealed, created, delivered, way, state, message_sealed, due, expires, flow_id, sign_id)
		VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $5, $9, $10, $11)`, m.ID, m.Kind, e.vault.Seal("engine_outbox.recipient", m.ID, []byte(recipient)),
		e.vault.Seal("engine_outbox.body", m.ID, []byte(gateway.Text(shown))), now, way, state, sealed, store.Micros(expires), m.FlowID, m.SignID)
	if err != nil {
		return fmt.Errorf("keep a message: %w", err)
	}
	return nil
}

// ListMessages gives the newest messages. Before is the ID of the last one of the page before, empty for the first page; next is empty
// on the last one.
func (e *Engine) ListMessages(ctx context.Context, before string, limit int) (page []Message, next string, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, kind, recipient_sealed, body_sealed, created, delivered, way, state, error, attempts FROM engine_outbox
			WHERE $1 = '' OR (created, id) < (SELECT created, id FROM engine_outbox WHERE id = $1) ORDER BY created DESC, id DESC LIMIT $2`, before, limit+1)
		if err != nil {
			return fmt.Errorf("read the messages: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			m := Message{}
			var recipient, body []byte
			var created, delivered int64
			if err := rows.Scan(&m.ID, &m.Kind, &recipient, &body, &created, &delivered, &m.Way, &m.State, &m.Error, &m.Attempts); err != nil {
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

// Undelivered lists the tasks of a contract whose signer was not reached by what was last sent to them: it was given up, or failed and is tried
// again.
func (e *Engine) Undelivered(ctx context.Context, flowID string) (all []gateway.Sent, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, sign_id, kind, recipient_sealed, way, state, error, attempts, created FROM engine_outbox o
			WHERE flow_id = $1 AND sign_id <> '' AND error <> '' AND state IN ('failed', 'waiting', 'trying')
			AND NOT EXISTS (SELECT 1 FROM engine_outbox l WHERE l.flow_id = o.flow_id AND l.sign_id = o.sign_id AND (l.created, l.id) > (o.created, o.id))`, flowID)
		if err != nil {
			return fmt.Errorf("list what was not delivered: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var m gateway.Sent
			var id string
			var recipient []byte
			var created int64
			if err := rows.Scan(&id, &m.SignID, &m.Kind, &recipient, &m.Way, &m.State, &m.Error, &m.Attempts, &created); err != nil {
				return fmt.Errorf("list what was not delivered: %w", err)
			}
			m.Created = store.Time(created)
			if m.Address, err = e.vault.OpenText("engine_outbox.recipient", id, recipient); err != nil {
				return err
			}
			all = append(all, m)
		}
		return rows.Err()
	})
	return all, err
}

// MessageWays lists the ways of messages to people that are set up.
func (e *Engine) MessageWays() []string { return e.gateways.Ways() }

// MessageLog is ListMessages without what the messages say.
func (e *Engine) MessageLog(ctx context.Context, before string, limit int) (page []gateway.Sent, next string, err error) {
	all, next, err := e.ListMessages(ctx, before, limit)
	for _, m := range all {
		if m.State == MessageKept {
			m.Recipient = gateway.Mask(m.Recipient)
		}
		page = append(page, gateway.Sent{Kind: m.Kind, Way: m.Way, Address: m.Recipient, State: m.State, Error: m.Error, Attempts: m.Attempts, Created: m.Created,
			Delivered: m.Delivered})
	}
	return page, next, err
}

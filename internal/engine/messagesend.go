package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/gateway"
	"sealdesk/internal/store"
)

// The pauses after a try that failed and may be repeated; then the message is given up. Somebody waits for a code.
var (
	codePauses    = []time.Duration{2 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute}
	messagePauses = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour}
)

// The errors of messages that were not sent for a reason of our own.
const (
	messageLate    = "late"               // what it told of is over
	messageUnknown = gateway.CodeNoAnswer // the program ended while it was on its way
)

const messageBatch = 20

// waitingMessage is one that is due.
type waitingMessage struct {
	gateway.Message
	state    string
	attempts int
	expires  time.Time
}

func (e *Engine) wakeMessages() {
	select {
	case e.messages <- struct{}{}:
	default:
	}
}

// RunMessages sends what is to be sent until the context ends. It returns at once where there is no gateway.
func (e *Engine) RunMessages(ctx context.Context) error {
	if len(e.gateways.Ways()) == 0 {
		return nil
	}
	for {
		next, err := e.SendMessages(ctx)
		pause := time.Hour
		switch {
		case err != nil && ctx.Err() == nil:
			e.logger.Error("engine: messages cannot be read or noted", "error", err)
			pause = 5 * time.Second
		case !next.IsZero():
			pause = max(10*time.Millisecond, next.Sub(e.now()))
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-e.messages:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// SendMessages sends what is due now and tells when the next message is; zero for none.
func (e *Engine) SendMessages(ctx context.Context) (next time.Time, err error) {
	for {
		due, next, err := e.dueMessages(ctx)
		if err != nil || len(due) == 0 {
			return next, err
		}
		for _, m := range due {
			if ctx.Err() != nil {
				return next, nil // the program stops; it stays due
			}
			// What has begun is noted even when the program stops meanwhile.
			if err := e.sendMessageOnce(context.WithoutCancel(ctx), m); err != nil {
				return next, err
			}
		}
	}
}

func (e *Engine) dueMessages(ctx context.Context) (due []waitingMessage, next time.Time, err error) {
	now := e.now()
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, message_sealed, state, attempts, due, expires FROM engine_outbox WHERE state IN ('waiting', 'trying') ORDER BY due, id LIMIT $1`,
			messageBatch)
		if err != nil {
			return fmt.Errorf("read the messages: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var m waitingMessage
			var id string
			var sealed []byte
			var at, expires int64
			if err := rows.Scan(&id, &sealed, &m.state, &m.attempts, &at, &expires); err != nil {
				return fmt.Errorf("read a message: %w", err)
			}
			if store.Time(at).After(now) {
				next = store.Time(at)
				break
			}
			whole, err := e.vault.OpenText("engine_outbox.message", id, sealed)
			if err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(whole), &m.Message); err != nil {
				return fmt.Errorf("read a message: %w", err)
			}
			m.expires = store.Time(expires)
			due = append(due, m)
		}
		return rows.Err()
	})
	return due, next, err
}

// sendMessageOnce makes one try and notes what came of it. Before the try it notes that there is one: an SMS that was on its way when the
// program ended may have arrived and is not sent again, unless it is a code, which harms nobody twice.
func (e *Engine) sendMessageOnce(ctx context.Context, m waitingMessage) error {
	switch {
	case !m.expires.IsZero() && !e.now().Before(m.expires):
		return e.noteMessage(ctx, m, MessageFailed, messageLate, time.Time{})
	case m.state == MessageTrying && m.Kind != gateway.KindCode && e.gateways.Way(m.Message) == gateway.WaySMS:
		return e.noteMessage(ctx, m, MessageFailed, messageUnknown, time.Time{})
	}
	if err := e.noteMessage(ctx, m, MessageTrying, "", time.Time{}); err != nil {
		return err
	}
	m.attempts++
	err := e.gateways.Send(ctx, m.Message)
	if err == nil {
		return e.noteMessage(ctx, m, MessageDone, "", time.Time{})
	}
	failed := &gateway.Error{Code: gateway.CodeNoAnswer}
	errors.As(err, &failed)
	pauses := messagePauses
	if m.Kind == gateway.KindCode {
		pauses = codePauses
	}
	if !failed.Again || m.attempts > len(pauses) || m.Kind == gateway.KindTest {
		return e.noteMessage(ctx, m, MessageFailed, failed.Code, time.Time{})
	}
	return e.noteMessage(ctx, m, MessageWaiting, failed.Code, e.now().Add(pauses[m.attempts-1]))
}

// noteMessage writes what came of a message. Of one that is done or given up nothing secret is kept, and it is evidence.
func (e *Engine) noteMessage(ctx context.Context, m waitingMessage, state, code string, due time.Time) error {
	if due.IsZero() {
		due = e.now()
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		over := state == MessageDone || state == MessageFailed
		var delivered int64
		if state == MessageDone {
			delivered = store.Micros(e.now())
		}
		if _, err := tx.Exec(ctx, `UPDATE engine_outbox SET state = $1, error = $2, attempts = attempts + $3, due = $4, delivered = $5,
			message_sealed = CASE WHEN $6 = 1 THEN x'' ELSE message_sealed END WHERE id = $7`, state, code, flag(state == MessageTrying), store.Micros(due), delivered,
			flag(over), m.ID); err != nil {
			return fmt.Errorf("note a message: %w", err)
		}
		if !over {
			return nil
		}
		return e.record(ctx, tx, event{Action: "message." + state, ObjectType: "message", ObjectID: m.ID,
			Detail: map[string]any{"kind": m.Kind, "flow": m.FlowID, "task": m.SignID, "way": e.gateways.Way(m.Message), "address": gateway.Mask(m.To), "error": code}})
	})
}

// TestMessage queues a test to an address; what comes of it stands in the log. gateway.ErrNoWay where no way leads there.
func (e *Engine) TestMessage(ctx context.Context, to string) error {
	m := gateway.Message{Kind: gateway.KindTest, To: to}
	if e.gateways.Way(m) == "" {
		return gateway.ErrNoWay
	}
	return e.db.Write(ctx, func(tx *store.Tx) error { return e.queueMessage(ctx, tx, m, e.now().Add(codeLife)) })
}

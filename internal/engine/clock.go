package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// maxAdvance bounds how far ahead the engine's clock may be set: certificates last longer.
const maxAdvance = 5 * 365 * 24 * time.Hour

// ErrClock refuses to set the clock where it cannot go.
var ErrClock = errors.New("engine: the clock only goes forward, and at most five years")

// wall is the time of the world: for signatures of requests, sessions of the console, and when to try a callback again.
func (e *Engine) wall() time.Time { return e.clock().UTC() }

// now is the engine's time: for everything that the platform does. It is the world's, unless somebody has advanced it.
func (e *Engine) now() time.Time { return e.wall().Add(e.ClockOffset()) }

// Now is the engine's time.
func (e *Engine) Now() time.Time { return e.now() }

// ClockOffset is how far the engine's clock is ahead of the world's.
func (e *Engine) ClockOffset() time.Duration { return time.Duration(e.offset.Load()) }

// AdvanceClock sets the engine's clock forward, so that deadlines pass.
func (e *Engine) AdvanceClock(ctx context.Context, by time.Duration) error {
	if !e.simulate {
		return ErrNotSimulated
	}
	if offset := e.ClockOffset() + by; by <= 0 || offset > maxAdvance {
		return ErrClock
	}
	return e.setOffset(ctx, e.ClockOffset()+by)
}

// ResetClock takes the engine's clock back to the time of the world. What has expired by then may wait again.
func (e *Engine) ResetClock(ctx context.Context) error {
	if !e.simulate {
		return ErrNotSimulated
	}
	return e.setOffset(ctx, 0)
}

func (e *Engine) setOffset(ctx context.Context, offset time.Duration) error {
	return e.db.Write(ctx, func(tx *store.Tx) error { return e.storeOffset(ctx, tx, offset, e.ClockOffset()) })
}

func (e *Engine) storeOffset(ctx context.Context, tx *store.Tx, offset, before time.Duration) error {
	// The event is recorded by the new time, which may be earlier than that of the event before.
	was := e.offset.Swap(int64(offset))
	tx.OnRollback(func() { e.offset.Store(was) })
	tx.OnCommit(e.callbacks.wakeUp) // deadlines may have passed
	return e.record(ctx, tx, event{Action: audit.ActionClock, ObjectType: "engine", Detail: map[string]any{"offset": offset.String(), "before": before.String()}})
}

// NoteClock records in the evidence that the machine's clock was set; detail says how far.
func (e *Engine) NoteClock(ctx context.Context, detail map[string]any) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		return e.record(ctx, tx, event{Action: audit.ActionClock, ObjectType: "clock", Detail: detail})
	})
}

// storedOffset is the offset as the evidence says that it was set last, so that a restart does not turn time back.
func (e *Engine) storedOffset(ctx context.Context) (time.Duration, error) {
	last, err := e.log.Query(ctx, audit.Filter{Action: audit.ActionClock, ObjectType: "engine"}, 0, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	var detail struct{ Offset string }
	if err := json.Unmarshal([]byte(last[0].DetailText), &detail); err != nil {
		return 0, fmt.Errorf("read the clock's offset: %w", err)
	}
	offset, err := time.ParseDuration(detail.Offset)
	if err != nil {
		return 0, fmt.Errorf("read the clock's offset: %w", err)
	}
	return offset, nil
}

// openClock takes the offset up. Outside of simulation the engine's time is the machine's, whatever was set before.
func (e *Engine) openClock(ctx context.Context) error {
	if !e.simulate {
		return nil
	}
	offset, err := e.storedOffset(ctx)
	e.offset.Store(int64(offset))
	return err
}

// setting reads a setting; one that was never set is empty.
func (e *Engine) setting(ctx context.Context, tx *store.Tx, name string) (value string, err error) {
	err = tx.QueryRow(ctx, `SELECT value FROM engine_settings WHERE name = $1`, name).Scan(&value)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("read the setting %s: %w", name, err)
	}
	return value, nil
}

func (e *Engine) setSetting(ctx context.Context, tx *store.Tx, name, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO engine_settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("keep the setting %s: %w", name, err)
	}
	return nil
}

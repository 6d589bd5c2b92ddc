package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// ErrCallbackUnknown says that there is no such entry in the delivery log.
var ErrCallbackUnknown = errors.New("engine: no such callback")

// Callback is one entry of the delivery log.
type Callback struct {
	Seq       int64
	ID        string
	FlowID    string
	SignID    string
	URL       string
	Operate   string
	State     string
	Attempts  int
	Due       time.Time // of the next try; zero when there is none
	Created   time.Time
	Delivered time.Time
	// Body and Tries are filled by FindCallback only.
	Body  string
	Tries []CallbackTry
}

// CallbackTry is one try of a callback.
type CallbackTry struct {
	Attempt  int
	Time     time.Time
	Duration time.Duration
	Status   int    // of the answer; 0: none came
	Problem  string // why: keys, address, private, timeout, unreachable
}

const callbackColumns = `seq, id, flow_id, sign_id, url, operate, state, attempts, due, created, delivered`

func (c *Callback) scan(scan func(...any) error, more ...any) error {
	var due, created, delivered int64
	err := scan(append([]any{&c.Seq, &c.ID, &c.FlowID, &c.SignID, &c.URL, &c.Operate, &c.State, &c.Attempts, &due, &created, &delivered}, more...)...)
	c.Due, c.Created, c.Delivered = store.Time(due), store.Time(created), store.Time(delivered)
	return err
}

// Callbacks lists the log, the newest first, from before a seq (0: from the newest).
func (e *Engine) Callbacks(ctx context.Context, before int64, limit int) ([]Callback, error) {
	var out []Callback
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+callbackColumns+` FROM engine_callbacks WHERE $1 = 0 OR seq < $1 ORDER BY seq DESC LIMIT $2`, before, limit)
		if err != nil {
			return fmt.Errorf("list the callbacks: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var c Callback
			if err := c.scan(rows.Scan); err != nil {
				return fmt.Errorf("read a callback: %w", err)
			}
			out = append(out, c)
		}
		return rows.Err()
	})
	return out, err
}

// FindCallback gives one callback with its body and tries, or ErrCallbackUnknown. Numbers and mobiles in the body are masked.
func (e *Engine) FindCallback(ctx context.Context, seq int64) (Callback, error) {
	var c Callback
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		var sealed []byte
		row := tx.QueryRow(ctx, `SELECT `+callbackColumns+`, body_sealed FROM engine_callbacks WHERE seq = $1`, seq)
		if err := c.scan(row.Scan, &sealed); err != nil {
			return orUnknown(err)
		}
		body, err := e.vault.Open("engine_callbacks.body", c.ID, sealed)
		if err != nil {
			return err
		}
		c.Body = e.requests.maskedBody(body)
		c.Tries, err = e.callbackTries(ctx, tx, seq)
		return err
	})
	return c, err
}

func orUnknown(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrCallbackUnknown
	}
	return err
}

func (e *Engine) callbackTries(ctx context.Context, tx *store.Tx, seq int64) ([]CallbackTry, error) {
	rows, err := tx.Query(ctx, `SELECT attempt, tried, duration, status, problem FROM engine_callback_tries WHERE callback_seq = $1 ORDER BY attempt`, seq)
	if err != nil {
		return nil, fmt.Errorf("list the tries of a callback: %w", err)
	}
	defer rows.Close()
	var out []CallbackTry
	for rows.Next() {
		var t CallbackTry
		var tried, took int64
		if err := rows.Scan(&t.Attempt, &tried, &took, &t.Status, &t.Problem); err != nil {
			return nil, fmt.Errorf("read a try of a callback: %w", err)
		}
		t.Time, t.Duration = store.Time(tried), time.Duration(took)*time.Microsecond
		out = append(out, t)
	}
	return out, rows.Err()
}

// Redeliver makes a callback due at once, whatever has become of it.
func (e *Engine) Redeliver(ctx context.Context, seq int64) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		var c Callback
		if err := c.scan(tx.QueryRow(ctx, `SELECT `+callbackColumns+` FROM engine_callbacks WHERE seq = $1`, seq).Scan); err != nil {
			return orUnknown(err)
		}
		_, err := tx.Exec(ctx, `UPDATE engine_callbacks SET state = $1, due = $2 WHERE seq = $3`, CallbackWaiting, store.Micros(e.wall()), seq)
		if err != nil {
			return fmt.Errorf("make a callback due: %w", err)
		}
		tx.OnCommit(e.callbacks.wakeUp)
		return e.record(ctx, tx, event{Action: "callback.redeliver", ObjectType: "callback", ObjectID: c.ID})
	})
}

// Settings that hold the keys of callbacks, sealed.
const (
	callbackTokenSetting = "callback.token"
	callbackKeySetting   = "callback.key"
)

// CallbackKeys gives the token that signs callbacks, which is made at first use, and the key that encrypts them, if there is one.
func (e *Engine) CallbackKeys(ctx context.Context) (keys api.CallbackKeys, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		var tokenErr, keyErr error
		keys.Token, tokenErr = e.sealedSetting(ctx, tx, callbackTokenSetting)
		keys.Key, keyErr = e.sealedSetting(ctx, tx, callbackKeySetting)
		return errors.Join(tokenErr, keyErr)
	})
	if err != nil || keys.Token != "" {
		return keys, err
	}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		if keys.Token, err = e.sealedSetting(ctx, tx, callbackTokenSetting); err != nil || keys.Token != "" {
			return err
		}
		if keys.Token, err = randomText(32); err != nil {
			return err
		}
		return e.sealSetting(ctx, tx, callbackTokenSetting, keys.Token)
	})
	return keys, err
}

// EncryptCallbacks makes a key with which all callbacks are encrypted from now on, or takes it away.
func (e *Engine) EncryptCallbacks(ctx context.Context, on bool) error {
	key := ""
	if on {
		var err error
		if key, err = randomText(api.CallbackKeyBytes); err != nil {
			return err
		}
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if err := e.sealSetting(ctx, tx, callbackKeySetting, key); err != nil {
			return err
		}
		return e.record(ctx, tx, event{Action: "callback.encrypt", ObjectType: "engine", Detail: map[string]any{"on": on}})
	})
}

func (e *Engine) sealSetting(ctx context.Context, tx *store.Tx, name, value string) error {
	return e.setSetting(ctx, tx, name, hex.EncodeToString(e.vault.Seal("engine_settings", name, []byte(value))))
}

func (e *Engine) sealedSetting(ctx context.Context, tx *store.Tx, name string) (string, error) {
	text, err := e.setting(ctx, tx, name)
	if err != nil {
		return "", err
	}
	box, err := hex.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("read the setting %s: %w", name, err)
	}
	return e.vault.OpenText("engine_settings", name, box)
}

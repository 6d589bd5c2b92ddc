package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// Life of what opens the console. A token is for handing over to a browser, once; a session ends when nobody uses it.
const (
	consoleTokenLife   = 10 * time.Minute
	consoleSessionLife = 12 * time.Hour
	consoleIdle        = 30 * time.Minute
	consoleTouch       = time.Minute // how exactly the last use is known
)

// ErrConsole says that a token or session of the console is unknown, used up or too old.
var ErrConsole = errors.New("engine: no such token or session of the console")

const (
	consoleToken   = "token"
	consoleSession = "session"
)

// ConsoleToken makes a token that logs in to the console once, within ten minutes. Another process that shares the data folder may make
// it: only its hash is kept, in the store.
func (e *Engine) ConsoleToken(ctx context.Context) (string, error) {
	return e.makeConsoleSecret(ctx, consoleToken, consoleTokenLife)
}

// ConsoleLogIn spends a token and gives a session.
func (e *Engine) ConsoleLogIn(ctx context.Context, token string) (session string, err error) {
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		now := store.Micros(e.wall())
		res, err := tx.Exec(ctx, `DELETE FROM engine_console WHERE token_hash = $1 AND kind = $2 AND expires > $3`, hashToken(token), consoleToken, now)
		if err != nil {
			return fmt.Errorf("spend a token of the console: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrConsole, err)
		}
		return e.record(ctx, tx, event{Action: "console.login", ObjectType: "console"})
	})
	if err != nil {
		return "", err
	}
	return e.makeConsoleSecret(ctx, consoleSession, consoleSessionLife)
}

func (e *Engine) makeConsoleSecret(ctx context.Context, kind string, life time.Duration) (string, error) {
	raw := make([]byte, 2*tokenBytes)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make a %s of the console: %w", kind, err)
	}
	secret := base64.RawURLEncoding.EncodeToString(raw)
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		now := e.wall()
		_, oldErr := tx.Exec(ctx, `DELETE FROM engine_console WHERE expires < $1`, store.Micros(now))
		_, err := tx.Exec(ctx, `INSERT INTO engine_console (token_hash, kind, expires, used, created) VALUES ($1, $2, $3, $4, $4)`,
			hashToken(secret), kind, store.Micros(now.Add(life)), store.Micros(now))
		if err := errors.Join(oldErr, err); err != nil {
			return fmt.Errorf("keep a %s of the console: %w", kind, err)
		}
		return nil
	})
	return secret, err
}

// ConsoleSession tells with nil that a session may go on, and notes its use.
func (e *Engine) ConsoleSession(ctx context.Context, session string) error {
	now := e.wall()
	var used int64
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT used FROM engine_console WHERE token_hash = $1 AND kind = $2 AND expires > $3`,
			hashToken(session), consoleSession, store.Micros(now)).Scan(&used)
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ErrConsole
	case err != nil:
		return fmt.Errorf("find a session of the console: %w", err)
	case now.Sub(store.Time(used)) > consoleIdle:
		return ErrConsole
	case now.Sub(store.Time(used)) < consoleTouch:
		return nil
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE engine_console SET used = $1 WHERE token_hash = $2`, store.Micros(now), hashToken(session)); err != nil {
			return fmt.Errorf("note the use of the console: %w", err)
		}
		return nil
	})
}

// ConsoleLogOut ends a session.
func (e *Engine) ConsoleLogOut(ctx context.Context, session string) error {
	return e.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM engine_console WHERE token_hash = $1`, hashToken(session)); err != nil {
			return fmt.Errorf("end a session of the console: %w", err)
		}
		return nil
	})
}

// HasRight tells whether the first application has a right.
func (e *Engine) HasRight(right Right) bool { return e.apps.has(e.apps.first.ID, right) }

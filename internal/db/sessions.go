package db

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"

	"github.com/gorilla/sessions"
)

// Session is one log-in of an account, as its owner and the audit log see it.
type Session struct {
	ID        string // public: not what the cookie holds
	AccountID string
	Account   string // name to log in with
	Person    string // name to show
	IP        string
	UserAgent string
	Created   time.Time
	LastSeen  time.Time
}

// Keys of sessions.Session.Values. Values of other keys must be strings or lists of strings, since they are kept as JSON.
const (
	SessionAccount = "account" // string: id of the account
	SessionPublic  = "public"  // string: Session.ID
	SessionIP      = "ip"      // string, read when a session is made
	SessionAgent   = "agent"   // string, read when a session is made
)

// SessionStore keeps sessions in the database for gorilla/sessions. The cookie holds 256 random bits, of which the database has the
// SHA-256, so that a copy of the database lets nobody in.
type SessionStore struct {
	db     *DB
	secure bool
}

// Sessions makes the store of sessions. Over TLS the cookie is named with the prefix __Host- and sent over TLS only.
func (d *DB) Sessions(tls bool) *SessionStore { return &SessionStore{db: d, secure: tls} }

// CookieName is the name under which sessions are asked for.
func (s *SessionStore) CookieName() string {
	if s.secure {
		return "__Host-sealdesk"
	}
	return "sealdesk"
}

// CookieOptions are the cookie's: for this browser session, for this site only, out of reach of scripts.
func (s *SessionStore) CookieOptions() *sessions.Options {
	return &sessions.Options{Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
}

// Get returns the session of the request, the same one each time.
func (s *SessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session whose id the request's cookie holds. Without one, or when it has ended, the session is new and empty.
func (s *SessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session, _, err := s.load(r, name)
	return session, err
}

// Load is New for the cookie of the portal, with the account of the session.
func (s *SessionStore) Load(r *http.Request) (*sessions.Session, Account, error) {
	return s.load(r, s.CookieName())
}

func (s *SessionStore) load(r *http.Request, name string) (*sessions.Session, Account, error) {
	session := sessions.NewSession(s, name)
	session.Options = s.CookieOptions()
	session.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, Account{}, nil
	}
	a, err := s.db.loadSession(r.Context(), session, cookie.Value)
	if errors.Is(err, store.ErrNotFound) {
		return session, Account{}, nil
	}
	return session, a, err
}

// Save writes the session. One without an id gets it here, and the cookie with it; MaxAge < 0 ends the session.
func (s *SessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	if session.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		if session.ID == "" {
			return nil
		}
		return s.db.deleteSession(r.Context(), session.ID)
	}
	if session.ID != "" {
		return s.db.saveSessionData(r.Context(), session)
	}
	if err := s.db.insertSession(r.Context(), session); err != nil {
		return err
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	return nil
}

// newSecret makes 256 random bits for a cookie or a link.
func newSecret() string {
	var secret [32]byte
	rand.Read(secret[:]) //nolint:errcheck // never fails
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// hashSecret is the form in which a secret rests in the database.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// storedSession is a live session with its account, as they stand in the database at one moment.
type storedSession struct {
	account          Account
	accountID        string
	publicID, values string
	seen             int64
}

// readSession gives ErrNotFound for a session that is over.
func (d *DB) readSession(ctx context.Context, id string) (s storedSession, err error) {
	idle, absolute := d.sessionBounds()
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		err := tx.QueryRow(ctx, `SELECT account_id, public_id, data, last_seen_at FROM sessions WHERE id_hash = $1 AND last_seen_at > $2 AND created_at > $3`,
			hashSecret(id), idle, absolute).Scan(&s.accountID, &s.publicID, &s.values, &s.seen)
		if err == nil {
			s.account, err = findAccount(ctx, tx, "id = $1", s.accountID)
		}
		return err
	})
	if err != nil {
		return s, fmt.Errorf("read session: %w", err)
	}
	return s, nil
}

// Standing reads the account of a session once more, for an answer that goes on: ErrNotFound when the session is over by now. Asking does
// not count as use.
func (s *SessionStore) Standing(ctx context.Context, session *sessions.Session) (Account, error) {
	stored, err := s.db.readSession(ctx, session.ID)
	return stored.account, err
}

// loadSession reads a session and its account at one moment: every request does.
func (d *DB) loadSession(ctx context.Context, session *sessions.Session, id string) (a Account, err error) {
	now := d.now()
	stored, err := d.readSession(ctx, id)
	if err != nil {
		return a, err
	}
	values := make(map[string]any)
	if err := json.Unmarshal([]byte(stored.values), &values); err != nil {
		return a, fmt.Errorf("read session: %w", err)
	}
	for key, value := range values {
		session.Values[key] = value
	}
	session.ID, session.IsNew = id, false
	session.Values[SessionAccount], session.Values[SessionPublic] = stored.accountID, stored.publicID
	if now.Sub(store.Time(stored.seen)) < auth.SessionTouch {
		return stored.account, nil
	}
	return stored.account, d.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE sessions SET last_seen_at = $1 WHERE id_hash = $2", store.Micros(now), hashSecret(id))
		return err
	})
}

// sessionData is the JSON of the values that have no column of their own.
func sessionData(session *sessions.Session) (string, error) {
	values := make(map[string]any)
	for key, value := range session.Values {
		switch name, _ := key.(string); name {
		case SessionAccount, SessionPublic, SessionIP, SessionAgent:
		default:
			values[name] = value
		}
	}
	data, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("write session: %w", err)
	}
	return string(data), nil
}

func (d *DB) insertSession(ctx context.Context, session *sessions.Session) error {
	text := func(key string) string { s, _ := session.Values[key].(string); return s }
	data, err := sessionData(session)
	if err != nil {
		return err
	}
	id, publicID, now := newSecret(), newID("ses_"), d.now()
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO sessions (id_hash, public_id, account_id, data, ip, user_agent, created_at, last_seen_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`, hashSecret(id), publicID, text(SessionAccount), data, text(SessionIP), text(SessionAgent), store.Micros(now))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE accounts SET last_login_at = $1 WHERE id = $2", store.Micros(now), text(SessionAccount)); err != nil {
			return err
		}
		if err := d.sweepSessions(ctx, tx); err != nil {
			return err
		}
		ctx := audit.WithActor(ctx, withSession(audit.ActorFrom(ctx), publicID))
		return d.record(ctx, tx, audit.Event{Action: "session.login", ObjectType: "account", ObjectID: text(SessionAccount)})
	})
	if err != nil {
		return fmt.Errorf("make session: %w", err)
	}
	session.ID, session.IsNew = id, false
	session.Values[SessionPublic] = publicID
	return nil
}

func withSession(a audit.Actor, publicID string) audit.Actor {
	a.Session = publicID
	return a
}

// sweepSessions forgets what has ended, so that the table holds live sessions only.
func (d *DB) sweepSessions(ctx context.Context, tx *store.Tx) error {
	idle, absolute := d.sessionBounds()
	_, err := tx.Exec(ctx, "DELETE FROM sessions WHERE last_seen_at <= $1 OR created_at <= $2", idle, absolute)
	return err
}

func (d *DB) saveSessionData(ctx context.Context, session *sessions.Session) error {
	data, err := sessionData(session)
	if err != nil {
		return err
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE sessions SET data = $1 WHERE id_hash = $2", data, hashSecret(session.ID))
		return err
	})
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

func (d *DB) deleteSession(ctx context.Context, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		var accountID string
		err := tx.QueryRow(ctx, "DELETE FROM sessions WHERE id_hash = $1 RETURNING account_id", hashSecret(id)).Scan(&accountID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		if err := d.loggedOut(ctx, tx, accountID); err != nil {
			return err
		}
		return d.record(ctx, tx, audit.Event{Action: "session.logout", ObjectType: "account", ObjectID: accountID})
	})
}

// SessionFilter chooses live sessions: those of one account, or of all.
type SessionFilter struct{ AccountID string }

// LiveSessions lists live sessions with their accounts, the last used first. There are few: they end by themselves.
func (d *DB) LiveSessions(ctx context.Context, f SessionFilter) (list []Session, err error) {
	idle, absolute := d.sessionBounds()
	condition, args := "", []any{idle, absolute}
	if f.AccountID != "" {
		condition, args = " AND s.account_id = $3", append(args, f.AccountID)
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT s.public_id, s.account_id, a.name, a.display_name, s.ip, s.user_agent, s.created_at, s.last_seen_at
			FROM sessions s JOIN accounts a ON a.id = s.account_id
			WHERE s.last_seen_at > $1 AND s.created_at > $2`+condition+` ORDER BY s.last_seen_at DESC LIMIT 200`, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s Session
			var created, seen int64
			if err := rows.Scan(&s.ID, &s.AccountID, &s.Account, &s.Person, &s.IP, &s.UserAgent, &created, &seen); err != nil {
				return err
			}
			s.Created, s.LastSeen = store.Time(created), store.Time(seen)
			list = append(list, s)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return list, nil
}

// sessionBounds are the times after which a session must have been used and made, to be live.
func (d *DB) sessionBounds() (idle, absolute int64) {
	p, now := d.Policy(), d.now()
	return store.Micros(now.Add(-p.SessionIdle)), store.Micros(now.Add(-p.SessionAbsolute))
}

// RevokeSession ends one session by its public id: one of the account, or anybody's where the account is empty.
func (d *DB) RevokeSession(ctx context.Context, accountID, publicID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		var of string
		err := tx.QueryRow(ctx, "DELETE FROM sessions WHERE public_id = $1 AND ($2 = '' OR account_id = $2) RETURNING account_id", publicID, accountID).Scan(&of)
		if err != nil {
			return fmt.Errorf("revoke session: %w", err)
		}
		if err := d.loggedOut(ctx, tx, of); err != nil {
			return err
		}
		return d.record(ctx, tx, audit.Event{Action: "session.revoke", ObjectType: "account", ObjectID: of, Detail: map[string]any{"session": publicID}})
	})
}

// RevokeSessions ends the sessions that pass the filter, but the one with the public id keep.
func (d *DB) RevokeSessions(ctx context.Context, f SessionFilter, keep string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		result, err := tx.Exec(ctx, "DELETE FROM sessions WHERE public_id <> $1 AND ($2 = '' OR account_id = $2)", keep, f.AccountID)
		if err != nil {
			return fmt.Errorf("revoke sessions: %w", err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return fmt.Errorf("revoke sessions: %w", err)
		}
		if err := d.loggedOut(ctx, tx, f.AccountID); err != nil {
			return err
		}
		return d.record(ctx, tx, audit.Event{Action: "session.revoke", ObjectType: "account", ObjectID: f.AccountID, Detail: map[string]any{"sessions": n}})
	})
}

// endSessions ends every session of an account but the one with the public id keep.
func (d *DB) endSessions(ctx context.Context, tx *store.Tx, accountID, keep string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE account_id = $1 AND public_id <> $2", accountID, keep); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return d.loggedOut(ctx, tx, accountID)
}

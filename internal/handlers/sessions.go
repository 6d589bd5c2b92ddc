package handlers

import (
	"context"
	"fmt"
	"net/http"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"

	"github.com/gorilla/sessions"
)

// loadSession reads the session of the request's cookie and its account into x. A session whose account is gone or disabled is none.
func (s *server) loadSession(r *http.Request, x *exchange) error {
	session, a, err := s.sessions.Load(r)
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	if !session.IsNew && !a.Disabled {
		x.session, x.account = session, &a
	}
	return nil
}

// sessionID is the public id of the session, as lists and the audit log show it.
func (x *exchange) sessionID() string {
	if x.session == nil {
		return ""
	}
	id, _ := x.session.Values[db.SessionPublic].(string)
	return id
}

// startSession logs an account in: a new session with a new id, in place of the one that the browser had.
func (s *server) startSession(w http.ResponseWriter, r *http.Request, a db.Account) error {
	ctx := r.Context()
	x := exchangeOf(ctx)
	if x.session != nil {
		if err := s.endSession(w, r); err != nil {
			return err
		}
	}
	r = r.WithContext(actAs(ctx, a))
	session := sessions.NewSession(s.sessions, s.sessions.CookieName())
	session.Options = s.sessions.CookieOptions()
	session.Values[db.SessionAccount] = a.ID
	session.Values[db.SessionIP] = x.address
	session.Values[db.SessionAgent] = audit.ActorFrom(ctx).UserAgent
	if err := session.Save(r, w); err != nil {
		return fmt.Errorf("start session: %w", err)
	}
	x.session, x.account = session, &a
	return nil
}

// actAs names an account as the actor of what it does before it is logged in.
func actAs(ctx context.Context, a db.Account) context.Context {
	actor := audit.ActorFrom(ctx)
	actor.Name, actor.Role = a.Name, string(a.Role)
	return audit.WithActor(ctx, actor)
}

// endSession logs out. What the session has read is told now.
func (s *server) endSession(w http.ResponseWriter, r *http.Request) error {
	x := exchangeOf(r.Context())
	if x.session == nil {
		return nil
	}
	if err := s.db.Readings().End(r.Context(), x.sessionID()); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	x.session.Options.MaxAge = -1
	if err := x.session.Save(r, w); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	x.session, x.account = nil, nil
	return nil
}

// flash leaves a message for the next page that the session's browser shows; kind is ok, info, wait or danger. redirect keeps it.
func (s *server) flash(r *http.Request, kind, key string, args ...any) {
	x := exchangeOf(r.Context())
	if x.session == nil {
		return
	}
	x.session.AddFlash(map[string]any{"kind": kind, "text": i18n.T(r.Context(), key, args...)})
	x.flashed = true
}

// keepFlash writes messages that flash left.
func (s *server) keepFlash(w http.ResponseWriter, r *http.Request) error {
	x := exchangeOf(r.Context())
	if !x.flashed || x.session == nil {
		return nil
	}
	x.flashed = false
	if err := x.session.Save(r, w); err != nil {
		return fmt.Errorf("keep message: %w", err)
	}
	return nil
}

// takeFlash reads and forgets the last message left for this page.
func (s *server) takeFlash(w http.ResponseWriter, r *http.Request) (*templates.Flash, error) {
	x := exchangeOf(r.Context())
	if x.session == nil {
		return nil, nil
	}
	all := x.session.Flashes()
	if len(all) == 0 {
		return nil, nil
	}
	if err := x.session.Save(r, w); err != nil {
		return nil, fmt.Errorf("take message: %w", err)
	}
	last, _ := all[len(all)-1].(map[string]any)
	kind, _ := last["kind"].(string)
	text, _ := last["text"].(string)
	return &templates.Flash{Kind: kind, Text: text}, nil
}

package handlers

import (
	"net/http"
	"net/url"

	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// listSessions shows who is logged in, to administrators: everybody, or one account.
func (s *server) listSessions(w http.ResponseWriter, r *http.Request) error {
	ctx, f := r.Context(), db.SessionFilter{AccountID: r.URL.Query().Get("account")}
	data := templates.SessionsData{AccountID: f.AccountID, Limits: s.sessionLimits(ctx)}
	if f.AccountID != "" {
		a, err := s.db.Account(ctx, f.AccountID)
		if err != nil {
			return err
		}
		data.Name = a.Name
	}
	var err error
	if data.Sessions, err = s.sessionItems(ctx, f); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, s.accountPage(ctx, "security.sessions.title"), templates.Sessions(data))
}

// endSessions ends the sessions of everybody or of one account, but the one that asks.
func (s *server) endSessions(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	id := r.PostForm.Get("Account")
	if err := s.db.RevokeSessions(r.Context(), db.SessionFilter{AccountID: id}, exchangeOf(r.Context()).sessionID()); err != nil {
		return err
	}
	s.flash(r, "ok", "security.sessions.ended")
	return s.redirect(w, r, sessionsPath(id))
}

// endAnySession ends one session of anybody.
func (s *server) endAnySession(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	if err := s.db.RevokeSession(r.Context(), "", r.PathValue("id")); err != nil {
		return err
	}
	s.flash(r, "ok", "auth.session.revoked")
	return s.redirect(w, r, sessionsPath(r.PostForm.Get("Account")))
}

func sessionsPath(accountID string) string {
	if accountID == "" {
		return "/sessions"
	}
	return "/sessions?account=" + url.QueryEscape(accountID)
}

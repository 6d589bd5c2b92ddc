package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// showAccount shows one's own account.
func (s *server) showAccount(w http.ResponseWriter, r *http.Request) error {
	data, err := s.ownAccount(r.Context())
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, page{Title: "auth.account.title"}, templates.OwnAccount(data))
}

func (s *server) ownAccount(ctx context.Context) (templates.OwnAccountData, error) {
	a := account(ctx)
	data := templates.OwnAccountData{Name: a.Name, DisplayName: a.DisplayName, Role: string(a.Role), Organizations: scopeText(ctx, a.Scope),
		Language: i18n.Language(ctx), MustChange: a.MustChange, SecondFactor: a.SecondFactor,
		Limits: s.sessionLimits(ctx)}
	var err error
	if data.Provider, data.Linked, err = s.providerState(ctx, a); err != nil {
		return data, err
	}
	data.Sessions, err = s.sessionItems(ctx, db.SessionFilter{AccountID: a.ID})
	return data, err
}

// sessionItems are live sessions as lists show them.
func (s *server) sessionItems(ctx context.Context, f db.SessionFilter) ([]templates.SessionItem, error) {
	sessions, err := s.db.LiveSessions(ctx, f)
	if err != nil {
		return nil, err
	}
	own := exchangeOf(ctx).sessionID()
	items := make([]templates.SessionItem, len(sessions))
	for i, session := range sessions {
		items[i] = templates.SessionItem{ID: session.ID, AccountID: session.AccountID, Account: session.Account, Person: session.Person,
			Address: session.IP, Browser: browserName(session.UserAgent), Created: session.Created, LastSeen: session.LastSeen, Current: session.ID == own}
	}
	return items, nil
}

// sessionLimits says in words when sessions end by themselves.
func (s *server) sessionLimits(ctx context.Context) string {
	p := s.db.Policy()
	return i18n.T(ctx, "security.sessions.limits", "Idle", lifeText(ctx, p.SessionIdle), "Absolute", lifeText(ctx, p.SessionAbsolute))
}

// lifeText is a length of time in whole days, hours or minutes.
func lifeText(ctx context.Context, d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d > day && d%day == 0:
		return i18n.T(ctx, "security.days", "Count", int(d/day))
	case d%time.Hour == 0:
		return i18n.T(ctx, "security.hours", "Count", int(d/time.Hour))
	}
	return i18n.T(ctx, "security.minutes", "Count", int(d/time.Minute))
}

// browsers are the products that a User-Agent names, the more special ones first: Edge names Chrome too, and Chrome Safari.
var browsers = []struct{ token, name string }{
	{"MicroMessenger/", "WeChat"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	{"curl/", "curl"},
}

var systems = []struct{ token, name string }{
	{"Windows", "Windows"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
}

// browserName shortens a User-Agent to what people recognise: "Chrome · Windows".
func browserName(agent string) string {
	find := func(list []struct{ token, name string }) string {
		for _, entry := range list {
			if strings.Contains(agent, entry.token) {
				return entry.name
			}
		}
		return ""
	}
	switch browser, system := find(browsers), find(systems); {
	case browser != "" && system != "":
		return browser + " · " + system
	case browser+system != "":
		return browser + system
	}
	return clip(agent, 40)
}

// changePassword takes a new password for one's own account and ends its other sessions.
func (s *server) changePassword(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	a := account(ctx)
	current, password := r.PostForm.Get("Current"), r.PostForm.Get("Password")
	var found templates.Problems
	switch wait, err := s.tryPassword(ctx, a, current); {
	case wait > 0:
		return tooMany(w, wait)
	case errors.Is(err, auth.ErrPassword):
		found = templates.Problems{{Field: "Current", Rule: "password_current"}}
	case err != nil:
		return err
	default:
		if found = passwordProblems(a.Name, password, r.PostForm.Get("Repeat")); len(found) == 0 && password == current {
			found = templates.Problems{{Field: "Password", Rule: "password_same"}}
		}
	}
	if len(found) > 0 {
		return s.refusePassword(w, r, found)
	}
	hash, err := auth.Hash(ctx, password)
	if err != nil {
		return err
	}
	if err := s.db.SetPassword(ctx, a.ID, hash, false, exchangeOf(ctx).sessionID()); err != nil {
		return err
	}
	s.flash(r, "ok", "auth.password.changed")
	return s.redirect(w, r, "/account")
}

func (s *server) refusePassword(w http.ResponseWriter, r *http.Request, found templates.Problems) error {
	data, err := s.ownAccount(r.Context())
	if err != nil {
		return err
	}
	data.Problems = found
	return s.renderForm(w, r, page{Title: "auth.account.title"}, templates.OwnAccount(data))
}

// changeLanguage keeps the language of one's own account, in this browser too.
func (s *server) changeLanguage(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	language := r.PostForm.Get("Language")
	if !isLanguage(language) {
		return &badRequest{fmt.Errorf("language %q is unknown", clip(language, 16))}
	}
	if err := s.db.SetLanguage(r.Context(), account(r.Context()).ID, language); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: i18n.CookieName, Value: language, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
		Secure: isTLS(s.publicURL), SameSite: http.SameSiteLaxMode})
	s.flash(r.WithContext(i18n.WithLanguage(r.Context(), language)), "ok", "common.saved")
	return s.redirect(w, r, "/account")
}

// revokeSession ends another session of one's own.
func (s *server) revokeSession(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.RevokeSession(r.Context(), account(r.Context()).ID, r.PathValue("id")); err != nil {
		return err
	}
	s.flash(r, "ok", "auth.session.revoked")
	return s.redirect(w, r, "/account")
}

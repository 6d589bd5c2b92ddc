package handlers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

func loginPage() page { return page{Title: "auth.login.title"} }

// sendToLogin leads somebody who is not logged in to the log-in, and after it back to where they wanted to go.
func (s *server) sendToLogin(w http.ResponseWriter, r *http.Request) error {
	has, err := s.db.HasAccounts(r.Context())
	if err != nil {
		return err
	}
	if !has {
		return s.redirect(w, r, "/setup")
	}
	target := "/login"
	if next := here(r); next != "/" {
		target += "?next=" + url.QueryEscape(next)
	}
	return s.redirect(w, r, target)
}

// showLogin shows the log-in; whoever is logged in is sent on.
func (s *server) showLogin(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if exchangeOf(r.Context()).account != nil {
		return s.redirect(w, r, next)
	}
	has, err := s.db.HasAccounts(r.Context())
	if err != nil {
		return err
	}
	if !has {
		return s.redirect(w, r, "/setup")
	}
	form := templates.LoginData{Next: next, Left: r.URL.Query().Has("left")}
	return s.render(w, r, http.StatusOK, loginPage(), templates.LoginForm(form))
}

// logIn checks a name and a password. What is wrong with them is told to nobody but the audit log.
func (s *server) logIn(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	form := templates.LoginData{Name: strings.TrimSpace(r.PostForm.Get("Name")), Next: localPath(r.PostForm.Get("Next"))}
	key, address := strings.ToLower(clip(form.Name, 128)), exchangeOf(ctx).address
	// Tries that have to wait are not recorded one by one: the failures before them are, and a flood shall not fill the log.
	if wait := s.throttle.Begin(key, address); wait > 0 {
		form.Refusal = waitText(ctx, wait)
		setRetryAfter(w, wait)
		return s.render(w, r, http.StatusTooManyRequests, loginPage(), templates.LoginForm(form))
	}
	a, reason, err := s.checkLogin(ctx, form.Name, r.PostForm.Get("Password"))
	if err != nil {
		return err
	}
	if reason != "" {
		if err := s.recordRefusedLogin(ctx, a, reason); err != nil {
			return err
		}
		form.Refusal = i18n.T(ctx, "validation.credentials")
		return s.render(w, r, http.StatusUnprocessableEntity, loginPage(), templates.LoginForm(form))
	}
	s.throttle.Succeed(key, address)
	if err := s.startSession(w, r, a); err != nil {
		return err
	}
	return s.redirect(w, r, form.Next)
}

// checkLogin tells whether a password opens an account, and if not why, as a code for the audit log.
func (s *server) checkLogin(ctx context.Context, name, password string) (a db.Account, reason string, err error) {
	a, err = s.db.AccountByName(ctx, name)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return a, "", err
	}
	unknown := err != nil
	// The password is checked for unknown names too, so that the time of the answer does not tell them from known ones.
	err = auth.Verify(ctx, a.PasswordHash(), password)
	switch {
	case unknown && errors.Is(err, auth.ErrPassword):
		return a, "unknown_account", nil
	case errors.Is(err, auth.ErrPassword):
		return a, "wrong_password", nil
	case err != nil:
		return a, "", err
	case a.Disabled:
		return a, "disabled", nil
	}
	return a, "", nil
}

// recordRefusedLogin keeps a failed log-in. The name as typed is left out where no account has it: people type passwords there.
func (s *server) recordRefusedLogin(ctx context.Context, a db.Account, reason string) error {
	event := audit.Event{Action: "session.login", ObjectType: "account", ObjectID: a.ID, Outcome: audit.Failed, ErrorCode: reason}
	if a.ID != "" {
		event.Detail = map[string]any{"name": a.Name}
	}
	return s.record(ctx, event)
}

// logOut ends the session.
func (s *server) logOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.endSession(w, r); err != nil {
		return err
	}
	return s.redirect(w, r, "/login?left")
}

// setPreferences keeps the language and theme in cookies, and the language in the account too.
func (s *server) setPreferences(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	language, ctx := r.PostForm.Get("language"), r.Context()
	if a := exchangeOf(ctx).account; a != nil && language != a.Language && isLanguage(language) {
		if err := s.db.SetLanguage(ctx, a.ID, language); err != nil {
			return err
		}
	}
	templates.ServePreferences(w, r)
	return nil
}

func isLanguage(language string) bool {
	for _, known := range i18n.Languages() {
		if language == known {
			return true
		}
	}
	return false
}

// waitText says how long to wait, in seconds or whole minutes.
func waitText(ctx context.Context, wait time.Duration) string {
	if wait <= 90*time.Second {
		return i18n.T(ctx, "auth.wait.seconds", "Count", int(math.Ceil(wait.Seconds())))
	}
	return i18n.T(ctx, "auth.wait.minutes", "Count", int(math.Ceil(wait.Minutes())))
}

func setRetryAfter(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// tooMany refuses somebody who has to wait.
func tooMany(w http.ResponseWriter, wait time.Duration) error {
	setRetryAfter(w, wait)
	return &userError{http.StatusTooManyRequests, "auth.wait.seconds", []any{"Count", int(math.Ceil(wait.Seconds()))}}
}

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
		Language: i18n.Language(ctx), MustChange: a.MustChange}
	sessions, err := s.db.AccountSessions(ctx, a.ID)
	if err != nil {
		return data, err
	}
	own := exchangeOf(ctx).sessionID()
	for _, session := range sessions {
		data.Sessions = append(data.Sessions, templates.SessionItem{ID: session.ID, Address: session.IP, Browser: browserName(session.UserAgent),
			Created: session.Created, LastSeen: session.LastSeen, Current: session.ID == own})
	}
	return data, nil
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
	address := exchangeOf(ctx).address
	if wait := s.throttle.Begin(strings.ToLower(a.Name), address); wait > 0 {
		return tooMany(w, wait)
	}
	var found templates.Problems
	switch err := auth.Verify(ctx, a.PasswordHash(), current); {
	case errors.Is(err, auth.ErrPassword):
		found = templates.Problems{{Field: "Current", Rule: "password_current"}}
	case err != nil:
		return err
	default:
		s.throttle.Succeed(strings.ToLower(a.Name), address)
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

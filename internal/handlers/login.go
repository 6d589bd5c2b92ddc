package handlers

import (
	"context"
	"errors"
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

	"github.com/a-h/templ"
)

func loginPage() page { return page{Title: "auth.login.title"} }

// loginForm is the contents of the log-in page, with the way through the provider where there is one.
func (s *server) loginForm(d templates.LoginData) templ.Component {
	if s.outside != nil {
		d.Provider = s.outside.config.Label
	}
	return templates.LoginForm(d)
}

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
	return s.render(w, r, http.StatusOK, loginPage(), s.loginForm(form))
}

// logIn checks a name and a password. What is wrong with them is told to nobody but the audit log.
func (s *server) logIn(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	form := templates.LoginData{Name: strings.TrimSpace(r.PostForm.Get("Name")), Next: localPath(r.PostForm.Get("Next"))}
	key, address := accountKey(form.Name), exchangeOf(ctx).address
	// Tries that have to wait are told as refusals, which are folded: a flood does not fill the log.
	if wait := s.throttle.Begin(key, address); wait > 0 {
		a, err := s.db.AccountByName(ctx, form.Name)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return err
		}
		exchangeOf(ctx).tried = a.ID
		form.Refusal = waitText(ctx, wait)
		setRetryAfter(w, wait)
		return s.render(w, r, http.StatusTooManyRequests, loginPage(), s.loginForm(form))
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
		return s.render(w, r, http.StatusUnprocessableEntity, loginPage(), s.loginForm(form))
	}
	s.throttle.Succeed(key, address)
	return s.enter(w, r, a, form.Next)
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

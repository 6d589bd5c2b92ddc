package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// stepCookie is the name of the cookie of a log-in half done.
func (s *server) stepCookie() string { return s.sessions.CookieName() + "-step" }

// beginStep remembers a log-in that is half done; this browser alone can go on with it.
func (s *server) beginStep(ctx context.Context, w http.ResponseWriter, step db.LoginStep) error {
	step, err := s.db.BeginStep(ctx, step)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: s.stepCookie(), Value: step.ID, Path: "/", MaxAge: int(db.StepLife.Seconds()), HttpOnly: true,
		Secure: isTLS(s.publicURL), SameSite: http.SameSiteLaxMode})
	return nil
}

// step is the log-in half done that the browser's cookie names; db.ErrNotFound without one.
func (s *server) step(r *http.Request) (db.LoginStep, error) {
	cookie, err := r.Cookie(s.stepCookie())
	if err != nil {
		return db.LoginStep{}, db.ErrNotFound
	}
	step, err := s.db.Step(r.Context(), cookie.Value)
	if err == nil && step.Outside != nil {
		err = db.ErrNotFound // it has proved nothing yet
	}
	return step, err
}

// endStep uses a log-in half done up; db.ErrNotFound for whoever comes second.
func (s *server) endStep(ctx context.Context, w http.ResponseWriter, step db.LoginStep) error {
	http.SetCookie(w, &http.Cookie{Name: s.stepCookie(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: isTLS(s.publicURL), SameSite: http.SameSiteLaxMode})
	return s.db.EndStep(ctx, step.ID)
}

// enter lets an account in whose password, or link, was right: at once, or by way of its second factor.
func (s *server) enter(w http.ResponseWriter, r *http.Request, a db.Account, next string) error {
	needs, err := s.db.NeedsFactor(r.Context(), a)
	if err != nil {
		return err
	}
	if !needs {
		return s.finishLogin(w, r, a, next)
	}
	if err := s.beginStep(r.Context(), w, db.LoginStep{AccountID: a.ID, Next: next}); err != nil {
		return err
	}
	return s.redirect(w, r, "/login/code")
}

// finishLogin starts the session and tells when the account was used before.
func (s *server) finishLogin(w http.ResponseWriter, r *http.Request, a db.Account, next string) error {
	key, args, err := s.lastLogin(r.Context(), a)
	if err != nil {
		return err
	}
	if err := s.startSession(w, r, a); err != nil {
		return err
	}
	if key != "" {
		s.flash(r, "info", key, args...)
	}
	return s.redirect(w, r, next)
}

// lastLoginEvents is how far back the last log-in is looked for; more failures than that are not counted.
const lastLoginEvents = 100

// lastLogin is the text that tells of the log-in before this one and of what failed since; no text for the first.
func (s *server) lastLogin(ctx context.Context, a db.Account) (key string, args []any, err error) {
	events, err := s.db.Audit().Query(ctx, audit.Filter{ObjectType: "account", ObjectID: a.ID, Action: "session.login"}, 0, lastLoginEvents)
	if err != nil {
		return "", nil, err
	}
	failed := 0
	for _, e := range events {
		if e.Outcome != audit.OK {
			failed++
			continue
		}
		args = []any{"Time", templates.TimeText(e.Time), "Address", e.Actor.IP, "Count", failed}
		if failed > 0 {
			return "security.last.failed", args, nil
		}
		return "security.last", args, nil
	}
	return "", nil, nil
}

func codePage() page { return page{Title: "security.code.title"} }

// askCode shows the second step of a log-in.
func (s *server) askCode(w http.ResponseWriter, r *http.Request) error {
	_, err := s.step(r)
	if errors.Is(err, db.ErrNotFound) {
		return s.redirect(w, r, "/login")
	}
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, codePage(), templates.LoginCode(""))
}

// checkCode takes the code of the second factor, or a recovery code, and lets in.
func (s *server) checkCode(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	step, err := s.step(r)
	if errors.Is(err, db.ErrNotFound) {
		return s.redirect(w, r, "/login")
	}
	if err != nil {
		return err
	}
	a, err := s.db.Account(ctx, step.AccountID)
	if errors.Is(err, db.ErrNotFound) || err == nil && a.Disabled {
		return s.redirect(w, r, "/login")
	}
	if err != nil {
		return err
	}
	wait, err := s.tryCode(actAs(ctx, a), a, r.PostForm.Get("Code"))
	switch {
	case wait > 0:
		setRetryAfter(w, wait)
		return s.render(w, r, http.StatusTooManyRequests, codePage(), templates.LoginCode(waitText(ctx, wait)))
	case errors.Is(err, auth.ErrCode):
		if err := s.recordRefusedLogin(ctx, a, "wrong_code"); err != nil {
			return err
		}
		return s.render(w, r, http.StatusUnprocessableEntity, codePage(), templates.LoginCode(i18n.T(ctx, "validation.factor_code")))
	case err != nil:
		return err
	}
	if err := s.endStep(ctx, w, step); err != nil {
		return err
	}
	return s.finishLogin(w, r, a, localPath(step.Next))
}

// accountKey is under which the throttle counts tries of an account's password.
func accountKey(name string) string { return strings.ToLower(clip(strings.TrimSpace(name), 128)) }

package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// tryCode takes a code of an account's second factor; wait tells that there were too many tries, auth.ErrCode that it is wrong.
func (s *server) tryCode(ctx context.Context, a db.Account, code string) (wait time.Duration, err error) {
	key, address := "code "+a.ID, exchangeOf(ctx).address
	if wait := s.throttle.Begin(key, address); wait > 0 {
		return wait, nil
	}
	if err := s.db.CheckFactor(ctx, a.ID, code); err != nil {
		because(ctx, refusedCode)
		return 0, err
	}
	s.throttle.Succeed(key, address)
	return 0, nil
}

// tryPassword takes the password of the account that is logged in; wait and auth.ErrPassword as tryCode.
func (s *server) tryPassword(ctx context.Context, a db.Account, password string) (wait time.Duration, err error) {
	key, address := accountKey(a.Name), exchangeOf(ctx).address
	if wait := s.throttle.Begin(key, address); wait > 0 {
		return wait, nil
	}
	if err := auth.Verify(ctx, a.PasswordHash(), password); err != nil {
		because(ctx, refusedPassword)
		return 0, err
	}
	s.throttle.Succeed(key, address)
	return 0, nil
}

func factorPage(ctx context.Context) page {
	return page{Title: "security.factor.title", Back: backTo(ctx, "/account", "auth.account.title")}
}

// showFactor shows one's own second factor, or how to set it up.
func (s *server) showFactor(w http.ResponseWriter, r *http.Request) error {
	return s.renderFactor(w, r, http.StatusOK, nil)
}

func (s *server) renderFactor(w http.ResponseWriter, r *http.Request, status int, problems templates.Problems) error {
	ctx := r.Context()
	a := account(ctx)
	required := s.db.Policy().NeedsFactor(a.Role)
	if a.SecondFactor {
		left, err := s.db.RecoveryCodesLeft(ctx, a.ID)
		if err != nil {
			return err
		}
		return s.render(w, r, status, factorPage(ctx), templates.Factor(templates.FactorData{Name: a.Name,
			CodesLeft: left, Codes: auth.RecoveryCodes, Required: required, Problems: problems}))
	}
	key, err := s.pendingFactor(ctx, a)
	if err != nil {
		return err
	}
	code, err := qrCode(key.URL)
	if err != nil {
		return err
	}
	return s.render(w, r, status, factorPage(ctx), templates.FactorSetup(templates.FactorSetupData{QR: code, Secret: key.Secret, URL: key.URL,
		Required: required, Problems: problems}))
}

// pendingFactor is what the app of an account without a second factor is to take over: the same until it is confirmed.
func (s *server) pendingFactor(ctx context.Context, a db.Account) (auth.TOTPKey, error) {
	issuer := i18n.T(ctx, "common.product")
	fresh, err := auth.NewTOTP(issuer, a.Name)
	if err != nil {
		return fresh, err
	}
	secret, err := s.db.PendingFactor(ctx, a.ID, fresh.Secret)
	if err != nil || secret == fresh.Secret {
		return fresh, err
	}
	return auth.TOTPOf(issuer, a.Name, secret)
}

// confirmFactor takes the first code of the app and shows the recovery codes, once.
func (s *server) confirmFactor(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	a := account(ctx)
	key, address := "code "+a.ID, exchangeOf(ctx).address
	if wait := s.throttle.Begin(key, address); wait > 0 {
		return tooMany(w, wait)
	}
	codes, err := s.db.ConfirmFactor(ctx, a.ID, r.PostForm.Get("Code"))
	if errors.Is(err, auth.ErrCode) {
		because(ctx, refusedCode)
		return s.renderFactor(w, r, http.StatusUnprocessableEntity, templates.Problems{{Field: "Code", Rule: "factor_code"}})
	}
	if err != nil {
		return err
	}
	s.throttle.Succeed(key, address)
	return s.render(w, r, http.StatusOK, factorPage(ctx), templates.RecoveryCodes(codes, true))
}

// changeFactor makes other recovery codes or takes the second factor away, for whoever proves once more who they are.
func (s *server) changeFactor(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	a := account(ctx)
	if !a.SecondFactor {
		return s.redirect(w, r, "/account/factor")
	}
	switch wait, err := s.tryPassword(ctx, a, r.PostForm.Get("Current")); {
	case wait > 0:
		return tooMany(w, wait)
	case errors.Is(err, auth.ErrPassword):
		return s.renderFactor(w, r, http.StatusUnprocessableEntity, templates.Problems{{Field: "Current", Rule: "password_current"}})
	case err != nil:
		return err
	}
	switch wait, err := s.tryCode(ctx, a, r.PostForm.Get("Code")); {
	case wait > 0:
		return tooMany(w, wait)
	case errors.Is(err, auth.ErrCode):
		return s.renderFactor(w, r, http.StatusUnprocessableEntity, templates.Problems{{Field: "Code", Rule: "factor_code"}})
	case err != nil:
		return err
	}
	if r.PostForm.Get("do") == "off" {
		return s.removeOwnFactor(w, r, a)
	}
	codes, err := s.db.NewRecoveryCodes(ctx, a.ID)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, factorPage(ctx), templates.RecoveryCodes(codes, false))
}

func (s *server) removeOwnFactor(w http.ResponseWriter, r *http.Request, a db.Account) error {
	if s.db.Policy().NeedsFactor(a.Role) {
		return refuse("security.factor.required")
	}
	if err := s.db.RemoveFactor(r.Context(), a.ID); err != nil {
		return err
	}
	s.flash(r, "ok", "security.factor.removed")
	return s.redirect(w, r, "/account")
}

// resetFactor takes the second factor of another account away, whose owner has lost it, and ends its sessions.
func (s *server) resetFactor(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	if id == account(ctx).ID {
		return refuse("security.factor.self")
	}
	if err := s.db.RemoveFactor(ctx, id); err != nil {
		return err
	}
	if err := s.db.RevokeSessions(ctx, db.SessionFilter{AccountID: id}, ""); err != nil {
		return err
	}
	s.flash(r, "ok", "security.factor.removed")
	return s.redirect(w, r, "/accounts/"+id)
}

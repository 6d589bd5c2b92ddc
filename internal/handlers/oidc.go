package handlers

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// outsideTimeout bounds each call of the provider.
const outsideTimeout = 10 * time.Second

// outside is the OpenID Connect provider of the settings. It is asked for its addresses when somebody first needs them, so that the portal
// starts without it.
type outside struct {
	config   config.OIDC
	redirect string
	client   *http.Client
	now      func() time.Time
	finding  singleflight.Group
	found    atomic.Pointer[oidc.Provider]
}

func newOutside(c config.OIDC, publicURL string, now func() time.Time) *outside {
	if c.Issuer == "" {
		return nil
	}
	return &outside{config: c, redirect: publicURL + "/login/oidc/callback", client: &http.Client{Timeout: outsideTimeout}, now: now}
}

// outsideError is why somebody who came through the provider is not let in. The code stands in the audit log as oidc_… and in the
// catalogue as oidc.refused.….
type outsideError struct {
	code string
	err  error
}

func (e *outsideError) Error() string { return fmt.Sprintf("oidc: %s: %v", e.code, e.err) }
func (e *outsideError) Unwrap() error { return e.err }

// provider is the discovered provider. Many who ask at once wait for one answer; a failure is not remembered.
func (o *outside) provider(ctx context.Context) (*oidc.Provider, error) {
	if p := o.found.Load(); p != nil {
		return p, nil
	}
	found, err, _ := o.finding.Do("", func() (any, error) {
		p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.client), o.config.Issuer)
		if err == nil {
			o.found.Store(p)
		}
		return p, err
	})
	if err != nil {
		return nil, &outsideError{"unreachable", err}
	}
	return found.(*oidc.Provider), nil
}

func (o *outside) oauth(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: o.config.ClientID, ClientSecret: o.config.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: o.redirect,
		Scopes: []string{oidc.ScopeOpenID}}
}

// subject exchanges what the provider sent back for the subject that it names, and checks the token on the way: who signed it, for whom,
// until when, and that it answers this very question.
func (o *outside) subject(ctx context.Context, answer url.Values, sent *db.OutsideStep) (string, error) {
	if code := answer.Get("error"); code != "" {
		return "", &outsideError{"denied", errors.New(clip(code, 64))}
	}
	if iss := answer.Get("iss"); iss != "" && iss != o.config.Issuer { // RFC 9207
		return "", &outsideError{"token", errors.New("the answer is of another issuer")}
	}
	p, err := o.provider(ctx)
	if err != nil {
		return "", err
	}
	ctx = oidc.ClientContext(ctx, o.client)
	tokens, err := o.oauth(p).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(sent.Verifier))
	if refused := new(oauth2.RetrieveError); err != nil && !errors.As(err, &refused) {
		return "", &outsideError{"unreachable", err}
	} else if err != nil {
		return "", &outsideError{"token", errors.New("the provider refused the code: " + clip(refused.ErrorCode, 64))}
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := p.VerifierContext(ctx, &oidc.Config{ClientID: o.config.ClientID, Now: o.now}).Verify(ctx, raw)
	if err != nil {
		return "", &outsideError{"token", err}
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(sent.Nonce)) != 1 {
		return "", &outsideError{"token", errors.New("the token has another nonce")}
	}
	if token.Subject == "" {
		return "", &outsideError{"token", errors.New("the token names no subject")}
	}
	return token.Subject, nil
}

// outsideCookie is the name of the cookie of somebody who was sent to the provider. It has to survive a way back that begins at
// another site: SameSite=Lax does, on a GET.
func (s *server) outsideCookie(value string, life time.Duration) *http.Cookie {
	return &http.Cookie{Name: s.sessions.CookieName() + "-oidc", Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true,
		Secure: isTLS(s.publicURL), SameSite: http.SameSiteLaxMode}
}

// beginOutside remembers somebody whom the provider shall identify, and gives its address for them.
func (s *server) beginOutside(ctx context.Context, w http.ResponseWriter, step db.LoginStep) (address string, err error) {
	p, err := s.outside.provider(ctx)
	if err != nil {
		return "", err
	}
	sent := &db.OutsideStep{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	step.Outside = sent
	if step, err = s.db.BeginStep(ctx, step); err != nil {
		return "", err
	}
	http.SetCookie(w, s.outsideCookie(step.ID, db.StepLife))
	return s.outside.oauth(p).AuthCodeURL(sent.State, oidc.Nonce(sent.Nonce), oauth2.S256ChallengeOption(sent.Verifier)), nil
}

// takeOutside is the step that the provider's answer belongs to, and uses it up. One of another state stays: somebody else's link may
// have brought the browser here.
func (s *server) takeOutside(w http.ResponseWriter, r *http.Request) (step db.LoginStep, err error) {
	cookie, err := r.Cookie(s.outsideCookie("", 0).Name)
	if err == nil {
		step, err = s.db.Step(r.Context(), cookie.Value)
	}
	switch {
	case errors.Is(err, http.ErrNoCookie), errors.Is(err, db.ErrNotFound):
		return step, &outsideError{"state", err}
	case err != nil:
		return step, err
	case step.Outside == nil || subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("state")), []byte(step.Outside.State)) != 1:
		return db.LoginStep{}, &outsideError{"state", errors.New("the answer has another state")}
	}
	http.SetCookie(w, s.outsideCookie("", -time.Second))
	err = s.db.EndStep(r.Context(), step.ID)
	if errors.Is(err, db.ErrNotFound) { // somebody was faster
		err = &outsideError{"state", err}
	}
	return step, err
}

// outsideKey is under which the throttle counts ways to the provider from which nobody came back signed in.
func outsideKey(address string) string { return "oidc " + address }

// goOutside sends somebody to the provider to log in.
func (s *server) goOutside(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form := templates.LoginData{Next: localPath(r.URL.Query().Get("next"))}
	if s.outside == nil {
		return db.ErrNotFound
	}
	// Another site may not begin this: it could use up the tries of an address, or log somebody in without their wish.
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return s.redirect(w, r, "/login")
	}
	address := exchangeOf(ctx).address
	if wait := s.throttle.Begin(outsideKey(address), address); wait > 0 {
		form.Refusal = waitText(ctx, wait)
		setRetryAfter(w, wait)
		return s.render(w, r, http.StatusTooManyRequests, loginPage(), s.loginForm(form))
	}
	target, err := s.beginOutside(ctx, w, db.LoginStep{Next: form.Next})
	if err != nil {
		return s.refuseOutside(w, r, db.LoginStep{Next: form.Next}, db.Account{}, err)
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

// comeBack takes the provider's answer: it lets somebody in, or links the account that is logged in.
func (s *server) comeBack(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if s.outside == nil {
		return db.ErrNotFound
	}
	step, err := s.takeOutside(w, r)
	if err != nil {
		return s.refuseOutside(w, r, step, db.Account{}, err)
	}
	subject, err := s.outside.subject(ctx, r.URL.Query(), step.Outside)
	if err != nil {
		return s.refuseOutside(w, r, step, db.Account{}, err)
	}
	if step.AccountID != "" {
		return s.finishLink(w, r, step, subject)
	}
	a, err := s.db.AccountByIdentity(ctx, s.outside.config.Issuer, subject)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return s.refuseOutside(w, r, step, a, &outsideError{"unknown", err})
	case err != nil:
		return err
	case a.Disabled:
		return s.refuseOutside(w, r, step, a, &outsideError{"disabled", errors.New("the account is disabled")})
	}
	address := exchangeOf(ctx).address
	s.throttle.Succeed(outsideKey(address), address)
	err = s.record(actAs(ctx, a), audit.Event{Action: "session.oidc", ObjectType: "account", ObjectID: a.ID, Detail: map[string]any{"issuer": s.outside.config.Issuer}})
	if err != nil {
		return err
	}
	return s.enter(w, r, a, step.Next)
}

// refuseOutside tells why the provider opens nothing, on the page where it began; any other error goes on.
func (s *server) refuseOutside(w http.ResponseWriter, r *http.Request, step db.LoginStep, a db.Account, err error) error {
	ctx := r.Context()
	var refused *outsideError
	if !errors.As(err, &refused) {
		return err
	}
	s.log.WarnContext(ctx, "sign-in through the provider", "request", exchangeOf(ctx).id, "error", err)
	if err := s.recordOutside(ctx, step, a, refused.code); err != nil {
		return err
	}
	if exchangeOf(ctx).account != nil {
		s.flash(r, "danger", "oidc.refused."+refused.code, "Provider", s.outside.config.Label)
		return s.redirect(w, r, "/account/oidc")
	}
	status := http.StatusForbidden
	if refused.code == "unreachable" {
		status = http.StatusServiceUnavailable
	}
	return s.render(w, r, status, loginPage(), s.loginForm(templates.LoginData{Next: step.Next,
		Refusal: i18n.T(ctx, "oidc.refused."+refused.code, "Provider", s.outside.config.Label)}))
}

// recordOutside keeps what was refused. Answers that nobody asked for cost their sender nothing: of a flood of them only some are kept.
func (s *server) recordOutside(ctx context.Context, step db.LoginStep, a db.Account, code string) error {
	key := "oidc state " + exchangeOf(ctx).address
	switch {
	case code == "state" && s.throttle.Begin(key, key) > 0:
		return nil
	case step.AccountID != "":
		return s.record(ctx, audit.Event{Action: "account.oidc.link", ObjectType: "account", ObjectID: step.AccountID, Outcome: audit.Failed, ErrorCode: "oidc_" + code})
	}
	return s.recordRefusedLogin(ctx, a, "oidc_"+code)
}

// providerState is the provider's name, empty for none, and since when the account is linked to it, zero for not.
func (s *server) providerState(ctx context.Context, a db.Account) (provider string, linked time.Time, err error) {
	if s.outside == nil {
		return "", linked, nil
	}
	identity, err := s.db.IdentityOf(ctx, a.ID)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return "", linked, err
	}
	if identity.Issuer == s.outside.config.Issuer { // one of another issuer opens nothing, and is replaced by linking
		linked = identity.Linked
	}
	return s.outside.config.Label, linked, nil
}

func providerPage(ctx context.Context) page {
	return page{Title: "oidc.title", Back: backTo(ctx, "/account", "auth.account.title")}
}

// showProviderLink shows whether one's own account is linked to the provider.
func (s *server) showProviderLink(w http.ResponseWriter, r *http.Request) error {
	return s.renderProviderLink(w, r, http.StatusOK, nil)
}

func (s *server) renderProviderLink(w http.ResponseWriter, r *http.Request, status int, problems templates.Problems) error {
	ctx := r.Context()
	provider, linked, err := s.providerState(ctx, account(ctx))
	if err != nil {
		return err
	}
	if provider == "" {
		return db.ErrNotFound
	}
	return s.render(w, r, status, providerPage(ctx), templates.ProviderLink(templates.ProviderData{Name: account(ctx).Name, Provider: provider,
		Issuer: s.outside.config.Issuer, Linked: linked, Problems: problems}))
}

// linkProvider asks for the password and shows the way to the provider: what is linked there will open the account like the password.
func (s *server) linkProvider(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if s.outside == nil {
		return db.ErrNotFound
	}
	if err := readForm(r); err != nil {
		return err
	}
	a := account(ctx)
	switch wait, err := s.tryPassword(ctx, a, r.PostForm.Get("Current")); {
	case wait > 0:
		return tooMany(w, wait)
	case errors.Is(err, auth.ErrPassword):
		return s.renderProviderLink(w, r, http.StatusUnprocessableEntity, templates.Problems{{Field: "Current", Rule: "password_current"}})
	case err != nil:
		return err
	}
	step := db.LoginStep{AccountID: a.ID}
	address, err := s.beginOutside(ctx, w, step)
	if err != nil {
		return s.refuseOutside(w, r, step, a, err)
	}
	return s.render(w, r, http.StatusOK, providerPage(ctx), templates.ProviderGo(s.outside.config.Label, address))
}

// finishLink links the account that asked for it, if it is the one that is logged in.
func (s *server) finishLink(w http.ResponseWriter, r *http.Request, step db.LoginStep, subject string) error {
	ctx := r.Context()
	if account(ctx).ID != step.AccountID {
		return s.refuseOutside(w, r, step, db.Account{}, &outsideError{"state", errors.New("another account is logged in")})
	}
	err := s.db.LinkIdentity(ctx, step.AccountID, s.outside.config.Issuer, subject)
	if errors.Is(err, db.ErrConflict) {
		return s.refuseOutside(w, r, step, db.Account{}, &outsideError{"taken", err})
	}
	if err != nil {
		return err
	}
	s.flash(r, "ok", "oidc.link.done", "Provider", s.outside.config.Label)
	return s.redirect(w, r, "/account/oidc")
}

// unlinkProvider takes the link of one's own account away.
func (s *server) unlinkProvider(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.UnlinkIdentity(r.Context(), account(r.Context()).ID); err != nil {
		return err
	}
	s.flash(r, "ok", "oidc.unlink.done")
	return s.redirect(w, r, "/account/oidc")
}

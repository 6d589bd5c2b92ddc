package handlers

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

func setupPage() page { return page{Title: "auth.setup.title"} }

// showSetup shows the form that makes the first administrator, while there is none.
func (s *server) showSetup(w http.ResponseWriter, r *http.Request) error {
	if done, err := s.setupDone(w, r); done || err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, setupPage(), templates.SetupForm(templates.SetupData{Token: r.URL.Query().Get("token")}))
}

// setupDone sends everybody away once the portal is set up, also when its accounts were deleted since.
func (s *server) setupDone(w http.ResponseWriter, r *http.Request) (bool, error) {
	has, err := s.db.HasAccounts(r.Context())
	if err != nil {
		return false, err
	}
	if has {
		return true, s.redirect(w, r, "/login")
	}
	had, err := s.db.HadAccounts(r.Context())
	if err == nil && had {
		err = errAccountsGone
	}
	return false, err
}

// errAccountsGone is told where accounts that the audit log knows of are no longer there: nobody sets the portal up anew.
var errAccountsGone = &userError{http.StatusServiceUnavailable, "auth.setup.gone", nil}

// setUp makes the first administrator and logs them in.
func (s *server) setUp(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if done, err := s.setupDone(w, r); done || err != nil {
		return err
	}
	if err := readForm(r); err != nil {
		return err
	}
	form := templates.SetupData{
		Token: strings.TrimSpace(r.PostForm.Get("Token")), Name: strings.TrimSpace(r.PostForm.Get("Name")),
		DisplayName: strings.TrimSpace(r.PostForm.Get("DisplayName")),
	}
	password := r.PostForm.Get("Password")
	if wait := s.throttle.Begin("", exchangeOf(ctx).address); wait > 0 {
		return tooMany(w, wait)
	}
	if s.setupToken == "" || subtle.ConstantTimeCompare([]byte(form.Token), []byte(s.setupToken)) != 1 {
		because(ctx, refusedToken)
		form.Problems = append(form.Problems, templates.Problem{Field: "Token", Rule: "token"})
	} else {
		s.throttle.Succeed("", exchangeOf(ctx).address)
	}
	form.Problems = append(form.Problems, nameProblems(errors.Join(db.CheckName(form.Name), db.CheckDisplayName(form.DisplayName)))...)
	form.Problems = append(form.Problems, passwordProblems(form.Name, password, r.PostForm.Get("Repeat"))...)
	if len(form.Problems) > 0 {
		return s.renderForm(w, r, setupPage(), templates.SetupForm(form))
	}
	hash, err := auth.Hash(ctx, password)
	if err != nil {
		return err
	}
	account, err := s.db.SetUp(actAs(ctx, db.Account{Name: form.Name, Role: auth.Admin}), db.NewAccount{
		Name: form.Name, DisplayName: form.DisplayName, Role: auth.Admin, Scope: db.Everything(), PasswordHash: hash, Language: i18n.Language(ctx),
	})
	if errors.Is(err, db.ErrSetUp) {
		return s.redirect(w, r, "/login")
	}
	if errors.Is(err, db.ErrAccountsGone) {
		return errAccountsGone
	}
	if err != nil {
		return err
	}
	if err := s.startSession(w, r, account); err != nil {
		return err
	}
	s.flash(r, "ok", "auth.setup.done")
	return s.redirect(w, r, "/")
}

// nameProblems is what an error says of the names of an account, to stand beside their fields; none for any other error.
func nameProblems(err error) (list templates.Problems) {
	if errors.Is(err, db.ErrNameTaken) {
		return templates.Problems{{Field: "Name", Rule: "taken"}}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			list = append(list, nameProblems(one)...)
		}
		return list
	}
	var broken *db.NameError
	if errors.As(err, &broken) {
		list = templates.Problems{{Field: broken.Field, Rule: broken.Rule, Param: broken.Param}}
	}
	return list
}

// passwordProblems holds a new password and its repetition against the rules.
func passwordProblems(name, password, repeat string) templates.Problems {
	var broken *auth.PasswordError
	switch {
	case password == "":
		return templates.Problems{{Field: "Password", Rule: "required"}}
	case errors.As(auth.CheckPassword(name, password), &broken):
		return templates.Problems{{Field: "Password", Rule: broken.Rule, Param: broken.Param}}
	case password != repeat:
		return templates.Problems{{Field: "Repeat", Rule: "same"}}
	}
	return nil
}

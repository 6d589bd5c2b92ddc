package handlers

import (
	"errors"
	"net/http"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// showNewLink shows a link that was just made, once, with its QR code.
func (s *server) showNewLink(w http.ResponseWriter, r *http.Request, a db.Account, link db.Link) error {
	address := s.publicURL + "/welcome?token=" + link.Token
	code, err := qrCode(address)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, s.accountPage(r.Context(), "security.link.title"), templates.AccountLink(templates.AccountLinkData{
		ID: a.ID, Name: a.Name, URL: address, QR: code, Expires: link.Expires}))
}

// renewLink makes another link for an account that waits for its password.
func (s *server) renewLink(w http.ResponseWriter, r *http.Request) error {
	a, err := s.db.Account(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	link, err := s.db.RenewLink(r.Context(), a.ID)
	if err != nil {
		return err
	}
	return s.showNewLink(w, r, a, link)
}

// withdrawLink makes the link of an account useless.
func (s *server) withdrawLink(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	gone, err := s.db.WithdrawLink(r.Context(), id)
	if err != nil {
		return err
	}
	s.flash(r, "ok", "security.link.withdrawn")
	if gone {
		return s.redirect(w, r, "/accounts")
	}
	return s.redirect(w, r, "/accounts/"+id)
}

// resetPassword takes the password of an account away and makes the link for choosing another. For their own there is the page of the
// account, which asks for the old one.
func (s *server) resetPassword(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, err := s.db.Account(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	switch {
	case a.ID == account(ctx).ID:
		return refuse("accounts.reset.self")
	case a.Disabled:
		return refuse("accounts.reset.disabled")
	}
	link, err := s.db.ResetAccount(ctx, a.ID)
	if err != nil {
		return err
	}
	return s.showNewLink(w, r, a, link)
}

func welcomePage() page { return page{Title: "security.welcome.title"} }

// welcome shows whoever holds a link what it is for, and asks for a password.
func (s *server) welcome(w http.ResponseWriter, r *http.Request) error {
	return s.renderWelcome(w, r, http.StatusOK, r.URL.Query().Get("token"), nil)
}

func (s *server) renderWelcome(w http.ResponseWriter, r *http.Request, status int, token string, problems templates.Problems) error {
	ctx := r.Context()
	a, err := s.db.LinkedAccount(ctx, token)
	if errors.Is(err, db.ErrNotFound) {
		if err := s.noteLink(r); err != nil {
			return err
		}
		return s.render(w, r, http.StatusNotFound, welcomePage(), templates.LinkGone())
	}
	if err != nil {
		return err
	}
	return s.render(w, r, status, welcomePage(), templates.Welcome(templates.WelcomeData{Token: token, Name: a.Name, DisplayName: a.DisplayName,
		Role: string(a.Role), Scope: scopeText(ctx, a.Scope), Problems: problems}))
}

// accept takes the password of whoever holds a link, and lets them in.
func (s *server) accept(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	token, password := r.PostForm.Get("Token"), r.PostForm.Get("Password")
	a, err := s.db.LinkedAccount(ctx, token)
	if errors.Is(err, db.ErrNotFound) {
		return s.renderWelcome(w, r, http.StatusNotFound, token, nil)
	}
	if err != nil {
		return err
	}
	if found := passwordProblems(a.Name, password, r.PostForm.Get("Repeat")); len(found) > 0 {
		return s.renderWelcome(w, r, http.StatusUnprocessableEntity, token, found)
	}
	hash, err := auth.Hash(ctx, password)
	if err != nil {
		return err
	}
	a, err = s.db.UseLink(actAs(ctx, a), token, hash)
	if errors.Is(err, db.ErrNotFound) { // somebody else was faster
		return s.renderWelcome(w, r, http.StatusNotFound, token, nil)
	}
	if err != nil {
		return err
	}
	return s.enter(w, r, a, "/")
}

package handlers

import (
	"context"
	"errors"
	"net/http"

	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// accountPerson fills in whose own account it is, or whom one could name.
func (s *server) accountPerson(ctx context.Context, a db.Account, data *templates.AccountData) error {
	if a.PersonID == "" {
		people, err := s.db.UserChoices(ctx, db.Everything(), "", data.PersonID)
		data.People = personOptions(people)
		return err
	}
	person, err := s.db.User(ctx, db.Everything(), a.PersonID)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	data.PersonID, data.Person = a.PersonID, person.Name
	return nil
}

// bindAccount makes an account a person's own, by which they sign, or nobody's.
func (s *server) bindAccount(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	a, err := s.db.Account(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	data := accountData(a)
	data.PersonID = r.PostForm.Get("PersonId")
	rule := ""
	switch err := s.db.BindAccount(ctx, a.ID, data.PersonID); {
	case errors.Is(err, db.ErrNotFound):
		rule = "not_found"
	case errors.Is(err, db.ErrPersonTaken):
		rule = "person_taken"
	case errors.Is(err, db.ErrOutsideScope):
		rule = "person_scope"
	case err != nil:
		return err
	}
	if rule != "" {
		data.PersonProblems = templates.Problems{{Field: "PersonId", Rule: rule}}
		return s.showAccountForm(w, r, http.StatusUnprocessableEntity, data, a.Scope.Organizations)
	}
	s.flash(r, "ok", "common.saved")
	return s.redirect(w, r, "/accounts/"+a.ID)
}

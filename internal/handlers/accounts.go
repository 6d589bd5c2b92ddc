package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

func accountsPage(title string, args ...any) page {
	return page{Title: title, TitleArgs: args, Active: "accounts"}
}

func (s *server) accountPage(ctx context.Context, title string, args ...any) page {
	p := accountsPage(title, args...)
	p.Back = &templates.Link{URL: "/accounts", Text: i18n.T(ctx, "accounts.title")}
	return p
}

// scopeText says in words what an account reaches.
func scopeText(ctx context.Context, scope db.Scope) string {
	if scope.All {
		return i18n.T(ctx, "accounts.scope.all")
	}
	return i18n.T(ctx, "accounts.scope.count", "Count", len(scope.Organizations))
}

// listAccounts lists the accounts.
func (s *server) listAccounts(w http.ResponseWriter, r *http.Request) error {
	list, next, err := s.db.Accounts(r.Context(), limits(r))
	if err != nil {
		return err
	}
	items := make([]templates.AccountItem, len(list))
	for i, a := range list {
		items[i] = templates.AccountItem{ID: a.ID, Name: a.Name, DisplayName: a.DisplayName, Role: string(a.Role), Scope: scopeText(r.Context(), a.Scope),
			Disabled: a.Disabled, Waiting: a.Waiting(), SecondFactor: a.SecondFactor, LastLogin: a.LastLogin}
	}
	p := accountsPage("accounts.title")
	p.Action = templates.AccountsAction()
	return s.render(w, r, http.StatusOK, p, templates.AccountsList(items, paging(r, next)))
}

// organizationChoices are the sub-organisations that an account may be given. Those that it has stay even when the list is too long to
// hold them.
func (s *server) organizationChoices(ctx context.Context, chosen []string) ([]templates.OrganizationChoice, error) {
	all, err := s.db.OrganizationChoices(ctx, db.Everything())
	if err != nil {
		return nil, err
	}
	var choices []templates.OrganizationChoice
	listed := make(map[string]bool)
	for _, o := range all {
		listed[o.ID] = true
		choices = append(choices, templates.OrganizationChoice{ID: o.ID, Name: o.Name, Chosen: slices.Contains(chosen, o.ID)})
	}
	for _, id := range chosen {
		if listed[id] {
			continue
		}
		o, err := s.db.Organization(ctx, db.Everything(), id)
		if errors.Is(err, db.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		choices = append(choices, templates.OrganizationChoice{ID: o.ID, Name: o.Name, Chosen: true})
	}
	return choices, nil
}

// newAccount shows the form of a new account.
func (s *server) newAccount(w http.ResponseWriter, r *http.Request) error {
	return s.showAccountForm(w, r, http.StatusOK, templates.AccountData{Role: string(auth.Business), All: true}, nil)
}

// showAccountForm renders the form of an account, a new one or one that exists.
func (s *server) showAccountForm(w http.ResponseWriter, r *http.Request, status int, data templates.AccountData, chosen []string) error {
	var err error
	if data.Organizations, err = s.organizationChoices(r.Context(), chosen); err != nil {
		return err
	}
	if data.ID == "" {
		return s.render(w, r, status, s.accountPage(r.Context(), "accounts.new"), templates.AccountForm(data))
	}
	a, err := s.db.Account(r.Context(), data.ID)
	if err != nil {
		return err
	}
	data.Self, data.Waiting, data.LinkExpires = a.ID == account(r.Context()).ID, a.Waiting(), a.LinkExpires
	data.SecondFactor, data.IsDisabled = a.SecondFactor, a.Disabled
	if err := s.accountPerson(r.Context(), a, &data); err != nil {
		return err
	}
	if data.Sessions, err = s.sessionItems(r.Context(), db.SessionFilter{AccountID: a.ID}); err != nil {
		return err
	}
	p := s.accountPage(r.Context(), "")
	p.TitleText = data.Name
	return s.render(w, r, status, p, templates.AccountEdit(data))
}

// readAccountForm reads what an admin typed, and what is wrong with it.
func (s *server) readAccountForm(r *http.Request) (data templates.AccountData, scope db.Scope, err error) {
	if err := readForm(r); err != nil {
		return data, scope, err
	}
	data = templates.AccountData{
		Name: strings.TrimSpace(r.PostForm.Get("Name")), DisplayName: strings.TrimSpace(r.PostForm.Get("DisplayName")),
		Role: r.PostForm.Get("Role"), All: r.PostForm.Get("Scope") != "some", Disabled: r.PostForm.Has("Disabled"),
	}
	scope = db.Scope{All: data.All}
	if !scope.All {
		scope.Organizations = r.PostForm["Organizations"]
	}
	if !auth.Role(data.Role).Valid() {
		data.Problems = append(data.Problems, templates.Problem{Field: "Role", Rule: "oneof"})
	}
	switch {
	case !scope.All && auth.Role(data.Role) == auth.Admin:
		data.Problems = append(data.Problems, templates.Problem{Field: "Scope", Rule: "admin_scope"})
	case !scope.All && len(scope.Organizations) == 0:
		data.Problems = append(data.Problems, templates.Problem{Field: "Scope", Rule: "choose_organization"})
	}
	known, err := s.db.OrganizationNames(r.Context(), scope.Organizations)
	if err != nil {
		return data, scope, err
	}
	if slices.ContainsFunc(scope.Organizations, func(id string) bool { return known[id] == "" }) {
		data.Problems = append(data.Problems, templates.Problem{Field: "Scope", Rule: "unknown_organization"})
	}
	return data, scope, nil
}

// inviteAccount adds an account and shows the link by which its owner chooses a password, once.
func (s *server) inviteAccount(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	data, scope, err := s.readAccountForm(r)
	if err != nil {
		return err
	}
	data.Problems = append(nameProblems(errors.Join(db.CheckName(data.Name), db.CheckDisplayName(data.DisplayName))), data.Problems...)
	if len(data.Problems) > 0 {
		return s.showAccountForm(w, r, http.StatusUnprocessableEntity, data, scope.Organizations)
	}
	a, link, err := s.db.InviteAccount(ctx, db.NewAccount{Name: data.Name, DisplayName: data.DisplayName, Role: auth.Role(data.Role), Scope: scope})
	if data.Problems = nameProblems(err); len(data.Problems) > 0 {
		return s.showAccountForm(w, r, http.StatusUnprocessableEntity, data, scope.Organizations)
	}
	if err != nil {
		return err
	}
	return s.showNewLink(w, r, a, link)
}

// editAccount shows the form of an account that exists.
func (s *server) editAccount(w http.ResponseWriter, r *http.Request) error {
	a, err := s.db.Account(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.showAccountForm(w, r, http.StatusOK, accountData(a), a.Scope.Organizations)
}

// accountData is the form of an account as it is.
func accountData(a db.Account) templates.AccountData {
	return templates.AccountData{ID: a.ID, Name: a.Name, DisplayName: a.DisplayName, Role: string(a.Role), All: a.Scope.All, Disabled: a.Disabled}
}

// changeAccount changes what an account is called, may do and reaches. Nobody disables themselves.
func (s *server) changeAccount(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	before, err := s.db.Account(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	data, scope, err := s.readAccountForm(r)
	if err != nil {
		return err
	}
	if data.Name != "" && data.Name != before.Name { // the audit log tells acts by it
		data.Problems = append(data.Problems, templates.Problem{Field: "Name", Rule: "name_fixed"})
	}
	if data.DisplayName != before.DisplayName {
		data.Problems = append(data.Problems, nameProblems(db.CheckDisplayName(data.DisplayName))...)
	}
	data.ID, data.Name = before.ID, before.Name
	role, disabled := auth.Role(data.Role), data.Disabled && before.ID != account(ctx).ID
	if data.DisplayName == "" {
		data.DisplayName = before.Name
	}
	if len(data.Problems) > 0 {
		return s.showAccountForm(w, r, http.StatusUnprocessableEntity, data, scope.Organizations)
	}
	_, err = s.db.ChangeAccount(ctx, before.ID, db.AccountChange{DisplayName: &data.DisplayName, Role: &role, Scope: &scope, Disabled: &disabled})
	switch {
	case errors.Is(err, db.ErrLastAdmin):
		data.Problems = templates.Problems{{Field: "Role", Rule: "last_admin"}}
	case errors.Is(err, db.ErrOutsideScope):
		data.Problems = templates.Problems{{Field: "Scope", Rule: "scope_person"}}
	}
	if len(data.Problems) > 0 {
		return s.showAccountForm(w, r, http.StatusUnprocessableEntity, data, scope.Organizations)
	}
	if err != nil {
		return err
	}
	s.flash(r, "ok", "common.saved")
	return s.redirect(w, r, "/accounts")
}

package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/web/templates"

	"github.com/a-h/templ"
)

// listUsers lists people, by words, state and the organisation that they sign for.
func (s *server) listUsers(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := r.URL.Query()
	d := templates.UsersData{Text: q.Get("q"), State: q.Get("state"), Organization: q.Get("organization"), CanWrite: can(ctx, auth.UsersWrite)}
	list, next, err := s.db.Users(ctx, scope(ctx), db.DirectoryFilter{Text: d.Text, Verified: verifiedFilter(d.State), Organization: d.Organization}, limits(r))
	if err != nil {
		return err
	}
	organizations, err := s.db.OrganizationChoices(ctx, scope(ctx), d.Organization)
	if err != nil {
		return err
	}
	d.Rows, d.Organizations, d.Paging = people(list), namedOrganizations(organizations), paging(r, next)
	p := page{Title: "users.title", Active: "users"}
	if d.CanWrite {
		p.Action = templ.Join(templates.ImportAction("users"), templates.UsersAction())
	}
	return s.render(w, r, http.StatusOK, p, templates.UsersList(d))
}

func (s *server) userFormPage(r *http.Request) page {
	return page{Title: "users.new", Active: "users", Back: backTo(r.Context(), "/users", "users.title")}
}

// newUser shows the empty form; an organisation may be given in the query.
func (s *server) newUser(w http.ResponseWriter, r *http.Request) error {
	d := templates.UserForm{Form: api.CreateUserRequest{IdCardType: "ID_CARD"}, OrganizationID: r.URL.Query().Get("OrganizationID")}
	organizations, err := s.db.OrganizationChoices(r.Context(), scope(r.Context()), d.OrganizationID)
	if err != nil {
		return err
	}
	d.Organizations = namedOrganizations(organizations)
	return s.render(w, r, http.StatusOK, s.userFormPage(r), templates.UserNew(d))
}

// createUser registers a person, where asked for verified and with their signature.
func (s *server) createUser(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var d templates.UserForm
	var more struct {
		OrganizationID string `json:"OrganizationID"`
		WithSeal       bool   `json:"WithSeal"`
	}
	err := errors.Join(parseForm(r, &d.Form), parseForm(r, &more))
	d.OrganizationID, d.WithSeal = more.OrganizationID, more.WithSeal
	if err == nil && d.OrganizationID != "" {
		if _, found := s.db.Organization(ctx, scope(ctx), d.OrganizationID); found != nil {
			err = &api.ValidationError{Fields: []api.FieldError{{Field: "OrganizationID", Rule: "not_found"}}}
		}
	}
	u := db.User{}
	var sealID string
	if err == nil {
		u, sealID, err = s.registerUser(r, d)
	}
	if err != nil {
		return s.userRefused(w, r, d, err)
	}
	if err := s.keepUser(ctx, u, sealID, d); err != nil {
		return err
	}
	s.flash(r, "ok", "users.created", "Name", u.Name)
	return s.redirect(w, r, "/users/"+u.ID)
}

// keepUser puts a person that the platform has made into the index, with whom they sign for and their signature where they have one.
func (s *server) keepUser(ctx context.Context, u db.User, sealID string, d templates.UserForm) error {
	if d.OrganizationID != "" {
		u.Organizations = []db.UserOrganization{{ID: d.OrganizationID}}
	}
	if err := s.db.AddUser(ctx, u); err != nil {
		return err
	}
	if err := s.db.Register(ctx, u.ID, d.Form.Mobile, d.Form.Email); err != nil || sealID == "" {
		return err
	}
	return s.db.AddSeal(ctx, db.Seal{ID: sealID, UserID: u.ID, OwnerName: u.Name, Kind: api.SealTypePersonal,
		Name: sealName(ctx, "", api.SealTypePersonal), Source: db.SealGenerated, Default: true})
}

// userOf is what the index keeps of a registration: numbers masked.
func userOf(f api.CreateUserRequest) db.User {
	u := db.User{Name: f.Name, IDCardType: f.IdCardType, IDCardNumber: api.Mask("number", f.IdCardNumber)}
	if f.Mobile != "" {
		u.Mobile = api.Mask("mobile", f.Mobile)
	}
	return u
}

// madeUser is the person of a registration whose answer was lost; without an ID where the platform does not have them.
func (s *server) madeUser(ctx context.Context, f api.CreateUserRequest) (db.User, error) {
	resp, err := api.DescribeUsers.Call(ctx, s.client, &api.DescribeUsersRequest{UserIds: []string{f.OpenId}})
	if err != nil {
		return db.User{}, err
	}
	for i := range resp.Users {
		if found := &resp.Users[i]; found.UserId == f.OpenId {
			u := userOf(f)
			u.ID, u.Verified = found.UserId, userVerifiedTime(found)
			return u, nil
		}
	}
	return db.User{}, nil
}

// registerUser asks the platform. Without an OpenId the portal chooses one that becomes the id, so that a lost answer can be looked up.
func (s *server) registerUser(r *http.Request, d templates.UserForm) (u db.User, sealID string, err error) {
	ctx := r.Context()
	f := d.Form
	if f.OpenId == "" {
		f.OpenId, f.UseOpenId = newOpenID(), true
	}
	u = userOf(f)
	if d.WithSeal {
		var resp *api.CreateUserAndSealResponse
		if resp, err = api.CreateUserAndSeal.Call(ctx, s.client, &api.CreateUserAndSealRequest{OpenId: f.OpenId, UseOpenId: f.UseOpenId, Name: f.Name,
			IdCardType: f.IdCardType, IdCardNumber: f.IdCardNumber, Mobile: f.Mobile, Email: f.Email, SourceIp: address(ctx)}); err == nil {
			u.ID, sealID, u.Verified = resp.UserId, resp.SealId, s.now()
		}
	} else {
		var resp *api.CreateUserResponse
		if resp, err = api.CreateUser.Call(ctx, s.client, &f); err == nil {
			u.ID = resp.UserId
		}
	}
	if f.UseOpenId && api.IsUnknownOutcome(err) {
		if made, lookErr := s.madeUser(ctx, f); lookErr == nil && made.ID != "" {
			return made, "", nil
		}
	}
	return u, sealID, err
}

// userRefused shows the form again with everything that was typed.
func (s *server) userRefused(w http.ResponseWriter, r *http.Request, d templates.UserForm, err error) error {
	organizations, listErr := s.db.OrganizationChoices(r.Context(), scope(r.Context()), d.OrganizationID)
	if listErr != nil {
		return listErr
	}
	d.Organizations = namedOrganizations(organizations)
	list, ok := problems(err)
	switch {
	case ok:
		d.Problems = list
	case api.IsCode(err, api.CodeFailedOperationAccountAlreadyExists) && d.Form.OpenId != "":
		d.Problems = templates.Problems{{Field: "OpenId", Rule: "taken"}}
	default:
		if d.Refusal, ok = s.refusal(r, err); !ok {
			return err
		}
	}
	return s.renderForm(w, r, s.userFormPage(r), templates.UserNew(d))
}

// describeUser asks the platform for one person; nil when it does not answer or knows none.
func (s *server) describeUser(r *http.Request, id string) *api.UserDescribe {
	ctx := r.Context()
	resp, err := api.DescribeUsers.Call(ctx, s.client, &api.DescribeUsersRequest{UserIds: []string{id}})
	if err != nil {
		s.log.WarnContext(ctx, "describe user", "request", exchangeOf(ctx).id, "error", scrub(err))
		return nil
	}
	for i := range resp.Users {
		if u := &resp.Users[i]; u.UserId == id {
			return u
		}
	}
	return nil
}

// userVerifiedTime is when the platform verified a person, zero for not.
func userVerifiedTime(u *api.UserDescribe) time.Time {
	if u.VerifyStatus == api.UserNotVerified {
		return time.Time{}
	}
	return time.Unix(max(u.VerifiedOn, 1), 0)
}

// showUser shows a person: what the platform says of them, whom they sign for, their signatures and their history.
func (s *server) showUser(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	u, err := s.db.User(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	d := templates.UserData{CanWrite: can(ctx, auth.UsersWrite), CanMakeSeal: can(ctx, auth.SealsWrite), CanAudit: can(ctx, auth.AuditRead)}
	if d.Detail = s.describeUser(r, u.ID); d.Detail != nil {
		if err := s.takeOverUser(ctx, &u, d.Detail); err != nil {
			return err
		}
	}
	d.Person = person(u)
	seals, _, err := s.db.Seals(ctx, scope(ctx), db.SealFilter{UserID: u.ID}, db.Page{Limit: db.MaxLimit})
	if err != nil {
		return err
	}
	d.Seals = sealCards(seals)
	if d.CanWrite {
		all, err := s.db.OrganizationChoices(ctx, scope(ctx))
		if err != nil {
			return err
		}
		d.Choices = without(namedOrganizations(all), u.SignsFor)
	}
	if d.History, err = s.history(ctx, "user", u.ID); err != nil {
		return err
	}
	p := page{TitleText: u.Name, Active: "users", Back: backTo(ctx, "/users", "users.title"), Badge: templates.VerifiedBadge(u.IsVerified()),
		Action: templates.UserActions(d)}
	return s.render(w, r, http.StatusOK, p, templates.UserShow(d))
}

// isMasked tells that a text is not shown in full.
func isMasked(text string) bool {
	for _, r := range text {
		if r == '*' {
			return true
		}
	}
	return false
}

// verifyUser tells the platform that the person has been verified.
func (s *server) verifyUser(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	u, err := s.db.User(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := api.VerifyUser.Call(ctx, s.client, &api.VerifyUserRequest{UserId: u.ID}); err != nil {
		return err
	}
	u.Verified = s.now()
	if err := s.db.UpdateUser(ctx, u); err != nil {
		return err
	}
	s.flash(r, "ok", "users.verified.done", "Name", u.Name)
	return s.redirect(w, r, "/users/"+u.ID)
}

// assignUser lets the person sign for an organisation.
func (s *server) assignUser(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form struct {
		OrganizationID string `json:"OrganizationID"`
	}
	if err := parseForm(r, &form); err != nil {
		return err
	}
	if err := s.db.AssignUser(ctx, scope(ctx), r.PathValue("id"), form.OrganizationID); err != nil {
		return err
	}
	if err := s.routing.Tell(ctx); err != nil {
		return err
	}
	s.flash(r, "ok", "users.assigned")
	return s.redirect(w, r, "/users/"+r.PathValue("id"))
}

// unassignUser ends it.
func (s *server) unassignUser(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.UnassignUser(r.Context(), scope(r.Context()), r.PathValue("id"), r.PathValue("organization")); err != nil {
		return err
	}
	if err := s.routing.Tell(r.Context()); err != nil {
		return err
	}
	s.flash(r, "ok", "users.unassigned")
	return s.redirect(w, r, "/users/"+r.PathValue("id"))
}

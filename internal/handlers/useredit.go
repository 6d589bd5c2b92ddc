package handlers

import (
	"context"
	"errors"
	"net/http"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

func userEditPage(u db.User) page {
	return page{Title: "directory.user.edit", Active: "users", Back: &templates.Link{URL: "/users/" + u.ID, Text: u.Name}}
}

// editUser shows the form. Mobile and e-mail, which the platform hides, begin empty.
func (s *server) editUser(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	u, err := s.db.User(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	d := templates.UserEdit{Person: person(u), Form: api.ModifyUserRequest{Name: u.Name}}
	return s.render(w, r, http.StatusOK, userEditPage(u), templates.UserEditPage(d))
}

// changeUser changes what differs. A new name costs the verification, which must have been said and agreed to before.
func (s *server) changeUser(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	u, err := s.db.User(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	d := templates.UserEdit{Person: person(u)}
	refused := func(p templates.Problems, refusal string) error {
		d.Problems, d.Refusal = p, refusal
		return s.renderForm(w, r, userEditPage(u), templates.UserEditPage(d))
	}
	var more struct {
		Confirmed bool `json:"Confirmed"`
	}
	if err := errors.Join(parseForm(r, &d.Form), parseForm(r, &more)); err != nil {
		if list, ok := problems(err); ok {
			return refused(list, "")
		}
		return err
	}
	req := api.ModifyUserRequest{UserId: u.ID, Name: d.Form.Name, Mobile: d.Form.Mobile, Email: d.Form.Email}
	if req.Name == u.Name {
		req.Name = ""
	}
	switch {
	case d.Form.Name == "":
		return refused(templates.Problems{{Field: "Name", Rule: "required"}}, "")
	case req == (api.ModifyUserRequest{UserId: u.ID}):
		s.flash(r, "info", "directory.unchanged")
		return s.redirect(w, r, "/users/"+u.ID)
	case u.IsVerified() && req.Name != "" && !more.Confirmed:
		d.AskConfirm = true
		return refused(templates.Problems{{Field: "Confirmed", Rule: "confirm"}}, "")
	}
	if _, err := api.ModifyUser.Call(ctx, s.client, &req); err != nil {
		if text, ok := s.refusal(r, err); ok {
			return refused(nil, text)
		}
		return err
	}
	return s.userChanged(w, r, u, req)
}

// userChanged takes over what has become of a person.
func (s *server) userChanged(w http.ResponseWriter, r *http.Request, u db.User, req api.ModifyUserRequest) error {
	ctx := r.Context()
	key := "directory.changed"
	if req.Name != "" && u.IsVerified() {
		key = "directory.changed.unverified"
	}
	if req.Mobile != "" {
		u.Mobile = api.Mask("mobile", req.Mobile)
	}
	if req.Name != "" {
		u.Name = req.Name
	}
	var err error
	if found := s.describeUser(r, u.ID); found != nil {
		err = s.takeOverUser(ctx, &u, found)
	} else {
		err = s.db.UpdateUser(ctx, u)
	}
	if err = errors.Join(err, s.db.Register(ctx, u.ID, req.Mobile, req.Email)); err != nil {
		return err
	}
	s.flash(r, "ok", key, "Name", u.Name)
	return s.redirect(w, r, "/users/"+u.ID)
}

// takeOverUser brings the index up to date. A name that the platform masks tells nothing new.
func (s *server) takeOverUser(ctx context.Context, u *db.User, found *api.UserDescribe) error {
	if found.Name != "" && !isMasked(found.Name) {
		u.Name = found.Name
	}
	if found.Mobile != "" {
		u.Mobile = api.Mask("mobile", found.Mobile)
	}
	u.Verified = userVerifiedTime(found)
	return s.db.UpdateUser(ctx, *u)
}

package handlers

import (
	"context"
	"encoding/base64"
	"net/http"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/seal"
	"sealdesk/web/templates"
)

func sealEditPage(row db.Seal) page {
	return page{Title: "directory.seal.edit", Active: "seals", Back: &templates.Link{URL: "/seals/" + row.ID, Text: row.Name}}
}

// sealEdit is the form of a seal, with the people who may act for its owner, among them the one who is chosen.
func (s *server) sealEdit(ctx context.Context, row db.Seal, operator string) (templates.SealEdit, error) {
	d := templates.SealEdit{SealCard: sealCard(row), Form: templates.SealEditForm{SealName: row.Name}, Personal: row.UserID != ""}
	if d.Personal {
		return d, nil
	}
	people, err := s.db.UserChoices(ctx, scope(ctx), row.OrganizationID, operator)
	d.Operators = namedUsers(people)
	return d, err
}

// editSeal shows the form for the name and the picture of a seal.
func (s *server) editSeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	row, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	d, err := s.sealEdit(ctx, row, "")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, sealEditPage(row), templates.SealEditPage(d))
}

// changeSeal gives a seal another name, another picture or both.
func (s *server) changeSeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	row, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := readForm(r); err != nil {
		return err
	}
	d, err := s.sealEdit(ctx, row, r.PostFormValue("OperatorID"))
	if err != nil {
		return err
	}
	refused := func(refusal string) error {
		d.Refusal = refusal
		return s.renderForm(w, r, sealEditPage(row), templates.SealEditPage(d))
	}
	d.Form = templates.SealEditForm{}
	if err := parseForm(r, &d.Form); err != nil {
		return err
	}
	if d.Form.SealName == "" {
		d.Problems = append(d.Problems, templates.Problem{Field: "SealName", Rule: "required"})
	}
	picture, problem, err := uploadedPicture(r)
	if err != nil {
		return err
	}
	if problem != nil && problem.Rule != "file" { // none: the picture stays
		d.Problems = append(d.Problems, *problem)
	}
	caller, err := s.sealCaller(ctx, row, &d)
	if err != nil {
		return err
	}
	switch {
	case len(d.Problems) > 0:
		return refused("")
	case picture == nil && d.Form.SealName == row.Name:
		s.flash(r, "info", "directory.unchanged")
		return s.redirect(w, r, "/seals/"+row.ID)
	}
	if row, err = s.sendSeal(ctx, caller, row, d.Form.SealName, picture); err != nil {
		if text, ok := s.refusal(r, err); ok {
			return refused(text)
		}
		return err
	}
	s.flash(r, "ok", "directory.changed", "Name", row.Name)
	return s.redirect(w, r, "/seals/"+row.ID)
}

// sealCaller is who acts for the owner of a seal: a person themselves, for an organisation somebody of it (essbasic, ModifySeal).
func (s *server) sealCaller(ctx context.Context, row db.Seal, d *templates.SealEdit) (api.Caller, error) {
	if row.UserID != "" {
		return api.Caller{OperatorId: row.UserID}, nil
	}
	if d.Form.OperatorID == "" {
		d.Problems = append(d.Problems, templates.Problem{Field: "OperatorID", Rule: "required"})
		return api.Caller{}, nil
	}
	problem, err := s.checkOperator(ctx, "OperatorID", d.Form.OperatorID, row.OrganizationID)
	d.Problems = add(d.Problems, problem)
	return api.Caller{SubOrganizationId: row.OrganizationID, OperatorId: d.Form.OperatorID}, err
}

// sendSeal changes a seal on the platform and in the index.
func (s *server) sendSeal(ctx context.Context, caller api.Caller, row db.Seal, name string, picture *seal.Picture) (db.Seal, error) {
	req := api.ModifySealRequest{Caller: caller, SealId: row.ID, UserId: row.UserID, SealName: name, SourceIp: address(ctx)}
	row.Name = name
	if picture != nil {
		req.Image = base64.StdEncoding.EncodeToString(picture.PNG)
		row.Source, row.WidthMM, row.HeightMM, row.Picture = db.SealUploaded, picture.WidthMM, picture.HeightMM, ""
	}
	if _, err := api.ModifySeal.Call(ctx, s.client, &req); err != nil {
		return row, err
	}
	return row, s.db.ChangeSeal(ctx, scope(ctx), row)
}

// deleteSeal deletes a seal that is not its owner's default. One that the platform no longer knows leaves the index all the same.
func (s *server) deleteSeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	row, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if row.Default {
		return refuse("directory.seal.delete.default")
	}
	req := api.DeleteSealRequest{SealId: row.ID, UserId: row.UserID, SourceIp: address(ctx)}
	if row.UserID == "" {
		req.Caller.SubOrganizationId = row.OrganizationID
	} else {
		req.Caller.OperatorId = row.UserID
	}
	_, err = api.DeleteSeal.Call(ctx, s.client, &req)
	switch {
	case api.IsCode(err, api.CodeOperationDenied):
		return refuse("directory.seal.delete.awaited")
	case err != nil && !api.IsCode(err, api.CodeResourceNotFound):
		return err
	}
	if err := s.db.DeleteSeal(ctx, scope(ctx), row.ID); err != nil {
		return err
	}
	s.flash(r, "ok", "directory.seal.deleted", "Name", row.Name)
	return s.redirect(w, r, "/seals")
}

package handlers

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/seal"
	"sealdesk/web/templates"
)

// studioDPI is the resolution of a seal that the portal draws and sends as a picture: fine enough for any printer.
const studioDPI = 600

// createSeal makes the seal that the studio shows.
func (s *server) createSeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := studioForm(r)
	bad, ok := problems(err)
	if err != nil && !ok {
		return err
	}
	d, err := s.design(ctx, f)
	if err != nil {
		return err
	}
	d.problems = append(d.problems, bad...)
	operator := api.Caller{}
	if len(d.problems) == 0 {
		var problem *templates.Problem
		if operator, problem, err = s.operator(ctx, d.owner, f.OperatorID, d.preview.Drawn); err != nil {
			return err
		}
		if problem != nil {
			d.problems = append(d.problems, *problem)
		}
	}
	if len(d.problems) > 0 {
		return s.studioRefused(w, r, d, "")
	}
	keepers, problem, err := s.firstKeeper(ctx, d.owner, f.KeeperID, f.OperatorID)
	if err != nil {
		return err
	}
	if problem != nil {
		d.problems = append(d.problems, *problem)
		return s.studioRefused(w, r, d, "")
	}
	row, err := s.makeSeal(ctx, d, operator)
	if err != nil {
		text, ok := s.refusal(r, err)
		if !ok {
			return err
		}
		return s.studioRefused(w, r, d, text)
	}
	if err := s.db.AddSeal(ctx, row, keepers...); err != nil {
		return err
	}
	if err := s.routing.Tell(ctx); err != nil {
		return err
	}
	s.flash(r, "ok", "seals.created", "Name", row.Name)
	return s.redirect(w, r, "/seals/"+row.ID)
}

func (s *server) studioRefused(w http.ResponseWriter, r *http.Request, d *studio, refusal string) error {
	data, err := s.studioData(r.Context(), d)
	if err != nil {
		return err
	}
	data.Refusal = refusal
	return s.renderForm(w, r, s.studioPage(r.Context()), templates.Studio(data))
}

// operator is who acts for the owner at the platform. Sending a picture needs a person (essbasic, CreateSeal): for a person's own seal
// themselves, for an organisation's somebody who has to be named.
func (s *server) operator(ctx context.Context, o sealOwner, id string, needed bool) (api.Caller, *templates.Problem, error) {
	if o.user != nil {
		return api.Caller{OperatorId: o.user.ID}, nil, nil
	}
	caller := api.Caller{SubOrganizationId: o.organization.ID}
	if id == "" {
		if needed {
			return caller, &templates.Problem{Field: "OperatorID", Rule: "seal_operator"}, nil
		}
		return caller, nil, nil
	}
	problem, err := s.checkOperator(ctx, "OperatorID", id, o.organization.ID)
	caller.OperatorId = id
	return caller, problem, err
}

// firstKeeper is who may use a new seal from the beginning: somebody who was named, else its operator. Nobody: it follows from the register.
func (s *server) firstKeeper(ctx context.Context, o sealOwner, keeper, operator string) ([]string, *templates.Problem, error) {
	id := cmp.Or(keeper, operator)
	if o.organization == nil || id == "" {
		return nil, nil, nil
	}
	problem, err := s.checkOperator(ctx, "KeeperID", id, o.organization.ID)
	return []string{id}, problem, err
}

// makeSeal asks the platform to draw the seal, or draws it and sends the picture.
func (s *server) makeSeal(ctx context.Context, d *studio, caller api.Caller) (db.Seal, error) {
	f := d.form
	row := d.owner.row(f.SealType, sealName(ctx, f.SealName, f.SealType), db.SealGenerated)
	row.Default = f.IsDefault
	switch {
	case d.preview.Drawn:
		png, err := d.drawing.PNG(studioDPI)
		if err != nil {
			return row, err
		}
		row.Source = db.SealDrawn
		row.WidthMM, row.HeightMM = d.drawing.SizeMM()
		return row, s.sendPicture(ctx, caller, &row, png)
	case d.owner.user != nil:
		resp, err := api.GenerateUserSeal.Call(ctx, s.client, &api.GenerateUserSealRequest{Caller: caller, UserId: row.UserID, SealName: row.Name,
			IsDefault: f.IsDefault, SourceIp: address(ctx)})
		if err != nil {
			return row, err
		}
		row.ID = resp.SealId
	default:
		text := d.spec.HorizontalText
		if text == "" && d.spec.Kind != seal.Official && d.spec.Kind != seal.LegalRepresentative {
			text = seal.UsualText(d.spec.Kind)
		}
		resp, err := api.GenerateOrganizationSeal.Call(ctx, s.client, &api.GenerateOrganizationSealRequest{Caller: caller, SealType: row.Kind,
			SealName: row.Name, SealHorizontalText: text, IsDefault: f.IsDefault, SourceIp: address(ctx)})
		if err != nil {
			return row, err
		}
		row.ID = resp.SealId
	}
	return row, nil
}

// sendPicture makes a seal of a picture and fills in its id.
func (s *server) sendPicture(ctx context.Context, caller api.Caller, row *db.Seal, png []byte) error {
	resp, err := api.CreateSeal.Call(ctx, s.client, &api.CreateSealRequest{Caller: caller, SealType: row.Kind, SealName: row.Name, UserId: row.UserID,
		Image: base64.StdEncoding.EncodeToString(png), IsDefault: row.Default, SourceIp: address(ctx)})
	if err != nil {
		return err
	}
	row.ID = resp.SealId
	return nil
}

package handlers

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"io"
	"net/http"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/seal"
	"sealdesk/web/templates"
)

// maxLicense is the size up to which a picture of a licence still fits into a request of 10 MB as base64.
const maxLicense = 7 << 20

// editOrganization shows the form with what the platform says now.
func (s *server) editOrganization(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := s.db.Organization(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, organizationEditPage(o), templates.OrganizationEditPage(s.organizationEdit(r, o)))
}

// organizationEdit is the form of an organisation as it is. Numbers of the legal representative come back hidden: their fields begin empty.
func (s *server) organizationEdit(r *http.Request, o db.Organization) templates.OrganizationEdit {
	d := templates.OrganizationEdit{OrganizationRow: organizationRow(o), Form: api.ModifySubOrganizationInfoRequest{Name: o.Name, OrganizationType: o.Kind, LegalName: o.LegalName}}
	if now := s.describeOrganization(r, o.ID); now != nil {
		d.Detail, d.Verified = now, now.VerifyStatus != api.OrganizationNotVerified
		d.Form = api.ModifySubOrganizationInfoRequest{Name: now.Name, OrganizationType: now.OrganizationType, LegalName: now.LegalName, LegalIdCardType: now.LegalIdCardType,
			ContactName: now.ContactName, ContactAddress: now.ContactAddress, Email: now.Email}
	}
	return d
}

func organizationEditPage(o db.Organization) page {
	return page{Title: "directory.organization.edit", Active: "organizations", Back: &templates.Link{URL: "/organizations/" + o.ID, Text: o.Name}}
}

// changeOrganization changes what differs. A new name costs the verification, which must have been said and agreed to before.
func (s *server) changeOrganization(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := s.db.Organization(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	d := s.organizationEdit(r, o)
	d.Form = api.ModifySubOrganizationInfoRequest{}
	refused := func(p templates.Problems, refusal string) error {
		d.Problems, d.Refusal = p, refusal
		return s.renderForm(w, r, organizationEditPage(o), templates.OrganizationEditPage(d))
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
	req := organizationChange(d.Form, d.Detail)
	switch {
	case d.Form.Name == "":
		return refused(templates.Problems{{Field: "Name", Rule: "required"}}, "")
	case req == (api.ModifySubOrganizationInfoRequest{}):
		s.flash(r, "info", "directory.unchanged")
		return s.redirect(w, r, "/organizations/"+o.ID)
	case d.Verified && req.Name != "" && req.Name != o.Name && !more.Confirmed:
		d.AskConfirm = true
		return refused(templates.Problems{{Field: "Confirmed", Rule: "confirm"}}, "")
	}
	return s.sendOrganization(w, r, o, req, refused)
}

// organizationChange leaves only what differs from the platform's: an empty field stays as it is there.
func organizationChange(f api.ModifySubOrganizationInfoRequest, now *api.SubOrganizationDetail) api.ModifySubOrganizationInfoRequest {
	f.OpenId, f.BizLicenseFile, f.BizLicenseFileName = "", "", "" // not fields of this form
	if now == nil {
		return f
	}
	for _, field := range []struct {
		typed *string
		now   string
	}{
		{&f.Name, now.Name}, {&f.OrganizationType, now.OrganizationType}, {&f.LegalName, now.LegalName}, {&f.LegalIdCardType, now.LegalIdCardType},
		{&f.ContactName, now.ContactName}, {&f.Email, now.Email},
	} {
		if *field.typed == field.now {
			*field.typed = ""
		}
	}
	if f.ContactAddress != nil && now.ContactAddress != nil {
		f.ContactAddress.Country = now.ContactAddress.Country // has no field either
		if *f.ContactAddress == *now.ContactAddress {
			f.ContactAddress = nil
		}
	}
	return f
}

// sendOrganization changes an organisation on the platform and takes over what has become of it.
func (s *server) sendOrganization(w http.ResponseWriter, r *http.Request, o db.Organization, req api.ModifySubOrganizationInfoRequest,
	refused func(templates.Problems, string) error) error {
	ctx := r.Context()
	req.Caller = api.Caller{SubOrganizationId: o.ID}
	if _, err := api.ModifySubOrganizationInfo.Call(ctx, s.client, &req); err != nil {
		if list, ok := problems(err); ok {
			return refused(list, "")
		}
		if text, ok := s.refusal(r, err); ok {
			return refused(nil, text)
		}
		return err
	}
	before := o.IsVerified()
	if found := s.describeOrganization(r, o.ID); found != nil {
		if err := s.takeOverOrganization(ctx, &o, found); err != nil {
			return err
		}
	}
	key := "directory.changed"
	if before && !o.IsVerified() {
		key = "directory.changed.unverified"
	}
	s.flash(r, "ok", key, "Name", o.Name)
	return s.redirect(w, r, "/organizations/"+o.ID)
}

// takeOverOrganization brings the index up to date.
func (s *server) takeOverOrganization(ctx context.Context, o *db.Organization, found *api.SubOrganizationDetail) error {
	o.Name, o.Kind, o.Verified = found.Name, found.OrganizationType, verifiedTime(found)
	if !isMasked(found.LegalName) {
		o.LegalName = found.LegalName
	}
	return s.db.UpdateOrganization(ctx, *o)
}

// changeLicense hands a new picture of the business licence over, which costs the verification as a new name does.
func (s *server) changeLicense(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := s.db.Organization(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	var more struct {
		Confirmed bool `json:"LicenseConfirmed"`
	}
	if err := parseForm(r, &more); err != nil {
		return err
	}
	d := s.organizationEdit(r, o)
	refused := func(p templates.Problems, refusal string) error {
		d.Problems, d.LicenseRefusal = p, refusal
		return s.render(w, r, http.StatusUnprocessableEntity, organizationEditPage(o), templates.OrganizationEditPage(d))
	}
	data, name, problem, err := uploadedLicense(r)
	if err != nil {
		return err
	}
	var wrong templates.Problems
	if problem != nil {
		wrong = append(wrong, *problem)
	}
	if d.Verified && !more.Confirmed {
		wrong = append(wrong, templates.Problem{Field: "LicenseConfirmed", Rule: "confirm"})
	}
	if len(wrong) > 0 {
		return refused(wrong, "")
	}
	return s.sendOrganization(w, r, o, api.ModifySubOrganizationInfoRequest{BizLicenseFile: base64.StdEncoding.EncodeToString(data), BizLicenseFileName: name}, refused)
}

// uploadedLicense reads the picture of the form, or says what is wrong with it. Its first bytes say what it is, not its name, and its
// measures are looked at before its pixels.
func uploadedLicense(r *http.Request) (data []byte, name string, wrong *templates.Problem, err error) {
	refuse := func(rule, param string) (_ []byte, _ string, wrong *templates.Problem, _ error) {
		return nil, "", &templates.Problem{Field: "License", Rule: rule, Param: param}, nil
	}
	file, header, err := r.FormFile("License")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return refuse("file", "")
	}
	if err != nil {
		return nil, "", nil, &badRequest{err}
	}
	defer file.Close()
	if header.Size > maxLicense {
		return refuse("file_size", sizeText(maxLicense))
	}
	if data, err = io.ReadAll(io.LimitReader(file, maxLicense)); err != nil {
		return nil, "", nil, &badRequest{err}
	}
	extension := map[string]string{"image/png": ".png", "image/jpeg": ".jpg"}[pictureType(data)]
	size, _, err := image.DecodeConfig(bytes.NewReader(data)) // the formats are registered by package seal
	if extension == "" || err != nil {
		return refuse("picture", "")
	}
	if size.Width > seal.MaxPicturePixels/max(size.Height, 1) {
		return refuse("picture_pixels", "")
	}
	if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
		return refuse("picture_damaged", "")
	}
	return data, "license" + extension, nil, nil
}

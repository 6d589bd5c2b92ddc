package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/seal"
	"sealdesk/web/templates"
)

// sealOwner is whom a seal is for: exactly one of the two is set, or none where nobody has been chosen.
type sealOwner struct {
	organization *db.Organization
	user         *db.User
}

// ownerOf finds the owner that a form names, within the scope; the zero value for none.
func (s *server) ownerOf(ctx context.Context, owner string) (o sealOwner, err error) {
	switch kind, id := templates.OwnerOf(owner); kind {
	case "":
		return o, nil
	case "organization":
		found, err := s.db.Organization(ctx, scope(ctx), id)
		o.organization = &found
		return o, err
	case "user":
		found, err := s.db.User(ctx, scope(ctx), id)
		o.user = &found
		return o, err
	}
	return o, db.ErrNotFound
}

func (o sealOwner) none() bool { return o.organization == nil && o.user == nil }

// row is a seal of this owner for the index.
func (o sealOwner) row(kind, name, source string) db.Seal {
	r := db.Seal{Kind: kind, Name: name, Source: source}
	if o.user != nil {
		r.UserID, r.OwnerName = o.user.ID, o.user.Name
	} else {
		r.OrganizationID, r.OwnerName = o.organization.ID, o.organization.Name
	}
	return r
}

// fits tells whether a kind of seal can be this owner's: PERSONAL goes with people, every other kind with organisations.
func (o sealOwner) fits(kind string) bool { return (o.user != nil) == (kind == api.SealTypePersonal) }

// spec is the drawing that the form asks for.
func (o sealOwner) spec(f templates.StudioForm) (seal.Spec, error) {
	spec := seal.Spec{Kind: seal.Kind(f.SealType), HorizontalText: f.HorizontalText, Code: f.Code, TaxNumber: f.TaxNumber, Color: seal.Color(f.Color),
		Opacity: f.Opacity, Aged: f.Aged, Seed: f.Seed, Running: f.Running}
	switch {
	case o.user != nil:
		spec.Name = o.user.Name
	case spec.Kind == seal.LegalRepresentative:
		spec.Name = o.organization.LegalName
	default:
		spec.Name = o.organization.Name
	}
	if spec.Kind == seal.Invoice && spec.TaxNumber == "" {
		spec.TaxNumber = o.organization.IDCardNumber
	}
	if spec.Kind == seal.Other && spec.HorizontalText == "" {
		spec.HorizontalText = seal.DefaultHorizontalText
	}
	if f.NoStar {
		spec.Star = new(false)
	}
	if f.Size == "" {
		return spec, nil
	}
	sizes := seal.Sizes(spec.Kind)
	i := slices.IndexFunc(sizes, func(z seal.Size) bool { return templates.SizeValue(z) == f.Size })
	if i < 0 {
		return spec, &seal.SpecError{Field: "Size", Rule: "oneof"}
	}
	spec.Shape, spec.WidthMM, spec.HeightMM = sizes[i].Shape, sizes[i].Width, sizes[i].Height
	return spec, nil
}

// studio is a seal in the making: what was typed, for whom, and the drawing of it.
type studio struct {
	form      templates.StudioForm
	owner     sealOwner
	spec      seal.Spec
	drawing   *seal.Drawing
	preview   templates.StudioPreview
	problems  templates.Problems
	generated bool // the owner is a person who has a generated signature already
}

// design draws what a form describes. What cannot be drawn is in problems and, in words, in the preview.
func (s *server) design(ctx context.Context, f templates.StudioForm) (*studio, error) {
	d := &studio{form: f}
	var err error
	d.owner, err = s.ownerOf(ctx, f.Owner)
	if errors.Is(err, db.ErrNotFound) {
		d.owner = sealOwner{}
		d.refuse(ctx, templates.Problem{Field: "Owner", Rule: "not_found"})
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	if d.owner.none() {
		d.preview.Waiting = true
		d.problems = templates.Problems{{Field: "Owner", Rule: "required"}}
		return d, nil
	}
	if !d.owner.fits(f.SealType) {
		d.refuse(ctx, templates.Problem{Field: "SealType", Rule: "seal_owner"})
		return d, nil
	}
	d.spec, err = d.owner.spec(f)
	if err == nil {
		d.drawing, err = seal.Draw(s.face, d.spec)
	}
	if err != nil {
		return d, d.refuseDrawing(ctx, err)
	}
	d.preview.WidthMM, d.preview.HeightMM = d.drawing.SizeMM()
	d.preview.SVG = string(d.drawing.SVG())
	if err := s.consider(ctx, d); err != nil {
		return nil, err
	}
	d.preview.Drawn = d.isDrawn()
	return d, nil
}

// refuse notes a problem, beside its field and in words below the drawing.
func (d *studio) refuse(ctx context.Context, p templates.Problem) {
	d.problems = append(d.problems, p)
	d.preview.Problem = i18n.T(ctx, "seals.problem", "Field", i18n.T(ctx, "seals.field."+p.Field), "Problem", i18n.RuleText(ctx, p.Rule, p.Param))
}

// refuseDrawing notes why a seal cannot be drawn. Other errors pass.
func (d *studio) refuseDrawing(ctx context.Context, err error) error {
	var spec *seal.SpecError
	var glyphs *seal.MissingGlyphError
	switch {
	case errors.As(err, &glyphs):
		d.refuse(ctx, templates.Problem{Field: formField(glyphs.Field), Rule: "glyph", Param: string(glyphs.Runes)})
	case errors.As(err, &spec):
		d.refuse(ctx, templates.Problem{Field: formField(spec.Field), Rule: formRule(spec), Param: spec.Param})
	default:
		return err
	}
	return nil
}

// formField is the field of the form that holds a field of the drawing: a name is the owner's.
func formField(field string) string {
	switch field {
	case "Name":
		return "Owner"
	case "Kind":
		return "SealType"
	case "WidthMM", "HeightMM", "Shape":
		return "Size"
	}
	return field
}

// formRule is the rule of a form for a rule of the drawing.
func formRule(e *seal.SpecError) string {
	switch {
	case e.Rule == "digits", e.Rule == "taxnumber":
		return "seal_" + e.Rule
	case e.Rule == "max" && (e.Field == "Name" || e.Field == "HorizontalText"):
		return "seal_characters"
	}
	return e.Rule
}

// consider gathers what a seal maker, and the platform, would object to.
func (s *server) consider(ctx context.Context, d *studio) error {
	warn := func(rule string, args ...any) {
		d.preview.Warnings = append(d.preview.Warnings, i18n.T(ctx, "seals.warning."+rule, args...))
	}
	for _, w := range seal.Warnings(d.spec) {
		warn(w.Rule, "Param", w.Param)
	}
	if o := d.owner.organization; o != nil {
		if !o.IsVerified() {
			warn("unverified")
		}
		if d.spec.Kind != seal.Official {
			return nil
		}
		others, _, err := s.db.Seals(ctx, scope(ctx), db.SealFilter{OrganizationID: o.ID, Kind: api.SealTypeOfficial}, db.Page{Limit: 1})
		if err == nil && len(others) > 0 {
			warn("second_official")
		}
		return err
	}
	if !d.owner.user.IsVerified() {
		warn("unverified_person")
	}
	mine, _, err := s.db.Seals(ctx, scope(ctx), db.SealFilter{UserID: d.owner.user.ID}, db.Page{Limit: db.MaxLimit})
	d.generated = slices.ContainsFunc(mine, func(x db.Seal) bool { return x.Source == db.SealGenerated })
	return err
}

// isDrawn tells that the portal must draw the seal and send a picture: the platform's own drawing takes only kind, name and horizontal
// text (essbasic, GenerateOrganizationSeal), and makes one signature a person (GenerateUserSeal).
func (d *studio) isDrawn() bool {
	f := d.form
	if f.Code != "" || f.Size != "" || f.NoStar || f.Aged || (f.Opacity != 0 && f.Opacity != 100) {
		return true
	}
	if d.owner.user != nil {
		return d.generated || !f.Running || (f.Color != "" && f.Color != string(seal.Black))
	}
	if f.Color != "" && f.Color != string(seal.Red) {
		return true
	}
	return d.spec.Kind == seal.Invoice && d.spec.TaxNumber != d.owner.organization.IDCardNumber
}

// studioData is the page around a design.
func (s *server) studioData(ctx context.Context, d *studio) (templates.StudioData, error) {
	data := templates.StudioData{Form: d.form, Preview: d.preview, Problems: d.problems, Personal: d.owner.user != nil}
	organizations, users, err := s.ownerChoices(ctx, d.form.Owner, d.form.OperatorID)
	if err != nil {
		return data, err
	}
	data.Organizations, data.Users, data.Operators = organizations, users, users
	return data, nil
}

// ownerChoices are the organisations and people that a seal can be for, with the owner that is chosen; people are also the operators to choose
// from, with the one that is.
func (s *server) ownerChoices(ctx context.Context, owner, operator string) (organizations, users []templates.Named, err error) {
	var firm, person string
	switch kind, id := templates.OwnerOf(owner); kind {
	case "organization":
		firm = id
	case "user":
		person = id
	}
	all, err := s.db.OrganizationChoices(ctx, scope(ctx), firm)
	if err != nil {
		return nil, nil, err
	}
	everybody, err := s.db.UserChoices(ctx, scope(ctx), "", person, operator)
	return namedOrganizations(all), namedUsers(everybody), err
}

func (s *server) studioPage(ctx context.Context) page {
	return page{Title: "seals.new", Active: "seals", Back: backTo(ctx, "/seals", "seals.title"), Wide: true, Action: templates.StudioActions()}
}

// studioForm reads the form from the query or the body. A kind that does not go with the owner's gives way, where nobody chose it.
func studioForm(r *http.Request) (templates.StudioForm, error) {
	f := templates.StudioForm{Opacity: 100}
	err := parseForm(r, &f)
	if kind, _ := templates.OwnerOf(f.Owner); f.SealType == "" {
		f.SealType = api.SealTypeContract
		if kind == "user" {
			f.SealType, f.Running = api.SealTypePersonal, true
		}
	}
	return f, err
}

// showStudio shows the studio, with whatever the query says filled in: it is also the preview without scripts.
func (s *server) showStudio(w http.ResponseWriter, r *http.Request) error {
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
	if d.preview.Waiting {
		d.problems = nil // nobody has pressed anything yet
	}
	d.problems = append(d.problems, bad...)
	data, err := s.studioData(ctx, d)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, s.studioPage(ctx), templates.Studio(data))
}

// previewSeal draws what is being typed: a fragment.
func (s *server) previewSeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := studioForm(r)
	if bad, ok := problems(err); ok {
		text := i18n.T(ctx, "seals.problem", "Field", i18n.T(ctx, "seals.field."+bad[0].Field), "Problem", bad.Of(ctx, bad[0].Field))
		return s.fragment(w, r, http.StatusOK, templates.Preview(templates.StudioPreview{Problem: text}))
	}
	if err != nil {
		return err
	}
	d, err := s.design(ctx, f)
	if err != nil {
		return err
	}
	return s.fragment(w, r, http.StatusOK, templates.Preview(d.preview))
}

// listSealSizes answers the field of sizes for the kind that has been chosen: a fragment.
func (s *server) listSealSizes(w http.ResponseWriter, r *http.Request) error {
	f, err := studioForm(r)
	if _, ok := problems(err); err != nil && !ok {
		return err
	}
	return s.fragment(w, r, http.StatusOK, templates.SealSizes(f.SealType, f.Size, ""))
}

package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/files"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// defaultDays is how long the contracts of a new template are open, unless somebody says otherwise.
const defaultDays = 30

// draftPath is the page of a draft, or of a template, where something is put right: details, people or pages.
func draftPath(d db.Draft, step string) string {
	switch {
	case step == "pages":
		return "/drafts/" + d.ID + "/builder"
	case d.Template != nil && step == "people":
		return "/templates/" + d.ID + "/roles"
	case d.Template != nil:
		return "/templates/" + d.ID + "/edit"
	case step == "people":
		return "/drafts/" + d.ID + "/people"
	default:
		return "/drafts/" + d.ID
	}
}

// draft reads a draft that is no template.
func (s *server) draft(ctx context.Context, id string) (db.Draft, error) {
	d, err := s.db.Draft(ctx, scope(ctx), id)
	if err == nil && d.Template != nil {
		return db.Draft{}, db.ErrNotFound
	}
	return d, err
}

// listTemplates shows the templates that the search leaves.
func (s *server) listTemplates(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	data := templates.TemplatesData{Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	all, next, err := s.db.Templates(ctx, scope(ctx), data.Query, limits(r))
	if err != nil {
		return err
	}
	names, err := s.organizationNames(ctx, each(all, func(t db.Draft) string { return t.OrganizationID })...)
	if err != nil {
		return err
	}
	for _, t := range all {
		data.Rows = append(data.Rows, templateRow(t, names))
	}
	data.Paging = paging(r, next)
	return s.render(w, r, http.StatusOK, page{Title: "templates.title", Active: "templates", Action: templates.NewTemplateAction()}, templates.TemplatesPage(data))
}

func templateRow(t db.Draft, names map[string]string) templates.TemplateRow {
	return templates.TemplateRow{ID: t.ID, Name: t.Name, Organization: names[t.OrganizationID], By: t.CreatedBy, Roles: len(t.Approvers),
		Fields: len(t.Fields()), Updated: t.Updated}
}

// showTemplate shows one template.
func (s *server) showTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.db.Template(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	names, err := s.organizationNames(ctx, t.OrganizationID)
	if err != nil {
		return err
	}
	hindrances, err := s.routing.Check(ctx, t)
	if err != nil {
		return err
	}
	data := templates.TemplateData{TemplateRow: templateRow(t, names), ContractName: t.Template.ContractName, Days: t.Template.Days, Type: t.Type,
		Description: t.Description, FieldList: templateFields(t), Hindrances: preflightLines(ctx, t, hindrances)}
	if data.Reader, data.RoleList, err = s.templateReader(r, t); err != nil {
		return err
	}
	data.Reader.Side = templates.TemplateSide(data)
	p := page{TitleText: t.Name, Active: "templates", Wide: true, Scripts: []string{"reader.js"}, Back: backTo(ctx, "/templates", "templates.title")}
	if len(hindrances) == 0 {
		p.Action = templates.TemplateUseAction(t.ID)
	}
	return s.render(w, r, http.StatusOK, p, templates.TemplatePage(data))
}

func templateRoles(t db.Draft) (list []templates.TemplateRole) {
	for _, a := range t.Approvers {
		list = append(list, templates.TemplateRole{ID: a.ID, Name: a.Role, ForOrganization: a.ForOrganization, Channels: a.Channels, Step: a.Step, FullText: a.FullText})
	}
	return list
}

func templateFields(t db.Draft) (list []templates.TemplateField) {
	for _, f := range t.Fields() {
		list = append(list, templates.TemplateField(f))
	}
	return list
}

// templateReader lays out the documents of a template with what is placed on them, and gives the roles with the links that lead there. A
// file that is gone is left out: the preflight tells.
func (s *server) templateReader(r *http.Request, t db.Draft) (data templates.ReaderData, roles []templates.ReaderPerson, err error) {
	ctx := r.Context()
	var documents []document
	var places []int // in the template, of each document
	for i, id := range t.Files {
		f, err := s.db.File(ctx, db.Everything(), id)
		if errors.Is(err, db.ErrNotFound) {
			continue
		}
		if err != nil {
			return data, nil, err
		}
		content, err := s.files.Get(ctx, files.Ref(f.Ref))
		if err != nil {
			return data, nil, fmt.Errorf("read the file: %w", err)
		}
		documents, places = append(documents, document{name: f.Name, data: content, pages: f.Pages, version: f.Ref}), append(places, i)
	}
	if data, err = s.reader(r, documents, func(file, page int) string {
		return fmt.Sprintf("/drafts/%s/files/%d/pages/%d.png?v=%.8s", t.ID, places[file], page, documents[file].version)
	}); err != nil {
		return data, nil, err
	}
	at := map[string]int{}
	for i, role := range templateRoles(t) {
		at[role.ID] = i
		roles = append(roles, templates.ReaderPerson{Name: role.Name, About: role.About(ctx)})
	}
	components := slices.Clone(t.Components)
	for i := range components {
		components[i].FileIndex = slices.Index(places, components[i].FileIndex)
	}
	markPlaces(ctx, &data, components, at, roles)
	return data, roles, nil
}

// newTemplate shows the empty form of a template.
func (s *server) newTemplate(w http.ResponseWriter, r *http.Request) error {
	return s.templateForm(w, r, http.StatusOK, templates.TemplateForm{Values: templates.TemplateValues{Days: defaultDays}})
}

// editTemplate shows the form of a template.
func (s *server) editTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.db.Template(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	form := templates.TemplateForm{ID: t.ID, Values: templates.TemplateValues{Name: t.Name, ContractName: t.Template.ContractName, Days: t.Template.Days,
		Type: t.Type, Description: t.Description, OrganizationID: t.OrganizationID}}
	if form.Files, err = s.draftFiles(ctx, t); err != nil {
		return err
	}
	return s.templateForm(w, r, http.StatusOK, form)
}

// templateForm renders the form of a template with the choices of the account.
func (s *server) templateForm(w http.ResponseWriter, r *http.Request, status int, form templates.TemplateForm) error {
	ctx := r.Context()
	choices := templates.DraftForm{}
	choices.Values.OrganizationID = form.Values.OrganizationID
	if err := s.draftChoices(ctx, &choices); err != nil {
		return err
	}
	form.Organizations, form.Known, form.Limit, form.Values.OrganizationID = choices.Organizations, choices.Known, choices.Limit, choices.Values.OrganizationID
	p := page{Title: "templates.new", Active: "templates", Back: backTo(ctx, "/templates", "templates.title")}
	if form.ID != "" {
		p.Title, p.TitleText, p.Back = "", form.Values.Name, backTo(ctx, "/templates/"+form.ID, "templates.back")
	}
	return s.render(w, r, status, p, templates.TemplateFormPage(form))
}

// readTemplateForm parses and checks the form of a template; new files are inspected, not stored.
func (s *server) readTemplateForm(r *http.Request, form *templates.TemplateForm) (incoming []incomingPDF, err error) {
	broken := parseForm(r, &form.Values)
	if broken == nil {
		broken = api.Validate(&form.Values)
	}
	if broken != nil {
		list, ok := problems(broken)
		if !ok {
			return nil, broken
		}
		form.Problems = list
	}
	if id := form.Values.OrganizationID; id != "" && !s.mayOwn(r.Context(), id) {
		form.Problems = append(form.Problems, templates.Problem{Field: "OrganizationId", Rule: "forbidden"})
	}
	if id := form.Values.FileID; id != "" {
		if _, err := s.db.File(r.Context(), scope(r.Context()), id); errors.Is(err, db.ErrNotFound) {
			form.Problems = append(form.Problems, templates.Problem{Field: "FileId", Rule: "not_found"})
		} else if err != nil {
			return nil, err
		}
	}
	incoming, form.Failures, err = s.readPDFs(r)
	return incoming, err
}

// createTemplate stores a new template and goes on to its roles.
func (s *server) createTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form templates.TemplateForm
	incoming, err := s.readTemplateForm(r, &form)
	if err != nil {
		return err
	}
	if len(incoming)+len(form.Failures) == 0 && form.Values.FileID == "" {
		form.Problems = append(form.Problems, templates.Problem{Field: "Files", Rule: "file"})
	}
	form.Problems = append(form.Problems, checkFiles(nil, form.Values.FileID, len(incoming))...)
	if len(form.Problems)+len(form.Failures) > 0 {
		return s.templateForm(w, r, http.StatusUnprocessableEntity, form)
	}
	kept, err := s.keepPDFs(ctx, incoming, form.Values.OrganizationID)
	if err != nil {
		return err
	}
	t := db.Draft{ID: randomID(), CreatedBy: account(ctx).DisplayName, Created: s.now()}
	fillTemplate(&t, form.Values)
	addFiles(&t, form.Values.FileID, kept)
	if err := s.db.CreateDraft(ctx, t); err != nil {
		return err
	}
	return s.redirect(w, r, draftPath(t, "people"))
}

func fillTemplate(t *db.Draft, v templates.TemplateValues) {
	t.Name, t.Type, t.Description, t.OrganizationID = v.Name, v.Type, v.Description, v.OrganizationID
	t.Template = &db.TemplateTerms{ContractName: v.ContractName, Days: v.Days}
}

// saveTemplate takes the form of a template, or removes a file when one of those buttons was used.
func (s *server) saveTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.db.Template(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := readForm(r); err != nil {
		return err
	}
	if remove, up := r.PostFormValue("remove"), r.PostFormValue("up"); remove+up != "" {
		return s.arrangeDraftFiles(w, r, t.ID, remove, up)
	}
	form := templates.TemplateForm{ID: t.ID}
	incoming, err := s.readTemplateForm(r, &form)
	if err != nil {
		return err
	}
	form.Problems = append(form.Problems, checkFiles(t.Files, form.Values.FileID, len(incoming))...)
	if len(form.Problems)+len(form.Failures) > 0 {
		if form.Files, err = s.draftFiles(ctx, t); err != nil {
			return err
		}
		return s.templateForm(w, r, http.StatusUnprocessableEntity, form)
	}
	kept, err := s.keepPDFs(ctx, incoming, form.Values.OrganizationID)
	if err != nil {
		return err
	}
	if _, err := s.db.SaveDraft(ctx, scope(ctx), t.ID, 0, func(d *db.Draft) error {
		fillTemplate(d, form.Values)
		addFiles(d, form.Values.FileID, kept)
		return nil
	}); err != nil {
		return err
	}
	if r.PostFormValue("stay") != "" {
		s.flash(r, "ok", "common.saved")
		return s.redirect(w, r, "/templates/"+t.ID)
	}
	return s.redirect(w, r, draftPath(t, "people"))
}

// duplicateTemplate makes a second template of the same content and opens its form, where it gets a name of its own.
func (s *server) duplicateTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.db.Template(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	copied := db.Draft{ID: randomID(), OrganizationID: t.OrganizationID, Name: clip100(i18n.T(ctx, "templates.copy", "Name", t.Name)), DraftDocument: t.DraftDocument,
		CreatedBy: account(ctx).DisplayName, Created: s.now()}
	if err := s.db.CreateDraft(ctx, copied); err != nil {
		return err
	}
	s.flash(r, "ok", "templates.duplicated", "Name", copied.Name)
	return s.redirect(w, r, draftPath(copied, "details"))
}

// clip100 keeps the name of a template within its bound.
func clip100(name string) string {
	if runes := []rune(name); len(runes) > 100 {
		return string(runes[:100])
	}
	return name
}

// deleteTemplate removes a template.
func (s *server) deleteTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.db.Template(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.db.DeleteDraft(ctx, scope(ctx), t.ID); err != nil {
		return err
	}
	s.flash(r, "ok", "templates.deleted", "Name", t.Name)
	return s.redirect(w, r, "/templates")
}

// sized makes a list that a form sent as long as it must be.
func sized[T any](list []T, n int) []T {
	return append(list, make([]T, max(0, n-len(list)))...)[:n]
}

package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// showTemplateRoles lists the roles of a template and the form for one more, or for the one in ?edit=.
func (s *server) showTemplateRoles(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.db.Template(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	values := templates.RoleValues{Role: defaultRole(ctx, len(t.Approvers)), ForOrganization: "true", Channels: []string{api.VerifyChannelCode}, Step: 1}
	editing := r.URL.Query().Get("edit")
	for _, a := range t.Approvers {
		if a.ID == editing {
			values = templates.RoleValues{Role: a.Role, ForOrganization: strconv.FormatBool(a.ForOrganization), Channels: a.Channels, Step: a.Step, FullText: a.FullText, PreRead: a.PreRead}
			return s.templateRoles(w, r, http.StatusOK, t, editing, values, nil)
		}
	}
	return s.templateRoles(w, r, http.StatusOK, t, "", values, nil)
}

func (s *server) templateRoles(w http.ResponseWriter, r *http.Request, status int, t db.Draft, editing string, values templates.RoleValues, wrong templates.Problems) error {
	data := templates.TemplateRoles{ID: t.ID, Roles: templateRoles(t), Editing: editing, Values: values, Problems: wrong,
		Channels: s.channelOptions(r.Context(), draftChannels()...)}
	slices.SortStableFunc(data.Roles, func(a, b templates.TemplateRole) int { return a.Step - b.Step })
	p := page{TitleText: t.Name, Active: "templates", Back: backTo(r.Context(), "/templates/"+t.ID, "templates.back")}
	if len(data.Roles) > 0 {
		p.Action = templates.ToPagesAction(t.ID)
	}
	return s.render(w, r, status, p, templates.TemplateRolesPage(data))
}

// saveTemplateRole adds a role, or changes the one named by the field edit.
func (s *server) saveTemplateRole(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.db.Template(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	var values templates.RoleValues
	broken := parseForm(r, &values)
	if broken == nil {
		broken = api.Validate(&values)
	}
	wrong, ok := problems(broken)
	if broken != nil && !ok {
		return broken
	}
	wrong = append(wrong, checkChannels(values.Channels)...)
	editing := r.PostFormValue("edit")
	if slices.ContainsFunc(t.Approvers, func(a db.DraftApprover) bool { return a.Role == values.Role && a.ID != editing }) {
		wrong = append(wrong, templates.Problem{Field: "Role", Rule: "unique"})
	}
	if editing == "" && len(t.Approvers) >= maxApprovers {
		wrong = append(wrong, templates.Problem{Field: "Role", Rule: "max_items", Param: strconv.Itoa(maxApprovers)})
	}
	if len(wrong) > 0 {
		return s.templateRoles(w, r, http.StatusUnprocessableEntity, t, editing, values, wrong)
	}
	if _, err := s.db.SaveDraft(ctx, scope(ctx), t.ID, 0, func(d *db.Draft) error {
		at := slices.IndexFunc(d.Approvers, func(a db.DraftApprover) bool { return a.ID == editing })
		switch {
		case editing == "":
			d.Approvers = append(d.Approvers, db.DraftApprover{ID: randomID()})
			at = len(d.Approvers) - 1
		case at < 0:
			return db.ErrNotFound
		}
		a := &d.Approvers[at]
		a.Role, a.ForOrganization, a.Channels, a.Step = values.Role, values.ForOrganization == "true", values.Channels, values.Step
		a.FullText, a.PreRead = values.FullText, values.PreRead
		return nil
	}); err != nil {
		return err
	}
	s.flash(r, "ok", "templates.role.saved", "Role", values.Role)
	return s.redirect(w, r, draftPath(t, "people"))
}

package handlers

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/routing"
	"sealdesk/web/templates"
)

// askTemplate shows the form that makes a template of a draft.
func (s *server) askTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d, err := s.draft(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	values := templates.TemplateOfValues{Name: clip100(d.Name)}
	for i, a := range d.Approvers {
		role := a.Role
		if role == "" {
			role = defaultRole(ctx, i)
		}
		values.Roles = append(values.Roles, templates.NamedRole{Role: role})
	}
	return s.templateOf(w, r, http.StatusOK, d, values, nil)
}

// defaultRole is what the i-th party of a contract is usually called.
func defaultRole(ctx context.Context, i int) string {
	if i < 4 {
		return i18n.T(ctx, "templates.role."+strconv.Itoa(i+1))
	}
	return i18n.T(ctx, "templates.role.n", "Number", i+1)
}

func (s *server) templateOf(w http.ResponseWriter, r *http.Request, status int, d db.Draft, values templates.TemplateOfValues, wrong templates.Problems) error {
	data := templates.TemplateOf{DraftID: d.ID, Values: values, Problems: wrong}
	for _, a := range d.Approvers {
		data.People = append(data.People, a.Label())
	}
	return s.render(w, r, status, page{Title: "templates.of", Active: "drafts", Back: &templates.Link{URL: draftPath(d, "pages"), Text: d.Name}}, templates.TemplateOfPage(data))
}

// makeTemplate makes a template of a draft, which stays.
func (s *server) makeTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d, err := s.draft(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	var values templates.TemplateOfValues
	broken := parseForm(r, &values)
	values.Roles = sized(values.Roles, len(d.Approvers))
	if broken == nil {
		broken = api.Validate(&values)
	}
	if wrong, ok := problems(broken); ok {
		return s.templateOf(w, r, http.StatusUnprocessableEntity, d, values, wrong)
	}
	if broken != nil {
		return broken
	}
	roles := make([]string, len(values.Roles))
	for i, role := range values.Roles {
		roles[i] = role.Role
	}
	t := routing.TemplateOf(d, values.Name, roles, db.TemplateTerms{ContractName: d.Name, Days: s.daysUntil(d.Deadline)})
	t.ID, t.CreatedBy, t.Created = randomID(), account(ctx).DisplayName, s.now()
	if err := s.db.CreateDraft(ctx, t); err != nil {
		return err
	}
	s.flash(r, "ok", "templates.made", "Name", t.Name)
	return s.redirect(w, r, "/templates/"+t.ID)
}

// daysUntil is how many days a deadline is away, as far as a template can say it.
func (s *server) daysUntil(deadline time.Time) int {
	return min(max(1, int(deadline.Sub(s.now())/(24*time.Hour))), 365)
}

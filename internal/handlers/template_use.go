package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/routing"
	"sealdesk/web/templates"
)

// askUse shows the form that makes a contract of a template.
func (s *server) askUse(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.usableTemplate(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	values := templates.UseValues{Name: t.Template.ContractName, Deadline: s.deadlineAfter(t.Template.Days).Format(deadlineLayout),
		Roles: make([]templates.UseRole, len(t.Approvers))}
	for _, f := range t.Fields() {
		values.Fields = append(values.Fields, templates.UseFilled{Value: f.Default})
	}
	return s.useForm(w, r, http.StatusOK, t, values, nil)
}

// usableTemplate reads a template that lacks nothing.
func (s *server) usableTemplate(ctx context.Context, id string) (db.Draft, error) {
	t, err := s.db.Template(ctx, scope(ctx), id)
	if err != nil {
		return db.Draft{}, err
	}
	hindrances, err := s.routing.Check(ctx, t)
	if err != nil {
		return db.Draft{}, err
	}
	if len(hindrances) > 0 {
		return db.Draft{}, refuse("templates.unfinished")
	}
	return t, nil
}

// deadlineAfter is the end of the day so many days from now, in Beijing.
func (s *server) deadlineAfter(days int) time.Time {
	day := s.now().In(beijing()).AddDate(0, 0, days)
	return time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 0, 0, beijing())
}

// useForm renders the form with the newest people and organisations to choose from; those chosen already stay.
func (s *server) useForm(w http.ResponseWriter, r *http.Request, status int, t db.Draft, values templates.UseValues, wrong templates.Problems) error {
	ctx := r.Context()
	data := templates.TemplateUse{ID: t.ID, Values: values, Roles: templateRoles(t), Fields: templateFields(t), Problems: wrong}
	var chosenPeople []string
	for i, chosen := range values.Roles {
		chosenPeople = append(chosenPeople, chosen.UserID)
		var err error
		if data.Roles[i].Organizations, err = s.partyOrganizations(ctx, chosen.UserID, chosen.OrganizationID); err != nil {
			return err
		}
	}
	// As in a draft, the other party is outside of one's own organisations: everybody may be chosen, by name.
	people, err := s.db.UserChoices(ctx, db.Everything(), "", chosenPeople...)
	if err != nil {
		return err
	}
	data.People = personOptions(people)
	operators, err := s.db.UserChoices(ctx, scope(ctx), t.OrganizationID, values.OperatorID)
	if err != nil {
		return err
	}
	data.Operators = personOptions(operators)
	return s.render(w, r, status, page{Title: "templates.use.title", TitleArgs: []any{"Name", t.Name}, Active: "templates",
		Back: &templates.Link{URL: "/templates/" + t.ID, Text: t.Name}}, templates.TemplateUsePage(data))
}

// useTemplate makes a draft of a template and opens it, or sends it at once.
func (s *server) useTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.usableTemplate(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	var values templates.UseValues
	if err := parseForm(r, &values); err != nil {
		return err
	}
	values.Roles, values.Fields = sized(values.Roles, len(t.Approvers)), sized(values.Fields, len(t.Fields()))
	use, wrong, err := s.readUse(ctx, t, values)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return s.useForm(w, r, http.StatusUnprocessableEntity, t, values, wrong)
	}
	d := routing.UseTemplate(t, use)
	d.ID, d.CreatedBy, d.Created = randomID(), account(ctx).DisplayName, s.now()
	if err := s.db.CreateDraft(ctx, d); err != nil {
		return err
	}
	if r.PostFormValue("send") != "" {
		d.Revision = 1
		return s.send(w, r, d)
	}
	return s.redirect(w, r, draftPath(d, "pages"))
}

// readUse turns the form into a use of the template and says what is wrong with it.
func (s *server) readUse(ctx context.Context, t db.Draft, values templates.UseValues) (use db.Use, wrong templates.Problems, err error) {
	use.OperatorID = values.OperatorID
	if use.Deadline, err = time.ParseInLocation(deadlineLayout, values.Deadline, beijing()); err != nil {
		wrong = append(wrong, templates.Problem{Field: "Deadline", Rule: "date"})
	}
	use.Deadline = use.Deadline.UTC()
	problem, err := s.checkOperator(ctx, "OperatorId", values.OperatorID, t.OrganizationID)
	if err != nil {
		return use, nil, err
	}
	wrong = add(wrong, problem)
	for i, a := range t.Approvers {
		p, rules, err := s.readRole(ctx, a, values.Roles[i])
		if err != nil {
			return use, nil, err
		}
		a.UserID, a.OrganizationID = p.UserID, p.OrganizationID
		if rule, err := s.routing.Will(ctx, t.OrganizationID, a); err != nil {
			return use, nil, err
		} else if p.UserID != "" && rule != "" {
			rules = append(rules, templates.Problem{Field: "UserId", Rule: rule})
		}
		for _, rule := range rules {
			rule.Field = fmt.Sprintf("Roles[%d].%s", i, rule.Field)
			wrong = append(wrong, rule)
		}
		use.People = append(use.People, p)
	}
	for _, f := range values.Fields {
		use.Values = append(use.Values, f.Value)
	}
	use.Name = contractName(values.Name, t, use, s.now())
	for _, p := range routing.CheckUse(t, use, s.now()) {
		problem := templates.Problem{Field: useField(p), Rule: p.Rule, Param: p.Param}
		if !slices.ContainsFunc(wrong, func(known templates.Problem) bool { return known.Field == problem.Field }) {
			wrong = append(wrong, problem)
		}
	}
	return use, wrong, nil
}

// readRole looks up who gets a role. Somebody who signs for one organisation only need not say for which.
func (s *server) readRole(ctx context.Context, role db.DraftApprover, chosen templates.UseRole) (p db.UsePerson, wrong templates.Problems, err error) {
	if chosen.UserID == "" {
		return p, nil, nil
	}
	user, err := s.db.User(ctx, db.Everything(), chosen.UserID)
	if errors.Is(err, db.ErrNotFound) {
		return p, templates.Problems{{Field: "UserId", Rule: "not_found"}}, nil
	}
	if err != nil {
		return p, nil, err
	}
	p.UserID, p.UserName = user.ID, user.Name
	switch {
	case !role.ForOrganization:
		return p, nil, nil
	case chosen.OrganizationID == "" && len(user.Organizations) == 1:
		p.OrganizationID, p.OrganizationName = user.Organizations[0].ID, user.Organizations[0].Name
		return p, nil, nil
	case chosen.OrganizationID == "":
		return p, nil, nil
	}
	organization, err := s.db.Organization(ctx, db.Everything(), chosen.OrganizationID)
	if errors.Is(err, db.ErrNotFound) {
		return p, templates.Problems{{Field: "OrganizationId", Rule: "not_found"}}, nil
	}
	if err != nil {
		return p, nil, err
	}
	p.OrganizationID, p.OrganizationName = organization.ID, organization.Name
	problem, err := s.foreign(ctx, "OrganizationId", user, organization.ID)
	return p, add(nil, problem), err
}

// useField is the field of the form that a problem is about.
func useField(p routing.UseProblem) string {
	switch p.Part {
	case "person":
		return fmt.Sprintf("Roles[%d].UserId", p.Index)
	case "organization":
		return fmt.Sprintf("Roles[%d].OrganizationId", p.Index)
	case "field":
		return fmt.Sprintf("Fields[%d].Value", p.Index)
	}
	return map[string]string{"name": "Name", "deadline": "Deadline", "operator": "OperatorId"}[p.Part]
}

// contractName puts the parties, the fields and the day in place of what stands in braces.
func contractName(pattern string, t db.Draft, u db.Use, now time.Time) string {
	var pairs []string
	for i, a := range t.Approvers {
		name := u.People[i].OrganizationName
		if name == "" {
			name = u.People[i].UserName
		}
		pairs = append(pairs, "{"+a.Role+"}", name)
	}
	for i, f := range t.Fields() {
		pairs = append(pairs, "{"+f.Name+"}", u.Values[i])
	}
	for _, lang := range i18n.Languages() {
		pairs = append(pairs, "{"+i18n.T(i18n.WithLanguage(context.Background(), lang), "templates.today")+"}", now.In(beijing()).Format(time.DateOnly))
	}
	return strings.TrimSpace(strings.NewReplacer(pairs...).Replace(pattern))
}

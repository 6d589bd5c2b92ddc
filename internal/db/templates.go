package db

import (
	"context"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// TemplateTerms are what a template says beyond what every draft says.
type TemplateTerms struct {
	ContractName string `json:"contractName"` // of the contracts made from it; {…} stands for a role, a field or the day
	Days         int    `json:"days"`         // from use to the deadline
}

// Field is something that is filled in when a template is used. Components of one name and type share it.
type Field struct {
	Name     string
	Type     string // FillText, FillDate or FillSelect
	Required bool
	Default  string
	Options  []string // of a FillSelect
}

// Fields lists what is to be filled in when the template is used, in the order of its components. A component without a name is no field:
// it says the same in every contract.
func (r Draft) Fields() []Field {
	var all []Field
	for _, c := range r.Components {
		if !c.Fills() || c.Name == "" {
			continue
		}
		i := slices.IndexFunc(all, func(f Field) bool { return f.Name == c.Name })
		if i < 0 {
			all = append(all, Field{Name: c.Name, Type: c.Type, Required: c.Required, Default: c.fieldDefault(), Options: c.Choices()})
			continue
		}
		all[i].Required = all[i].Required || c.Required
	}
	return all
}

// fieldDefault is the component's value as a form takes it: dates as yyyy-mm-dd.
func (c Component) fieldDefault() string {
	if day, err := api.ParseDate(c.Value); c.Type == FillDate && err == nil {
		return day.Format(time.DateOnly)
	}
	return c.Value
}

// Use is what makes a contract of a template.
type Use struct {
	Name       string      `json:"name"`
	Deadline   time.Time   `json:"deadline"`
	OperatorID string      `json:"operatorId"`
	People     []UsePerson `json:"people"` // who gets each role, in the order of the template's approvers
	Values     []string    `json:"values"` // in the order of Fields
}

// UsePerson is who gets a role; the organisation is empty for one who signs as a person.
type UsePerson struct {
	UserID           string `json:"userId"`
	UserName         string `json:"userName"`
	OrganizationID   string `json:"organizationId"`
	OrganizationName string `json:"organizationName"`
}

// Templates lists the templates of a scope that the text finds, newest first; next is where the following page starts, empty at the end.
func (d *DB) Templates(ctx context.Context, scope Scope, text string, page Page) (all []Draft, next string, err error) {
	within, args := scope.clause("organization_id", 0)
	found, terms := matching("id", "templates", text, len(args))
	return d.listDrafts(ctx, "template = 1"+within+found, append(args, terms...), page)
}

// Template returns a template within the scope; a draft is none.
func (d *DB) Template(ctx context.Context, scope Scope, id string) (Draft, error) {
	r, err := d.Draft(ctx, scope, id)
	if err == nil && r.Template == nil {
		return Draft{}, ErrNotFound
	}
	return r, err
}

// indexTemplate makes a template findable by its name. Drafts are not searched for.
func indexTemplate(ctx context.Context, tx *store.Tx, r Draft) error {
	if r.Template == nil {
		return nil
	}
	return index(ctx, tx, "templates", r.ID, r.Name, r.Type)
}

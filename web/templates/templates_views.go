package templates

import (
	"context"
	"fmt"
	"time"
)

// TemplatesData is the list of templates.
type TemplatesData struct {
	Rows   []TemplateRow
	Query  string
	Paging Paging
}

// TemplateRow is a template as lists show it.
type TemplateRow struct {
	ID, Name, Organization, By string
	Roles, Fields              int
	Updated                    time.Time
}

// TemplateForm is the first page of a template: what its contracts are and its files.
type TemplateForm struct {
	ID            string // empty: not saved yet
	Values        TemplateValues
	Organizations []Option
	Known         []Option // files to choose from
	Files         []DraftFile
	Limit         string // size limit in words
	Problems      Problems
	Failures      []FileFailure
}

// TemplateValues are the fields of TemplateForm as they were typed.
type TemplateValues struct {
	Name           string `json:"Name" validate:"required,max=100"`
	ContractName   string `json:"ContractName" validate:"required,max=200"`
	Days           int    `json:"Days" validate:"gte=1,lte=365"`
	Type           string `json:"Type" validate:"max=100"`
	Description    string `json:"Description" validate:"max=1000"`
	OrganizationID string `json:"OrganizationId" validate:"required"`
	FileID         string `json:"FileId"`
}

// TemplateRoles is the second page: which roles sign, in which order. Editing is the id of the role in the form, empty for one more.
type TemplateRoles struct {
	ID       string
	Roles    []TemplateRole
	Editing  string
	Values   RoleValues
	Channels []Option // ways to show one's will that the platform has
	Problems Problems
}

// RoleValues are the fields of a role as they were typed.
type RoleValues struct {
	Role            string   `json:"Role" validate:"required,max=20,excludesall={}"`
	ForOrganization string   `json:"ForOrganization" validate:"required,boolean"`
	Channels        []string `json:"Channel" validate:"required,min=1,dive,oneof=NONE VERIFYCODE ACCOUNT FACEID WEIXINAPP"`
	Step            int      `json:"Step" validate:"gte=1,lte=20"`
	FullText        bool     `json:"FullText"`
	PreRead         int64    `json:"PreRead" validate:"gte=0,lte=3600"`
}

// TemplateRole is a role of a template.
type TemplateRole struct {
	ID, Name        string
	Channels        []string
	ForOrganization bool
	Step            int
	FullText        bool
	Organizations   []Option // that its form offers, where it is put to use
}

// TemplateField is something to fill in.
type TemplateField struct {
	Name, Type string
	Required   bool
	Default    string
	Options    []string
}

// TemplateData is the page of one template.
type TemplateData struct {
	TemplateRow
	ContractName, Type, Description string
	Days                            int
	RoleList                        []ReaderPerson
	FieldList                       []TemplateField
	Reader                          ReaderData
	Hindrances                      []PreflightLine
}

// TemplateUse is the form that makes a contract of a template.
type TemplateUse struct {
	ID        string
	Values    UseValues
	Roles     []TemplateRole
	Fields    []TemplateField
	People    []Option
	Operators []Option
	Problems  Problems
}

// UseValues are the fields of TemplateUse as they were typed.
type UseValues struct {
	Name       string      `json:"Name"`
	Deadline   string      `json:"Deadline"`
	OperatorID string      `json:"OperatorId"`
	Roles      []UseRole   `json:"Roles"`
	Fields     []UseFilled `json:"Fields"`
}

// UseRole is who gets a role.
type UseRole struct {
	UserID         string `json:"UserId"`
	OrganizationID string `json:"OrganizationId"`
}

// UseFilled is the value of a field.
type UseFilled struct {
	Value string `json:"Value"`
}

// TemplateOf is the form that makes a template of a draft.
type TemplateOf struct {
	DraftID  string
	Values   TemplateOfValues
	People   []string // who becomes each role
	Problems Problems
}

// TemplateOfValues are the fields of TemplateOf as they were typed.
type TemplateOfValues struct {
	Name  string      `json:"Name" validate:"required,max=100"`
	Roles []NamedRole `json:"Roles" validate:"unique=Role,dive"`
}

// NamedRole is the name of a role.
type NamedRole struct {
	Role string `json:"Role" validate:"required,max=20,excludesall={}"`
}

func templateURL(id, page string) string { return "/templates/" + id + page }

// templateStepList are the pages of a template; before the first save only the first exists.
func templateStepList(ctx context.Context, id string, at int) []Step {
	steps := draftStepList(ctx, "", at)
	steps[0].Text, steps[1].Text = t(ctx, "templates.step.details"), t(ctx, "templates.step.roles")
	if id != "" {
		steps[0].URL, steps[1].URL, steps[2].URL = templateURL(id, "/edit"), templateURL(id, "/roles"), "/drafts/"+id+"/builder"
	}
	return steps
}

// Kind says whom a role is signed for.
func (r TemplateRole) Kind(ctx context.Context) string {
	if r.ForOrganization {
		return t(ctx, "templates.role.organization")
	}
	return t(ctx, "templates.role.person")
}

func roleKinds(ctx context.Context) []Option {
	return []Option{{Value: "true", Text: t(ctx, "templates.role.organization")}, {Value: "false", Text: t(ctx, "templates.role.person")}}
}

func textOptions(texts []string) []Option {
	all := make([]Option, len(texts))
	for i, text := range texts {
		all[i] = Option{Value: text, Text: text}
	}
	return all
}

// placeholders are what the name of a contract may hold in braces.
func (d TemplateUse) placeholders(ctx context.Context) string {
	text := "{" + t(ctx, "templates.today") + "}"
	for _, r := range d.Roles {
		text += " {" + r.Name + "}"
	}
	for _, f := range d.Fields {
		text += " {" + f.Name + "}"
	}
	return text
}

func roleField(i int, name string) string { return fmt.Sprintf("Roles[%d].%s", i, name) }
func valueField(i int) string             { return fmt.Sprintf("Fields[%d].Value", i) }

func templateFormURL(id string) string {
	if id == "" {
		return "/templates"
	}
	return templateURL(id, "/edit")
}

// About says of a role whom it is signed for, and when its turn comes.
func (r TemplateRole) About(ctx context.Context) string {
	return r.Kind(ctx) + " · " + t(ctx, "templates.step", "Step", r.Step)
}

// about says what a field takes.
func (f TemplateField) about(ctx context.Context) string {
	text := t(ctx, "canvas."+f.Type)
	if f.Required {
		text += " · " + t(ctx, "common.required")
	}
	if f.Default != "" {
		text += " · " + t(ctx, "templates.field.default", "Value", f.Default)
	}
	return text
}

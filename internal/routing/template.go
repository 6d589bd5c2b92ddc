package routing

import (
	"slices"
	"strconv"
	"time"

	"sealdesk/internal/db"
)

// dateLayout is how the value of a date is written.
const dateLayout = time.DateOnly

// maxContractName is how long the name of a contract may be, in characters (essbasic, FlowInfo.FlowName).
const maxContractName = 200

// completeTemplate says what a template still lacks before contracts can be made of it.
func completeTemplate(t db.Draft) (problems []Problem) {
	if len(t.Files) == 0 {
		problems = append(problems, Problem{Rule: "no_files", Step: "details"})
	}
	if len(t.Approvers) == 0 {
		problems = append(problems, Problem{Rule: "no_roles", Step: "people"})
	}
	for _, a := range t.Approvers {
		if !slices.ContainsFunc(t.Components, func(c db.Component) bool { return c.Approver == a.ID && c.Signs() }) {
			problems = append(problems, Problem{Rule: "no_component", Name: a.Role, Step: "pages"})
		}
	}
	for _, a := range t.Approvers {
		if SkipsCheck(a.Channels) {
			problems = append(problems, Problem{Rule: "none_alone", Name: a.Role, Step: "people"})
		}
	}
	types := map[string]string{}
	for _, c := range t.Components {
		switch known := types[c.Name]; {
		case !c.Fills():
		case c.Name == "" && c.Value == "":
			if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Rule == "unnamed_field" }) {
				problems = append(problems, Problem{Rule: "unnamed_field", Step: "pages"})
			}
		case c.Name == "":
		case known != "" && known != c.Type:
			problems = append(problems, Problem{Rule: "mixed_field", Name: c.Name, Step: "pages"})
		default:
			types[c.Name] = c.Type
		}
	}
	return problems
}

// UseProblem is something wrong with the use of a template. Part is name, deadline, operator, person, organization or field; Index counts
// roles and fields. Rule is a key below validation, which may read Param.
type UseProblem struct {
	Part  string
	Index int
	Rule  string
	Param string
}

// CheckUse says what hinders a contract from being made of a template.
func CheckUse(t db.Draft, u db.Use, now time.Time) (wrong []UseProblem) {
	tell := func(part string, index int, rule, param string) {
		wrong = append(wrong, UseProblem{Part: part, Index: index, Rule: rule, Param: param})
	}
	switch n := len([]rune(u.Name)); {
	case n == 0:
		tell("name", 0, "required", "")
	case n > maxContractName:
		tell("name", 0, "max", strconv.Itoa(maxContractName))
	}
	if !u.Deadline.After(now) {
		tell("deadline", 0, "future", "")
	}
	if u.OperatorID == "" {
		tell("operator", 0, "required", "")
	}
	for i, a := range t.Approvers {
		p := u.People[i]
		switch {
		case p.UserID == "":
			tell("person", i, "required", "")
		case a.ForOrganization && p.OrganizationID == "":
			tell("organization", i, "required", "")
		case slices.ContainsFunc(u.People[:i], func(b db.UsePerson) bool { return b.UserID == p.UserID && b.OrganizationID == p.OrganizationID }):
			tell("person", i, "unique", "")
		}
	}
	for i, f := range t.Fields() {
		if rule, param := checkValue(f, u.Values[i]); rule != "" {
			tell("field", i, rule, param)
		}
	}
	return wrong
}

func checkValue(f db.Field, value string) (rule, param string) {
	switch {
	case value == "" && f.Required:
		return "required", ""
	case value == "":
		return "", ""
	case len([]rune(value)) > maxValueRunes:
		return "max", strconv.Itoa(maxValueRunes)
	case f.Type == db.FillSelect && !slices.Contains(f.Options, value):
		return "oneof", ""
	case f.Type == db.FillDate:
		if _, err := time.Parse(dateLayout, value); err != nil {
			return "date", ""
		}
	}
	return "", ""
}

// UseTemplate makes a draft of a template, for a use that CheckUse has nothing against. The draft has no id yet.
func UseTemplate(t db.Draft, u db.Use) db.Draft {
	d := db.Draft{OrganizationID: t.OrganizationID, Name: u.Name, DraftDocument: t.DraftDocument}
	d.Template, d.OperatorID, d.Deadline = nil, u.OperatorID, u.Deadline
	d.Approvers, d.Components = slices.Clone(t.Approvers), slices.Clone(t.Components)
	for i := range d.Approvers {
		a, p := &d.Approvers[i], u.People[i]
		a.UserID, a.UserName, a.OrganizationID, a.OrganizationName = p.UserID, p.UserName, p.OrganizationID, p.OrganizationName
	}
	values := map[string]string{}
	for i, f := range t.Fields() {
		values[f.Name] = u.Values[i]
	}
	for i, c := range d.Components {
		if value, asked := values[c.Name]; asked && c.Fills() {
			if c.Type == db.FillDate {
				value = c.Dated(value)
			}
			d.Components[i].Value = value
		}
	}
	return d
}

// TemplateOf makes a template of a draft: its people become the roles of those names. The template has no id yet.
func TemplateOf(d db.Draft, name string, roles []string, terms db.TemplateTerms) db.Draft {
	t := db.Draft{OrganizationID: d.OrganizationID, Name: name, DraftDocument: d.DraftDocument}
	t.Template, t.OperatorID, t.Deadline = &terms, "", time.Time{}
	t.Approvers = slices.Clone(d.Approvers)
	for i := range t.Approvers {
		a := &t.Approvers[i]
		a.Role, a.ForOrganization = roles[i], a.OrganizationID != ""
		a.UserID, a.UserName, a.OrganizationID, a.OrganizationName = "", "", "", ""
		a.Deadline = time.Time{}
	}
	return t
}

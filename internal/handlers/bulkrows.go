package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/csvfile"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/routing"
	"sealdesk/web/templates"
)

// maxBulkRows and maxBulkBytes bound a file of one batch.
const (
	maxBulkRows  = 1000
	maxBulkBytes = 1 << 20
)

// bulkColumn is a column of the file that a template asks for. Part and Index are those of a routing.UseProblem, with tail for the last
// digits of a mobile. Headings are those of each language.
type bulkColumn struct {
	part     string
	index    int
	required bool
	headings []string
	at       int // column in the file, -1: not there
}

// bulkColumns are the columns of a template in their order. A field that is called like another column gets a longer heading.
func bulkColumns(t db.Draft) []*bulkColumn {
	var all []*bulkColumn
	add := func(part string, index int, required bool, key string, args ...any) {
		c := &bulkColumn{part: part, index: index, required: required, at: -1}
		for _, lang := range i18n.Languages() {
			c.headings = append(c.headings, i18n.T(i18n.WithLanguage(context.Background(), lang), key, args...))
		}
		all = append(all, c)
	}
	add("name", 0, false, "bulk.column.name")
	add("deadline", 0, false, "bulk.column.deadline")
	for i, a := range t.Approvers {
		add("person", i, true, "bulk.column.person", "Role", a.Role)
		add("tail", i, false, "bulk.column.tail", "Role", a.Role)
		if a.ForOrganization {
			add("organization", i, false, "bulk.column.organization", "Role", a.Role)
		}
	}
	for i, f := range t.Fields() {
		if slices.ContainsFunc(all, func(c *bulkColumn) bool { return slices.Contains(c.headings, f.Name) }) {
			add("field", i, f.Required, "bulk.column.field", "Name", f.Name)
			continue
		}
		all = append(all, &bulkColumn{part: "field", index: i, required: f.Required, headings: []string{f.Name}, at: -1})
	}
	return all
}

// heading is the column's name in the reader's language.
func (c *bulkColumn) heading(ctx context.Context) string {
	for i, lang := range i18n.Languages() {
		if lang == i18n.Language(ctx) && i < len(c.headings) {
			return c.headings[i]
		}
	}
	return c.headings[0]
}

// bulkCheck holds a file against its template and the directory. It creates nothing.
type bulkCheck struct {
	s        *server
	template db.Draft
	operator string
	columns  []*bulkColumn
	people   map[string][]db.User
	seen     map[string]int // line by what the row says
	problems []templates.BulkProblem
	rows     []db.BatchRow
}

// checkBulk reads every row of a file; with any problem nothing is to be sent.
func (s *server) checkBulk(ctx context.Context, t db.Draft, operator string, table *csvfile.Table) (*bulkCheck, error) {
	c := &bulkCheck{s: s, template: t, operator: operator, columns: bulkColumns(t), people: map[string][]db.User{}, seen: map[string]int{}}
	if !c.match(ctx, table) {
		return c, nil
	}
	for _, row := range table.Rows {
		if err := c.row(ctx, row); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// match finds the columns by the headings; what is missing or unknown is told at once, without the rows.
func (c *bulkCheck) match(ctx context.Context, table *csvfile.Table) bool {
	known := map[int]bool{}
	for _, column := range c.columns {
		column.at = table.Column(column.headings...)
		known[column.at] = true
		if column.at < 0 && column.required {
			c.tell(ctx, 1, column.heading(ctx), "missing_column", "")
		}
	}
	for i, heading := range table.Header {
		if !known[i] {
			c.tell(ctx, 1, heading, "unknown_column", "")
		}
	}
	return len(c.problems) == 0
}

func (c *bulkCheck) tell(ctx context.Context, line int, column, rule, param string) {
	text := i18n.RuleText(ctx, rule, param)
	if key := "bulk.problem." + rule; i18n.Has(ctx, key) {
		text = i18n.T(ctx, key, "Param", param)
	}
	c.problems = append(c.problems, templates.BulkProblem{Line: line, Column: column, Text: text})
}

// column is the column for a part of a use.
func (c *bulkCheck) column(part string, index int) *bulkColumn {
	for _, column := range c.columns {
		if column.part == part && column.index == index {
			return column
		}
	}
	return c.columns[0] // the name: what is wrong with the row as a whole
}

func (c *bulkCheck) row(ctx context.Context, row csvfile.Row) error {
	before := len(c.problems)
	told := map[*bulkColumn]bool{}
	tell := func(column *bulkColumn, rule, param string) {
		if !told[column] {
			told[column] = true
			c.tell(ctx, row.Line, column.heading(ctx), rule, param)
		}
	}
	cell := func(part string, index int) string { return row.Cell(c.column(part, index).at) }
	use := db.Use{OperatorID: c.operator}
	var ok bool
	if use.Deadline, ok = c.s.bulkDeadline(cell("deadline", 0), c.template.Template.Days); !ok {
		tell(c.column("deadline", 0), "datetime", "")
	}
	for i, a := range c.template.Approvers {
		p, part, rule, err := c.person(ctx, a, cell("person", i), cell("tail", i), organizationCell(a, cell, i))
		if err != nil {
			return err
		}
		if rule != "" {
			tell(c.column(part, i), rule, db.PartyLabel(p.UserName, p.OrganizationName))
			told[c.column("person", i)], told[c.column("organization", i)] = true, true // one problem a person is enough
		}
		use.People = append(use.People, p)
	}
	for i, f := range c.template.Fields() {
		use.Values = append(use.Values, bulkValue(f, cell("field", i)))
	}
	name := cell("name", 0)
	if name == "" {
		name = c.template.Template.ContractName
	}
	use.Name = contractName(name, c.template, use, c.s.now())
	for _, p := range routing.CheckUse(c.template, use, c.s.now()) {
		tell(c.column(p.Part, p.Index), p.Rule, p.Param)
	}
	key := fmt.Sprint(use.Name, use.People, use.Values)
	if first, twice := c.seen[key]; twice && len(c.problems) == before {
		tell(c.columns[0], "duplicate_row", fmt.Sprint(first))
	}
	c.seen[key] = row.Line
	if len(c.problems) == before {
		if err := c.preflight(ctx, row.Line, use); err != nil {
			return err
		}
	}
	c.rows = append(c.rows, db.BatchRow{Line: row.Line, Use: use})
	return nil
}

// preflight tells what would hinder the contract of a row from being sent, as the portal would tell it of a draft.
func (c *bulkCheck) preflight(ctx context.Context, line int, use db.Use) error {
	hindrances, err := c.s.routing.Check(ctx, routing.UseTemplate(c.template, use))
	for _, h := range hindrances {
		c.problems = append(c.problems, templates.BulkProblem{Line: line, Column: c.columns[0].heading(ctx), Text: i18n.T(ctx, "builder.preflight."+h.Rule, "Name", h.Name)})
	}
	return err
}

func organizationCell(a db.DraftApprover, cell func(string, int) string, i int) string {
	if !a.ForOrganization {
		return ""
	}
	return cell("organization", i)
}

// person finds who a row means: by the platform's id or by name, with the end of the mobile or the organisation where several are called
// the same. Part says which column is wrong.
func (c *bulkCheck) person(ctx context.Context, role db.DraftApprover, who, tail, organization string) (p db.UsePerson, part, rule string, err error) {
	if who == "" {
		return p, "person", "required", nil
	}
	found, err := c.candidates(ctx, who)
	if err != nil {
		return p, "", "", err
	}
	if len(found) == 0 {
		return p, "person", "unknown_person", nil
	}
	if tail != "" {
		tail = strings.Repeat("0", max(0, 4-len(tail))) + tail // a spreadsheet takes 0012 for a number
		found = keep(found, func(u db.User) bool { return strings.HasSuffix(u.Mobile, tail) })
		if len(found) == 0 {
			return p, "tail", "unknown_tail", nil
		}
	}
	if organization != "" && len(found) > 1 {
		found = keep(found, func(u db.User) bool {
			return slices.ContainsFunc(u.Organizations, func(o db.UserOrganization) bool { return o.Name == organization || o.ID == organization })
		})
	}
	switch {
	case len(found) != 1:
		return p, "person", "ambiguous_person", nil
	case !found[0].IsVerified():
		return p, "person", "person_unverified", nil
	}
	p.UserID, p.UserName = found[0].ID, found[0].Name
	if !role.ForOrganization {
		return p, "", "", nil
	}
	rule, err = c.organization(ctx, &p, found[0], organization)
	return p, "organization", rule, err
}

// candidates are the people whom a name or an id may mean; the same names come up row after row.
func (c *bulkCheck) candidates(ctx context.Context, who string) ([]db.User, error) {
	if found, known := c.people[who]; known {
		return found, nil
	}
	found, err := c.s.db.UsersByName(ctx, who)
	if err != nil {
		return nil, err
	}
	if user, err := c.s.db.User(ctx, db.Everything(), who); err == nil {
		found = []db.User{user}
	} else if !errors.Is(err, db.ErrNotFound) {
		return nil, err
	}
	c.people[who] = found
	return found, nil
}

// organization finds for whom somebody signs: the one named, or the only one they have.
func (c *bulkCheck) organization(ctx context.Context, p *db.UsePerson, user db.User, name string) (rule string, err error) {
	if name == "" {
		if len(user.Organizations) != 1 {
			return "which_organization", nil
		}
		name = user.Organizations[0].Name
	}
	found, err := c.s.db.OrganizationsByName(ctx, name)
	if err != nil {
		return "", err
	}
	if o, err := c.s.db.Organization(ctx, db.Everything(), name); err == nil {
		found = []db.Organization{o}
	} else if !errors.Is(err, db.ErrNotFound) {
		return "", err
	}
	switch {
	case len(found) == 0:
		return "unknown_organization", nil
	case len(found) > 1:
		return "ambiguous_organization", nil
	case !found[0].IsVerified():
		return "organization_unverified", nil
	}
	p.OrganizationID, p.OrganizationName = found[0].ID, found[0].Name
	if !user.SignsFor(p.OrganizationID) {
		return "foreign", nil
	}
	return "", nil
}

func keep(list []db.User, good func(db.User) bool) []db.User {
	return slices.DeleteFunc(slices.Clone(list), func(u db.User) bool { return !good(u) })
}

// bulkDeadline reads a deadline as spreadsheets write dates; a day ends at 23:59 in Beijing, nothing is the template's number of days.
func (s *server) bulkDeadline(text string, days int) (time.Time, bool) {
	if text == "" {
		return s.deadlineAfter(days).UTC(), true
	}
	for _, layout := range []string{"2006-1-2 15:04", "2006/1/2 15:04", "2006-1-2 15:04:05", "2006/1/2 15:04:05"} {
		if at, err := time.ParseInLocation(layout, strings.Replace(text, "T", " ", 1), beijing()); err == nil {
			return at.UTC(), true
		}
	}
	if day, ok := bulkDay(text); ok {
		return day.Add(23*time.Hour + 59*time.Minute).UTC(), true
	}
	return time.Time{}, false
}

func bulkDay(text string) (time.Time, bool) {
	for _, layout := range []string{"2006-1-2", "2006/1/2"} {
		if day, err := time.ParseInLocation(layout, text, beijing()); err == nil {
			return day, true
		}
	}
	return time.Time{}, false
}

// bulkValue is what a cell fills into a field: its default where it is empty, a date in the one form that fields take.
func bulkValue(f db.Field, cell string) string {
	if cell == "" {
		return f.Default
	}
	if day, ok := bulkDay(cell); ok && f.Type == db.FillDate {
		return day.Format(time.DateOnly)
	}
	return cell
}

package handlers

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/csvfile"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/identity"
	"sealdesk/web/templates"
)

// importItem is what one row of a file asks for; one of the two.
type importItem struct {
	user         templates.UserForm
	organization templates.OrganizationForm
}

func (i importItem) name() string { return i.user.Form.Name + i.organization.Form.Name }

// importColumn is a column of a file, known by its key and by its heading in every language ("imports.KIND.KEY").
type importColumn struct {
	key      string
	required bool
	sample   string // a value, or the key of one
}

// importColumns are the columns of a kind, in the order of the sample.
func importColumns(kind string) []importColumn {
	if kind == db.ImportOrganizations {
		return []importColumn{{"Name", true, "imports.sample.organization"}, {"OrganizationType", false, "organizations.kind.ENTERPRISE"},
			{"IdCardType", false, "organizations.number.kind.USCC"}, {"IdCardNumber", true, "91110000100000006C"}, {"LegalName", true, "imports.sample.person"},
			{"LegalIdCardType", false, "users.paper.ID_CARD"}, {"LegalIdCardNumber", true, "110101190001010014"}, {"LegalMobile", false, "13490000001"},
			{"ContactName", false, ""}, {"Email", false, ""}, {"WithSeal", false, "common.no"}}
	}
	return []importColumn{{"Name", true, "imports.sample.person"}, {"IdCardType", false, "users.paper.ID_CARD"}, {"IdCardNumber", true, "110101190001010014"},
		{"Mobile", false, "13490000001"}, {"Email", false, ""}, {"Organization", false, ""}, {"WithSeal", false, "common.no"}}
}

// importReader turns the rows of one file into items, and notes everything that is wrong with them.
type importReader struct {
	s       *server
	ctx     context.Context
	kind    string
	columns map[string]int // of the file, by key
	row     csvfile.Row
	faults  []templates.ImportFault
	numbers map[string]int // line by number of a person or organisation
	owners  []db.Organization
}

// readImport reads a whole file. Faults are to be shown; an error is ours.
func (s *server) readImport(ctx context.Context, kind string, table *csvfile.Table) (map[int]importItem, []templates.ImportFault, error) {
	r := &importReader{s: s, ctx: ctx, kind: kind, columns: make(map[string]int), numbers: make(map[string]int)}
	for _, c := range importColumns(kind) {
		names := []string{c.key}
		for _, lang := range i18n.Languages() {
			names = append(names, i18n.T(i18n.WithLanguage(ctx, lang), "imports."+kind+"."+c.key))
		}
		if r.columns[c.key] = table.Column(names...); r.columns[c.key] < 0 && c.required {
			r.faults = append(r.faults, templates.ImportFault{Line: 1, Column: r.heading(c.key), Rule: "import_column"})
		}
	}
	if len(r.faults) > 0 {
		return nil, r.faults, nil
	}
	var err error
	if r.owners, err = s.db.OrganizationChoices(ctx, scope(ctx)); err != nil {
		return nil, nil, err
	}
	items := make(map[int]importItem, len(table.Rows))
	for _, row := range table.Rows {
		r.row = row
		if row.Cells() > len(table.Header) {
			r.fault("", "import_cells", "")
		}
		item, err := r.item()
		if err != nil {
			return nil, nil, err
		}
		items[row.Line] = item
	}
	slices.SortStableFunc(r.faults, func(a, b templates.ImportFault) int { return cmp.Or(a.Line-b.Line, a.Position-b.Position) })
	return items, r.faults, nil
}

func (r *importReader) heading(key string) string { return i18n.T(r.ctx, "imports."+r.kind+"."+key) }

// fault notes what is wrong with a column of the row, the first fault of each; an empty key is the row as a whole.
func (r *importReader) fault(key, rule, param string) {
	f := templates.ImportFault{Line: r.row.Line, Position: -1, Rule: rule, Param: param}
	if key != "" {
		f.Column, f.Position = r.heading(key), r.columns[key]
	}
	for _, other := range slices.Backward(r.faults) {
		if other.Line != f.Line {
			break
		}
		if other.Column == f.Column {
			return
		}
	}
	r.faults = append(r.faults, f)
}

// shortened is how a spreadsheet writes a long number that it took for a quantity; its last digits are lost.
var shortened = regexp.MustCompile(`^\d(\.\d+)?[Ee]\+\d+$`)

// text is the cell of a column.
func (r *importReader) text(key string) string {
	value := r.row.Cell(r.columns[key])
	if shortened.MatchString(value) {
		r.fault(key, "import_shortened", value)
	}
	return value
}

// choice reads a cell that holds one of some codes, or the word for it in any language; an empty one is the first.
func (r *importReader) choice(key, texts string, codes []string) string {
	value := r.text(key)
	if value == "" {
		return codes[0]
	}
	for _, code := range codes {
		if strings.EqualFold(value, code) {
			return code
		}
		for _, lang := range i18n.Languages() {
			if value == i18n.T(i18n.WithLanguage(r.ctx, lang), texts+code) {
				return code
			}
		}
	}
	r.fault(key, "import_choice", strings.Join(words(r.ctx, texts, codes), i18n.T(r.ctx, "users.organization.separator")))
	return codes[0]
}

func words(ctx context.Context, texts string, codes []string) []string {
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = i18n.T(ctx, texts+code)
	}
	return out
}

// flag reads a yes or no; an empty cell is no.
func (r *importReader) flag(key string) bool {
	return r.choice(key, "common.", []string{"no", "yes"}) == "yes"
}

func (r *importReader) item() (importItem, error) {
	if r.kind == db.ImportOrganizations {
		return r.organization(), nil
	}
	return r.user()
}

// user reads a person. What a number cannot be is told now rather than by the platform in the middle of the work.
func (r *importReader) user() (item importItem, err error) {
	f := &item.user.Form
	f.Name, f.IdCardNumber, f.Mobile, f.Email = r.text("Name"), strings.ToUpper(r.text("IdCardNumber")), r.text("Mobile"), r.text("Email")
	f.IdCardType = r.choice("IdCardType", "users.paper.", api.IDCardTypes())
	item.user.WithSeal = r.flag("WithSeal")
	f.OpenId, f.UseOpenId = newOpenID(), true
	r.validate(f)
	r.person("Name", f.Name, "IdCardType", f.IdCardType, "IdCardNumber", f.IdCardNumber, "Mobile", f.Mobile)
	r.once("IdCardNumber", f.IdCardType+f.IdCardNumber)
	if item.user.WithSeal && !slices.Contains([]string{"ID_CARD", "HOUSEHOLD_REGISTER", "TEMP_ID_CARD"}, f.IdCardType) {
		r.fault("WithSeal", "import_seal", "")
	}
	if owner := r.text("Organization"); owner != "" {
		if item.user.OrganizationID, err = r.owner(owner); err != nil {
			return item, err
		}
	}
	return item, nil
}

// owner finds an organisation of the scope by its id, name or number.
func (r *importReader) owner(text string) (string, error) {
	var found []string
	for _, o := range r.owners {
		if o.ID == text || o.Name == text || strings.EqualFold(o.IDCardNumber, text) {
			found = append(found, o.ID)
		}
	}
	if len(found) == 0 { // older than the newest that are at hand
		more, _, err := r.s.db.Organizations(r.ctx, scope(r.ctx), db.DirectoryFilter{Text: text}, db.Page{Limit: 2})
		if err != nil {
			return "", err
		}
		for _, o := range more {
			if o.Name == text || strings.EqualFold(o.IDCardNumber, text) {
				found = append(found, o.ID)
			}
		}
	}
	switch len(found) {
	case 0:
		r.fault("Organization", "import_unknown", "")
		return "", nil
	case 1:
		return found[0], nil
	}
	r.fault("Organization", "import_ambiguous", "")
	return "", nil
}

// organization reads a sub-organisation.
func (r *importReader) organization() (item importItem) {
	f := &item.organization.Form
	f.Name, f.IdCardNumber, f.LegalName, f.LegalIdCardNumber = r.text("Name"), strings.ToUpper(r.text("IdCardNumber")), r.text("LegalName"), strings.ToUpper(r.text("LegalIdCardNumber"))
	f.LegalMobile, f.ContactName, f.Email = r.text("LegalMobile"), r.text("ContactName"), r.text("Email")
	f.OrganizationType = r.choice("OrganizationType", "organizations.kind.", api.OrganizationTypes())
	f.IdCardType = r.choice("IdCardType", "organizations.number.kind.", api.OrganizationIDCardTypes())
	f.LegalIdCardType = r.choice("LegalIdCardType", "users.paper.", api.IDCardTypes())
	f.SealType, f.VerifyClientIp = api.SealTypeContract, address(r.ctx)
	item.organization.WithSeal = r.flag("WithSeal")
	f.OpenId, f.UseOpenId = newOpenID(), true
	r.validate(f)
	r.person("LegalName", f.LegalName, "LegalIdCardType", f.LegalIdCardType, "LegalIdCardNumber", f.LegalIdCardNumber, "LegalMobile", f.LegalMobile)
	if f.IdCardType == "USCC" && f.IdCardNumber != "" && identity.CheckUSCC(f.IdCardNumber) != nil {
		r.fault("IdCardNumber", "uscc", "")
	}
	r.once("IdCardNumber", f.IdCardNumber)
	return item
}

// validate holds a request against the platform's rules, as its call will. The caller is the client's to fill in.
func (r *importReader) validate(req any) {
	invalid := (*api.ValidationError)(nil)
	if !errors.As(api.Validate(req), &invalid) {
		return
	}
	for _, f := range invalid.Fields {
		if _, ours := r.columns[f.Field]; ours {
			r.fault(f.Field, f.Rule, f.Param)
		}
	}
}

// person checks what can be known of a person without asking anybody.
func (r *importReader) person(nameKey, name, _, paper, numberKey, number, mobileKey, mobile string) {
	if paper == "ID_CARD" {
		if name != "" && identity.CheckName(name) != nil {
			r.fault(nameKey, "import_name", "")
		}
		if number != "" {
			if _, err := identity.ParseIDCard(number, r.s.now()); err != nil {
				r.fault(numberKey, "idcard", "")
			}
		}
	}
	if mobile != "" && identity.CheckMobile(mobile) != nil {
		r.fault(mobileKey, "mobile", "")
	}
}

// once refuses a number that stands in an earlier row.
func (r *importReader) once(key, number string) {
	if r.row.Cell(r.columns[key]) == "" {
		return
	}
	if line, twice := r.numbers[number]; twice {
		r.fault(key, "import_twice", strconv.Itoa(line))
		return
	}
	r.numbers[number] = r.row.Line
}

package templates

import (
	"context"
	"maps"
	"net/url"
	"strconv"

	"sealdesk/internal/i18n"

	"github.com/a-h/templ"
)

// Problem is a rule that a field of a form breaks; its text is the key "validation." + Rule, which may read {{.Param}}.
type Problem struct {
	Field string
	Rule  string
	Param string
}

// Problems are what hinders a form from being taken.
type Problems []Problem

// Of is the message of the first problem of a field, empty for none.
func (p Problems) Of(ctx context.Context, field string) string {
	for _, problem := range p {
		if problem.Field == field {
			return i18n.RuleText(ctx, problem.Rule, problem.Param)
		}
	}
	return ""
}

// Input describes a field of one line, or of several with Rows. Texts are already in the reader's language.
type Input struct {
	Name         string
	Label        string
	Value        string
	Type         string // HTML input type, "text" when empty
	Hint         string
	Problem      string // message beside the field
	Placeholder  string
	Autocomplete string
	InputMode    string
	Min          string
	Max          string
	Step         string
	Suffix       string // unit behind the field, such as mm
	MaxLength    int
	Rows         int
	Required     bool
	ReadOnly     bool
	Disabled     bool
	Autofocus    bool
	HideLabel    bool             // the label is read out but not shown (filter bars)
	Attributes   templ.Attributes // hx- and data- attributes
}

// Option is an entry of a Choice.
type Option struct {
	Value    string
	Text     string
	Hint     string // radio buttons only
	Disabled bool
}

// Choice describes a field that takes one of some options: a select, or radio buttons.
type Choice struct {
	Name       string
	Label      string
	Value      string
	Options    []Option
	Blank      string // text of an empty first entry; none when empty
	Hint       string
	Problem    string
	Required   bool
	Disabled   bool
	HideLabel  bool
	Attributes templ.Attributes
	// Search is the kind of choices (ChoosePeople and so on) of a list that may be the newest part of a longer one.
	Search string
	// Follows names the field by which this list is narrowed whenever it changes, and Kind is one of the Follow constants.
	Follows, Kind string
}

// longList is from how many options a list has a search above it.
const longList = 50

// The kinds of choices that may be too many for one list.
const (
	ChoosePeople             = "people"
	ChooseOrganizations      = "organizations"
	ChooseParties            = "parties" // everybody who can sign
	ChoosePartyOrganizations = "party-organizations"
	ChooseOwners             = "owners" // of seals
	ChooseFiles              = "files"
)

func (c Choice) isLong() bool { return c.Search != "" && len(c.Options) >= longList }

// The kinds of lists that follow another field.
const (
	FollowSignsFor  = "signs-for" // the organisations of the person who is chosen
	FollowRoleFor   = "role-for"  // the same, for the role of a template
	FollowOperators = "operators" // the people of the organisation that is chosen
)

// FollowingChoices are the kinds of lists that follow another field, with the text key of their empty first entry.
var FollowingChoices = map[string]string{FollowSignsFor: "builder.as_person", FollowRoleFor: "templates.role.their_own", FollowOperators: "common.choose"}

// following are the attributes that let a list follow another field.
func (c Choice) following() templ.Attributes {
	if c.Follows == "" {
		return nil
	}
	return templ.Attributes{"hx-get": c.choicesURL(c.Kind), "hx-trigger": `change from:"` + c.followed() + `"`, "hx-include": c.followed(),
		"hx-swap": "innerHTML", "hx-sync": "this:replace"}
}

// followed selects the field that the list follows; its id may hold brackets.
func (c Choice) followed() string {
	if c.Follows == "" {
		return ""
	}
	return "[id='" + fieldID(c.Follows) + "']"
}

// choicesURL is where the choices of a kind come from; those of a list that follows another field are told which.
func (c Choice) choicesURL(kind string) string {
	if c.Follows == "" {
		return "/choices/" + kind
	}
	return "/choices/" + kind + "?follows=" + url.QueryEscape(c.Follows)
}

// Check describes a check box.
type Check struct {
	Name       string
	Label      string
	Value      string // "on" when empty
	Hint       string
	Problem    string
	Checked    bool
	Disabled   bool
	Attributes templ.Attributes
}

// File describes a file field, shown as a button with the names of the chosen files.
type File struct {
	Name       string
	Label      string
	Accept     string // such as ".pdf,application/pdf"
	Hint       string
	Problem    string
	Multiple   bool
	Required   bool
	Attributes templ.Attributes
}

// fieldID is the id of the control of a field; hint and message hang their ids on it.
func fieldID(name string) string { return "f-" + name }

// describedBy lists the elements that explain a field.
func describedBy(name, hint, problem string) string {
	id := fieldID(name)
	switch {
	case hint != "" && problem != "":
		return id + "-problem " + id + "-hint"
	case problem != "":
		return id + "-problem"
	case hint != "":
		return id + "-hint"
	}
	return ""
}

// control collects the attributes that all kinds of controls share.
func control(name, hint, problem string, required, disabled bool, more templ.Attributes) templ.Attributes {
	attributes := make(templ.Attributes, len(more)+4)
	for key, value := range more {
		attributes[key] = value
	}
	if ids := describedBy(name, hint, problem); ids != "" {
		attributes["aria-describedby"] = ids
	}
	if problem != "" {
		attributes["aria-invalid"] = "true"
	}
	attributes["required"] = required
	attributes["disabled"] = disabled
	return attributes
}

func (in Input) kind() string {
	if in.Type == "" {
		return "text"
	}
	return in.Type
}

func (in Input) attributes() templ.Attributes {
	attributes := control(in.Name, in.Hint, in.Problem, in.Required, in.Disabled, in.Attributes)
	for key, value := range map[string]string{"placeholder": in.Placeholder, "autocomplete": in.Autocomplete, "inputmode": in.InputMode,
		"min": in.Min, "max": in.Max, "step": in.Step} {
		if value != "" {
			attributes[key] = value
		}
	}
	if in.MaxLength > 0 {
		attributes["maxlength"] = strconv.Itoa(in.MaxLength)
	}
	attributes["readonly"] = in.ReadOnly
	attributes["autofocus"] = in.Autofocus
	return attributes
}

func (c Choice) attributes() templ.Attributes {
	attributes := control(c.Name, c.Hint, c.Problem, c.Required, c.Disabled, c.Attributes)
	maps.Copy(attributes, c.following())
	return attributes
}

func (c Check) attributes() templ.Attributes {
	return control(c.Name, c.Hint, c.Problem, false, c.Disabled, c.Attributes)
}

func (c Check) value() string {
	if c.Value == "" {
		return "on"
	}
	return c.Value
}

func (f File) attributes() templ.Attributes {
	attributes := control(f.Name, f.Hint, f.Problem, f.Required, false, f.Attributes)
	attributes["aria-labelledby"] = fieldID(f.Name) + "-label"
	delete(attributes, "required")
	delete(attributes, "disabled")
	return attributes
}

// radioID gives the first button of a group the id of its field, so that a link to a problem finds it.
func radioID(name string, index int) string {
	if index == 0 {
		return fieldID(name)
	}
	return fieldID(name) + "-" + strconv.Itoa(index)
}

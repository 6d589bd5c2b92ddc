package templates

import (
	"context"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/i18n"
)

// HistoryItem is an event of the audit log about one object.
type HistoryItem struct {
	At      time.Time
	Actor   string // empty: the portal itself
	Action  string // as in the audit log
	Outcome string
	Code    string // of a failure
}

// Person is a registered person as lists show them; numbers are masked.
type Person struct {
	ID            string
	Name          string
	Mobile        string
	IDCardNumber  string
	Verified      bool
	Organizations []Named
	Created       time.Time
}

// Named is an object to link to or to choose.
type Named struct{ ID, Name string }

// actionText says in words what an event did. Actions without a text of their own are shown as they are.
func actionText(ctx context.Context, action string) string {
	key := "organizations.action." + action
	if i18n.Has(ctx, key) {
		return t(ctx, key)
	}
	return action
}

// historyItems turns events into a timeline.
func historyItems(ctx context.Context, events []HistoryItem) []TimelineItem {
	items := make([]TimelineItem, len(events))
	for i, e := range events {
		item := TimelineItem{State: "done", Title: actionText(ctx, e.Action), Subtitle: e.Actor, Note: TimeText(e.At)}
		switch e.Outcome {
		case "failed", "denied":
			item.State = "failed"
			if e.Code != "" {
				item.Subtitle += " · " + e.Code
			}
		case "intent":
			item.State = "current"
		}
		items[i] = item
	}
	return items
}

// idCardTypeOptions are the papers by which a person is known.
func idCardTypeOptions(ctx context.Context) []Option {
	var options []Option
	for _, kind := range api.IDCardTypes() {
		options = append(options, Option{Value: kind, Text: t(ctx, "users.paper."+kind)})
	}
	return options
}

// stateOptions are the choices of a filter by verification.
func stateOptions(ctx context.Context) []Option {
	return []Option{
		{Value: "verified", Text: t(ctx, "organizations.verified")},
		{Value: "unverified", Text: t(ctx, "organizations.unverified")},
	}
}

// nameHint says beside the name of somebody who is verified what a new one costs.
func nameHint(ctx context.Context, verified bool, otherwise string) string {
	if verified {
		return t(ctx, "directory.name.hint")
	}
	return t(ctx, otherwise)
}

// operatorHint explains who may change a seal, or that there is nobody yet.
func operatorHint(ctx context.Context, d SealEdit) string {
	if len(d.Operators) == 0 {
		return t(ctx, "directory.seal.operator.none")
	}
	return t(ctx, "directory.seal.operator.hint")
}

// namedOptions turns named objects into the options of a Choice.
func namedOptions(list []Named) []Option {
	options := make([]Option, len(list))
	for i, n := range list {
		options[i] = Option{Value: n.ID, Text: n.Name}
	}
	return options
}

// OrganizationRow is a sub-organisation as lists show it.
type OrganizationRow struct {
	ID       string
	Name     string
	Kind     string
	Number   string
	Verified bool
	Created  time.Time
}

// OrganizationsData is the list of sub-organisations.
type OrganizationsData struct {
	Rows     []OrganizationRow
	Text     string // what was searched for
	State    string // verified, unverified or empty
	Kind     string
	CanWrite bool
	Paging   Paging
}

func (d OrganizationsData) filtered() bool { return d.Text != "" || d.State != "" || d.Kind != "" }

// OrganizationForm is the form that registers a sub-organisation. Form holds the fields of both actions.
type OrganizationForm struct {
	Form     api.CreateSubOrganizationAndSealRequest
	WithSeal bool
	Address  api.Address
	Problems Problems
	Refusal  string // why the platform refused, in words
}

// OrganizationData is the page of one sub-organisation.
type OrganizationData struct {
	OrganizationRow
	Detail      *api.SubOrganizationDetail // nil: the platform did not answer
	Seals       []SealCard
	People      []Person
	Choices     []Named // people who may be assigned
	History     []HistoryItem
	CanWrite    bool
	CanAssign   bool
	CanMakeSeal bool
	CanAudit    bool
}

// UsersData is the list of people.
type UsersData struct {
	Rows          []Person
	Text          string
	State         string
	Organization  string
	Organizations []Named
	CanWrite      bool
	Paging        Paging
}

func (d UsersData) filtered() bool { return d.Text != "" || d.State != "" || d.Organization != "" }

// UserForm is the form that registers a person.
type UserForm struct {
	Form           api.CreateUserRequest
	OrganizationID string
	WithSeal       bool
	Organizations  []Named
	Problems       Problems
	Refusal        string
}

// UserData is the page of one person.
type UserData struct {
	Person
	Detail      *api.UserDescribe // nil: the platform did not answer
	Seals       []SealCard
	Choices     []Named // organisations that they may be assigned to
	History     []HistoryItem
	CanWrite    bool
	CanMakeSeal bool
	CanAudit    bool
}

// verifiedText is the word of a state of verification.
func verifiedText(ctx context.Context, verified bool) string {
	if verified {
		return t(ctx, "organizations.verified")
	}
	return t(ctx, "organizations.unverified")
}

func verifiedKind(verified bool) string {
	if verified {
		return "ok"
	}
	return "wait"
}

// unixTime reads the platform's Unix seconds; 0 is the zero time.
func unixTime(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// orDash shows something where a value is missing.
func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// addressText is a postal address in one line.
func addressText(a *api.Address) string {
	if a == nil {
		return ""
	}
	return a.Country + a.Province + a.City + a.County + a.Details
}

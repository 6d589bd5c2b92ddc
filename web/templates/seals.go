package templates

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/seal"
)

// SealCard is a seal as lists show it.
type SealCard struct {
	ID       string
	Name     string
	Kind     string
	Owner    string
	OwnerURL string
	Source   string // generated, drawn or uploaded
	Default  bool
	WidthMM  float64 // 0 where only the platform knows
	HeightMM float64
	Created  time.Time
}

// SealsData is the list of seals.
type SealsData struct {
	Rows          []SealCard
	Text          string
	Kind          string
	Organization  string
	Default       string // not empty: only default seals
	Organizations []Named
	CanWrite      bool
	Paging        Paging
}

func (d SealsData) filtered() bool {
	return d.Text != "" || d.Kind != "" || d.Organization != "" || d.Default != ""
}

// StudioForm is what somebody types in the studio. Owner is "organization:ID" or "user:ID".
type StudioForm struct {
	Owner          string `json:"Owner"`
	SealType       string `json:"SealType"`
	SealName       string `json:"SealName"`
	HorizontalText string `json:"HorizontalText"`
	Code           string `json:"Code"`
	TaxNumber      string `json:"TaxNumber"`
	Size           string `json:"Size"` // see SizeValue; empty: the kind's first
	Color          string `json:"Color"`
	Opacity        int    `json:"Opacity"`
	NoStar         bool   `json:"NoStar"`
	Aged           bool   `json:"Aged"`
	Seed           uint64 `json:"Seed"`
	Running        bool   `json:"Running"`
	IsDefault      bool   `json:"IsDefault"`
	OperatorID     string `json:"OperatorID"` // who sends the picture, for a seal that the portal draws
	KeeperID       string `json:"KeeperID"`   // who may use it first; empty: the operator
}

// StudioPreview is the drawing of what has been typed so far, and what there is to say about it.
type StudioPreview struct {
	SVG      string // empty: nothing can be drawn
	WidthMM  float64
	HeightMM float64
	Drawn    bool // the portal draws it and sends a picture; else the platform draws it
	Problem  string
	Warnings []string
	Waiting  bool // an owner has still to be chosen
}

// StudioData is the page of the studio.
type StudioData struct {
	Form          StudioForm
	Organizations []Named
	Users         []Named
	Operators     []Named
	Personal      bool // the owner is a person
	Preview       StudioPreview
	Problems      Problems
	Refusal       string
}

// UploadForm is a seal made from a picture. Picture is where the cleaned picture waits for its confirmation.
type UploadForm struct {
	Owner      string `json:"Owner"`
	SealType   string `json:"SealType"`
	SealName   string `json:"SealName"`
	IsDefault  bool   `json:"IsDefault"`
	OperatorID string `json:"OperatorID"`
	KeeperID   string `json:"KeeperID"` // as in StudioForm
	Picture    string `json:"Picture"`
}

// UploadData is the page that takes a picture, and with Before and After the one that asks to confirm it.
type UploadData struct {
	Form          UploadForm
	Organizations []Named
	Users         []Named
	Operators     []Named
	Before, After string // data: URLs
	Problems      Problems
	Refusal       string
}

// SealData is the page of one seal.
type SealData struct {
	SealCard
	Available bool // the platform answered
	CreatedOn time.Time
	CanWrite  bool
	CanAudit  bool
	History   []HistoryItem

	Shared        bool // an organisation's, so that it has keepers
	State, Reason string
	Keepers       []SealKeeper
	Candidates    []Option
	Keeper        KeeperValues
	Uses          []SealUse
	TotalUses     int
	UsesSince     time.Time // from when on uses are recorded, where the seal is older; else zero
	Cloud         bool      // the platform cannot hold a signature back
	Problems      Problems
}

// keeperHint picks the sentence about keepers: the legal representative's seal is bound to the person besides.
func keeperHint(kind string) string {
	if kind == api.SealTypeLegalRepresentative {
		return "legal"
	}
	return "any"
}

// keeperTerm says since when, until when and by whom somebody keeps a seal.
func keeperTerm(ctx context.Context, k SealKeeper) string {
	day := func(at time.Time) string { return at.In(time.FixedZone("UTC+08:00", 8*60*60)).Format(time.DateOnly) }
	text := t(ctx, "seals.keepers.forever")
	switch {
	case !k.From.IsZero() && !k.Until.IsZero():
		text = t(ctx, "seals.keepers.between", "From", day(k.From), "Until", day(k.Until.Add(-time.Second)))
	case !k.From.IsZero():
		text = t(ctx, "seals.keepers.since", "From", day(k.From))
	case !k.Until.IsZero():
		text = t(ctx, "seals.keepers.to", "Until", day(k.Until.Add(-time.Second)))
	}
	if k.By == "" {
		return text
	}
	return text + " · " + t(ctx, "seals.keepers.by", "Name", k.By)
}

// OwnerOf splits an owner into its kind ("organization" or "user") and id.
func OwnerOf(owner string) (kind, id string) {
	kind, id, _ = strings.Cut(owner, ":")
	return kind, id
}

// SizeValue names a size in a form: "circle 40x40".
func SizeValue(z seal.Size) string {
	return fmt.Sprintf("%s %sx%s", z.Shape, millimetres(z.Width), millimetres(z.Height))
}

func millimetres(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// measure is a seal's size in words, empty where it is not known.
func measure(ctx context.Context, w, h float64) string {
	if w == 0 {
		return ""
	}
	return t(ctx, "seals.size.mm", "Width", strconv.FormatFloat(w, 'f', 1, 64), "Height", strconv.FormatFloat(h, 'f', 1, 64))
}

func sizeOptions(ctx context.Context, kind string) []Option {
	var options []Option
	for _, z := range seal.Sizes(seal.Kind(kind)) {
		text := t(ctx, "seals.shape."+string(z.Shape)) + " "
		if z.Shape == seal.Circle {
			text += "Ø" + millimetres(z.Width) + " mm"
		} else {
			text += millimetres(z.Width) + " × " + millimetres(z.Height) + " mm"
		}
		options = append(options, Option{Value: SizeValue(z), Text: text})
	}
	return options
}

func colorOptions(ctx context.Context) []Option {
	var options []Option
	for _, c := range []seal.Color{seal.Red, seal.Blue, seal.Black, seal.Purple} {
		options = append(options, Option{Value: string(c), Text: t(ctx, "seals.color."+string(c))})
	}
	return options
}

func sealKindOptions(ctx context.Context, kinds []string) []Option {
	options := make([]Option, len(kinds))
	for i, kind := range kinds {
		options[i] = Option{Value: kind, Text: t(ctx, "seals.kind."+kind)}
	}
	return options
}

func organizationSealOptions(ctx context.Context) []Option {
	return sealKindOptions(ctx, api.OrganizationSealTypes())
}

// kindOptions are all kinds, the personal one included.
func kindOptions(ctx context.Context) []Option {
	return sealKindOptions(ctx, append(api.OrganizationSealTypes(), api.SealTypePersonal))
}

// ownerOptions are organisations and people as owners.
// OwnerOptions are whom a seal can be for.
func OwnerOptions(ctx context.Context, organizations, users []Option) []Option {
	options := make([]Option, 0, len(organizations)+len(users))
	for _, o := range organizations {
		options = append(options, Option{Value: "organization:" + o.Value, Text: o.Text})
	}
	for _, u := range users {
		options = append(options, Option{Value: "user:" + u.Value, Text: t(ctx, "seals.owner.person", "Name", u.Text)})
	}
	return options
}

func organizationKindOptions(ctx context.Context) []Option {
	var options []Option
	for _, kind := range api.OrganizationTypes() {
		options = append(options, Option{Value: kind, Text: t(ctx, "organizations.kind."+kind)})
	}
	return options
}

func organizationNumberOptions(ctx context.Context) []Option {
	var options []Option
	for _, kind := range api.OrganizationIDCardTypes() {
		options = append(options, Option{Value: kind, Text: t(ctx, "organizations.number.kind."+kind)})
	}
	return options
}

// personOrganizations names whom a person signs for: the first two, and how many more.
func personOrganizations(ctx context.Context, p Person) string {
	var names []string
	for i, o := range p.Organizations {
		if i == 2 {
			names = append(names, t(ctx, "users.organization.more", "Count", len(p.Organizations)-2))
			break
		}
		names = append(names, o.Name)
	}
	return strings.Join(names, t(ctx, "users.organization.separator"))
}

// uploadURL is where the form of an upload goes: to be cleaned, or once that is done to be confirmed.
func uploadURL(d UploadData) string {
	if d.After != "" {
		return "/seals/upload/confirm"
	}
	return "/seals/upload"
}

// opacityValue is the number in the field; 100 where none was given.
func opacityValue(percent int) string {
	if percent == 0 {
		percent = 100
	}
	return strconv.Itoa(percent)
}

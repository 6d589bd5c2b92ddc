// Package seal draws Chinese company and personal seals as exact vector geometry in millimetres, and gives the same
// paths as SVG, PNG and PDF content. It also cleans pictures of seals that somebody uploads.
package seal

import (
	"fmt"
	"strings"
)

// PointsPerMM converts millimetres to PDF points.
const PointsPerMM = 72 / 25.4

// Kind is the kind of a seal, spelt as SealType on the platform's wire.
type Kind string

// The kinds of seals.
const (
	Official            Kind = "OFFICIAL"                   // 公章
	Contract            Kind = "CONTRACT"                   // 合同专用章
	Financial           Kind = "SPECIAL_FINANCIAL"          // 财务专用章
	LegalRepresentative Kind = "LEGAL_REPRESENTATIVE"       // 法定代表人章
	Invoice             Kind = "SPECIAL_NATIONWIDE_INVOICE" // 发票专用章
	Personal            Kind = "PERSONAL"                   // 个人私章, or a signature
	Other               Kind = "OTHER"                      // 人事章 and the like
)

// Kinds lists all kinds in the order in which a form offers them.
func Kinds() []Kind {
	return []Kind{Official, Contract, Financial, LegalRepresentative, Invoice, Personal, Other}
}

// DefaultHorizontalText is what the platform sets where a seal needs a text and none is given (essbasic,
// GenerateOrganizationSeal).
const DefaultHorizontalText = "电子签名专用章"

// Shape is the outline of a seal.
type Shape string

// The shapes. The empty shape stands for the usual one of the kind.
const (
	Circle    Shape = "circle"
	Ellipse   Shape = "ellipse"
	Square    Shape = "square"
	Rectangle Shape = "rectangle"
)

// Color is the colour of the ink.
type Color string

// The colours. The empty colour is red.
const (
	Red    Color = "red"
	Blue   Color = "blue"
	Black  Color = "black"
	Purple Color = "purple"
)

// RGB gives the colour's components, 0..255.
func (c Color) RGB() (r, g, b uint8) {
	switch c {
	case Blue:
		return 0x1c, 0x46, 0xa6
	case Black:
		return 0x1d, 0x1d, 0x1f
	case Purple:
		return 0x6b, 0x2a, 0x94
	default:
		return 0xd8, 0x17, 0x1e
	}
}

// hex gives the colour as #rrggbb.
func (c Color) hex() string {
	r, g, b := c.RGB()
	return fmt.Sprintf("#%02x%02x%02x", r, g, b)
}

// Spec says what seal to draw. The zero values of all fields but Kind and Name mean "as usual for this kind".
type Spec struct {
	Kind Kind
	// Name is the organisation's full name, or the person's for LegalRepresentative and Personal.
	Name string
	// HorizontalText stands below the centre, at most 8 characters. Contract, Financial and Invoice have their
	// customary text where it is empty.
	HorizontalText string
	// Code is the anti-forgery number along the lower arc, 13 or 14 digits. Optional.
	Code string
	// TaxNumber is the taxpayer number in the middle of an invoice seal, 15 to 20 digits and capital letters.
	TaxNumber string
	Shape     Shape
	// WidthMM and HeightMM measure over the outer edge. HeightMM is ignored for circles and squares.
	WidthMM, HeightMM float64
	Color             Color
	Opacity           int   // per cent, 20 to 100; 0 = 100
	Star              *bool // whether the star stands in the centre; nil = as usual for the kind
	Aged              bool  // a worn impression, the same each time for the same Seed
	Seed              uint64
	// Running draws a Personal seal as the name alone in a running hand, without a frame.
	Running bool
}

// SpecError says which field of a Spec cannot be drawn, and by which rule: "required", "max", "min", "oneof", "digits",
// "taxnumber", "fit", "shape". Param is the rule's limit.
type SpecError struct{ Field, Rule, Param string }

func (e *SpecError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("seal: %s breaks rule %s %s", e.Field, e.Rule, e.Param))
}

// MissingGlyphError names the characters that no configured font can draw.
type MissingGlyphError struct {
	Field string
	Runes []rune
}

func (e *MissingGlyphError) Error() string {
	return fmt.Sprintf("seal: no font has the characters %q of %s", string(e.Runes), e.Field)
}

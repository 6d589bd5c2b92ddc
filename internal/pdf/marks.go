package pdf

import (
	"fmt"
	"image/color"
	"strings"
)

// MarkKind says what a Mark holds.
type MarkKind string

// The kinds of marks. Seal and Signature marks belong to a signer's act; the first one of a signer becomes the
// signature field itself.
const (
	Seal      MarkKind = "seal"      // an organisation's or a person's seal
	Signature MarkKind = "signature" // a signature by hand
	Date      MarkKind = "date"      // the date of signing, filled by the act
	Text      MarkKind = "text"      // text, filled in Prepare or by an act
	Picture   MarkKind = "picture"   // a picture, filled in Prepare or by an act
)

// Align is the horizontal placing of text within its mark.
type Align string

// Alignments; the zero value is AlignLeft.
const (
	AlignLeft   Align = "left"
	AlignCenter Align = "center"
	AlignRight  Align = "right"
)

// Form is a drawing that a mark shows: a content stream or a picture. It keeps its proportions and lies centred
// in the mark's box.
type Form struct {
	WidthPt, HeightPt float64 // natural size in points; for a picture only the ratio counts, 0 takes its pixels
	Opacity           float64 // 0 < Opacity < 1 draws it see-through as a whole; 0 and 1 are opaque
	Content           []byte  // content stream in points, origin at the bottom left, setting its own colours
	PNG               []byte  // a PNG, with or without transparency, instead of Content

	late bool // drawn in the ink of late marks
}

// Mark is a place on a page that one act of signing fills, or that Prepare fills at once.
type Mark struct {
	ID   string // unique among the marks of a file; the name of the field is made from it
	Kind MarkKind

	// Signer groups the marks of one act (an approver's id, say). The first Seal or Signature mark of a signer
	// becomes the signature field, the further ones locked button fields. Give it for every mark that is filled by an act.
	Signer string

	Page                int     // from 1
	X, Y, Width, Height float64 // points, from the top left of the page as shown (after Rotate and CropBox), y down

	Text      string      // value of a Text or Date mark that Prepare fills
	Form      *Form       // drawing of a Picture mark that Prepare fills
	FontSize  float64     // points; 0 chooses by the height of the box. Text too long for its box is drawn smaller.
	Align     Align       // of text
	Color     color.Color // of text, nil is black
	Multiline bool        // text wraps and begins at the top of the box
}

// MarkError reports a mark that cannot be placed or filled.
type MarkError struct {
	ID     string // the mark
	Reason string // one of the Reason… codes
}

// Reasons of a MarkError.
const (
	ReasonPage      = "page"      // the file has no such page
	ReasonBox       = "box"       // no width or height, or not a number
	ReasonDuplicate = "duplicate" // two marks with one ID
	ReasonKind      = "kind"      // unknown kind, or a value that the kind cannot take
	ReasonSigned    = "signed"    // the field is signed or filled already
	ReasonPicture   = "picture"   // the picture is no PNG or too large
	ReasonCovers    = "covers"    // it would hide what others have signed
	ReasonUnknown   = "unknown"   // a fill names a mark that neither the file nor the call has
)

func (e *MarkError) Error() string { return fmt.Sprintf("mark %q: %s", e.ID, e.Reason) }

// MissingGlyphError names the characters that no font at hand can draw.
type MissingGlyphError struct {
	Mark  string // the mark's ID, empty in a composed document
	Runes []rune
}

func (e *MissingGlyphError) Error() string {
	names := make([]string, len(e.Runes))
	for i, r := range e.Runes {
		names[i] = fmt.Sprintf("%c (%U)", r, r)
	}
	return "no glyph for " + strings.Join(names, ", ")
}

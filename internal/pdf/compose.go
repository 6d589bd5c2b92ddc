package pdf

import (
	"errors"

	"sealdesk/internal/font"
)

// Composer sets a plain Chinese document on A4 pages. Its methods return the Composer, Bytes reports the first error.
type Composer struct {
	face *font.Face
}

// NewComposer starts an empty document.
func NewComposer(face *font.Face) *Composer { return &Composer{face: face} }

// Title sets the document's title, centred and large.
func (c *Composer) Title(text string) *Composer { return c }

// Note sets a small line flush right, such as the contract's number.
func (c *Composer) Note(text string) *Composer { return c }

// Heading sets a heading, such as 第一条 合同标的.
func (c *Composer) Heading(text string) *Composer { return c }

// Paragraph sets justified text with an indent of two characters.
func (c *Composer) Paragraph(text string) *Composer { return c }

// Item sets a numbered or lettered line with a hanging indent.
func (c *Composer) Item(label, text string) *Composer { return c }

// PageBreak starts a new page.
func (c *Composer) PageBreak() *Composer { return c }

// Party is one side of a signature area.
type Party struct {
	Key  string // names the anchors: Key+".seal", Key+".signature", Key+".date"
	Role string // such as 甲方
	Name string // the organisation
	// Lines are further facts above the signature, such as 地址：….
	Lines []string
}

// SignatureArea sets two parties side by side with room for seal, signature and date.
func (c *Composer) SignatureArea(left, right Party) *Composer { return c }

// Anchor is a box on a page of a composed document, in the coordinates of a Mark.
type Anchor struct {
	Page                int
	X, Y, Width, Height float64
}

// Anchors returns the boxes of the signature areas by name; complete once Bytes was called.
func (c *Composer) Anchors() map[string]Anchor { return nil }

// Bytes returns the finished document.
func (c *Composer) Bytes() ([]byte, error) { return nil, errors.New("not there yet") }

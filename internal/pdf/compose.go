package pdf

import (
	"fmt"
	"maps"
	"slices"

	"sealdesk/internal/font"
)

// Measures of composed pages, in points: A4 with margins of 25 mm at the sides.
const (
	pageWidth    = 595.276
	pageHeight   = 841.89
	marginSide   = 72.0
	marginTop    = 72.0
	marginBottom = 76.0
	textWidth    = pageWidth - 2*marginSide
	bodySize     = 11.0
	bodyLeading  = 19.5
)

// Composer sets a plain Chinese document on A4 pages. Its methods return the Composer, Bytes reports the first error.
type Composer struct {
	text    *textFont
	pages   [][]byte // content streams
	y       float64  // base line of what was set last, from the top of the page
	title   string
	anchors map[string]Anchor
	missing []rune
}

// Anchor is a box on a page of a composed document, in the coordinates of a Mark.
type Anchor struct {
	Page                int
	X, Y, Width, Height float64
}

// NewComposer starts an empty document.
func NewComposer(face *font.Face) *Composer {
	c := &Composer{text: newTextFont(face), anchors: map[string]Anchor{}}
	return c.PageBreak()
}

// PageBreak starts a new page.
func (c *Composer) PageBreak() *Composer {
	c.pages = append(c.pages, nil)
	c.y = marginTop
	return c
}

// room starts a new page unless the given height is left on this one.
func (c *Composer) room(height float64) {
	if c.y+height > pageHeight-marginBottom && c.y > marginTop {
		c.PageBreak()
	}
}

// style is how a run of text is set.
type style struct {
	size float64
	bold bool    // by a stroke around the letters: the font has one weight
	gray float64 // 0 is black
}

var (
	bodyStyle    = style{size: bodySize}
	titleStyle   = style{size: 21, bold: true}
	headingStyle = style{size: 12.5, bold: true}
	noteStyle    = style{size: 9.5, gray: 0.25}
	folioStyle   = style{size: 9, gray: 0.35}
)

// show sets a run of text with its base line at (x, y) from the top left; spread is added after each character.
func (c *Composer) show(page int, x, y float64, text []rune, s style, spread float64) {
	for _, r := range c.text.missing(string(text)) {
		if !slices.Contains(c.missing, r) {
			c.missing = append(c.missing, r)
		}
	}
	b := append(c.pages[page], "BT "...)
	b = append(appendNumber(b, s.gray), " g "...)
	if s.bold {
		b = append(appendNumber(b, s.gray), " G 2 Tr "...)
		b = append(appendNumber(b, s.size*0.026), " w "...)
	}
	b = append(appendNumber(append(b, "/T "...), s.size), " Tf "...)
	if spread != 0 {
		b = append(appendNumber(b, spread), " Tc "...)
	}
	b = append(appendNumber(append(b, "1 0 0 1 "...), x), ' ')
	b = append(appendNumber(b, pageHeight-y), " Tm "...)
	b = append(c.text.show(b, text), " Tj ET"...)
	if s.bold {
		b = append(b, " 0 Tr"...)
	}
	if spread != 0 {
		b = append(b, " 0 Tc"...)
	}
	c.pages[page] = append(b, '\n')
}

// rule draws a thin line.
func (c *Composer) rule(x, y, width float64) {
	c.pages[len(c.pages)-1] = fmt.Appendf(c.pages[len(c.pages)-1], "0.45 G 0.6 w %s %s m %s %s l S\n",
		appendNumber(nil, x), appendNumber(nil, pageHeight-y), appendNumber(nil, x+width), appendNumber(nil, pageHeight-y))
}

// lines sets wrapped text at x; all lines but the last of a paragraph are justified.
func (c *Composer) lines(text string, x, indent, width, leading float64, s style) {
	lines := c.text.wrap(text, (width-indent)/s.size, width/s.size)
	for i, l := range lines {
		c.room(leading)
		c.y += leading
		at, free := x, width-l.width*s.size
		if i == 0 {
			at, free = x+indent, free-indent
		}
		var spread float64
		// Wider gaps look worse than a ragged edge.
		if n := len(l.text) - 1; !l.ends && n > 0 && free/float64(n) < 0.25*s.size {
			spread = free / float64(n)
		}
		if len(l.text) > 0 {
			c.show(len(c.pages)-1, at, c.y, l.text, s, spread)
		}
	}
}

// Title sets the document's title, centred and large.
func (c *Composer) Title(text string) *Composer {
	if c.title == "" {
		c.title = text
	}
	c.room(60)
	c.y += 6
	for _, l := range c.text.wrap(text, textWidth/titleStyle.size, textWidth/titleStyle.size) {
		c.y += 30
		c.show(len(c.pages)-1, (pageWidth-l.width*titleStyle.size)/2, c.y, l.text, titleStyle, 0)
	}
	c.y += 16
	return c
}

// Note sets a small line flush right, such as the contract's number.
func (c *Composer) Note(text string) *Composer {
	c.room(16)
	c.y += 16
	runes := []rune(text)
	c.show(len(c.pages)-1, pageWidth-marginSide-c.text.advance(runes)*noteStyle.size, c.y, runes, noteStyle, 0)
	return c
}

// Heading sets a heading, such as 第一条 合同标的. It stays with the text that follows.
func (c *Composer) Heading(text string) *Composer {
	c.room(26 + 2*bodyLeading)
	c.y += 7
	c.lines(text, marginSide, 0, textWidth, 21, headingStyle)
	c.y += 1
	return c
}

// Paragraph sets justified text with an indent of two characters.
func (c *Composer) Paragraph(text string) *Composer {
	c.lines(text, marginSide, 2*bodySize, textWidth, bodyLeading, bodyStyle)
	c.y += 2
	return c
}

// Line sets text without an indent, such as 甲方：….
func (c *Composer) Line(text string) *Composer {
	c.lines(text, marginSide, 0, textWidth, bodyLeading, bodyStyle)
	return c
}

// Item sets a numbered or lettered line with a hanging indent.
func (c *Composer) Item(label, text string) *Composer {
	const hang = 2 * bodySize
	inset := max(hang, c.text.advance([]rune(label))*bodySize+4)
	c.room(bodyLeading)
	page, y := len(c.pages)-1, c.y+bodyLeading
	c.lines(text, marginSide+hang+inset, 0, textWidth-hang-inset, bodyLeading, bodyStyle)
	c.show(page, marginSide+hang, y, []rune(label), bodyStyle, 0)
	return c
}

// Party is one side of a signature area.
type Party struct {
	Key   string   // names the anchors: Key+".seal", Key+".signature", Key+".date"
	Role  string   // such as 甲方（盖章）
	Name  string   // the organisation or person
	Lines []string // further facts above the signature, such as 地址：…
	// The labels of the lines to sign and date on, such as 授权代表（签字）： and 日期：.
	SignatureLabel, DateLabel string
}

// Measures of a signature area, in points.
const (
	sealSize       = 113.39 // 40 mm
	areaGap        = 24.0
	areaColumn     = (textWidth - areaGap) / 2
	areaLineHeight = 19.0
)

// SignatureArea sets two parties side by side with room for seal, signature and date. It is never cut by a page's end.
func (c *Composer) SignatureArea(left, right Party) *Composer {
	facts := max(len(left.Lines), len(right.Lines)) + 4 // two lines at most for a long name
	c.room(float64(facts)*areaLineHeight + sealSize + 40)
	top := c.y + 12
	bottom := top
	for i, p := range []Party{left, right} {
		bottom = max(bottom, c.party(p, marginSide+float64(i)*(areaColumn+areaGap), top))
	}
	c.y = bottom
	return c
}

// party sets one column and gives its lower edge.
func (c *Composer) party(p Party, x, y float64) float64 {
	page := len(c.pages) - 1
	y += areaLineHeight
	c.show(page, x, y, []rune(p.Role), style{size: bodySize, bold: true}, 0)
	nameTop := y
	for _, text := range append([]string{p.Name}, p.Lines...) {
		for _, l := range c.text.wrap(text, areaColumn/bodySize, areaColumn/bodySize) {
			y += areaLineHeight
			c.show(page, x, y, l.text, bodyStyle, 0)
		}
	}
	// The seal lies over the end of the name, as it does on paper.
	c.anchors[p.Key+".seal"] = Anchor{page + 1, x + areaColumn - sealSize - 6, nameTop + 2, sealSize, sealSize}
	y = max(y, nameTop+sealSize-areaLineHeight) + 34
	y = c.blank(p.Key+".signature", p.SignatureLabel, page, Anchor{X: x, Y: y, Height: 36}, 2) + 30
	// A date stands on the base line of its label.
	return c.blank(p.Key+".date", p.DateLabel, page, Anchor{X: x, Y: y, Height: 18}, 4.4) + 8
}

// blank sets a label with a line to write on, whose box, of the given height, is an anchor. It gives the base line.
func (c *Composer) blank(key, label string, page int, at Anchor, below float64) float64 {
	runes := []rune(label)
	c.show(page, at.X, at.Y, runes, bodyStyle, 0)
	start := at.X + c.text.advance(runes)*bodySize + 2
	width := at.X + areaColumn - start
	c.rule(start, at.Y+4.5, width)
	c.anchors[key] = Anchor{page + 1, start + 2, at.Y + below - at.Height, width - 4, at.Height}
	return at.Y
}

// Anchors returns the boxes of the signature areas by name.
func (c *Composer) Anchors() map[string]Anchor { return maps.Clone(c.anchors) }

// Bytes returns the finished document, with page numbers. It can be called once.
func (c *Composer) Bytes() ([]byte, error) {
	for i := range c.pages {
		folio := []rune(fmt.Sprintf("%d / %d", i+1, len(c.pages)))
		c.show(i, (pageWidth-c.text.advance(folio)*folioStyle.size)/2, pageHeight-42, folio, folioStyle, 0)
	}
	if len(c.missing) > 0 {
		return nil, fmt.Errorf("compose: %w", &MissingGlyphError{Runes: c.missing})
	}
	w := newWriter()
	fontRef := w.add(nil)
	tree := w.add(nil)
	kids := array{}
	for _, content := range c.pages {
		kids = append(kids, w.add(dict{
			"Type": name("Page"), "Parent": tree, "MediaBox": array{0, 0, pageWidth, pageHeight},
			"Resources": dict{"Font": dict{"T": fontRef}}, "Contents": w.add(deflated(nil, content)),
		}))
	}
	w.set(fontRef, c.text.objects(w.add))
	w.set(tree, dict{"Type": name("Pages"), "Count": len(kids), "Kids": kids})
	root := w.add(dict{
		"Type": name("Catalog"), "Pages": tree, "Lang": str("zh-CN"), "ViewerPreferences": dict{"DisplayDocTitle": true},
	})
	info := w.add(dict{"Title": textString(c.title), "Producer": str("Sealdesk")})
	return w.document(root, info), nil
}

// newWriter begins a new document: an update of nothing.
func newWriter() *update {
	header := []byte("%PDF-1.7\n%\xe5\xb0\xe7\xab\n")
	f := &file{original: header, data: header, xref: map[int]entry{}, trailer: dict{}, rebuilt: true}
	return f.update()
}

// document writes a new document.
func (u *update) document(root, info ref) []byte {
	u.file.trailer["Root"], u.file.trailer["Info"] = root, info
	return u.bytes()
}

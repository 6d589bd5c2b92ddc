package seal

import (
	"math"
	"sync"

	"golang.org/x/image/font/gofont/gomedium"

	"sealdesk/internal/font"
)

// codeFace draws anti-forgery and tax numbers. The rules ask for Arial; Go Medium is a sans serif of the same build
// whose licence lets it be embedded.
var codeFace = sync.OnceValues(func() (*font.Face, error) { return font.Parse(gomedium.TTF) })

// ink is the height of a Chinese character's ink in em. Measures of the rules are those of the ink.
const ink = 0.93

// Draw lays out a seal. It fails with a *SpecError or, naming the characters, with a *MissingGlyphError.
func Draw(face *font.Face, s Spec) (*Drawing, error) {
	s, err := resolve(s)
	if err != nil {
		return nil, err
	}
	d := &Drawing{width: s.WidthMM, height: s.HeightMM, color: s.Color, opacity: float64(s.Opacity) / 100}
	switch {
	case s.Running:
		err = d.running(face, s)
	case s.Kind == Invoice:
		err = d.invoice(face, s)
	case s.Shape == Circle || s.Shape == Ellipse:
		err = d.round(face, s)
	default:
		err = d.box(face, s)
	}
	if err != nil {
		return nil, err
	}
	if s.Aged {
		d.worn = wear(s.WidthMM, s.HeightMM, s.Seed)
	}
	return d, nil
}

// add appends letters as parts.
func (d *Drawing) add(role Role, ps []placed) {
	for _, p := range ps {
		if len(p.glyph.Outline) > 0 {
			d.parts = append(d.parts, p.part(role))
		}
	}
}

// ringWidth follows the tables of seal makers: 1.2 mm for official seals from 40 mm on, else 1.0 mm.
func ringWidth(s Spec) float64 {
	if s.Kind == Official && s.Shape == Circle && s.WidthMM >= 40 {
		return 1.2
	}
	return 1.0
}

// round draws circular and elliptical seals: ring, star, name on the upper arc, text below the centre, code below.
func (d *Drawing) round(face *font.Face, s Spec) error {
	name, err := letters(face, "Name", s.Name)
	if err != nil {
		return err
	}
	text, err := letters(face, "HorizontalText", s.HorizontalText)
	if err != nil {
		return err
	}
	o := oval{font.Point{X: s.WidthMM / 2, Y: s.HeightMM / 2}, s.WidthMM / 2, s.HeightMM / 2}
	u := math.Min(s.WidthMM, s.HeightMM) / 40 // measures below are those of a circle of 40 mm
	ring := ringWidth(s)
	d.parts = append(d.parts, Part{Role: RoleRing, Path: o.ring(ring)})

	starred := s.Shape == Circle
	if s.Star != nil {
		starred = *s.Star
	}
	below := 7.7 * u // from the centre down to the top of the text
	textHeight := 3.9 * u
	switch {
	case s.Shape == Ellipse && !starred:
		below, textHeight = 3.2*u, 5.2*u
	case s.Shape == Ellipse:
		below = 6.6 * u
	case !starred:
		below, textHeight = 3.0*u, 4.8*u
	}
	if starred {
		tip := 7 * s.WidthMM / 42
		if s.Shape == Ellipse {
			tip = 5.6 * u
		}
		d.parts = append(d.parts, Part{Role: RoleStar, Path: star(o.centre, tip)})
	}
	row := middleRow(text, o.centre.X, o.centre.Y-below, textHeight, 0.5*s.WidthMM)
	avoid := row
	maxHalf := 132.0
	var code []placed
	if s.Code != "" {
		if code, err = codeLetters(s.Code, o, ring, u); err != nil {
			return err
		}
		avoid = append(row[:len(row):len(row)], code...)
	}
	height := 5.9 * u
	if s.Shape == Ellipse {
		height, maxHalf = 6.2*u, 125
	}
	set, err := arcName{
		letters: name, oval: o, ring: ring, clear: 0.72 * u, gap: 0.055, height: height, narrowest: 0.62,
		maxHalf: maxHalf * math.Pi / 180, avoid: avoid, avoidClear: 0.95 * u,
	}.set()
	if err != nil {
		return err
	}
	d.add(RoleName, set)
	d.add(RoleText, row)
	d.add(RoleCode, code)
	return nil
}

// codeLetters sets the anti-forgery number along the bottom of an oval.
func codeLetters(code string, o oval, ring, u float64) ([]placed, error) {
	face, err := codeFace()
	if err != nil {
		return nil, err
	}
	ls, err := letters(face, "Code", code)
	if err != nil {
		return nil, err
	}
	return lowerCode(ls, o, ring+0.75*u, 1.3*u, 0.8*u, 1.62*u), nil
}

// invoice draws the seal of 国家税务总局公告2011年第7号: ellipse 40 × 30 with a ring of 1 mm, name 4.2 high, 0.5 inside the
// ring on an arc of 210 to 260 degrees, tax number 3.7 high and 26 wide in all on the axis, 发票专用章 4.6 × 3 with its top
// 4.2 below the axis.
func (d *Drawing) invoice(face *font.Face, s Spec) error {
	const ring = 1.0
	name, err := letters(face, "Name", s.Name)
	if err != nil {
		return err
	}
	text, err := letters(face, "HorizontalText", s.HorizontalText)
	if err != nil {
		return err
	}
	codes, err := codeFace()
	if err != nil {
		return err
	}
	number, err := letters(codes, "TaxNumber", s.TaxNumber)
	if err != nil {
		return err
	}
	o := oval{font.Point{X: s.WidthMM / 2, Y: s.HeightMM / 2}, s.WidthMM / 2, s.HeightMM / 2}
	row := textRow(text, o.centre.X, o.centre.Y-4.2, 4.6, 3.0, 0.45)
	middle := taxNumber(number, o.centre)
	set, err := arcName{
		letters: name, oval: o, ring: ring, clear: 0.5 - 4.2*(1/ink-1)/2, gap: 0.05, height: 4.2 / ink, narrowest: 0.6,
		minHalf: 105 * math.Pi / 180, maxHalf: 130 * math.Pi / 180,
		avoid: append(row[:len(row):len(row)], middle...), avoidClear: 0.5,
	}.set()
	if err != nil {
		return err
	}
	d.parts = append(d.parts, Part{Role: RoleRing, Path: o.ring(ring)})
	d.add(RoleName, set)
	d.add(RoleCode, middle)
	d.add(RoleText, row)
	return nil
}

// taxNumber spreads the number over 26 mm about the centre, each character 1.3 wide and 3.7 high.
func taxNumber(ls []letter, centre font.Point) []placed {
	const width, height, total = 1.3, 3.7, 26.0
	w := min(width, total/float64(len(ls))-0.12)
	pitch := (total - w) / float64(len(ls)-1)
	out := make([]placed, 0, len(ls))
	for i, l := range ls {
		at := font.Translate(centre.X-total/2+w/2+pitch*float64(i), centre.Y)
		out = append(out, place(l, inBox(l, w, height).Then(at)))
	}
	return out
}

// middleRow sets the horizontal text with its top at the given height; characters grow narrower when the row would
// pass the greatest width.
func middleRow(ls []letter, x, top, height, widest float64) []placed {
	if len(ls) == 0 {
		return nil
	}
	width := min(0.92*height, widest/float64(len(ls))*0.96)
	if low := 1.4 * width; height > low { // not all too slim: lower, about the same middle
		top, height = top-(height-low)*0.3, low
	}
	return textRow(ls, x, top, height, width, width*0.06)
}

// textRow sets characters side by side about x: each as high and at most as wide as given (ink), spaced by gap.
func textRow(ls []letter, x, top, height, width, gap float64) []placed {
	h, w := height/ink, width/ink
	sum := 0.0
	for _, l := range ls {
		sum += cellWidth(l) * width
	}
	sum += gap * float64(len(ls)-1)
	at := x - sum/2
	out := make([]placed, 0, len(ls))
	for _, l := range ls {
		cell := cellWidth(l) * width
		m := font.Translate(-l.glyph.Advance/2, -cjkMiddle).Then(font.Scale(w, h)).Then(font.Translate(at+cell/2, top-height/2))
		out = append(out, place(l, m))
		at += cell + gap
	}
	return out
}

// cellWidth is the width of a character relative to a Chinese one.
func cellWidth(l letter) float64 { return min(1, l.glyph.Advance) }

package seal

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"sealdesk/internal/font"
)

// box draws square and rectangular seals.
func (d *Drawing) box(face *font.Face, s Spec) error {
	u := min(s.WidthMM, s.HeightMM) / 20
	line := max(0.5, 0.8*min(1, u*1.25))
	outer := font.Rect{MaxX: s.WidthMM, MaxY: s.HeightMM}
	pad := line + max(0.55, 0.85*u)
	in := font.Rect{MinX: pad, MinY: pad, MaxX: s.WidthMM - pad, MaxY: s.HeightMM - pad}
	d.parts = append(d.parts, Part{Role: RoleRing, Path: frame(outer, line, 0.35*line)})
	gap := max(0.25, 0.5*u)
	if isLatin(s.Name) {
		ls, err := letters(face, "Name", s.Name)
		if err != nil {
			return err
		}
		return d.rows(ls, in)
	}
	text := strings.ReplaceAll(s.Name, " ", "")
	columns := 0
	switch {
	case s.Kind == Financial:
		text += s.HorizontalText
	case s.Shape == Rectangle:
		text = inscription(text, 2)
		columns = len([]rune(text))
	default:
		text = inscription(text, 3)
		columns = 2
	}
	ls, err := letters(face, "Name", text)
	if err != nil {
		return err
	}
	if n := len(ls); columns == 0 || (columns == 2 && n > 6) {
		columns = int(math.Ceil(math.Sqrt(float64(n)) - 0.35))
	}
	set := grid(split(ls, columns, s.Shape == Rectangle), in, gap)
	for _, p := range set {
		if b := p.glyph.Outline.Transform(p.at).Bounds(); b.Height() < smallest/2 {
			if p.r != '·' {
				return &SpecError{Field: "Name", Rule: "fit"}
			}
		}
	}
	d.add(RoleName, set)
	return nil
}

// inscription completes a personal name: two characters with 之印 and three with 印 make four. Longer ones stand alone
// when they fill the square, and names longer than upTo get nothing where the room is short.
func inscription(name string, upTo int) string {
	n := len([]rune(name))
	switch {
	case upTo == 2 && n <= 2:
		return name + "印"
	case upTo == 2:
		return name
	case n <= 2:
		return name + "之印"
	case n == 3, n == 5:
		return name + "印"
	default:
		return name
	}
}

// split deals letters out to columns, from left to right as they are to stand: the first column is the rightmost, but
// for a single row. A name of several parts (阿不都·买买提) gets a column a part.
func split(ls []letter, columns int, leftToRight bool) [][]letter {
	out := nameParts(ls)
	if leftToRight || len(out) < 2 || len(out) > 3 {
		out = nil
		columns = min(columns, len(ls))
		for c := range columns {
			n := (len(ls) + columns - c - 1) / (columns - c)
			out, ls = append(out, ls[:n]), ls[n:]
		}
	}
	if !leftToRight {
		slices.Reverse(out)
	}
	return out
}

// nameParts splits a name behind its dots, or gives nil when the parts differ too much in length to be columns.
func nameParts(ls []letter) [][]letter {
	var parts [][]letter
	start := 0
	for i, l := range ls {
		if cellWeight(l) < 1 || i == len(ls)-1 {
			parts = append(parts, ls[start:i+1])
			start = i + 1
		}
	}
	for _, p := range parts {
		if 2*len(p) > 3*len(parts[len(parts)-1])+2 || 3*len(p) < 2*len(parts[len(parts)-1]) {
			return nil
		}
	}
	return parts
}

// grid sets columns of letters side by side, each filled from the top.
func grid(columns [][]letter, in font.Rect, gap float64) []placed {
	n := float64(len(columns))
	width := (in.Width() - gap*(n-1)) / n
	var out []placed
	for c, column := range columns {
		weight := 0.0
		for _, l := range column {
			weight += cellWeight(l)
		}
		x := in.MinX + width/2 + float64(c)*(width+gap)
		unit := (in.Height() - gap*float64(len(column)-1)) / weight
		top := in.MaxY
		for _, l := range column {
			height := unit * cellWeight(l)
			out = append(out, place(l, inCell(l, x, top-height/2, width, height)))
			top -= height + gap
		}
	}
	return out
}

// cellWeight is a character's share of a column's height: the dot between the parts of a name needs little.
func cellWeight(l letter) float64 {
	if l.r == '·' || l.r == '•' {
		return 0.35
	}
	return 1
}

// inCell stretches a character to its cell, as seal cutters do, but not beyond 1 : 1.6, and not its ink beyond the cell.
func inCell(l letter, x, y, width, height float64) font.Affine {
	if cellWeight(l) < 1 { // a dot keeps its shape
		b := l.glyph.Bounds
		k := min(width, height/0.35) * 0.9
		return font.Translate(-(b.MinX+b.MaxX)/2, -(b.MinY+b.MaxY)/2).Then(font.Scale(k, k)).Then(font.Translate(x, y))
	}
	sx, sy := width/ink, height/ink
	sx, sy = min(sx, 1.6*sy), min(sy, 1.6*sx)
	b := l.glyph.Bounds
	if b.Width()*sx > width {
		sx = width / b.Width()
	}
	if b.Height()*sy > height {
		sy = height / b.Height()
	}
	// Centred by its em box, then shifted so that the ink stays within.
	cx, cy := l.glyph.Advance/2, cjkMiddle
	cx = max(b.MaxX-width/2/sx, min(b.MinX+width/2/sx, cx))
	cy = max(b.MaxY-height/2/sy, min(b.MinY+height/2/sy, cy))
	return font.Translate(-cx, -cy).Then(font.Scale(sx, sy)).Then(font.Translate(x, y))
}

// rows sets a name in Latin letters, a row for each word.
func (d *Drawing) rows(ls []letter, in font.Rect) error {
	var words [][]letter
	var cur []letter
	for _, l := range ls {
		if l.r == ' ' {
			words, cur = append(words, cur), nil
			continue
		}
		cur = append(cur, l)
	}
	words = append(words, cur)
	const leading = 1.15
	size := in.Height() / (leading * float64(len(words)))
	for _, w := range words {
		size = min(size, in.Width()/wordWidth(w))
	}
	if size < smallest*0.8 {
		return &SpecError{Field: "Name", Rule: "fit"}
	}
	middle := (in.MinY + in.MaxY) / 2
	for i, w := range words {
		y := middle + size*leading*(float64(len(words)-1)/2-float64(i)) - size*0.33
		at := (in.MinX+in.MaxX)/2 - wordWidth(w)*size/2
		for _, l := range w {
			p := place(l, font.Scale(size, size).Then(font.Translate(at, y)))
			d.add(RoleName, []placed{p})
			at += l.glyph.Advance * size
		}
	}
	return nil
}

func wordWidth(w []letter) float64 {
	sum := 0.0
	for _, l := range w {
		sum += l.glyph.Advance
	}
	return sum
}

// isLatin says whether a name is written in letters rather than in Chinese characters.
func isLatin(name string) bool {
	return strings.IndexFunc(name, isWide) < 0 && strings.IndexFunc(name, unicode.IsLetter) >= 0
}

package pdf

import (
	"encoding/binary"
	"math"
	"slices"

	"sealdesk/internal/font"
)

// unitsPerEm of the fonts that we write. The embedded face has the same, so that its outlines come through unchanged.
const unitsPerEm = 1000

// ascent and descent of the fonts that we write, in font units.
const (
	ascent  = 880
	descent = -120
)

// trueType writes a TrueType font of the given glyphs, the first of which stands for missing ones. It holds the
// tables that PDF asks of a CIDFontType2 (ISO 32000-1, table 126) and no more: no hints, no character map.
func trueType(glyphs []font.Glyph) []byte {
	var glyf, loca, hmtx []byte
	box := [4]int16{}
	maxPoints, maxContours, widest := 0, 0, 0
	for _, g := range glyphs {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		contours := outlinePoints(g.Outline)
		points := 0
		for _, c := range contours {
			points += len(c)
		}
		maxPoints, maxContours = max(maxPoints, points), max(maxContours, len(contours))
		data, b := simpleGlyph(contours)
		glyf = append(glyf, data...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		box = [4]int16{min(box[0], b[0]), min(box[1], b[1]), max(box[2], b[2]), max(box[3], b[3])}
		width := units(g.Advance)
		widest = max(widest, width)
		hmtx = appendInt16(hmtx, width, int(b[0]))
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))

	count := len(glyphs)
	var head, hhea, maxp []byte
	head = binary.BigEndian.AppendUint32(head, 0x00010000)
	head = binary.BigEndian.AppendUint32(head, 0x00010000)
	head = binary.BigEndian.AppendUint32(head, 0) // checkSumAdjustment, set below
	head = binary.BigEndian.AppendUint32(head, 0x5f0f3cf5)
	head = appendInt16(head, 0x0003, unitsPerEm)
	head = append(head, make([]byte, 16)...) // no dates: the same text gives the same bytes
	head = appendInt16(head, int(box[0]), int(box[1]), int(box[2]), int(box[3]), 0, 8, 2, 1, 0)
	hhea = binary.BigEndian.AppendUint32(hhea, 0x00010000)
	hhea = appendInt16(hhea, ascent, descent, 0, widest, 0, 0, int(box[2]), 1, 0, 0, 0, 0, 0, 0, 0, count)
	maxp = binary.BigEndian.AppendUint32(maxp, 0x00010000)
	maxp = appendInt16(maxp, count, maxPoints, maxContours, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)
	return assemble([]table{
		{"glyf", glyf}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp},
	})
}

type table struct {
	tag  string
	data []byte
}

// assemble writes the directory and the tables, which are sorted by tag, and sets the font's checksum.
func assemble(tables []table) []byte {
	n := len(tables)
	power := 1
	log := 0
	for power*2 <= n {
		power *= 2
		log++
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	out = appendInt16(out, n, power*16, log, (n-power)*16)
	offset := len(out) + 16*n
	var body []byte
	headAt := 0
	for _, t := range tables {
		if t.tag == "head" {
			headAt = offset + len(body)
		}
		out = append(out, t.tag...)
		out = binary.BigEndian.AppendUint32(out, checksum(t.data))
		out = binary.BigEndian.AppendUint32(out, uint32(offset+len(body)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t.data)))
		body = append(body, t.data...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	out = append(out, body...)
	binary.BigEndian.PutUint32(out[headAt+8:], 0xb1b0afba-checksum(out))
	return out
}

func checksum(data []byte) uint32 {
	var sum uint32
	for len(data) >= 4 {
		sum += binary.BigEndian.Uint32(data)
		data = data[4:]
	}
	var rest [4]byte
	copy(rest[:], data)
	return sum + binary.BigEndian.Uint32(rest[:])
}

func appendInt16(b []byte, values ...int) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func units(v float64) int {
	return int(math.Round(max(-16000, min(16000, v*unitsPerEm))))
}

// outlinePoint is a point of a TrueType contour.
type outlinePoint struct {
	x, y float64
	on   bool
}

// outlinePoints turns a path into contours of on-curve and control points in font units. Cubic curves become quadratic.
func outlinePoints(path font.Path) [][]outlinePoint {
	var out [][]outlinePoint
	var contour []outlinePoint
	add := func(p font.Point, on bool) {
		contour = append(contour, outlinePoint{p.X * unitsPerEm, p.Y * unitsPerEm, on})
	}
	end := func() {
		if c := tidy(contour); len(c) > 2 {
			out = append(out, c)
		}
		contour = nil
	}
	var at font.Point
	for _, s := range path {
		switch s.Op {
		case font.MoveTo:
			end()
			add(s.Args[0], true)
		case font.LineTo:
			add(s.Args[0], true)
		case font.QuadTo:
			add(s.Args[0], false)
			add(s.Args[1], true)
		case font.CubeTo:
			for _, q := range quads(at, s.Args[0], s.Args[1], s.Args[2]) {
				add(q[0], false)
				add(q[1], true)
			}
		case font.Close:
			end()
			continue
		}
		at = s.Args[s.Points()-1]
	}
	end()
	return out
}

// quads cuts a cubic curve into four and takes for each the quadratic with the same middle: off by less than a
// thousandth of the em for the curves of letters.
func quads(p0, p1, p2, p3 font.Point) [][2]font.Point {
	const parts = 4
	at := func(t float64) font.Point {
		u := 1 - t
		a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		return font.Point{X: a*p0.X + b*p1.X + c*p2.X + d*p3.X, Y: a*p0.Y + b*p1.Y + c*p2.Y + d*p3.Y}
	}
	out := make([][2]font.Point, parts)
	for i := range parts {
		from, mid, to := at(float64(i)/parts), at((float64(i)+0.5)/parts), at(float64(i+1)/parts)
		out[i] = [2]font.Point{{X: 2*mid.X - (from.X+to.X)/2, Y: 2*mid.Y - (from.Y+to.Y)/2}, to}
	}
	return out
}

// tidy drops the point that closes a contour on its start, and on-curve points halfway between two control points,
// which TrueType understands without them.
func tidy(c []outlinePoint) []outlinePoint {
	if n := len(c); n > 1 && c[0].on && c[n-1].on && near(c[0].x, c[n-1].x) && near(c[0].y, c[n-1].y) {
		c = c[:n-1]
	}
	var out []outlinePoint
	for i, p := range c {
		prev, next := c[(i+len(c)-1)%len(c)], c[(i+1)%len(c)]
		if i > 0 && p.on && !prev.on && !next.on && near(p.x, (prev.x+next.x)/2) && near(p.y, (prev.y+next.y)/2) {
			continue
		}
		out = append(out, p)
	}
	return out
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.6 }

// Flags of a point in a simple glyph.
const (
	flagOn     = 1
	flagShortX = 2
	flagShortY = 4
	flagSameX  = 16 // with flagShortX: positive
	flagSameY  = 32
)

// simpleGlyph writes a glyph, and gives its box. A glyph without ink has no bytes.
func simpleGlyph(contours [][]outlinePoint) ([]byte, [4]int16) {
	if len(contours) == 0 {
		return nil, [4]int16{}
	}
	var ends, flags, xs, ys []byte
	box := [4]int{math.MaxInt16, math.MaxInt16, math.MinInt16, math.MinInt16}
	count, px, py := 0, 0, 0
	for _, c := range contours {
		for _, p := range c {
			x, y := int(math.Round(p.x)), int(math.Round(p.y))
			box = [4]int{min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)}
			var flag byte
			if p.on {
				flag = flagOn
			}
			xs, flag = appendDelta(xs, x-px, flag, flagShortX, flagSameX)
			ys, flag = appendDelta(ys, y-py, flag, flagShortY, flagSameY)
			flags = append(flags, flag)
			px, py = x, y
		}
		count += len(c)
		ends = appendInt16(ends, count-1)
	}
	out := appendInt16(nil, len(contours), box[0], box[1], box[2], box[3])
	out = slices.Concat(out, appendInt16(ends, 0), flags, xs, ys)
	return out, [4]int16{int16(box[0]), int16(box[1]), int16(box[2]), int16(box[3])}
}

func appendDelta(b []byte, d int, flag, short, same byte) ([]byte, byte) {
	switch {
	case d == 0:
		return b, flag | same
	case d > 0 && d < 256:
		return append(b, byte(d)), flag | short | same
	case d < 0 && d > -256:
		return append(b, byte(-d)), flag | short
	}
	return appendInt16(b, d), flag
}

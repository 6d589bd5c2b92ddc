package seal

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"golang.org/x/image/vector"

	"sealdesk/internal/font"
)

// Role says what a part of a drawing is.
type Role string

// The roles of parts.
const (
	RoleRing Role = "ring"
	RoleStar Role = "star"
	RoleName Role = "name" // one part a character
	RoleText Role = "text" // horizontal text, one part a character
	RoleCode Role = "code" // anti-forgery number or tax number, one part a character
)

// Part is one filled shape of a drawing, in millimetres, y up, origin at the lower left corner of the seal's box.
type Part struct {
	Role Role
	Rune rune // the character of name, text and code
	Path font.Path
}

// Drawing is a seal as vector shapes.
type Drawing struct {
	width, height float64
	color         Color
	opacity       float64 // 0..1
	parts         []Part
	// worn holds the places where an aged impression left no ink: small contours that do not touch each other.
	worn font.Path
}

// SizeMM gives the seal's outer measures in millimetres.
func (d *Drawing) SizeMM() (w, h float64) { return d.width, d.height }

// Parts gives the shapes of the drawing. The caller must not change them.
func (d *Drawing) Parts() []Part { return d.parts }

// Form is a seal as PDF content: points, origin at the lower left. The content sets its own colour; Opacity (0..1) is
// for the graphics state of whoever places it.
type Form struct {
	WidthPt, HeightPt float64
	Opacity           float64
	Content           []byte
}

// PDF gives the seal as a content stream.
func (d *Drawing) PDF() Form {
	var b bytes.Buffer
	toPt := font.Scale(PointsPerMM, PointsPerMM)
	b.WriteString("q\n")
	if len(d.worn) > 0 {
		// An even-odd clip: the whole box but for the worn places.
		fmt.Fprintf(&b, "0 0 %s %s re\n", num(d.width*PointsPerMM, 3), num(d.height*PointsPerMM, 3))
		writePDF(&b, d.worn.Transform(toPt))
		b.WriteString("W* n\n")
	}
	r, g, bl := d.color.RGB()
	fmt.Fprintf(&b, "%s %s %s rg\n", num(float64(r)/255, 4), num(float64(g)/255, 4), num(float64(bl)/255, 4))
	for _, p := range d.parts {
		writePDF(&b, p.Path.Transform(toPt))
		b.WriteString("f\n")
	}
	b.WriteString("Q\n")
	return Form{
		WidthPt: d.width * PointsPerMM, HeightPt: d.height * PointsPerMM,
		Opacity: d.opacity, Content: b.Bytes(),
	}
}

// writePDF writes path operators; quadratic curves become cubic ones, which PDF knows.
func writePDF(b *bytes.Buffer, p font.Path) {
	var at font.Point
	xy := func(q font.Point) { b.WriteString(num(q.X, 3) + " " + num(q.Y, 3) + " ") }
	for _, s := range p {
		switch s.Op {
		case font.MoveTo:
			xy(s.Args[0])
			b.WriteString("m\n")
		case font.LineTo:
			xy(s.Args[0])
			b.WriteString("l\n")
		case font.QuadTo:
			c, e := s.Args[0], s.Args[1]
			xy(font.Point{X: at.X + (c.X-at.X)*2/3, Y: at.Y + (c.Y-at.Y)*2/3})
			xy(font.Point{X: e.X + (c.X-e.X)*2/3, Y: e.Y + (c.Y-e.Y)*2/3})
			xy(e)
			b.WriteString("c\n")
		case font.CubeTo:
			xy(s.Args[0])
			xy(s.Args[1])
			xy(s.Args[2])
			b.WriteString("c\n")
		case font.Close:
			b.WriteString("h\n")
		}
		if n := s.Points(); n > 0 {
			at = s.Args[n-1]
		}
	}
}

// SVG gives the seal as a document of its own size in millimetres, which may also stand inside an HTML page: it has no
// style attribute, and its clip path is named after its content.
func (d *Drawing) SVG() []byte {
	var body bytes.Buffer
	// SVG's y axis points down.
	flip := font.Affine{1, 0, 0, -1, 0, d.height}
	var role Role
	for _, p := range d.parts {
		if p.Role != role {
			if role != "" {
				body.WriteString("\"/>\n")
			}
			role = p.Role
			fmt.Fprintf(&body, "<path data-role=\"%s\" d=\"", role)
		}
		writeSVG(&body, p.Path.Transform(flip))
	}
	if role != "" {
		body.WriteString("\"/>\n")
	}
	var b bytes.Buffer
	w, h := num(d.width, 3), num(d.height, 3)
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%smm\" height=\"%smm\" viewBox=\"0 0 %s %s\">\n", w, h, w, h)
	clip := ""
	if len(d.worn) > 0 {
		sum := fnv.New64a()
		sum.Write(body.Bytes())
		id := "worn-" + strconv.FormatUint(sum.Sum64(), 36)
		fmt.Fprintf(&b, "<clipPath id=\"%s\"><path clip-rule=\"evenodd\" d=\"M0 0H%sV%sH0Z", id, w, h)
		writeSVG(&b, d.worn.Transform(flip))
		b.WriteString("\"/></clipPath>\n")
		clip = fmt.Sprintf(" clip-path=\"url(#%s)\"", id)
	}
	opacity := ""
	if d.opacity < 1 {
		opacity = fmt.Sprintf(" opacity=\"%s\"", num(d.opacity, 2))
	}
	fmt.Fprintf(&b, "<g fill=\"%s\"%s%s>\n", d.color.hex(), opacity, clip)
	b.Write(body.Bytes())
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}

// writeSVG writes path data with a thousandth of a millimetre, far below what any printer resolves. Positions are
// relative, which halves the text; they are differences of rounded positions, so that no error adds up.
func writeSVG(b *bytes.Buffer, p font.Path) {
	const unit = 1000
	round := func(q font.Point) (x, y int) { return int(math.Round(q.X * unit)), int(math.Round(q.Y * unit)) }
	letters := [...]byte{font.MoveTo: 'M', font.LineTo: 'l', font.QuadTo: 'q', font.CubeTo: 'c', font.Close: 'z'}
	atX, atY := 0, 0
	for _, s := range p {
		b.WriteByte(letters[s.Op])
		for k := range s.Points() {
			x, y := round(s.Args[k])
			dx, dy := x-atX, y-atY
			if s.Op == font.MoveTo {
				dx, dy = x, y
			}
			first, second := short(dx), short(dy)
			if k > 0 && first[0] != '-' {
				b.WriteByte(' ')
			}
			b.WriteString(first)
			if second[0] != '-' {
				b.WriteByte(' ')
			}
			b.WriteString(second)
		}
		if n := s.Points(); n > 0 {
			atX, atY = round(s.Args[n-1])
		}
	}
}

// short writes thousandths as a decimal fraction without needless zeros: -250 is -.25.
func short(thousandths int) string {
	text := num(float64(thousandths)/1000, 3)
	if rest, ok := strings.CutPrefix(text, "-0."); ok {
		return "-." + rest
	}
	if rest, ok := strings.CutPrefix(text, "0."); ok {
		return "." + rest
	}
	return text
}

// num writes a number with at most the given decimals and no trailing zeros.
func num(v float64, decimals int) string {
	scale := math.Pow10(decimals)
	v = math.Round(v*scale) / scale
	if v == 0 { // also -0
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// PNG gives the seal as an anti-aliased picture on a transparent ground. The resolution (72 to 1200 dots an inch) is
// written into the file, so that the picture keeps its size in millimetres.
func (d *Drawing) PNG(dpi float64) ([]byte, error) {
	if dpi < 72 || dpi > 1200 {
		return nil, &SpecError{Field: "DPI", Rule: "max", Param: "1200"}
	}
	mask := d.mask(dpi / 25.4)
	img := image.NewNRGBA(mask.Bounds())
	r, g, b := d.color.RGB()
	for i, a := range mask.Pix {
		x, y := i%mask.Stride, i/mask.Stride
		img.SetNRGBA(x, y, color.NRGBA{r, g, b, uint8(math.Round(float64(a) * d.opacity))})
	}
	return encodePNG(img, dpi)
}

// mask rasterises the ink, worn places left out, with the given pixels a millimetre.
func (d *Drawing) mask(scale float64) *image.Alpha {
	w, h := int(math.Ceil(d.width*scale-1e-6)), int(math.Ceil(d.height*scale-1e-6))
	toPixels := font.Affine{scale, 0, 0, -scale, 0, d.height * scale}
	ink := vector.NewRasterizer(w, h)
	for _, p := range d.parts {
		rasterize(ink, p.Path.Transform(toPixels))
	}
	out := image.NewAlpha(image.Rect(0, 0, w, h))
	ink.Draw(out, out.Bounds(), image.Opaque, image.Point{})
	if len(d.worn) == 0 {
		return out
	}
	worn := vector.NewRasterizer(w, h)
	rasterize(worn, d.worn.Transform(toPixels))
	holes := image.NewAlpha(out.Bounds())
	worn.Draw(holes, holes.Bounds(), image.Opaque, image.Point{})
	for i, a := range holes.Pix {
		out.Pix[i] = uint8(int(out.Pix[i]) * (255 - int(a)) / 255)
	}
	return out
}

// rasterize adds a path in pixels to a rasterizer.
func rasterize(r *vector.Rasterizer, p font.Path) {
	f := func(q font.Point) (float32, float32) { return float32(q.X), float32(q.Y) }
	for _, s := range p {
		ax, ay := f(s.Args[0])
		bx, by := f(s.Args[1])
		cx, cy := f(s.Args[2])
		switch s.Op {
		case font.MoveTo:
			r.MoveTo(ax, ay)
		case font.LineTo:
			r.LineTo(ax, ay)
		case font.QuadTo:
			r.QuadTo(ax, ay, bx, by)
		case font.CubeTo:
			r.CubeTo(ax, ay, bx, by, cx, cy)
		case font.Close:
			r.ClosePath()
		}
	}
}

package seal

import (
	"math"
	"sort"

	"sealdesk/internal/font"
)

// letter is a character with its shape and the hull of its ink, in em units.
type letter struct {
	r       rune
	glyph   font.Glyph
	outline []font.Point // convex hull of the ink, nil for a space
}

// letters looks the characters of a text up.
func letters(face *font.Face, field, text string) ([]letter, error) {
	if missing := face.Missing(text); len(missing) > 0 {
		return nil, &MissingGlyphError{Field: field, Runes: missing}
	}
	var out []letter
	for _, r := range text {
		g, ok := face.Glyph(r)
		if !ok { // white space that the font does not list
			g = font.Glyph{Advance: 0.3}
		}
		var points []font.Point
		for _, contour := range g.Outline.Flatten(4) {
			points = append(points, contour...)
		}
		out = append(out, letter{r, g, hull(points)})
	}
	return out, nil
}

// placed is a letter with the map from em units to millimetres.
type placed struct {
	letter
	at   font.Affine
	hull []font.Point // of the ink, in millimetres
}

func place(l letter, at font.Affine) placed { return placed{l, at, apply(at, l.outline)} }

func (p placed) part(role Role) Part {
	return Part{Role: role, Rune: p.r, Path: p.glyph.Outline.Transform(p.at)}
}

// nearest is the least distance between any letter of p and any of q.
func nearest(p, q []placed) float64 {
	best := math.Inf(1)
	for _, a := range p {
		for _, b := range q {
			best = min(best, distance(a.hull, b.hull))
		}
	}
	return best
}

// track is a curve inside an oval, measured by arc length from its topmost point, clockwise (as the name reads).
type track struct {
	oval  oval
	depth float64 // millimetres inside the oval
	steps []float64
}

// trackSteps divides half the curve; positions between two steps are interpolated.
const trackSteps = 720

func newTrack(o oval, depth float64) *track {
	t := &track{oval: o, depth: depth, steps: make([]float64, trackSteps+1)}
	last, _ := o.at(math.Pi/2, depth)
	for k := 1; k <= trackSteps; k++ {
		p, _ := o.at(math.Pi/2-math.Pi*float64(k)/trackSteps, depth)
		t.steps[k] = t.steps[k-1] + math.Hypot(p.X-last.X, p.Y-last.Y)
		last = p
	}
	return t
}

// half is the length from the top to the bottom.
func (t *track) half() float64 { return t.steps[trackSteps] }

// point gives the position and the outward normal at the signed length s from the top.
func (t *track) point(s float64) (p, normal font.Point) {
	side := 1.0
	if s < 0 {
		side, s = -1, -s
	}
	k := sort.SearchFloat64s(t.steps, s)
	k = max(1, min(k, trackSteps))
	f := float64(k-1) + (s-t.steps[k-1])/(t.steps[k]-t.steps[k-1])
	return t.oval.at(math.Pi/2-side*math.Pi*f/trackSteps, t.depth)
}

// lengthAt gives the length from the top to where the curve's direction from the centre is the angle (radians) away
// from straight up.
func (t *track) lengthAt(angle float64) float64 {
	k := sort.Search(trackSteps, func(k int) bool {
		p, _ := t.oval.at(math.Pi/2-math.Pi*float64(k)/trackSteps, t.depth)
		return math.Atan2(p.X-t.oval.centre.X, p.Y-t.oval.centre.Y) >= angle
	})
	return t.steps[k]
}

// cjkMiddle is the height of the middle of a Chinese character over the base line, in em.
const cjkMiddle = 0.38

// arcName is the task of setting a name along the upper arc of an oval.
type arcName struct {
	letters []letter
	oval    oval    // outer edge of the seal
	ring    float64 // width of the ring
	clear   float64 // from the ring to the top of the em box
	gap     float64 // least distance between two letters, relative to their height
	height  float64 // of the em box, to begin with
	// narrowest is how far letters are squeezed before they shrink.
	narrowest float64
	// minHalf and maxHalf bound the angle from the top to the outer edge of the first and last letter, in radians.
	// minHalf may be 0: the name then takes what it naturally needs.
	minHalf, maxHalf float64
	// avoid are letters that the name must stay clear of.
	avoid      []placed
	avoidClear float64
}

// smallest is the least legible height of a character in millimetres.
const smallest = 2.0

// set finds the largest setting in which no letters collide: first it tightens the spacing, then narrows the letters,
// then shrinks them.
func (a arcName) set() ([]placed, error) {
	for h := a.height; h >= smallest; h *= 0.97 {
		t := newTrack(a.oval, a.ring+a.clear+h/2)
		widths := []float64{a.narrowest}
		if h == a.height {
			widths = nil
			for w := 1.0; w > a.narrowest-0.001; w -= 0.02 {
				widths = append(widths, w)
			}
		}
		for _, w := range widths {
			if out, ok := a.try(t, h, w); ok {
				return out, nil
			}
		}
	}
	return nil, &SpecError{Field: "Name", Rule: "fit"}
}

// try sets the name with letters of the height h, narrowed to the factor w.
func (a arcName) try(t *track, h, w float64) ([]placed, bool) {
	sum := 0.0
	for _, l := range a.letters {
		sum += l.glyph.Advance * h * w
	}
	n := float64(len(a.letters))
	// Few characters stand wide apart, many close together: natural spaces, in em.
	spread := max(0.30, min(0.95, 1.45-0.125*n))
	for half := a.maxHalf; half > a.maxHalf*0.55; half -= 0.02 {
		limit := 2 * t.lengthAt(half)
		if n > 1 {
			space := (limit - sum) / (n - 1)
			if a.minHalf == 0 {
				space = min(space, spread*h)
			} else {
				space = min(space, max(spread*h, (2*t.lengthAt(a.minHalf)-sum)/(n-1)))
			}
			if space < -0.2*h*w {
				return nil, false
			}
			out := a.along(t, h, w, sum, space)
			if a.tight(out, a.gap*h) {
				return nil, false
			}
			if nearest(ends(out), a.avoid) >= a.avoidClear {
				return out, true
			}
			continue
		}
		return a.along(t, h, w, sum, 0), sum <= limit
	}
	return nil, false
}

// ends gives the three letters at either end, the only ones that come near the text in the lower half.
func ends(p []placed) []placed {
	if len(p) <= 6 {
		return p
	}
	return append(p[:3:3], p[len(p)-3:]...)
}

// along places the letters, centred at the top, each upright on the curve's normal.
func (a arcName) along(t *track, h, w, sum, space float64) []placed {
	at := -(sum + space*float64(len(a.letters)-1)) / 2
	out := make([]placed, 0, len(a.letters))
	for _, l := range a.letters {
		width := l.glyph.Advance * h * w
		p, normal := t.point(at + width/2)
		turn := font.Affine{normal.Y, -normal.X, normal.X, normal.Y, p.X, p.Y} // maps up to the normal
		em := font.Translate(-l.glyph.Advance/2, -cjkMiddle).Then(font.Scale(h*w, h))
		out = append(out, place(l, em.Then(turn)))
		at += width + space
	}
	return out
}

// tight says whether neighbours (or the two ends, over the bottom) come closer than the gap.
func (a arcName) tight(out []placed, gap float64) bool {
	inked := make([]placed, 0, len(out))
	for _, p := range out {
		if len(p.hull) > 0 {
			inked = append(inked, p)
		}
	}
	for i := 1; i < len(inked); i++ {
		if distance(inked[i-1].hull, inked[i].hull) < gap {
			return true
		}
	}
	return len(inked) > 2 && distance(inked[0].hull, inked[len(inked)-1].hull) < gap
}

// lowerCode sets digits along the lower arc: they read from left to right, upright there, feet towards the ring.
func lowerCode(ls []letter, o oval, depth, height, width, pitch float64) []placed {
	t := newTrack(o, depth+height/2)
	out := make([]placed, 0, len(ls))
	first := -pitch * float64(len(ls)-1) / 2
	for i, l := range ls {
		// Measured from the bottom, rightwards; the track counts from the top, clockwise.
		s := first + pitch*float64(i)
		along := t.half() - math.Abs(s)
		if s < 0 {
			along = -along
		}
		p, normal := t.point(along)
		up := font.Point{X: -normal.X, Y: -normal.Y}
		turn := font.Affine{up.Y, -up.X, up.X, up.Y, p.X, p.Y}
		out = append(out, place(l, inBox(l, width, height).Then(turn)))
	}
	return out
}

// inBox maps a capital or digit to a box of the given measures about the origin. All characters of a code get the same
// height; narrow ones such as 1 keep their narrowness.
func inBox(l letter, width, height float64) font.Affine {
	b := l.glyph.Bounds
	const digit = 0.5 // width of a usual digit's ink in em
	sx := min(width/b.Width(), width/digit)
	return font.Translate(-(b.MinX+b.MaxX)/2, -(b.MinY+b.MaxY)/2).Then(font.Scale(sx, height/b.Height()))
}

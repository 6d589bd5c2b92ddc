package seal

import (
	"math"
	"math/rand/v2"

	"sealdesk/internal/font"
)

// running draws a name like a signature: leaning, drawn together, each character a little different in height, size and
// turn. The variation comes from the name, so that a person's signature is always the same.
func (d *Drawing) running(face *font.Face, s Spec) error {
	ls, err := letters(face, "Name", s.Name)
	if err != nil {
		return err
	}
	seed := s.Seed
	for _, l := range ls {
		seed = seed*31 + uint64(l.r)
	}
	rnd := rand.New(rand.NewPCG(seed, 0x5ea1))
	const lean = 0.22
	var set []placed
	at := 0.0
	for i, l := range ls {
		size := 1.0
		if i > 0 {
			size = 0.86 + 0.10*rnd.Float64()
		}
		turn := (rnd.Float64() - 0.35) * 0.07
		rise := (rnd.Float64() - 0.5) * 0.07
		m := font.Translate(-l.glyph.Advance/2, -cjkMiddle).
			Then(font.Scale(0.90*size, size)).
			Then(font.Affine{1, 0, lean, 1, 0, 0}).
			Then(font.Rotate(turn)).
			Then(font.Translate(at, rise))
		p := place(l, m)
		if i > 0 && len(set) > 0 && len(p.hull) > 0 {
			// Moved left until it nearly touches the one before.
			m, p = closeUp(set[len(set)-1], p)
		}
		if len(p.hull) == 0 {
			at += 0.3
			continue
		}
		set = append(set, p)
		at = m[4] + l.glyph.Advance*0.5 + 0.6
	}
	if len(set) == 0 {
		return &SpecError{Field: "Name", Rule: "required"}
	}
	d.add(RoleName, fit(set, s.WidthMM, s.HeightMM))
	return nil
}

// closeUp moves a letter horizontally until its hull is a little off the one before.
func closeUp(before, p placed) (font.Affine, placed) {
	const gap = 0.035
	low, high := -3.0, 3.0
	for range 30 {
		mid := (low + high) / 2
		q := place(p.letter, p.at.Then(font.Translate(mid, 0)))
		if leftmost(q.hull) > leftmost(before.hull) && distance(before.hull, q.hull) > gap {
			high = mid
		} else {
			low = mid
		}
	}
	m := p.at.Then(font.Translate(high, 0))
	return m, place(p.letter, m)
}

func leftmost(hull []font.Point) float64 {
	x := math.Inf(1)
	for _, p := range hull {
		x = min(x, p.X)
	}
	return x
}

// fit scales and centres letters into a box with a small margin.
func fit(set []placed, width, height float64) []placed {
	box := font.Rect{MinX: math.Inf(1), MinY: math.Inf(1), MaxX: math.Inf(-1), MaxY: math.Inf(-1)}
	for _, p := range set {
		b := p.glyph.Outline.Transform(p.at).Bounds()
		box = font.Rect{
			MinX: min(box.MinX, b.MinX), MinY: min(box.MinY, b.MinY),
			MaxX: max(box.MaxX, b.MaxX), MaxY: max(box.MaxY, b.MaxY),
		}
	}
	const margin = 0.5
	k := min((width-2*margin)/box.Width(), (height-2*margin)/box.Height())
	m := font.Translate(-(box.MinX+box.MaxX)/2, -(box.MinY+box.MaxY)/2).Then(font.Scale(k, k)).Then(font.Translate(width/2, height/2))
	out := make([]placed, len(set))
	for i, p := range set {
		out[i] = place(p.letter, p.at.Then(m))
	}
	return out
}

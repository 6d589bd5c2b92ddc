package seal_test

import (
	"fmt"
	"math"

	"sealdesk/internal/font"
	"sealdesk/internal/seal"
)

func parts(d *seal.Drawing, role seal.Role) []seal.Part {
	var out []seal.Part
	for _, p := range d.Parts() {
		if p.Role == role {
			out = append(out, p)
		}
	}
	return out
}

func abs(n int) int { return max(n, -(n + 1)) }

// collision says which two parts come closer than the gap (millimetres), measured between their outlines.
func collision(d *seal.Drawing, gap float64) string {
	type shape struct {
		part  seal.Part
		polys [][]font.Point
		box   font.Rect
	}
	w, h := d.SizeMM()
	var shapes []shape
	for _, p := range d.Parts() {
		shapes = append(shapes, shape{p, p.Path.Flatten(6), p.Path.Bounds()})
	}
	for i, a := range shapes {
		if b := a.box; b.MinX < -1e-3 || b.MinY < -1e-3 || b.MaxX > w+1e-3 || b.MaxY > h+1e-3 {
			return fmt.Sprintf("%s %q leaves the seal: %+v", a.part.Role, a.part.Rune, b)
		}
		for _, b := range shapes[i+1:] {
			if a.box.MinX-gap > b.box.MaxX || b.box.MinX-gap > a.box.MaxX || a.box.MinY-gap > b.box.MaxY || b.box.MinY-gap > a.box.MaxY {
				continue
			}
			if got := outlineDistance(a.polys, b.polys, b.box, gap); got <= gap {
				return fmt.Sprintf("%s %q and %s %q are %.3f mm apart", a.part.Role, a.part.Rune, b.part.Role, b.part.Rune, got)
			}
		}
	}
	return ""
}

// outlineDistance is the least distance between two sets of polygons' edges, as far as it matters for the gap; 0 where
// edges cross. box is that of b.
func outlineDistance(a, b [][]font.Point, box font.Rect, gap float64) float64 {
	best := math.Inf(1)
	for _, p := range a {
		for i := range p {
			u, v := p[i], p[(i+1)%len(p)]
			if min(u.X, v.X) > box.MaxX+gap || max(u.X, v.X) < box.MinX-gap || min(u.Y, v.Y) > box.MaxY+gap || max(u.Y, v.Y) < box.MinY-gap {
				continue
			}
			for _, q := range b {
				for j := range q {
					q1, q2 := q[j], q[(j+1)%len(q)]
					if crosses(u, v, q1, q2) {
						return 0
					}
					best = min(best, toSegment(u, q1, q2), toSegment(q1, u, v))
				}
			}
		}
	}
	return best
}

func crosses(a, b, c, d font.Point) bool {
	side := func(a, b, c font.Point) bool { return (b.X-a.X)*(c.Y-a.Y)-(b.Y-a.Y)*(c.X-a.X) > 0 }
	return side(a, b, c) != side(a, b, d) && side(c, d, a) != side(c, d, b)
}

func toSegment(p, a, b font.Point) float64 {
	dx, dy := b.X-a.X, b.Y-a.Y
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = max(0, min(1, ((p.X-a.X)*dx+(p.Y-a.Y)*dy)/l))
	}
	return math.Hypot(p.X-a.X-t*dx, p.Y-a.Y-t*dy)
}

func toPolygon(p font.Point, poly []font.Point) float64 {
	best := math.Inf(1)
	for i, a := range poly {
		best = min(best, toSegment(p, a, poly[(i+1)%len(poly)]))
	}
	return best
}

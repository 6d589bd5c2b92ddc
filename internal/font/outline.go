package font

import "math"

// Op is the kind of a path segment.
type Op uint8

// The segment kinds. A contour starts with MoveTo and ends with Close.
const (
	MoveTo Op = iota
	LineTo
	QuadTo
	CubeTo
	Close
)

// Point is a position; the unit depends on the path that holds it.
type Point struct{ X, Y float64 }

// Rect is an axis-parallel box. The zero Rect is empty.
type Rect struct{ MinX, MinY, MaxX, MaxY float64 }

// Width is the horizontal extent.
func (r Rect) Width() float64 { return r.MaxX - r.MinX }

// Height is the vertical extent.
func (r Rect) Height() float64 { return r.MaxY - r.MinY }

// Segment is one step of a path. MoveTo and LineTo use Args[0], QuadTo a control point and an end, CubeTo two
// control points and an end, Close none.
type Segment struct {
	Op   Op
	Args [3]Point
}

// Points gives how many of Args the segment uses.
func (s Segment) Points() int {
	switch s.Op {
	case MoveTo, LineTo:
		return 1
	case QuadTo:
		return 2
	case CubeTo:
		return 3
	default:
		return 0
	}
}

// Path is a list of closed contours, filled by the non-zero winding rule.
type Path []Segment

// Affine is a linear map and a shift in the order of PDF's cm operator: x' = a·x + c·y + e, y' = b·x + d·y + f.
type Affine [6]float64

// Identity is the map that changes nothing.
func Identity() Affine { return Affine{1, 0, 0, 1, 0, 0} }

// Translate shifts by (x, y).
func Translate(x, y float64) Affine { return Affine{1, 0, 0, 1, x, y} }

// Scale stretches by sx and sy about the origin.
func Scale(sx, sy float64) Affine { return Affine{sx, 0, 0, sy, 0, 0} }

// Rotate turns by the angle (radians, counter-clockwise where y points up) about the origin.
func Rotate(angle float64) Affine {
	s, c := math.Sincos(angle)
	return Affine{c, s, -s, c, 0, 0}
}

// Then gives the map that applies a first and b after it.
func (a Affine) Then(b Affine) Affine {
	return Affine{
		a[0]*b[0] + a[1]*b[2], a[0]*b[1] + a[1]*b[3],
		a[2]*b[0] + a[3]*b[2], a[2]*b[1] + a[3]*b[3],
		a[4]*b[0] + a[5]*b[2] + b[4], a[4]*b[1] + a[5]*b[3] + b[5],
	}
}

// Apply maps one point.
func (a Affine) Apply(p Point) Point {
	return Point{a[0]*p.X + a[2]*p.Y + a[4], a[1]*p.X + a[3]*p.Y + a[5]}
}

// Transform gives a copy of the path with every point mapped.
func (p Path) Transform(a Affine) Path {
	out := make(Path, len(p))
	for i, s := range p {
		for k := range s.Points() {
			s.Args[k] = a.Apply(s.Args[k])
		}
		out[i] = s
	}
	return out
}

// Bounds is the tight box of the outline: curves count with their extremes, not with their control points.
func (p Path) Bounds() Rect {
	pts := p.Flatten(16)
	var r Rect
	first := true
	for _, contour := range pts {
		for _, q := range contour {
			if first {
				r, first = Rect{q.X, q.Y, q.X, q.Y}, false
				continue
			}
			r.MinX, r.MaxX = min(r.MinX, q.X), max(r.MaxX, q.X)
			r.MinY, r.MaxY = min(r.MinY, q.Y), max(r.MaxY, q.Y)
		}
	}
	return r
}

// Flatten turns every contour into a polygon (first point not repeated), each curve into the given number of chords.
func (p Path) Flatten(chords int) [][]Point {
	var out [][]Point
	var cur []Point
	var at Point
	end := func() {
		if len(cur) > 0 {
			out = append(out, cur)
		}
		cur = nil
	}
	for _, s := range p {
		switch s.Op {
		case MoveTo:
			end()
			at = s.Args[0]
			cur = append(cur, at)
		case LineTo:
			at = s.Args[0]
			cur = append(cur, at)
		case QuadTo, CubeTo:
			for k := 1; k <= chords; k++ {
				cur = append(cur, s.at(at, float64(k)/float64(chords)))
			}
			at = s.Args[s.Points()-1]
		case Close:
			end()
		}
	}
	end()
	return out
}

// at evaluates a curve that starts at from, for t in 0..1.
func (s Segment) at(from Point, t float64) Point {
	u := 1 - t
	if s.Op == QuadTo {
		a, b, c := u*u, 2*u*t, t*t
		return Point{a*from.X + b*s.Args[0].X + c*s.Args[1].X, a*from.Y + b*s.Args[0].Y + c*s.Args[1].Y}
	}
	a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
	return Point{
		a*from.X + b*s.Args[0].X + c*s.Args[1].X + d*s.Args[2].X,
		a*from.Y + b*s.Args[0].Y + c*s.Args[1].Y + d*s.Args[2].Y,
	}
}

package seal

import (
	"math"
	"math/rand/v2"

	"sealdesk/internal/font"
)

// wear scatters places without ink over a box: many specks, more of them where the pressure was low, and a few longer
// scratches. The same seed gives the same places.
func wear(width, height float64, seed uint64) font.Path {
	rnd := rand.New(rand.NewPCG(seed, 0xa6ed))
	type disc struct{ x, y, r float64 }
	var taken []disc
	var out font.Path
	// Pressure is lowest towards one side.
	lowX, lowY := math.Sincos(rnd.Float64() * 2 * math.Pi)
	specks := int(width * height * 0.55)
	for range specks * 3 {
		if len(taken) >= specks {
			break
		}
		x, y := rnd.Float64()*width, rnd.Float64()*height
		away := ((x/width-0.5)*lowX+(y/height-0.5)*lowY)*1.4 + 0.5
		if rnd.Float64() > 0.18+0.82*max(0, away)*max(0, away) {
			continue
		}
		r := 0.05 + 0.34*math.Pow(rnd.Float64(), 3)
		stretch := 1.0
		if rnd.Float64() < 0.04 {
			stretch = 2 + 2*rnd.Float64()
		}
		reach := r * stretch * 1.25
		clash := x < reach || y < reach || x > width-reach || y > height-reach
		for _, t := range taken {
			clash = clash || math.Hypot(t.x-x, t.y-y) < t.r+reach
		}
		if clash {
			continue
		}
		taken = append(taken, disc{x, y, reach})
		out = append(out, speck(rnd, x, y, r, stretch)...)
	}
	return out
}

// speck is a ragged little polygon, within 1.25 times its radius and stretch.
func speck(rnd *rand.Rand, x, y, r, stretch float64) font.Path {
	corners := 6 + rnd.IntN(4)
	turn := font.Scale(stretch, 1).Then(font.Rotate(rnd.Float64() * math.Pi)).Then(font.Translate(x, y))
	p := make(font.Path, 0, corners+1)
	for k := range corners {
		s, c := math.Sincos(2 * math.Pi * float64(k) / float64(corners))
		at := r * (0.7 + 0.5*rnd.Float64())
		op := font.LineTo
		if k == 0 {
			op = font.MoveTo
		}
		p = append(p, font.Segment{Op: op, Args: [3]font.Point{turn.Apply(font.Point{X: at * c, Y: at * s})}})
	}
	return append(p, font.Segment{Op: font.Close})
}

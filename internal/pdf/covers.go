package pdf

import (
	"context"
	"image"
	"math"
	"sync"
)

// Whether a permitted change hides what was signed is judged by the pixels of its page, as PDFium draws them: as a signature
// signed them, and as they are now. Four things count.
//
//   - Contrast that was there must still be there: where two neighbouring pixels differed, they must go on differing.
//     A white box, a picture without transparency or a black bar fails; a red seal that darkens the paper passes.
//   - Nothing may be drawn on to what is there in its own colour: a stroke that makes an 8 of a 3.
//   - Ruled lines, and red within the box of an earlier signature, are judged as wholes: a text may touch the line that it is
//     written on, a seal may cross a red frame or the edge of another seal, neither may take the most of it away.
//   - What cannot be drawn, or only too small to be read, is not judged: it hides.
const (
	coverDPI     = 144
	coverCell    = 16  // pixels; 8 points, a small letter
	coverEdge    = 40  // difference of a colour channel that makes an edge
	coverKept    = 0.4 // part of the difference that must remain
	coverLost    = 0.25
	coverMinimum = 6   // lost edges of a cell, below which it is noise
	coverNear    = 3   // pixels: touching, or so close that it looks like one sign
	coverStroke  = 128 // difference of a colour channel between a stroke and its paper, smoothed edges left out
	coverTouches = 12  // pixels drawn on to others
	coverRule    = 60  // pixels; a straight line that is longer is no part of a sign
	coverTick    = 12  // the same in the box of a check mark, which has a frame
	coverThick   = 5   // pixels; what is thicker is no line
	coverRed     = 64  // how much more red than green and blue is red
)

// coverRenderer draws pages for the comparison. It starts when it is first needed.
var coverRenderer = sync.OnceValues(func() (*Renderer, error) {
	return NewRenderer(context.Background(), RendererOptions{CacheBytes: 1})
})

// pixels draws a page for the comparison.
func (r *Renderer) pixels(data []byte, page int) (picture *image.RGBA, err error) {
	err = r.withDocument(context.Background(), data, func(doc document) error {
		picture, err = doc.draw(page, coverDPI)
		return err
	})
	return picture, err
}

// cover compares two pictures of a page within a box.
type cover struct {
	old, now *image.RGBA
	area     image.Rectangle   // pixels
	seals    []image.Rectangle // what earlier signatures show
	rule     int               // pixels of a ruled line
	whole    []tally           // of each seal, and of the lines last
	judged   bool
}

// tally counts edges that were there, and those of them that can no longer be seen.
type tally struct{ lost, edges int }

func newCover(old, now *image.RGBA, box Place, seals []Place, tick bool) *cover {
	c := &cover{old: old, now: now, rule: coverRule, whole: make([]tally, len(seals)+1)}
	if tick {
		c.rule = coverTick
	}
	c.judged = old.Rect == now.Rect && old.Rect.Dx()*old.Rect.Dy() < maxPixels*9/10 // else the page was drawn smaller
	c.area = pixelBox(box).Intersect(old.Rect)
	for _, s := range seals {
		c.seals = append(c.seals, pixelBox(s).Intersect(old.Rect))
	}
	return c
}

// pixelBox is a box in pixels, with what is smoothed beyond its edge.
func pixelBox(box Place) image.Rectangle {
	const scale = float64(coverDPI) / 72
	return image.Rect(int(box.X*scale)-2, int(box.Y*scale)-2, int(math.Ceil((box.X+box.Width)*scale))+2,
		int(math.Ceil((box.Y+box.Height)*scale))+2)
}

func (c *cover) hidden() bool {
	if !c.judged {
		return true
	}
	touches := 0
	for y := c.area.Min.Y; y < c.area.Max.Y; y += coverCell {
		for x := c.area.Min.X; x < c.area.Max.X; x += coverCell {
			cell := image.Rect(x, y, x+coverCell, y+coverCell).Intersect(c.area)
			if n := c.lostEdges(cell); n.lost >= coverMinimum && float64(n.lost) > coverLost*float64(n.edges) {
				return true
			}
			touches += c.drawnOn(cell)
		}
	}
	for i, n := range c.whole {
		if most := [2]float64{coverLost, 0.6}; n.lost > coverCell && float64(n.lost) > most[(i+1)/len(c.whole)]*float64(n.edges) {
			return true
		}
	}
	return touches >= coverTouches
}

// lostEdges counts the edges of a cell, but for those that are judged as wholes.
func (c *cover) lostEdges(cell image.Rectangle) (n tally) {
	for y := cell.Min.Y; y < cell.Max.Y; y++ {
		for x := cell.Min.X; x < cell.Max.X; x++ {
			for _, next := range [2]image.Point{{x + 1, y}, {x, y + 1}} {
				if !next.In(c.area) {
					continue
				}
				i, k := c.old.PixOffset(x, y), c.old.PixOffset(next.X, next.Y)
				was := apart(c.old.Pix[i:], c.old.Pix[k:])
				if was < coverEdge {
					continue
				}
				at := &n
				if w := c.wholeOf(image.Point{x, y}, next); w >= 0 {
					at = &c.whole[w]
				}
				at.edges++
				if float64(apart(c.now.Pix[i:], c.now.Pix[k:])) < coverKept*float64(was) {
					at.lost++
				}
			}
		}
	}
	return n
}

// wholeOf tells of which whole an edge is a part, -1 of none.
func (c *cover) wholeOf(p, q image.Point) int {
	if light(c.old.Pix[c.old.PixOffset(q.X, q.Y):]) < light(c.old.Pix[c.old.PixOffset(p.X, p.Y):]) {
		p = q
	}
	if red(c.old.Pix[c.old.PixOffset(p.X, p.Y):]) {
		for i, s := range c.seals {
			if p.In(s) {
				return i
			}
		}
	}
	if c.ruled(p) {
		return len(c.seals)
	}
	return -1
}

// ruled tells whether a place is on a ruled line: long one way, thin the other, of one colour.
func (c *cover) ruled(p image.Point) bool {
	across, down := c.run(p, image.Point{1, 0}), c.run(p, image.Point{0, 1})
	return across >= c.rule && down <= coverThick || down >= c.rule && across <= coverThick
}

// run counts the pixels of one colour through a place, up to what makes a line.
func (c *cover) run(p, step image.Point) int {
	color, n := c.old.Pix[c.old.PixOffset(p.X, p.Y):], 1
	for _, by := range [2]image.Point{step, {-step.X, -step.Y}} {
		for q := p.Add(by); q.In(c.old.Rect) && n < c.rule && apart(c.old.Pix[c.old.PixOffset(q.X, q.Y):], color) < coverEdge; q = q.Add(by) {
			n++
		}
	}
	return n
}

// drawnOn counts pixels that were paper, are dark now, and lie next to something dark of the same colour.
func (c *cover) drawnOn(cell image.Rectangle) int {
	count := 0
	for y := cell.Min.Y; y < cell.Max.Y; y++ {
		for x := cell.Min.X; x < cell.Max.X; x++ {
			i := c.old.PixOffset(x, y)
			if apart(c.old.Pix[i:], c.now.Pix[i:]) >= coverStroke && light(c.old.Pix[i:]) > light(c.now.Pix[i:]) && c.besideOld(x, y, c.now.Pix[i:]) {
				count++
			}
		}
	}
	return count
}

// besideOld tells whether something of a colour lay close to a place, on paper of another.
func (c *cover) besideOld(x, y int, color []byte) bool {
	at := c.old.Pix[c.old.PixOffset(x, y):]
	for v := y - coverNear; v <= y+coverNear; v++ {
		for u := x - coverNear; u <= x+coverNear; u++ {
			p := image.Point{u, v}
			if !p.In(c.old.Rect) {
				continue
			}
			i := c.old.PixOffset(u, v)
			if apart(c.old.Pix[i:], color) < coverEdge && apart(c.old.Pix[i:], at) >= coverStroke && c.wholeOf(p, p) < 0 {
				return true
			}
		}
	}
	return false
}

// apart is the largest difference of two pixels in a channel.
func apart(a, b []byte) int {
	d := 0
	for i := range 3 {
		d = max(d, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return d
}

func light(pixel []byte) int { return 2*int(pixel[0]) + 5*int(pixel[1]) + int(pixel[2]) }

func red(pixel []byte) bool { return int(pixel[0]) > coverRed+max(int(pixel[1]), int(pixel[2])) }

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
//   - Contrast that was there must still be there: where two neighbouring pixels differed, they must go on differing, and the
//     darker of them may not become lighter. A white box, a veil or a black bar fails; a red seal that darkens the paper passes.
//   - Only a seal or handwriting may be laid on print: what is drawn on to it, or close to it, must belong to a mark that is
//     taller than print (see ink.go), in another colour. A stroke that makes an 8 of a 3 fails, so does a strike or a digit.
//   - Ruled lines, and what is coloured within the box of an earlier signature, are judged as wholes: a text may touch the line
//     that it is written on, a seal may cross a red frame or another seal, neither may take the most of it away.
//   - What cannot be drawn, or only too small to be read, is not judged: it hides.
const (
	coverDPI     = 144
	coverCell    = 16  // pixels; 8 points, a small letter
	coverEdge    = 40  // difference of a colour channel that makes an edge
	coverKept    = 0.6 // part of the difference that must remain
	coverPale    = 64  // of 2040, by which a stroke may become lighter
	coverLost    = 0.25
	coverMinimum = 6  // lost edges of a cell, below which it is noise
	coverNear    = 3  // pixels: touching, or so close that it looks like one sign
	coverTouches = 12 // pixels drawn on to others
	coverRule    = 60 // pixels; a straight line that is longer is no part of a sign
	coverTick    = 12 // the same in the box of a check mark, which has a frame
	coverThick   = 5  // pixels; what is thicker is no line
	coverColor   = 64 // difference of a colour's channels, above which it is no grey
)

// coverRenderer draws pages for the comparison. It starts when it is first needed.
var coverRenderer = sync.OnceValues(func() (*Renderer, error) {
	return NewRenderer(context.Background(), RendererOptions{CacheBytes: 1})
})

// pixels draws a page for the comparison.
func (r *Renderer) pixels(data []byte, at pageState) (picture *image.RGBA, err error) {
	err = r.withDocument(context.Background(), data[:at.end], func(doc document) error {
		draw := doc.draw
		if at.print {
			draw = doc.drawPrint
		}
		picture, err = draw(at.page, coverDPI)
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
	tall     map[inkCell]bool
	judged   bool
}

// tally counts edges that were there, and those of them that can no longer be seen.
type tally struct{ lost, edges int }

func newCover(old, now *image.RGBA, box Place, seals []Place, tick bool) *cover {
	c := &cover{old: old, now: now, rule: coverRule, whole: make([]tally, len(seals)+1), tall: map[inkCell]bool{}}
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

// bare tells whether there was nothing but ruled lines in the box, a frame along its edge left out.
func (c *cover) bare() bool {
	c.area = c.area.Inset(coverThick)
	return c.judged && c.lostEdges(c.area).edges < coverMinimum
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
				dark := i
				if light(c.old.Pix[k:]) < light(c.old.Pix[i:]) {
					dark = k
				}
				if float64(apart(c.now.Pix[i:], c.now.Pix[k:])) < coverKept*float64(was) || paler(c.old.Pix[dark:], c.now.Pix[dark:]) {
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
	if colored(c.old.Pix[c.old.PixOffset(p.X, p.Y):]) {
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

// apart is the largest difference of two pixels in a channel.
func apart(a, b []byte) int {
	d := 0
	for i := range 3 {
		d = max(d, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return d
}

func paler(old, now []byte) bool { return light(now) > light(old)+coverPale }

func light(pixel []byte) int { return 2*int(pixel[0]) + 5*int(pixel[1]) + int(pixel[2]) }

// colored tells what has a colour from what is black, grey or white.
func colored(pixel []byte) bool {
	r, g, b := int(pixel[0]), int(pixel[1]), int(pixel[2])
	return max(r, g, b)-min(r, g, b) > coverColor
}

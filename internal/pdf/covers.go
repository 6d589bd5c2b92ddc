package pdf

import (
	"context"
	"image"
	"math"
	"sync"
)

// Whether the look of a new signature hides what was signed before is judged by the pixels of the page, before and after
// the update, as PDFium draws them: text, pictures, drawings and earlier marks alike. Three things count.
//
//   - Contrast that was there must still be there: where two neighbouring pixels differed, they must go on differing.
//     A white box, a picture without transparency or a black bar fails; a red seal that darkens the paper passes.
//   - Nothing may be drawn on to what is there in its own colour: a stroke that makes an 8 of a 3.
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
)

// coverRenderer draws pages for the comparison. It starts when it is first needed.
var coverRenderer = sync.OnceValues(func() (*Renderer, error) {
	return NewRenderer(context.Background(), RendererOptions{CacheBytes: 1})
})

// hides tells whether a box on a page hides, in the later of two versions of a file, what the earlier shows.
func hides(before, after []byte, page int, box Place) bool {
	r, err := coverRenderer()
	if err != nil {
		return true
	}
	old, err1 := r.pixels(before, page)
	now, err2 := r.pixels(after, page)
	if err1 != nil || err2 != nil || old.Rect != now.Rect {
		return true
	}
	return newCover(old, now, box).hidden()
}

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
	area     image.Rectangle // pixels
	judged   bool
}

func newCover(old, now *image.RGBA, box Place) *cover {
	c := &cover{old: old, now: now}
	scale := float64(coverDPI) / 72
	c.judged = old.Rect.Dx()*old.Rect.Dy() < maxPixels*9/10 // else the page was drawn smaller
	c.area = image.Rect(int(box.X*scale)-2, int(box.Y*scale)-2, int(math.Ceil((box.X+box.Width)*scale))+2,
		int(math.Ceil((box.Y+box.Height)*scale))+2).Intersect(old.Rect)
	return c
}

func (c *cover) hidden() bool {
	if !c.judged {
		return true
	}
	touches := 0
	for y := c.area.Min.Y; y < c.area.Max.Y; y += coverCell {
		for x := c.area.Min.X; x < c.area.Max.X; x += coverCell {
			cell := image.Rect(x, y, x+coverCell, y+coverCell).Intersect(c.area)
			lost, edges := c.lostEdges(cell)
			if lost >= coverMinimum && float64(lost) > coverLost*float64(edges) {
				return true
			}
			touches += c.drawnOn(cell)
		}
	}
	return touches >= coverTouches
}

// lostEdges counts the edges of a cell, and those that can no longer be seen.
func (c *cover) lostEdges(cell image.Rectangle) (lost, edges int) {
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
				edges++
				if float64(apart(c.now.Pix[i:], c.now.Pix[k:])) < coverKept*float64(was) {
					lost++
				}
			}
		}
	}
	return lost, edges
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
			if !(image.Point{u, v}).In(c.old.Rect) {
				continue
			}
			i := c.old.PixOffset(u, v)
			if apart(c.old.Pix[i:], color) < coverEdge && apart(c.old.Pix[i:], at) >= coverStroke {
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

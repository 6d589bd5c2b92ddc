package pdf

import "image"

// Ink is what a look laid on the page. On print, only what nobody takes for print may lie: a seal, handwriting. What tells them
// is their height, for any colour can be chosen; a mark is all ink of a kind that lies together.
const (
	inkLaid   = 32  // darkening of a colour channel that is ink
	inkStrong = 128 // the same, smoothed edges left out
	inkTall   = 40  // pixels; 20 points, taller than print
	inkOwn    = 40  // difference of a colour channel, below which a colour is another's own
	inkPrint  = 80  // difference of a colour channel between print and its paper
)

// inkCell is a cell of the page with the kind of ink that is looked for in it: a seal's, which keeps red, or any other.
type inkCell struct {
	x, y int
	red  bool
}

// drawnOn counts pixels of ink that lie on print, or next to it, and could be taken for print.
func (c *cover) drawnOn(cell image.Rectangle) int {
	count := 0
	for y := cell.Min.Y; y < cell.Max.Y; y++ {
		for x := cell.Min.X; x < cell.Max.X; x++ {
			i := c.old.PixOffset(x, y)
			if !c.laid(i) {
				continue
			}
			print, ok := c.printBeside(x, y)
			if !ok {
				continue
			}
			own := apart(c.old.Pix[i:], c.now.Pix[i:]) >= inkStrong && apart(c.old.Pix[print:], c.now.Pix[i:]) < inkOwn
			if own || !c.isTall(inkCell{x / coverCell, y / coverCell, c.keepsRed(i)}) {
				count++
			}
		}
	}
	return count
}

// laid tells whether there is ink on a pixel that was lighter.
func (c *cover) laid(i int) bool {
	return apart(c.old.Pix[i:], c.now.Pix[i:]) >= inkLaid && light(c.old.Pix[i:]) > light(c.now.Pix[i:])
}

// keepsRed tells the ink of a seal, whatever it lies on.
func (c *cover) keepsRed(i int) bool { return 2*int(c.now.Pix[i])+inkLaid/2 > int(c.old.Pix[i]) }

// printBeside finds the darkest pixel of print close to a place, or under it.
func (c *cover) printBeside(x, y int) (at int, ok bool) {
	here := image.Point{x, y}
	under := c.old.PixOffset(x, y)
	for v := y - coverNear; v <= y+coverNear; v++ {
		for u := x - coverNear; u <= x+coverNear; u++ {
			p := image.Point{u, v}
			if !p.In(c.old.Rect) || apart(c.old.Pix[c.old.PixOffset(u, v):], c.old.Pix[under:]) < inkPrint {
				continue
			}
			if light(c.old.Pix[c.old.PixOffset(u, v):]) > light(c.old.Pix[under:]) {
				p = here // the ink lies on print
			}
			if i := c.old.PixOffset(p.X, p.Y); (!ok || light(c.old.Pix[i:]) < light(c.old.Pix[at:])) && c.wholeOf(p, p) < 0 {
				at, ok = i, true
			}
		}
	}
	return at, ok
}

// isTall tells whether the mark that a cell's ink belongs to is taller than print.
func (c *cover) isTall(start inkCell) bool {
	if tall, ok := c.tall[start]; ok {
		return tall
	}
	queue, seen := []inkCell{start}, map[inkCell]bool{start: true}
	var extent image.Rectangle
	for len(queue) > 0 && extent.Dy() < inkTall {
		at := queue[0]
		queue = queue[1:]
		ink := c.inkIn(at)
		if ink.Empty() {
			continue
		}
		extent = extent.Union(ink)
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if next := (inkCell{at.x + dx, at.y + dy, at.red}); !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
	}
	c.tall[start] = extent.Dy() >= inkTall
	return c.tall[start]
}

// inkIn is the box around the ink of a kind in a cell.
func (c *cover) inkIn(at inkCell) (box image.Rectangle) {
	corner := image.Point{at.x * coverCell, at.y * coverCell}
	cell := image.Rectangle{corner, corner.Add(image.Point{coverCell, coverCell})}.Intersect(c.old.Rect)
	for y := cell.Min.Y; y < cell.Max.Y; y++ {
		for x := cell.Min.X; x < cell.Max.X; x++ {
			if i := c.old.PixOffset(x, y); c.laid(i) && c.keepsRed(i) == at.red {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

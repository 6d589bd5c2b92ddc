package pdf

import (
	"math"
)

// page is one page with what it inherits.
type page struct {
	ref  ref // zero for a page that is no object of its own and so cannot be changed
	dict dict

	// The visible box in the page's own coordinates, and how it is turned for showing: 0, 90, 180 or 270 degrees clockwise.
	minX, minY, maxX, maxY float64
	rotate                 int

	resources object // its own or inherited
}

// inherited is what a page takes over from the nodes above it.
type inherited struct{ media, crop, rotate, resources object }

// pages lists the pages in order; ErrNoPages when there is none. Nodes are visited once, so that loops end.
func (f *file) pages() ([]page, error) {
	var out []page
	seen := map[int]bool{}
	var walk func(o object, from inherited, depth int) error
	walk = func(o object, from inherited, depth int) error {
		r, _ := o.(ref)
		if depth > maxDepth || r.num != 0 && seen[r.num] {
			return ErrDamaged
		}
		seen[r.num] = true
		d, ok := f.get(o).(dict)
		if !ok {
			return nil // pdfium leaves such a kid out, too
		}
		for key, field := range map[name]*object{"MediaBox": &from.media, "CropBox": &from.crop, "Rotate": &from.rotate} {
			if v := f.get(d[key]); v != nil {
				*field = v
			}
		}
		if v := d["Resources"]; v != nil {
			from.resources = v
		}
		kids, ok := f.get(d["Kids"]).(array)
		if !ok {
			if len(out) >= maxPages {
				return ErrTooLarge
			}
			out = append(out, f.page(r, d, from))
			return nil
		}
		for _, kid := range kids {
			if err := walk(kid, from, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	root := f.catalog()["Pages"]
	if f.dict(root) == nil {
		return nil, ErrNoPages
	}
	if err := walk(root, inherited{}, 0); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, ErrNoPages
	}
	return out, nil
}

// page works out the visible box as pdfium does: the crop box within the media box, US letter without a usable one.
func (f *file) page(r ref, d dict, from inherited) page {
	p := page{ref: r, dict: d, resources: from.resources}
	box, ok := f.box(from.media)
	if !ok {
		box = [4]float64{0, 0, 612, 792}
	}
	if crop, ok := f.box(from.crop); ok {
		cut := [4]float64{
			max(box[0], crop[0]), max(box[1], crop[1]),
			min(box[2], crop[2]), min(box[3], crop[3]),
		}
		if cut[0] < cut[2] && cut[1] < cut[3] {
			box = cut
		}
	}
	p.minX, p.minY, p.maxX, p.maxY = box[0], box[1], box[2], box[3]
	if angle, ok := asInt(from.rotate); ok {
		p.rotate = ((angle/90)%4 + 4) % 4 * 90
	}
	return p
}

// box reads a rectangle, whichever corners it names.
func (f *file) box(o object) ([4]float64, bool) {
	a := f.array(o)
	if len(a) < 4 {
		return [4]float64{}, false
	}
	var v [4]float64
	for i := range v {
		x, ok := asFloat(f.get(a[i]))
		if !ok || math.Abs(x) > 1e9 {
			return v, false
		}
		v[i] = x
	}
	v = [4]float64{min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3])}
	return v, v[0] < v[2] && v[1] < v[3]
}

// point maps a point of the page as shown (from the top left, y down) into the page's own coordinates.
func (p page) point(x, y float64) (float64, float64) {
	switch p.rotate {
	case 90:
		return p.minX + y, p.minY + x
	case 180:
		return p.maxX - x, p.minY + y
	case 270:
		return p.maxX - y, p.maxY - x
	}
	return p.minX + x, p.maxY - y
}

// rect maps a box of the page as shown into a rectangle of the page.
func (p page) rect(x, y, width, height float64) array {
	x1, y1 := p.point(x, y)
	x2, y2 := p.point(x+width, y+height)
	return array{min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)}
}

// upright is the matrix that keeps an appearance upright on a page that is turned by that many degrees.
func upright(rotate int) array {
	switch rotate {
	case 90:
		return array{0, 1, -1, 0, 0, 0}
	case 180:
		return array{-1, 0, 0, -1, 0, 0}
	case 270:
		return array{0, -1, 1, 0, 0, 0}
	}
	return nil
}

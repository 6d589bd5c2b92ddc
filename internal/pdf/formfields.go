package pdf

import (
	"fmt"
	"strings"
)

// FormField is a field of a document's form where it is shown, in points from the top left of its page.
type FormField struct {
	Name          string // full name: those of the fields above it and its own, joined by dots
	Page          int    // from 1
	X, Y          float64
	Width, Height float64
}

// FormFields lists the fields of a form that are shown on a page, once for each place. Fields that this package made for
// marks are left out.
func FormFields(data []byte) ([]FormField, error) {
	f, err := open(data)
	if err != nil {
		return nil, fmt.Errorf("read the form: %w", err)
	}
	pages, err := f.pages()
	if err != nil {
		return nil, fmt.Errorf("read the form: %w", err)
	}
	var out []FormField
	for i, p := range pages {
		for _, o := range f.array(p.dict["Annots"]) {
			d := f.dict(o)
			box, ok := f.box(d["Rect"])
			if !ok || f.get(d["Subtype"]) != name("Widget") || isMark(f, d) {
				continue
			}
			full := f.fieldName(d)
			if full == "" {
				continue
			}
			x1, y1 := p.shown(box[0], box[1])
			x2, y2 := p.shown(box[2], box[3])
			out = append(out, FormField{Name: full, Page: i + 1, X: min(x1, x2), Y: min(y1, y2), Width: max(x1, x2) - min(x1, x2), Height: max(y1, y2) - min(y1, y2)})
		}
	}
	return out, nil
}

func isMark(f *file, d dict) bool {
	id, ok := f.get(d["NM"]).(str)
	return ok && strings.HasPrefix(string(id), markPrefix)
}

// fieldName joins the names from the top of the form down to a widget.
func (f *file) fieldName(d dict) string {
	var names []string
	for range maxDepth {
		if d == nil {
			break
		}
		if t, ok := f.get(d["T"]).(str); ok {
			names = append([]string{decodeText(t)}, names...)
		}
		d = f.dict(d["Parent"])
	}
	return strings.Join(names, ".")
}

// shown maps a point of the page's own coordinates to the page as shown; it is the inverse of point.
func (p page) shown(x, y float64) (float64, float64) {
	switch p.rotate {
	case 90:
		return y - p.minY, x - p.minX
	case 180:
		return p.maxX - x, y - p.minY
	case 270:
		return p.maxY - y, p.maxX - x
	}
	return x - p.minX, p.maxY - y
}

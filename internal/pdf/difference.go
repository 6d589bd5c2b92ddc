package pdf

import (
	"bytes"
	"context"
	"fmt"
	"image"

	"github.com/klippa-app/go-pdfium/requests"
)

// Difference is a page (from 1) that two documents show differently, and the smallest box around what differs. The box is empty where one
// of them has no such page, or one of another size.
type Difference struct {
	Page  int
	Place Place
}

// comparedPages are drawn at once: 2 MB each for A4.
const comparedPages = 16

// drawnPage is a page at one pixel a point, if it is not very large, and its width in points.
type drawnPage struct {
	*image.RGBA
	widthPt float64
}

// Differences draws two documents page by page and compares every pixel. It looks at limit pages at most; more tells that there are others.
func (r *Renderer) Differences(ctx context.Context, a, b []byte, limit int) (found []Difference, more bool, err error) {
	for first := 1; ; first += comparedPages {
		if first > limit {
			return found, true, nil
		}
		last := min(limit, first+comparedPages-1)
		old, oldPages, err := r.drawPages(ctx, a, first, last)
		if err != nil {
			return nil, false, fmt.Errorf("compare documents: %w", err)
		}
		drawn, pages, err := r.drawPages(ctx, b, first, last)
		if err != nil {
			return nil, false, fmt.Errorf("compare documents: %w", err)
		}
		for i := range max(len(old), len(drawn)) {
			if i >= len(old) || i >= len(drawn) {
				found = append(found, Difference{Page: first + i})
			} else if place, differs := difference(old[i], drawn[i]); differs {
				found = append(found, Difference{first + i, place})
			}
		}
		if count := max(oldPages, pages); last >= count || last == limit {
			return found, last < count, nil
		}
	}
}

// drawPages draws the pages from first to last, as far as there are some, and tells how many there are in all.
func (r *Renderer) drawPages(ctx context.Context, data []byte, first, last int) (drawn []drawnPage, count int, err error) {
	err = r.withDocument(ctx, data, func(doc document) error {
		count = doc.pages
		for number := first; number <= min(last, count); number++ {
			picture, err := doc.draw(number, 72)
			if err != nil {
				return err
			}
			size, err := doc.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: doc.ref, Index: number - 1})
			if err != nil {
				return fmt.Errorf("%w: %v", ErrDamaged, err)
			}
			drawn = append(drawn, drawnPage{picture, size.Width})
		}
		return nil
	})
	return drawn, count, err
}

// difference finds the box around all pixels that differ.
func difference(a, b drawnPage) (Place, bool) {
	if a.Rect != b.Rect {
		return Place{}, true
	}
	var box image.Rectangle
	for y := range a.Rect.Dy() {
		rowA, rowB := a.Pix[y*a.Stride:][:4*a.Rect.Dx()], b.Pix[y*b.Stride:][:4*b.Rect.Dx()]
		if bytes.Equal(rowA, rowB) {
			continue
		}
		for x := range a.Rect.Dx() {
			if !bytes.Equal(rowA[4*x:4*x+4], rowB[4*x:4*x+4]) {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	scale := a.widthPt / float64(a.Rect.Dx())
	return Place{float64(box.Min.X) * scale, float64(box.Min.Y) * scale, float64(box.Dx()) * scale, float64(box.Dy()) * scale}, !box.Empty()
}

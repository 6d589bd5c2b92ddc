package pdf

import (
	"context"
	"fmt"
	"slices"

	"sealdesk/internal/font"
)

// Rehearse lays the marks of acts on a file one act after the other, as their signers will, with drawings of the usual kind and typical
// texts. It names the marks that Sign would refuse with ReasonCovers, so that who places them learns it before anybody signs. The first
// act of a file that nobody signed hides nothing. Errors are those of Prepare, and of pages that cannot be drawn.
func Rehearse(ctx context.Context, data []byte, face *font.Face, acts [][]Mark) (hiding []string, err error) {
	r, err := coverRenderer()
	if err != nil {
		return nil, fmt.Errorf("rehearse: %w", err)
	}
	var earlier []Mark
	signed := Signed(data)
	for _, marks := range acts {
		if len(marks) == 0 {
			continue
		}
		next, err := fillTypically(data, face, marks)
		if err != nil {
			return nil, fmt.Errorf("rehearse: %w", err)
		}
		if signed {
			found, err := r.rehearsed(ctx, data, next, marks, earlier)
			if err != nil {
				return nil, fmt.Errorf("rehearse: %w", err)
			}
			hiding = append(hiding, found...)
		}
		data, signed, earlier = next, true, append(earlier, marks...)
	}
	return hiding, nil
}

// rehearsed compares the pages of an act's marks before and after it.
func (r *Renderer) rehearsed(ctx context.Context, data, next []byte, marks, earlier []Mark) (hiding []string, err error) {
	for _, page := range pagesOf(marks) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		old, err := r.pixels(data, pageState{end: len(data), page: page})
		if err != nil {
			return nil, err
		}
		now, err := r.pixels(next, pageState{end: len(next), page: page})
		if err != nil {
			return nil, err
		}
		var seals []Place
		for _, m := range earlier {
			if m.Page == page && m.drawn() {
				seals = append(seals, m.box())
			}
		}
		for _, m := range marks {
			if m.Page == page && newCover(old, now, m.box(), seals, false).hidden() {
				hiding = append(hiding, m.ID)
			}
		}
	}
	return hiding, nil
}

func pagesOf(marks []Mark) []int {
	var pages []int
	for _, m := range marks {
		pages = append(pages, m.Page)
	}
	slices.Sort(pages)
	return slices.Compact(pages)
}

func (m *Mark) box() Place { return Place{m.X, m.Y, m.Width, m.Height} }

// drawn tells whether a mark shows a drawing, not a text.
func (m *Mark) drawn() bool { return m.Kind == Seal || m.Kind == Signature || m.Kind == Picture }

// fillTypically fills marks as an act on a signed file does, without signing.
func fillTypically(data []byte, face *font.Face, marks []Mark) ([]byte, error) {
	e, err := newEditor(data, face)
	if err != nil {
		return nil, err
	}
	s := &signing{editor: e, inked: map[*Form]*Form{}}
	if err := s.ensure(marks, false); err != nil {
		return nil, err
	}
	for i := range marks {
		m := &marks[i]
		w := s.widgets[m.ID]
		w.seeThrough = true
		fill, style := typicalFill(m), m.style()
		if fill.Form != nil {
			fill.Form = s.lateForm(fill.Form)
		}
		style.color[0], style.color[1], style.color[2] = lateInk(style.color[0], style.color[1], style.color[2])
		if err := s.fill(m.ID, fill, style); err != nil {
			return nil, err
		}
	}
	e.finish()
	return e.bytes(), nil
}

// typicalFill is what a mark usually shows: a round red seal, a stroke through the whole box, a day.
func typicalFill(m *Mark) Fill {
	switch {
	case m.Form != nil:
		return Fill{Form: m.Form}
	case m.Kind == Signature:
		w, h := m.Width, m.Height
		return Fill{Form: &Form{WidthPt: w, HeightPt: h, Content: fmt.Appendf(nil,
			"0.06 0.18 0.65 RG 1.6 w %[1]g %[4]g m %[2]g %[5]g %[2]g %[4]g %[6]g %[5]g c %[6]g %[4]g %[3]g %[5]g %[3]g %[7]g c S",
			w*0.1, w*0.4, w*0.9, h*0.1, h*0.95, w*0.6, h*0.4)}}
	case m.drawn():
		return Fill{Form: typicalSeal()}
	case m.Kind == Date && m.Text == "":
		return Fill{Text: "2026-12-28"}
	}
	text := m.Text
	if text == "" {
		text = "Text"
	}
	return Fill{Text: text}
}

// typicalSeal is a ring with a disc in its middle and letters between them, of 40 mm.
func typicalSeal() *Form {
	content := []byte("0.86 0.08 0.08 RG 3 w ")
	ring := func(radius float64) {
		const c, k = 56.7, 0.5523
		r := radius
		content = fmt.Appendf(content, "%g %g m %g %g %g %g %g %g c %g %g %g %g %g %g c %g %g %g %g %g %g c %g %g %g %g %g %g c h ",
			c+r, c, c+r, c+k*r, c+k*r, c+r, c, c+r, c-k*r, c+r, c-r, c+k*r, c-r, c, c-r, c-k*r, c-k*r, c-r, c, c-r, c+k*r, c-r, c+r, c-k*r, c+r, c)
	}
	ring(54)
	content = append(content, "S 9 w [3 5] 0 d "...)
	ring(42)
	content = append(content, "S 0.86 0.08 0.08 rg "...)
	ring(12)
	return &Form{WidthPt: 113.4, HeightPt: 113.4, Opacity: 0.8, Content: append(content, 'f')}
}

package pdf

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Marks that come late, of an approver who was not known when others signed. Those who signed agreed to no other field:
// only a signature field may be added that its own update signs. So whatever an act shows on a page for the first time
// is the look of one signature field, and the fields of several pages show one signature.

// lateField is what an act shows on a page for the first time.
type lateField struct {
	*widget
	id    string // of its first mark
	page  int    // from 1
	place Place
}

// addLate adds the fields of the act's marks that the file does not have, filled.
func (s *signing) addLate(marks []Mark) error {
	for i := range marks {
		m := &marks[i]
		text := m.Kind == Text || m.Kind == Date
		if v := s.act.Fills[m.ID]; text != (v.Form == nil) || !text && v.Text != "" {
			return &MarkError{m.ID, ReasonKind}
		}
	}
	// The page of a seal or signature first: its field names the signature.
	weight := func(m Mark) int {
		if m.Kind == Seal || m.Kind == Signature {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(marks, func(a, b Mark) int { return weight(a) - weight(b) })
	for len(marks) > 0 {
		page := marks[0].Page
		elsewhere := func(m Mark) bool { return m.Page != page }
		if err := s.addLatePage(slices.DeleteFunc(slices.Clone(marks), elsewhere)); err != nil {
			return err
		}
		marks = slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool { return !elsewhere(m) })
	}
	return nil
}

// addLatePage adds the field for marks of one page. What it shows lets everything beneath it be seen.
func (s *signing) addLatePage(marks []Mark) error {
	box := marks[0]
	right, bottom := box.X+box.Width, box.Y+box.Height
	for _, m := range marks[1:] {
		box.X, box.Y = min(box.X, m.X), min(box.Y, m.Y)
		right, bottom = max(right, m.X+m.Width), max(bottom, m.Y+m.Height)
	}
	box.Width, box.Height = right-box.X, bottom-box.Y
	w := s.place(&box)
	w.text = false
	parts := dict{}
	var content []byte
	for i, m := range marks {
		part := &widget{width: m.Width, height: m.Height, seeThrough: true}
		var look *stream
		var err error
		if fill := s.act.Fills[m.ID]; fill.Form != nil {
			look, err = s.drawForm(m.ID, part, s.lateForm(fill.Form))
		} else {
			style := m.style()
			style.color[0], style.color[1], style.color[2] = lateInk(style.color[0], style.color[1], style.color[2])
			look, err = s.drawText(m.ID, part, style, fill.Text)
		}
		if err != nil {
			return err
		}
		key := name(fmt.Sprintf("P%d", i))
		parts[key] = s.add(look)
		content = append(content, "q 1 0 0 1 "...)
		content = append(appendNumber(content, m.X-box.X), ' ')
		content = append(appendNumber(content, bottom-m.Y-m.Height), " cm /"...)
		content = append(append(content, key...), " Do Q\n"...)
	}
	w.dict["FT"] = name("Sig")
	for _, key := range []name{"DA", "Q", "Ff"} {
		delete(w.dict, key)
	}
	w.dict["AP"] = dict{"N": s.add(w.appearance(content, dict{"XObject": parts}))}
	s.late = append(s.late, lateField{w, box.ID, box.Page, Place{box.X, box.Y, box.Width, box.Height}})
	return nil
}

// penBlue is the ink of late marks that would be black: beside black text it shows as what was added, as on paper.
var penBlue = [3]float64{0.06, 0.18, 0.65}

// lateInk turns what is dark into the colour of a pen; seals and colours stay.
func lateInk(r, g, b float64) (float64, float64, float64) {
	if max(r, g, b) >= penBlue[2] || r > 0.25+max(g, b) || g > 0.25+max(r, b) {
		return r, g, b
	}
	return max(r, penBlue[0]), max(g, penBlue[1]), max(b, penBlue[2])
}

// colorOf matches the operator that chooses a colour to fill with.
var colorOf = regexp.MustCompile(`(?m)^([\d.]+) ([\d.]+) ([\d.]+) rg\b`)

// lateForm is a drawing in the ink of late marks, one for each drawing.
func (s *signing) lateForm(f *Form) *Form {
	if s.inked[f] != nil {
		return s.inked[f]
	}
	out := *f
	out.late = true
	s.inked[f] = &out
	out.Content = colorOf.ReplaceAllFunc(f.Content, func(op []byte) []byte {
		var v [3]float64
		for i, text := range bytes.Fields(op)[:3] {
			v[i], _ = strconv.ParseFloat(string(text), 64) // digits and stops: what is no number is black
		}
		v[0], v[1], v[2] = lateInk(v[0], v[1], v[2])
		var b []byte
		for _, c := range v {
			b = append(appendNumber(b, c), ' ')
		}
		return append(b, "rg"...)
	})
	return &out
}

// inkSamples turns the pixels of a picture into the ink of late marks.
func inkSamples(rgb []byte) {
	for i := 0; i+2 < len(rgb); i += 3 {
		r, g, b := lateInk(float64(rgb[i])/255, float64(rgb[i+1])/255, float64(rgb[i+2])/255)
		rgb[i], rgb[i+1], rgb[i+2] = byte(r*255+0.5), byte(g*255+0.5), byte(b*255+0.5)
	}
}

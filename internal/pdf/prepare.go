package pdf

import (
	"fmt"
	"slices"

	"sealdesk/internal/font"
)

// Prepare adds the fields of all marks in one update and fills those that carry a value already. Fields that an
// earlier Prepare made for the same mark at the same place, and that are still empty, are kept. It refuses marks with
// a *MarkError or a *MissingGlyphError.
func Prepare(data []byte, face *font.Face, marks []Mark) ([]byte, error) {
	e, err := newEditor(data, face)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	if err := e.ensure(marks, true); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	for i := range marks {
		m := &marks[i]
		if m.Text == "" && m.Form == nil {
			continue
		}
		if m.Kind == Seal || m.Kind == Signature { // these are filled by an act only
			return nil, fmt.Errorf("prepare: %w", &MarkError{m.ID, ReasonKind})
		}
		if err := e.fill(m.ID, Fill{Form: m.Form, Text: m.Text}, m.style()); err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
	}
	if !e.dirty {
		return slices.Clone(data), nil
	}
	e.finish()
	return e.bytes(), nil
}

// fill puts a value into a field.
func (e *editor) fill(id string, v Fill, s textStyle) error {
	w := e.widgets[id]
	if w == nil {
		return &MarkError{id, ReasonUnknown}
	}
	var look *stream
	var err error
	switch {
	case w.text && v.Form == nil:
		look, err = e.drawText(id, w, s, v.Text)
		if w.dict["FT"] == name("Tx") {
			w.dict["V"] = textString(v.Text)
		}
	case !w.text && v.Form != nil && v.Text == "":
		look, err = e.drawForm(id, w, v.Form)
	default:
		return &MarkError{id, ReasonKind}
	}
	if err != nil {
		return err
	}
	w.dict["AP"] = dict{"N": e.add(look)}
	e.set(w.ref, w.dict)
	e.dirty = true
	return nil
}

// finish writes what the fields hang on: the font, the pages' annotations and the form.
func (e *editor) finish() {
	if e.text != nil {
		e.set(e.textRef, e.text.objects(e.add))
	}
	e.finishPages()
	e.finishForm()
}

// finishPages adds the new annotations to their pages.
func (e *editor) finishPages() {
	for i, p := range e.pages {
		fresh := e.annots[i]
		if len(fresh) == 0 {
			continue
		}
		if r, ok := p.dict["Annots"].(ref); ok && !e.sharedAnnots(i, r) {
			if old, ok := e.get(r).(array); ok {
				e.set(r, slices.Concat(old, fresh))
				continue
			}
		}
		d := e.dict(p.ref)
		old, _ := e.get(d["Annots"]).(array)
		d["Annots"] = slices.Concat(old, fresh)
		e.set(p.ref, d)
	}
}

// sharedAnnots tells whether another page uses the same array of annotations.
func (e *editor) sharedAnnots(index int, r ref) bool {
	for i, p := range e.pages {
		if i != index && p.dict["Annots"] == object(r) {
			return true
		}
	}
	return false
}

// finishForm adds the new fields to the form. What the file had in its form stays, but for two things that would make
// viewers draw or drop our fields themselves: /NeedAppearances and an XFA form.
func (e *editor) finishForm() {
	if len(e.added) == 0 {
		return
	}
	catalog := e.dict(e.file.trailer["Root"])
	form := e.dict(catalog["AcroForm"])
	old, _ := e.get(form["Fields"]).(array)
	form["Fields"] = slices.Concat(old, e.added)
	flags, _ := asInt(e.get(form["SigFlags"]))
	form["SigFlags"] = flags | 3
	if e.signed { // what was signed goes on as it was
		e.setBelowCatalog("AcroForm", form)
		return
	}
	delete(form, "NeedAppearances")
	delete(form, "XFA")
	resources := e.dict(form["DR"])
	fonts := e.dict(resources["Font"])
	if fonts["Helv"] == nil {
		fonts["Helv"] = dict{
			"Type": name("Font"), "Subtype": name("Type1"), "BaseFont": name("Helvetica"),
			"Encoding": name("WinAnsiEncoding"),
		}
		resources["Font"] = fonts
		form["DR"] = resources
	}
	if form["DA"] == nil {
		form["DA"] = str("/Helv 0 Tf 0 g")
	}
	e.setBelowCatalog("AcroForm", form)
}

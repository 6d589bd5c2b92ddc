package pdf

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strings"

	"sealdesk/internal/font"
)

// markPrefix begins the annotation name (/NM) of a field that Prepare made; the mark's ID follows.
const markPrefix = "sealdesk-"

// Bits of field and annotation flags (ISO 32000-1, tables 165, 221, 226 and 228).
const (
	flagReadOnly   = 1 << 0
	flagMultiline  = 1 << 12
	flagPushButton = 1 << 16

	flagHidden         = 1 << 1
	flagPrint          = 1 << 2
	flagLocked         = 1 << 7
	flagLockedContents = 1 << 9
)

// editor changes a file's form: it adds fields and fills them, and gathers everything into one update.
type editor struct {
	*update
	face     *font.Face
	pages    []page
	widgets  map[string]*widget // by mark ID, the newest of each
	order    []string           // mark IDs in the order of the form's fields
	names    map[string]bool    // full names that are taken
	signers  map[string]bool    // who has a signature field among the marks given
	signed   bool               // the file holds a signature: only fields that this update signs may be added
	added    array              // new fields
	annots   map[int]array      // new annotations by index of page
	drawings map[*Form]drawn
	text     *textFont
	textRef  ref
	dirty    bool
}

// widget is a field of ours on a page.
type widget struct {
	ref           ref
	dict          dict
	width, height float64 // as shown
	rotate        int
	filled        bool // it has a value or an appearance
	text          bool // it takes a text, not a drawing
	seeThrough    bool // its look leaves what lies beneath to be seen
}

func newEditor(data []byte, face *font.Face) (*editor, error) {
	f, err := open(data)
	if err != nil {
		return nil, err
	}
	pages, err := f.pages()
	if err != nil {
		return nil, err
	}
	e := &editor{
		update: f.update(), face: face, pages: pages, widgets: map[string]*widget{}, names: map[string]bool{},
		signers: map[string]bool{}, annots: map[int]array{}, drawings: map[*Form]drawn{}, signed: len(f.signatureFields()) > 0,
	}
	e.readFields()
	return e, nil
}

// readFields finds the fields that are there. Ours stand at the top of the form.
func (e *editor) readFields() {
	form := e.dict(e.file.catalog()["AcroForm"])
	for _, field := range e.file.array(form["Fields"]) {
		r, ok := field.(ref)
		d := e.file.dict(field)
		if !ok || d == nil {
			continue
		}
		if t, ok := e.file.get(d["T"]).(str); ok {
			e.names[string(t)] = true
		}
		id, ok := d["NM"].(str)
		if !ok || !strings.HasPrefix(string(id), markPrefix) {
			continue
		}
		w := &widget{ref: r, dict: maps.Clone(d)}
		if !w.measure(e.file) {
			continue
		}
		key := strings.TrimPrefix(string(id), markPrefix)
		e.order = slices.DeleteFunc(e.order, func(s string) bool { return s == key })
		e.order = append(e.order, key)
		e.widgets[key] = w
	}
}

// measure reads a widget's size and turn, and whether it is filled.
func (w *widget) measure(f *file) bool {
	box, ok := f.box(w.dict["Rect"])
	if !ok {
		return false
	}
	w.width, w.height = box[2]-box[0], box[3]-box[1]
	w.rotate, _ = asInt(f.dict(w.dict["MK"])["R"])
	if w.rotate%180 != 0 {
		w.width, w.height = w.height, w.width
	}
	w.filled = w.dict["V"] != nil || w.dict["AP"] != nil
	w.text = w.dict["FT"] == name("Tx")
	return true
}

// check refuses marks that cannot be placed.
func (e *editor) check(marks []Mark) error {
	seen := map[string]bool{}
	for i := range marks {
		m := &marks[i]
		box := []float64{m.X, m.Y, m.Width, m.Height}
		bad := slices.ContainsFunc(box, func(v float64) bool { return math.IsNaN(v) || math.Abs(v) > 1e7 })
		switch {
		case m.ID == "" || seen[m.ID]:
			return &MarkError{m.ID, ReasonDuplicate}
		case m.Page < 1 || m.Page > len(e.pages) || e.pages[m.Page-1].ref.num == 0:
			return &MarkError{m.ID, ReasonPage}
		case bad || m.Width <= 0 || m.Height <= 0:
			return &MarkError{m.ID, ReasonBox}
		case !slices.Contains([]MarkKind{Seal, Signature, Date, Text, Picture}, m.Kind):
			return &MarkError{m.ID, ReasonKind}
		}
		seen[m.ID] = true
	}
	return nil
}

// ensure gives every mark a field. A field that is there already is kept when it lies at the mark's place; while
// preparing, only if it is still empty as well.
func (e *editor) ensure(marks []Mark, preparing bool) error {
	if err := e.check(marks); err != nil {
		return err
	}
	var fresh []*Mark
	for i := range marks {
		m := &marks[i]
		w := e.widgets[m.ID]
		if w == nil || preparing && (w.filled || !e.same(w, m)) {
			fresh = append(fresh, m)
			continue
		}
		if w.dict["FT"] == name("Sig") {
			e.signers[m.Signer] = true
		}
	}
	for _, m := range fresh {
		e.place(m)
	}
	return nil
}

// same tells whether a field lies where the mark is.
func (e *editor) same(w *widget, m *Mark) bool {
	p := e.pages[m.Page-1]
	if w.dict["P"] != p.ref || w.rotate != p.rotate {
		return false
	}
	have, _ := e.file.box(w.dict["Rect"])
	for i, v := range p.rect(m.X, m.Y, m.Width, m.Height) {
		if math.Abs(have[i]-v.(float64)) > 0.01 {
			return false
		}
	}
	return true
}

// place makes a mark's field.
func (e *editor) place(m *Mark) *widget {
	p := e.pages[m.Page-1]
	d := dict{
		"Type": name("Annot"), "Subtype": name("Widget"), "F": flagPrint | flagLocked, "P": p.ref,
		"Rect": p.rect(m.X, m.Y, m.Width, m.Height), "NM": str(markPrefix + m.ID),
		"T": textString(e.freeName(m.ID)),
	}
	if p.rotate != 0 {
		d["MK"] = dict{"R": p.rotate}
	}
	if m.Signer != "" {
		d[signerKey] = textString(m.Signer)
	}
	switch m.Kind {
	case Seal, Signature:
		if e.signers[m.Signer] {
			d["FT"], d["Ff"] = name("Btn"), flagPushButton|flagReadOnly
			break
		}
		e.signers[m.Signer] = true
		d["FT"] = name("Sig")
	case Picture:
		d["FT"], d["Ff"] = name("Btn"), flagPushButton|flagReadOnly
	default:
		s := m.style()
		flags := flagReadOnly
		if s.multiline {
			flags |= flagMultiline
		}
		d["FT"], d["Ff"], d["DA"], d["Q"] = name("Tx"), flags, s.defaultAppearance(), quadding(s.align)
	}
	w := &widget{ref: e.add(d), dict: d, width: m.Width, height: m.Height, rotate: p.rotate, text: d["FT"] == name("Tx")}
	e.added = append(e.added, w.ref)
	e.annots[m.Page-1] = append(e.annots[m.Page-1], w.ref)
	if e.widgets[m.ID] == nil {
		e.order = append(e.order, m.ID)
	}
	e.widgets[m.ID] = w
	e.dirty = true
	return w
}

// freeName makes a field name that is not taken. A full stop would separate levels of the hierarchy.
func (e *editor) freeName(id string) string {
	base := strings.ReplaceAll(id, ".", "_")
	out := base
	for n := 2; e.names[string(textString(out))]; n++ {
		out = base + "-" + string(appendNumber(nil, float64(n)))
	}
	e.names[string(textString(out))] = true
	return out
}

func quadding(a Align) int {
	return map[Align]int{AlignCenter: 1, AlignRight: 2}[a]
}

// defaultAppearance is the /DA string, from which styleOf reads size and colour back.
func (s textStyle) defaultAppearance() str {
	b := []byte("/Helv ")
	b = append(appendNumber(b, s.size), " Tf "...)
	for _, v := range s.color {
		b = append(appendNumber(b, v), ' ')
	}
	return str(append(b, "rg"...))
}

// styleOf reads the style of a text field that was prepared earlier.
func styleOf(d dict) textStyle {
	s := textStyle{align: AlignLeft}
	switch q, _ := asInt(d["Q"]); q {
	case 1:
		s.align = AlignCenter
	case 2:
		s.align = AlignRight
	}
	flags, _ := asInt(d["Ff"])
	s.multiline = flags&flagMultiline != 0
	da, _ := d["DA"].(str)
	p := parser{data: []byte(da)}
	var numbers []float64
	for {
		p.skip()
		if p.pos >= len(p.data) {
			return s
		}
		o, err := p.object()
		v, isNumber := asFloat(o)
		switch {
		case isNumber:
			numbers = append(numbers, v)
		case err == nil: // the name of the font
		case bytes.HasSuffix(p.data[:p.pos], []byte("Tf")) && len(numbers) == 1:
			s.size, numbers = numbers[0], nil
		case bytes.HasSuffix(p.data[:p.pos], []byte("rg")) && len(numbers) == 3:
			s.color, numbers = [3]float64(numbers), nil
		default:
			return s
		}
	}
}

// textFont gives the font of the update, whose number is reserved on first use.
func (e *editor) textFont() *textFont {
	if e.text == nil {
		e.text = newTextFont(e.face)
		e.textRef = e.add(nil)
	}
	return e.text
}

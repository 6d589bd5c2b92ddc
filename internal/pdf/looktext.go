package pdf

import (
	"strings"
	"unicode"
)

// looksLike tells whether the looks of a filled field show its value and nothing else. A look whose text cannot be read is
// not like its value: in doubt, a fill is a change.
func (c *comparison) looksLike(field *formNode) bool {
	want, ok := c.valueTexts(field)
	if !ok {
		return false
	}
	for _, w := range widgetsOf(c.newForm, field.num) {
		if w.dict["AP"] == nil {
			continue // readers draw it from the value
		}
		if !onlyNormalLook(c.new, w.dict) {
			return false
		}
		look, _ := c.new.get(c.new.dict(w.dict["AP"])["N"]).(*stream)
		mk := c.new.dict(w.dict["MK"])
		got, ok := c.new.lookText(look, mk["BG"] != nil || mk["BC"] != nil)
		if !ok || !want[squeezed(got)] {
			return false
		}
	}
	return true
}

// valueTexts are the ways in which a field's value may be shown, without white space.
func (c *comparison) valueTexts(field *formNode) (map[string]bool, bool) {
	value, ok := c.new.get(field.value).(str)
	if !ok || value == "" {
		return nil, false
	}
	out := map[string]bool{squeezed(decodeText(value)): true}
	for _, o := range c.new.array(field.dict["Opt"]) { // a choice is stored by one text and may be shown by another
		option := c.new.array(o)
		if len(option) != 2 {
			continue
		}
		stored, _ := c.new.get(option[0]).(str)
		shown, ok := c.new.get(option[1]).(str)
		if ok && stored == value {
			out[squeezed(decodeText(shown))] = true
		}
	}
	return out, true
}

func squeezed(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// lookText reads the text of a look. ok is false where it shows pictures or other forms, where it draws areas although the field has
// neither ground nor frame, or where some text cannot be read.
func (f *file) lookText(look *stream, framed bool) (text string, ok bool) {
	if look == nil {
		return "", false
	}
	content, err := f.decode(look)
	if err != nil {
		return "", false
	}
	fonts := f.dict(f.dict(look.dict["Resources"])["Font"])
	var font func(str) (string, bool)
	var stack []object
	var out strings.Builder
	show := func(o object) bool {
		s, isText := o.(str)
		if !isText {
			return true // a gap between letters
		}
		if font == nil {
			return false
		}
		part, ok := font(s)
		out.WriteString(part)
		return ok
	}
	p := parser{data: content}
	for {
		p.skip()
		if p.pos >= len(p.data) {
			return out.String(), true
		}
		start := p.pos
		if o, err := p.object(); err == nil {
			if stack = append(stack, o); len(stack) > maxDepth {
				return "", false
			}
			continue
		}
		op := string(p.data[start:p.pos])
		last := object(nil)
		if len(stack) > 0 {
			last = stack[len(stack)-1]
		}
		switch op {
		case "Tf":
			if len(stack) < 2 {
				return "", false
			}
			key, _ := stack[len(stack)-2].(name)
			font = f.reader(f.dict(fonts[key]))
		case "Tj", "'", "\"":
			if !show(last) {
				return "", false
			}
		case "TJ":
			parts, _ := last.(array)
			for _, o := range parts {
				if !show(o) {
					return "", false
				}
			}
		case "f", "F", "f*", "B", "B*", "b", "b*", "S", "s":
			if !framed {
				return "", false
			}
		case "q", "Q", "cm", "BT", "ET", "Td", "TD", "Tm", "T*", "Tc", "Tw", "Tz", "TL", "Ts", "g", "G", "rg", "RG", "k", "K", "cs", "CS",
			"sc", "scn", "SC", "SCN", "w", "J", "j", "M", "d", "re", "m", "l", "h", "W", "W*", "n", "BMC", "BDC", "EMC", "i", "ri":
		default: // Do, sh, BI, gs, Tr: what they show cannot be told from here
			return "", false
		}
		stack = stack[:0]
	}
}

// reader gives the function that turns strings shown in a font into text; nil for a font that cannot be read.
func (f *file) reader(font dict) func(str) (string, bool) {
	if s, ok := f.get(font["ToUnicode"]).(*stream); ok {
		data, err := f.decode(s)
		if err != nil {
			return nil
		}
		codes := readCMap(data)
		width := 1
		if f.get(font["Subtype"]) == name("Type0") {
			width = 2
		}
		return func(s str) (string, bool) { return codes.text(s, width) }
	}
	switch f.get(font["Encoding"]) {
	case nil, name("WinAnsiEncoding"), name("PDFDocEncoding"), name("StandardEncoding"):
	default:
		return nil
	}
	if kind := f.get(font["Subtype"]); kind != name("Type1") && kind != name("TrueType") {
		return nil
	}
	return func(s str) (string, bool) { return decodeText(s), true }
}

// codeMap maps character codes to UTF-16.
type codeMap map[string]str

func (m codeMap) text(s str, width int) (string, bool) {
	var out strings.Builder
	for len(s) > 0 {
		if len(s) < width {
			return "", false
		}
		to, ok := m[string(s[:width])]
		if !ok {
			return "", false
		}
		out.WriteString(decodeText("\xfe\xff" + to))
		s = s[width:]
	}
	return out.String(), true
}

// readCMap reads the single characters and ranges of a ToUnicode map.
func readCMap(data []byte) codeMap {
	out := codeMap{}
	var stack []object
	p := parser{data: data}
	for p.skip(); p.pos < len(p.data); p.skip() {
		start := p.pos
		if o, err := p.object(); err == nil {
			stack = append(stack, o)
			continue
		}
		if p.pos == start {
			p.pos++
		}
		switch string(p.data[start:p.pos]) {
		case "endbfchar":
			for i := 0; i+1 < len(stack); i += 2 {
				from, _ := stack[i].(str)
				to, _ := stack[i+1].(str)
				out[string(from)] = to
			}
		case "endbfrange":
			for i := 0; i+2 < len(stack); i += 3 {
				out.addRange(stack[i], stack[i+1], stack[i+2])
			}
		}
		stack = stack[:0]
	}
	return out
}

// addRange enters consecutive codes.
func (m codeMap) addRange(first, last, to object) {
	a, _ := first.(str)
	b, _ := last.(str)
	target, _ := to.(str)
	list, isList := to.(array)
	if len(a) == 0 || len(a) != len(b) || a[:len(a)-1] != b[:len(b)-1] || len(target) < 2 && !isList {
		return
	}
	for i := 0; int(a[len(a)-1])+i <= int(b[len(b)-1]); i++ {
		code := []byte(a)
		code[len(code)-1] += byte(i)
		if isList {
			if i < len(list) {
				m[string(code)], _ = list[i].(str)
			}
			continue
		}
		unit := int(target[len(target)-2])<<8 | int(target[len(target)-1])
		unit += i
		m[string(code)] = target[:len(target)-2] + str([]byte{byte(unit >> 8), byte(unit)})
	}
}

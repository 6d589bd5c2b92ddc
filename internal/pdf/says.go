package pdf

import (
	"slices"
	"strings"
	"unicode"
)

// maxSaid bounds the text of a change, in characters.
const maxSaid = 120

// namesLook lists the changes that show something: their text and who signed them are told.
var namesLook = map[string]bool{ChangeSigned: true, ChangeFilled: true, ChangeCovers: true, ChangeLook: true, ChangeLocked: true, ChangeFieldAdded: true, ChangeValue: true}

// says is the text that a field's widget shows, without control characters and bounded. What is drawn as pictures or paths, and text whose
// characters the file does not tell, is left out.
func (c *comparison) says(node *formNode) string {
	var out strings.Builder
	if value, ok := c.new.get(node.value).(str); ok && node.kind != name("Sig") {
		out.WriteString(decodeText(value))
	} else if look, ok := c.new.get(c.new.dict(node.dict["AP"])["N"]).(*stream); ok {
		c.new.spell(look, 0, &out)
	}
	text := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) { // direction marks among them, which turn what is beside them
			return -1
		}
		return r
	}, out.String())
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > maxSaid {
		runes = append(runes[:maxSaid-1], '…')
	}
	return string(runes)
}

// spell writes the texts of a look, and of the drawings within it.
func (f *file) spell(look *stream, depth int, out *strings.Builder) {
	content, err := f.decode(look)
	if err != nil || depth > plainForms || out.Len() > 16*maxSaid {
		return
	}
	resources := f.dict(look.dict["Resources"])
	var font func(str) (string, bool)
	var stack []object
	show := func(o object) {
		if s, ok := o.(str); ok && font != nil {
			part, _ := font(s)
			out.WriteString(part)
		}
	}
	p := parser{data: content}
	for p.skip(); p.pos < len(p.data) && len(stack) <= maxDepth; p.skip() {
		start := p.pos
		if o, err := p.object(); err == nil {
			stack = append(stack, o)
			continue
		}
		if p.pos == start {
			return
		}
		var last object
		if len(stack) > 0 {
			last = stack[len(stack)-1]
		}
		switch op := string(p.data[start:p.pos]); op {
		case "Tf":
			if len(stack) < 2 {
				return
			}
			key, _ := stack[len(stack)-2].(name)
			font = f.reader(f.dict(f.dict(resources["Font"])[key]))
		case "Tj", "'", "\"":
			show(last)
		case "TJ":
			parts, _ := last.(array)
			for _, o := range parts {
				show(o)
			}
		case "Td", "TD", "Tm", "T*", "ET":
			out.WriteByte(' ')
		case "Do":
			key, _ := last.(name)
			if inner, ok := f.get(f.dict(resources["XObject"])[key]).(*stream); ok && f.get(inner.dict["Subtype"]) == name("Form") {
				f.spell(inner, depth+1, out)
			}
		}
		stack = stack[:0]
	}
}

// signerOf names who signed the update that wrote an object last.
func (c *comparison) signerOf(num int) string {
	by := c.writer(num)
	if by < 0 {
		return ""
	}
	var names []string
	for _, s := range c.signersOf(by) {
		if who := s.Signer; !slices.Contains(names, who) {
			names = append(names, who)
		}
	}
	return strings.Join(names, ", ")
}

package pdf

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf16"

	"sealdesk/internal/font"
)

// textFont gathers the characters that a document or an update uses and becomes one embedded font: a TrueType subset
// with Identity-H codes, and ToUnicode so that its text can be searched and copied.
type textFont struct {
	face   *font.Face
	codes  map[rune]uint16
	runes  []rune // by code - 1; code 0 is the glyph for missing characters
	glyphs []font.Glyph
}

func newTextFont(face *font.Face) *textFont {
	return &textFont{face: face, codes: map[rune]uint16{}, glyphs: []font.Glyph{{Advance: 1}}}
}

// glyph looks a character up. White space that the face lacks is a blank.
func (t *textFont) glyph(r rune) (font.Glyph, bool) {
	g, ok := t.face.Glyph(r)
	if !ok && unicode.IsSpace(r) {
		return font.Glyph{Advance: 0.25}, true
	}
	return g, ok
}

// missing lists the characters that cannot be drawn. Line ends are no characters here.
func (t *textFont) missing(text string) []rune {
	var out []rune
	for _, r := range text {
		if _, ok := t.glyph(r); !ok && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// advance is the width of a text in em.
func (t *textFont) advance(text []rune) float64 {
	var sum float64
	for _, r := range text {
		g, _ := t.glyph(r)
		sum += g.Advance
	}
	return sum
}

// show appends the text as a hexadecimal string for Tj.
func (t *textFont) show(b []byte, text []rune) []byte {
	b = append(b, '<')
	for _, r := range text {
		code, ok := t.codes[r]
		if !ok {
			g, ok := t.glyph(r)
			if !ok || len(t.glyphs) >= 65000 {
				continue
			}
			code = uint16(len(t.glyphs))
			t.codes[r] = code
			t.runes = append(t.runes, r)
			t.glyphs = append(t.glyphs, g)
		}
		b = appendHex(b, []byte{byte(code >> 8), byte(code)})
	}
	return append(b, '>')
}

// objects writes the font once all text was shown.
func (t *textFont) objects(add func(object) ref) dict {
	program := trueType(t.glyphs)
	sum := sha256.Sum256(program)
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	base := name(string(tag) + "+SealdeskSong")
	widths := make(array, len(t.glyphs))
	box := font.Rect{}
	for i, g := range t.glyphs {
		widths[i] = units(g.Advance)
		box = font.Rect{
			MinX: min(box.MinX, g.Bounds.MinX), MinY: min(box.MinY, g.Bounds.MinY),
			MaxX: max(box.MaxX, g.Bounds.MaxX), MaxY: max(box.MaxY, g.Bounds.MaxY),
		}
	}
	file := add(deflated(dict{"Length1": len(program)}, program))
	descriptor := add(dict{
		"Type": name("FontDescriptor"), "FontName": base, "Flags": 4, "ItalicAngle": 0,
		"FontBBox": array{units(box.MinX), units(box.MinY), units(box.MaxX), units(box.MaxY)},
		"Ascent":   ascent, "Descent": descent, "CapHeight": 730, "StemV": 90, "FontFile2": file,
	})
	descendant := add(dict{
		"Type": name("Font"), "Subtype": name("CIDFontType2"), "BaseFont": base,
		"CIDSystemInfo":  dict{"Registry": str("Adobe"), "Ordering": str("Identity"), "Supplement": 0},
		"FontDescriptor": descriptor, "DW": unitsPerEm, "W": array{0, widths}, "CIDToGIDMap": name("Identity"),
	})
	return dict{
		"Type": name("Font"), "Subtype": name("Type0"), "BaseFont": base, "Encoding": name("Identity-H"),
		"DescendantFonts": array{descendant}, "ToUnicode": add(deflated(nil, t.toUnicode())),
	}
}

// toUnicode maps codes back to text.
func (t *textFont) toUnicode() []byte {
	var b bytes.Buffer
	b.WriteString(`/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <ffff>
endcodespacerange
`)
	code := 1
	for block := range slices.Chunk(t.runes, 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(block))
		for _, r := range block {
			fmt.Fprintf(&b, "<%04x> <%x>\n", code, appendUTF16(nil, string(r)))
			code++
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}

func appendUTF16(b []byte, text string) []byte {
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return b
}

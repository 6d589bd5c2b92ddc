package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"sealdesk/internal/seal"
)

// FuzzDraw feeds names, texts and numbers as somebody may type them: Draw must answer with a drawing in which nothing
// collides, or with one of its two errors.
func FuzzDraw(f *testing.F) {
	kinds := seal.Kinds()
	for i, name := range []string{"北京示例科技有限公司", longName, "A", "王·", "Σ\u202e\x00", "一", "（）", "John  Smith", "龘龘龘龘龘龘龘", "· ·", "𠮷野家", strings.Repeat("i", 60)} {
		f.Add(i%len(kinds), name, "专用章", "4403011234567", "91110108MA01ABCD2X", uint8(i))
	}
	f.Fuzz(func(t *testing.T, kind int, name, text, code, tax string, flags uint8) {
		s := seal.Spec{
			Kind: kinds[abs(kind)%len(kinds)], Name: name, HorizontalText: text, Code: code, TaxNumber: tax,
			Running: flags&1 != 0, Aged: flags&2 != 0,
		}
		if sizes := seal.Sizes(s.Kind); flags&4 != 0 {
			z := sizes[int(flags>>4)%len(sizes)]
			s.Shape, s.WidthMM, s.HeightMM = z.Shape, z.Width, z.Height
		}
		d, err := seal.Draw(face(t), s)
		if err != nil {
			var se *seal.SpecError
			var me *seal.MissingGlyphError
			if !errors.As(err, &se) && !errors.As(err, &me) {
				t.Fatalf("%v is neither of the two errors", err)
			}
			return
		}
		if !s.Running {
			if problem := collision(d, 0); problem != "" {
				t.Fatalf("%+v: %s", s, problem)
			}
		}
		if svg := d.SVG(); !utf8.Valid(svg) || bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
			t.Fatal("the SVG has a number that is none")
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	for name, s := range map[string]seal.Spec{
		"14": {Kind: seal.Contract, Name: "深圳市腾讯计算机系统有限公司", Code: "4403011234567"},
		"30": {Kind: seal.Contract, Name: longName, Code: "4403011234567"},
	} {
		b.Run(name, func(b *testing.B) {
			f := face(b)
			for b.Loop() {
				d, err := seal.Draw(f, s)
				if err != nil {
					b.Fatal(err)
				}
				_ = d.SVG()
			}
		})
	}
}

package seal_test

import (
	"bytes"
	"errors"
	"flag"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/internal/font"
	"sealdesk/internal/seal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// longName has 30 characters.
const longName = "中国石油化工集团股份有限公司北京市朝阳区分公司第二办事处业务"

func face(t testing.TB) *font.Face {
	t.Helper()
	f, err := font.Default()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mustDraw(t testing.TB, s seal.Spec) *seal.Drawing {
	t.Helper()
	d, err := seal.Draw(face(t), s)
	if err != nil {
		t.Fatalf("%+v: %v", s, err)
	}
	return d
}

func golden() map[string]seal.Spec {
	off := false
	return map[string]seal.Spec{
		"official":         {Kind: seal.Official, Name: "北京示例科技有限公司", WidthMM: 42, Code: "1101080123456"},
		"official-foreign": {Kind: seal.Official, Name: "东方（中国）外商投资有限公司", Shape: seal.Ellipse},
		"official-30":      {Kind: seal.Official, Name: longName},
		"contract":         {Kind: seal.Contract, Name: "深圳市腾讯计算机系统有限公司", HorizontalText: "电子签名专用章", Code: "44030112345678"},
		"contract-no-star": {Kind: seal.Contract, Name: "北京示例科技有限公司", Star: &off},
		"financial":        {Kind: seal.Financial, Name: "吉犎喆堃犇科技有限公司"},
		"financial-square": {Kind: seal.Financial, Name: "北京示例科技有限公司", Shape: seal.Square},
		"invoice":          {Kind: seal.Invoice, Name: "北京示例科技有限公司", TaxNumber: "91110108MA01ABCD2X"},
		"legal-2":          {Kind: seal.LegalRepresentative, Name: "王芳"},
		"legal-3":          {Kind: seal.LegalRepresentative, Name: "王小明"},
		"legal-4":          {Kind: seal.LegalRepresentative, Name: "欧阳小明"},
		"legal-rectangle":  {Kind: seal.LegalRepresentative, Name: "王小明", Shape: seal.Rectangle},
		"personal":         {Kind: seal.Personal, Name: "阿不都·买买提"},
		"personal-latin":   {Kind: seal.Personal, Name: "John Smith"},
		"personal-running": {Kind: seal.Personal, Name: "李小龙", Running: true},
		"other":            {Kind: seal.Other, Name: "上海某某（集团）有限公司", HorizontalText: "人事专用章", Color: seal.Blue},
		"aged":             {Kind: seal.Contract, Name: "北京示例科技有限公司", Aged: true, Seed: 7, Opacity: 80},
	}
}

func TestGolden(t *testing.T) {
	for name, spec := range golden() {
		t.Run(name, func(t *testing.T) {
			got := mustDraw(t, spec).SVG()
			path := filepath.Join("testdata", name+".svg")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the drawing differs from %s; look at it and run the test with -update", path)
			}
			if bytes.Contains(got, []byte("style=")) || bytes.Contains(got, []byte("<text")) {
				t.Error("the SVG has a style attribute or live text")
			}
		})
	}
}

func TestStarIsExact(t *testing.T) {
	d := mustDraw(t, seal.Spec{Kind: seal.Official, Name: "北京示例科技有限公司", WidthMM: 42})
	star := parts(d, seal.RoleStar)[0].Path.Flatten(1)[0]
	if len(star) != 10 {
		t.Fatalf("the star has %d corners", len(star))
	}
	for i, p := range star {
		r := math.Hypot(p.X-21, p.Y-21)
		want := 7.0
		if i%2 == 1 {
			want *= 0.381966
		}
		if math.Abs(r-want) > 1e-5 {
			t.Errorf("corner %d is %.6f mm from the centre, want %.6f", i, r, want)
		}
	}
	if top := star[0]; math.Abs(top.X-21) > 1e-9 || top.Y < 27.999 {
		t.Errorf("no tip points up: %+v", top)
	}
	// Each edge runs straight on to the next but one tip.
	for i := 0; i < 10; i += 2 {
		a, b, c := star[i], star[(i+1)%10], star[(i+4)%10]
		if cross := (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X); math.Abs(cross) > 1e-4 {
			t.Errorf("tip %d, the corner after it and tip %d are not in line", i, i+4)
		}
	}
}

func TestRingHasConstantWidth(t *testing.T) {
	tests := []struct {
		spec  seal.Spec
		width float64
	}{
		{seal.Spec{Kind: seal.Official, Name: "北京示例有限公司"}, 1.2},
		{seal.Spec{Kind: seal.Official, Name: "北京示例有限公司", WidthMM: 42}, 1.2},
		{seal.Spec{Kind: seal.Official, Name: "北京示例有限公司", WidthMM: 38}, 1.0},
		{seal.Spec{Kind: seal.Contract, Name: "北京示例有限公司"}, 1.0},
		{seal.Spec{Kind: seal.Official, Name: "北京示例有限公司", Shape: seal.Ellipse}, 1.0},
		{seal.Spec{Kind: seal.Invoice, Name: "北京示例有限公司", TaxNumber: "440301123456789"}, 1.0},
	}
	for _, tt := range tests {
		d := mustDraw(t, tt.spec)
		w, h := d.SizeMM()
		ring := parts(d, seal.RoleRing)[0].Path.Flatten(64)
		for _, p := range ring[0] {
			if v := math.Hypot((p.X-w/2)/(w/2), (p.Y-h/2)/(h/2)); math.Abs(v-1) > 2e-5 {
				t.Fatalf("%s %v: outer edge is off the ellipse by %g", tt.spec.Kind, w, v-1)
			}
		}
		for i, p := range ring[1] {
			if i%8 != 0 {
				continue
			}
			if got := toPolygon(p, ring[0]); math.Abs(got-tt.width) > 0.002 {
				t.Fatalf("%s %v: ring is %.4f mm wide, want %.1f", tt.spec.Kind, w, got, tt.width)
			}
		}
	}
}

// TestNamesNeverCollide sets names of every length and looks at the outlines themselves.
func TestNamesNeverCollide(t *testing.T) {
	full := []rune(longName)
	for n := 2; n <= len(full); n++ {
		name := string(full[:n])
		for _, s := range []seal.Spec{
			{Kind: seal.Official, Name: name, Code: "4403011234567"},
			{Kind: seal.Contract, Name: name, HorizontalText: "电子签名专用章", Code: "44030112345678"},
			{Kind: seal.Contract, Name: name, Shape: seal.Ellipse},
			{Kind: seal.Official, Name: name, Shape: seal.Ellipse},
			{Kind: seal.Invoice, Name: name, TaxNumber: "91110108MA01ABCD2X"},
			{Kind: seal.Financial, Name: name, Shape: seal.Square},
		} {
			d := mustDraw(t, s)
			if problem := collision(d, 0.09); problem != "" {
				t.Errorf("%s %s of %d characters: %s", s.Kind, s.Shape, n, problem)
			}
			for _, p := range parts(d, seal.RoleName) {
				if h := p.Path.Bounds(); math.Hypot(h.Width(), h.Height()) < 1.2 && !strings.ContainsRune("一二", p.Rune) {
					t.Errorf("%s of %d characters: %c is only %.2f × %.2f mm", s.Kind, n, p.Rune, h.Width(), h.Height())
				}
			}
		}
	}
}

func TestInvoiceHasItsMeasures(t *testing.T) {
	d := mustDraw(t, seal.Spec{Kind: seal.Invoice, Name: "北京示例科技有限公司", TaxNumber: "91110108ma01abcd2x"})
	if w, h := d.SizeMM(); w != 40 || h != 30 {
		t.Fatalf("size %v × %v", w, h)
	}
	number := parts(d, seal.RoleCode)
	var text strings.Builder
	for _, p := range number {
		text.WriteRune(p.Rune)
		if h := p.Path.Bounds().Height(); math.Abs(h-3.7) > 0.01 {
			t.Errorf("%c is %.3f high, want 3.7", p.Rune, h)
		}
		if w := p.Path.Bounds().Width(); w > 1.31 {
			t.Errorf("%c is %.3f wide, want at most 1.3", p.Rune, w)
		}
	}
	if text.String() != "91110108MA01ABCD2X" {
		t.Errorf("number reads %s", text.String())
	}
	first, last := number[0].Path.Bounds(), number[len(number)-1].Path.Bounds()
	if got := last.MaxX - first.MinX; math.Abs(got-26) > 0.3 {
		t.Errorf("the number is %.2f wide in all, want 26", got)
	}
	top, bottom := 0.0, 30.0
	for _, p := range parts(d, seal.RoleText) {
		b := p.Path.Bounds()
		top, bottom = max(top, b.MaxY), min(bottom, b.MinY)
	}
	if math.Abs(top-(15-4.2)) > 0.25 || math.Abs(top-bottom-4.6) > 0.3 {
		t.Errorf("发票专用章 reaches from %.2f to %.2f, want 10.8 to 6.2", top, bottom)
	}
	angles := [2]float64{}
	for _, p := range parts(d, seal.RoleName) {
		for _, q := range p.Path.Flatten(4) {
			for _, v := range q {
				a := math.Atan2(v.X-20, v.Y-15) * 180 / math.Pi
				angles[0], angles[1] = min(angles[0], a), max(angles[1], a)
			}
		}
	}
	if span := angles[1] - angles[0]; span < 205 || span > 262 {
		t.Errorf("the name spans %.0f degrees, want 210 to 260", span)
	}
}

// TestLowerCodeStandsUpright checks the digits along the bottom: from left to right, feet towards the ring.
func TestLowerCodeStandsUpright(t *testing.T) {
	d := mustDraw(t, seal.Spec{Kind: seal.Official, Name: "北京示例科技有限公司", Code: "1234567890177"})
	var read strings.Builder
	at := -1.0
	for _, p := range parts(d, seal.RoleCode) {
		b := p.Path.Bounds()
		if b.MinX < at {
			t.Errorf("%c stands left of the one before", p.Rune)
		}
		at = b.MinX
		read.WriteRune(p.Rune)
		if b.MaxY > 8 {
			t.Errorf("%c is not at the bottom", p.Rune)
		}
	}
	if read.String() != "1234567890177" {
		t.Errorf("reads %s", read.String())
	}
	// A 7 has its bar at the top, so most of its horizontal outline lies in its upper half.
	seven := parts(d, seal.RoleCode)[6].Path.Flatten(8)[0] // the middle digit, exactly at the bottom
	high, low := 0.0, 0.0
	b := parts(d, seal.RoleCode)[6].Path.Bounds()
	for i, p := range seven {
		q := seven[(i+1)%len(seven)]
		if l := math.Abs(q.X - p.X); (p.Y+q.Y)/2 > (b.MinY+b.MaxY)/2 {
			high += l
		} else {
			low += l
		}
	}
	if high <= low {
		t.Error("the 7 at the bottom stands on its head")
	}
}

func TestPersonalColumnsReadFromTheRight(t *testing.T) {
	for name, want := range map[string]string{"王芳": "王芳之印", "王小明": "王小明印", "欧阳小明": "欧阳小明"} {
		d := mustDraw(t, seal.Spec{Kind: seal.LegalRepresentative, Name: name})
		var cells [4]rune // right column from the top, then left
		for _, p := range parts(d, seal.RoleName) {
			b := p.Path.Bounds()
			i := 0
			if (b.MinX+b.MaxX)/2 < 10 {
				i += 2
			}
			if (b.MinY+b.MaxY)/2 < 10 {
				i++
			}
			cells[i] = p.Rune
		}
		if string(cells[:]) != want {
			t.Errorf("%s is cut as %s, want %s", name, string(cells[:]), want)
		}
		if problem := collision(d, 0.1); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

func TestErrorsNameFieldAndRule(t *testing.T) {
	tests := []struct {
		spec        seal.Spec
		field, rule string
	}{
		{seal.Spec{Kind: "SQUIRREL", Name: "王"}, "Kind", "oneof"},
		{seal.Spec{Kind: seal.Official}, "Name", "required"},
		{seal.Spec{Kind: seal.Official, Name: " \t "}, "Name", "required"},
		{seal.Spec{Kind: seal.Official, Name: longName + "长"}, "Name", "max"},
		{seal.Spec{Kind: seal.Contract, Name: "示例公司", HorizontalText: "一二三四五六七八九"}, "HorizontalText", "max"},
		{seal.Spec{Kind: seal.Official, Name: "示例公司", Code: "12"}, "Code", "digits"},
		{seal.Spec{Kind: seal.Invoice, Name: "示例公司"}, "TaxNumber", "required"},
		{seal.Spec{Kind: seal.Invoice, Name: "示例公司", TaxNumber: "税号"}, "TaxNumber", "taxnumber"},
		{seal.Spec{Kind: seal.Official, Name: "示例公司", WidthMM: 60}, "WidthMM", "max"},
		{seal.Spec{Kind: seal.Official, Name: "示例公司", WidthMM: math.NaN()}, "WidthMM", "min"},
		{seal.Spec{Kind: seal.Official, Name: "示例公司", Shape: seal.Square}, "Shape", "oneof"},
		{seal.Spec{Kind: seal.Official, Name: "示例公司", Opacity: 5}, "Opacity", "min"},
		{seal.Spec{Kind: seal.Official, Name: "示例公司", Color: "green"}, "Color", "oneof"},
	}
	for _, tt := range tests {
		_, err := seal.Draw(face(t), tt.spec)
		var se *seal.SpecError
		if !errors.As(err, &se) || se.Field != tt.field || se.Rule != tt.rule {
			t.Errorf("%+v: %v, want %s %s", tt.spec, err, tt.field, tt.rule)
		}
	}
	_, err := seal.Draw(face(t), seal.Spec{Kind: seal.Official, Name: "\U0002A6D6\U0002A6D6公司"})
	var missing *seal.MissingGlyphError
	if !errors.As(err, &missing) || string(missing.Runes) != "\U0002A6D6" || missing.Field != "Name" {
		t.Errorf("missing glyph: %v", err)
	}
}

func TestWarnings(t *testing.T) {
	rules := func(s seal.Spec) string {
		var out []string
		for _, w := range seal.Warnings(s) {
			out = append(out, w.Rule)
		}
		return strings.Join(out, " ")
	}
	for want, s := range map[string]seal.Spec{
		"":                       {Kind: seal.Official, Name: "示例公司"},
		"over_45mm":              {Kind: seal.Contract, Name: "示例公司", WidthMM: 58},
		"over_45mm unusual_size": {Kind: seal.Official, Name: "示例公司", WidthMM: 50},
		"unusual_size":           {Kind: seal.Official, Name: "示例公司", WidthMM: 39},
		"like_official":          {Kind: seal.Other, Name: "示例公司"},
		"not_red":                {Kind: seal.Official, Name: "示例公司", Color: seal.Blue},
	} {
		if got := rules(s); got != want {
			t.Errorf("%+v: warnings %q, want %q", s, got, want)
		}
	}
}

func TestPNGIsTransparentAndKeepsItsSize(t *testing.T) {
	d := mustDraw(t, seal.Spec{Kind: seal.Contract, Name: "北京示例科技有限公司", Opacity: 60})
	data, err := d.PNG(300)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 449 || b.Dy() != 449 { // 38 mm at 300 dpi = 448.8
		t.Errorf("picture is %v", b)
	}
	if _, _, _, a := img.At(2, 2).RGBA(); a != 0 {
		t.Error("the corner is not transparent")
	}
	if r, g, _, a := img.At(224, 5).RGBA(); a>>8 != 153 || r <= g {
		t.Errorf("the ring has alpha %d, want 60 per cent of 255, in red", a>>8)
	}
	if !bytes.Contains(data[:64], []byte("pHYs")) {
		t.Error("the resolution is not stated")
	}
}

func TestAgedIsTheSameEachTime(t *testing.T) {
	s := seal.Spec{Kind: seal.Contract, Name: "北京示例科技有限公司", Aged: true, Seed: 1}
	a, b := mustDraw(t, s), mustDraw(t, s)
	if !bytes.Equal(a.SVG(), b.SVG()) || !bytes.Equal(a.PDF().Content, b.PDF().Content) {
		t.Error("the same seed gives two drawings")
	}
	s.Seed = 2
	if bytes.Equal(a.SVG(), mustDraw(t, s).SVG()) {
		t.Error("another seed gives the same drawing")
	}
}

func TestPDFForm(t *testing.T) {
	f := mustDraw(t, seal.Spec{Kind: seal.Official, Name: "北京示例科技有限公司", WidthMM: 42, Opacity: 50}).PDF()
	if math.Abs(f.WidthPt-119.055) > 0.001 || f.HeightPt != f.WidthPt || f.Opacity != 0.5 {
		t.Errorf("form %v × %v opacity %v", f.WidthPt, f.HeightPt, f.Opacity)
	}
	if !bytes.HasPrefix(f.Content, []byte("q\n")) || !bytes.HasSuffix(f.Content, []byte("Q\n")) {
		t.Error("the content does not restore the graphics state")
	}
}

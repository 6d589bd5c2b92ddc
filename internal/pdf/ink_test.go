package pdf_test

import (
	"fmt"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// ink is a forger's signature over the price that draws with a blend mode and an alpha.
func (f *forgery) ink(blend string, alpha float64, content string) map[int]string {
	state := fmt.Sprintf(" /Resources << /ExtGState << /G << /BM /%s /ca %g /CA %g >> >> /Font << /F 3 0 R >> >>", blend, alpha, alpha)
	return f.own("/Rect [98 692 398 722]", stream(xform+state, "/G gs "+content))
}

// TestNoInkOnPrintPasses: strikes, veils, digits and strokes, in any colour, width, blend mode and alpha, over a printed price.
func TestNoInkOnPrintPasses(t *testing.T) {
	t.Parallel()
	f := &forgery{t, twoParties(t)}
	colors := map[string]string{"black": "0 0 0", "navy": "0 0 0.8", "pen": "0.06 0.18 0.65", "red": "0.86 0.08 0.08", "grey": "0.5 0.5 0.5", "green": "0 0.6 0"}
	kinds := map[string]map[int]string{
		"strike of a hair":    f.ink("Multiply", 1, "0.86 0.08 0.08 RG 0.2 w 44 12 m 130 12 l S"),
		"strike, see-through": f.ink("Normal", 0.5, "0 0 1 RG 1 w 44 12 m 130 12 l S"),
		"yellow strip":        f.ink("Multiply", 1, "1 1 0 rg 44 6 86 14 re f"),
		"dark ground":         f.ink("Multiply", 1, "0.45 0.45 0.45 rg 0 0 300 30 re f"),
		"difference":          f.ink("Difference", 1, "1 1 1 rg 44 4 86 20 re f"),
		"hue":                 f.ink("Color", 0.9, "1 1 0.2 rg 44 4 86 20 re f 1 w 44 12 m 130 12 l S"),
	}
	for color, rgb := range colors {
		for _, blend := range []string{"Normal", "Multiply", "Darken"} {
			kinds["strike "+color+" "+blend] = f.ink(blend, 1, rgb+" RG 1 w 44 12 m 130 12 l S")
			kinds["digit "+color+" "+blend] = f.ink(blend, 1, rgb+" rg BT /F 14 Tf 39 8 Td (1) Tj ET")
			kinds["price "+color+" "+blend] = f.ink(blend, 0.8, rgb+" rg BT /F 14 Tf 2 8 Td (Price: 900,000 CNY) Tj ET")
		}
	}
	for _, alpha := range []float64{0.12, 0.3, 0.55, 0.7, 0.9} {
		kinds[fmt.Sprint("veil of ", alpha)] = f.ink("Normal", alpha, "1 1 1 rg 44 4 86 20 re f")
		kinds[fmt.Sprint("screen of ", alpha)] = f.ink("Screen", alpha, "1 1 1 rg 44 4 86 20 re f")
	}
	for name, objects := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkForged(t, f.cosign(t, objects), pdf.ChangeCovers)
		})
	}
}

// TestTallInkOnPrintPasses: a seal's drawing and handwriting are taller than print, whoever made them.
func TestTallInkOnPrintPasses(t *testing.T) {
	t.Parallel()
	f := &forgery{t, twoParties(t)}
	for name, content := range map[string]string{
		"seal":        "0.86 0.08 0.08 RG 3 w 40 1 80 28 re S 0.86 0.08 0.08 rg 70 8 20 14 re f",
		"handwriting": "0.06 0.18 0.65 RG 1.5 w 30 2 m 60 40 80 -20 110 28 c S",
	} {
		report, err := pdf.Verify(f.cosign(t, f.ink("Multiply", 1, content)), newAuthority(t).roots)
		if err != nil || !report.OK {
			t.Errorf("%s: %+v %v", name, report.Signatures[0].ChangedAfter, err)
		}
	}
}

// TestNoFieldCoversWithItsGround: readers draw a filled field anew, with the ground and frame that it has of its own, or
// where it has no look at all: then it must lie where nothing was printed.
func TestNoFieldCoversWithItsGround(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	const look = "/AP << /N 301 0 R >>"
	for name, c := range map[string]struct {
		field, form, look, drawn string
	}{
		"ground":             {"/MK << /BG [1] >>", "", look, ""},
		"frame":              {"/MK << /BC [0 0 1] >> /BS << /W 1 >>", "", look, "0 0 1 RG 0.5 0.5 299 19 re S "},
		"ground and caption": {"/MK << /BG [1 1 1] /CA (900,000) >>", "", look, ""},
		"looks made anew":    {"", "/NeedAppearances true", look, ""},
		"no look":            {"", "", "", ""},
		"no look, ground":    {"/MK << /BG [1 1 1] >>", "/NeedAppearances true", "", ""},
	} {
		for place, rect := range map[string]string{"over the price": over, "on its line": "/Rect [98 402 398 422]"} {
			t.Run(name+" "+place, func(t *testing.T) {
				t.Parallel()
				f := &forgery{t, appendUpdate(pdftest.Document(pdftest.Classic, pdftest.Page{}), map[int]string{
					1:  "<< /Type /Catalog /Pages 2 0 R /AcroForm 20 0 R >>",
					4:  stream("", "BT /F 14 Tf 100 700 Td (Price: 100,000 CNY) Tj ET 0.5 w 100 404 m 398 404 l S"),
					5:  "<< /Type /Page /Parent 6 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots 21 0 R /Resources << /Font << /F 3 0 R >> >> >>",
					20: "<< /Fields [25 0 R] /SigFlags 3 /DA (/F 9 Tf 0 g) /DR << /Font << /F 3 0 R >> >> " + c.form + " >>",
					21: "[25 0 R]",
					25: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (price) /P 5 0 R /DA (/F 9 Tf 0 g) " + rect + " " + c.field + " >>",
				})}
				f.data = f.cosign(t, map[int]string{20: f.also(20, "200 0 R"), 21: f.also(21, "200 0 R"),
					200: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (first) /V %V% /F 2 /Rect [0 0 0 0] /P 5 0 R >>"})
				data := f.unseen(t, map[int]string{25: f.with(25, "/V (ok) "+c.look),
					301: stream("/Type /XObject /Subtype /Form /BBox [0 0 300 20] "+fonts, c.drawn+"BT /F 6 Tf 280 8 Td (ok) Tj ET")})
				if rect == over {
					checkForged(t, data, pdf.ChangeCovers)
				} else if report, err := pdf.Verify(data, a.roots); err != nil || !report.OK {
					t.Errorf("%+v %v", report.Signatures[0].ChangedAfter, err)
				}
			})
		}
	}
}

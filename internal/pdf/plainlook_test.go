package pdf_test

import (
	"fmt"
	"testing"

	"sealdesk/internal/pdf"
)

// drawn is a forger's own signature in a blank place whose look has resources; objects from 302 on are its parts.
func (f *forgery) drawn(resources, content string, parts ...string) map[int]string {
	objects := f.own("/Rect [98 300 398 330]", stream(xform+" /Resources << "+resources+" >>", content))
	for i, part := range parts {
		objects[302+i] = part
	}
	return objects
}

// nested are drawings within each other, the innermost of which shows a box.
func nested(depth int) []string {
	var out []string
	for i := range depth {
		out = append(out, stream(fmt.Sprintf("%s /Resources << /XObject << /X %d 0 R >> >>", xform, 303+i), "/X Do"))
	}
	return append(out, stream(xform+" /Resources << >>", "0 0 9 9 re f"))
}

const (
	picture = "/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace "
	type3   = "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix [1 0 0 1 0 0] /FirstChar 97 /LastChar 97 /Widths [1] /Encoding << /Differences [97 /a] >> /CharProcs << /a 303 0 R >> /Resources << >> >>"
	spot    = "[/Separation /None /DeviceGray << /FunctionType 2 /N 1 /Domain [0 1] /C0 [1] /C1 [0] >>]"
	shading = "<< /ShadingType 2 /ColorSpace /DeviceGray /Coords [0 0 1 0] /Extend [true true] /Function << /FunctionType 2 /N 1 /Domain [0 1] /C0 [1] /C1 [0] >> >>"
)

// TestLooksThatReadersDrawDifferently are refused wherever they lie.
func TestLooksThatReadersDrawDifferently(t *testing.T) {
	t.Parallel()
	f := &forgery{t, twoParties(t)}
	state := func(entries string) map[int]string {
		return f.drawn("/ExtGState << /G << "+entries+" >> >>", "/G gs 0 0 9 9 re f")
	}
	for name, objects := range map[string]map[int]string{
		"pattern":                  f.drawn("/Pattern << /P 302 0 R >>", "/Pattern cs /P scn 0 0 9 9 re f", stream("/PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 5 5] /XStep 5 /YStep 5 /Resources << >>", "0 0 5 5 re f")),
		"pattern of the page":      f.drawn("", "/Pattern cs /P scn 0 0 9 9 re f"),
		"shading":                  f.drawn("/Shading << /S "+shading+" >>", "/S sh"),
		"soft mask":                state("/SMask << /S /Luminosity /G 27 0 R >>"),
		"overprint":                state("/OP true /op true /OPM 1"),
		"transfer function":        state("/TR << /FunctionType 2 /N 1 /Domain [0 1] >>"),
		"rendering intent":         state("/RI /Perceptual"),
		"font of a state":          state("/Font [3 0 R 9]"),
		"blend mode of no kind":    state("/BM /Foo"),
		"blend modes to choose":    state("/BM [/Foo /Multiply]"),
		"intent in the content":    f.drawn("", "/Perceptual ri 0 0 9 9 re f"),
		"spot colour":              f.drawn("/ColorSpace << /S "+spot+" >>", "/S cs 1 scn 0 0 9 9 re f"),
		"colour of another":        f.drawn("/ColorSpace << /DefaultGray [/CalGray << /WhitePoint [1 1 1] /Gamma 9 >>] >>", "0.5 g 0 0 9 9 re f"),
		"profile of two colours":   f.drawn("/ColorSpace << /S [/ICCBased 302 0 R] >>", "/S cs 1 1 scn 0 0 9 9 re f", stream("/N 2", "")),
		"font of drawings":         f.drawn("/Font << /T 302 0 R >>", "BT /T 9 Tf (a) Tj ET", type3, stream("", "1 0 d0 0 0 1 1 re f")),
		"font not in the file":     f.drawn("/Font << /T << /Type /Font /Subtype /TrueType /BaseFont /Wingdings >> >>", "BT /T 9 Tf (a) Tj ET"),
		"characters not in it":     f.drawn("/Font << /T << /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /UniGB-UCS2-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Song >>] >> >>", "BT /T 9 Tf (aa) Tj ET"),
		"font of the page":         merge(f.drawn("", ""), map[int]string{301: stream(xform, "BT /F 9 Tf (a) Tj ET")}),
		"drawings in drawings":     f.drawn("/XObject << /X 302 0 R >>", "/X Do", nested(12)...),
		"drawing without a box":    f.drawn("/XObject << /X 302 0 R >>", "/X Do", stream("/Type /XObject /Subtype /Form", "0 0 9 9 re f")),
		"knockout":                 f.drawn("/XObject << /X 302 0 R >>", "/X Do", stream(xform+" /Resources << >> /Group << /S /Transparency /K true >>", "0 0 9 9 re f")),
		"picture in a spot colour": f.drawn("/XObject << /X 302 0 R >>", "9 0 0 9 0 0 cm /X Do", stream(picture+spot, "\x80")),
		"picture with a matte":     f.drawn("/XObject << /X 302 0 R >>", "9 0 0 9 0 0 cm /X Do", stream(picture+"/DeviceGray /SMask 303 0 R", "\x80"), stream(picture+"/DeviceGray /Matte [1]", "\x80")),
		"picture in JPEG 2000":     f.drawn("/XObject << /X 302 0 R >>", "9 0 0 9 0 0 cm /X Do", stream(picture+"/DeviceGray /Filter /JPXDecode", "\x80")),
		"program as a drawing":     f.drawn("/XObject << /X 302 0 R >>", "/X Do", stream("/Type /XObject /Subtype /PS", "showpage")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkForged(t, f.cosign(t, objects), pdf.ChangeLook)
		})
	}
}

// TestLooksOfOtherPrograms: what programs make signatures of is permitted.
func TestLooksOfOtherPrograms(t *testing.T) {
	t.Parallel()
	f := &forgery{t, twoParties(t)}
	for name, objects := range map[string]map[int]string{
		"print colours":     f.drawn("", "0 1 1 0.2 k 0 0 9 9 re f"),
		"colour profile":    f.drawn("/ColorSpace << /S [/ICCBased 302 0 R] >>", "/S cs 0.8 0 0 scn 0 0 9 9 re f", stream("/N 3 /Alternate /DeviceRGB", "")),
		"state":             f.drawn("/ExtGState << /G << /Type /ExtGState /BM /Normal /ca 0.5 /CA 0.5 /OP false /op false /OPM 1 /SA true /SMask /None /AIS false >> >>", "/G gs 0 0 9 9 re f"),
		"frames of Adobe":   f.drawn("/XObject << /X 302 0 R >>", "q 1 0 0 1 0 0 cm /X Do Q", nested(3)...),
		"standard font":     f.drawn("/Font << /T << /Type /Font /Subtype /TrueType /BaseFont /Arial,Bold /Encoding /WinAnsiEncoding >> >>", "BT /T 9 Tf 2 9 Td (Signed) Tj ET"),
		"masked picture":    f.drawn("/XObject << /X 302 0 R >>", "9 0 0 9 0 0 cm /X Do", stream(picture+"[/Indexed /DeviceRGB 0 <ff0000>] /SMask 303 0 R", "\x00"), stream(picture+"/DeviceGray", "\x80")),
		"nothing but lines": f.drawn("", "1 w 2 2 m 90 20 l S"),
	} {
		report, err := pdf.Verify(f.cosign(t, objects), newAuthority(t).roots)
		if err != nil || !report.OK {
			t.Errorf("%s: %+v %v", name, report.Signatures[0].ChangedAfter, err)
		}
	}
}

// TestAPreparedFieldTakesNoSuchLook: neither does a signature field that was there.
func TestAPreparedFieldTakesNoSuchLook(t *testing.T) {
	t.Parallel()
	f := prepared(t)
	objects := map[int]string{29: f.with(29, "/V %V% /AP << /N 301 0 R >>"),
		301: stream(xform+" /Resources << /Font << /T 302 0 R >> >>", "BT /T 9 Tf (a) Tj ET"), 302: type3, 303: stream("", "1 0 d0 0 0 1 1 re f")}
	checkForged(t, f.cosign(t, objects), pdf.ChangeLook)
}

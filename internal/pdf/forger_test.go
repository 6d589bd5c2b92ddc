package pdf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// cosign signs as a forger does who is trusted, and has a library of their own.
func (f *forgery) cosign(t *testing.T, objects map[int]string) []byte {
	t.Helper()
	a := newAuthority(t)
	out, err := pdf.SignWith(context.Background(), f.data, face(t), a.act(a.ecdsa, "丙", nil), objects)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// own is a signature field of the forger's with a look of theirs.
func (f *forgery) own(dict, look string) map[int]string {
	return merge(f.widget("/FT /Sig /V %V% "+dict), map[int]string{301: look})
}

// cosigned are overlays in the very update that the forger signs.
func (f *forgery) cosigned() map[string]overlayCase {
	blank, over := f.own(blank, lie()), func(data string) map[int]string { return f.own(over, stream(xform+" "+fonts, data)) }
	with := func(dict string) map[int]string { return f.own(dict, lie()) }
	multiply := func(data string) map[int]string {
		return f.own("/Rect [98 692 398 722]", stream(xform+" /Resources << /ExtGState << /G << /BM /Multiply >> >> >>", "/G gs "+data))
	}
	annot := map[int]string{21: f.also(21, "300 0 R 302 0 R")}
	const place = "/Rect [98 300 398 330]"
	return map[string]overlayCase{
		"another price":            {over(overlay), pdf.ChangeCovers},
		"white box":                {over("1 1 1 rg 0 0 300 30 re f"), pdf.ChangeCovers},
		"white box on one digit":   {f.own("/Rect [144 696 152 714]", stream(xform, "1 1 1 rg 0 0 300 30 re f")), pdf.ChangeCovers},
		"black bar":                {over("0 0 300 30 re f"), pdf.ChangeCovers},
		"black ink":                {multiply("0 0 300 30 re f"), pdf.ChangeCovers},
		"red box on red":           {f.own("/Rect [60 142 160 242]", stream(xform, "0.86 0.08 0.08 rg 0 0 300 30 re f")), pdf.ChangeCovers},
		"strokes that make others": {multiply("1.2 w 46 8 m 60 18 l 46 18 m 60 8 l 66 8 m 80 18 l 66 18 m 80 8 l S"), pdf.ChangeCovers},
		"picture": {merge(over("300 0 0 30 0 0 cm /X Do"), map[int]string{
			301: stream(xform+" /Resources << /XObject << /X 302 0 R >> >>", "300 0 0 30 0 0 cm /X Do"),
			302: stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", "\xfe"),
		}), pdf.ChangeCovers},
		"lightening":             {f.own("/Rect [98 692 398 722]", stream(xform+" /Resources << /ExtGState << /G << /BM /Screen >> >> >>", "/G gs 1 1 1 rg 0 0 300 30 re f")), pdf.ChangeCovers},
		"printed, not shown":     {with("/F 36 " + place), pdf.ChangeFieldAdded},
		"another look when held": {merge(blank, map[int]string{300: strings.Replace(blank[300], "/AP << /N 301 0 R >>", "/AP << /N 24 0 R /D 301 0 R >>", 1)}), pdf.ChangeLook},
		"layer":                  {with("/OC 30 0 R " + place), pdf.ChangeFieldAdded},
		"look in a layer":        {merge(blank, map[int]string{301: stream(xform+" /OC 30 0 R", "")}), pdf.ChangeLook},
		"content in a layer":     {merge(blank, map[int]string{301: stream(xform+" /Resources << /Properties << /L 30 0 R >> >>", "/OC /L BDC 0 0 9 9 re f EMC")}), pdf.ChangeLook},
		"other picture in print": {merge(blank, map[int]string{301: stream(xform+" /Resources << /XObject << /X << /Alternates [] >> >> >>", "")}), pdf.ChangeLook},
		"numbers out of range":   {merge(blank, map[int]string{301: stream(xform, "4294967296 0 0 1 0 0 cm 0 0 9 9 re f")}), pdf.ChangeLook},
		"operators of no kind":   {merge(blank, map[int]string{301: stream(xform, "0 0 9 9 re paint")}), pdf.ChangeLook},
		"states without an end":  {merge(blank, map[int]string{301: stream(xform, strings.Repeat("q ", 40)+"0 0 9 9 re f")}), pdf.ChangeLook},
		"picture of an odd depth": {merge(blank, map[int]string{
			301: stream(xform+" /Resources << /XObject << /X 302 0 R >> >>", "9 0 0 9 0 0 cm /X Do"),
			302: stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 3 /ColorSpace /DeviceGray", "\xfe"),
		}), pdf.ChangeLook},
		"action":                   {with("/A << /S /JavaScript /JS (x) >> " + place), pdf.ChangeFieldAdded},
		"ground":                   {with("/MK << /BG [1 1 1] >> " + place), pdf.ChangeFieldAdded},
		"parent":                   {with("/Parent 25 0 R " + place), pdf.ChangeFieldAdded},
		"name of another":          {merge(blank, map[int]string{300: strings.Replace(blank[300], "(new)", "(filled)", 1)}), pdf.ChangeFieldAdded},
		"page that it is not on":   {merge(blank, map[int]string{300: strings.Replace(blank[300], "/P 5 0 R", "/P 8 0 R", 1)}), pdf.ChangeFieldAdded},
		"on two pages":             {merge(blank, map[int]string{8: f.also(8, "300 0 R")}), pdf.ChangeFieldAdded},
		"text field beside":        {merge(blank, annot, map[int]string{20: f.also(20, "300 0 R 302 0 R"), 302: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (x) /V (,000) /Rect [240 690 300 720] /P 5 0 R >>"}), pdf.ChangeFieldAdded},
		"button beside":            {merge(blank, annot, map[int]string{20: f.also(20, "300 0 R 302 0 R"), 302: "<< /Type /Annot /Subtype /Widget /FT /Btn /Ff 65537 /T (x) /AP << /N 301 0 R >> /Rect [98 690 400 720] /P 5 0 R >>"}), pdf.ChangeFieldAdded},
		"widget beside":            {merge(blank, annot, map[int]string{302: "<< /Type /Annot /Subtype /Widget /AP << /N 301 0 R >> /Rect [98 690 400 720] >>"}), pdf.ChangeWidget},
		"stamp beside":             {merge(blank, annot, map[int]string{302: "<< /Type /Annot /Subtype /Stamp /AP << /N 301 0 R >> /Rect [98 690 400 720] >>"}), pdf.ChangeAnnotation},
		"empty field beside":       {merge(blank, annot, map[int]string{20: f.also(20, "300 0 R 302 0 R"), 302: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [98 690 400 720] /P 5 0 R >>"}), pdf.ChangeFieldAdded},
		"several widgets":          {merge(blank, annot, map[int]string{300: "<< /FT /Sig /T (new) /V %V% /Kids [302 0 R] >>", 302: "<< /Type /Annot /Subtype /Widget /Parent 300 0 R /P 5 0 R /AP << /N 301 0 R >> " + place + " >>"}), pdf.ChangeFieldAdded},
		"content of the page":      {merge(blank, map[int]string{4: stream("", "BT /F 14 Tf 100 700 Td (Price: 900,000 CNY) Tj ET")}), pdf.ChangePage},
		"form's flags taken back":  {merge(blank, map[int]string{20: strings.Replace(f.also(20, "300 0 R"), "/SigFlags 3", "/SigFlags 0", 1)}), pdf.ChangeForm},
		"name of a field's action": {merge(blank, map[int]string{25: f.with(25, "/A << /S /Hide /T (filled) >>")}), pdf.ChangeField},
	}
}

// TestNoCosignerPasses lets the forger sign the very update that changes the contract, and a third party sign on top.
func TestNoCosignerPasses(t *testing.T) {
	t.Parallel()
	f := &forgery{t, twoParties(t)}
	for name, c := range f.cosigned() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkForged(t, f.cosign(t, c.objects), c.code)
		})
	}
}

// prepared lays fields over the price before the first party signs, as a drafter does who means to use them later.
func prepared(t *testing.T) *forgery {
	a := newAuthority(t)
	f := &forgery{t, appendUpdate(pdftest.Document(pdftest.Classic, pdftest.Page{}, pdftest.Page{}), map[int]string{
		1:  "<< /Type /Catalog /Pages 2 0 R /AcroForm 20 0 R >>",
		4:  stream("", "BT /F 14 Tf 100 700 Td (Price: 100,000 CNY) Tj ET 0.5 w 100 400 m 398 400 l S"),
		5:  "<< /Type /Page /Parent 6 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots 21 0 R /Resources << /Font << /F 3 0 R >> >> >>",
		20: "<< /Fields [25 0 R 26 0 R 29 0 R 35 0 R 36 0 R] /SigFlags 3 /DA (/F 9 Tf 0 g) /DR << /Font << /F 3 0 R >> >> >>",
		21: "[25 0 R 26 0 R 29 0 R 35 0 R 36 0 R]",
		25: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (empty) /P 5 0 R /DA (/F 9 Tf 0 g) " + over + " >>",
		26: "<< /Type /Annot /Subtype /Widget /FT /Btn /T (box) /V /Off /AS /Off /P 5 0 R /AP << /N << /Yes 27 0 R /Off 28 0 R >> >> " + over + " >>",
		27: lie(), 28: stream(xform, ""),
		29: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (later) /P 5 0 R " + over + " >>",
		35: "<< /Type /Annot /Subtype /Widget /FT /Btn /Ff 65536 /NM (sealdesk-hand) /T (hand) /P 5 0 R " + over + " >>",
		36: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (line) /P 5 0 R /DA (/F 12 Tf 0 g) /Rect [98 392 398 418] >>",
	})}
	f.data = sign(t, f.data, a.act(a.rsa, "甲", nil), nil)
	return f
}

// TestNoPreparedFieldHides fills and signs fields that were there, and lay over the price, when the first party signed.
func TestNoPreparedFieldHides(t *testing.T) {
	t.Parallel()
	f := prepared(t)
	text := func(ops string) map[int]string {
		return map[int]string{25: f.with(25, "/V (900) /AP << /N 301 0 R >>"), 301: stream(xform+" "+fonts, ops)}
	}
	for name, objects := range map[string]map[int]string{
		"check box":       {26: f.swap(26, "/V /Off /AS /Off", "/V /Yes /AS /Yes")},
		"signature field": {29: f.with(29, "/V %V% /AP << /N 301 0 R >>"), 301: lie()},
		"handwriting":     {35: f.with(35, "/AP << /N 301 0 R >>"), 301: lie()},
		"white text":      text("1 g BT /F 40 Tf 2 2 Td (900) Tj ET"),
		"text on text":    text("0 g BT /F 14 Tf 46 8 Td (900) Tj ET"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkForged(t, f.unseen(t, objects), pdf.ChangeCovers)
		})
	}
}

// unseen cosigns with a signature field that shows nothing, unless the objects hold another.
func (f *forgery) unseen(t *testing.T, objects map[int]string) []byte {
	t.Helper()
	if objects[29] == "" {
		objects = merge(objects, map[int]string{20: f.also(20, "300 0 R"), 21: f.also(21, "300 0 R"),
			300: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (new) /V %V% /F 2 /Rect [0 0 0 0] /P 5 0 R >>"})
	}
	return f.cosign(t, objects)
}

// TestFadingByStepsIsFound: each step leaves most of what the step before it left.
func TestFadingByStepsIsFound(t *testing.T) {
	t.Parallel()
	f := &forgery{t, twoParties(t)}
	for i := range 4 {
		look := stream(xform+" /Resources << /ExtGState << /G << /ca 0.4 >> >> >>", "/G gs 1 g 0 0 300 30 re f")
		objects := f.own("/Rect [98 692 398 722]", look)
		num, shown := 300+2*i, 301+2*i
		objects = map[int]string{
			num:   strings.NewReplacer("301 0 R", fmt.Sprint(shown, " 0 R"), "(new)", fmt.Sprintf("(new%d)", i)).Replace(objects[300]),
			shown: look, 20: f.also(20, fmt.Sprint(num, " 0 R")), 21: f.also(21, fmt.Sprint(num, " 0 R")),
		}
		f.data = f.cosign(t, objects)
	}
	checkForged(t, f.data, pdf.ChangeCovers)
}

// TestTextOnItsLinePasses: text that is filled in may touch the line that it is written on.
func TestTextOnItsLinePasses(t *testing.T) {
	t.Parallel()
	f := prepared(t)
	data := f.unseen(t, map[int]string{36: f.with(36, "/V (gypsy, 900) /AP << /N 301 0 R >>"),
		301: stream("/Type /XObject /Subtype /Form /BBox [0 0 300 26] "+fonts, "BT /F 12 Tf 2 9 Td (gypsy, 900) Tj ET")})
	report, err := pdf.Verify(data, newAuthority(t).roots)
	if err != nil || !report.OK {
		t.Errorf("%+v %v", report, err)
	}
}

// TestHonestCosignersPass: what is not over anything, or lets it be seen, is permitted.
func TestHonestCosignersPass(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	f := &forgery{t, twoParties(t)}
	price := pdf.Mark{ID: "c", Kind: pdf.Seal, Signer: "c", Page: 1, X: 90, Y: 100, Width: 113, Height: 113}
	hand := pdf.Mark{ID: "h", Kind: pdf.Signature, Signer: "c", Page: 1, X: 100, Y: 120, Width: 150, Height: 40}
	date := pdf.Mark{ID: "dd", Kind: pdf.Date, Signer: "c", Page: 1, X: 290, Y: 138, Width: 90, Height: 20}
	rest := "/Rect [98 300 398 330]"
	for name, data := range map[string][]byte{
		"in a blank place": f.cosign(t, f.own(rest, lie())),
		"hidden":           f.cosign(t, f.own("/F 2 "+rest, lie())),
		"seal over text":   sign(t, f.data, a.act(a.ecdsa, "丙", map[string]pdf.Fill{"c": {Form: disc()}}), []pdf.Mark{price}),
		"hand over text, date beside": sign(t, f.data, a.act(a.ecdsa, "丙", map[string]pdf.Fill{"c": {Form: disc()}, "h": {Form: stroke(t)}, "dd": {Text: "2026-05-06"}}),
			[]pdf.Mark{price, hand, date}),
	} {
		report, err := pdf.Verify(data, a.roots)
		if err != nil || !report.OK || len(report.Signatures) != 3 {
			t.Errorf("%s: %+v %v", name, report.Signatures[0].ChangedAfter, err)
		}
		write(t, strings.NewReplacer(" ", "-", ",", "").Replace(name)+".pdf", data)
	}
}

// TestSignRefusesToHide: Sign does not make a signature that Verify would call a change.
func TestSignRefusesToHide(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	f := &forgery{t, twoParties(t)}
	over := pdf.Mark{ID: "c", Kind: pdf.Seal, Signer: "c", Page: 1, X: 70, Y: 610, Width: 100, Height: 100} // over the seal of the first
	_, err := pdf.Sign(t.Context(), f.data, face(t), a.act(a.ecdsa, "丙", map[string]pdf.Fill{"c": {Form: disc()}}), []pdf.Mark{over})
	var refused *pdf.MarkError
	if !errors.As(err, &refused) || refused.Reason != pdf.ReasonCovers {
		t.Errorf("%v", err)
	}
}

// TestUpdatesThatReadersUnderstandDifferently: an update may be built in ways that some readers see one document in, and
// others another.
func TestUpdatesThatReadersUnderstandDifferently(t *testing.T) {
	t.Parallel()
	f := &forgery{t, twoParties(t)}
	newest := regexp.MustCompile(`startxref\n(\d+)`).FindAllSubmatch(f.data, -1)
	last, before := string(newest[len(newest)-1][1]), string(newest[len(newest)-2][1])
	update := func(body, entries, trailer string) []byte {
		out := append(bytes.Clone(f.data), body...)
		start := len(out)
		if strings.Contains(entries, "%d") {
			entries = fmt.Sprintf(entries, len(f.data))
		}
		return fmt.Appendf(out, "xref\n%strailer\n<< /Size 500 /Info 33 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", entries, trailer, start)
	}
	usual := "/Root 1 0 R /Prev " + last
	note := "22 0 obj\n<< /Type /Annot /Subtype /Text /Rect [10 10 30 30] /Contents (a note) >>\nendobj\n"
	free := "0 1\n0000000000 65535 f \n"
	for name, data := range map[string][]byte{
		"an object that nobody names":    update("999 0 obj\n<<>>\nendobj\n", free, usual),
		"text between objects":           update("this is no object\n", free, usual),
		"an object behind the end":       append(bytes.Clone(f.data), note...),
		"an older object again":          update("", fmt.Sprintf("22 1\n%010d 00000 n \n", bytes.Index(f.data, []byte("\n23 0 obj"))+1), usual),
		"another generation":             update(strings.Replace(note, "22 0 obj", "22 1 obj", 1), "22 1\n%010d 00001 n \n", usual),
		"a generation that is not so":    update(note, "22 1\n%010d 00001 n \n", usual),
		"an object named twice":          update(note, "22 1\n%010d 00000 n \n22 1\n0000000017 00000 n \n", usual),
		"a key twice":                    update(strings.Replace(note, "/Contents (a note)", "/Contents (lie) /Contents (a note)", 1), "22 1\n%010d 00000 n \n", usual),
		"a hybrid section":               update("400 0 obj\n<< /Type /XRef /W [1 2 1] /Size 1 /Index [0 0] /Length 0 >>\nstream\n\nendstream\nendobj\n", fmt.Sprintf("400 1\n%010d 00000 n \n", len(f.data)), usual+fmt.Sprintf(" /XRefStm %d", len(f.data))),
		"a length that is not so":        update("999 0 obj\n<< /Length 3 >>\nstream\nlonger\nendstream\nendobj\n", "999 1\n%010d 00000 n \n", usual),
		"a section that was left out":    update(note, "22 1\n%010d 00000 n \n", "/Root 1 0 R /Prev "+before),
		"another catalog":                update("400 0 obj\n"+f.body(1)+"\nendobj\n", "400 1\n%010d 00000 n \n", "/Root 400 0 R /Prev "+last),
		"a section that is not there":    bytes.Replace(update(note, "22 1\n%010d 00000 n \n", usual), []byte("startxref\n"+fmt.Sprint(len(f.data)+len(note))), []byte("startxref\n7"), 1),
		"an object beside the entry":     update("% "+note+note, "22 1\n%010d 00000 n \n", usual),
		"an object that is packed twice": packedTwice(f.data, last),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if pdf.Signed(data) {
				data = unseenThird(t, data)
			}
			checkForged(t, data, "")
		})
	}
}

// packedTwice packs the note twice into one stream of objects, the way that one reader finds the first and another the second.
func packedTwice(data []byte, prev string) []byte {
	first, second := "<< /Type /Annot /Subtype /Text /Rect [10 10 30 30] /Contents (a note) >>", "<< /Type /Annot /Subtype /FreeText /Rect [98 692 398 722] >>"
	index := fmt.Sprintf("22 0 22 %d ", len(first)+1)
	packed := index + first + " " + second
	at := len(data)
	out := fmt.Appendf(bytes.Clone(data), "400 0 obj\n<< /Type /ObjStm /N 2 /First %d /Length %d >>\nstream\n%s\nendstream\nendobj\n", len(index), len(packed), packed)
	self := len(out)
	row := func(kind, offset, index int) []byte {
		return []byte{byte(kind), byte(offset >> 16), byte(offset >> 8), byte(offset), byte(index)}
	}
	rows := bytes.Join([][]byte{row(2, 400, 1), row(1, at, 0), row(1, self, 0)}, nil)
	return fmt.Appendf(out, "401 0 obj\n<< /Type /XRef /Size 500 /W [1 3 1] /Index [22 1 400 2] /Root 1 0 R /Info 33 0 R /Prev %s /Length %d >>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
		prev, len(rows), rows, self)
}

package pdf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

func TestFilledTextCanBeFoundAndCopied(t *testing.T) {
	t.Parallel()
	marks := []pdf.Mark{
		{ID: "one", Kind: pdf.Text, Page: 1, X: 60, Y: 60, Width: 200, Height: 24, Text: "㐂人民币叁拾贰万元整 ¥320,000.00", Align: pdf.AlignRight},
		{ID: "two", Kind: pdf.Text, Page: 1, X: 60, Y: 120, Width: 200, Height: 80, Multiline: true, FontSize: 11,
			Text: "第一行到此为止\n其余的文字比一行长，因此在框内换行，而且标点不出现在行首。"},
		{ID: "three", Kind: pdf.Date, Page: 2, X: 60, Y: 60, Width: 90, Height: 14, Text: "2026-05-04"},
	}
	marks[0].Text = strings.TrimPrefix(marks[0].Text, "㐂")
	for _, rotate := range []int{0, 90, 180, 270} {
		data := pdftest.Document(pdftest.Classic, pdftest.Page{Rotate: rotate}, pdftest.Page{})
		out, err := pdf.Prepare(data, face(t), marks)
		if err != nil {
			t.Fatal(err)
		}
		text := mustRun(t, "pdftotext", "-layout", write(t, fmt.Sprintf("text%d.pdf", rotate), out), "-")
		for _, want := range []string{"人民币叁拾贰万元整 ¥320,000.00", "第一行到此为止", "其余的文字比一行长", "2026-05-04"} {
			if !strings.Contains(text, want) {
				t.Errorf("turned by %d: %q is not in\n%s", rotate, want, text)
			}
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(strings.TrimSpace(line), "，") || strings.HasPrefix(strings.TrimSpace(line), "。") {
				t.Errorf("a line begins with punctuation: %q", line)
			}
		}
	}
}

func TestTextIsDrawnSmallerUntilItFits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("很长的文字", 20)
	for _, multiline := range []bool{false, true} {
		out, err := pdf.Prepare(pdftest.Document(pdftest.Classic, pdftest.Page{}), face(t), []pdf.Mark{
			{ID: "a", Kind: pdf.Text, Page: 1, X: 100, Y: 300, Width: 150, Height: 30, Text: long, FontSize: 14, Multiline: multiline},
		})
		if err != nil {
			t.Fatal(err)
		}
		img, scale := render(t, out, 1)
		box := extent(img, func(r, g, b uint32) bool { return r < 128 })
		page := box.Intersect(img.Bounds())
		page.Max.Y = int(400 * scale) // the page's own text stands below
		if float64(box.Min.X) < 99*scale || float64(page.Min.Y) < 299*scale {
			t.Errorf("multiline %v: ink at %v leaves the box", multiline, box)
		}
		for y := int(331 * scale); y < int(400*scale); y++ {
			for x := range img.Bounds().Dx() {
				if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
					t.Fatalf("multiline %v: ink below the box at %d, %d", multiline, x, y)
				}
			}
		}
		for y := int(290 * scale); y < int(340*scale); y++ {
			for x := int(251 * scale); x < img.Bounds().Dx(); x++ {
				if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
					t.Fatalf("multiline %v: ink beside the box at %d, %d", multiline, x, y)
				}
			}
		}
	}
}

func TestPrepareTwiceKeepsEmptyFields(t *testing.T) {
	data := pdftest.Document(pdftest.XRefStream, pdftest.Page{})
	marks := []pdf.Mark{{ID: "seal.1", Kind: pdf.Seal, Page: 1, X: 10, Y: 10, Width: 50, Height: 50}}
	once, err := pdf.Prepare(data, face(t), marks)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := pdf.Prepare(once, face(t), marks)
	if err != nil || !bytes.Equal(once, twice) {
		t.Errorf("the second time changed the file: %v", err)
	}
	marks[0].X = 20
	moved, err := pdf.Prepare(once, face(t), marks)
	if err != nil || bytes.Equal(once, moved) {
		t.Errorf("a moved mark needs a new field: %v", err)
	}
}

func TestPrepareIsTheSameEachTime(t *testing.T) {
	data := pdftest.Document(pdftest.Classic, pdftest.Page{})
	marks := []pdf.Mark{{ID: "a", Kind: pdf.Text, Page: 1, X: 10, Y: 10, Width: 50, Height: 50, Text: "文字"}}
	first, err := pdf.Prepare(data, face(t), marks)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if again, err := pdf.Prepare(data, face(t), marks); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("another file: %v", err)
		}
	}
}

// form is a file that brings a form of its own.
func form(t *testing.T) []byte {
	return appendUpdate(pdftest.Document(pdftest.Classic, pdftest.Page{}), map[int]string{
		1:  "<< /Type /Catalog /Pages 2 0 R /Lang (zh) /AcroForm << /Fields [20 0 R] /NeedAppearances true /CO [20 0 R] /DA (/F 9 Tf 0 g) /DR << /Font << /F 3 0 R >> >> >> >>",
		5:  "<< /Type /Page /Parent 6 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 3 0 R >> >> /Annots 21 0 R >>",
		20: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (seal) /V (own value) /Rect [100 600 300 620] /P 5 0 R /DA (/F 9 Tf 0 g) >>",
		21: "[20 0 R]",
	})
}

func TestAnExistingFormIsKept(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	marks := []pdf.Mark{{ID: "seal", Kind: pdf.Seal, Page: 1, X: 100, Y: 300, Width: 100, Height: 50}}
	prepared, err := pdf.Prepare(form(t), face(t), marks)
	if err != nil {
		t.Fatal(err)
	}
	signed := sign(t, prepared, a.act(a.ecdsa, "李雷", map[string]pdf.Fill{"seal": {Form: flag()}}), marks)
	checkClean(t, signed, 1)
	checkFlag(t, signed, 1, 100, 300, 100, 50)
	qdf := mustRun(t, "qpdf", "--qdf", "--object-streams=disable", write(t, "form.pdf", signed), "-")
	for _, want := range []string{"/CO [", "/V (own value)", "/Lang (zh)", "/T (seal-2)", "/SigFlags 3"} {
		if !strings.Contains(qdf, want) {
			t.Errorf("%s is gone", want)
		}
	}
	if strings.Contains(qdf, "NeedAppearances") {
		t.Error("viewers would draw the fields themselves")
	}
}

func TestAnApproverWhoComesLaterAddsFields(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	first := []pdf.Mark{{ID: "a", Kind: pdf.Seal, Signer: "a", Page: 1, X: 50, Y: 50, Width: 100, Height: 100}}
	later := []pdf.Mark{
		{ID: "b", Kind: pdf.Seal, Signer: "b", Page: 2, X: 350, Y: 50, Width: 100, Height: 50},
		{ID: "b2", Kind: pdf.Seal, Signer: "b", Page: 1, X: 200, Y: 50, Width: 100, Height: 50},
		{ID: "bdate", Kind: pdf.Date, Signer: "b", Page: 2, X: 350, Y: 160, Width: 100, Height: 20},
	}
	for _, structure := range pdftest.Structures() {
		data := pdftest.Document(structure, pdftest.Page{}, pdftest.Page{Rotate: 90})
		prepared, err := pdf.Prepare(data, face(t), first)
		if err != nil {
			t.Fatal(err)
		}
		one := sign(t, prepared, a.act(a.rsa, "甲", map[string]pdf.Fill{"a": {Form: disc()}}), first)
		two := sign(t, one, a.act(a.ecdsa, "乙", map[string]pdf.Fill{
			"b": {Form: flag()}, "b2": {Form: flag()}, "bdate": {Text: "2026年5月6日"},
		}), slices.Concat(first, later))
		three := sign(t, two, a.act(a.ecdsa, "丙", nil), nil) // without any mark
		checkClean(t, three, 3, "b2")
		checkFlag(t, three, 2, 350, 50, 100, 50)
	}
}

func TestMarksAndFillsThatCannotBe(t *testing.T) {
	a := newAuthority(t)
	data := pdftest.Document(pdftest.Classic, pdftest.Page{})
	ok := pdf.Mark{ID: "m", Kind: pdf.Seal, Page: 1, X: 10, Y: 10, Width: 50, Height: 50}
	change := func(f func(*pdf.Mark)) []pdf.Mark {
		m := ok
		f(&m)
		return []pdf.Mark{m}
	}
	for reason, marks := range map[string][]pdf.Mark{
		pdf.ReasonPage:      change(func(m *pdf.Mark) { m.Page = 2 }),
		pdf.ReasonBox:       change(func(m *pdf.Mark) { m.Width = 0 }),
		pdf.ReasonDuplicate: {ok, ok},
		pdf.ReasonKind:      change(func(m *pdf.Mark) { m.Kind = "other" }),
		pdf.ReasonPicture:   change(func(m *pdf.Mark) { m.Kind = pdf.Picture; m.Form = &pdf.Form{PNG: []byte("no")} }),
	} {
		var e *pdf.MarkError
		if _, err := pdf.Prepare(data, face(t), marks); !errors.As(err, &e) || e.Reason != reason {
			t.Errorf("%s: %v", reason, err)
		}
	}
	text := pdf.Mark{ID: "t", Kind: pdf.Text, Page: 1, X: 10, Y: 100, Width: 50, Height: 20, Text: "字\U0001F600\uE000"}
	var missing *pdf.MissingGlyphError
	if _, err := pdf.Prepare(data, face(t), []pdf.Mark{text}); !errors.As(err, &missing) || missing.Mark != "t" ||
		string(missing.Runes) != "\U0001F600\uE000" {
		t.Errorf("missing glyphs: %v", err)
	}
	text.Text = ""
	prepared, err := pdf.Prepare(data, face(t), []pdf.Mark{ok, text})
	if err != nil {
		t.Fatal(err)
	}
	signed := sign(t, prepared, a.act(a.ecdsa, "李雷", map[string]pdf.Fill{"m": {Form: disc()}, "t": {Text: "字"}}), nil)
	for name, c := range map[string]struct {
		data   []byte
		fills  map[string]pdf.Fill
		field  string
		reason string
	}{
		"unknown mark":   {prepared, map[string]pdf.Fill{"x": {Text: "x"}}, "", pdf.ReasonUnknown},
		"unknown field":  {prepared, nil, "x", pdf.ReasonUnknown},
		"text in a seal": {prepared, map[string]pdf.Fill{"m": {Text: "x"}}, "", pdf.ReasonKind},
		"seal in a text": {prepared, map[string]pdf.Fill{"t": {Form: disc()}}, "", pdf.ReasonKind},
		"field of text":  {prepared, nil, "t", pdf.ReasonKind},
		"signed twice":   {signed, map[string]pdf.Fill{"m": {Form: disc()}}, "", pdf.ReasonSigned},
		"signed field":   {signed, nil, "m", pdf.ReasonSigned},
		"filled twice":   {signed, map[string]pdf.Fill{"t": {Text: "x"}}, "", pdf.ReasonSigned},
	} {
		act := a.act(a.ecdsa, "李雷", c.fills)
		act.Field = c.field
		var e *pdf.MarkError
		if _, err := pdf.Sign(context.Background(), c.data, face(t), act, nil); !errors.As(err, &e) || e.Reason != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFilesThatCannotBeSigned(t *testing.T) {
	a := newAuthority(t)
	good := pdftest.Document(pdftest.Classic, pdftest.Page{})
	encrypted, err := os.ReadFile(filepath.Join("testdata", "encrypted.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":     {nil, pdf.ErrNotPDF},
		"text":      {[]byte("hello"), pdf.ErrNotPDF},
		"truncated": {good[:len(good)/2], pdf.ErrDamaged},
		"encrypted": {encrypted, pdf.ErrEncrypted},
		"no pages":  {pdftest.Document(pdftest.Classic), pdf.ErrNoPages},
		"loop": {appendUpdate(good, map[int]string{
			6: "<< /Type /Pages /Parent 2 0 R /Count 1 /Kids [2 0 R] >>",
		}), pdf.ErrDamaged},
	} {
		if _, err := pdf.Prepare(c.data, face(t), nil); !errors.Is(err, c.want) {
			t.Errorf("Prepare, %s: %v", name, err)
		}
		if _, err := pdf.Sign(context.Background(), c.data, face(t), a.act(a.ecdsa, "李雷", nil), nil); !errors.Is(err, c.want) {
			t.Errorf("Sign, %s: %v", name, err)
		}
	}
}

// TestFilesThatAreSloppy signs files whose cross-reference is wrong, as those of many programs are.
func TestFilesThatAreSloppy(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	marks := []pdf.Mark{{ID: "a", Kind: pdf.Seal, Page: 1, X: 50, Y: 50, Width: 100, Height: 50}}
	for _, structure := range pdftest.Structures() {
		good := pdftest.Document(structure, pdftest.Page{}, pdftest.Page{Rotate: 270})
		at := bytes.LastIndex(good, []byte("startxref"))
		for name, data := range map[string][]byte{
			"junk before":     append([]byte("HTTP/1.1 200 OK\r\n\r\n"), good...),
			"lines added":     bytes.Replace(good, []byte("%\xe2\xe3"), []byte("% one more line\n%\xe2\xe3"), 1),
			"wrong startxref": append(bytes.Clone(good[:at]), "startxref\n7\n%%EOF\n"...),
			"carriage return": bytes.TrimSuffix(good, []byte("\n")),
		} {
			signed := sign(t, data, a.act(a.ecdsa, "李雷", map[string]pdf.Fill{"a": {Form: flag()}}), marks)
			signed = sign(t, signed, a.act(a.ecdsa, "李雷", nil), marks)
			if name != "junk before" { // poppler counts offsets from the header and byte ranges, too
				checkFlag(t, signed, 1, 50, 50, 100, 50)
			}
			report, err := pdf.Verify(signed, a.roots)
			if err != nil || !report.OK || len(report.Signatures) != 2 {
				t.Errorf("%s, %s: %+v %v", structure, name, report, err)
			}
		}
	}
}

// TestFilesOfOtherPrograms signs what qpdf makes of a file: linearized, packed, unpacked.
func TestFilesOfOtherPrograms(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	data, _ := contract(t)
	source := write(t, "source.pdf", data)
	marks := []pdf.Mark{{ID: "a", Kind: pdf.Seal, Page: 2, X: 50, Y: 20, Width: 100, Height: 50}}
	for _, options := range [][]string{
		{"--linearize"}, {"--object-streams=generate"}, {"--linearize", "--object-streams=generate"},
		{"--qdf"}, {"--object-streams=disable", "--stream-data=uncompress"},
	} {
		path := filepath.Join(t.TempDir(), "made.pdf")
		mustRun(t, "qpdf", append(slices.Clone(options), source, path)...)
		made, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		signed := sign(t, made, a.act(a.rsa, "印台", map[string]pdf.Fill{"a": {Form: flag()}}), marks)
		signed = sign(t, signed, a.act(a.ecdsa, "李雷", nil), nil)
		out, _ := run(t, "pdfsig", write(t, "signed.pdf", signed))
		if strings.Count(out, "Signature is Valid.") != 2 {
			t.Errorf("%v: %s", options, out)
		}
		checkFlag(t, signed, 2, 50, 20, 100, 50)
		if report, err := pdf.Verify(signed, a.roots); err != nil || !report.OK {
			t.Errorf("%v: %+v %v", options, report, err)
		}
	}
}

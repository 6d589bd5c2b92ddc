package pdf_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"sealdesk/internal/pdf"
)

// keywordPDF is written by hand: upright, turned and cropped pages with words at known places, and a form.
func keywordPDF() []byte {
	page := func(attributes, content string) [2]string { return [2]string{attributes, content} }
	pages := [][2]string{
		page("/MediaBox[0 0 595 842]", "BT /F1 20 Tf 100 700 Td (Sign here) Tj 0 -100 Td (Signature of Party A: Sign) Tj ET"),
		page("/MediaBox[0 0 600 800]/Rotate 90", "BT /F1 20 Tf 100 700 Td (Stamp) Tj ET"),
		page("/MediaBox[0 0 600 800]/CropBox[50 100 550 750]", "BT /F1 20 Tf 100 700 Td (Stamp) Tj ET"),
	}
	var objects []string
	objects = append(objects, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[10 0 R]>>>>", "<</Type/Pages/Count 3/Kids[4 0 R 6 0 R 8 0 R]>>", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	for i, p := range pages {
		annots := ""
		if i == 2 {
			annots = "/Annots[11 0 R]"
		}
		objects = append(objects, fmt.Sprintf("<</Type/Page/Parent 2 0 R%s/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>%s>>", p[0], 5+2*i, annots),
			fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(p[1]), p[1]))
	}
	objects = append(objects, "<</T(party)/Kids[11 0 R]>>", "<</T(seal)/FT/Tx/Parent 10 0 R/Type/Annot/Subtype/Widget/Rect[100 300 219 419]/P 8 0 R>>")
	out := "%PDF-1.7\n"
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, len(out))
		out += fmt.Sprintf("%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := len(out)
	out += fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		out += fmt.Sprintf("%010d 00000 n \n", at)
	}
	return []byte(out + fmt.Sprintf("trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start))
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestFind(t *testing.T) {
	t.Parallel()
	r, err := pdf.NewRenderer(t.Context(), pdf.RendererOptions{CacheDir: filepath.Join(os.TempDir(), "sealdesk-test-pdfium")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	find := func(text string) []pdf.Hit {
		t.Helper()
		hits, err := r.Find(context.Background(), keywordPDF(), text)
		if err != nil {
			t.Fatal(err)
		}
		return hits
	}
	hits := find("Sign")
	if len(hits) != 3 || !hits[0].Alone || hits[1].Alone || !hits[2].Alone {
		t.Fatalf("%+v", hits)
	}
	// The base line is 142 points under the top; capitals of Helvetica are 0.72 em high, and g goes 0.2 em below.
	if h := hits[0]; h.Page != 1 || !near(h.X, 101, 2) || !near(h.Y, 142-14.5, 2) || !near(h.Width, 38, 3) || !near(h.Height, 19, 3) {
		t.Errorf("%+v", h)
	}
	if hits = find("signhere"); len(hits) != 0 {
		t.Errorf("another case was found: %+v", hits)
	}
	if hits = find("Ｓｉｇｎ ｈｅｒｅ"); len(hits) != 1 {
		t.Errorf("full-width letters were not: %+v", hits)
	}
	if hits = find("Party A："); len(hits) != 1 {
		t.Errorf("a full-width colon was not: %+v", hits)
	}
	hits = find("Stamp")
	if len(hits) != 2 {
		t.Fatalf("%+v", hits)
	}
	// Turned clockwise, x becomes the distance from the top and y that from the left.
	if h := hits[0]; h.Page != 2 || !near(h.X, 696, 3) || !near(h.Y, 101, 2) || !near(h.Width, 19, 4) || !near(h.Height, 55, 6) {
		t.Errorf("%+v", h)
	}
	if h := hits[1]; h.Page != 3 || !near(h.X, 51, 2) || !near(h.Y, 750-700-14.5, 2) {
		t.Errorf("%+v", h)
	}
	for _, none := range []string{"", "  ", "nothing of the kind"} {
		if hits = find(none); len(hits) != 0 {
			t.Errorf("%q: %+v", none, hits)
		}
	}
	if _, err := r.Find(t.Context(), []byte("no PDF"), "x"); err == nil {
		t.Error("searched what is no PDF")
	}
}

// TestFindChinese searches what our own composer writes.
func TestFindChinese(t *testing.T) {
	t.Parallel()
	r, err := pdf.NewRenderer(t.Context(), pdf.RendererOptions{CacheDir: filepath.Join(os.TempDir(), "sealdesk-test-pdfium")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := pdf.NewComposer(face(t)).Title("采购合同").Paragraph("甲方（盖章）：").Paragraph("乙方（盖章）：").Paragraph("甲方授权代表签字：").Bytes()
	if err != nil {
		t.Fatal(err)
	}
	hits, err := r.Find(t.Context(), data, "甲方")
	if err != nil || len(hits) != 2 || !hits[0].Alone || hits[1].Alone || hits[0].Y >= hits[1].Y || hits[0].Width < 18 || hits[0].Width > 40 {
		t.Errorf("%+v, %v", hits, err)
	}
}

func TestFormFields(t *testing.T) {
	fields, err := pdf.FormFields(keywordPDF())
	if err != nil || len(fields) != 1 || fields[0] != (pdf.FormField{Name: "party.seal", Page: 3, X: 50, Y: 750 - 419, Width: 119, Height: 119}) {
		t.Errorf("%+v, %v", fields, err)
	}
	marked, err := pdf.Prepare(keywordPDF(), face(t), []pdf.Mark{{ID: "m", Kind: pdf.Seal, Page: 1, X: 10, Y: 10, Width: 50, Height: 50}})
	if err != nil {
		t.Fatal(err)
	}
	if fields, err = pdf.FormFields(marked); err != nil || len(fields) != 1 {
		t.Errorf("our own marks are listed: %+v, %v", fields, err)
	}
	if _, err := pdf.FormFields([]byte("no PDF")); err == nil {
		t.Error("read what is no PDF")
	}
}

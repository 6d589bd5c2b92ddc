package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// rawPage is a page written by hand, for what no PDF library would write.
type rawPage struct {
	attributes string // such as /MediaBox, /Rotate
	content    string
}

// rawPDF writes a classic PDF with the objects of a page tree; extra objects are numbered from 100.
func rawPDF(pages []rawPage, extra ...string) []byte {
	var buf bytes.Buffer
	offsets := map[int]int{}
	object := func(n int, body string) {
		offsets[n] = buf.Len()
		fmt.Fprintf(&buf, "%d 0 obj\n%s\nendobj\n", n, body)
	}
	buf.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	object(1, "<</Type/Catalog/Pages 2 0 R>>")
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 3+2*i)
	}
	object(2, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(pages), kids.String()))
	for i, p := range pages {
		object(3+2*i, fmt.Sprintf("<</Type/Page/Parent 2 0 R%s/Contents %d 0 R>>", p.attributes, 4+2*i))
		object(4+2*i, fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(p.content), p.content))
	}
	for i, body := range extra {
		object(100+i, body)
	}
	start := buf.Len()
	buf.WriteString("xref\n0 1\n0000000000 65535 f \n")
	for n, at := range offsets {
		fmt.Fprintf(&buf, "%d 1\n%010d 00000 n \n", n, at)
	}
	fmt.Fprintf(&buf, "trailer\n<</Size 200/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", start)
	return buf.Bytes()
}

// sharedRenderer compiles PDFium once for all tests of the package.
var sharedRenderer = sync.OnceValues(func() (*Renderer, error) {
	return NewRenderer(context.Background(), RendererOptions{CacheDir: filepath.Join(os.TempDir(), "sealdesk-test-pdfium")})
})

func testRenderer(t testing.TB) *Renderer {
	t.Helper()
	r, err := sharedRenderer()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const a4 = "/MediaBox[0 0 595 842]"

func TestInspectTellsPagesAsShown(t *testing.T) {
	data := rawPDF([]rawPage{
		{attributes: a4},
		{attributes: a4 + "/Rotate 90"},
		{attributes: a4 + "/CropBox[100 100 300 500]"},
		{attributes: a4 + "/CropBox[100 100 300 500]/Rotate 270"},
	})
	info, err := testRenderer(t).Inspect(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	want := []PageSize{{595, 842}, {842, 595}, {200, 400}, {400, 200}}
	if len(info.Pages) != len(want) {
		t.Fatalf("got %d pages, want %d", len(info.Pages), len(want))
	}
	for i := range want {
		if info.Pages[i] != want[i] {
			t.Errorf("page %d: got %v, want %v", i+1, info.Pages[i], want[i])
		}
	}
	if len(info.Warnings) != 0 {
		t.Errorf("got warnings %v, want none", info.Warnings)
	}
}

func TestInspectRefusesUnfitFiles(t *testing.T) {
	whole := rawPDF([]rawPage{{attributes: a4}})
	encrypted, err := os.ReadFile("testdata/encrypted.pdf")
	if err != nil {
		t.Fatal(err)
	}
	ownerOnly, err := os.ReadFile("testdata/encrypted-owner.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"empty":                  {nil, ErrNotPDF},
		"a picture":              {[]byte("\x89PNG\r\n\x1a\n"), ErrNotPDF},
		"truncated":              {whole[:len(whole)-60], ErrDamaged},
		"header only":            {[]byte("%PDF-1.7\n"), ErrDamaged},
		"encrypted":              {encrypted, ErrEncrypted},
		"encrypted for changing": {ownerOnly, ErrEncrypted},
		"no pages":               {rawPDF(nil), ErrNoPages},
		"too many bytes":         {make([]byte, defaultMaxBytes+1), ErrTooLarge},
		"nothing but noise":      {[]byte("%PDF-1.7\n" + strings.Repeat("x", 3000) + "startxref\n12\n%%EOF"), ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := testRenderer(t).Inspect(t.Context(), test.data)
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestInspectWarnsOfFontsThatAreNotInTheFile(t *testing.T) {
	font := []string{
		"<</Type/Font/Subtype/Type0/BaseFont/SimSun/Encoding/UniGB-UCS2-H/DescendantFonts[101 0 R]>>",
		"<</Type/Font/Subtype/CIDFontType2/BaseFont/SimSun/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>/FontDescriptor 102 0 R>>",
		"<</Type/FontDescriptor/FontName/SimSun/Flags 6/FontBBox[0 -200 1000 800]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80>>",
	}
	page := rawPage{a4 + "/Resources<</Font<</F1 100 0 R>>>>", "BT /F1 24 Tf 72 700 Td <5408540C> Tj ET"}
	info, err := testRenderer(t).Inspect(t.Context(), rawPDF([]rawPage{page}, font...))
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Warnings) != 1 || info.Warnings[0] != WarnFontNotEmbedded {
		t.Errorf("got warnings %v, want %s", info.Warnings, WarnFontNotEmbedded)
	}
	latin := rawPage{a4 + "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>", "BT /F1 24 Tf 72 700 Td (Contract) Tj ET"}
	if info, err = testRenderer(t).Inspect(t.Context(), rawPDF([]rawPage{latin})); err != nil || len(info.Warnings) != 0 {
		t.Errorf("Latin text: got warnings %v and error %v, want none", info.Warnings, err)
	}
}

func decode(t *testing.T, data []byte) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func TestPageImageShowsThePageAtScale(t *testing.T) {
	// A red square at the lower left of a page that is shown turned by 90 degrees: it comes to the upper left.
	data := rawPDF([]rawPage{{attributes: a4 + "/Rotate 90", content: "1 0 0 rg 0 0 100 100 re f"}})
	drawn, err := testRenderer(t).PageImage(t.Context(), data, 1, 144)
	if err != nil {
		t.Fatal(err)
	}
	picture := decode(t, drawn)
	if size := picture.Bounds().Size(); size != (image.Point{1684, 1190}) {
		t.Fatalf("got %v, want 1684 × 1190", size)
	}
	if _, ok := picture.(*image.Paletted); !ok {
		t.Errorf("got %T, want a palette", picture)
	}
	for _, test := range []struct {
		x, y  int
		green uint32
	}{{100, 100, 0}, {198, 198, 0}, {202, 100, 0xffff}, {100, 202, 0xffff}} {
		if _, g, _, a := picture.At(test.x, test.y).RGBA(); g != test.green || a != 0xffff {
			t.Errorf("pixel %d,%d: got green %x, alpha %x, want %x on opaque paper", test.x, test.y, g, a, test.green)
		}
	}
}

func TestPageImageShowsSignatureWidgets(t *testing.T) {
	data := rawPDF([]rawPage{{attributes: a4 + "/Annots[100 0 R]"}},
		"<</Type/Annot/Subtype/Widget/FT/Sig/T(seal)/F 4/Rect[100 642 200 742]/P 3 0 R/AP<</N 101 0 R>>>>",
		"<</Type/XObject/Subtype/Form/BBox[0 0 100 100]/Length 23>>stream\n1 0 0 rg 0 0 100 100 re f\nendstream")
	data = bytes.Replace(data, []byte("/Pages 2 0 R>>"), []byte("/Pages 2 0 R/AcroForm<</Fields[100 0 R]/SigFlags 3>>>>"), 1)
	drawn, err := testRenderer(t).PageImage(t.Context(), data, 1, 72)
	if err != nil {
		t.Fatal(err)
	}
	if _, g, _, _ := decode(t, drawn).At(150, 150).RGBA(); g > 0x4000 {
		t.Errorf("the widget's appearance is not drawn: green %x", g)
	}
}

func TestPageImageCapsPixels(t *testing.T) {
	data := rawPDF([]rawPage{{attributes: "/MediaBox[0 0 2000000 200000]"}})
	drawn, err := testRenderer(t).PageImage(t.Context(), data, 1, 144)
	if err != nil {
		t.Fatal(err)
	}
	if size := decode(t, drawn).Bounds().Size(); size.X*size.Y > maxPixels+20_000 || size.X < 9*size.Y {
		t.Errorf("got %v", size)
	}
}

func TestPageImageOfAPageThatIsNotThere(t *testing.T) {
	data := rawPDF([]rawPage{{attributes: a4}})
	for _, page := range []int{-1, 0, 2} {
		if _, err := testRenderer(t).PageImage(t.Context(), data, page, 72); !errors.Is(err, ErrNoSuchPage) {
			t.Errorf("page %d: got %v", page, err)
		}
	}
}

func TestPageText(t *testing.T) {
	page := rawPage{a4 + "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>",
		"BT /F1 24 Tf 72 700 Td (Party A) Tj 0 -40 Td (Party B) Tj ET"}
	text, err := testRenderer(t).PageText(t.Context(), rawPDF([]rawPage{page}), 1)
	if err != nil {
		t.Fatal(err)
	}
	if text != "Party A\nParty B" {
		t.Errorf("got %q", text)
	}
}

func TestDeadlineEndsADocument(t *testing.T) {
	r, err := NewRenderer(t.Context(), RendererOptions{CacheDir: filepath.Join(os.TempDir(), "sealdesk-test-pdfium"), Deadline: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.start(); err != nil {
		t.Fatal(err)
	}
	// Millions of strokes that cross the whole page.
	content := "0.1 w " + strings.Repeat("0 0 m 595 842 l 595 0 l 0 842 l 300 842 l S ", 200_000)
	start := time.Now()
	_, err = r.PageImage(t.Context(), rawPDF([]rawPage{{attributes: a4, content: content}}), 1, 300)
	if !errors.Is(err, ErrTooLarge) {
		t.Fatalf("got %v", err)
	}
	if spent := time.Since(start); spent > 10*time.Second {
		t.Errorf("ended only after %s", spent)
	}
	// The next document is served.
	if _, err := r.PageImage(t.Context(), rawPDF([]rawPage{{attributes: a4}}), 1, 36); err != nil {
		t.Error(err)
	}
}

func TestImageCacheStaysWithinItsLimit(t *testing.T) {
	c := newImageCache(100)
	for page := range 10 {
		c.put(imageKey{page: page}, make([]byte, 30))
	}
	if c.size > 100 || len(c.byKey) != 3 || c.order.Len() != 3 {
		t.Errorf("got %d bytes in %d images", c.size, len(c.byKey))
	}
	if _, ok := c.get(imageKey{page: 9}); !ok {
		t.Error("the newest image is gone")
	}
}

func BenchmarkPageImage(b *testing.B) {
	page := rawPage{a4 + "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>",
		"BT /F1 11 Tf 14 TL 72 770 Td " + strings.Repeat("(The parties agree upon the following articles of this contract.) Tj T* ", 45) + "ET"}
	data := rawPDF([]rawPage{page})
	r := testRenderer(b)
	for b.Loop() {
		r.images = newImageCache(0)
		if _, err := r.PageImage(b.Context(), data, 1, 144); err != nil {
			b.Fatal(err)
		}
	}
}

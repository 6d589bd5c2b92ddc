package pdf_test

import (
	"bytes"
	"context"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// TestOurRendererShowsMarks holds the writer and the renderer together: what people see in the product before and
// after signing is drawn by pdfium, not by poppler.
func TestOurRendererShowsMarks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAuthority(t)
	r, err := pdf.NewRenderer(ctx, pdf.RendererOptions{CacheDir: filepath.Join(os.TempDir(), "sealdesk-test-pdfium")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for name, page := range map[string]pdftest.Page{
		"upright": {}, "turned": {Rotate: 90, CropBox: [4]float64{40, 60, 500, 800}}, "turned back": {Rotate: 270, Inherit: true},
	} {
		marks := []pdf.Mark{
			{ID: "seal", Kind: pdf.Seal, Page: 1, X: 83.5, Y: 141.25, Width: 160, Height: 60},
			{ID: "text", Kind: pdf.Text, Page: 1, X: 200, Y: 300, Width: 200, Height: 24, Text: "合同总价叁拾贰万元"},
		}
		prepared, err := pdf.Prepare(pdftest.Document(pdftest.ObjectStreams, page), face(t), marks)
		if err != nil {
			t.Fatal(err)
		}
		signed := sign(t, prepared, a.act(a.rsa, "印台", map[string]pdf.Fill{"seal": {Form: flag()}}), marks)
		const scale = 2
		data, err := r.PageImage(ctx, signed, 1, 72*scale)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		box := extent(img, func(r, g, b uint32) bool { return isRed(r, g, b) || isBlue(r, g, b) })
		foot := extent(img, isBlue)
		cx, cy := float64(box.Min.X+box.Max.X)/2/scale, float64(box.Min.Y+box.Max.Y)/2/scale
		if math.Abs(cx-163.5) > 0.5 || math.Abs(cy-171.25) > 0.5 || foot.Max.Y < box.Max.Y-1 {
			t.Errorf("%s: centre at %.2f, %.2f, foot %v of %v", name, cx, cy, foot, box)
		}
		text, err := r.PageText(ctx, signed, 1)
		if err != nil || !strings.Contains(text, "Page 1") {
			t.Errorf("%s: %q %v", name, text, err)
		}
		if ink := img.Bounds(); extentIn(img, 200*scale, 300*scale, 400*scale, 324*scale).Empty() {
			t.Errorf("%s: no text in %v", name, ink)
		}
	}
}

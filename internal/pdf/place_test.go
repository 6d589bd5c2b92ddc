package pdf_test

import (
	"fmt"
	"image"
	"image/png"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/pdf"
	"sealdesk/internal/pdf/pdftest"
)

// pageKinds are pages on which a mark could go astray.
var pageKinds = map[string]pdftest.Page{
	"upright":       {},
	"turned90":      {Rotate: 90},
	"turned180":     {Rotate: 180},
	"turned270":     {Rotate: 270},
	"negative":      {Rotate: -90},
	"offset":        {MediaBox: [4]float64{-50, 30, 545, 872}},
	"swapped":       {MediaBox: [4]float64{595, 842, 0, 0}},
	"cropped":       {CropBox: [4]float64{40, 60, 500, 800}},
	"cropped90":     {CropBox: [4]float64{40, 60, 500, 800}, Rotate: 90},
	"cropped180":    {MediaBox: [4]float64{10, 20, 605, 862}, CropBox: [4]float64{40, 60, 500, 800}, Rotate: 180},
	"cropped270":    {CropBox: [4]float64{40, 60, 500, 800}, Rotate: 270},
	"cropOutside":   {CropBox: [4]float64{-100, -100, 400, 2000}},
	"inherited":     {CropBox: [4]float64{40, 60, 500, 800}, Rotate: 90, Inherit: true},
	"landscapeA3":   {MediaBox: [4]float64{0, 0, 1190, 842}},
	"landscapeA3_9": {MediaBox: [4]float64{0, 0, 1190, 842}, Rotate: 270},
}

// flag is a drawing that tells how it is turned: red all over, with a blue bar at its foot.
func flag() *pdf.Form {
	return &pdf.Form{WidthPt: 100, HeightPt: 50, Content: []byte("1 0 0 rg 0 0 100 50 re f 0 0 1 rg 0 0 100 10 re f")}
}

// render draws a page with poppler and gives it with its pixels per point.
func render(t *testing.T, data []byte, page int) (image.Image, float64) {
	t.Helper()
	const dpi = 144
	path := write(t, "page.pdf", data)
	stem := strings.TrimSuffix(path, ".pdf")
	number := fmt.Sprint(page)
	mustRun(t, "pdftoppm", "-png", "-r", fmt.Sprint(dpi), "-cropbox", "-f", number, "-l", number, "-singlefile", path, stem)
	f, err := os.Open(stem + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img, dpi / 72.0
}

// extent is the box, in pixels, of what has a colour.
func extent(img image.Image, match func(r, g, b uint32) bool) (box image.Rectangle) {
	pixels := img.(image.RGBA64Image) // its pixels cost no allocation each, of which a page has two million
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			c := pixels.RGBA64At(x, y)
			if match(uint32(c.R>>8), uint32(c.G>>8), uint32(c.B>>8)) {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

// extentIn is the box of what is dark within a part of a picture.
func extentIn(img image.Image, x1, y1, x2, y2 int) (box image.Rectangle) {
	pixels := img.(image.RGBA64Image)
	for y := y1; y < y2; y++ {
		for x := x1; x < x2; x++ {
			if pixels.RGBA64At(x, y).R < 0x6000 {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

func isRed(r, g, b uint32) bool  { return r > 200 && g < 90 && b < 90 }
func isBlue(r, g, b uint32) bool { return b > 200 && r < 90 && g < 90 }

// checkFlag checks that the flag stands upright, in its proportions, in the middle of a box given in points.
func checkFlag(t *testing.T, data []byte, page int, x, y, width, height float64) {
	t.Helper()
	img, scale := render(t, data, page)
	all := extent(img, func(r, g, b uint32) bool { return isRed(r, g, b) || isBlue(r, g, b) })
	foot := extent(img, isBlue)
	if all.Empty() || foot.Empty() {
		t.Fatal("the mark is not to be seen")
	}
	cx := float64(all.Min.X+all.Max.X) / 2 / scale
	cy := float64(all.Min.Y+all.Max.Y) / 2 / scale
	if math.Abs(cx-(x+width/2)) > 0.5 || math.Abs(cy-(y+height/2)) > 0.5 {
		t.Errorf("centre at %.2f, %.2f; want %.2f, %.2f", cx, cy, x+width/2, y+height/2)
	}
	wide := min(width, height*2)
	if got := float64(all.Dx()) / scale; math.Abs(got-wide) > 1 {
		t.Errorf("%.2f pt wide, want %.2f", got, wide)
	}
	if got := float64(all.Dy()) / scale; math.Abs(got-wide/2) > 1 {
		t.Errorf("%.2f pt high, want %.2f", got, wide/2)
	}
	if foot.Max.Y < all.Max.Y-1 || foot.Dx() < all.Dx()-2 || foot.Dy() > all.Dy()/3 {
		t.Errorf("turned: the foot is at %v of %v", foot, all)
	}
}

func TestMarksLieWhereTheyWereAsked(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for i, name := range slices.Sorted(maps.Keys(pageKinds)) {
		kind := pageKinds[name]
		structures := pdftest.Structures()
		if name != "turned90" { // every kind of file for one kind of page, one for each of the others
			structures = structures[i%len(structures):][:1]
		}
		t.Run(name, func(t *testing.T) {
			for _, structure := range structures {
				data := pdftest.Document(structure, pdftest.Page{}, kind)
				mark := pdf.Mark{ID: "seal", Kind: pdf.Seal, Page: 2, X: 83.5, Y: 141.25, Width: 160, Height: 60}
				prepared, err := pdf.Prepare(data, face(t), []pdf.Mark{mark})
				if err != nil {
					t.Fatal(err)
				}
				signed := sign(t, prepared, a.act(a.ecdsa, "李雷", map[string]pdf.Fill{"seal": {Form: flag()}}), nil)
				checkFlag(t, signed, 2, mark.X, mark.Y, mark.Width, mark.Height)
				checkClean(t, signed, 1)
			}
		})
	}
}

// checkClean lets the tools of others look at a signed file. It counts signatures; those who count fields find one of the signatures in further fields.
func checkClean(t *testing.T, data []byte, signatures int, further ...string) {
	t.Helper()
	path := write(t, "signed.pdf", data)
	if out := mustRun(t, "qpdf", "--check", path); strings.Contains(out, "WARNING") {
		t.Error(out)
	}
	out, _ := run(t, "pdfsig", path)
	if got := strings.Count(out, "Signature Validation: Signature is Valid."); got != signatures+len(further) {
		t.Errorf("pdfsig finds %d valid signatures, want %d\n%s", got, signatures+len(further), out)
	}
	report, err := pdf.Verify(data, newAuthority(t).roots)
	if err != nil || !report.OK || len(report.Signatures) != signatures {
		t.Errorf("Verify: %+v, %v", report, err)
	}
	var also []string
	for _, s := range report.Signatures {
		also = append(also, s.AlsoIn...)
	}
	if !slices.Equal(also, further) {
		t.Errorf("further fields %v, want %v", also, further)
	}
}

func TestEveryKindOfMarkOnATurnedPage(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	data := pdftest.Document(pdftest.ObjectStreams, pdftest.Page{Rotate: 90, CropBox: [4]float64{40, 60, 500, 800}})
	marks := []pdf.Mark{
		{ID: "hand", Kind: pdf.Signature, Page: 1, X: 50, Y: 50, Width: 100, Height: 40},
		{ID: "second", Kind: pdf.Seal, Page: 1, X: 300, Y: 200, Width: 100, Height: 50},
		{ID: "date", Kind: pdf.Date, Page: 1, X: 50, Y: 120, Width: 120, Height: 20, Align: pdf.AlignCenter},
	}
	prepared, err := pdf.Prepare(data, face(t), marks)
	if err != nil {
		t.Fatal(err)
	}
	signed := sign(t, prepared, a.act(a.rsa, "印台", map[string]pdf.Fill{
		"hand": {Form: stroke(t)}, "second": {Form: flag()}, "date": {Text: "二〇二六年五月四日"},
	}), nil)
	checkFlag(t, signed, 1, 300, 200, 100, 50)
	checkClean(t, signed, 1)
	if text := mustRun(t, "pdftotext", write(t, "text.pdf", signed), "-"); !strings.Contains(text, "二〇二六年五月四日") {
		t.Errorf("the date cannot be found in %q", text)
	}
}

package seal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"sealdesk/internal/seal"
)

// scan gives a seal printed on paper of the given colour, with a margin and a shadow over one half, as a JPEG.
func scan(t *testing.T, paper color.Color) []byte {
	t.Helper()
	data, err := mustDraw(t, seal.Spec{Kind: seal.Contract, Name: "北京示例科技有限公司"}).PNG(200)
	if err != nil {
		t.Fatal(err)
	}
	ink, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := ink.Bounds()
	sheet := image.NewRGBA(image.Rect(0, 0, b.Dx()+120, b.Dy()+160))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	shadow := image.Rect(0, 0, sheet.Bounds().Dx()/3, sheet.Bounds().Dy())
	draw.Draw(sheet, shadow, image.NewUniform(color.NRGBA{A: 10}), image.Point{}, draw.Over)
	draw.Draw(sheet, b.Add(image.Pt(60, 80)), ink, image.Point{}, draw.Over)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, sheet, &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestCleanPictureRemovesPaper(t *testing.T) {
	for name, paper := range map[string]color.Color{
		"white": color.White, "grey": color.Gray{205}, "yellowish": color.RGBA{240, 232, 208, 255},
	} {
		p, err := seal.CleanPicture(scan(t, paper))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		img, err := png.Decode(bytes.NewReader(p.PNG))
		if err != nil {
			t.Fatal(err)
		}
		if b := img.Bounds(); b.Dx() != p.WidthPx || abs(b.Dx()-303) > 8 || abs(b.Dy()-303) > 8 {
			t.Errorf("%s: cut to %v, want about the seal's 303 × 303", name, b)
		}
		w, h := p.WidthPx, p.HeightPx
		if _, _, _, a := img.At(w/2, h/2-h/4).RGBA(); a != 0 {
			t.Errorf("%s: paper above the star has alpha %d", name, a>>8)
		}
		r, g, _, a := img.At(w/2, h/2).RGBA()
		if a>>8 < 240 || r < 2*g {
			t.Errorf("%s: the star is not opaque red: alpha %d, red %d, green %d", name, a>>8, r>>8, g>>8)
		}
		if _, err := png.Decode(bytes.NewReader(p.Before)); err != nil {
			t.Errorf("%s: no picture of before: %v", name, err)
		}
	}
}

func TestCleanPictureKeepsATransparentGround(t *testing.T) {
	data, err := mustDraw(t, seal.Spec{Kind: seal.Official, Name: "北京示例科技有限公司", Opacity: 70}).PNG(150)
	if err != nil {
		t.Fatal(err)
	}
	p, err := seal.CleanPicture(data)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(p.PNG))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, a := img.At(p.WidthPx/2, p.HeightPx/2).RGBA(); abs(int(a>>8)-178) > 2 {
		t.Errorf("the star's alpha became %d, want 178", a>>8)
	}
	again, err := seal.CleanPicture(p.PNG)
	if err != nil || again.WidthPx != p.WidthPx || math.Abs(again.WidthMM-40) > 0.3 {
		t.Errorf("cleaned twice: %v, %d px, %.2f mm", err, again.WidthPx, again.WidthMM)
	}
}

// TestStudioPictureKeepsItsSize: what the studio draws and sends as a picture is stamped as large as it was drawn.
func TestStudioPictureKeepsItsSize(t *testing.T) {
	for _, width := range []float64{38, 42, 58} {
		data, err := mustDraw(t, seal.Spec{Kind: seal.Contract, Name: "北京示例科技有限公司", WidthMM: width}).PNG(600)
		if err != nil {
			t.Fatal(err)
		}
		p, err := seal.CleanPicture(data)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(p.WidthMM-width) > 0.1 || math.Abs(p.HeightMM-width) > 0.1 {
			t.Errorf("%v mm became %.2f × %.2f", width, p.WidthMM, p.HeightMM)
		}
	}
	p, err := seal.CleanPicture(scan(t, color.White))
	if err != nil {
		t.Fatal(err)
	}
	if small, err := seal.Thumbnail(p.Before, 100); err != nil || len(small) >= len(p.Before) {
		t.Errorf("thumbnail of %d bytes: %v", len(small), err)
	}
	if p.WidthMM != 0 {
		t.Errorf("a JPEG claims to be %v mm wide", p.WidthMM)
	}
}

func TestCleanPictureRefuses(t *testing.T) {
	good := scan(t, color.White)
	blank := image.NewGray(image.Rect(0, 0, 200, 200))
	draw.Draw(blank, blank.Bounds(), image.White, image.Point{}, draw.Src)
	tests := map[string]struct {
		data []byte
		want error
	}{
		"empty":     {nil, seal.ErrPictureFormat},
		"text":      {[]byte("GIF89a, but not really"), seal.ErrPictureFormat},
		"too large": {append(good[:len(good):len(good)], make([]byte, seal.MaxPictureBytes)...), seal.ErrPictureTooLarge},
		"bomb":      {hugePNG(60000, 60000), seal.ErrPicturePixels},
		"truncated": {encode(t, blank)[:60], seal.ErrPictureDamaged},
		"blank":     {encode(t, blank), seal.ErrPictureEmpty},
		"tiny":      {encode(t, image.NewGray(image.Rect(0, 0, 10, 10))), seal.ErrPictureTooSmall},
	}
	for name, tt := range tests {
		if _, err := seal.CleanPicture(tt.data); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func encode(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hugePNG is a PNG of few bytes that claims the given size.
func hugePNG(w, h uint32) []byte {
	head := append([]byte("IHDR"), 0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 0, 0)
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

func BenchmarkCleanPicture(b *testing.B) {
	data, err := mustDraw(b, seal.Spec{Kind: seal.Contract, Name: "北京示例科技有限公司"}).PNG(600)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := seal.CleanPicture(data); err != nil {
			b.Fatal(err)
		}
	}
}

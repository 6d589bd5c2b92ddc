package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // one of the two formats of uploaded seals
	"math"
	"slices"

	"golang.org/x/image/draw"
)

// Limits of an uploaded picture of a seal.
const (
	MaxPictureBytes  = 8 << 20    // essbasic: images up to 8 MB
	MaxPicturePixels = 24_000_000 // checked before anything is decoded
	minPictureSide   = 64
	maxPictureSide   = 1200 // larger pictures are scaled down: 58 mm at 500 dots an inch
)

// Errors of CleanPicture.
var (
	ErrPictureTooLarge = errors.New("the picture is over 8 MB")
	ErrPicturePixels   = errors.New("the picture has too many pixels")
	ErrPictureTooSmall = errors.New("the picture is smaller than 64 pixels")
	ErrPictureFormat   = errors.New("the picture is neither PNG nor JPEG")
	ErrPictureDamaged  = errors.New("the picture is damaged")
	ErrPictureEmpty    = errors.New("the picture shows no ink")
)

// Picture is an uploaded seal made ready: re-encoded, without metadata but its resolution, cut to its ink, its paper transparent.
type Picture struct {
	PNG      []byte // the result
	Before   []byte // the upload scaled down, as PNG, to compare
	WidthPx  int    // of the result
	HeightPx int
	// WidthMM and HeightMM are the result's measures where a PNG states a resolution by which it is as large as a seal
	// (8 to 60 mm); 0 elsewhere: the resolution of a scan says nothing of whether it was enlarged.
	WidthMM, HeightMM float64
}

// CleanPicture checks a PNG or JPEG, makes its paper transparent and cuts it to the ink. Size and pixel count are
// checked before the pixels are decoded. A picture that already has a transparent ground keeps its own transparency.
func CleanPicture(data []byte) (*Picture, error) {
	src, err := decode(data)
	if err != nil {
		return nil, err
	}
	scaled := shrink(src, maxPictureSide)
	before, err := encodePNG(scaled, 0)
	if err != nil {
		return nil, err
	}
	out := scaled
	if !hasTransparency(scaled) {
		out = removePaper(scaled)
	}
	out, err = crop(out)
	if err != nil {
		return nil, err
	}
	b := out.Bounds()
	p := &Picture{Before: before, WidthPx: b.Dx(), HeightPx: b.Dy()}
	perMM := pixelsPerMM(data) * float64(scaled.Bounds().Dx()) / float64(src.Bounds().Dx())
	if w, h := float64(p.WidthPx)/perMM, float64(p.HeightPx)/perMM; perMM > 0 && max(w, h) >= 8 && max(w, h) <= 60 {
		p.WidthMM, p.HeightMM = w, h
	} else {
		perMM = 0
	}
	p.PNG, err = encodePNG(out, perMM*25.4)
	return p, err
}

// pixelsPerMM reads the resolution of a PNG, 0 where it states none that is the same in both directions.
func pixelsPerMM(data []byte) float64 {
	at := bytes.Index(data[:min(len(data), 4096)], []byte("pHYs"))
	if at < 0 || at+13 > len(data) || data[at+12] != 1 {
		return 0
	}
	x, y := binary.BigEndian.Uint32(data[at+4:]), binary.BigEndian.Uint32(data[at+8:])
	if x != y {
		return 0
	}
	return float64(x) / 1000
}

func decode(data []byte) (image.Image, error) {
	if len(data) > MaxPictureBytes {
		return nil, ErrPictureTooLarge
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || (format != "png" && format != "jpeg") {
		return nil, ErrPictureFormat
	}
	if c.Width < minPictureSide || c.Height < minPictureSide {
		return nil, ErrPictureTooSmall
	}
	if c.Width > MaxPicturePixels/c.Height {
		return nil, ErrPicturePixels
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPictureDamaged, err)
	}
	return img, nil
}

// shrink copies a picture into NRGBA, scaled down to the greatest side.
func shrink(src image.Image, side int) *image.NRGBA {
	b := src.Bounds()
	k := min(1, float64(side)/float64(max(b.Dx(), b.Dy())))
	w, h := max(1, int(float64(b.Dx())*k)), max(1, int(float64(b.Dy())*k))
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if k == 1 {
		draw.Draw(out, out.Bounds(), src, b.Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(out, out.Bounds(), src, b, draw.Src, nil)
	}
	return out
}

func hasTransparency(img *image.NRGBA) bool {
	clear := 0
	for i := 3; i < len(img.Pix); i += 4 {
		if img.Pix[i] < 128 {
			clear++
		}
	}
	return clear > len(img.Pix)/4/10
}

// removePaper takes each pixel for a mixture of paper and ink. The paper's colour is the median of the picture's
// border, the ink's that of the pixels farthest from the paper; how far a pixel lies from paper towards ink is its
// opacity. So anti-aliased edges stay smooth and shadows of the paper vanish.
func removePaper(img *image.NRGBA) *image.NRGBA {
	paper := borderColour(img)
	strength := make([]float64, len(img.Pix)/4)
	for i := range strength {
		strength[i] = away(paper, img.Pix[4*i:4*i+3])
	}
	sorted := slices.Clone(strength)
	slices.Sort(sorted)
	full := sorted[len(sorted)-1-len(sorted)/200] * 0.72 // the strongest half per cent, a little below their least
	noise := max(14, full*0.16)
	out := image.NewNRGBA(img.Bounds())
	if full <= noise {
		return out
	}
	for i, v := range strength {
		alpha := max(0, min(1, (v-noise)/(full-noise)))
		if alpha == 0 {
			continue
		}
		p := img.Pix[4*i : 4*i+3]
		o := out.Pix[4*i : 4*i+4]
		for k := range 3 { // the paper's share taken out again
			o[k] = uint8(max(0, min(255, math.Round((float64(p[k])-(1-alpha)*paper[k])/alpha))))
		}
		o[3] = uint8(math.Round(alpha * 255))
	}
	return out
}

// away is how far a colour lies from the paper. Colour counts more than darkness, so that a grey shadow is paper still.
func away(paper [3]float64, p []uint8) float64 {
	r, g, b := paper[0]-float64(p[0]), paper[1]-float64(p[1]), paper[2]-float64(p[2])
	dark := max(0, (r+g+b)/3)
	tint := max(r, g, b) - min(r, g, b)
	return max(tint, dark*0.9)
}

// borderColour is the median colour of the outermost pixels.
func borderColour(img *image.NRGBA) [3]float64 {
	var channels [3][]uint8
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	take := func(x, y int) {
		c := img.NRGBAAt(x, y)
		channels[0], channels[1], channels[2] = append(channels[0], c.R), append(channels[1], c.G), append(channels[2], c.B)
	}
	for x := range w {
		take(x, 0)
		take(x, h-1)
	}
	for y := range h {
		take(0, y)
		take(w-1, y)
	}
	var out [3]float64
	for k, c := range channels {
		slices.Sort(c)
		out[k] = float64(c[len(c)/2])
	}
	return out
}

// crop cuts to the ink with a margin of two pixels.
func crop(img *image.NRGBA) (*image.NRGBA, error) {
	bounds := img.Bounds()
	box := image.Rectangle{Min: bounds.Max, Max: bounds.Min}
	inked := 0
	for y := range bounds.Dy() {
		row := img.Pix[y*img.Stride : y*img.Stride+4*bounds.Dx()]
		for x := range bounds.Dx() {
			if row[4*x+3] > 40 {
				inked++
				box.Min.X, box.Max.X = min(box.Min.X, x), max(box.Max.X, x+1)
				box.Min.Y, box.Max.Y = min(box.Min.Y, y), max(box.Max.Y, y+1)
			}
		}
	}
	if inked < 50 {
		return nil, ErrPictureEmpty
	}
	box = box.Inset(-2).Intersect(img.Bounds())
	out := image.NewNRGBA(image.Rect(0, 0, box.Dx(), box.Dy()))
	draw.Draw(out, out.Bounds(), img, box.Min, draw.Src)
	return out, nil
}

// Thumbnail scales a PNG down to the greatest side, to show it in a page. Where rounding to 5 bits a channel, which nobody sees at that
// size, leaves few enough colours for a palette, the file becomes a fifth of the size.
func Thumbnail(data []byte, side int) ([]byte, error) {
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPictureDamaged, err)
	}
	small := shrink(img, side)
	rounded := image.NewNRGBA(small.Rect)
	for i := 0; i < len(small.Pix); i += 4 {
		if small.Pix[i+3] < 8 {
			continue // an invisible pixel has no colour
		}
		for k := i; k < i+4; k++ {
			rounded.Pix[k] = small.Pix[k]&0xf8 | small.Pix[k]>>5
		}
	}
	if _, few := withPalette(rounded).(*image.Paletted); few {
		small = rounded
	}
	return encodePNG(small, 0)
}

package seal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math"
)

// encodePNG encodes the picture and, where dpi is not 0, states its resolution in a pHYs chunk.
func encodePNG(img *image.NRGBA, dpi float64) ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, withPalette(img)); err != nil {
		return nil, fmt.Errorf("encode seal picture: %w", err)
	}
	if dpi == 0 {
		return b.Bytes(), nil
	}
	// The chunk must come before the pixels; IHDR always ends at byte 33: 8 signature, 4 length, 4 type, 13 data, 4 CRC.
	const afterHeader = 33
	perMetre := uint32(math.Round(dpi / 0.0254))
	chunk := append([]byte("pHYs"), make([]byte, 9)...)
	binary.BigEndian.PutUint32(chunk[4:], perMetre)
	binary.BigEndian.PutUint32(chunk[8:], perMetre)
	chunk[12] = 1 // unit: metre
	data := b.Bytes()
	out := make([]byte, 0, len(data)+21)
	out = append(out, data[:afterHeader]...)
	out = binary.BigEndian.AppendUint32(out, 9)
	out = append(out, chunk...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	return append(out, data[afterHeader:]...), nil
}

// withPalette gives the same pixels with a palette where 256 colours are enough, else the picture itself. A seal of one ink needs exactly
// its 256 opacities, and its file becomes two thirds of the size.
func withPalette(img *image.NRGBA) image.Image {
	out := image.NewPaletted(img.Rect, nil)
	index := make(map[color.NRGBA]uint8, 256)
	var last color.NRGBA
	var at uint8
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			if c := img.NRGBAAt(x, y); c != last || len(index) == 0 {
				known := false
				if at, known = index[c]; !known {
					if len(index) == 256 {
						return img
					}
					at = uint8(len(index))
					index[c] = at
					out.Palette = append(out.Palette, c)
				}
				last = c
			}
			out.SetColorIndex(x, y, at)
		}
	}
	return out
}

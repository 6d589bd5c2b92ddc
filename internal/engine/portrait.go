package engine

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/gif"
	"image/png"
)

// Size of the picture that stands for a face, in pixels, and the frames of its clip.
const (
	portraitWidth, portraitHeight = 240, 320
	portraitFrames                = 4
	portraitDelay                 = 25 // hundredths of a second
)

// portrait draws an outline of a person as no camera sees one: nobody was photographed. Tilt moves the head, in pixels.
func portrait(c *PersonCheck, tilt int) *image.Paletted {
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.ID)) // never fails
	shade := uint8(90 + h.Sum32()%90)
	m := image.NewPaletted(image.Rect(0, 0, portraitWidth, portraitHeight), color.Palette{
		color.RGBA{236, 238, 242, 255}, color.RGBA{220, 224, 231, 255}, color.RGBA{shade, shade + 20, shade + 50, 255},
	})
	inside := func(x, y, cx, cy, rx, ry int) bool {
		dx, dy := (x-cx)*ry, (y-cy)*rx
		return dx*dx+dy*dy <= rx*rx*ry*ry
	}
	for y := range portraitHeight {
		for x := range portraitWidth {
			switch {
			case inside(x, y, portraitWidth/2+tilt, 120, 52, 66), inside(x, y, portraitWidth/2, portraitHeight+10, 105, 110):
				m.SetColorIndex(x, y, 2)
			case (x+y)/12%2 == 0:
				m.SetColorIndex(x, y, 1) // stripes: plainly no photograph
			}
		}
	}
	return m
}

// photoOf is the picture as PNG in base64.
func photoOf(c *PersonCheck) (string, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, portrait(c, 0)); err != nil {
		return "", fmt.Errorf("draw the photo of a check: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// videoOf is a clip of it as GIF in base64.
func videoOf(c *PersonCheck) (string, error) {
	clip := gif.GIF{}
	for i := range portraitFrames {
		clip.Image = append(clip.Image, portrait(c, (i%2)*8-4))
		clip.Delay = append(clip.Delay, portraitDelay)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &clip); err != nil {
		return "", fmt.Errorf("draw the clip of a check: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

package pdf

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/color"
	"image/png"
	"strings"

	"sealdesk/internal/font"
)

// maxPicturePixels bounds the pictures that a mark takes: a seal or a signature at 600 dpi stays well below.
const maxPicturePixels = 16 << 20

// leading is the distance of base lines in font sizes.
const leading = 1.35

// padding between text and the edge of its box, in points.
const padding = 2

// appearance makes the drawing of a widget: a form as large as the mark as shown, turned so that it stands upright.
func (w *widget) appearance(content []byte, resources dict) *stream {
	d := dict{
		"Type": name("XObject"), "Subtype": name("Form"), "Resources": resources,
		"BBox": array{0, 0, w.width, w.height},
	}
	if m := upright(w.rotate); m != nil {
		d["Matrix"] = m
	}
	return deflated(d, content)
}

// drawForm makes the appearance that shows a drawing, as large as fits, in its proportions, centred.
func (e *editor) drawForm(id string, w *widget, f *Form) (*stream, error) {
	x, err := e.drawing(id, f)
	if err != nil {
		return nil, err
	}
	scale := min(w.width/x.width, w.height/x.height)
	resources := dict{"XObject": dict{"F": x.ref}}
	b := []byte("q ")
	state := w.state()
	if f.Opacity > 0 && f.Opacity < 1 {
		state["ca"], state["CA"] = f.Opacity, f.Opacity
	}
	if len(state) > 0 {
		resources["ExtGState"] = dict{"G": state}
		b = append(b, "/G gs "...)
	}
	a := font.Affine{x.unitX * scale, 0, 0, x.unitY * scale,
		(w.width - x.width*scale) / 2, (w.height - x.height*scale) / 2}
	for _, v := range a {
		b = append(appendNumber(b, v), ' ')
	}
	b = append(b, "cm /F Do Q"...)
	return w.appearance(b, resources), nil
}

// state is how the widget's look is laid on the page: a see-through one like ink, which darkens what is beneath it and hides
// nothing that is darker.
func (w *widget) state() dict {
	if w.seeThrough {
		return dict{"Type": name("ExtGState"), "BM": name("Multiply")}
	}
	return dict{}
}

// drawn is a drawing that stands in the update. A form is drawn in points, an image in a unit square.
type drawn struct {
	ref           ref
	width, height float64
	unitX, unitY  float64 // what one unit of it is to be scaled by for its natural size
}

// drawing puts a form or picture into the update once, however many marks show it.
func (e *editor) drawing(id string, f *Form) (drawn, error) {
	if x, ok := e.drawings[f]; ok {
		return x, nil
	}
	var x drawn
	if len(f.PNG) > 0 {
		r, width, height, err := e.picture(f.PNG, f.late)
		if err != nil {
			return x, &MarkError{id, ReasonPicture}
		}
		x = drawn{r, f.WidthPt, f.HeightPt, f.WidthPt, f.HeightPt}
		if f.WidthPt <= 0 || f.HeightPt <= 0 {
			x = drawn{r, width, height, width, height}
		}
	} else {
		if !(f.WidthPt > 0 && f.HeightPt > 0) {
			return x, &MarkError{id, ReasonBox}
		}
		r := e.add(deflated(dict{
			"Type": name("XObject"), "Subtype": name("Form"), "Resources": dict{},
			"BBox": array{0, 0, f.WidthPt, f.HeightPt},
			// A group, so that opacity holds for the drawing as a whole and not for each of its overlapping paths.
			"Group": dict{"Type": name("Group"), "S": name("Transparency"), "CS": name("DeviceRGB")},
		}, f.Content))
		x = drawn{r, f.WidthPt, f.HeightPt, 1, 1}
	}
	e.drawings[f] = x
	return x, nil
}

// picture decodes a PNG into an image, with a soft mask if any pixel is see-through.
func (e *editor) picture(data []byte, late bool) (r ref, width, height float64, err error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return ref{}, 0, 0, err
	}
	if config.Width < 1 || config.Height < 1 || config.Width > maxPicturePixels/config.Height {
		return ref{}, 0, 0, ErrTooLarge
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return ref{}, 0, 0, err
	}
	rgb, alpha, opaque := samples(img)
	if late {
		inkSamples(rgb)
	}
	d := dict{
		"Type": name("XObject"), "Subtype": name("Image"), "Width": config.Width, "Height": config.Height,
		"BitsPerComponent": 8, "ColorSpace": name("DeviceRGB"),
	}
	if !opaque {
		d["SMask"] = e.add(fast(dict{
			"Type": name("XObject"), "Subtype": name("Image"), "Width": config.Width, "Height": config.Height,
			"BitsPerComponent": 8, "ColorSpace": name("DeviceGray"),
		}, alpha))
	}
	return e.add(fast(d, rgb)), float64(config.Width), float64(config.Height), nil
}

// samples takes colours, not multiplied by alpha, and alpha apart. What cannot be seen gets one colour and packs well.
func samples(img image.Image) (rgb, alpha []byte, opaque bool) {
	b := img.Bounds()
	rgb = make([]byte, 0, 3*b.Dx()*b.Dy())
	alpha = make([]byte, 0, b.Dx()*b.Dy())
	opaque = true
	n, direct := img.(*image.NRGBA)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			var c color.NRGBA
			if direct {
				c = n.NRGBAAt(x, y)
			} else {
				c = color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			}
			if c.A == 0 {
				c = color.NRGBA{}
			}
			opaque = opaque && c.A == 255
			rgb = append(rgb, c.R, c.G, c.B)
			alpha = append(alpha, c.A)
		}
	}
	return rgb, alpha, opaque
}

// fast makes a stream compressed for speed: pictures of handwriting are mostly one colour.
func fast(d dict, data []byte) *stream {
	var b bytes.Buffer
	z, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed) // fails for unknown levels only
	z.Write(data)
	z.Close()
	d["Filter"] = name("FlateDecode")
	return &stream{dict: d, data: b.Bytes()}
}

// textStyle is how a text field shows its value.
type textStyle struct {
	size      float64 // points, 0 chooses
	align     Align
	color     [3]float64
	multiline bool
}

func (m *Mark) style() textStyle {
	s := textStyle{size: m.FontSize, align: m.Align, multiline: m.Multiline}
	if m.Color != nil {
		c := color.NRGBAModel.Convert(m.Color).(color.NRGBA)
		s.color = [3]float64{float64(c.R) / 255, float64(c.G) / 255, float64(c.B) / 255}
	}
	return s
}

// drawText makes the appearance that shows a text.
func (e *editor) drawText(id string, w *widget, s textStyle, text string) (*stream, error) {
	t := e.textFont()
	var missing []rune
	for _, r := range t.missing(text) {
		if r != '\n' && r != '\r' {
			missing = append(missing, r)
		}
	}
	if len(missing) > 0 {
		return nil, &MissingGlyphError{id, missing}
	}
	lines, size := t.fit(text, s, w.width-2*padding, w.height)
	baseline := w.height/2 - size*(ascent+descent)/unitsPerEm/2 // the middle of the letters on the middle of the box
	if s.multiline {
		baseline = w.height - padding/2.0 - size*ascent/unitsPerEm
	}
	resources := dict{"Font": dict{"T": e.textRef}}
	b := []byte("/Tx BMC q BT ")
	if state := w.state(); len(state) > 0 {
		resources["ExtGState"] = dict{"G": state}
		b = []byte("/Tx BMC q /G gs BT ")
	}
	for _, v := range s.color {
		b = append(appendNumber(b, v), ' ')
	}
	b = append(b, "rg /T "...)
	b = append(appendNumber(b, size), " Tf "...)
	for i, l := range lines {
		x := float64(padding)
		switch free := w.width - l.width*size; s.align {
		case AlignCenter:
			x = free / 2
		case AlignRight:
			x = free - padding
		}
		b = append(b, "1 0 0 1 "...)
		b = append(appendNumber(b, x), ' ')
		b = append(appendNumber(b, baseline-float64(i)*size*leading), " Tm "...)
		b = append(t.show(b, l.text), " Tj "...)
	}
	b = append(b, "ET Q EMC"...)
	return w.appearance(b, resources), nil
}

// fit wraps a text, drawing it smaller until it fits its box.
func (t *textFont) fit(text string, s textStyle, width, height float64) ([]line, float64) {
	const smallest = 2
	width = max(width, 1)
	size := s.size
	if !(size > 0) {
		size = min(12, height*0.7)
	}
	if !s.multiline {
		runes := []rune(oneLine(text))
		advance := t.advance(runes)
		if advance > 0 {
			size = min(size, width/advance)
		}
		return []line{{text: runes, width: advance}}, max(size, 0.1)
	}
	for {
		lines := t.wrap(text, width/size, width/size)
		if size <= smallest || float64(len(lines)-1)*size*leading+size+padding <= height {
			return lines, size
		}
		size = max(smallest, size*0.94)
	}
}

func oneLine(text string) string {
	return strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ").Replace(text)
}

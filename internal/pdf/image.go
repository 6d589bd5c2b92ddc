package pdf

import (
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
)

// PageImage draws a page (from 1) as PNG with its annotations and form fields, signatures among them. The resolution falls
// below dpi where the page is so large that it would pass the limit of pixels.
func (r *Renderer) PageImage(ctx context.Context, data []byte, page int, dpi float64) ([]byte, error) {
	if !(dpi > 0) || dpi > 1200 {
		return nil, fmt.Errorf("pdf: %v dpi is out of range", dpi)
	}
	key := imageKey{hash: sha256.Sum256(data), page: page, dpi: dpi}
	if drawn, ok := r.images.get(key); ok {
		return drawn, nil
	}
	var picture *image.RGBA
	err := r.withDocument(ctx, data, func(doc document) (err error) {
		picture, err = doc.draw(page, dpi)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("image of page %d: %w", page, err)
	}
	drawn, err := encodePNG(picture, dpi)
	if err != nil {
		return nil, fmt.Errorf("image of page %d: %w", page, err)
	}
	r.images.put(key, drawn)
	return drawn, nil
}

func (d document) draw(page int, dpi float64) (*image.RGBA, error) {
	// FPDF_ANNOT alone leaves out signature widgets: they come with the form.
	return d.drawWith(requests.RenderPageInPixels{RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT, RenderForm: true, Document: &d.ref}, page, dpi)
}

// drawPrint draws what a page holds itself, without annotations and form fields.
func (d document) drawPrint(page int, dpi float64) (*image.RGBA, error) {
	return d.drawWith(requests.RenderPageInPixels{}, page, dpi)
}

func (d document) drawWith(request requests.RenderPageInPixels, page int, dpi float64) (*image.RGBA, error) {
	if page < 1 || page > d.pages {
		return nil, ErrNoSuchPage
	}
	size, err := d.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: d.ref, Index: page - 1})
	if err != nil || !(size.Width > 0) || !(size.Height > 0) {
		return nil, fmt.Errorf("%w: page %d has no size", ErrDamaged, page)
	}
	request.Page = d.page(page - 1)
	request.Width, request.Height = pixelSize(size.Width, size.Height, dpi)
	rendered, err := d.RenderPageInPixels(&request)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	// The pixels lie in the sandbox's memory and go with the bitmap.
	defer rendered.Cleanup()
	bitmap, ok := rendered.Result.RenderedImage.(*image.RGBA)
	if !ok {
		return nil, fmt.Errorf("pdf: PDFium gave a %T", rendered.Result.RenderedImage)
	}
	picture := image.NewRGBA(bitmap.Rect)
	copy(picture.Pix, bitmap.Pix)
	onWhite(picture.Pix)
	return picture, nil
}

// pixelSize gives the size of a page image within maxPixels.
func pixelSize(widthPt, heightPt, dpi float64) (width, height int) {
	w, h := widthPt*dpi/72, heightPt*dpi/72
	if w*h > maxPixels {
		shrink := math.Sqrt(maxPixels / (w * h))
		w, h = w*shrink, h*shrink
	}
	// A page one point high and as wide as allowed still has to fit.
	return max(1, min(int(math.Round(w)), maxPixels)), max(1, min(int(math.Round(h)), maxPixels))
}

// onWhite lays straight-alpha pixels, as PDFium leaves them on pages with transparency, on white paper.
func onWhite(pix []byte) {
	for i := 0; i < len(pix); i += 4 {
		a := uint32(pix[i+3])
		if a == 255 {
			continue
		}
		for k := i; k < i+3; k++ {
			pix[k] = byte((uint32(pix[k])*a + 255*(255-a) + 127) / 255)
		}
		pix[i+3] = 255
	}
}

var pngEncoder = png.Encoder{CompressionLevel: png.DefaultCompression}

// encodePNG prefers a palette: pages of text need few colours, and the file becomes a quarter of the size. Colours are rounded to 5 bits
// a channel, in small pictures to 4, which nobody sees on paper, where 256 are enough then; else they are kept whole.
func encodePNG(picture *image.RGBA, dpi float64) ([]byte, error) {
	bits := 5
	if dpi <= smallDPI {
		bits = 4
	}
	var out image.Image = picture
	if rounded := paletted(picture, bits); rounded != nil {
		out = rounded
	}
	var buf bytes.Buffer
	if err := pngEncoder.Encode(&buf, out); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// smallDPI is the resolution up to which a picture is small: that of a phone's page.
const smallDPI = 96

// paletted maps an opaque picture to a palette of its colours, rounded to bits a channel, or returns nil when they are too many.
func paletted(picture *image.RGBA, bits int) *image.Paletted {
	mask := byte(0xff) << (8 - bits)
	out := &image.Paletted{Pix: make([]byte, len(picture.Pix)/4), Stride: picture.Stride / 4, Rect: picture.Rect}
	index := make(map[uint32]byte, 256)
	var last uint32 = math.MaxUint32
	var lastIndex byte
	for i, k := 0, 0; i < len(picture.Pix); i, k = i+4, k+1 {
		r, g, b := picture.Pix[i]&mask, picture.Pix[i+1]&mask, picture.Pix[i+2]&mask
		c := uint32(r)<<16 | uint32(g)<<8 | uint32(b)
		if c != last {
			at, ok := index[c]
			if !ok {
				if len(index) == 256 {
					return nil
				}
				at = byte(len(index))
				index[c] = at
				// The bits cut off are filled from the upper ones, so that white stays white.
				out.Palette = append(out.Palette, color.RGBA{r | r>>bits, g | g>>bits, b | b>>bits, 255})
			}
			last, lastIndex = c, at
		}
		out.Pix[k] = lastIndex
	}
	return out
}

// imageKey names a page image by what it shows.
type imageKey struct {
	hash [sha256.Size]byte
	page int
	dpi  float64
}

type cachedImage struct {
	key imageKey
	png []byte
}

// imageCache keeps the page images used last, up to a sum of bytes.
type imageCache struct {
	mu    sync.Mutex
	limit int
	size  int
	order *list.List // of cachedImage, the one used last in front
	byKey map[imageKey]*list.Element
}

func newImageCache(limit int) *imageCache {
	return &imageCache{limit: limit, order: list.New(), byKey: map[imageKey]*list.Element{}}
}

func (c *imageCache) get(key imageKey) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(at)
	return at.Value.(cachedImage).png, true
}

func (c *imageCache) put(key imageKey, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok || len(data) > c.limit {
		return
	}
	c.byKey[key] = c.order.PushFront(cachedImage{key, data})
	c.size += len(data)
	for c.size > c.limit {
		oldest := c.order.Remove(c.order.Back()).(cachedImage)
		delete(c.byKey, oldest.key)
		c.size -= len(oldest.png)
	}
}

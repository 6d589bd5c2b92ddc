package pdf

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"golang.org/x/text/unicode/norm"
)

// Hit is one place where a text stands, in points from the top left of its page as shown.
type Hit struct {
	Page          int // from 1
	X, Y          float64
	Width, Height float64
	// Alone tells that neither a letter nor a digit stands before or after the text on its line.
	Alone bool
}

// findScale is how many device units a point has in PDFium's conversion of coordinates, which knows whole numbers only.
const findScale = 100

// Find gives every place of a text, page by page, from top to bottom and left to right. White space does not count, and
// compatible forms are equal (full-width letters and colons, for instance). Of a text that breaks over two lines the box
// is that of its first line. A text without any letter is found nowhere.
func (r *Renderer) Find(ctx context.Context, data []byte, text string) ([]Hit, error) {
	needle := foldRunes(text)
	var hits []Hit
	if len(needle) == 0 {
		return nil, nil
	}
	err := r.withDocument(ctx, data, func(doc document) error {
		for i := range doc.pages {
			found, err := doc.find(i, needle)
			if err != nil {
				return fmt.Errorf("%w: page %d: %v", ErrDamaged, i+1, err)
			}
			hits = append(hits, found...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find a text: %w", err)
	}
	return hits, nil
}

// foldRunes is a text as it is compared.
func foldRunes(text string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(text)))
}

// find searches one page, counted from 0.
func (d document) find(index int, needle []rune) (hits []Hit, err error) {
	page := d.page(index)
	whole, err := d.GetPageText(&requests.GetPageText{Page: page})
	if err != nil {
		return nil, err
	}
	if !strings.Contains(string(foldRunes(whole.Text)), string(needle)) {
		return nil, nil // most pages end here, with one call into the sandbox
	}
	loaded, err := d.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return nil, err
	}
	defer func() {
		if _, closeErr := d.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage}); err == nil {
			err = closeErr
		}
	}()
	chars, err := d.chars(loaded.TextPage)
	if err != nil {
		return nil, err
	}
	folded := make([]rune, len(chars))
	for i, c := range chars {
		folded[i] = c.folded
	}
	size, err := d.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: d.ref, Index: index})
	if err != nil {
		return nil, err
	}
	for at := 0; at+len(needle) <= len(folded); at++ {
		if !slices.Equal(folded[at:at+len(needle)], needle) {
			continue
		}
		hit, err := d.hit(loaded.TextPage, page, chars[at:at+len(needle)], size.Width, size.Height)
		if err != nil {
			return nil, err
		}
		hit.Page = index + 1
		hit.Alone = aloneAt(chars, at, len(needle))
		hits = append(hits, hit)
		at += len(needle) - 1
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(math.Round(a.Y), math.Round(b.Y)), cmp.Compare(a.X, b.X))
	})
	return hits, nil
}

// pageChar is a visible character of a page. What folds to several runes stands there once for each.
type pageChar struct {
	index  int  // PDFium's
	folded rune // as it is compared
	gap    bool // white space, a line's end or nothing stands before it
}

// chars lists the characters of a page that count.
func (d document) chars(page references.FPDF_TEXTPAGE) ([]pageChar, error) {
	count, err := d.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: page})
	if err != nil {
		return nil, err
	}
	var out []pageChar
	gap := true
	for i := range count.Count {
		got, err := d.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: page, Index: i})
		if err != nil {
			return nil, err
		}
		folded := foldRunes(string(rune(got.Unicode)))
		if got.Unicode == 0 || len(folded) == 0 {
			gap = true
			continue
		}
		for _, r := range folded {
			out = append(out, pageChar{index: i, folded: r, gap: gap})
			gap = false
		}
	}
	return out, nil
}

// aloneAt tells whether the n characters at a place are a word of their own.
func aloneAt(chars []pageChar, at, n int) bool {
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	before := at == 0 || chars[at].gap || !isWord(chars[at-1].folded)
	after := at+n == len(chars) || chars[at+n].gap || !isWord(chars[at+n].folded)
	return before && after
}

// hit is the box around the characters up to a jump, where the text goes on in another line. A jump is told by its length:
// on a turned page, or of turned text, a line runs down.
func (d document) hit(text references.FPDF_TEXTPAGE, page requests.Page, chars []pageChar, width, height float64) (Hit, error) {
	var last, all [4]float64 // left, top, right, bottom as shown
	for i, c := range chars {
		box, err := d.charBox(text, page, c.index, width, height)
		if err != nil {
			return Hit{}, err
		}
		if i == 0 {
			last, all = box, box
			continue
		}
		step := math.Hypot(box[0]+box[2]-last[0]-last[2], box[1]+box[3]-last[1]-last[3]) / 2
		if step > 4*max(last[2]-last[0], last[3]-last[1], box[2]-box[0], box[3]-box[1]) {
			break
		}
		last = box
		all = [4]float64{min(all[0], box[0]), min(all[1], box[1]), max(all[2], box[2]), max(all[3], box[3])}
	}
	return Hit{X: all[0], Y: all[1], Width: all[2] - all[0], Height: all[3] - all[1]}, nil
}

// charBox is the box of one character on the page as shown.
func (d document) charBox(text references.FPDF_TEXTPAGE, page requests.Page, index int, width, height float64) ([4]float64, error) {
	box, err := d.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: text, Index: index})
	if err != nil {
		return [4]float64{}, err
	}
	var x, y [2]float64
	for i, corner := range [2][2]float64{{box.Left, box.Top}, {box.Right, box.Bottom}} {
		at, err := d.FPDF_PageToDevice(&requests.FPDF_PageToDevice{Page: page, SizeX: int(math.Round(width * findScale)),
			SizeY: int(math.Round(height * findScale)), PageX: corner[0], PageY: corner[1]})
		if err != nil {
			return [4]float64{}, err
		}
		x[i], y[i] = float64(at.DeviceX)/findScale, float64(at.DeviceY)/findScale
	}
	return [4]float64{min(x[0], x[1]), min(y[0], y[1]), max(x[0], x[1]), max(y[0], y[1])}, nil
}

package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"unicode"

	"github.com/klippa-app/go-pdfium/enums"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// PageSize is the size of a page in points as shown, after /Rotate and CropBox.
type PageSize struct {
	WidthPt, HeightPt float64
}

// Info is what Inspect finds out about a document.
type Info struct {
	Pages []PageSize
	// Signatures already in the file.
	Signatures int
	// Warnings are Warn… codes, each at most once.
	Warnings []string
}

// Bounds of the search for fonts: it is for a warning only and must not make the upload of a long document slow.
const (
	fontPages   = 40
	fontObjects = 4000
	maxPagePt   = 14400
)

// Inspect opens a document and tells its pages. The error is one of the package's when the file is at fault.
func (r *Renderer) Inspect(ctx context.Context, data []byte) (Info, error) {
	var info Info
	err := r.withDocument(ctx, data, func(doc document) error {
		large := false
		for i := range doc.pages {
			size, err := doc.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: doc.ref, Index: i})
			if err != nil || !(size.Width > 0) || !(size.Height > 0) {
				return fmt.Errorf("%w: page %d has no size", ErrDamaged, i+1)
			}
			info.Pages = append(info.Pages, PageSize{WidthPt: size.Width, HeightPt: size.Height})
			large = large || size.Width > maxPagePt || size.Height > maxPagePt
		}
		if large {
			info.Warnings = append(info.Warnings, WarnLargePage)
		}
		if count, err := doc.FPDF_GetSignatureCount(&requests.FPDF_GetSignatureCount{Document: doc.ref}); err == nil && count.Count > 0 {
			info.Signatures = count.Count
			info.Warnings = append(info.Warnings, WarnAlreadySigned)
		}
		if doc.hasUnembeddedCJK() {
			info.Warnings = append(info.Warnings, WarnFontNotEmbedded)
		}
		return nil
	})
	if err != nil {
		return Info{}, fmt.Errorf("inspect: %w", err)
	}
	return info, nil
}

// checkOutside finds what needs no parser. PDFium repairs truncated files and shows what is left of them: for a contract
// that is wrong, so a file without its end is refused here.
func checkOutside(data []byte) error {
	if !bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return ErrNotPDF
	}
	tail := bytes.TrimRight(data, "\x00\t\n\f\r ")
	tail = tail[max(0, len(tail)-2048):]
	at := bytes.LastIndex(tail, []byte("startxref"))
	if at < 0 || !bytes.Contains(tail[at:], []byte("%%EOF")) {
		return ErrDamaged
	}
	return nil
}

// openError turns PDFium's reasons into ours.
func openError(err error) error {
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return ErrEncrypted
	default:
		return fmt.Errorf("%w: %v", ErrDamaged, err)
	}
}

// hasUnembeddedCJK tells whether some text in Han, kana or Hangul uses a font that is not in the file. Errors end the search
// of a page quietly: they would come again, and loudly, when the page is drawn.
func (d document) hasUnembeddedCJK() bool {
	left := fontObjects
	for i := range min(d.pages, fontPages) {
		page := d.page(i)
		text, err := d.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
		if err != nil {
			continue
		}
		objects, err := d.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
		found := false
		for k := 0; err == nil && k < objects.Count && left > 0 && !found; k++ {
			left--
			object, err := d.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: k})
			found = err == nil && d.blankCJK(object.PageObject, text.TextPage)
		}
		if _, err := d.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
			return found
		}
		if found || left == 0 {
			return found
		}
	}
	return false
}

// blankCJK tells whether one page object is such text.
func (d document) blankCJK(object references.FPDF_PAGEOBJECT, page references.FPDF_TEXTPAGE) bool {
	kind, err := d.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object})
	if err != nil || kind.Type != enums.FPDF_PAGEOBJ_TEXT {
		return false
	}
	font, err := d.FPDFTextObj_GetFont(&requests.FPDFTextObj_GetFont{PageObject: object})
	if err != nil {
		return false
	}
	embedded, err := d.FPDFFont_GetIsEmbedded(&requests.FPDFFont_GetIsEmbedded{Font: font.Font})
	if err != nil || embedded.IsEmbedded {
		return false
	}
	text, err := d.FPDFTextObj_GetText(&requests.FPDFTextObj_GetText{PageObject: object, TextPage: page})
	if err != nil {
		return false
	}
	for _, c := range text.Text {
		if unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			return true
		}
	}
	return false
}

package pdf

import "errors"

// The ways in which a file can be unfit. Callers translate them for people; errors.Is finds them through every wrap.
var (
	// ErrNotPDF: there is no PDF header in the first kilobyte.
	ErrNotPDF = errors.New("pdf: not a PDF file")
	// ErrEncrypted: the file carries an encryption dictionary, even one that opens with an empty password. Such files cannot be
	// signed by appending, because every added object would have to be encrypted too.
	ErrEncrypted = errors.New("pdf: the file is encrypted")
	// ErrDamaged: the file is truncated or its structure cannot be read.
	ErrDamaged = errors.New("pdf: the file is truncated or damaged")
	// ErrNoPages: the page tree is empty.
	ErrNoPages = errors.New("pdf: the file has no pages")
	// ErrTooLarge: more bytes, pages or memory than one document may take.
	ErrTooLarge = errors.New("pdf: the file is too large")
	// ErrNoSuchPage: the page asked for does not exist.
	ErrNoSuchPage = errors.New("pdf: no such page")
)

// Codes of Info.Warnings.
const (
	// WarnFontNotEmbedded: text in a Chinese, Japanese or Korean font that is not in the file. It stays blank on machines
	// without that font, and so in our page images.
	WarnFontNotEmbedded = "font_not_embedded"
	// WarnAlreadySigned: the file carries signatures already. They stay valid, because we only append.
	WarnAlreadySigned = "already_signed"
	// WarnLargePage: a page is wider or higher than 14,400 pt, the limit of PDF 1.7; viewers may not show it whole.
	WarnLargePage = "large_page"
)

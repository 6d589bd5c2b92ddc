// Package font gives the outlines of the embedded Chinese font, for seals and for text in documents.
//
// The font is Noto Serif SC, weight 500 (Medium), SIL Open Font License. One weight serves both jobs: strokes of the
// regular weight break up in a seal of 38 mm printed at 300 dpi, those of the semi-bold fill in the body text of a
// contract at 10.5 pt.
package font

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// FileName is the name of the embedded font below this package's dist folder, where the asset build copies it.
const FileName = "NotoSerifSC.ttf"

//go:embed dist
var dist embed.FS

// ErrNotEmbedded says that the program was built without its font.
var ErrNotEmbedded = errors.New("the font is not in this binary: run `make assets` and build again")

// Glyph is the shape of one character in em units (1 = the em square), y up, origin on the base line.
type Glyph struct {
	Advance float64 // distance to the origin of the next glyph in horizontal text
	Outline Path
	Bounds  Rect // of the ink
}

// Face gives glyphs by character. It is safe for use by several goroutines.
type Face struct {
	mu     sync.Mutex
	fonts  []*sfnt.Font
	buf    sfnt.Buffer
	glyphs map[rune]cached
}

type cached struct {
	glyph Glyph
	ok    bool
}

var defaultFace = sync.OnceValues(func() (*Face, error) {
	f, err := embedded()
	if err != nil {
		return nil, err
	}
	return &Face{fonts: []*sfnt.Font{f}, glyphs: map[rune]cached{}}, nil
})

var embedded = sync.OnceValues(func() (*sfnt.Font, error) {
	file, err := dist.Open("dist/" + FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotEmbedded
	}
	if err != nil {
		return nil, fmt.Errorf("open the embedded font: %w", err)
	}
	// Reading it whole would copy 15 MB at every start.
	at, ok := file.(io.ReaderAt)
	if !ok {
		return nil, errors.New("the embedded font cannot be read in parts")
	}
	return sfnt.ParseReaderAt(at)
})

// Default gives the embedded face, parsed once. It fails with ErrNotEmbedded where the program was built without it.
func Default() (*Face, error) { return defaultFace() }

// Open gives the embedded face with further font files (TrueType, OpenType or a collection, whose first font counts)
// that are asked, in their order, for the characters that the embedded one lacks.
func Open(paths ...string) (*Face, error) {
	if len(paths) == 0 {
		return Default()
	}
	first, err := embedded()
	if err != nil {
		return nil, err
	}
	face := &Face{fonts: []*sfnt.Font{first}, glyphs: map[rune]cached{}}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("open font: %w", err)
		}
		c, err := sfnt.ParseCollection(data)
		if err != nil {
			return nil, fmt.Errorf("open font %s: %w", path, err)
		}
		f, err := c.Font(0)
		if err != nil {
			return nil, fmt.Errorf("open font %s: %w", path, err)
		}
		face.fonts = append(face.fonts, f)
	}
	return face, nil
}

// Parse gives a face over font data that the caller holds; the data must not change afterwards.
func Parse(data []byte) (*Face, error) {
	f, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("parse font: %w", err)
	}
	return &Face{fonts: []*sfnt.Font{f}, glyphs: map[rune]cached{}}, nil
}

// Glyph gives the shape of a character, and whether any of the face's fonts has it. The outline is shared between
// callers: transform it, do not write into it.
func (f *Face) Glyph(r rune) (Glyph, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.glyphs[r]; ok {
		return c.glyph, c.ok
	}
	var c cached
	for _, ft := range f.fonts {
		if c.glyph, c.ok = f.load(ft, r); c.ok {
			break
		}
	}
	f.glyphs[r] = c
	return c.glyph, c.ok
}

// load reads a glyph with one pixel a font unit, so that nothing is rounded.
func (f *Face) load(ft *sfnt.Font, r rune) (Glyph, bool) {
	index, err := ft.GlyphIndex(&f.buf, r)
	if err != nil || index == 0 {
		return Glyph{}, false
	}
	em := float64(ft.UnitsPerEm())
	ppem := fixed.I(int(ft.UnitsPerEm()))
	segments, err := ft.LoadGlyph(&f.buf, index, ppem, nil)
	if err != nil {
		return Glyph{}, false
	}
	outline := convert(segments, 1/(64*em))
	if len(outline) == 0 && !unicode.IsSpace(r) {
		return Glyph{}, false
	}
	advance, err := ft.GlyphAdvance(&f.buf, index, ppem, font.HintingNone)
	if err != nil {
		return Glyph{}, false
	}
	return Glyph{Advance: float64(advance) / (64 * em), Outline: outline, Bounds: outline.Bounds()}, true
}

// convert turns sfnt's segments (y down, contours open) into a path (y up, contours closed).
func convert(in sfnt.Segments, scale float64) Path {
	out := make(Path, 0, len(in)+8)
	for _, s := range in {
		if s.Op == sfnt.SegmentOpMoveTo && len(out) > 0 {
			out = append(out, Segment{Op: Close})
		}
		seg := Segment{Op: Op(s.Op)}
		for k := range seg.Points() {
			seg.Args[k] = Point{float64(s.Args[k].X) * scale, -float64(s.Args[k].Y) * scale}
		}
		out = append(out, seg)
	}
	if len(out) > 0 {
		out = append(out, Segment{Op: Close})
	}
	return out
}

// Missing lists the characters of the text that the face cannot draw, each once, in order of appearance. White space
// is never missing; control characters and other invisible ones are.
func (f *Face) Missing(text string) []rune {
	var out []rune
	seen := map[rune]bool{}
	for _, r := range text {
		if seen[r] || unicode.IsSpace(r) {
			continue
		}
		seen[r] = true
		if _, ok := f.Glyph(r); !ok {
			out = append(out, r)
		}
	}
	return out
}

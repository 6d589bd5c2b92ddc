package font_test

import (
	"math"
	"os"
	"sync"
	"testing"

	"golang.org/x/image/font/gofont/goregular"

	"sealdesk/internal/font"
)

func face(t testing.TB) *font.Face {
	t.Helper()
	f, err := font.Default()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestGlyphIsInEmUnitsWithYUp(t *testing.T) {
	f := face(t)
	g, ok := f.Glyph('中')
	if !ok {
		t.Fatal("no glyph for 中")
	}
	if math.Abs(g.Advance-1) > 0.001 {
		t.Errorf("advance of 中 = %v, want a full em", g.Advance)
	}
	if g.Bounds.MinY > 0 || g.Bounds.MinY < -0.2 || g.Bounds.MaxY < 0.7 || g.Bounds.MaxY > 1 {
		t.Errorf("bounds of 中 = %+v, want it to stand on the base line", g.Bounds)
	}
	i, _ := f.Glyph('i')
	if i.Advance >= g.Advance {
		t.Errorf("i is as wide as 中: %v", i.Advance)
	}
	if last := g.Outline[len(g.Outline)-1]; last.Op != font.Close || g.Outline[0].Op != font.MoveTo {
		t.Error("contours are not closed")
	}
}

func TestMissingNamesEachCharacterOnce(t *testing.T) {
	got := face(t).Missing("王\U0002A6D6 \U0002A6D6有\u200b")
	if string(got) != "\U0002A6D6\u200b" {
		t.Errorf("missing = %q", string(got))
	}
}

func TestOpenAsksFurtherFonts(t *testing.T) {
	path := t.TempDir() + "/go.ttf"
	if err := os.WriteFile(path, goregular.TTF, 0o600); err != nil {
		t.Fatal(err)
	}
	// Go Regular has U+FB02 (fl) or another character; find one that only it has.
	base := face(t)
	extra, err := font.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	both, err := font.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for r := rune(0x80); r < 0x3000; r++ {
		_, inBase := base.Glyph(r)
		if g, inExtra := extra.Glyph(r); !inBase && inExtra {
			found = true
			if got, ok := both.Glyph(r); !ok || got.Advance != g.Advance {
				t.Fatalf("%U is not taken from the second font", r)
			}
		}
	}
	if !found {
		t.Fatal("no character tells the fonts apart")
	}
	if _, err := font.Open(t.TempDir() + "/none.ttf"); err == nil {
		t.Error("a missing file is not reported")
	}
}

func TestGlyphFromManyGoroutines(t *testing.T) {
	f := face(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for r := rune(0x4e00); r < 0x4e80; r++ {
				if _, ok := f.Glyph(r); !ok {
					t.Errorf("no glyph for %c", r)
				}
			}
		})
	}
	wg.Wait()
}

func TestAffineOrder(t *testing.T) {
	a := font.Scale(2, 2).Then(font.Translate(1, 0)).Then(font.Rotate(math.Pi / 2))
	got := a.Apply(font.Point{X: 1, Y: 0})
	if math.Hypot(got.X-0, got.Y-3) > 1e-12 {
		t.Errorf("got %+v, want (0, 3)", got)
	}
}

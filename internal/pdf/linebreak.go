package pdf

import (
	"slices"
	"strings"
	"unicode"
)

// Characters that must not begin or end a line (GB/T 15834, section 5.1).
const (
	closingWide   = "，。、；：？！）》〉】」』〕｝”’…—～·％℃"
	closingNarrow = ",.;:?!)]}%>"
	openingWide   = "（《〈【「『〔｛“‘￥＄"
	openingNarrow = "([{<"
)

// line is one line of wrapped text; its width is in em.
type line struct {
	text  []rune
	width float64
	ends  bool // the paragraph ends here, so the line is not justified
}

// wrap breaks text into lines no wider than the first width, then the rest (em).
func (t *textFont) wrap(text string, first, rest float64) []line {
	var out []line
	limit := first
	for _, paragraph := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		units := t.units([]rune(paragraph), rest)
		var current []rune
		var width float64
		emit := func(ends bool) {
			current = trimSpace(current)
			out = append(out, line{current, t.advance(current), ends})
			current, width, limit = nil, 0, rest
		}
		for _, u := range units {
			w := t.advance(trimSpace(u))
			if len(current) > 0 && width+w > limit+1e-6 {
				emit(false)
			}
			current = append(current, u...)
			width += t.advance(u)
		}
		emit(true)
	}
	return out
}

func trimSpace(text []rune) []rune {
	for len(text) > 0 && unicode.IsSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

// units cuts text where a line may end. A unit wider than a whole line is cut anywhere.
func (t *textFont) units(text []rune, limit float64) [][]rune {
	var out [][]rune
	start := 0
	var width float64
	for i, r := range text {
		w := t.advance([]rune{r})
		if i > start && (mayBreak(text[i-1], r) || width+w > limit && !unicode.IsSpace(r)) {
			out = append(out, slices.Clone(text[start:i]))
			start, width = i, 0
		}
		width += w
	}
	if start < len(text) {
		out = append(out, slices.Clone(text[start:]))
	}
	return out
}

// mayBreak tells whether a line may end between two characters.
func mayBreak(a, b rune) bool {
	switch {
	case unicode.IsSpace(b):
		return false
	case strings.ContainsRune(openingWide+openingNarrow, a), strings.ContainsRune(closingWide+closingNarrow, b):
		return false
	case unicode.IsSpace(a):
		return true
	}
	return wide(a) || wide(b)
}

// wide tells whether text may be broken before and after a character, as in Chinese.
func wide(r rune) bool {
	return r >= 0x2e80 || strings.ContainsRune(closingWide+openingWide, r)
}

package seal

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a Spec.
const (
	MaxNameHan      = 30 // characters of a name on an arc; letters and digits count half
	MaxPersonName   = 20
	MaxHorizontal   = 8
	MaxEnterpriseMM = 45 // 国发〔1999〕25号; larger seals are drawn with a warning
)

// Size is a usual outline of a kind of seal, in millimetres.
type Size struct {
	Shape         Shape
	Width, Height float64
}

// Sizes lists the usual outlines of a kind, the default first.
func Sizes(k Kind) []Size {
	switch k {
	case Official:
		return []Size{{Circle, 40, 40}, {Circle, 42, 42}, {Circle, 38, 38}, {Ellipse, 45, 30}}
	case Contract:
		return []Size{{Circle, 38, 38}, {Circle, 40, 40}, {Circle, 42, 42}, {Circle, 45, 45}, {Circle, 58, 58}, {Ellipse, 45, 30}}
	case Financial:
		return []Size{{Circle, 38, 38}, {Circle, 40, 40}, {Square, 22, 22}, {Square, 25, 25}}
	case Invoice:
		return []Size{{Ellipse, 40, 30}}
	case LegalRepresentative:
		return []Size{{Square, 20, 20}, {Square, 18, 18}, {Square, 16, 16}, {Rectangle, 20, 10}}
	case Personal:
		return []Size{{Square, 18, 18}, {Square, 20, 20}, {Square, 16, 16}, {Rectangle, 20, 10}}
	case Other:
		return []Size{{Circle, 38, 38}, {Circle, 40, 40}, {Circle, 42, 42}, {Ellipse, 45, 30}}
	default:
		return nil
	}
}

// runningWidth and runningHeight are the box of a signature, that of the platform's signature component (119 × 43 pt).
const (
	runningWidth  = 42.0
	runningHeight = 15.0
)

// resolve fills in what is usual for the kind and checks everything but the glyphs.
func resolve(s Spec) (Spec, error) {
	if Sizes(s.Kind) == nil {
		return s, &SpecError{Field: "Kind", Rule: "oneof"}
	}
	s.Name = strings.Join(strings.Fields(s.Name), " ")
	s.HorizontalText = strings.Join(strings.Fields(s.HorizontalText), " ")
	s.Code = strings.TrimSpace(s.Code)
	s.TaxNumber = strings.ToUpper(strings.TrimSpace(s.TaxNumber))
	s.Running = s.Running && s.Kind == Personal
	if s.Color == "" {
		s.Color = Red
		if s.Running {
			s.Color = Black
		}
	}
	if s.Opacity == 0 {
		s.Opacity = 100
	}
	if s.HorizontalText == "" {
		s.HorizontalText = UsualText(s.Kind)
	}
	if err := checkTexts(s); err != nil {
		return s, err
	}
	return measure(s)
}

// UsualText is the horizontal text that a kind of seal carries by custom, empty for none.
func UsualText(k Kind) string {
	switch k {
	case Contract:
		return "合同专用章"
	case Financial:
		return "财务专用章"
	case Invoice:
		return "发票专用章"
	default:
		return ""
	}
}

// checkTexts checks the texts and choices.
func checkTexts(s Spec) error {
	if !utf8.ValidString(s.Name) || s.Name == "" {
		return &SpecError{Field: "Name", Rule: "required"}
	}
	limit := MaxNameHan
	if s.Kind == Personal || s.Kind == LegalRepresentative {
		limit = MaxPersonName
	}
	if hanLength(s.Name) > float64(limit) {
		return &SpecError{Field: "Name", Rule: "max", Param: strconv.Itoa(limit)}
	}
	if utf8.RuneCountInString(s.HorizontalText) > MaxHorizontal {
		return &SpecError{Field: "HorizontalText", Rule: "max", Param: strconv.Itoa(MaxHorizontal)}
	}
	if s.Code != "" && (len(s.Code) < 13 || len(s.Code) > 14 || !only(s.Code, isDigit)) {
		return &SpecError{Field: "Code", Rule: "digits", Param: "13–14"}
	}
	if s.Kind == Invoice && s.TaxNumber == "" {
		return &SpecError{Field: "TaxNumber", Rule: "required"}
	}
	if s.TaxNumber != "" && (len(s.TaxNumber) < 15 || len(s.TaxNumber) > 20 || !only(s.TaxNumber, isTaxCharacter)) {
		return &SpecError{Field: "TaxNumber", Rule: "taxnumber", Param: "15–20"}
	}
	switch s.Color {
	case Red, Blue, Black, Purple:
	default:
		return &SpecError{Field: "Color", Rule: "oneof"}
	}
	if s.Opacity < 20 {
		return &SpecError{Field: "Opacity", Rule: "min", Param: "20"}
	}
	if s.Opacity > 100 {
		return &SpecError{Field: "Opacity", Rule: "max", Param: "100"}
	}
	return nil
}

// measure chooses the outline and checks its measures.
func measure(s Spec) (Spec, error) {
	if s.Running {
		return within(s, Size{Rectangle, runningWidth, runningHeight}, 8, 60)
	}
	sizes := Sizes(s.Kind)
	if s.Shape == "" {
		s.Shape = sizes[0].Shape
	}
	usual := Size{}
	for _, z := range sizes {
		if z.Shape == s.Shape {
			usual = z
			break
		}
	}
	if usual.Shape == "" {
		return s, &SpecError{Field: "Shape", Rule: "oneof"}
	}
	if s.Kind == Invoice {
		// The measures are laid down: 国家税务总局公告2011年第7号.
		s.WidthMM, s.HeightMM = usual.Width, usual.Height
		return s, nil
	}
	switch s.Shape {
	case Circle:
		return within(s, usual, 30, 58)
	case Ellipse:
		return within(s, usual, 28, 58)
	default:
		if s.Kind == Financial {
			return within(s, usual, 20, 30)
		}
		return within(s, usual, 8, 30)
	}
}

// within fills in usual measures and checks that they lie between the limits (for heights of ellipses and rectangles:
// from half of the lower limit).
func within(s Spec, usual Size, low, high float64) (Spec, error) {
	if s.WidthMM == 0 {
		s.WidthMM = usual.Width
	}
	uniform := s.Shape == Circle || s.Shape == Square
	if uniform && !s.Running {
		s.HeightMM = s.WidthMM
	} else if s.HeightMM == 0 {
		s.HeightMM = s.WidthMM * usual.Height / usual.Width
	}
	check := func(field string, v, low, high float64) error {
		switch {
		case !(v >= low): // also NaN
			return &SpecError{Field: field, Rule: "min", Param: num(low, 1)}
		case v > high:
			return &SpecError{Field: field, Rule: "max", Param: num(high, 1)}
		}
		return nil
	}
	if err := check("WidthMM", s.WidthMM, low, high); err != nil {
		return s, err
	}
	lowHeight := low
	if s.Shape == Ellipse || s.Shape == Rectangle || s.Running {
		lowHeight = max(low/2, s.WidthMM*0.3)
		high = s.WidthMM
	}
	return s, check("HeightMM", s.HeightMM, lowHeight, high)
}

// hanLength counts Chinese characters as 1 and everything narrower as a half.
func hanLength(text string) float64 {
	n := 0.0
	for _, r := range text {
		if isWide(r) {
			n++
		} else {
			n += 0.5
		}
	}
	return n
}

func isWide(r rune) bool {
	return unicode.Is(unicode.Han, r) || (r >= 0x3000 && r <= 0x30ff) || (r >= 0xff00 && r <= 0xff60) || r > 0xffff
}

func isDigit(r rune) bool        { return r >= '0' && r <= '9' }
func isTaxCharacter(r rune) bool { return isDigit(r) || (r >= 'A' && r <= 'Z') }

func only(text string, ok func(rune) bool) bool {
	for _, r := range text {
		if !ok(r) {
			return false
		}
	}
	return true
}

// Warning is something that a seal maker would object to, though it can be drawn. Rule is "over_45mm", "unusual_size",
// "like_official" or "not_red"; whoever shows it translates it.
type Warning struct{ Field, Rule, Param string }

// Warnings checks the rules of the trade that hold for a seal by itself. Rules that need to know the owner (a second
// official seal, an unverified organisation) are for the caller.
func Warnings(s Spec) []Warning {
	r, err := resolve(s)
	if err != nil {
		return nil
	}
	var out []Warning
	if r.WidthMM > MaxEnterpriseMM {
		out = append(out, Warning{"WidthMM", "over_45mm", strconv.Itoa(MaxEnterpriseMM)})
	}
	usual := r.Running
	for _, z := range Sizes(r.Kind) {
		usual = usual || z == Size{r.Shape, r.WidthMM, r.HeightMM}
	}
	if !usual {
		out = append(out, Warning{"WidthMM", "unusual_size", num(r.WidthMM, 1) + " × " + num(r.HeightMM, 1)})
	}
	if r.Kind == Other && r.HorizontalText == "" {
		// Special seals must differ from the official one in name and style: 国发〔1999〕25号, article 22.
		out = append(out, Warning{"HorizontalText", "like_official", ""})
	}
	if r.Color != Red && !r.Running && r.Kind != Personal {
		out = append(out, Warning{"Color", "not_red", ""})
	}
	return out
}

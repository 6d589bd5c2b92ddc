package pdf

import (
	"math"
	"slices"
	"strings"
)

// Readers agree on what a look shows as long as it stays within these: beyond, one draws it and another does not.
const (
	plainNumber = 32767 // of a number, either way
	plainStates = 28    // saved states within each other
)

// plainOperators are the operators of a look. Pictures within the content and special fonts are not among them.
var plainOperators = strings.Fields("q Q cm w J j M d ri i gs m l c v y h re S s f F f* B B* b b* n W W* BT ET Tc Tw Tz TL Tf Tr Ts " +
	"Td TD Tm T* Tj TJ ' \" CS cs SC SCN sc scn G g RG rg K k sh Do MP DP BMC BDC EMC BX EX")

// plainStream tells whether a part of a look is drawn alike by all readers.
func (f *file) plainStream(s *stream) bool {
	switch {
	case f.get(s.dict["Subtype"]) == name("Image"):
		bits, ok := asInt(f.get(s.dict["BitsPerComponent"]))
		return !ok || slices.Contains([]int{1, 2, 4, 8, 16}, bits)
	case s.dict["BBox"] != nil: // a form or a pattern
		content, err := f.decode(s)
		return err == nil && plainContent(content)
	}
	return true
}

// plainContent checks operators, numbers and how deep states are saved.
func plainContent(content []byte) bool {
	p, states := parser{data: content}, 0
	for p.skip(); p.pos < len(p.data); p.skip() {
		start := p.pos
		if o, err := p.object(); err == nil {
			if !plainNumbers(o) {
				return false
			}
			continue
		}
		op := string(p.data[start:p.pos])
		switch op {
		case "q":
			states++
		case "Q":
			states--
		}
		if !slices.Contains(plainOperators, op) || states < 0 || states > plainStates {
			return false
		}
	}
	return true
}

// plainNumbers tells whether a number, or those of an array, are within the common range.
func plainNumbers(o object) bool {
	if a, ok := o.(array); ok {
		return !slices.ContainsFunc(a, func(v object) bool { return !plainNumbers(v) })
	}
	v, ok := asFloat(o)
	return !ok || math.Abs(v) <= plainNumber
}

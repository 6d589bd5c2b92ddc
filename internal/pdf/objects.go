package pdf

import (
	"maps"
	"math"
	"slices"
	"strconv"
)

// object is a PDF value: nil (null), bool, int64, float64, name, str, array, dict, ref, *stream, or, for writing
// only, raw and *hole.
type object any

type (
	name  string
	str   string // bytes of a string, decoded
	array []object
	dict  map[name]object
)

// ref points at an indirect object.
type ref struct{ num, gen int }

// stream is a dictionary with data, still encoded by the dictionary's filters.
type stream struct {
	dict dict
	data []byte
	at   int // offset of the data in its file; 0 in a new stream
}

// raw is written as it is.
type raw string

// hole reserves bytes in an update that are known only after everything else was written.
type hole struct {
	size int
	at   int // offset in the written file, set on writing
}

const hexDigits = "0123456789abcdef"

// appendObject writes a value in PDF syntax; dictionaries with sorted keys, so that the same input gives the same bytes.
func appendObject(b []byte, o object) []byte {
	switch o := o.(type) {
	case bool:
		return strconv.AppendBool(b, o)
	case int:
		return strconv.AppendInt(b, int64(o), 10)
	case int64:
		return strconv.AppendInt(b, o, 10)
	case float64:
		return appendNumber(b, o)
	case name:
		return appendName(b, o)
	case str:
		return appendString(b, o)
	case ref:
		b = strconv.AppendInt(b, int64(o.num), 10)
		b = append(b, ' ')
		b = strconv.AppendInt(b, int64(o.gen), 10)
		return append(b, " R"...)
	case array:
		b = append(b, '[')
		for i, v := range o {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendObject(b, v)
		}
		return append(b, ']')
	case dict:
		return appendDict(b, o)
	case *stream:
		b = appendDict(b, o.dict)
		b = append(b, "\nstream\n"...)
		b = append(b, o.data...)
		return append(b, "\nendstream"...)
	case raw:
		return append(b, o...)
	case *hole:
		o.at = len(b)
		for range o.size {
			b = append(b, ' ')
		}
		return b
	default:
		return append(b, "null"...)
	}
}

func appendDict(b []byte, d dict) []byte {
	b = append(b, "<<"...)
	for _, key := range slices.Sorted(maps.Keys(d)) {
		b = appendName(b, key)
		b = append(b, ' ')
		b = appendObject(b, d[key])
		b = append(b, '\n')
	}
	if len(d) > 0 {
		b = b[:len(b)-1]
	}
	return append(b, ">>"...)
}

// appendNumber writes at most five digits after the point, more than any page needs.
func appendNumber(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, '0')
	}
	v = math.Round(v*1e5) / 1e5
	if v == 0 {
		return append(b, '0') // never "-0"
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

func appendName(b []byte, n name) []byte {
	b = append(b, '/')
	for i := range len(n) {
		c := n[i]
		if c <= ' ' || c >= 0x7f || c == '#' || isDelimiter(c) {
			b = append(b, '#', hexDigits[c>>4], hexDigits[c&15])
			continue
		}
		b = append(b, c)
	}
	return b
}

func appendString(b []byte, s str) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return append(appendHex(append(b, '<'), []byte(s)), '>')
		}
	}
	b = append(b, '(')
	for i := range len(s) {
		if c := s[i]; c == '(' || c == ')' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, ')')
}

func appendHex(b, data []byte) []byte {
	for _, c := range data {
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

// textString encodes text for people: as ASCII where possible, else as UTF-16 with a byte order mark.
func textString(text string) str {
	ascii := true
	for i := range len(text) {
		ascii = ascii && text[i] >= ' ' && text[i] < 0x7f
	}
	if ascii {
		return str(text)
	}
	return str(appendUTF16([]byte{0xfe, 0xff}, text))
}

// asInt takes a number that is whole.
func asInt(o object) (int, bool) {
	switch v := o.(type) {
	case int:
		return v, true
	case int64:
		return int(v), true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int(v), true
		}
	}
	return 0, false
}

func asFloat(o object) (float64, bool) {
	switch v := o.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

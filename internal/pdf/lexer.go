package pdf

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// maxDepth bounds the nesting of arrays and dictionaries.
const maxDepth = 100

var errSyntax = errors.New("syntax error")

// parser reads values out of bytes that may be hostile. It allocates in proportion to what it has read and never
// reads outside of data.
type parser struct {
	data    []byte
	pos     int
	doubled bool // a dictionary had a key twice: readers differ in which counts
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c byte) bool { return !isSpace(c) && !isDelimiter(c) }

func (p *parser) fail(what string) error {
	return fmt.Errorf("%w: %s at %d", errSyntax, what, p.pos)
}

// skip passes white space and comments.
func (p *parser) skip() {
	for p.pos < len(p.data) {
		c := p.data[p.pos]
		switch {
		case isSpace(c):
			p.pos++
		case c == '%':
			for p.pos < len(p.data) && p.data[p.pos] != '\n' && p.data[p.pos] != '\r' {
				p.pos++
			}
		default:
			return
		}
	}
}

// peek gives the byte at an offset from here, 0 past the end.
func (p *parser) peek(ahead int) byte {
	if p.pos+ahead < len(p.data) {
		return p.data[p.pos+ahead]
	}
	return 0
}

// word takes a run of regular characters.
func (p *parser) word() string {
	start := p.pos
	for p.pos < len(p.data) && isRegular(p.data[p.pos]) {
		p.pos++
	}
	return string(p.data[start:p.pos])
}

// keyword takes the given word after white space, or leaves the position.
func (p *parser) keyword(want string) bool {
	start := p.pos
	p.skip()
	if end := p.pos + len(want); end <= len(p.data) && string(p.data[p.pos:end]) == want &&
		(end == len(p.data) || !isRegular(p.data[end])) {
		p.pos = end
		return true
	}
	p.pos = start
	return false
}

// integer takes an unsigned whole number after white space, or leaves the position.
func (p *parser) integer() (int, bool) {
	start := p.pos
	p.skip()
	digits := p.pos
	for p.pos < len(p.data) && p.data[p.pos] >= '0' && p.data[p.pos] <= '9' {
		p.pos++
	}
	v, err := strconv.Atoi(string(p.data[digits:p.pos]))
	if err != nil || p.pos < len(p.data) && isRegular(p.data[p.pos]) {
		p.pos = start
		return 0, false
	}
	return v, true
}

// object takes one value.
func (p *parser) object() (object, error) { return p.value(0) }

func (p *parser) value(depth int) (object, error) {
	if depth > maxDepth {
		return nil, p.fail("nested too deeply")
	}
	p.skip()
	if p.pos >= len(p.data) {
		return nil, p.fail("unexpected end")
	}
	switch c := p.data[p.pos]; {
	case c == '/':
		return p.name(), nil
	case c == '(':
		return p.literal()
	case c == '<' && p.peek(1) == '<':
		return p.dict(depth)
	case c == '<':
		return p.hex()
	case c == '[':
		return p.array(depth)
	case c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9':
		return p.number()
	}
	switch word := p.word(); word {
	case "null":
		return nil, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return nil, p.fail("unexpected token")
	}
}

// number takes a number, or a reference when it is followed by a generation and R.
func (p *parser) number() (object, error) {
	word := p.word()
	if v, err := strconv.ParseInt(word, 10, 64); err == nil {
		if v < 0 || v > maxObjects || word[0] == '+' {
			return v, nil
		}
		back := p.pos
		if gen, ok := p.integer(); ok && gen <= 65535 && p.keyword("R") {
			return ref{int(v), gen}, nil
		}
		p.pos = back
		return v, nil
	}
	v, err := strconv.ParseFloat(word, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return nil, p.fail("bad number")
	}
	return v, nil
}

func (p *parser) name() name {
	p.pos++
	word := p.word()
	for i := range len(word) {
		if word[i] == '#' {
			return unescapeName(word)
		}
	}
	return name(word)
}

func unescapeName(word string) name {
	var out []byte
	for i := 0; i < len(word); i++ {
		if word[i] == '#' && i+2 < len(word) {
			hi, lo := unhex(word[i+1]), unhex(word[i+2])
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, word[i])
	}
	return name(out)
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (p *parser) hex() (object, error) {
	p.pos++
	var out []byte
	half := -1
	for p.pos < len(p.data) {
		c := p.data[p.pos]
		p.pos++
		if c == '>' {
			if half >= 0 {
				out = append(out, byte(half<<4))
			}
			return str(out), nil
		}
		v := unhex(c)
		switch {
		case v < 0 && isSpace(c):
		case v < 0:
			return nil, p.fail("bad hexadecimal string")
		case half < 0:
			half = v
		default:
			out = append(out, byte(half<<4|v))
			half = -1
		}
	}
	return nil, p.fail("unended string")
}

func (p *parser) literal() (object, error) {
	p.pos++
	var out []byte
	for level := 1; p.pos < len(p.data); {
		c := p.data[p.pos]
		p.pos++
		switch c {
		case '(':
			level++
		case ')':
			if level--; level == 0 {
				return str(out), nil
			}
		case '\\':
			out = p.escape(out)
			continue
		case '\r': // any line end counts as one line feed
			if p.peek(0) == '\n' {
				p.pos++
			}
			c = '\n'
		}
		out = append(out, c)
	}
	return nil, p.fail("unended string")
}

// escape takes what follows a backslash in a literal string.
func (p *parser) escape(out []byte) []byte {
	if p.pos >= len(p.data) {
		return out
	}
	c := p.data[p.pos]
	p.pos++
	switch c {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case '\n':
		return out
	case '\r':
		if p.peek(0) == '\n' {
			p.pos++
		}
		return out
	}
	if c < '0' || c > '7' {
		return append(out, c)
	}
	v := int(c - '0')
	for range 2 {
		if d := p.peek(0); d >= '0' && d <= '7' && p.pos < len(p.data) {
			v = v<<3 | int(d-'0')
			p.pos++
		} else {
			break
		}
	}
	return append(out, byte(v))
}

func (p *parser) array(depth int) (object, error) {
	p.pos++
	out := array{}
	for {
		p.skip()
		if p.peek(0) == ']' && p.pos < len(p.data) {
			p.pos++
			return out, nil
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

func (p *parser) dict(depth int) (object, error) {
	p.pos += 2
	out := dict{}
	for {
		p.skip()
		if p.peek(0) == '>' && p.peek(1) == '>' {
			p.pos += 2
			return out, nil
		}
		if p.peek(0) != '/' {
			return nil, p.fail("key expected")
		}
		key := p.name()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if _, twice := out[key]; twice {
			p.doubled = true
		}
		if v != nil { // a null value is the same as no entry
			out[key] = v
		}
	}
}

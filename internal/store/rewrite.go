package store

import (
	"regexp"
	"sync"
)

// statementTexts rewrites $n to ?n, and what writes into a sealed table to write into the table itself, not its view, and remembers the answers.
// SQLite reads $1 as a *named* parameter, which the driver numbers by order of appearance, so that "$2, $1" would silently bind swapped values.
type statementTexts struct {
	sealed map[string]bool // names of tables
	mu     sync.RWMutex
	known  map[string]string
}

// maxTexts bounds the memory; a program has a few hundred different statements.
const maxTexts = 4096

func (p *statementTexts) rewrite(query string) string {
	p.mu.RLock()
	text, ok := p.known[query]
	p.mu.RUnlock()
	if ok {
		return text
	}
	text = rewrite(query)
	if m := writes.FindStringSubmatchIndex(text); m != nil && p.sealed[text[m[2]:m[3]]] {
		text = text[:m[2]] + "main." + text[m[2]:]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) >= maxTexts {
		p.known = make(map[string]string)
	}
	p.known[query] = text
	return text
}

// writes finds the table that a statement writes into. One that it does not find is a view to SQLite, which refuses to write there.
var writes = regexp.MustCompile(`(?i)^\s*(?:(?:INSERT|REPLACE)(?:\s+OR\s+\w+)?\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)\s+(\w+)`)

// rewrite turns each placeholder $1…$32766 into ?1…?32766 and leaves strings, quoted names, comments, names with a $ in them and
// everything else alone. The answer has the length of the query.
func rewrite(query string) string {
	out := []byte(nil)
	for i := 0; i < len(query); {
		switch c := query[i]; {
		case c == '\'' || c == '"' || c == '`':
			i = skipQuoted(query, i, c)
		case c == '[':
			i = skipPast(query, i+1, "]")
		case c == '-' && at(query, i+1) == '-':
			i = skipPast(query, i+2, "\n")
		case c == '/' && at(query, i+1) == '*':
			i = skipPast(query, i+2, "*/")
		case c == '$':
			end := skipName(query, i+1)
			if isNumber(query[i+1:end]) && at(query, end) != ':' && at(query, end) != '(' {
				if out == nil {
					out = []byte(query)
				}
				out[i] = '?'
			}
			i = end
		case isNameByte(c):
			i = skipName(query, i)
		default:
			i++
		}
	}
	if out == nil {
		return query
	}
	return string(out)
}

func at(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// skipQuoted is the index after the string or name that opens at i. A doubled quote stands for itself: it closes one and opens the next.
func skipQuoted(s string, i int, quote byte) int {
	for i++; i < len(s); i++ {
		if s[i] == quote {
			return i + 1
		}
	}
	return len(s)
}

func skipPast(s string, i int, end string) int {
	for ; i+len(end) <= len(s); i++ {
		if s[i:i+len(end)] == end {
			return i + len(end)
		}
	}
	return len(s)
}

func skipName(s string, i int) int {
	for i < len(s) && (isNameByte(s[i]) || s[i] == '$') {
		i++
	}
	return i
}

// isNameByte follows SQLite: letters, digits, underscore and every byte of a multi-byte character.
func isNameByte(c byte) bool {
	return c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isNumber accepts 1 to 32766, SQLite's limit, without leading zeros.
func isNumber(s string) bool {
	if s == "" || len(s) > 5 || s[0] == '0' {
		return false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n <= 32766
}

// seal has what writes into a table go past its view. Call it before the first statement.
func (p *statementTexts) seal(table string) {
	if p.sealed == nil {
		p.sealed = map[string]bool{}
	}
	p.sealed[table] = true
}

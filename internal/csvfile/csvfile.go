// Package csvfile reads and writes tables as spreadsheet programs do: whatever encoding and separator a Chinese or a Western Excel
// saved, and cells that no spreadsheet takes for formulas.
package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

// Limits of a table. They keep a page that shows every row, and the memory of a request, in bounds.
const (
	MaxBytes   = 4 << 20
	MaxColumns = 100
	MaxCell    = 2000 // characters
)

// What may be wrong with a file as a whole.
var (
	ErrEmpty       = errors.New("csvfile: no heading, or no row below it")
	ErrTooLarge    = errors.New("csvfile: too many bytes")
	ErrTooManyRows = errors.New("csvfile: too many rows")
	ErrTooWide     = errors.New("csvfile: too many columns, or a cell that is too long")
	ErrEncoding    = errors.New("csvfile: not a text in UTF-8, UTF-16 or GB18030")
)

// LineError is a fault in the form of a file, such as a quote without an end, or a heading that stands twice.
type LineError struct {
	Line   int    // from 1
	Column string // heading that stands twice; empty for a broken line
}

func (e *LineError) Error() string {
	if e.Column != "" {
		return fmt.Sprintf("csvfile: line %d: the heading %q stands twice", e.Line, e.Column)
	}
	return fmt.Sprintf("csvfile: line %d: broken quotes", e.Line)
}

// Table is what a file holds. Cells are without spaces around them and without the guard that Writer puts before formulas.
type Table struct {
	Header []string
	Rows   []Row
}

// Row is a line below the heading. Empty lines are none.
type Row struct {
	Line  int // in the file, from 1; a cell may span several lines
	cells []string
}

// Cell is the text in a column; empty where the row is shorter, and for a column that is not there (-1).
func (r Row) Cell(column int) string {
	if column < 0 || column >= len(r.cells) {
		return ""
	}
	return r.cells[column]
}

// Cells is how many cells the row has: a row with more than the heading has one separator too many.
func (r Row) Cells() int { return len(r.cells) }

// Column is the index of the column whose heading is one of the names, -1 for none. Case, width, spaces and a star for required columns
// make no difference.
func (t *Table) Column(names ...string) int {
	for i, head := range t.Header {
		for _, name := range names {
			if fold(head) == fold(name) {
				return i
			}
		}
	}
	return -1
}

func fold(heading string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '*' || r == '_' {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(heading))
}

// Parse reads a file of at most maxRows rows below its heading. The encoding is that of its byte order mark, else UTF-8 where the bytes
// are that, else GB18030, which Excel writes in China; the separator is the one of comma, semicolon and tab that splits the heading most.
func Parse(data []byte, maxRows int) (*Table, error) {
	if len(data) > MaxBytes {
		return nil, ErrTooLarge
	}
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	lines := csv.NewReader(strings.NewReader(text))
	lines.Comma, lines.FieldsPerRecord, lines.LazyQuotes = separator(text), -1, false
	t := new(Table)
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if broken := (*csv.ParseError)(nil); errors.As(err, &broken) {
			return nil, &LineError{Line: broken.Line}
		}
		if err != nil {
			return nil, fmt.Errorf("csvfile: %w", err)
		}
		line, _ := lines.FieldPos(0)
		if err := t.add(line, record, maxRows); err != nil {
			return nil, err
		}
	}
	if len(t.Rows) == 0 {
		return nil, ErrEmpty
	}
	return t, nil
}

// add takes over a record: the first that is not empty is the heading.
func (t *Table) add(line int, record []string, maxRows int) error {
	filled := 0
	for i, cell := range record {
		record[i] = unguard(strings.TrimSpace(cell))
		if record[i] != "" {
			filled = i + 1
		}
		if utf8.RuneCountInString(record[i]) > MaxCell {
			return ErrTooWide
		}
	}
	record = record[:filled] // spreadsheets pad rows with empty cells
	switch {
	case filled == 0:
		return nil
	case filled > MaxColumns:
		return ErrTooWide
	case t.Header == nil:
		t.Header = record
		return t.checkHeader(line)
	case len(t.Rows) == maxRows:
		return ErrTooManyRows
	}
	t.Rows = append(t.Rows, Row{Line: line, cells: record})
	return nil
}

// checkHeader refuses a heading that stands twice: which of the two columns counts would be a guess.
func (t *Table) checkHeader(line int) error {
	seen := map[string]bool{}
	for _, head := range t.Header {
		name := fold(head)
		if name != "" && seen[name] {
			return &LineError{Line: line, Column: head}
		}
		seen[name] = true
	}
	return nil
}

// decode turns the bytes of a file into text without a byte order mark.
func decode(data []byte) (string, error) {
	var text []byte
	var err error
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")): // Excel's "Unicode text"
		text, err = xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM).NewDecoder().Bytes(data)
	case utf8.Valid(data):
		text = bytes.TrimPrefix(data, []byte(byteOrderMark))
	default:
		text, err = simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	}
	// The decoders put U+FFFD in place of what they cannot read. A zero byte is in no text: this is a workbook, or another binary.
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) || bytes.IndexByte(text, 0) >= 0 {
		return "", ErrEncoding
	}
	return string(text), nil
}

// separator finds what separates the cells of the heading.
func separator(text string) rune {
	best, most := ',', 0
	for _, comma := range []rune{',', ';', '\t'} {
		lines := csv.NewReader(strings.NewReader(text))
		lines.Comma, lines.FieldsPerRecord, lines.LazyQuotes = comma, -1, true
		if record, err := lines.Read(); err == nil && len(record) > most {
			best, most = comma, len(record)
		}
	}
	return best
}

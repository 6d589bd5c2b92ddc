package csvfile

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// ContentType is what a file of Writer is served as.
const ContentType = "text/csv; charset=utf-8"

// byteOrderMark tells spreadsheets that a file is UTF-8.
const byteOrderMark = "\ufeff"

// Writer writes a table: UTF-8 with a byte order mark, commas, lines that end as Excel ends them. A cell that a spreadsheet would take for
// a formula gets an apostrophe before it, which Parse takes away again.
type Writer struct{ csv *csv.Writer }

// NewWriter starts a file.
func NewWriter(w io.Writer) (*Writer, error) {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return nil, fmt.Errorf("csvfile: write: %w", err)
	}
	lines := csv.NewWriter(w)
	lines.UseCRLF = true
	return &Writer{csv: lines}, nil
}

// Write writes one row, the heading first.
func (w *Writer) Write(cells ...string) error {
	guarded := make([]string, len(cells))
	for i, cell := range cells {
		guarded[i] = guard(cell)
	}
	if err := w.csv.Write(guarded); err != nil {
		return fmt.Errorf("csvfile: write: %w", err)
	}
	return nil
}

// Flush writes out what is still kept back; a file is not whole before.
func (w *Writer) Flush() error {
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return fmt.Errorf("csvfile: write: %w", err)
	}
	return nil
}

// startsFormula are the first characters that make a cell a formula, also after the full-width keys of a Chinese keyboard.
const startsFormula = "=+-@＝＋－＠\t\r"

func isFormula(cell string) bool {
	return cell != "" && strings.ContainsAny(string([]rune(cell)[:1]), startsFormula)
}

func guard(cell string) string {
	if isFormula(cell) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && isFormula(rest) {
		return rest
	}
	return cell
}

package csvfile

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"
)

const people = "姓名,证件号码,备注\r\n张三,11010119000101001X,\"第一行\n第二行\"\r\n\r\n李四,,\r\n"

func gb18030(t *testing.T, text string) []byte {
	t.Helper()
	data, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func utf16(t *testing.T, text string) []byte {
	t.Helper()
	data, err := xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM).NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseReadsWhatSpreadsheetsSave(t *testing.T) {
	tabs := strings.ReplaceAll(people, ",", "\t")
	for name, data := range map[string][]byte{
		"UTF-8":                    []byte(people),
		"UTF-8 with mark":          []byte("\ufeff" + people),
		"GB18030":                  gb18030(t, people),
		"semicolons":               []byte(strings.ReplaceAll(people, ",", ";")),
		"tabs in GB18030":          gb18030(t, tabs),
		"Excel's Unicode text":     utf16(t, tabs),
		"quoted heading with mark": []byte("\ufeff\"姓名\",\"证件号码\",\"备注\"\n" + strings.SplitN(people, "\r\n", 2)[1]),
	} {
		t.Run(name, func(t *testing.T) {
			table, err := Parse(data, 10)
			if err != nil {
				t.Fatal(err)
			}
			if want := []string{"姓名", "证件号码", "备注"}; !slices.Equal(table.Header, want) {
				t.Errorf("heading %q, want %q", table.Header, want)
			}
			if len(table.Rows) != 2 {
				t.Fatalf("%d rows, want 2", len(table.Rows))
			}
			first, second := table.Rows[0], table.Rows[1]
			if first.Line != 2 || first.Cell(0) != "张三" || first.Cell(2) != "第一行\n第二行" {
				t.Errorf("first row: line %d, %q", first.Line, first.cells)
			}
			if second.Line != 5 || second.Cell(0) != "李四" || second.Cell(1) != "" || second.Cell(7) != "" || second.Cell(-1) != "" {
				t.Errorf("second row: line %d, %q", second.Line, second.cells)
			}
		})
	}
}

func TestParseTellsWhatIsWrong(t *testing.T) {
	wide := strings.Repeat("x,", MaxColumns) + "x\n1\n"
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":         {nil, ErrEmpty},
		"only a heading":  {[]byte("姓名\n\n"), ErrEmpty},
		"too many rows":   {[]byte("a\n1\n2\n3\n4\n"), ErrTooManyRows},
		"too many bytes":  {make([]byte, MaxBytes+1), ErrTooLarge},
		"too wide":        {[]byte(wide), ErrTooWide},
		"a long cell":     {[]byte("a\n" + strings.Repeat("长", MaxCell+1)), ErrTooWide},
		"a workbook":      {[]byte("PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00"), ErrEncoding},
		"no known script": {[]byte("a,\xff\xff\n1,2\n"), ErrEncoding},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(c.data, 3); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	for data, want := range map[string]LineError{
		"a,b\n1,2\n\"3,4\n":    {Line: 3},
		"姓名,手机, 姓 名*\n1,2,3\n": {Line: 1, Column: "姓 名*"},
	} {
		var broken *LineError
		if _, err := Parse([]byte(data), 3); !errors.As(err, &broken) || *broken != want {
			t.Errorf("%q: %v, want %v", data, err, &want)
		}
	}
}

func TestColumnIsFoundUnderEachOfItsNames(t *testing.T) {
	table, err := Parse([]byte("Name *,ｉｄ_card,手 机\n1,2,3\n"), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, names := range [][]string{{"姓名", "name"}, {"IdCard"}, {"手机", "mobile"}} {
		if got := table.Column(names...); got != i {
			t.Errorf("column %v is %d, want %d", names, got, i)
		}
	}
	if got := table.Column("邮箱"); got != -1 {
		t.Errorf("a column that is not there is %d", got)
	}
}

func TestWriterIsReadBackAndHoldsNoFormulas(t *testing.T) {
	cells := []string{"=HYPERLINK(\"http://x\")", "+86 138", "-1", "@SUM(A1)", "＝1", "林一帆, \"甲\"\n乙", "'plain", ""}
	var out bytes.Buffer
	w, err := NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	head := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	if err := errors.Join(w.Write(head...), w.Write(cells...), w.Flush()); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "\ufeffa,b,") {
		t.Errorf("the file begins with %q", out.String()[:8])
	}
	for _, formula := range []string{",=", ",+", ",-", ",@", "\n=", "\"=", ",＝"} {
		if strings.Contains(out.String(), formula) {
			t.Errorf("a cell begins with %q:\n%s", formula, out.String())
		}
	}
	table, err := Parse(out.Bytes(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range cells {
		if got := table.Rows[0].Cell(i); got != want {
			t.Errorf("cell %d is %q, want %q", i, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(people))
	f.Add([]byte("a;b\n1;2"))
	f.Add([]byte("\xff\xfea\x00\n\x001\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Parse(data, 50)
		if err != nil {
			return
		}
		if len(table.Rows) == 0 || len(table.Rows) > 50 || len(table.Header) == 0 || len(table.Header) > MaxColumns {
			t.Fatalf("%d rows of %d columns", len(table.Rows), len(table.Header))
		}
	})
}

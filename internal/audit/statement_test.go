package audit

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestRowsLeftOutOfAnExport takes rows out of an export and lets it count those that are left.
func TestRowsLeftOutOfAnExport(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 20)
	from, err := f.Get(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter   Filter
		all      bool
		row      int // that is left out
		problems []string
	}{
		"everything":          {Filter{}, true, 7, []string{"missing 7", "statement 20"}},
		"the first":           {Filter{}, true, 0, []string{"missing 0", "statement 20"}},
		"the last":            {Filter{}, true, 19, []string{"missing 19", "statement 20"}},
		"a time":              {Filter{From: from.Time, To: from.Time.Add(10 * time.Second)}, true, 4, []string{"missing 9", "statement 10"}},
		"somebody":            {Filter{Actor: "李娜"}, false, 2, []string{"statement 5"}},
		"nobody but the last": {Filter{Text: "公司19"}, false, 0, []string{"statement 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			n, err := f.Export(t.Context(), &out, c.filter, JSONL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := VerifyExport(bytes.NewReader(out.Bytes()), f.PublicKey())
			if err != nil || !r.OK() || r.Statement == nil || r.Statement.Events != n || r.Statement.All != c.all || (r.Statement.Filter == "") != c.all {
				t.Fatalf("%+v %+v, %v", r, r.Statement, err)
			}
			lines := strings.SplitAfter(out.String(), "\n")
			text := strings.Join(slices.Delete(lines, 1+c.row, 2+c.row), "")
			text = strings.Replace(text, `"end":true,"events":`+itoa(n), `"end":true,"events":`+itoa(n-1), 1)
			if r, err = VerifyExport(strings.NewReader(text), f.PublicKey()); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range r.Problems {
				got = append(got, p.String())
			}
			if !slices.Equal(got, c.problems) {
				t.Errorf("problems = %v, want %v", got, c.problems)
			}
		})
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// statementText is the statement of an export in JSONL.
func statementText(t *testing.T, export string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(export), "\n")
	var end exportEnd
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || end.Statement == "" {
		t.Fatalf("%s: %v", lines[len(lines)-1], err)
	}
	return end.Statement
}

// TestAStatementOfAnotherExport does not stand for this one, and a checkpoint is none.
func TestAStatementOfAnotherExport(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 20)
	export := func(filter Filter) (string, string) {
		var out bytes.Buffer
		if _, err := f.Export(t.Context(), &out, filter, JSONL, nil); err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(out.String(), `"statement":`)
		return out.String(), after
	}
	one, mine := export(Filter{Actor: "李娜"})
	_, other := export(Filter{Actor: "王强"})
	for _, put := range []string{other, `""}`, `"` + strings.ReplaceAll(string(f.checkpoint(t).Text), "\n", `\n`) + `"}`} {
		r, err := VerifyExport(strings.NewReader(strings.Replace(one, mine, put+"\n", 1)), f.PublicKey())
		if err != nil || r.OK() || r.Problems[0].Kind != ProblemStatement {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if _, err := ParseCheckpoint([]byte(statementText(t, one)), f.PublicKey()); err == nil {
		t.Error("a statement passes for a checkpoint")
	}
}

// TestExportsOfTheFormatBefore stay verifiable; whether rows were left out of them cannot be told.
func TestExportsOfTheFormatBefore(t *testing.T) {
	for _, format := range []string{JSONL, CSV} {
		data, err := os.ReadFile("testdata/format-1." + format)
		if err != nil {
			t.Fatal(err)
		}
		r, err := VerifyExport(bytes.NewReader(data), "")
		if err != nil || !r.OK() || r.Events < 3 || r.Statement != nil {
			t.Errorf("%s: %+v, %v", format, r, err)
		}
		if r, err := VerifyExport(bytes.NewReader(bytes.Replace(data, []byte("lina"), []byte("lisa"), 1)), ""); err != nil || r.OK() {
			t.Errorf("%s: a changed one: %+v, %v", format, r, err)
		}
	}
}

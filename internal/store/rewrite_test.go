package store

import (
	"fmt"
	"strings"
	"testing"
)

func TestRewrite(t *testing.T) {
	for in, want := range map[string]string{
		"SELECT $1,$2":                    "SELECT ?1,?2",
		"a=$10 AND b=$1":                  "a=?10 AND b=?1",
		"'$1' \"$2\" `$3` [$4] $5":        "'$1' \"$2\" `$3` [$4] ?5",
		"'it''s $1' $2":                   "'it''s $1' ?2",
		"-- $1\n$2 /* $3 -- */ $4 -- $5":  "-- $1\n?2 /* $3 -- */ ?4 -- $5",
		"doc->>'$.a[0]'=$1":               "doc->>'$.a[0]'=?1",
		"json_extract(doc, '$')=$1":       "json_extract(doc, '$')=?1",
		"a$1 $1a 名$1 $name $0 $01 $ $1.5": "a$1 $1a 名$1 $name $0 $01 $ ?1.5",
		"$32766 $32767 $99999 $100000":    "?32766 $32767 $99999 $100000",
		"($1)-$2/$3*$4":                   "(?1)-?2/?3*?4",
		"'open $1":                        "'open $1",
		"/* open $1":                      "/* open $1",
		"$1":                              "?1",
		"$":                               "$",
	} {
		if got := rewrite(in); got != want {
			t.Errorf("rewrite(%q) = %q, want %q", in, got, want)
		}
	}
	var p statementTexts
	for i := range 2 * maxTexts {
		if got := p.rewrite(fmt.Sprint("SELECT ", i, " $1")); got != fmt.Sprint("SELECT ", i, " ?1") {
			t.Fatal(got)
		}
	}
	if len(p.known) > maxTexts {
		t.Errorf("the cache holds %d texts", len(p.known))
	}
}

// pieces are tokens and what becomes of each.
var pieces = [][2]string{
	{"$1", "?1"}, {"$2", "?2"}, {"$12", "?12"}, {"'$1'", "'$1'"}, {"'a''$2'", "'a''$2'"}, {`"$1"`, `"$1"`}, {"`$1`", "`$1`"}, {"[$1]", "[$1]"},
	{"-- $1 ' \n", "-- $1 ' \n"}, {"/* $1 ' \" */", "/* $1 ' \" */"}, {"a$1", "a$1"}, {"中$1", "中$1"}, {"->>'$.x'", "->>'$.x'"}, {"-", "-"},
	{"/", "/"}, {"$x", "$x"}, {"$", "$"}, {"SELECT", "SELECT"}, {"=", "="}, {"9", "9"}, {"x'00'", "x'00'"}, {"$0", "$0"},
}

// FuzzRewrite builds a text from tokens with known answers, and looks at the raw bytes too: only $ may change, only to ?, and rewriting
// again changes nothing.
func FuzzRewrite(f *testing.F) {
	f.Add([]byte{0, 3, 1, 8, 2, 9, 0})
	f.Add([]byte("'$1' -- $2\n$3 [ $4 ]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var in, want strings.Builder
		for _, b := range data {
			p := pieces[int(b)%len(pieces)]
			in.WriteString(p[0] + " ")
			want.WriteString(p[1] + " ")
		}
		if got := rewrite(in.String()); got != want.String() {
			t.Errorf("rewrite(%q) = %q, want %q", in.String(), got, want.String())
		}
		raw := string(data)
		got := rewrite(raw)
		if len(got) != len(raw) || rewrite(got) != got {
			t.Fatalf("rewrite(%q) = %q", raw, got)
		}
		for i := range len(raw) {
			if raw[i] != got[i] && (raw[i] != '$' || got[i] != '?') {
				t.Errorf("rewrite(%q) = %q changes byte %d", raw, got, i)
			}
		}
	})
}

package audit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func seqs(events []Event) (all []int64) {
	for _, e := range events {
		all = append(all, e.Seq)
	}
	return all
}

// passes says by plain words what a filter lets through, to compare with what the indexes find.
func (f Filter) passes(e *Event) bool {
	return (f.Actor == "" || e.Actor.Name == f.Actor) && (f.Action == "" || e.Action == f.Action) && (f.ObjectType == "" || e.ObjectType == f.ObjectType) &&
		(f.ObjectID == "" || e.ObjectID == f.ObjectID) && (f.Outcome == "" || e.Outcome == f.Outcome) && (f.From.IsZero() || !e.Time.Before(f.From)) &&
		(f.To.IsZero() || e.Time.Before(f.To)) && e.matches(phrases(f.Text), exact(f.About)) &&
		!slices.Contains(f.Except, e.Action) && (f.Role == "" || e.Actor.Role == f.Role) && (len(f.Actions) == 0 || slices.Contains(f.Actions, e.Action))
}

func TestEveryFilterAndPair(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 700)
	if _, err := f.indexSome(t.Context()); err != nil { // so that searches meet both indexed and fresh events
		t.Fatal(err)
	}
	all, err := f.Query(t.Context(), Filter{}, 0, MaxPage)
	if err != nil || len(all) != 700 || all[0].Seq != 699 {
		t.Fatalf("%d events, %v", len(all), err)
	}
	start := all[len(all)-1].Time
	single := []func(*Filter){
		func(q *Filter) {}, func(q *Filter) { q.Actor = "李娜" }, func(q *Filter) { q.Action = "platform.SendFlow" }, func(q *Filter) { q.ObjectType = "seal" },
		func(q *Filter) { q.ObjectID = "seal_3" }, func(q *Filter) { q.Outcome = Failed }, func(q *Filter) { q.Outcome = Denied },
		func(q *Filter) { q.Outcome = OK }, func(q *Filter) { q.Outcome = Intent }, func(q *Filter) { q.From = start.Add(100 * time.Second) },
		func(q *Filter) { q.To = start.Add(300 * time.Second) }, func(q *Filter) { q.Text = "印章" }, func(q *Filter) { q.Text = "CreateSeal" },
		func(q *Filter) { q.Text = "王" }, func(q *Filter) { q.Actor = "nobody" }, func(q *Filter) { q.Role = "business" }, func(q *Filter) { q.Role = "admin" }, func(q *Filter) { q.Role = RoleSystem }, func(q *Filter) { q.Except = []string{"session.login"} },
		func(q *Filter) { q.Actions = []string{"session.login", "platform.SendFlow"} }, func(q *Filter) { q.About = []string{"seal_3", "上海印章有限公司77"} },
	}
	for i, a := range single {
		for j, b := range single {
			var q Filter
			a(&q)
			b(&q)
			var want []int64
			for k := range all {
				if q.passes(&all[k]) {
					want = append(want, all[k].Seq)
				}
			}
			var got []int64
			for before := int64(0); ; {
				page, err := f.Query(t.Context(), q, before, 90)
				if err != nil {
					t.Fatalf("%+v: %v", q, err)
				}
				got = append(got, seqs(page)...)
				if len(page) < 90 || page[len(page)-1].Seq == 0 {
					break
				}
				before = page[len(page)-1].Seq
			}
			if !slices.Equal(got, want) {
				t.Errorf("filters %d and %d, %+v: %d events, want %d", i, j, q, len(got), len(want))
			}
		}
	}
}

// TestTimesAreFoundAcrossCorrections: where the clock was ahead for a while and went back, a time filter finds what happened at a time on either
// side of the step, and nothing else; an export of it does not say that it holds all numbers between.
func TestTimesAreFoundAcrossCorrections(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 20)
	ahead := 100 * time.Second
	for _, step := range []time.Duration{ahead, -ahead, 30 * time.Second, -30 * time.Second} {
		f.clock.Add(step)
		if err := f.Record(t.Context(), Event{Action: ActionClock, Outcome: OK}); err != nil {
			t.Fatal(err)
		}
		f.fill(t, 20)
	}
	all, err := f.Query(t.Context(), Filter{}, 0, MaxPage)
	if err != nil || len(all) != 104 {
		t.Fatalf("%d events, %v", len(all), err)
	}
	start, apart := all[len(all)-1].Time, false
	for from := time.Duration(-1); from < 200; from += 9 {
		for to := from; to < 220; to += 17 {
			for _, actor := range []string{"", "李娜"} {
				q := Filter{Actor: actor, From: start.Add(from * time.Second), To: start.Add(to * time.Second)}
				var want []int64
				for i := range all {
					if q.passes(&all[i]) {
						want = append(want, all[i].Seq)
					}
				}
				got, err := f.Query(t.Context(), q, 0, MaxPage)
				if err != nil || !slices.Equal(seqs(got), want) {
					t.Fatalf("from %d s to %d s: %v, want %v, %v", from, to, seqs(got), want, err)
				}
				var out bytes.Buffer
				if n, err := f.Export(t.Context(), &out, q, JSONL, nil); err != nil || int(n) != len(want) {
					t.Fatalf("exported %d of %d, %v", n, len(want), err)
				}
				if report, err := VerifyExport(&out, f.PublicKey()); err != nil || !report.OK() {
					t.Fatalf("the export from %d s to %d s: %+v, %v", from, to, report, err)
				}
				apart = apart || len(want) > 0 && int(want[0]-want[len(want)-1])+1 > len(want)
			}
		}
	}
	if !apart {
		t.Error("no time lies on both sides of a step")
	}
}

func TestTextSearch(t *testing.T) {
	f := open(t, Options{})
	texts := []string{"深圳市印台科技有限公司", "印章", "Contract no. ABC-123 ready", "李", "上海 北京", "合同ABC签署"}
	for _, text := range texts {
		if err := f.Record(t.Context(), Event{Action: "a", Outcome: OK, Detail: map[string]any{"t": text}}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(state string) {
		for query, want := range map[string][]int64{
			"印台": {0}, "印": {1, 0}, "科技有限": {0}, "台科": {0}, "公司印章": nil, "contract": {2}, "CONTR": nil, "contr*": {2}, "abc-123": {2},
			"abc": {5, 2}, "123 ready": {2}, "ready 123": {2}, "李": {3}, "上海 北京": {4}, "京上": nil, "合同": {5}, "签署": {5}, "abc签": {5}, "署": {5},
			`"`: nil, "NOT": nil, "a AND": nil, "*": nil, "司": {0}, "有限公司": {0},
		} {
			got, err := f.Query(t.Context(), Filter{Text: query}, 0, 10)
			if err != nil || !slices.Equal(seqs(got), want) {
				t.Errorf("%s: %q finds %v, %v; want %v", state, query, seqs(got), err, want)
			}
		}
	}
	check("fresh")
	if _, err := f.indexSome(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("indexed")
}

func TestIndexFollowsBehind(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, maxTail+3*indexChunk)   // more than a search would read one by one
	if err := f.Close(); err != nil { // waits for the work in the background
		t.Fatal(err)
	}
	got, err := f.Query(t.Context(), Filter{Text: "公司8"}, 0, 5)
	if err != nil || len(got) != 1 || got[0].Seq != 8 {
		t.Errorf("found %v, %v", seqs(got), err)
	}
	if left := f.Count() - f.search.indexed; left > maxTail {
		t.Errorf("%d events are not indexed", left)
	}
}

func TestExportAndOfflineVerification(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, exportPage+70)
	if err := f.Record(t.Context(), Event{Action: "a", Outcome: OK, ObjectID: "=1+1", Actor: Actor{Name: "'@x", UserAgent: "a,\"b\""}}); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{JSONL, CSV} {
		for name, c := range map[string]struct {
			filter Filter
			want   int64
		}{"all": {Filter{}, exportPage + 71}, "some": {Filter{Outcome: Failed, Actor: "李娜"}, 29}, "text": {Filter{Text: "公司569"}, 1}, "none": {Filter{Actor: "nobody"}, 0},
			"punctuation": {Filter{Text: "-"}, 0}} {
			var out bytes.Buffer
			n, err := f.Export(t.Context(), &out, c.filter, format, nil)
			if err != nil || n != c.want {
				t.Fatalf("%s %s: %d events, %v; want %d", format, name, n, err, c.want)
			}
			for _, key := range []string{"", f.PublicKey()} {
				r, err := VerifyExport(bytes.NewReader(out.Bytes()), key)
				if err != nil || !r.OK() || r.Events != n || r.Checkpoint.Size != f.Count() || r.OwnKey != (key == "") {
					t.Errorf("%s %s: %+v, %v", format, name, r, err)
				}
			}
			if _, err := VerifyExport(bytes.NewReader(out.Bytes()), newKey(t).Public()); err == nil {
				t.Errorf("%s %s: another key accepts it", format, name)
			}
			if name == "some" {
				damageExport(t, out.String(), f.PublicKey())
			}
		}
	}
	if _, err := f.Export(t.Context(), &bytes.Buffer{}, Filter{}, "xml", nil); err == nil {
		t.Error("an unknown format")
	}
	var out bytes.Buffer
	if _, err := f.Export(t.Context(), &out, Filter{ObjectID: "=1+1"}, CSV, nil); err != nil || !strings.Contains(out.String(), "'=1+1") {
		t.Errorf("a cell that a spreadsheet would run: %v", err)
	}
}

func TestExportOfOneEvent(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 20)
	var out bytes.Buffer
	if err := f.ExportEvent(t.Context(), &out, 13, nil); err != nil {
		t.Fatal(err)
	}
	r, err := VerifyExport(&out, f.PublicKey())
	if err != nil || !r.OK() || r.Events != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := f.ExportEvent(t.Context(), &out, 20, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("an event that is not there: %v", err)
	}
}

// damageExport changes an export in each place that means something and wants it found.
func damageExport(t *testing.T, export, key string) {
	t.Helper()
	lines := strings.SplitAfter(strings.TrimSuffix(export, "\n"), "\n")
	last := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "end,") || strings.HasPrefix(line, `{"end"`) })
	damaged := map[string]string{
		"no end":      strings.Join(lines[:last], ""),
		"one removed": strings.Join(slices.Delete(slices.Clone(lines), last-2, last-1), ""),
		"doubled":     strings.Join(slices.Insert(slices.Clone(lines), last-1, lines[last-1]), ""),
	}
	for _, change := range [][2]string{{"李娜", "王强"}, {"2026-11-23T08:00", "2026-11-23T07:00"}, {"上海印章", "上海图章"}, {"failed", "ok"}, {"10.0.0.", "10.0.1."}, {"r0", "r1"}} {
		damaged[fmt.Sprint(change)] = strings.Replace(export, change[0], change[1], 1)
	}
	for name, text := range damaged {
		if text == export {
			t.Errorf("%s changes nothing", name)
		}
		if r, err := VerifyExport(strings.NewReader(text), key); err == nil && r.OK() {
			t.Errorf("%s is not found", name)
		}
	}
	for name, text := range map[string]string{"empty": "", "other": "{}\n", "text": "hello", "csv": "a,b\n1,2\n", "head only": lines[0][:20]} {
		if _, err := VerifyExport(strings.NewReader(text), key); err == nil {
			t.Errorf("%s is taken for an export", name)
		}
	}
}

func FuzzVerifyExport(f *testing.F) {
	f.Add([]byte(`{"format":"sealdesk-audit-export-1","public_key":"a","checkpoint":"b"}` + "\n{}\n"))
	f.Add([]byte(strings.Join(columnNames, ",") + ",at,proof\ncheckpoint,x,y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := VerifyExport(bytes.NewReader(data), ""); err == nil && r.Events > 0 && r.OK() {
			t.Errorf("made-up bytes pass: %q", data)
		}
	})
}

func FuzzTokens(f *testing.F) {
	f.Add("深圳市印台 ABC-123 李")
	f.Fuzz(func(t *testing.T, text string) {
		have := tokens(text)
		for part := range strings.FieldsSeq(text) {
			for _, p := range phrases(part) {
				if !p.in(have) {
					t.Errorf("%q does not find itself in %q: %v in %v", part, text, p, have)
				}
			}
		}
	})
}

package audit

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/store"
)

// telling are events that tell of 李娜 in every way there is, and of nobody else but 王强.
func telling(i int) Event {
	lina := Actor{Name: "lina", Role: "business", Session: "s1", IP: "203.0.113.77", UserAgent: "Netscape/4711", RequestID: fmt.Sprint("r", i)}
	all := []Event{
		{Actor: lina, Action: "contract.read", ObjectType: "flow", ObjectID: "f1"},
		{Actor: lina, Action: "account.change", ObjectType: "account", ObjectID: "a1",
			Detail: map[string]any{"before": map[string]any{"name": "lina", "display_name": "李娜"}, "after": map[string]any{"name": "lina", "display_name": "李娜娜"}}},
		{Actor: Actor{Name: "wang", Role: "admin", IP: "203.0.113.5"}, Action: "flow.remind", ObjectType: "flow", ObjectID: "f1", Detail: map[string]any{"who": "李娜", "address": "138****0001"}},
		{Actor: Actor{Name: "wang", Role: "admin"}, Action: "platform.CreateUser", Outcome: Intent,
			Detail: map[string]any{"request": map[string]any{"OpenId": "open-1", "Name": "李*", "Mobile": "138****0001"}}},
		{Actor: Actor{Name: "u1", Role: "signer", IP: "203.0.113.77", UserAgent: "Netscape/4711"}, Action: "flow.sign", ObjectType: "flow", ObjectID: "f1",
			Detail: map[string]any{"userId": "u1", "sourceIp": "203.0.113.77", "device": "Netscape/4711", "account": map[string]any{"name": "李娜 (lina)"}}},
	}
	return all[i%len(all)]
}

// linasSelf is what the events know her by, linasValues what they tell of her.
var (
	linasSelf   = Person{ID: "a1", IDs: []string{"a1", "open-1", "u1"}, Names: []string{"lina", "李娜", "138****0001"}}
	linasValues = []string{"lina", "李娜", "李娜娜", "李*", "138****0001", "203.0.113.77", "Netscape/4711"}
)

// tellingLog has n of such events, all of them in the search index.
func tellingLog(t *testing.T, n int) *fixture {
	t.Helper()
	f := open(t, Options{})
	for i := range n {
		if err := f.Record(t.Context(), telling(i)); err != nil {
			t.Fatal(err)
		}
	}
	f.indexAll(t)
	return f
}

// exported is a whole export in a format.
func exported(t *testing.T, f *fixture, format string) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := f.Export(t.Context(), &out, Filter{}, format, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// inFiles are which of some texts stand in the database's files in clear.
func inFiles(t *testing.T, f *fixture, texts ...string) (found []string) {
	t.Helper()
	files, err := filepath.Glob(f.path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				found = append(found, text)
			}
		}
	}
	return found
}

func TestPersonsAreConcealed(t *testing.T) {
	f := tellingLog(t, 10)
	if found := inFiles(t, f, linasValues[1:]...); found != nil { // "lina" is a part of many a word
		t.Errorf("in clear: %v", found)
	}
	for i, e := range f.all(t) {
		want := telling(i)
		if e.Actor.Name != want.Actor.Name || e.Actor.IP != want.Actor.IP || e.Actor.UserAgent != want.Actor.UserAgent {
			t.Errorf("event %d is read as %+v", i, e.Actor)
		}
		if text := jsonText(t, want.Detail); want.Detail != nil && e.DetailText != text {
			t.Errorf("event %d is read as %s, not %s", i, e.DetailText, text)
		}
	}
	for filter, want := range map[*Filter]int{
		{Actor: "lina"}: 4, {Actor: "lina", Action: "contract.read"}: 2, {Text: "李娜"}: 6, {Text: "李娜娜"}: 2, {Text: "203.0.113.77"}: 6, {Text: "138"}: 4,
		{Text: "李娜", Actor: "wang"}: 2, {Text: "Netscape"}: 2, {About: []string{"李娜"}}: 6, {Text: "王"}: 0,
	} {
		events, err := f.Query(t.Context(), *filter, 0, 100)
		if err != nil || len(events) != want {
			t.Errorf("%+v finds %d events, want %d, %v", *filter, len(events), want, err)
		}
	}
}

// TestErasingKeepsEveryProof erases a person: nothing of them is left in the files, in pages, in searches and in exports, and everything that was
// proved before still is.
func TestErasingKeepsEveryProof(t *testing.T) {
	f := tellingLog(t, 20)
	kept := f.checkpoint(t)
	before := map[string][]byte{}
	for _, format := range []string{JSONL, CSV} {
		before[format] = exported(t, f, format)
	}
	done, err := f.Erase(WithActor(t.Context(), Actor{Name: "terminal", Role: "admin"}), linasSelf)
	if err != nil || done.Values < len(linasValues) || done.Clear != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if r := f.verify(t, kept); !r.OK() || r.Events != 21 {
		t.Errorf("verify finds %v in %d events", r.Problems, r.Events)
	}
	for _, p := range f.searchProblems(t) {
		t.Errorf("the search index: %s", p)
	}
	for format, old := range before {
		for _, data := range [][]byte{old, exported(t, f, format)} {
			r, err := VerifyExport(bytes.NewReader(data), f.PublicKey(), kept.Text)
			if err != nil || !r.OK() || r.Against != 1 {
				t.Errorf("%s: %+v, %v", format, r.Problems, err)
			}
			if isOld := bytes.Equal(data, old); (r.Erased == 0) != isOld {
				t.Errorf("%s: %d erased values", format, r.Erased)
			}
		}
	}
	for _, text := range linasValues[1:] {
		if bytes.Contains(exported(t, f, JSONL), []byte(text)) {
			t.Errorf("the export still says %s", text)
		}
	}
	ctx := WithErasedText(t.Context(), func(pseudonym string) string { return "(erased) " + pseudonym })
	events, err := f.Query(ctx, Filter{}, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, e := range events {
		shown := e.Actor.Name + e.Actor.IP + e.Actor.UserAgent + e.DetailText
		for _, text := range linasValues {
			if strings.Contains(shown, text) && e.Action != actionErase {
				t.Errorf("event %d still says %s", e.Seq, text)
			}
		}
		if e.Action == "contract.read" {
			if _, erased := Pseudonym(e.Actor.Name); !erased || name != "" && e.Actor.Name != name || !strings.HasPrefix(e.Actor.IP, "(erased) ") {
				t.Errorf("event %d is shown as %+v", e.Seq, e.Actor)
			}
			name = e.Actor.Name
		}
	}
	for filter, want := range map[*Filter]int{{Actor: "lina"}: 0, {Text: "李娜"}: 0, {Text: "203.0.113.77"}: 0, {Actor: name}: 8, {Actor: "wang"}: 8} {
		if events, err := f.Query(t.Context(), *filter, 0, 100); err != nil || len(events) != want {
			t.Errorf("%+v finds %d events, want %d, %v", *filter, len(events), want, err)
		}
	}
	if err := f.Record(t.Context(), telling(0)); err != nil { // she comes again
		t.Fatal(err)
	}
	again, err := f.Query(t.Context(), Filter{Actor: "lina"}, 0, 100)
	if err != nil || len(again) != 1 || f.all(t)[0].Actor.Name != name {
		t.Errorf("who comes again: %+v, %v", again, err)
	}
	if r := f.verify(t, kept); !r.OK() {
		t.Errorf("after they came again verify finds %v", r.Problems)
	}
}

// TestAnErasedKeyIsInNoFile looks for the very bytes of the key of a person, as it is kept, in the files.
func TestAnErasedKeyIsInNoFile(t *testing.T) {
	f := tellingLog(t, 20)
	for i := range 300 { // more people than one page of the table holds
		if err := f.Record(t.Context(), Event{Actor: Actor{Name: fmt.Sprint("p", i)}, Action: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	var box []byte
	err := f.db.Read(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT key FROM audit_people WHERE label = $1", f.key.mac(macPerson, "lina")).Scan(&box)
	})
	if err != nil || len(inFiles(t, f, string(box))) == 0 {
		t.Fatalf("the key is nowhere: %v", err)
	}
	if _, err := f.Erase(t.Context(), Person{ID: "a1", Names: []string{"lina"}}); err != nil {
		t.Fatal(err)
	}
	if found := inFiles(t, f, string(box)); found != nil {
		t.Error("the key is still in the files")
	}
}

// TestErasingNobody finds nothing to erase, and says nothing.
func TestErasingNobody(t *testing.T) {
	f := tellingLog(t, 5)
	done, err := f.Erase(t.Context(), Person{ID: "nobody", IDs: []string{"nobody"}, Names: []string{"nobody", ""}})
	if err != nil || done != (Erasure{}) || f.Count() != 5 {
		t.Errorf("%+v, %v, %d events", done, err, f.Count())
	}
}

// TestAnotherProcessErases has one process erase whom another one knows: what that one writes afterwards has another token.
func TestAnotherProcessErases(t *testing.T) {
	f := tellingLog(t, 5)
	other := &fixture{path: f.path}
	other.reopen(t, Options{Key: f.key, Clock: f.clock.Now})
	if _, err := other.Erase(t.Context(), linasSelf); err != nil {
		t.Fatal(err)
	}
	if err := f.Record(t.Context(), telling(0)); err != nil {
		t.Fatal(err)
	}
	if events, err := f.Query(t.Context(), Filter{Actor: "lina"}, 0, 10); err != nil || len(events) != 1 || events[0].Seq != 6 {
		t.Errorf("%+v, %v", events, err)
	}
	if r := f.verify(t); !r.OK() {
		t.Errorf("verify finds %v", r.Problems)
	}
}

// TestAFailedChangeLeavesNoToken conceals somebody in a transaction that is undone: the next event has a token with a value.
func TestAFailedChangeLeavesNoToken(t *testing.T) {
	f := open(t, Options{})
	failed := f.db.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := f.Append(t.Context(), tx, telling(0)); err != nil {
			return err
		}
		return context.Canceled
	})
	if failed == nil || f.Record(t.Context(), telling(0)) != nil {
		t.Fatal(failed)
	}
	if r := f.verify(t); !r.OK() || f.all(t)[0].Actor.Name != "lina" {
		t.Errorf("verify finds %v", r.Problems)
	}
}

// TestWhatLooksLikeATokenIsNone has visitors who make up tokens.
func TestWhatLooksLikeATokenIsNone(t *testing.T) {
	f := open(t, Options{})
	forged := "~" + strings.Repeat("a", tokenLength-1)
	e := Event{Action: "test", Actor: Actor{IP: "192.0.2.1", UserAgent: forged}, Detail: map[string]any{"name": forged, "quoted": `"` + forged + `"`}}
	if err := f.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if r := f.verify(t); !r.OK() {
		t.Errorf("verify finds %v", r.Problems)
	}
	got := f.all(t)[0]
	if got.Actor.UserAgent != forged || got.Detail["name"] != forged || got.Detail["quoted"] != e.Detail["quoted"] {
		t.Errorf("it is read as %+v", got)
	}
}

// TestChangedValues changes what tells of persons: verifying names the first event of each, and only those of which no event says that they
// were erased.
func TestChangedValues(t *testing.T) {
	const lina = "(SELECT person FROM audit_values WHERE token = (SELECT actor FROM audit_events WHERE seq = 0))"
	for name, c := range map[string]struct {
		sql  string
		want []string
	}{
		"a value is removed":        {"DELETE FROM audit_values WHERE token = (SELECT actor FROM audit_events WHERE seq = 0)", []string{"value 0"}},
		"all values":                {"DELETE FROM audit_values", []string{"value 0", "value 1", "value 2", "value 3", "value 4"}},
		"a person's values":         {"DELETE FROM audit_values WHERE person = " + lina, []string{"value 0"}},
		"a person's key":            {"UPDATE audit_people SET key = zeroblob(length(key)) WHERE id = " + lina, []string{"value 0"}},
		"a person as if erased":     {"UPDATE audit_people SET label = NULL WHERE id = " + lina, []string{"value 0"}},
		"a person is removed":       {"PRAGMA foreign_keys = OFF; DELETE FROM audit_people WHERE id = " + lina, []string{"value 0"}},
		"a value is that of others": {"UPDATE audit_values SET box = (SELECT box FROM audit_values WHERE token = (SELECT actor FROM audit_events WHERE seq = 2)) WHERE token = (SELECT actor FROM audit_events WHERE seq = 0)", []string{"value 0"}},
		"a box is damaged":          {"UPDATE audit_values SET box = zeroblob(40) WHERE token = (SELECT ip FROM audit_events WHERE seq = 2)", []string{"value 2"}},
		"a value of a detail":       {"DELETE FROM audit_values WHERE token = (SELECT detail ->> '$.who' FROM audit_events WHERE seq = 2)", []string{"value 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := tellingLog(t, 10)
			f.tamper(t, c.sql)
			for range 2 { // at once, and after an event of somebody who was never met
				var found []string
				for _, p := range f.verify(t).Problems {
					found = append(found, p.String())
				}
				if !slices.Equal(found, c.want) {
					t.Errorf("verify finds %v, want %v", found, c.want)
				}
				if err := f.Record(t.Context(), Event{Action: "test", Actor: Actor{Name: "stranger"}}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestAnExportThatSaysSomethingElse changes what an export says of persons.
func TestAnExportThatSaysSomethingElse(t *testing.T) {
	f := tellingLog(t, 5)
	for format, changes := range map[string][][2]string{
		JSONL: {{`"value":"lina"`, `"value":"wang"`}, {`"value":"203.0.113.77"`, `"value":"203.0.113.78"`}, {`,"values":{`, `,"values":{"~more":{},`}},
		CSV:   {{`""value"":""lina""`, `""value"":""wang""`}},
	} {
		whole := exported(t, f, format)
		for _, c := range changes {
			r, err := VerifyExport(bytes.NewReader(bytes.Replace(whole, []byte(c[0]), []byte(c[1]), 1)), f.PublicKey())
			if err != nil || len(r.Problems) != 1 || r.Problems[0] != (Problem{Kind: ProblemValue, Seq: 0}) {
				t.Errorf("%s, %s: %v, %v", format, c[1], r.Problems, err)
			}
		}
	}
	left, _, _ := strings.Cut(string(exported(t, f, JSONL)), `,"values":{`)
	if head, err := VerifyExport(strings.NewReader(left+"}"), f.PublicKey()); err != nil || !slices.Contains(head.Problems, Problem{Kind: ProblemValue, Seq: 0}) {
		t.Errorf("without values: %v, %v", head.Problems, err)
	}
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// searchProblems are what is wrong with the search index.
func (f *fixture) searchProblems(t *testing.T) []Problem {
	t.Helper()
	var r Report
	if err := f.VerifySearch(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	return r.Problems
}

// all are the events, oldest first.
func (f *fixture) all(t *testing.T) []Event {
	t.Helper()
	events, err := f.Query(t.Context(), Filter{}, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(events)
	return events
}

// TestErasedRowsPutBackStayErased keeps the tables of persons, erases one, and puts the rows back as they were: nothing of them is read in pages,
// searches and exports, verifying names the erasure, and erasing once more ends that.
func TestErasedRowsPutBackStayErased(t *testing.T) {
	f := tellingLog(t, 20)
	f.rawly(t, "CREATE TABLE kept_people AS SELECT * FROM audit_people", "CREATE TABLE kept_values AS SELECT * FROM audit_values")
	if _, err := f.Erase(t.Context(), linasSelf); err != nil {
		t.Fatal(err)
	}
	f.rawly(t, "INSERT OR REPLACE INTO audit_people SELECT * FROM kept_people", "INSERT OR REPLACE INTO audit_values SELECT * FROM kept_values",
		"DROP TABLE kept_people", "DROP TABLE kept_values")
	if r := f.verify(t); len(r.Problems) != 1 || r.Problems[0] != (Problem{Kind: ProblemErased, Seq: 20}) {
		t.Errorf("verifying finds %v", r.Problems)
	}
	for _, text := range linasValues[1:] {
		if bytes.Contains(exported(t, f, JSONL), []byte(text)) {
			t.Errorf("the export says %s again", text)
		}
		if events, err := f.Query(t.Context(), Filter{Text: text}, 0, 100); err != nil || len(events) > 0 {
			t.Errorf("%s finds %d events again, %v", text, len(events), err)
		}
	}
	for _, e := range f.all(t) {
		if strings.Contains(e.DetailText, "李娜") || e.Actor.Name == "lina" {
			t.Errorf("event %d is read as %s, %s", e.Seq, e.Actor.Name, e.DetailText)
		}
	}
	if _, err := f.Erase(t.Context(), linasSelf); err != nil {
		t.Fatal(err)
	}
	if r := f.verify(t); !r.OK() {
		t.Errorf("erased once more, verifying finds %v", r.Problems)
	}
}

// rawly writes past the log, which it leaves its triggers.
func (f *fixture) rawly(t *testing.T, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+f.path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

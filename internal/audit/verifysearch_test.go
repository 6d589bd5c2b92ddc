package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/store"
)

// indexAll brings the search index up to date, whole chunks or not.
func (f *fixture) indexAll(t testing.TB) {
	t.Helper()
	for {
		more, err := f.indexSome(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func TestTheSearchIndexIsHeldAgainstTheEvents(t *testing.T) {
	// SQLite's letters are those of an older Unicode: the last of these are none to it.
	texts := []string{"采购合同 No. 4711", "Straße ΑΣ İstanbul", "café", "a_b-c.d@e", "", "𐲀𐳀 𞤀𞤢 𛀀"}
	clean := func(t *testing.T) *fixture {
		t.Helper()
		f := open(t, Options{})
		f.search.close()
		err := f.db.Write(t.Context(), func(tx *store.Tx) error {
			for i := range 600 {
				e := Event{Action: "contract.read", ObjectID: fmt.Sprint("flow_", i), Actor: Actor{Name: "李娜"}, Detail: map[string]any{"name": texts[i%len(texts)], "i": i}}
				if _, err := f.Append(t.Context(), tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f.indexAll(t)
		return f
	}
	check := func(t *testing.T, f *fixture) []string {
		t.Helper()
		var r Report
		if err := f.VerifySearch(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, p := range r.Problems {
			found = append(found, p.String())
		}
		return found
	}
	words := func(f *fixture, seq int64) string {
		var e Event
		err := f.db.Read(t.Context(), func(tx *store.Tx) (err error) { // as it is stored
			e, err = scanEvent(tx.QueryRow(t.Context(), "SELECT "+columns+" FROM audit_events WHERE seq = $1", seq))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, w := range append(tokens(e.searchText()), e.tags()...) {
			text += w + " "
		}
		return text
	}
	t.Run("whole", func(t *testing.T) {
		f := clean(t)
		if found := check(t, f); len(found) > 0 {
			t.Errorf("found %v", found)
		}
		f.fill(t, 10) // not indexed yet: a search reads them one by one
		if found := check(t, f); len(found) > 0 {
			t.Errorf("with events that wait for the index: %v", found)
		}
	})
	for name, c := range map[string]struct {
		statements func(f *fixture) []string
		want       []string
	}{
		"an event is taken out of the index": {func(f *fixture) []string {
			return []string{"INSERT INTO audit_search (audit_search, rowid, words) VALUES ('delete', 77, '" + words(f, 77) + "')"}
		}, []string{"unindexed 77"}},
		"an entry says something else": {func(f *fixture) []string {
			return []string{"INSERT INTO audit_search (audit_search, rowid, words) VALUES ('delete', 77, '" + words(f, 77) + "')",
				"INSERT INTO audit_search (rowid, words) VALUES (77, '" + words(f, 78) + "')"}
		}, []string{"indexed 77"}},
		"words in another order": {func(f *fixture) []string {
			return []string{"INSERT INTO audit_search (audit_search, rowid, words) VALUES ('delete', 5, '" + words(f, 5) + "')",
				"INSERT INTO audit_search (rowid, words) VALUES (5, '" + backwards(words(f, 5)) + "')"}
		}, []string{"indexed 5"}},
		"an entry is added to another event": {func(*fixture) []string {
			return []string{"INSERT INTO audit_search (rowid, words) VALUES (300, 'secret')"}
		}, []string{"indexed 300"}},
		"an entry of an event that there is not": {func(*fixture) []string {
			return []string{"INSERT INTO audit_search (rowid, words) VALUES (9000, 'secret')"}
		}, []string{"indexed 9000"}},
		"the index is emptied": {func(*fixture) []string {
			return []string{"INSERT INTO audit_search (audit_search) VALUES ('delete-all')"}
		}, []string{"unindexed 0", "unindexed 1"}},
		"it claims to be further than it is": {func(*fixture) []string {
			return []string{"UPDATE audit_search_state SET indexed = 600"}
		}, []string{"unindexed 512", "unindexed 513"}},
		"it claims to be further than the log": {func(*fixture) []string {
			return []string{"UPDATE audit_search_state SET indexed = 700"}
		}, []string{"indexed 600", "unindexed 512"}},
		"an event is edited": {func(*fixture) []string {
			return []string{"UPDATE audit_events SET actor = '王强' WHERE seq = 20"}
		}, []string{"indexed 20"}},
		"an event is removed": {func(*fixture) []string {
			return []string{"DELETE FROM audit_events WHERE seq = 20"}
		}, []string{"indexed 20"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := clean(t)
			f.tamper(t, c.statements(f)...)
			found := check(t, f)
			if len(found) < len(c.want) || !slices.Equal(found[:len(c.want)], c.want) || len(c.want) == 1 && len(found) > 1 {
				t.Errorf("found %v, want %v", found, c.want)
			}
		})
	}
}

func backwards(words string) string {
	list := strings.Fields(words)
	slices.Reverse(list)
	return strings.Join(list, " ")
}

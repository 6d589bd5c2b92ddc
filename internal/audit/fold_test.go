package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/store"
)

// folding is a log with a folder, in a folder that outlives it.
type folding struct {
	*fixture
	*Folder
}

func openFolding(t *testing.T, path string, key Key, c *clock) *folding {
	t.Helper()
	f := &folding{fixture: &fixture{clock: c, path: path, key: key}}
	f.fixture.reopen(t, Options{Key: key, Clock: c.Now})
	err := f.fixture.db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS audit_folds (opening INTEGER PRIMARY KEY, event TEXT NOT NULL)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Folder = NewFolder(f.fixture.db, f.Log)
	t.Cleanup(func() {
		if err := f.Folder.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func newFolding(t *testing.T) *folding {
	t.Helper()
	return openFolding(t, filepath.Join(t.TempDir(), "audit.db"), newKey(t), newClock())
}

// events are all events, the oldest first, with their details.
func (f *folding) events(t *testing.T) []Event {
	t.Helper()
	all, err := f.Query(t.Context(), Filter{}, 0, MaxPage)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

func (f *folding) note(t *testing.T, a Act) {
	t.Helper()
	if err := f.Note(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

// reading is lina's reading of a page of a contract.
func reading(page int) Act {
	return Act{Event: Event{Actor: Actor{Name: "lina", Session: "s1", IP: "192.0.2.1"}, Action: "contract.read", ObjectType: "flow", ObjectID: "f1"}, File: 1, Page: page}
}

func detail(t *testing.T, e Event) string {
	t.Helper()
	text, err := json.Marshal(e.Detail)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadingManyPagesIsTwoEvents(t *testing.T) {
	f := newFolding(t)
	var readers sync.WaitGroup
	for page := 1; page <= 200; page++ {
		readers.Go(func() {
			if err := f.Note(t.Context(), reading(page)); err != nil {
				t.Error(err)
			}
		})
		if page == 1 {
			readers.Wait()
			if all := f.events(t); len(all) != 1 || detail(t, all[0]) != `{"pages":{"1":"1"}}` {
				t.Errorf("after the first page: %+v", all)
			}
		}
	}
	readers.Wait()
	f.fixture.clock.Add(90 * time.Second)
	f.note(t, reading(7))
	if err := f.Folder.Close(); err != nil {
		t.Fatal(err)
	}
	all := f.events(t)
	if len(all) != 2 || all[1].Actor.Name != "lina" || all[1].ObjectID != "f1" {
		t.Fatalf("%d events: %+v", len(all), all)
	}
	want := `{"count":201,"from":"2026-11-23T08:00:00Z","opening":0,"pages":{"1":"1-200"},"to":"2026-11-23T08:01:30Z"}`
	if got := detail(t, all[1]); got != want {
		t.Errorf("the reading is told as %s, want %s", got, want)
	}
	if f.Note(t.Context(), reading(1)) == nil {
		t.Error("a closed folder took an act")
	}
}

func TestAReadingEndsAfterAWhile(t *testing.T) {
	for name, step := range map[string]time.Duration{"a pause": 3 * time.Minute, "a long time": time.Minute} {
		t.Run(name, func(t *testing.T) {
			f := newFolding(t)
			for page := 1; page <= 12; page++ {
				f.note(t, reading(page))
				f.note(t, reading(page))
				f.fixture.clock.Add(step)
			}
			// The folder looks by itself, without a further act.
			want := 4 // twelve minutes: ten and two
			if step > foldIdle {
				want = 24
			}
			for end := time.Now().Add(10 * time.Second); len(f.events(t)) < want && time.Now().Before(end); {
				f.fixture.clock.Add(foldIdle)
				time.Sleep(foldSave / 10)
			}
			all := f.events(t)
			if len(all) != want {
				t.Fatalf("%d events, want %d", len(all), want)
			}
			if err := f.Folder.Close(); err != nil {
				t.Fatal(err)
			}
			if after := f.events(t); len(after) != want {
				t.Errorf("closing told of a reading twice: %+v", after[want:])
			}
		})
	}
}

// A program that is killed loses what came within the last second, and no opening.
func TestWhatWasCountedOutlivesAKill(t *testing.T) {
	f := newFolding(t)
	f.note(t, reading(2))
	f.note(t, reading(3))
	f.fixture.clock.Add(time.Minute)
	f.note(t, reading(9))
	saved := func() (n int) {
		err := f.fixture.db.Read(t.Context(), func(tx *store.Tx) error {
			return tx.QueryRow(t.Context(), "SELECT count(*) FROM audit_folds WHERE event LIKE '%2-3, 9%'").Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for end := time.Now().Add(10 * time.Second); saved() == 0 && time.Now().Before(end); {
		time.Sleep(foldSave / 10)
	}
	again := openFolding(t, f.path, f.key, f.fixture.clock) // the first one goes no further
	if err := again.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := again.events(t)
	if len(all) != 2 || !strings.Contains(detail(t, all[1]), `"pages":{"1":"2-3, 9"},"to":"2026-11-23T08:01:00Z"`) || all[1].Detail["interrupted"] != true {
		t.Fatalf("after the restart: %d events, the last %+v", len(all), all[len(all)-1])
	}
	if err := again.Recover(t.Context()); err != nil || len(again.events(t)) != 2 {
		t.Errorf("what was recovered is recovered again: %v", err)
	}
	report, err := again.Verify(t.Context())
	if err != nil || !report.OK() {
		t.Errorf("the log: %+v, %v", report, err)
	}
}

func TestAFloodOfRefusalsIsFewEvents(t *testing.T) {
	f := newFolding(t)
	refusal := func(i int) Act {
		return Act{Event: Event{Actor: Actor{IP: fmt.Sprintf("192.0.2.%d", i%200), UserAgent: fmt.Sprint("agent ", i)}, Action: "api.refused", ObjectType: "api",
			ObjectID: fmt.Sprint("object ", i), Outcome: Denied, ErrorCode: "AuthFailure"}}
	}
	for i := range 5000 {
		f.note(t, refusal(i))
		f.fixture.clock.Add(10 * time.Millisecond)
	}
	if err := f.Folder.Close(); err != nil {
		t.Fatal(err)
	}
	all := f.events(t)
	if len(all) > foldRefusals+2 {
		t.Fatalf("%d events", len(all))
	}
	last := all[len(all)-1]
	if last.Actor.IP != "" || last.Detail["count"] != json.Number(fmt.Sprint(5000-foldRefusals)) {
		t.Errorf("the last one tells %+v", last)
	}
}

// Nobody reads on when nothing can be written, and whoever waited for the same opening does not either.
func TestNoActWithoutItsEvent(t *testing.T) {
	f := newFolding(t)
	bad := reading(1)
	bad.Outcome = "unheard of"
	if err := f.Note(t.Context(), bad); err == nil {
		t.Error("an event that cannot be written was noted")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Note(gone, reading(1)); err == nil {
		t.Error("a caller that has gone was told of success")
	}
	f.note(t, reading(2))
	if all := f.events(t); len(all) != 1 {
		t.Errorf("%d events", len(all))
	}
	if err := f.Folder.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestASessionsEndIsTheEndOfItsReading(t *testing.T) {
	f := newFolding(t)
	other := reading(1)
	other.Actor.Session = "s2"
	for range 2 {
		f.note(t, reading(1))
		f.note(t, other)
	}
	if err := f.End(t.Context(), "s1"); err != nil {
		t.Fatal(err)
	}
	all := f.events(t)
	if len(all) != 3 || all[2].Actor.Session != "s1" {
		t.Errorf("%d events, the last %+v", len(all), all[len(all)-1])
	}
	if err := f.Folder.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRanges(t *testing.T) {
	for want, numbers := range map[string][]int{"": nil, "4": {4}, "1-3, 7": {1, 2, 3, 7}, "1, 3, 5-6": {1, 3, 5, 6}} {
		if got := ranges(numbers); got != want {
			t.Errorf("%v gives %q, want %q", numbers, got, want)
		}
	}
}

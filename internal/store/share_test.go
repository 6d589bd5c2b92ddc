package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// together starts writers that meet in one shared transaction, in order: the first holds its turn until all others wait.
func together(t *testing.T, d *DB, fs ...func(*Tx) error) []error {
	t.Helper()
	d.group.longest = time.Hour // however slow the machine is
	errs := make([]error, len(fs))
	var wg sync.WaitGroup
	inside, all := make(chan struct{}), make(chan struct{})
	for i, f := range fs {
		wg.Go(func() {
			errs[i] = d.Write(t.Context(), func(tx *Tx) error {
				if i == 0 {
					close(inside)
					<-all
				}
				return f(tx)
			})
		})
		if i == 0 {
			<-inside
		}
		waitFor(d, i)
	}
	close(all)
	wg.Wait()
	return errs
}

// waitFor returns when at least n writers wait for a turn.
func waitFor(d *DB, n int) {
	for d.group.waiting.Load() < int64(n) {
		runtime.Gosched()
	}
}

func TestSharedCommit(t *testing.T) {
	d, ctx := open(t, ""), t.Context()
	insert := func(text string, then error) func(*Tx) error {
		return func(tx *Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO notes (text) VALUES ($1)", text); err != nil {
				return err
			}
			return then
		}
	}
	broken := errors.New("broken")
	var mu sync.Mutex
	var log []string
	note := func(s string) func() {
		return func() { mu.Lock(); defer mu.Unlock(); log = append(log, s) }
	}
	commits := 0
	hooked := func(f func(*Tx) error, name string) func(*Tx) error {
		return func(tx *Tx) error {
			tx.OnCommit(note("commit " + name))
			tx.OnRollback(note("rollback " + name))
			tx.BeforeCommit("key", func(tx *Tx) error {
				commits++
				return insert(fmt.Sprint("before commit ", commits), nil)(tx)
			})
			return f(tx)
		}
	}
	errs := together(t, d, hooked(insert("a", nil), "a"), hooked(insert("b", broken), "b"), hooked(insert("c", nil), "c"), hooked(insert("a", nil), "again"))
	if errs[0] != nil || !errors.Is(errs[1], broken) || errs[2] != nil || !IsUnique(errs[3]) {
		t.Errorf("errors = %v", errs)
	}
	if got := strings.Join(texts(t, d), ","); got != "a,c,before commit 1" {
		t.Errorf("kept %s; want a and c and one call before the commit", got)
	}
	if got := strings.Join(log, ","); strings.Count(got, "rollback") != 2 || strings.Count(got, "commit ") != 2 || strings.Contains(got, "rollback a,") {
		t.Errorf("hooks: %s", got)
	}
}

func TestFailureOfTheSharedCommitReachesEverybody(t *testing.T) {
	d, ctx := open(t, ""), t.Context()
	broken := errors.New("broken")
	state := 0
	step := func(tx *Tx) error {
		was := state
		state++
		tx.OnRollback(func() { state = was })
		tx.BeforeCommit("key", func(*Tx) error { return broken })
		_, err := tx.Exec(ctx, "INSERT INTO notes (text) VALUES ($1)", fmt.Sprint(state))
		return err
	}
	for i, err := range together(t, d, step, step, step) {
		if !errors.Is(err, broken) {
			t.Errorf("writer %d: %v", i, err)
		}
	}
	if got := texts(t, d); len(got) != 0 || state != 0 {
		t.Errorf("notes = %q, state = %d after a failed commit", got, state)
	}
	// SQLite itself throws the transaction away.
	lose := func(tx *Tx) error { _, err := tx.Exec(ctx, "ROLLBACK"); return err }
	errs := together(t, d, func(tx *Tx) error { _, err := tx.Exec(ctx, "INSERT INTO notes (text) VALUES ('x')"); return err }, lose)
	if errs[0] == nil || errs[1] == nil {
		t.Errorf("a lost transaction was acknowledged: %v", errs)
	}
	if err := put(ctx, d, "after"); err != nil || len(texts(t, d)) != 1 {
		t.Errorf("after a lost transaction: %v", err)
	}
}

// TestCancellingOneWriterSparesTheOthers: SQLite throws the whole transaction away when an INSERT is interrupted.
func TestCancellingOneWriterSparesTheOthers(t *testing.T) {
	d := open(t, "")
	first := func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO notes (text) VALUES ('first')")
		return err
	}
	errs := together(t, d, first, func(tx *Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		_, err := tx.Exec(ctx, "INSERT INTO notes (text) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n < 300000) SELECT n FROM c")
		if err != nil {
			return err
		}
		<-ctx.Done()
		_, err = tx.Exec(ctx, "DELETE FROM notes")
		return err
	})
	if errs[0] != nil || !errors.Is(errs[1], context.DeadlineExceeded) {
		t.Errorf("errors = %v", errs)
	}
	if got := texts(t, d); len(got) != 1 || got[0] != "first" {
		t.Errorf("%d notes are left, want the first writer's", len(got))
	}
}

package routing_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/routing"
)

// gate lets so many calls through and then none: what a process that is killed at that point still does. The answer of the last call is
// lost. It ends when the test releases it.
type gate struct {
	to      http.RoundTripper
	mu      sync.Mutex
	left    int
	shut    chan struct{} // closed when the last call has been served
	release chan struct{}
}

func newGate(to http.RoundTripper, calls int) *gate {
	return &gate{to: to, left: calls, shut: make(chan struct{}), release: make(chan struct{})}
}

func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	g.mu.Lock()
	g.left--
	left := g.left
	g.mu.Unlock()
	if left >= 0 {
		resp, err := g.to.RoundTrip(req)
		if left > 0 || err != nil {
			return resp, err
		}
		resp.Body.Close() //nolint:errcheck // a body in memory
		close(g.shut)
	}
	<-g.release
	return nil, errors.New("the process is gone")
}

// batch confirms a batch of so many contracts between both people.
func (b *bench) batch(count int) string {
	b.t.Helper()
	ctx := b.t.Context()
	draft := b.draft()
	template := routing.TemplateOf(draft, "劳动合同", []string{"甲方", "乙方"}, db.TemplateTerms{ContractName: "劳动合同", Days: 7})
	template.ID = "template"
	template.Components = append(template.Components, db.Component{ID: "no", Type: db.FillText, Approver: "a0", Page: 1, X: 10, Y: 10, Width: 90, Height: 20, Name: "编号"})
	var rows []db.BatchRow
	for i := range count {
		use := db.Use{Name: fmt.Sprintf("劳动合同 %02d", i), Deadline: time.Now().Add(48 * time.Hour), OperatorID: b.people[0], Values: []string{fmt.Sprint(i)}}
		for _, person := range b.people {
			use.People = append(use.People, db.UsePerson{UserID: person, UserName: "王小明"})
		}
		rows = append(rows, db.BatchRow{Line: i + 2, Use: use})
	}
	if err := b.db.CreateBatch(ctx, "batch", template, rows); err != nil {
		b.t.Fatal(err)
	}
	return "batch"
}

// untilBatch waits for a batch to reach a state.
func (b *bench) untilBatch(id, state string) {
	b.t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(60 * time.Second); ; <-ticker.C {
		got, err := b.db.Batch(b.t.Context(), db.Everything(), id)
		if err != nil {
			b.t.Fatal(err)
		}
		if got.State == state {
			return
		}
		if time.Now().After(end) {
			counts, err := b.db.BatchCounts(b.t.Context(), id)
			b.t.Fatalf("the batch stays %s: %+v %v", got.State, counts, err)
		}
	}
}

// sentOnce wants each row of the batch to be one contract at the platform, sent to both people once.
func (b *bench) sentOnce(id string, count int) {
	b.t.Helper()
	rows, err := b.db.BatchRows(b.t.Context(), id, "", 0, 1000)
	if err != nil || len(rows) != count {
		b.t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		if row.State != db.RowSent || row.Use.Name != "" {
			b.t.Errorf("row %d is %s (%s); its data are kept: %v", row.Line, row.State, row.Error, row.Use.Name != "")
			continue
		}
		resp, err := api.DescribeFlowApprovers.Call(b.t.Context(), b.client, &api.DescribeFlowApproversRequest{FlowId: row.PlatformID})
		if err != nil || len(resp.Approvers) != 2 {
			b.t.Errorf("row %d has the tasks %+v, %v", row.Line, resp, err)
		}
	}
	for action, want := range map[string]int{"CreateFlowByFiles": count, "SendFlow": 2 * count} {
		if got := b.wire.count(action); got != want {
			b.t.Errorf("%s reached the platform %d times, want %d", action, got, want)
		}
	}
}

// The portal is killed after so many calls of a batch. Its database as it was then is opened again, and every row becomes a contract once.
func TestABatchIsSentOnceThoughTheProcessIsKilled(t *testing.T) {
	const count = 6
	for _, calls := range []int{1, 3, 6, 10, 17, 25} {
		t.Run(fmt.Sprintf("after %d calls", calls), func(t *testing.T) {
			b := newBench(t)
			id := b.batch(count)
			g := newGate(b.wire, calls)
			killed, err := routing.New(routing.Options{DB: b.db, Client: b.clientOver(b.db, g), Files: b.files, RetryDelay: time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- killed.Run(ctx) }()
			defer func() { cancel(); close(g.release); <-done }()
			if err := killed.SetBatch(t.Context(), db.Everything(), id, db.BatchRunning); err != nil {
				t.Fatal(err)
			}
			<-g.shut

			after := *b
			after.db = b.reopened()
			after.client = b.clientOver(after.db, b.wire)
			_, stop := after.router()
			defer stop()
			after.untilBatch(id, db.BatchDone)
			after.sentOnce(id, count)
		})
	}
}

// reopened is the database as a kill would leave it now, opened again.
func (b *bench) reopened() *db.DB {
	b.t.Helper()
	dir := b.t.TempDir()
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), db.FileName) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(b.dir, e.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, e.Name()), data, 0o600)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := b.db.Store().Backup(b.t.Context(), filepath.Join(dir, db.FileName)); err != nil {
		b.t.Fatal(err)
	}
	again, err := db.Open(b.t.Context(), db.Options{Dir: dir})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if err := again.Close(); err != nil {
			b.t.Error(err)
		}
	})
	return again
}

func TestABatchPausesGoesOnAndIsCancelled(t *testing.T) {
	b := newBench(t)
	id := b.batch(8)
	ctx := t.Context()
	started := make(chan struct{}, 100)
	g := newGate(b.wire, 12)
	r, err := routing.New(routing.Options{DB: b.db, Client: b.clientOver(b.db, g), Files: b.files, RetryDelay: time.Millisecond,
		BatchChanged: func(string) {
			select {
			case started <- struct{}{}:
			default:
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	running, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.Run(running) }()
	if err := r.SetBatch(ctx, db.Everything(), id, db.BatchRunning); err != nil {
		t.Fatal(err)
	}
	<-g.shut
	if err := r.SetBatch(ctx, db.Everything(), id, db.BatchPaused); err != nil {
		t.Fatal(err)
	}
	cancel()
	close(g.release)
	<-done
	counts, err := b.db.BatchCounts(ctx, id)
	if err != nil || counts.Waiting == 0 || counts.Waiting == 8 {
		t.Fatalf("paused at %+v, %v", counts, err)
	}
	waiting := counts.Waiting

	// A paused batch starts nothing more, but finishes what is under way.
	_, stop := b.router()
	for _, row := range b.rows(id) {
		if row.FlowID != "" {
			b.until(row.FlowID, db.FlowSigning)
		}
	}
	stop()
	if counts, err = b.db.BatchCounts(ctx, id); err != nil || counts.Waiting != waiting || counts.Sent != 8-waiting {
		t.Fatalf("a paused batch is at %+v, %v", counts, err)
	}
	r, stop = b.router()
	defer stop()
	if err := r.SetBatch(ctx, db.Everything(), id, db.BatchCancelled); err != nil {
		t.Fatal(err)
	}
	for _, row := range b.rows(id) {
		if row.State != db.RowSent && row.State != db.RowCancelled || row.Use.Name != "" {
			t.Errorf("row %d is %s; its data are kept: %v", row.Line, row.State, row.Use.Name != "")
		}
	}
	for _, state := range []string{db.BatchRunning, db.BatchPaused} {
		if err := r.SetBatch(ctx, db.Everything(), id, state); !errors.Is(err, db.ErrConflict) {
			t.Errorf("a cancelled batch goes on: %v", err)
		}
	}
	if err := r.RetryBatch(ctx, db.Everything(), id); !errors.Is(err, db.ErrConflict) {
		t.Errorf("a cancelled batch is retried: %v", err)
	}
}

func (b *bench) rows(id string) []db.BatchRow {
	b.t.Helper()
	rows, err := b.db.BatchRows(b.t.Context(), id, "", 0, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	return rows
}

func TestFailedRowsOfABatchAreRetried(t *testing.T) {
	b := newBench(t)
	id := b.batch(3)
	// The platform refuses to say whether the people of two rows are verified.
	b.wire.faults["DescribeUsers"] = []fault{refusal, refusal}
	r, stop := b.router()
	defer stop()
	if err := r.SetBatch(t.Context(), db.Everything(), id, db.BatchRunning); err != nil {
		t.Fatal(err)
	}
	b.untilBatch(id, db.BatchDone)
	failed, err := b.db.BatchRows(t.Context(), id, db.RowFailed, 0, 10)
	if err != nil || len(failed) != 2 || failed[0].Error != "OperationDenied" || failed[0].Use.Name == "" {
		t.Fatalf("failed: %+v, %v", failed, err)
	}
	if err := r.RetryBatch(t.Context(), db.Everything(), id); err != nil {
		t.Fatal(err)
	}
	b.untilBatch(id, db.BatchDone)
	b.sentOnce(id, 3)
}

func TestBatchesThatNobodyConfirmsAreForgotten(t *testing.T) {
	b := newBench(t)
	id := b.batch(2)
	if err := b.db.ForgetBatches(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rows := b.rows(id); len(rows) != 2 {
		t.Fatalf("%d rows are left of a fresh batch", len(rows))
	}
	b.ahead = 25 * time.Hour
	if err := b.db.ForgetBatches(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.Batch(t.Context(), db.Everything(), id); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("the batch is still there: %v", err)
	}
	if rows := b.rows(id); len(rows) != 0 {
		t.Errorf("%d rows are left", len(rows))
	}
}

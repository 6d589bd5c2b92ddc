package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type fixture struct {
	*Log
	db    *store.DB
	key   Key
	clock *clock
	path  string
}

// newKey is a key that does not depend on the test.
func newKey(t testing.TB) Key {
	t.Helper()
	key, err := NewKey("portal.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func open(t testing.TB, o Options) *fixture {
	t.Helper()
	f := &fixture{clock: newClock(), path: filepath.Join(t.TempDir(), "audit.db")}
	if o.Key.signer == nil {
		o.Key = newKey(t)
	}
	f.key, o.Clock = o.Key, f.clock.Now
	f.reopen(t, o)
	return f
}

func (f *fixture) reopen(t testing.TB, o Options) {
	t.Helper()
	var err error
	if f.db, err = store.Open(t.Context(), store.Options{Path: f.path}); err != nil {
		t.Fatal(err)
	}
	if f.Log, err = Open(t.Context(), f.db, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(f.Log.Close(), f.db.Close()); err != nil {
			t.Error(err)
		}
	})
}

var people = []string{"李娜", "王强", "admin", "zhang.wei"}
var actions = []string{"platform.CreateSeal", "platform.SendFlow", "session.login", "contract.read"}

// sample is event i of a made-up history.
func sample(i int) Event {
	e := Event{
		Actor:  Actor{Name: people[i%len(people)], Role: "business", Session: "s1", IP: fmt.Sprint("10.0.0.", i%7), UserAgent: "Mozilla/5.0", RequestID: fmt.Sprint("r", i)},
		Action: actions[i%3], ObjectType: "seal", ObjectID: fmt.Sprint("seal_", i%10), Outcome: OK, PlatformRequestID: fmt.Sprint("p", i),
		Duration: time.Duration(i) * time.Millisecond, Detail: map[string]any{"after": map[string]any{"name": fmt.Sprint("上海印章有限公司", i)}},
	}
	switch {
	case i%5 == 0:
		e.Outcome, e.ErrorCode = Failed, "FailedOperation.SealExists"
	case i%7 == 0:
		e.Outcome, e.Detail, e.ObjectType, e.ObjectID = Denied, nil, "", ""
	}
	return e
}

func (f *fixture) fill(t testing.TB, n int) {
	t.Helper()
	err := f.db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range n {
			f.clock.Add(time.Second)
			if _, err := f.Append(t.Context(), tx, sample(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) verify(t testing.TB, against ...Checkpoint) Report {
	t.Helper()
	r, err := f.Verify(t.Context(), against...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAppendVerifyReopen(t *testing.T) {
	f := open(t, Options{})
	if r := f.verify(t); !r.OK() || r.Events != 0 {
		t.Fatalf("an empty log: %+v", r)
	}
	f.fill(t, 100)
	for i := range 30 {
		if err := f.Record(t.Context(), sample(100+i)); err != nil {
			t.Fatal(err)
		}
	}
	r := f.verify(t)
	if !r.OK() || r.Events != 130 || r.Checkpoint.Size != 130 || r.Checkpoint.Root != r.Root || f.Count() != 130 {
		t.Fatalf("report = %+v", r)
	}
	key := f.key
	f.reopen(t, Options{Key: key, Clock: f.clock.Now})
	if err := f.Record(t.Context(), sample(130)); err != nil {
		t.Fatal(err)
	}
	if r := f.verify(t, r.Checkpoint); !r.OK() || r.Events != 131 || r.Against != 1 {
		t.Fatalf("after opening again: %+v", r)
	}
	e, err := f.Get(t.Context(), 12)
	want := sample(12)
	want.Seq, want.Time = 12, time.Date(2026, 11, 23, 8, 0, 13, 0, time.UTC)
	if err != nil || e.Actor != want.Actor || e.Time != want.Time || e.Duration != want.Duration || e.Action != want.Action ||
		e.DetailText != `{"after":{"name":"上海印章有限公司12"}}` || fmt.Sprint(e.Detail) != fmt.Sprint(want.Detail) {
		t.Errorf("event 12 = %+v, %v", e, err)
	}
	if _, err := f.Get(t.Context(), 131); !errors.Is(err, ErrNotFound) {
		t.Errorf("an event that is not there: %v", err)
	}
}

// TestTreeAgainstReference compares with tlog, which computes the same tree in its own way.
func TestTreeAgainstReference(t *testing.T) {
	var stored []tlog.Hash
	rows := map[int64][]tlog.Hash{}
	var tr tree
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	byPlace := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			level, k := tlog.SplitStoredHashIndex(i)
			out = append(out, rows[place(level, k)][level])
		}
		return out, nil
	})
	for n := range int64(600) {
		want, err := tlog.TreeHash(n, reader)
		if err != nil || tr.root() != want && n > 0 {
			t.Fatalf("root of %d = %v, want %v, %v", n, tr.root(), want, err)
		}
		if got, err := tlog.TreeHash(n, byPlace); err != nil || got != want {
			t.Fatalf("root of %d out of the rows = %v, want %v, %v", n, got, want, err)
		}
		data := fmt.Append(nil, "leaf", n)
		hashes, err := tlog.StoredHashes(n, data, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		before := tr.clone()
		rows[n] = slices.Clone(tr.push(tlog.RecordHash(data), nil))
		if !slices.Equal(rows[n], hashes) || len(hashes) != bornWith(n) || before.size != n {
			t.Fatalf("nodes born with %d = %v, want %v", n, rows[n], hashes)
		}
		levels, ks := edgePlaces(n)
		for i := range levels {
			if rows[place(levels[i], ks[i])][levels[i]] != before.edge[i] {
				t.Fatalf("edge of %d: node (%d, %d)", n, levels[i], ks[i])
			}
		}
	}
}

func TestProofs(t *testing.T) {
	f := open(t, Options{})
	for n := 1; n <= 70; n++ {
		if err := f.Record(t.Context(), sample(n)); err != nil {
			t.Fatal(err)
		}
		for seq := range int64(n) {
			p, err := f.Proof(t.Context(), seq)
			if err != nil {
				t.Fatal(err)
			}
			e, err := f.Get(t.Context(), seq)
			if err != nil || p.Check(&e) != nil || p.Checkpoint.Size != int64(n) {
				t.Fatalf("proof of %d in %d: %v, %v", seq, n, err, p.Check(&e))
			}
			e.Action += "x"
			if p.Check(&e) == nil {
				t.Fatalf("the proof of %d holds for another event", seq)
			}
		}
	}
	for _, seq := range []int64{-1, 70, 1 << 40} {
		if _, err := f.Proof(t.Context(), seq); !errors.Is(err, ErrNotFound) {
			t.Errorf("proof of %d: %v", seq, err)
		}
	}
}

func TestRollbackTakesTheTreeBack(t *testing.T) {
	f := open(t, Options{})
	broken := errors.New("broken")
	seed := rand.New(rand.NewPCG(1, 2))
	kept := 0
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 8 {
		wg.Go(func() {
			for i := range 40 {
				mu.Lock()
				n, fail := 1+seed.IntN(3), seed.IntN(3) == 0
				mu.Unlock()
				err := f.db.Write(t.Context(), func(tx *store.Tx) error {
					for j := range n {
						if _, err := f.Append(t.Context(), tx, sample(i+j)); err != nil {
							return err
						}
					}
					if fail {
						return broken
					}
					return nil
				})
				if fail != errors.Is(err, broken) || !fail && err != nil {
					t.Errorf("Write = %v, fail = %v", err, fail)
				}
				if !fail {
					mu.Lock()
					kept += n
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if r := f.verify(t); !r.OK() || r.Events != int64(kept) || f.Count() != int64(kept) {
		t.Errorf("%d kept, report %+v", kept, r)
	}
}

func TestTwoProcesses(t *testing.T) {
	f := open(t, Options{})
	other := &fixture{path: f.path}
	other.reopen(t, Options{Key: f.key, Clock: f.clock.Now})
	for i := range 20 {
		log := f.Log
		if i%3 == 0 {
			log = other.Log
		}
		if err := log.Record(t.Context(), sample(i)); err != nil {
			t.Fatal(err)
		}
	}
	if r := f.verify(t); !r.OK() || r.Events != 20 {
		t.Errorf("two processes that append: %+v", r)
	}
}

func TestTimeNeverFalls(t *testing.T) {
	f := open(t, Options{})
	for _, step := range []time.Duration{0, time.Minute, -time.Hour, time.Second} {
		f.clock.Add(step)
		if err := f.Record(t.Context(), sample(0)); err != nil {
			t.Fatal(err)
		}
	}
	events, err := f.Query(t.Context(), Filter{}, 0, 10)
	if err != nil || len(events) != 4 || !events[0].Time.Equal(events[2].Time) || !events[2].Time.After(events[3].Time) {
		t.Errorf("times: %v, %v", events, err)
	}
	if r := f.verify(t); !r.OK() {
		t.Errorf("%+v", r)
	}
}

// TestTimesRecover lets a clock go ahead by mistake and back again: the event that tells of it takes the true time, and so do those after it.
func TestTimesRecover(t *testing.T) {
	f := open(t, Options{})
	record := func(action string, step time.Duration) {
		t.Helper()
		f.clock.Add(step)
		e := sample(0)
		e.Action = action
		if err := f.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	record("a", 0)
	record(ActionClock, 365*24*time.Hour)
	record("a", time.Second)
	record(ActionClock, -365*24*time.Hour)
	record("a", time.Second)
	if r := f.verify(t); !r.OK() {
		t.Errorf("%+v", r)
	}
	e, err := f.Get(t.Context(), 4)
	if err != nil || !e.Time.Equal(f.clock.Now()) {
		t.Errorf("the time after the clock is right again: %v, %v; want %v", e.Time, err, f.clock.Now())
	}
	if e, err = f.Get(t.Context(), 3); err != nil || !strings.Contains(e.DetailText, `"lastTime":`) {
		t.Errorf("the event of the step: %s, %v", e.DetailText, err)
	}
}

// TestFallingTimeIsFound appends as a program would that signs but does not hold to the order of time.
func TestFallingTimeIsFound(t *testing.T) {
	f := open(t, Options{})
	f.fill(t, 5)
	f.clock.Add(-time.Hour)
	f.state.time = 0
	if err := f.Record(t.Context(), sample(5)); err != nil {
		t.Fatal(err)
	}
	if r := f.verify(t); r.Found != 1 || r.Problems[0] != (Problem{Kind: ProblemTime, Seq: 5}) {
		t.Errorf("%+v", r)
	}
	f.clock.Add(-time.Hour)
	f.state.time = f.clock.Now().Add(time.Minute).UnixMicro()
	if err := f.Record(t.Context(), Event{Action: ActionClock}); err != nil {
		t.Fatal(err)
	}
	if r := f.verify(t); r.Found != 2 || r.Problems[1] != (Problem{Kind: ProblemTime, Seq: 6}) {
		t.Errorf("a step that states another time: %+v", r)
	}
}

func TestBadEvents(t *testing.T) {
	f := open(t, Options{})
	for name, e := range map[string]Event{
		"no action": {Outcome: OK}, "unknown outcome": {Action: "a", Outcome: "maybe"},
		"detail that is no JSON": {Action: "a", Outcome: OK, Detail: map[string]any{"f": func() {}}},
	} {
		if err := f.Record(t.Context(), e); err == nil {
			t.Errorf("%s: recorded", name)
		}
	}
	nasty := "a\x00b\x1fc\xff\n" + strings.Repeat("印", 200)
	if err := f.Record(t.Context(), Event{Action: "a", Actor: Actor{UserAgent: nasty}}); err != nil {
		t.Fatal(err)
	}
	e, err := f.Get(t.Context(), 0)
	if err != nil || e.Outcome != OK || !strings.HasPrefix(e.Actor.UserAgent, "a b c� 印") || len(e.Actor.UserAgent) > maxText {
		t.Errorf("user agent = %q, %v", e.Actor.UserAgent, err)
	}
	if r := f.verify(t); !r.OK() || r.Events != 1 {
		t.Errorf("%+v", r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Record(ctx, sample(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("under a cancelled context: %v", err)
	}
	if a := ActorFrom(WithActor(t.Context(), Actor{Name: "n"})); a.Name != "n" || ActorFrom(t.Context()) != (Actor{}) {
		t.Errorf("actor = %+v", a)
	}
}

func TestALongDetailIsToldByItsDigest(t *testing.T) {
	f := open(t, Options{})
	detail := map[string]any{"name": "采购合同", "request": strings.Repeat("x", maxDetail)}
	whole, err := json.Marshal(detail)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Record(t.Context(), Event{Action: "platform.SendFlow", Detail: detail}); err != nil {
		t.Fatal(err)
	}
	e, err := f.Get(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"bytes":%d,"name":"采购合同","sha256":"%x"}`, len(whole), sha256.Sum256(whole))
	if e.DetailText != want {
		t.Errorf("got %s, want %s", e.DetailText, want)
	}
	if r := f.verify(t); !r.OK() {
		t.Errorf("%+v", r)
	}
}

func TestKeysAndCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.key")
	key, err := OpenKey(path, "portal.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenKey(path, "ignored")
	info, statErr := os.Stat(path)
	if err != nil || statErr != nil || again.Public() != key.Public() || info.Mode().Perm() != 0o600 {
		t.Fatalf("opened again: %v, %v, %v", err, statErr, info.Mode())
	}
	for _, bad := range []string{"", "x", key.Public(), key.Private()[:40]} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("ParseKey(%q) works", bad)
		}
	}
	if _, err := NewKey("two words"); err == nil {
		t.Error("a name with a space")
	}
	var out bytes.Buffer
	f := open(t, Options{Key: key, Checkpoints: &out})
	for i := range 10 {
		f.clock.Add(20 * time.Second)
		if err := f.Record(t.Context(), sample(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	all, err := ParseCheckpoints(out.Bytes(), key.Public())
	var sizes []int64
	for _, c := range all {
		sizes = append(sizes, c.Size)
	}
	if err != nil || !slices.Equal(sizes, []int64{1, 4, 7, 10}) {
		t.Fatalf("checkpoints of sizes %v, %v; want one a minute and one at the end", sizes, err)
	}
	if !all[3].Time.Equal(f.clock.Now()) || all[3].Origin != "portal.example/audit" {
		t.Errorf("checkpoint = %+v", all[3])
	}
	if r := f.verify(t, all...); !r.OK() || r.Against != 4 {
		t.Errorf("%+v", r)
	}
	if _, err := ParseCheckpoints(out.Bytes(), newKey(t).Public()); err == nil {
		t.Error("another key accepts the signatures")
	}
	for _, bad := range []string{"", "x", "a\n1\n", strings.Replace(out.String(), "\n7\n", "\n8\n", 1)} {
		if _, err := ParseCheckpoints([]byte(bad), key.Public()); err == nil {
			t.Errorf("accepted: %q", bad)
		}
	}
	if _, err := Open(t.Context(), f.db, Options{}); err == nil {
		t.Error("a log without a key")
	}
}

// failing is a place for checkpoints that is broken.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestBrokenPlaceForCheckpointsIsTold(t *testing.T) {
	f := open(t, Options{})
	log, err := Open(t.Context(), f.db, Options{Key: f.key, Checkpoints: failing{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Record(t.Context(), sample(1)); err != nil {
		t.Errorf("an event is not lost over it: %v", err)
	}
	if _, err := log.Checkpoint(t.Context()); err == nil {
		t.Error("Checkpoint keeps silent")
	}
	if err := log.Close(); err == nil {
		t.Error("Close keeps silent")
	}
}

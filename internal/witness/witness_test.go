package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

var at = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// ledger is an audit log in a file.
type ledger struct {
	*audit.Log
	t    *testing.T
	path string
	key  audit.Key
	db   *store.DB
}

func newLedger(t *testing.T, origin string) *ledger {
	t.Helper()
	key, err := audit.NewKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{t: t, path: filepath.Join(t.TempDir(), "log.db"), key: key}
	l.open()
	return l
}

func (l *ledger) open() {
	l.t.Helper()
	var err error
	if l.db, err = store.Open(l.t.Context(), store.Options{Path: l.path}); err != nil {
		l.t.Fatal(err)
	}
	if l.Log, err = audit.Open(l.t.Context(), l.db, audit.Options{Key: l.key, Clock: func() time.Time { return at }}); err != nil {
		l.t.Fatal(err)
	}
	log, db := l.Log, l.db
	l.t.Cleanup(func() {
		if err := errors.Join(log.Close(), db.Close()); err != nil {
			l.t.Error(err)
		}
	})
}

// fork is the log as it is now, in another file under the same key: what somebody has who copied the data folder.
func (l *ledger) fork() *ledger {
	l.t.Helper()
	other := &ledger{t: l.t, path: filepath.Join(l.t.TempDir(), "fork.db"), key: l.key}
	if err := l.db.Backup(l.t.Context(), other.path); err != nil {
		l.t.Fatal(err)
	}
	other.open()
	return other
}

func (l *ledger) add(events int, action string) audit.Checkpoint {
	l.t.Helper()
	for range events {
		if err := l.Record(l.t.Context(), audit.Event{Action: action}); err != nil {
			l.t.Fatal(err)
		}
	}
	c, err := l.Checkpoint(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// world is a witness behind a real server.
type world struct {
	t       *testing.T
	dir     string
	witness *Witness
	server  *httptest.Server
}

func (w *world) start(logs ...string) *Client {
	w.t.Helper()
	var err error
	w.witness, err = Open(w.t.Context(), Options{Dir: w.dir, Name: "witness.example/w1", Logs: logs, Clock: func() time.Time { return at }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.server = httptest.NewServer(w.witness.Handler())
	w.t.Cleanup(w.stop)
	key, err := ParseKey(w.witness.PublicKey())
	if err != nil {
		w.t.Fatal(err)
	}
	return &Client{URL: w.server.URL, Key: key, HTTP: w.server.Client()}
}

func (w *world) stop() {
	if w.server == nil {
		return
	}
	w.server.Close()
	if err := w.witness.Close(); err != nil {
		w.t.Error(err)
	}
	w.server = nil
}

func (w *world) get(path string) (int, string) {
	w.t.Helper()
	resp, err := w.server.Client().Get(w.server.URL + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestAGrowingLogIsAttested(t *testing.T) {
	l := newLedger(t, "desk.example/log")
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "witness")}
	client := w.start(l.PublicKey())
	old := int64(0)
	for _, events := range []int{1, 1, 5, 0, 1, 56, 64, 3} { // through powers of two, and once without growth
		c := l.add(events, "contract.read")
		line, err := client.Post(t.Context(), l, old, c)
		if err != nil {
			t.Fatalf("%d events after %d: %v", c.Size, old, err)
		}
		old = c.Size
		cosigned := append(c.Text[:len(c.Text):len(c.Text)], line...)
		n, err := note.Open(cosigned, note.VerifierList(client.Key))
		if err != nil || len(n.Sigs) != 1 {
			t.Fatalf("the cosignature: %v %v", n, err)
		}
		kept, err := audit.ParseCheckpoints(cosigned, l.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		if report, err := l.Verify(t.Context(), kept...); err != nil || !report.OK() || report.Against != 1 {
			t.Errorf("verified against the cosigned checkpoint: %+v, %v", report, err)
		}
		if status, copied := w.get("/checkpoint/desk.example/log"); status != http.StatusOK || copied != string(cosigned) {
			t.Errorf("the witness's copy, %d:\n%s\nwant\n%s", status, copied, cosigned)
		}
	}
}

func TestALostAnswerIsFoundAgain(t *testing.T) {
	l := newLedger(t, "desk.example/log")
	client := (&world{t: t, dir: t.TempDir()}).start(l.PublicKey())
	if _, err := client.Post(t.Context(), l, 0, l.add(5, "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Post(t.Context(), l, 0, l.add(4, "a")); err != nil { // the log never heard of the first signature
		t.Error(err)
	}
}

// TestAnotherHistoryIsRefused lets the log go on from a copy of an earlier state, before and after the witness's own size, and after the
// witness started anew.
func TestAnotherHistoryIsRefused(t *testing.T) {
	l := newLedger(t, "desk.example/log")
	w := &world{t: t, dir: t.TempDir()}
	client := w.start(l.PublicKey())
	l.add(10, "a")
	fork := l.fork()
	known := l.add(5, "a")
	if _, err := client.Post(t.Context(), l, 0, known); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, events int) {
		t.Helper()
		c := fork.add(events, "b")
		for _, old := range []int64{0, 10, 15} {
			if line, err := client.Post(t.Context(), fork, old, c); !errors.Is(err, ErrOtherHistory) || line != "" {
				t.Errorf("%s, %d events, from %d: %q, %v", what, c.Size, old, line, err)
			}
		}
	}
	refused("shorter", 0)
	refused("as long", 5)
	refused("longer", 5)
	w.stop()
	client = w.start(l.PublicKey())
	refused("after a restart", 1)
	if _, text := w.get("/checkpoint/desk.example/log"); !strings.HasPrefix(text, string(known.Text)) {
		t.Errorf("the witness forgot its checkpoint:\n%s", text)
	}
	status, text := w.get("/contradictions/desk.example/log")
	if status != http.StatusOK || strings.Count(text, string(known.Text)) == 0 || !strings.Contains(text, "\n20\n") {
		t.Errorf("the proof of two histories, %d:\n%s", status, text)
	}
	if _, err := client.Post(t.Context(), l, known.Size, l.add(1, "a")); err != nil {
		t.Errorf("the true log afterwards: %v", err)
	}
}

func TestStrangersAreTurnedAway(t *testing.T) {
	l, other := newLedger(t, "desk.example/log"), newLedger(t, "other.example/log")
	impostor := newLedger(t, "desk.example/log") // the name, not the key
	client := (&world{t: t, dir: t.TempDir()}).start(l.PublicKey())
	if _, err := client.Post(t.Context(), other, 0, other.add(1, "a")); !errors.Is(err, ErrUnknownLog) {
		t.Errorf("unknown log: %v", err)
	}
	if _, err := client.Post(t.Context(), impostor, 0, impostor.add(1, "a")); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("another key: %v", err)
	}
	another, err := newCosigner("witness.example/w1", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	client.Key = another.verifier()
	if _, err := client.Post(t.Context(), l, 0, l.add(1, "a")); !errors.Is(err, ErrAnswer) {
		t.Errorf("a witness that is not the one that was set: %v", err)
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	l := newLedger(t, "desk.example/log")
	w := &world{t: t, dir: t.TempDir()}
	w.start(l.PublicKey())
	c := string(l.add(3, "a").Text)
	hash := strings.Repeat("A", 43) + "=\n"
	for body, want := range map[string]int{
		"":                       http.StatusBadRequest,
		"old 0\n":                http.StatusBadRequest,
		"old 00\n\n" + c:         http.StatusBadRequest,
		"old -1\n\n" + c:         http.StatusBadRequest,
		"old 4\n\n" + c:          http.StatusBadRequest,
		"size 0\n\n" + c:         http.StatusBadRequest,
		"old 0\nno hash\n\n" + c: http.StatusBadRequest,
		"old 0\n" + strings.Repeat(hash, 64) + "\n" + c:       http.StatusBadRequest,
		"old 0\n\n" + strings.Replace(c, "\n3\n", "\n4\n", 1): http.StatusForbidden,
		"old 0\n" + hash + "\n" + c:                           http.StatusUnprocessableEntity,
		"old 2\n\n" + c:                                       http.StatusConflict,
		"old 0\n\n" + c + strings.Repeat("x", maxBody):        http.StatusRequestEntityTooLarge,
		"old 0\n\n" + c:                                       http.StatusOK,
	} {
		resp, err := w.server.Client().Post(w.server.URL+addPath, "", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if want == http.StatusConflict && (string(answer) != "0\n" && string(answer) != "3\n" || resp.Header.Get("Content-Type") != sizeType) {
			t.Errorf("conflict: %q %s", answer, resp.Header.Get("Content-Type"))
		}
		// What comes after the good one, in whichever order, may be a conflict with it.
		if resp.StatusCode != want && !(resp.StatusCode == http.StatusConflict && strings.HasPrefix(body, "old 0\n"+hash)) {
			t.Errorf("%.40q: %d %s, want %d", body, resp.StatusCode, answer, want)
		}
	}
}

func TestAWitnessThatIsNotWholeDoesNotStart(t *testing.T) {
	l := newLedger(t, "desk.example/log")
	for _, lost := range []string{KeyName, FileName} {
		w := &world{t: t, dir: t.TempDir()}
		client := w.start(l.PublicKey())
		if _, err := client.Post(t.Context(), l, 0, l.add(1, "a")); err != nil {
			t.Fatal(err)
		}
		w.stop()
		if err := os.Remove(filepath.Join(w.dir, lost)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(context.Background(), Options{Dir: w.dir, Name: "w", Logs: []string{l.PublicKey()}}); !errors.Is(err, ErrLost) || !strings.Contains(fmt.Sprint(err), lost) {
			t.Errorf("without %s: %v", lost, err)
		}
		if _, err := os.Stat(filepath.Join(w.dir, lost)); err == nil {
			t.Errorf("%s was made anew", lost)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	l := newLedger(t, "desk.example/log")
	good, err := newCosigner("w.example", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	text := good.verifier().String()
	if _, err := ParseKey(text + "\n"); err != nil {
		t.Errorf("the key itself: %v", err)
	}
	for _, bad := range []string{"", "w.example", l.PublicKey(), strings.Replace(text, "w.", "v.", 1), text[:len(text)-4], good.secret()} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%q was taken for a witness's key", bad)
		}
	}
}

// tamper cuts the log off, so that the next event begins another segment.
func (l *ledger) tamper() {
	l.t.Helper()
	err := l.db.Write(l.t.Context(), func(tx *store.Tx) error {
		for _, statement := range []string{"DROP TRIGGER audit_events_no_delete", "DELETE FROM audit_events WHERE seq >= 3"} {
			if _, err := tx.Exec(l.t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

// A log that was broken goes on in a segment of its own, which the witness attests if it says no less of the time before than it saw.
func TestASegmentAfterABreakIsAnotherTree(t *testing.T) {
	l := newLedger(t, "desk.example/log")
	w := &world{t: t, dir: t.TempDir()}
	client := w.start(l.PublicKey())
	l.add(6, "a")
	older := l.fork()
	if _, err := client.Post(t.Context(), l, 0, l.add(2, "a")); err != nil {
		t.Fatal(err)
	}
	frozen := l.fork() // goes on in the first segment
	l.tamper()
	c := l.add(2, "b")
	if c.Number != 2 {
		t.Fatalf("the log goes on as if nothing had happened: %s", c.Text)
	}
	older.tamper()
	if shorter := older.add(2, "b"); shorter.Number != 2 {
		t.Fatalf("the copy goes on as if nothing had happened: %s", shorter.Text)
	} else if _, err := client.Post(t.Context(), older, 0, shorter); !errors.Is(err, ErrOtherHistory) {
		t.Errorf("a segment that says less of the first than the witness saw: %v", err)
	}
	for range 2 {
		if _, err := client.Post(t.Context(), l, 0, c); err != nil {
			t.Errorf("the segment of %d events after the break: %v", c.Size, err)
		}
		c = l.add(1, "b")
	}
	if _, err := client.Post(t.Context(), frozen, 8, frozen.add(1, "a")); !errors.Is(err, ErrOtherHistory) {
		t.Errorf("the first segment went on after the second began: %v", err)
	}
}

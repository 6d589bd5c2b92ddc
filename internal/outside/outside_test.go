package outside

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/notices"
	"sealdesk/internal/store"
	"sealdesk/internal/witness"
)

// world is a portal's database with a second log, and a clock that a test moves.
type world struct {
	t        *testing.T
	db       *db.DB
	evidence *audit.Log
	sender   *Sender
	options  Options
	mu       sync.Mutex
	clock    time.Time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func newWorld(t *testing.T, o Options) *world {
	t.Helper()
	w := &world{t: t, options: o, clock: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	ctx := context.Background()
	var err error
	if w.db, err = db.Open(ctx, db.Options{Clock: w.now}); err != nil {
		t.Fatal(err)
	}
	other, err := store.Open(ctx, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := audit.NewKey("evidence.example")
	if err != nil {
		t.Fatal(err)
	}
	if w.evidence, err = audit.Open(ctx, other, audit.Options{Key: key, Clock: w.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.evidence.Close(), other.Close(), w.db.Close()); err != nil {
			t.Error(err)
		}
	})
	w.restart()
	return w
}

// restart is what a new process has: the same database.
func (w *world) restart() {
	w.t.Helper()
	o := w.options
	o.DB, o.Logs, o.Clock, o.PublicURL = w.db, []*audit.Log{w.db.Audit(), w.evidence}, w.now, "https://desk.example.com"
	var err error
	if w.sender, err = New(o); err != nil {
		w.t.Fatal(err)
	}
}

// happen adds an event to both logs.
func (w *world) happen() {
	w.t.Helper()
	for _, log := range []*audit.Log{w.db.Audit(), w.evidence} {
		if err := log.Record(context.Background(), audit.Event{Action: "contract.read"}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) send() {
	w.t.Helper()
	if err := w.sender.Send(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) state(way, log string) db.CheckpointState {
	w.t.Helper()
	all, err := w.db.CheckpointStates(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range all {
		if s.Way == way && s.Log == log {
			return s
		}
	}
	return db.CheckpointState{}
}

const portal = "sealdesk/portal"

// check verifies the log against what somebody outside has kept.
func (w *world) check(log *audit.Log, kept string) {
	w.t.Helper()
	all, err := audit.ParseCheckpoints([]byte(kept), log.PublicKey())
	if err != nil {
		w.t.Fatalf("%v in:\n%s", err, kept)
	}
	report, err := log.Verify(context.Background(), all...)
	if err != nil || !report.OK() || report.Against != len(all) {
		w.t.Errorf("against what was kept: %+v, %v", report, err)
	}
}

func TestIntoAFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "mount")
	w := newWorld(t, Options{Folder: folder})
	w.happen()
	w.send()
	if s := w.state(db.WayFolder, portal); s.Error != codeNoFolder || s.Attempts != 1 || s.Due.Sub(w.now()) != retries[0] {
		t.Errorf("without the mount: %+v", s)
	}
	if _, err := os.Stat(folder); err == nil {
		t.Fatal("the folder was made: a mount that is missing was taken for one that is empty")
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	w.send() // not due yet
	if s := w.state(db.WayFolder, portal); s.Attempts != 1 {
		t.Errorf("it was tried before it was due: %+v", s)
	}
	for range 3 {
		w.advance(time.Minute)
		w.happen()
		w.send()
	}
	for log, name := range map[*audit.Log]string{w.db.Audit(): "sealdesk-portal.txt", w.evidence: "evidence.example.txt"} {
		kept, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || strings.Count(string(kept), "— ") != 3 {
			t.Fatalf("%s: %v\n%s", name, err, kept)
		}
		w.check(log, string(kept))
	}
	if s := w.state(db.WayFolder, portal); s.Error != "" || s.Attempts != 0 || !s.Failing.IsZero() || s.Left != w.now() || s.Size != w.db.Audit().Count() {
		t.Errorf("after it worked: %+v, %d events", s, w.db.Audit().Count())
	}
	w.advance(time.Hour)
	w.send() // nothing is new
	if err := os.Remove(filepath.Join(folder, "sealdesk-portal.txt")); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.happen()
	w.send()
	if s := w.state(db.WayFolder, portal); s.Error != codeGone {
		t.Errorf("after the file was taken away: %+v", s)
	}
}

// listen takes what a syslog server gets, one message at a time.
func listen(t *testing.T, network string) (address *url.URL, next func() string) {
	t.Helper()
	got := make(chan string, 10)
	if network == "tcp" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				all, _ := io.ReadAll(conn)
				_ = conn.Close()
				got <- string(all)
			}
		}()
		address = &url.URL{Scheme: "tcp", Host: listener.Addr().String()}
	} else {
		at := "127.0.0.1:0"
		if network == "unixgram" {
			folder, err := os.MkdirTemp("", "syslog") // the path of a socket is short
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(folder) })
			at = filepath.Join(folder, "log")
		}
		conn, err := net.ListenPacket(network, at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		go func() {
			for buf := make([]byte, 64<<10); ; {
				n, _, err := conn.ReadFrom(buf)
				if err != nil {
					return
				}
				got <- string(buf[:n])
			}
		}()
		address = &url.URL{Scheme: network, Host: conn.LocalAddr().String()}
		if network == "unixgram" {
			address = &url.URL{Scheme: network, Path: at}
		}
	}
	return address, func() string {
		select {
		case message := <-got:
			return message
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: nothing came", network)
			return ""
		}
	}
}

// rfc5424 is a message of ours: priority, version, time, host, program, process, kind, no structured data, JSON.
var rfc5424 = regexp.MustCompile(`^<109>1 2026-11-23T06:00:00\.000000Z \S+ sealdesk \d+ checkpoint - (\{[\x20-\x7e]*\})$`)

func TestToSyslog(t *testing.T) {
	for _, network := range []string{"unixgram", "udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			address, next := listen(t, network)
			w := newWorld(t, Options{Syslog: address})
			w.happen()
			w.send()
			for _, log := range []*audit.Log{w.db.Audit(), w.evidence} {
				message := next()
				if network == "tcp" {
					size, rest, _ := strings.Cut(message, " ")
					if message = rest; size != itoa(len(rest)) {
						t.Errorf("%s bytes were announced, %d came", size, len(rest))
					}
				}
				parts := rfc5424.FindStringSubmatch(message)
				if parts == nil {
					t.Fatalf("not a message of RFC 5424: %q", message)
				}
				var c checkpointJSON
				if err := json.Unmarshal([]byte(parts[1]), &c); err != nil || c.Size != log.Count() {
					t.Errorf("%s: %v", parts[1], err)
				}
				w.check(log, c.Checkpoint)
			}
		})
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestToAnAddressThatFailsTwice(t *testing.T) {
	var got []checkpointJSON
	var deliveries []string
	refusals := 4 // two of each log
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get(notices.HeaderSignature) != notices.Signature("secret", r.Header.Get(notices.HeaderTimestamp), body) {
			t.Errorf("signature %q, %v", r.Header.Get(notices.HeaderSignature), err)
		}
		deliveries = append(deliveries, r.Header.Get(notices.HeaderDelivery))
		if refusals > 0 {
			refusals--
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		var c checkpointJSON
		if err := json.Unmarshal(body, &c); err != nil {
			t.Error(err)
		}
		got = append(got, c)
	}))
	defer receiver.Close()
	w := newWorld(t, Options{PostURL: receiver.URL, PostSecret: "secret"})
	w.happen()
	began := w.now()
	for i, pause := range retries[:2] {
		w.send()
		if s := w.state(db.WayHTTP, portal); s.Error != codeStatus || s.Attempts != i+1 || s.Due.Sub(w.now()) != pause || s.Failing != began {
			t.Fatalf("try %d: %+v", i+1, s)
		}
		w.advance(pause)
		w.restart() // what is still to be sent survives
	}
	w.send()
	if len(got) != 2 || got[0].Log != portal || got[1].Log != "evidence.example" || got[0].PublicKey != w.db.Audit().PublicKey() {
		t.Fatalf("received %+v", got)
	}
	w.check(w.db.Audit(), got[0].Checkpoint)
	w.check(w.evidence, got[1].Checkpoint)
	// That the way stopped working is an event; the checkpoint that left covers it.
	if s := w.state(db.WayHTTP, portal); s.Error != "" || s.Size != w.db.Audit().Count() {
		t.Errorf("%+v, %d events", s, w.db.Audit().Count())
	}
	events, err := w.db.Audit().Query(context.Background(), audit.Filter{Action: "checkpoint.stayed"}, 0, 10)
	if err != nil || len(events) != 2 || events[0].ErrorCode != codeStatus {
		t.Errorf("events %+v, %v", events, err)
	}
	out, err := w.db.CheckpointsOut(context.Background(), 0, 10)
	if err != nil || len(out) != 3 { // the portal's log grew by the two events meanwhile
		t.Fatalf("the delivery log: %+v, %v", out, err)
	}
	if out[1].Log != "evidence.example" || out[1].Attempts != 3 || out[1].Error != "" {
		t.Errorf("the engine's checkpoint: %+v", out[1])
	}
	if deliveries[1] != "evidence.example@1" || deliveries[1] != deliveries[3] {
		t.Errorf("delivery ids %v", deliveries)
	}
}

func TestNewestCheckpointStandsForAllThatWaited(t *testing.T) {
	taken := 0
	answer := http.StatusServiceUnavailable
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if rw.WriteHeader(answer); answer == http.StatusOK {
			taken++
		}
	}))
	defer receiver.Close()
	w := newWorld(t, Options{PostURL: receiver.URL, PostSecret: "secret"})
	for range 50 {
		w.happen()
		w.send()
		w.advance(2 * time.Hour)
	}
	s := w.state(db.WayHTTP, portal)
	if s.Attempts != 50 || w.now().Sub(s.Failing) != 100*time.Hour {
		t.Errorf("after four days: %+v", s)
	}
	answer = http.StatusOK
	w.send()
	if s := w.state(db.WayHTTP, portal); taken != 2 || s.Size != w.db.Audit().Count() {
		t.Errorf("%d checkpoints were taken: %+v", taken, s)
	}
}

func TestToAWitness(t *testing.T) {
	w := newWorld(t, Options{})
	attest, err := witness.Open(t.Context(), witness.Options{Dir: t.TempDir(), Name: "witness.example",
		Logs: []string{w.db.Audit().PublicKey(), w.evidence.PublicKey()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(attest.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := attest.Close(); err != nil {
			t.Error(err)
		}
	})
	key, err := witness.ParseKey(attest.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	w.options = Options{WitnessURL: server.URL, WitnessKey: key}
	w.restart()
	for range 3 {
		w.happen()
		w.send()
		w.advance(time.Minute)
	}
	out, err := w.db.CheckpointsOut(context.Background(), 0, 10)
	if err != nil || len(out) != 6 {
		t.Fatalf("%+v, %v", out, err)
	}
	for _, o := range out {
		if line, err := witness.FindSignature([]byte(o.Text+o.Cosignature), key); err != nil || line != o.Cosignature {
			t.Errorf("%s at %d: %v", o.Log, o.Size, err)
		}
		if _, err := witness.FindSignature([]byte(strings.Replace(out[0].Text, "\n3\n", "\n4\n", 1)+out[0].Cosignature), key); err == nil {
			t.Error("the signature holds for another checkpoint too")
		}
	}
	w.check(w.db.Audit(), out[1].Text+out[1].Cosignature)
}

func TestAWayThatIsNotSetUpCannotBeTried(t *testing.T) {
	w := newWorld(t, Options{Folder: t.TempDir()})
	w.happen()
	if _, err := w.sender.Try(context.Background(), db.WayHTTP); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("%v", err)
	}
	for range 2 { // also when nothing is new
		if code, err := w.sender.Try(context.Background(), db.WayFolder); code != "" || err != nil {
			t.Errorf("%q, %v", code, err)
		}
	}
	if out, err := w.db.CheckpointsOut(context.Background(), 0, 10); err != nil || len(out) != 2 || out[0].Attempts != 2 {
		t.Errorf("%+v, %v", out, err)
	}
}

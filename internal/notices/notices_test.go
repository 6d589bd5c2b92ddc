package notices

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// world is a database with an account that has sent a contract, and a clock that a test moves.
type world struct {
	t     *testing.T
	db    *db.DB
	li    db.Account
	flow  string
	mu    sync.Mutex
	clock time.Time
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

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC), flow: "0123456789abcdef0123456789abcdef"}
	ctx := audit.WithActor(context.Background(), audit.Actor{Name: "li"})
	var err error
	if w.db, err = db.Open(ctx, db.Options{Clock: w.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.li, err = w.db.AddAccount(ctx, db.NewAccount{Name: "li", Role: auth.Admin, Scope: db.Everything(), PasswordHash: "hash"}); err != nil {
		t.Fatal(err)
	}
	if err := w.db.SetNoticeSettings(ctx, w.li.ID, db.NoticeSettings{Mail: "li@example.com"}); err != nil {
		t.Fatal(err)
	}
	draft := db.Draft{ID: "draft", Name: "采购合同", CreatedBy: "li", Created: w.now(), DraftDocument: db.DraftDocument{Deadline: w.now().AddDate(0, 0, 9)}}
	if err := w.db.CreateDraft(ctx, draft); err != nil {
		t.Fatal(err)
	}
	if err := w.db.StartFlow(ctx, db.Everything(), draft.ID, 1, w.flow); err != nil {
		t.Fatal(err)
	}
	return w
}

// reject lets the platform report that the contract was rejected.
func (w *world) reject() {
	w.t.Helper()
	if _, err := w.db.ApplyReport(context.Background(), w.flow, db.FlowReport{State: db.FlowRejected, Message: "价格有误"}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sender(o Options) *Sender {
	w.t.Helper()
	o.DB, o.PublicURL, o.Clock = w.db, "https://desk.example.com", w.now
	s, err := New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) send(s *Sender) db.Delivery {
	w.t.Helper()
	if _, err := s.Send(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	all, err := w.db.Deliveries(context.Background(), 0, 10)
	if err != nil || len(all) != 1 {
		w.t.Fatalf("deliveries: %+v, %v", all, err)
	}
	return all[0]
}

func TestAWebhookIsSignedAndTriedAgainUntilItIsTaken(t *testing.T) {
	w := newWorld(t)
	answer := http.StatusInternalServerError
	var got []Event
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get(HeaderSignature) != Signature("secret", r.Header.Get(HeaderTimestamp), body) {
			t.Errorf("signature %q, %v", r.Header.Get(HeaderSignature), err)
		}
		var e Event
		if err := json.Unmarshal(body, &e); err != nil || r.Header.Get(HeaderDelivery) != fmt.Sprint(e.ID) {
			t.Errorf("body %s, %v", body, err)
		}
		got = append(got, e)
		rw.WriteHeader(answer)
	}))
	defer receiver.Close()
	s := w.sender(Options{WebhookURL: receiver.URL, WebhookSecret: "secret", Private: true})
	w.reject()
	if e := w.send(s); e.State != db.DeliveryWaiting || e.Error != codeStatus || e.Due.Sub(w.now()) != retries[0] {
		t.Errorf("after a refusal: %+v", e)
	}
	w.send(s) // not due yet
	answer = http.StatusNoContent
	w.advance(retries[0])
	if e := w.send(s); e.State != db.DeliveryDone || e.Error != "" || e.Attempts != 2 {
		t.Errorf("after it was taken: %+v", e)
	}
	if len(got) != 2 || got[0] != got[1] || got[0].Kind != db.NoticeRejected || got[0].Name != "采购合同" || got[0].Detail != "价格有误" ||
		got[0].URL != "https://desk.example.com/flows/"+w.flow || got[0].State != int64(db.FlowRejected) {
		t.Errorf("received %+v", got)
	}
}

func TestWhatCannotBeDeliveredIsToldToTheAdministrators(t *testing.T) {
	w := newWorld(t)
	receiver := httptest.NewServer(http.NotFoundHandler())
	defer receiver.Close()
	s := w.sender(Options{WebhookURL: receiver.URL}) // on this machine, which is not allowed
	w.reject()
	for range retries {
		if e := w.send(s); e.State != db.DeliveryWaiting || e.Error != codePrivate {
			t.Fatalf("%+v", e)
		}
		w.advance(24 * time.Hour)
	}
	e := w.send(s)
	if e.State != db.DeliveryFailed {
		t.Fatalf("after all tries: %+v", e)
	}
	notices, err := w.db.Notices(context.Background(), w.li, 0, 10)
	if err != nil || len(notices) != 2 || notices[0].Kind != db.NoticeDelivery || notices[0].Detail != codePrivate {
		t.Errorf("notices %+v, %v", notices, err)
	}
	if err := w.db.Redeliver(context.Background(), e.ID); err != nil {
		t.Fatal(err)
	}
	s = w.sender(Options{})
	if e := w.send(s); e.Error != codeOff {
		t.Errorf("after the webhook was taken away: %+v", e)
	}
}

func TestAMailReachesWhoeverSentTheContract(t *testing.T) {
	w := newWorld(t)
	server := newMailServer(t, nil)
	s := w.sender(Options{MailURL: server.url("sealdesk:pass"), MailFrom: "desk@example.com"})
	w.reject()
	if e := w.send(s); e.State != db.DeliveryDone {
		t.Fatalf("%+v", e)
	}
	m, err := mail.ReadMessage(strings.NewReader(server.mails()[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	body, bodyErr := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
	if err != nil || bodyErr != nil || subject != "被拒签：采购合同" || m.Header.Get("To") != "<li@example.com>" || !strings.Contains(string(body), "https://desk.example.com/flows/"+w.flow) {
		t.Errorf("%q %q %q, %v, %v", m.Header, subject, body, err, bodyErr)
	}
	if strings.Contains(string(body), "价格有误") {
		t.Error("the mail tells the reason of the rejection")
	}
}

func TestAFailureOfMailIsToldInWords(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url  func(*testing.T) *url.URL
		code string
	}{
		"a wrong password":        {func(t *testing.T) *url.URL { return newMailServer(t, nil).url("sealdesk:wrong") }, codeLogin},
		"no server":               {func(t *testing.T) *url.URL { return &url.URL{Scheme: "smtp", Host: closed.Addr().String()} }, codeUnreachable},
		"a certificate of nobody": {func(t *testing.T) *url.URL { return newMailServer(t, selfSigned(t)).url("sealdesk:pass") }, codeTLS},
		"no TLS at all": {func(t *testing.T) *url.URL {
			u := newMailServer(t, nil).url("sealdesk:pass")
			u.Scheme = "smtps"
			return u
		}, codeTLS},
		"a refused sender": {func(t *testing.T) *url.URL { return newMailServer(t, nil).url("") }, codeRefused},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.sender(Options{MailURL: c.url(t), MailFrom: "desk@example.com"})
			w.reject()
			if e := w.send(s); e.State != db.DeliveryWaiting || e.Error != c.code {
				t.Errorf("%+v, want %s", e, c.code)
			}
		})
	}
}

// mailServer takes mails from sealdesk with the password pass; with a certificate it offers STARTTLS.
type mailServer struct {
	t           *testing.T
	listener    net.Listener
	certificate *tls.Certificate
	mu          sync.Mutex
	taken       []string
}

func newMailServer(t *testing.T, certificate *tls.Certificate) *mailServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{t: t, listener: listener, certificate: certificate}
	var talks sync.WaitGroup
	talks.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			talks.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		talks.Wait()
	})
	return s
}

func (s *mailServer) url(user string) *url.URL {
	u := &url.URL{Scheme: "smtp", Host: s.listener.Addr().String()}
	if name, password, ok := strings.Cut(user, ":"); ok {
		u.User = url.UserPassword(name, password)
	}
	return u
}

func (s *mailServer) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// talk speaks what of SMTP a client needs. The client may hang up at any time.
func (s *mailServer) talk(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 mail.test ready")
	known := false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, rest, _ := strings.Cut(strings.TrimSpace(line), " "); strings.ToUpper(verb) {
		case "EHLO":
			say("250-mail.test")
			if s.certificate != nil {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go ahead")
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*s.certificate}})
			in = bufio.NewReader(conn)
		case "AUTH":
			_, response, _ := strings.Cut(rest, " ")
			if known = response == base64.StdEncoding.EncodeToString([]byte("\x00sealdesk\x00pass")); known {
				say("235 welcome")
			} else {
				say("535 wrong")
			}
		case "MAIL", "RCPT":
			if known {
				say("250 ok")
			} else {
				say("530 log in first")
			}
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				text.WriteString(line)
			}
			s.mu.Lock()
			s.taken = append(s.taken, text.String())
			s.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("500 unknown")
		}
	}
}

func selfSigned(t *testing.T) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

package notices

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
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
	"sealdesk/internal/mailer/mailtest"
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

// li is how the mail server of the tests knows the portal.
var li = url.UserPassword("sealdesk", "pass")

func TestAMailReachesWhoeverSentTheContract(t *testing.T) {
	w := newWorld(t)
	server := mailtest.Start(t, mailtest.Options{Login: li})
	s := w.sender(Options{MailURL: server.URL(), MailFrom: "desk@example.com"})
	w.reject()
	if e := w.send(s); e.State != db.DeliveryDone {
		t.Fatalf("%+v", e)
	}
	m, err := mail.ReadMessage(strings.NewReader(server.Mails()[0].Text))
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
	nobody, err := mailtest.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	taker := mailtest.Start(t, mailtest.Options{Login: li}).URL()
	as := func(server *url.URL, user *url.Userinfo) *url.URL {
		other := *server
		other.User = user
		return &other
	}
	secure := *taker
	secure.Scheme = "smtps"
	for name, c := range map[string]struct {
		url  *url.URL
		code string
	}{
		"a wrong password":        {as(taker, url.UserPassword("sealdesk", "wrong")), codeLogin},
		"no server":               {&url.URL{Scheme: "smtp", Host: closed.Addr().String()}, codeUnreachable},
		"a certificate of nobody": {mailtest.Start(t, mailtest.Options{Login: li, Certificate: nobody}).URL(), codeTLS},
		"no TLS at all":           {&secure, codeTLS},
		"a refused sender":        {as(taker, nil), codeRefused},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.sender(Options{MailURL: c.url, MailFrom: "desk@example.com"})
			w.reject()
			if e := w.send(s); e.State != db.DeliveryWaiting || e.Error != c.code {
				t.Errorf("%+v, want %s", e, c.code)
			}
		})
	}
}

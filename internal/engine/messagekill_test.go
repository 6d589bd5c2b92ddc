package engine_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
	"sealdesk/internal/gateway"
	"sealdesk/internal/mailer/mailtest"
)

// wayEnv tells a child which way its messages go and to which address.
const wayEnv = "SEALDESK_ENGINE_TEST_WAY"

// wayTo are gateways of one way to an address.
func wayTo(way, address string) *gateway.Gateways {
	o := gateway.Options{Private: true}
	switch way {
	case gateway.WaySMS:
		o.SMS = gateway.SMS{Endpoint: address, SecretID: "AKIDexample", SecretKey: "key", AppID: "1400", SignName: "印台",
			Templates: map[string]string{gateway.KindCode: "1", gateway.KindInvitation: "2"}}
	case gateway.WayHTTP:
		o.URL, o.Secret = address, "s"
	case gateway.WayMail:
		o.Mail, _ = url.Parse(address) // an address of a server of the test
		o.MailFrom = "desk@example.com"
	}
	return gateway.New(o)
}

// childWay are the gateways that the environment tells a child of; without, none.
func childWay() *gateway.Gateways {
	way, address, _ := strings.Cut(os.Getenv(wayEnv), " ")
	return wayTo(way, address)
}

// held takes messages, and holds the answer to the first until it is let go, as a network does.
type held struct {
	came, answer chan struct{}
	once         sync.Once
	mu           sync.Mutex
	ids          []string
}

func (g *held) take(id string) {
	g.mu.Lock()
	g.ids = append(g.ids, id)
	g.mu.Unlock()
	g.once.Do(func() {
		close(g.came)
		<-g.answer
	})
}

func (g *held) serve(t *testing.T, way string) (address string, taken func() []string) {
	all := func() []string {
		g.mu.Lock()
		defer g.mu.Unlock()
		return append([]string(nil), g.ids...)
	}
	if way == gateway.WayMail {
		server := mailtest.Start(t, mailtest.Options{OnMail: func() { g.take("") }})
		return server.URL().String(), func() (ids []string) {
			for _, m := range server.Mails() {
				got, err := mail.ReadMessage(strings.NewReader(m.Text))
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, got.Header.Get("Message-Id"))
			}
			return ids
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var call struct{ SessionContext string }
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &call) != nil {
			t.Errorf("%s, %v", body, err)
		}
		g.take(call.SessionContext + r.Header.Get(gateway.HeaderDelivery))
		fmt.Fprint(w, `{"Response":{"SendStatusSet":[{"Code":"Ok"}]}}`)
	}))
	t.Cleanup(server.Close)
	return server.URL, all
}

// The program is killed while a message is on its way: it was taken, and nobody noted that. After the next start nothing is lost, and an SMS
// does not come twice, unless it is a code, which harms nobody; a mail and a post carry the number that they had.
func TestAKillWhileAMessageIsOnItsWay(t *testing.T) {
	for name, c := range map[string]struct {
		way, kind string
		times     int // it arrives
		state     string
	}{
		"an invitation by SMS":  {gateway.WaySMS, gateway.KindInvitation, 1, engine.MessageFailed},
		"a code by SMS":         {gateway.WaySMS, gateway.KindCode, 2, engine.MessageDone},
		"an invitation by post": {gateway.WayHTTP, gateway.KindInvitation, 2, engine.MessageDone},
		"an invitation by mail": {gateway.WayMail, gateway.KindInvitation, 2, engine.MessageDone},
	} {
		t.Run(name, func(t *testing.T) {
			g := &held{came: make(chan struct{}), answer: make(chan struct{})}
			address, taken := g.serve(t, c.way)
			t.Setenv(wayEnv, c.way+" "+address)
			dir := t.TempDir()
			child, keys := spawn(t, dir)
			p := &platform{T: t, client: newClient(t, keys, http.DefaultTransport, time.Now), clock: &clock{now: time.Now()}}
			q := p.someParty(0)
			if c.kind == gateway.KindCode {
				do(p, api.SendSignInnerVerifyCode, &api.SendSignInnerVerifyCodeRequest{Caller: q.caller(), Mobile: canaryMobile, VerifyType: "SIGN"})
			} else {
				if c.way == gateway.WayMail {
					do(p, api.ModifyUser, &api.ModifyUserRequest{UserId: q.user, Email: "signer@example.com"})
				}
				p.task(p.flow(q), q, q, 200)
			}
			<-g.came
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait() // killed: it has no other way to end
			close(g.answer)

			again := start(t, func(o *engine.Options) {
				o.Memory, o.DataDir, o.Gateways, o.Clock = false, dir, wayTo(c.way, address), time.Now
			})
			if m := again.newest(); m.State != engine.MessageTrying || m.Attempts != 1 {
				t.Fatalf("after the kill: %+v", m)
			}
			again.sendDue()
			again.sendDue()
			m, ids := again.newest(), taken()
			if m.Kind != c.kind || m.State != c.state || (m.State == engine.MessageFailed) != (m.Error == gateway.CodeNoAnswer) {
				t.Errorf("after the start: %+v", m)
			}
			if len(ids) != c.times || ids[0] == "" || ids[0] != ids[len(ids)-1] {
				t.Errorf("taken as %q, want %d times", ids, c.times)
			}
		})
	}
}

// A mail server that refuses twice gets the mail in the end, over a restart, once, and what was sent is evidence.
func TestAMailIsTriedUntilItIsTaken(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{Refuse: 2})
	dir := filepath.Join(t.TempDir(), "engine")
	in := func(o *engine.Options) {
		o.Memory, o.DataDir, o.Gateways = false, dir, wayTo(gateway.WayMail, server.URL().String())
	}
	p := start(t, in)
	q := p.party(0)
	do(p, api.ModifyUser, &api.ModifyUserRequest{UserId: q.user, Email: "signer@example.com"})
	p.task(p.flow(q), q, q, 200)
	p.sendDue()
	p.sendDue() // not due yet
	if m := p.newest(); server.Refused() != 1 || m.State != engine.MessageWaiting || m.Error != "refused.451" || m.Recipient != "s***@example.com" {
		t.Fatalf("%d refused, %+v", server.Refused(), m)
	}
	if err := p.engine.Close(); err != nil {
		t.Fatal(err)
	}
	again := start(t, in)
	for range 3 {
		again.clock.Add(time.Hour)
		again.sendDue()
	}
	if m := again.newest(); len(server.Mails()) != 1 || server.Refused() != 2 || m.State != engine.MessageDone || m.Attempts != 3 {
		t.Errorf("%d mails after %d refusals, %+v", len(server.Mails()), server.Refused(), m)
	}
	events, err := again.engine.Evidence().Query(t.Context(), audit.Filter{Action: "message.done"}, 0, 10)
	if err != nil || len(events) != 1 || !strings.Contains(events[0].DetailText, "s***@example.com") || strings.Contains(events[0].DetailText, "signer@") {
		t.Errorf("the evidence says %+v, %v", events, err)
	}
}

package handlers

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

func TestTheClientsAddressComesFromTrustedProxiesOnly(t *testing.T) {
	s := &server{proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, test := range []struct{ remote, forwarded, want string }{
		{"203.0.113.7:1000", "", "203.0.113.7"},
		{"203.0.113.7:1000", "198.51.100.1", "203.0.113.7"}, // not from a proxy: a lie
		{"10.0.0.1:1000", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:1000", "192.0.2.66, 198.51.100.1, 10.0.0.2", "198.51.100.1"}, // what the browser itself sent comes first
		{"10.0.0.1:1000", "nonsense", "10.0.0.1"},
		{"[::1]:1000", "198.51.100.1", "::1"},
		{"10.0.0.1:1000", "::ffff:198.51.100.1", "198.51.100.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.remote
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := s.clientAddress(r); got != test.want {
			t.Errorf("%s forwarded for %q is %s, want %s", test.remote, test.forwarded, got, test.want)
		}
	}
}

func TestTheLogHasNoPersonalData(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Admin)
	v.get("/accounts?after=canary-query")
	v.get("/setup?token=canary-token")
	p.visitor().logIn("canary-name", "canary-password")
	v.post("/accounts", accountForm("canary-account", "business", "all"))
	logs := p.logs.String()
	if !strings.Contains(logs, "msg=request") || !strings.Contains(logs, `route="GET /accounts"`) {
		t.Errorf("requests are not logged: %s", logs)
	}
	for _, canary := range []string{"canary", "李娜", testPassword, "127.0.0.1", p.cookie(v)} {
		if strings.Contains(logs, canary) {
			t.Errorf("%q is in the log", canary)
		}
	}
}

func TestARequestThatTakesTooLongIsEndedAndAStreamIsNot(t *testing.T) {
	p := startPortal(t)
	got := p.failing(func(_ http.ResponseWriter, r *http.Request) error {
		exchangeOf(r.Context()).timer.Reset(time.Millisecond)
		<-r.Context().Done()
		return r.Context().Err()
	})
	got.wantStatus(http.StatusServiceUnavailable).wantText("h1", "暂时不可用")

	server := httptest.NewServer(p.server.middleware(p.server.guard(route{"GET /failing", auth.Public, nothing, stream(func(w http.ResponseWriter, r *http.Request) error {
		if exchangeOf(r.Context()).timer.Stop() {
			t.Error("the time-out still runs in a stream")
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, err := io.WriteString(w, "data: one\n\n")
		return err
	})})))
	defer server.Close()
	resp, err := http.Get(server.URL + "/failing")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "data: one\n\n" {
		t.Errorf("stream: %q, %v", b, err)
	}
}

func TestTheAuditLogKnowsWhoActs(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Admin).with("User-Agent", "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0")
	v.post("/preferences", url.Values{"language": {"en"}, "return": {"/"}})
	events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: "account.language"}, 0, 1)
	if err != nil || len(events) != 1 {
		t.Fatalf("events: %v, %v", events, err)
	}
	a := events[0].Actor
	if a.Name != "admin" || a.Role != "admin" || a.IP != "127.0.0.1" || a.Session == "" || a.RequestID == "" || !strings.Contains(a.UserAgent, "Chrome") {
		t.Errorf("actor: %+v", a)
	}
	if strings.Contains(p.cookie(v), a.Session) {
		t.Error("the log knows the cookie")
	}
	login, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: "session.login"}, 0, 1)
	if err != nil || len(login) != 1 || login[0].Actor.Name != "admin" || login[0].Actor.Session != a.Session {
		t.Errorf("log-in: %+v, %v", login, err)
	}
}

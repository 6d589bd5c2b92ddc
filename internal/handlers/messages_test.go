package handlers

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/gateway"
)

// signerMobile is where the people of side are registered at the engine.
const signerMobile = "13800000001"

// mailbox is an HTTP gateway that keeps what it gets.
type mailbox struct {
	mu     sync.Mutex
	posts  []gateway.Post
	status int // of its answers; 0: 200
}

func (m *mailbox) of(kind string) (found []gateway.Post) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.posts {
		if p.Kind == kind {
			found = append(found, p)
		}
	}
	return found
}

// withMailbox starts a portal whose engine has one way to mobiles.
func withMailbox(t *testing.T) (*portal, *mailbox) {
	m := &mailbox{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var p gateway.Post
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Error(err)
		}
		m.mu.Lock()
		m.posts = append(m.posts, p)
		status := m.status
		m.mu.Unlock()
		w.WriteHeader(cmp.Or(status, http.StatusOK))
	}))
	t.Cleanup(server.Close)
	p := startPortal(t, func(s *portalSettings) {
		s.gateways = gateway.New(gateway.Options{URL: server.URL, Secret: "s", Private: true})
	})
	p.background()
	return p, m
}

// sentFlow sends a contract to both sides, one after the other.
func (p *portal) sentFlow(admin *visitor, remindEvery string) (flow string) {
	p.t.Helper()
	a, b := p.side(0), p.side(1)
	draft := admin.draft("采购合同", a, a, b)
	form := draftForm(p, "采购合同", a)
	form.Set("RemindEvery", remindEvery)
	admin.postFiles(draft, form).wantStatus(http.StatusOK)
	admin.seals(draft)
	flow = admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("it is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	return flow
}

func TestAReminderGoesToTheSignersAddress(t *testing.T) {
	p, box := withMailbox(t)
	admin := p.as(auth.Admin)
	flow := p.sentFlow(admin, "0")
	first := p.flow(flow).Approvers[0]
	remind := flow + "/approvers/" + first.ID + "/remind"
	for range 2 { // pressed twice
		page := admin.post(remind, nil).wantStatus(http.StatusOK).wantText(".notice", "138****0001")
		p.until("the reminder arrives", func() bool { return len(box.of(gateway.KindReminder)) > 0 })
		own := page.find(".copy-text input").AttrOr("value", "")
		if told := box.of(gateway.KindReminder); len(told) != 1 || told[0].To != signerMobile || !strings.Contains(told[0].Text, "/s/") || strings.Contains(told[0].Text, own) {
			t.Fatalf("reminded by %+v; the page shows %s", told, own)
		}
	}
	admin.get(flow).wantText(".timeline", "138****0001")
	for _, e := range p.events("flow.remind") {
		if told := told(e); !strings.Contains(told, "138****0001") || strings.Contains(told, signerMobile) {
			t.Errorf("the event says %s", told)
		}
	}
	p.clock.advance(remindPause)
	admin.post(remind, nil).wantStatus(http.StatusOK)
	p.until("it goes out again", func() bool { return len(box.of(gateway.KindReminder)) == 2 })
}

// What is due by the schedule goes to the signer, once for each day, whoever looks and how often.
func TestTheScheduleRemindsTheSigner(t *testing.T) {
	p, box := withMailbox(t)
	flow := p.sentFlow(p.as(auth.Admin), "3")
	p.pass(13) // six days and a half
	p.until("both arrive", func() bool { return len(box.of(gateway.KindReminder)) >= 2 })
	p.sign(flow, 0)
	p.until("the next one is sent to", func() bool { return p.flow(flow).Approvers[1].SignID != "" })
	p.until("the next one is invited", func() bool { return len(box.of(gateway.KindInvitation)) == 2 })
	if told := box.of(gateway.KindReminder); len(told) != 2 || told[0].ID == told[1].ID {
		t.Errorf("reminded by %+v", told)
	}
	// Half of the signatures is not complete.
	if told := box.of(gateway.KindCompleted); len(told) != 0 {
		t.Errorf("told of a complete contract: %+v", told)
	}
	events, err := p.db.FlowEvents(t.Context(), strings.TrimPrefix(flow, "/flows/"))
	sent := 0
	for _, e := range events {
		if e.Kind == "remind_sent" && e.Detail == "138****0001" {
			sent++
		}
		if e.Kind == "remind_due" {
			t.Errorf("the sender is told to remind: %+v", e)
		}
	}
	if err != nil || sent != 2 || len(p.events("flow.remind")) != 2 {
		t.Errorf("%d in the timeline, %d in the log, %v", sent, len(p.events("flow.remind")), err)
	}
}

// Administrators see what became of messages, and never what they say; a test goes to the address that they type, and is an event.
func TestTheLogOfMessages(t *testing.T) {
	p, box := withMailbox(t)
	admin := p.as(auth.Admin)
	flow := p.sentFlow(admin, "0")
	p.until("the invitation arrives", func() bool { return len(box.of(gateway.KindInvitation)) == 1 })
	try := func(to string) *reply { return admin.post("/settings/messages/test", url.Values{"To": {to}}) }
	try("12345").wantStatus(http.StatusUnprocessableEntity).wantProblem("To")
	try("somebody@example.com").wantStatus(http.StatusUnprocessableEntity).wantText(".field-problem, .problem, .form-error, form", "没有通道")
	if e := p.events("message.test"); len(e) != 0 || len(box.of(gateway.KindTest)) != 0 {
		t.Errorf("what was refused was sent: %+v", e)
	}
	try("13900000009").wantStatus(http.StatusOK)
	p.until("the test arrives", func() bool { return len(box.of(gateway.KindTest)) == 1 })
	if e := p.events("message.test"); len(e) != 1 || !strings.Contains(told(e[0]), "139****0009") || strings.Contains(told(e[0]), "13900000009") {
		t.Errorf("the event is %+v", e)
	}
	p.until("both are noted", func() bool { return strings.Count(admin.get("/settings/messages").body, "已发送") == 2 })
	page := admin.get("/settings/messages").wantStatus(http.StatusOK).wantText("tbody", "签署邀请").wantText("tbody", "138****0001").wantText("tbody", "HTTP 通道")
	for _, secret := range []string{signerMobile, "13900000009", "/s/", p.flow(flow).Name} {
		if strings.Contains(page.find("main").Text(), secret) {
			t.Errorf("the page shows %q", secret)
		}
	}
	for _, role := range []auth.Role{auth.Business, auth.Compliance} {
		v := p.as(role)
		v.get("/settings/messages").wantStatus(http.StatusForbidden)
		v.post("/settings/messages/test", url.Values{"To": {"13900000009"}}).wantStatus(http.StatusForbidden)
	}
}

// What cannot be delivered is given up at once; the sender is told at the contract why and what to do, until it was sent again, and the
// administrators above their list.
func TestWhoSendsIsToldWhatWasNotDelivered(t *testing.T) {
	p, box := withMailbox(t)
	admin := p.as(auth.Admin)
	answer := func(status int) {
		box.mu.Lock()
		defer box.mu.Unlock()
		box.status = status
	}
	answer(http.StatusNotFound)
	flow := p.sentFlow(admin, "0")
	p.until("it is told", func() bool { return strings.Contains(admin.get(flow).body, "未能送达") })
	admin.get(flow).wantText("main", "签署邀请未能送达 138****0001").wantText("main", "HTTP 通道没有接收").wantText("main", "对方答复：404").wantText("main", "可再次提醒")
	admin.get("/settings/messages").wantText(".notice", "未能送达").wantText("tbody", "失败").wantText("tbody", "对方答复：404")
	p.clock.advance(24 * time.Hour)
	admin.logIn("admin", testPassword).wantStatus(http.StatusOK)
	if got := admin.get("/settings/messages").find(".notice").Text(); strings.Contains(got, "未能送达") {
		t.Errorf("a day later: %s", got)
	}
	if n := len(box.of(gateway.KindInvitation)); n != 1 {
		t.Errorf("tried %d times", n)
	}

	answer(http.StatusBadGateway)
	remind := flow + "/approvers/" + p.flow(flow).Approvers[0].ID + "/remind"
	admin.post(remind, nil).wantStatus(http.StatusOK)
	p.until("it is tried again", func() bool { return strings.Contains(admin.get(flow).body, "正在重试") })
	answer(http.StatusOK)
	p.clock.advance(remindPause)
	admin.logIn("admin", testPassword)
	admin.post(remind, nil).wantStatus(http.StatusOK)
	p.until("nothing is told any more", func() bool {
		body := admin.get(flow).body
		return !strings.Contains(body, "未能送达") && !strings.Contains(body, "正在重试")
	})
}

// Every reason for which a message did not leave is told in words, in both languages.
func TestWhyAMessageDidNotLeaveIsToldInWords(t *testing.T) {
	for code, want := range map[string]string{gateway.CodeLogin: "用户名或密码", "late": "有效期", "LimitExceeded.PhoneNumberThirtySecondLimit": "频率限制（LimitExceeded.PhoneNumberThirtySecondLimit）",
		"FailedOperation.TemplateIncorrectOrUnapproved": "模板", "Odd.Thing": "拒绝发送（Odd.Thing）", "": ""} {
		if got := messageError(t.Context(), code); !strings.Contains(got, want) || (code == "") != (got == "") {
			t.Errorf("%q is told as %q, want %q", code, got, want)
		}
	}
	for _, code := range []string{gateway.CodeUnreachable, gateway.CodeNoAnswer, gateway.CodePrivate, gateway.CodeStatus, gateway.CodeOff, gateway.CodeTLS, gateway.CodeLogin,
		gateway.CodeRefused} {
		if got := messageError(t.Context(), code); strings.Contains(got, "拒绝发送") {
			t.Errorf("%q has no words: %s", code, got)
		}
	}
}

// Where the cloud is the platform it sends its own messages: there is no log of them, and the settings say so.
func TestTheCloudSendsItsOwnMessages(t *testing.T) {
	p := startPortal(t)
	p.server.messages, p.server.platform = nil, config.Platform{Endpoint: "https://essbasic.tencentcloudapi.com"}
	admin := p.as(auth.Admin)
	admin.get("/settings/messages").wantStatus(http.StatusNotFound)
	admin.post("/settings/messages/test", url.Values{"To": {"13900000009"}}).wantStatus(http.StatusNotFound)
	page := admin.get("/settings").wantStatus(http.StatusOK).wantText("main", "短信与邮件由云平台发送")
	if page.find(`a[href="/settings/messages"]`).Length() != 0 {
		t.Error("the settings lead to a page that is not there")
	}
}

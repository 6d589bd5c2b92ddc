package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

// TestPagesSaySimulated looks at the frame of a page with and without somebody logged in.
func TestPagesSaySimulated(t *testing.T) {
	for _, real := range []bool{false, true} {
		p := startPortal(t, func(s *portalSettings) { s.real = real })
		admin := p.as(auth.Admin)
		for path, page := range map[string]*reply{"/flows": admin.get("/flows"), "/login": p.visitor().get("/login")} {
			if n := page.find("[data-simulation]").Length(); (n == 1) == real {
				t.Errorf("%s, for real: %v: %d banners", path, real, n)
			}
		}
	}
}

// TestForRealOnlyRealChannelsAreOffered makes a contract on an engine that looks at no face: the forms do not offer it, and a draft that asks
// for it all the same is not sent.
func TestForRealOnlyRealChannelsAreOffered(t *testing.T) {
	simulated := startPortal(t)
	draft := simulated.as(auth.Admin).draft("采购合同", simulated.side(0))
	if n := simulated.as(auth.Admin).get(draft + "/people").find(`input[value=FACEID]`).Length(); n != 1 {
		t.Errorf("in simulation a face check is offered %d times", n)
	}

	p := startPortal(t, func(s *portalSettings) { s.real = true })
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft = admin.draft("采购合同", a)
	if n := admin.get(draft + "/people").find(`input[value=FACEID], input[value=WEIXINAPP]`).Length(); n != 0 {
		t.Errorf("for real, simulated channels are offered %d times", n)
	}
	admin.post(draft+"/people", url.Values{"UserId": {a.person}, "OrganizationId": {a.organization}, "Channel": {"FACEID"}, "Step": {"1"}}).wantStatus(http.StatusOK)
	admin.seals(draft)
	admin.get(draft+"/preflight").wantStatus(http.StatusOK).wantText("*", "不提供")
	admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "不提供")

	admin.get("/identity/id-card").wantStatus(http.StatusOK).wantText("main", "无法核验任何人的身份")
	if n := admin.get("/identity/id-card").find("main form").Length(); n != 0 {
		t.Error("a form for checks that nobody makes")
	}
	admin.post("/identity/id-card", url.Values{"Name": {"林一帆"}, "IdCardNumber": {"110101190001010014"}}).
		wantStatus(http.StatusUnprocessableEntity).wantText("main", "无法核验任何人的身份")
}

// TestASilentTimeAuthorityAlarms is about an authority without whose stamp nothing is signed.
func TestASilentTimeAuthorityAlarms(t *testing.T) {
	problem := ""
	p := startPortal(t, func(s *portalSettings) { s.timestamps = func() (string, string) { return "http://tsa.test", problem } })
	for _, problem = range []string{"", "it answers with status 500"} {
		if text := p.as(auth.Admin).get("/flows").find(".notice-danger").Text(); strings.Contains(text, "http://tsa.test") != (problem != "") {
			t.Errorf("problem %q: %q", problem, text)
		}
		if text := p.as(auth.Business).get("/flows").find(".notice-danger").Text(); text != "" {
			t.Errorf("a business user is told: %q", text)
		}
		if body := p.visitor().get("/readyz").wantStatus(http.StatusOK).body; strings.Contains(body, "time-stamping") != (problem != "") || strings.Contains(body, "tsa.test") {
			t.Errorf("readyz, problem %q: %q", problem, body)
		}
	}
}

// TestThePreflightAsksTheTimeAuthority: who is about to send is told that nobody can sign for now; the address and the reason are for those who
// read the settings. It hinders nothing.
func TestThePreflightAsksTheTimeAuthority(t *testing.T) {
	problem := ""
	p := startPortal(t, func(s *portalSettings) {
		s.askTimestamps = func(context.Context) (string, string) { return "http://tsa.test", problem }
	})
	a := p.side(0)
	admin, business := p.as(auth.Admin), p.as(auth.Business, a.organization)
	draft := admin.draft("合同", a, a)
	admin.seals(draft)
	for _, path := range []string{draft + "/preflight", draft + "/builder"} {
		if text := admin.get(path).wantStatus(http.StatusOK).find(".notice").Text(); strings.Contains(text, "时间戳") {
			t.Errorf("%s, answering: %q", path, text)
		}
	}
	problem = "it answers with status 500"
	for _, path := range []string{draft + "/preflight", draft + "/builder"} {
		admin.get(path).wantText(".notice-wait", "http://tsa.test").wantText(".notice-wait", problem)
		if text := business.get(path).wantText(".notice-wait", "签署人暂时无法签署").find(".notice-wait").Text(); strings.Contains(text, "tsa.test") || strings.Contains(text, "500") {
			t.Errorf("%s tells a business user %q", path, text)
		}
	}
	admin.post(draft+"/send", nil).wantStatus(http.StatusOK)
}

// TestAClockThatWasSetAlarms tells administrators and reviewers for a day, and whoever asks for the portal's health.
func TestAClockThatWasSetAlarms(t *testing.T) {
	p := startPortal(t)
	readers := map[auth.Role]bool{auth.Admin: true, auth.Compliance: true, auth.Business: false}
	alarmed := func(want bool) {
		t.Helper()
		for role, reads := range readers {
			if text := p.as(role).get("/flows").find(".notice-danger").Text(); strings.Contains(text, "系统时钟") != (want && reads) {
				t.Errorf("%s, alarm: %v: %q", role, want, text)
			}
		}
		if body := p.visitor().get("/readyz").wantStatus(http.StatusOK).body; strings.Contains(body, "the clock was set") != want {
			t.Errorf("readyz: %q", body)
		}
	}
	alarmed(false)
	err := p.db.Audit().Record(t.Context(), audit.Event{Action: audit.ActionClock, ObjectType: "clock", Detail: map[string]any{"seconds": -7200.0}})
	if err != nil {
		t.Fatal(err)
	}
	alarmed(true)
	if text := p.as(auth.Admin).get("/flows").find(".notice-danger").Text(); !strings.Contains(text, "-2h0m0s") {
		t.Errorf("the alarm does not say how far: %q", text)
	}
	p.clock.advance(25 * time.Hour)
	alarmed(false)
}

package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// ends waits until the other side ends the stream, which it does soon by itself: it lives for minutes otherwise.
func (l *live) ends(why string) {
	l.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case _, more := <-l.lines:
			if !more {
				return
			}
		case <-timeout:
			l.t.Fatalf("%s: the stream goes on", why)
		}
	}
}

// TestALiveStreamEndsWithTheRightToIt listens to one contract with several accounts, takes something from each but one, and goes on with the
// contract: the streams of all others are over, and nobody is let in again as they were.
func TestALiveStreamEndsWithTheRightToIt(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	draft := admin.draft("办公设备采购合同", a, a, b)
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("the first step is sent", func() bool { return p.flow(flow).State == db.FlowSigning })

	stays := admin.listen(flow + "/events")
	stays.wait("王小明")
	form := accountForm("", "business", "all")
	disabled := accountForm("", "business", "all")
	disabled.Set("Disabled", "on")
	account := func(name string) string { return "/accounts/" + p.account(name).ID }
	for _, c := range []struct {
		why  string
		role auth.Role
		take func(v *visitor, name string)
	}{
		{"logged out", auth.Compliance, func(v *visitor, _ string) { v.post("/logout", nil).wantStatus(http.StatusOK) }},
		{"sessions revoked", auth.Business, func(_ *visitor, name string) { admin.post(account(name)+"/password", nil).wantStatus(http.StatusOK) }},
		{"disabled", auth.Business, func(_ *visitor, name string) { admin.post(account(name), disabled).wantStatus(http.StatusOK) }},
		{"another role", auth.Compliance, func(_ *visitor, name string) { admin.post(account(name), form).wantStatus(http.StatusOK) }},
		{"other organisations", auth.Business, func(_ *visitor, name string) {
			admin.post(account(name), accountForm("", "business", "some", b.organization)).wantStatus(http.StatusOK)
		}},
	} {
		name := strings.ReplaceAll(c.why, " ", "-")
		p.addAccount(name, c.role)
		v := p.visitor()
		v.logIn(name, testPassword).wantStatus(http.StatusOK)
		stream := v.listen(flow + "/events")
		stream.wait("王小明")
		c.take(v, name)
		stream.ends(c.why)
		if got := v.still().get(flow + "/events"); got.status == http.StatusOK {
			t.Errorf("%s: let in again with %d", c.why, got.status)
		}
	}
	p.sign(flow, 0)
	stays.wait("已发送给 李娜")
	p.clock.advance(31 * time.Minute)
	stays.ends("not used for long")
}

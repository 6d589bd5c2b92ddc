package handlers

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// reminded gives the days on which whoever sent the flow was told that somebody has not signed.
func (p *portal) reminded(flow, who string) (days []string) {
	p.t.Helper()
	events, err := p.db.FlowEvents(p.t.Context(), strings.TrimPrefix(flow, "/flows/"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == "remind_due" && e.Who == who {
			days = append(days, e.At.Format(time.DateOnly))
		}
	}
	return days
}

// pass lets time go by in half days; each time two look for reminders at once.
func (p *portal) pass(halfDays int) {
	p.t.Helper()
	for range halfDays {
		p.clock.advance(12 * time.Hour)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := p.routing.Remind(p.t.Context()); err != nil {
					p.t.Error(err)
				}
			})
		}
		both.Wait()
	}
}

func TestPeopleWhoHaveNotSignedAreRemindedOfOnce(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	draft := admin.draft("采购合同", a, a, b)
	form := draftForm(p, "采购合同", a)
	form.Set("RemindEvery", "91")
	admin.postFiles(draft, form).wantStatus(http.StatusUnprocessableEntity).wantProblem("RemindEvery")
	form.Set("RemindEvery", "3")
	form.Set("RemindBefore", "1")
	admin.postFiles(draft, form).wantStatus(http.StatusOK)
	if got, _ := admin.get(draft).find("#f-RemindEvery").Attr("value"); got != "3" {
		t.Errorf("the form says every %q days", got)
	}
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("it is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	first, second := p.flow(flow).Approvers[0].UserName, p.flow(flow).Approvers[1].UserName

	p.pass(13) // six days and a half
	if days := p.reminded(flow, first); len(days) != 2 {
		t.Fatalf("reminded of %s on %v", first, days)
	}
	if days := p.reminded(flow, second); days != nil {
		t.Errorf("reminded of %s, whose turn has not come, on %v", second, days)
	}
	p.sign(flow, 0)
	p.until("the next one is sent to", func() bool { return p.flow(flow).Approvers[1].SignID != "" })
	p.pass(26) // until half a day before the deadline
	if days := p.reminded(flow, first); len(days) != 2 {
		t.Errorf("reminded of %s after they signed: %v", first, days)
	}
	// Every third day, and the day before the deadline, which may be one of those.
	days := p.reminded(flow, second)
	if len(days) != 4 && len(days) != 5 {
		t.Errorf("reminded of %s on %v", second, days)
	}
	for i := 1; i < len(days); i++ {
		if days[i] == days[i-1] {
			t.Errorf("twice on %s", days[i])
		}
	}
	page := p.visitor()
	page.logIn("admin", testPassword)
	page.get("/notices").wantStatus(http.StatusOK).wantText(".tasks", "催签提醒").wantText(".tasks", second)
}

func TestWhatCameDueWhileTheProgramStoodIsToldOnce(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	draft := admin.draft("采购合同", a, a, b)
	form := draftForm(p, "采购合同", a)
	form.Set("RemindEvery", "1")
	admin.postFiles(draft, form).wantStatus(http.StatusOK)
	admin.seals(draft)
	p.background()
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("it is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	p.clock.advance(5 * 24 * time.Hour)
	p.pass(0)
	if err := p.routing.Remind(t.Context()); err != nil {
		t.Fatal(err)
	}
	if days := p.reminded(flow, p.flow(flow).Approvers[0].UserName); len(days) != 1 {
		t.Errorf("told on %v", days)
	}
}

func TestRemindingGivesAMessageToSend(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	draft := admin.draft("采购合同", a, a, b)
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("it is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	people := p.flow(flow).Approvers
	remind := flow + "/approvers/" + people[0].ID + "/remind"
	if admin.get(flow).find(`form[action="`+remind+`"]`).Length() != 1 {
		t.Error("no button")
	}
	got := admin.post(remind, nil).wantStatus(http.StatusOK).wantText(".form", "系统未发送提醒")
	link := got.find(".copy-text input").AttrOr("value", "")
	if text := got.find("#f-Message").Text(); !strings.Contains(text, people[0].UserName) || !strings.Contains(text, "采购合同") || link == "" || !strings.Contains(text, link) {
		t.Errorf("message %q, link %q", text, link)
	}
	admin.get(flow).wantText(".timeline", "已提醒 "+people[0].UserName)
	if e := p.events("flow.remind"); len(e) != 1 || e[0].Actor.Name != "admin" {
		t.Errorf("audit log: %+v", e)
	}
	admin.post(flow+"/approvers/"+people[1].ID+"/remind", nil).wantStatus(http.StatusConflict) // not their turn
	p.as(auth.Compliance).post(remind, nil).wantStatus(http.StatusForbidden)
}

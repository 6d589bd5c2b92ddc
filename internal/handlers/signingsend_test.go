package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// TestATicketEndsWithTheLogIn: whatever ends a log-in of the signer's account, or takes the account away, ends at once what it was about to sign
// with, on the page that is open and in a form that was not posted yet.
func TestATicketEndsWithTheLogIn(t *testing.T) {
	w := newAccountWorld(t)
	flow, task := w.send()
	id := strings.TrimPrefix(w.account, "/accounts/")
	session := func() string {
		all, err := w.db.LiveSessions(t.Context(), db.SessionFilter{AccountID: id})
		if err != nil || len(all) == 0 {
			t.Fatal(err)
		}
		return all[0].ID
	}
	form := accountForm("", "compliance", "some", w.b.organization)
	disabled := accountForm("", "compliance", "some", w.b.organization)
	disabled.Set("Disabled", "on")
	ways := []struct {
		name string
		do   func(own *visitor)
	}{
		{"logging out", func(own *visitor) { own.post("/logout", nil).wantPath("/login?left") }},
		{"logging in as somebody else", func(own *visitor) { own.logIn("admin", testPassword).wantStatus(http.StatusOK) }},
		{"ending one's session", func(own *visitor) { own.post("/account/sessions/"+session()+"/revoke", nil).wantStatus(http.StatusOK) }},
		{"another password", func(own *visitor) {
			own.post("/account/password", url.Values{"Current": {testPassword}, "Password": {testPassword + "!"}, "Repeat": {testPassword + "!"}}).wantStatus(http.StatusOK)
		}},
		{"an administrator ends the session", func(*visitor) { w.admin.post("/sessions/"+session()+"/revoke", nil).wantStatus(http.StatusOK) }},
		{"an administrator ends the account's sessions", func(*visitor) {
			w.admin.post("/sessions/revoke", url.Values{"Account": {id}}).wantStatus(http.StatusOK)
		}},
		{"an administrator ends all sessions", func(*visitor) { w.admin.post("/sessions/revoke", nil).wantStatus(http.StatusOK) }},
		{"a password reset", func(*visitor) { w.admin.post(w.account+"/password", nil).wantStatus(http.StatusOK) }},
		{"another role", func(*visitor) {
			w.admin.post(w.account, accountForm("", "business", "some", w.b.organization)).wantStatus(http.StatusOK)
		}},
		{"disabling", func(*visitor) { w.admin.post(w.account, disabled).wantStatus(http.StatusOK) }},
		{"unbinding", func(*visitor) { w.bind(w.account, "").wantStatus(http.StatusOK) }},
		{"leaving the organisation", func(*visitor) {
			w.admin.post("/users/"+w.b.person+"/organizations/"+w.b.organization+"/remove", nil).wantStatus(http.StatusOK)
		}},
	}
	for _, way := range ways {
		w.clock.advance(time.Minute) // log-ins and links take so many acts a minute
		own := w.visitor()
		own.logIn("compliance", testPassword).wantStatus(http.StatusOK)
		open, ticket := handed(own.post(task, url.Values{"Current": {testPassword}}))
		browser := w.browser()
		browser.post(open+"/account", url.Values{"Ticket": {ticket}}).wantText("#sign", "(compliance)")
		late, unposted := handed(own.post(task, nil))
		way.do(own)
		w.act(browser, open, "/sign")
		other := w.browser()
		other.post(late+"/account", url.Values{"Ticket": {unposted}})
		w.act(other, late, "/reject")
		if got := w.status(flow); got != api.ApproverPending {
			t.Fatalf("%s: the task is %d afterwards", way.name, got)
		}
		// All is as before for the next one.
		w.admin.post(w.account, form).wantStatus(http.StatusOK)
		if err := w.db.AssignUser(t.Context(), db.Everything(), w.b.person, w.b.organization); err != nil {
			t.Fatal(err)
		}
		w.bind(w.account, w.b.person).wantStatus(http.StatusOK)
		if err := w.db.SetPassword(t.Context(), id, testHash(), false, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhoHasLeftFindsNothingToSign: who is not assigned to an organisation any more neither sees nor opens what waits for its signature.
func TestWhoHasLeftFindsNothingToSign(t *testing.T) {
	w := newAccountWorld(t)
	_, task := w.send()
	w.own.get("/signings").wantText("table", w.a.organizationName)
	w.admin.post("/users/"+w.b.person+"/organizations/"+w.b.organization+"/remove", nil).wantStatus(http.StatusOK)
	w.own.get("/signings").wantText("main", "没有等待您签署的合同")
	w.own.post(task, url.Values{"Current": {testPassword}}).wantStatus(http.StatusNotFound)
}

// TestTheAccountIsAskedForBeforeSending: a template, a table and a replacement that order the own account of somebody who has none are refused
// before anything is sent, in words that say what to do.
func TestTheAccountIsAskedForBeforeSending(t *testing.T) {
	w := newAccountWorld(t)
	colleague := w.a
	colleague.person, colleague.personName = w.person("周强", "440301198001010010", true), "周强"
	if err := w.db.AddUser(t.Context(), db.User{ID: colleague.person, Name: "周强", IDCardType: "ID_CARD", Verified: w.clock.now(),
		Organizations: []db.UserOrganization{{ID: w.a.organization}}}); err != nil {
		t.Fatal(err)
	}
	template := w.admin.templateOf("采购合同", w.a, colleague)
	if _, err := w.db.SaveDraft(t.Context(), db.Everything(), strings.TrimPrefix(template, "/templates/"), 0, func(d *db.Draft) error {
		d.Approvers[1].Channels = []string{api.VerifyChannelAccount}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.bind(w.account, "").wantStatus(http.StatusOK)
	const toDo = "请管理员在“登录账号”中"
	form := use(w.portal, w.a, w.b, "1")
	form.Set("send", "1")
	w.admin.post(template+"/use", form).wantStatus(http.StatusUnprocessableEntity).wantText("main", toDo)
	w.admin.bulk(template, w.a, "甲方签署人,乙方签署人,乙方机构,金额\n"+w.a.person+","+w.b.person+","+w.b.organization+",1\n").wantText("main", toDo)

	draft := w.sender.draft("更换", w.a)
	w.bind("/accounts/"+w.addAccount("zhou", auth.Business, w.a.organization).ID, colleague.person).wantStatus(http.StatusOK)
	for i, person := range []string{w.a.person, colleague.person} {
		w.sender.post(draft+"/people", url.Values{"UserId": {person}, "OrganizationId": {w.a.organization}, "Channel": {[]string{"NONE", "ACCOUNT"}[i]}, "Step": {fmt.Sprint(i + 1)}}).
			wantStatus(http.StatusOK)
	}
	w.sender.seals(draft)
	flow := w.sender.sentFlow(w.sender.post(draft+"/send", nil))
	if flow == "" {
		t.Fatal("the contract was not sent")
	}
	replace := flow + "/people/" + w.flow(flow).Approvers[1].ID + "/replace"
	w.sender.post(replace, url.Values{"UserId": {w.b.person}, "OrganizationId": {w.b.organization}}).
		wantStatus(http.StatusUnprocessableEntity).wantText("main", toDo)
	w.bind(w.account, w.b.person).wantStatus(http.StatusOK)
	w.sender.post(replace, url.Values{"UserId": {w.b.person}, "OrganizationId": {w.b.organization}}).wantStatus(http.StatusOK)
}

package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
)

// accountWorld is a portal in which A's man sends contracts to B's, who signs by an account of her own.
type accountWorld struct {
	*portal
	a, b                       side
	admin, sender, own, others *visitor
	outside                    *visitor // a stranger's browser on the signer's pages
	account                    string   // path of the signer's account
}

func newAccountWorld(t *testing.T) *accountWorld {
	p := startPortal(t, strict)
	p.background()
	w := &accountWorld{portal: p, a: p.side(0), b: p.side(1), outside: p.signersPages()}
	w.admin, w.sender, w.own, w.others = p.as(auth.Admin), p.as(auth.Business, w.a.organization), p.as(auth.Compliance, w.b.organization), p.as(auth.Business, w.b.organization)
	w.account = "/accounts/" + p.account("compliance").ID
	w.bind(w.account, w.b.person).wantStatus(http.StatusOK)
	w.bind("/accounts/"+p.account("business-b").ID, w.a.person).wantStatus(http.StatusUnprocessableEntity)
	return w
}

func (w *accountWorld) bind(account, person string) *reply {
	return w.admin.post(account+"/person", url.Values{"PersonId": {person}})
}

// send sends a contract that B's signer signs by her account, and gives the paths of contract and task.
func (w *accountWorld) send() (flow, task string) {
	w.t.Helper()
	if flow = w.sender.sendDraftTo(w.a, w.b, api.VerifyChannelAccount); flow == "" {
		w.t.Fatal("the contract was not sent")
	}
	return flow, "/signings/" + strings.TrimPrefix(flow, "/flows/") + "/" + w.flow(flow).Approvers[0].ID
}

// handed is the signing page's path, and the ticket that an answer of the portal hands on.
func handed(r *reply) (path, ticket string) {
	r.t.Helper()
	form := r.wantStatus(http.StatusOK).find("form[data-signing-open]")
	u, err := url.Parse(form.AttrOr("action", ""))
	if err != nil || !strings.HasSuffix(u.Path, "/account") {
		r.t.Fatalf("%s hands nothing on: %s", r.what, clip(r.body, 3000))
	}
	if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' http://engine.test;") {
		r.t.Errorf("the page may not post on: %s", csp)
	}
	return strings.TrimSuffix(u.Path, "/account"), form.Find("input[name=Ticket]").AttrOr("value", "")
}

// browser opens another stranger's browser on the signer's pages.
func (w *accountWorld) browser() *visitor {
	v := w.visitor()
	v.p = w.outside.p
	return v
}

// act posts the signer's form of a page, as far as it shows one.
func (w *accountWorld) act(v *visitor, link, what string) *reply {
	page := v.get(link)
	return v.post(link+what, url.Values{"Agree": {"on"}, "seal.0": {page.find("#sign input[name='seal.0']").AttrOr("value", "")}, "Reason": {"不同意"},
		"VerifyChannel": {api.VerifyChannelAccount}, "Shown": {page.find("#sign input[name=Shown]").AttrOr("value", "")}})
}

// status is what the platform says of the first task.
func (w *accountWorld) status(flow string) int64 {
	w.t.Helper()
	resp, err := api.DescribeFlowApprovers.Call(w.t.Context(), w.client, &api.DescribeFlowApproversRequest{FlowId: w.flow(flow).PlatformID})
	if err != nil || len(resp.Approvers) != 1 {
		w.t.Fatal(err)
	}
	return resp.Approvers[0].ApproveStatus
}

// TestASignerSignsFromTheirOwnAccount is the whole way: the list, the password once more, the ticket in a form, the page without scripts, the
// signature that names the account, and the events.
func TestASignerSignsFromTheirOwnAccount(t *testing.T) {
	w := newAccountWorld(t)
	flow, task := w.send()
	w.own.get("/").wantText(".tasks", "合同")
	w.own.get("/signings").wantText("table", w.a.organizationName)
	w.own.get(flow).wantStatus(http.StatusNotFound) // she reads it on the signing page only

	w.own.post(task, nil).wantStatus(http.StatusOK).wantText("form", "密码")
	w.own.post(task, url.Values{"Current": {"wrong"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Current")
	w.own.post(task, url.Values{"Code": {"123456"}}).wantStatus(http.StatusUnprocessableEntity)
	link, ticket := handed(w.own.post(task, url.Values{"Current": {testPassword}}))
	handed(w.own.post(task, nil)) // a moment later nothing is asked
	w.clock.advance(proofLife)
	w.own.post(task, nil).wantText("form", "密码")

	page := w.outside.post(link+"/account", url.Values{"Ticket": {ticket}}).wantStatus(http.StatusOK).wantPath(link)
	page.wantText("#sign", "compliance (compliance)")
	if strings.Contains(page.body, ticket) {
		t.Error("the page shows the ticket")
	}
	w.act(w.outside, link, "/sign").wantStatus(http.StatusOK).wantPath(link)
	if got := w.status(flow); got != api.ApproverSigned {
		t.Fatalf("the task is %d", got)
	}
	evidence, err := w.engine.Evidence().Query(t.Context(), audit.Filter{Action: "flow.sign"}, 0, 1)
	if err != nil || len(evidence) != 1 || !strings.Contains(evidence[0].DetailText, `"name":"compliance (compliance)"`) {
		t.Errorf("the evidence is %+v, %v", evidence, err)
	}
	events, err := w.db.Audit().Query(t.Context(), audit.Filter{Action: "flow.open"}, 0, 9)
	if err != nil || len(events) != 2 || events[0].Actor.Name != "compliance" || events[0].Actor.Session == "" || events[0].Detail["second_factor"] != false ||
		events[0].Detail["user"] != w.b.person {
		t.Errorf("recorded as %+v, %v", events, err)
	}
	w.until("the portal knows", func() bool { return w.flow(flow).Approvers[0].Status == api.ApproverSigned })
	w.own.get("/signings").wantText("main", "没有等待您签署的合同")
	w.own.post(task, url.Values{"Current": {testPassword}}).wantStatus(http.StatusNotFound)
}

// TestNobodyElseSignsFromAnAccount: not the sender, an administrator, a colleague, nor whoever has a link, another ticket, or one whose account
// was taken away.
func TestNobodyElseSignsFromAnAccount(t *testing.T) {
	w := newAccountWorld(t)
	flow, task := w.send()
	other, otherTask := w.send()
	approver := flow + "/approvers/" + w.flow(flow).Approvers[0].ID
	if n := w.sender.get(flow).find("form[action$='/link'], form[action$='/remind']").Length(); n != 0 {
		t.Errorf("the sender is offered %d links", n)
	}
	for _, v := range []*visitor{w.sender, w.admin} {
		for _, way := range []string{"/link", "/remind"} {
			if got := v.post(approver+way, nil); got.status != http.StatusConflict || strings.Contains(got.body, "/s/") {
				t.Errorf("%s answered %d", way, got.status)
			}
		}
	}
	for who, v := range map[string]*visitor{"the sender": w.sender, "an administrator": w.admin, "a colleague": w.others} {
		if got := v.post(task, url.Values{"Current": {testPassword}}); got.status != http.StatusNotFound {
			t.Errorf("%s opened it: %d", who, got.status)
		}
	}
	call := url.Values{"UserId": {w.b.person}, "FlowId": {w.flow(flow).PlatformID}, "SignId": {w.flow(flow).Approvers[0].SignID}, "Deadline": {"4102444800"}, "Confirmed": {"true"}}
	if got := w.admin.post("/calls/CreateSignUrl", call); strings.Contains(got.body, "engine.test/s/") {
		t.Error("a raw call gives the link")
	}
	w.admin.post("/calls/CreateAccountSignUrl", call).wantStatus(http.StatusNotFound)

	link, ticket := handed(w.own.post(task, url.Values{"Current": {testPassword}}))
	otherLink, _ := handed(w.own.post(otherTask, nil))
	try := func(what, link, ticket string) {
		t.Helper()
		w.clock.advance(time.Minute) // a link takes so many acts a minute
		v := w.browser()
		if ticket != "" {
			v.post(link+"/account", url.Values{"Ticket": {ticket}}).wantStatus(http.StatusOK)
		}
		for _, act := range []string{"/sign", "/reject"} {
			w.act(v, link, act)
		}
		if w.status(flow) != api.ApproverPending || w.status(other) != api.ApproverPending {
			t.Errorf("%s: signed or refused", what)
		}
		for _, channel := range []string{"ACCOUNT", "NONE", "VERIFYCODE", "OFFLINE"} {
			err := w.engine.SessionSign(t.Context(), strings.TrimPrefix(link, "/s/"), engine.SessionSign{VerifyChannel: channel, VerifyResult: "x"})
			if err == nil {
				t.Errorf("%s: signed by %s", what, channel)
			}
		}
	}
	try("the link alone", link, "")
	try("a forged ticket", link, strings.Repeat("A", len(ticket)))
	try("the ticket of another contract", otherLink, ticket)
	w.bind(w.account, "").wantStatus(http.StatusOK)
	try("an account that is bound no more", link, ticket)
	w.own.post(task, nil).wantStatus(http.StatusNotFound)
	w.bind("/accounts/"+w.portal.account("business-b").ID, w.b.person).wantStatus(http.StatusOK)
	try("the account is another one", link, ticket)
	w.bind("/accounts/"+w.portal.account("business-b").ID, "").wantStatus(http.StatusOK)
	w.bind(w.account, w.b.person).wantStatus(http.StatusOK)
	try("a ticket of before the account was taken away", link, ticket)

	link, ticket = handed(w.own.post(task, url.Values{"Current": {testPassword}}))
	w.clock.advance(time.Minute)
	v := w.browser()
	v.post(link+"/account", url.Values{"Ticket": {ticket}})
	try("a ticket that another browser took", link, ticket)
	v.post(link+"/account", url.Values{"Ticket": {ticket}}).wantText("#sign", "compliance (compliance)") // reloading takes nothing away
	w.act(v, link, "/reject")
	if got := w.status(flow); got != api.ApproverRejected {
		t.Fatalf("the signer's own refusal: %d", got)
	}
	try2 := w.browser()
	try2.post(otherLink+"/account", url.Values{"Ticket": {ticket}})
	if w.act(try2, otherLink, "/sign"); w.status(other) != api.ApproverPending {
		t.Error("a ticket was used twice")
	}
}

// TestASecondFactorIsAskedForBeforeSigning: the password is not enough for an account that has one, and the event says which it was.
func TestASecondFactorIsAskedForBeforeSigning(t *testing.T) {
	w := newAccountWorld(t)
	_, task := w.send()
	secret, _ := w.own.enrol()
	w.clock.advance(time.Minute)
	w.own.post(task, url.Values{"Current": {testPassword}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Code")
	handed(w.own.post(task, url.Values{"Code": {w.code(secret)}}))
	events, err := w.db.Audit().Query(t.Context(), audit.Filter{Action: "flow.open"}, 0, 9)
	if err != nil || len(events) != 1 || events[0].Detail["second_factor"] != true {
		t.Errorf("recorded as %+v, %v", events, err)
	}
}

// TestOnlyWhoHasAnAccountIsAskedForIt: draft, template, replacement and the door in front of the platform refuse who has none, and nobody may
// skip it.
func TestOnlyWhoHasAnAccountIsAskedForIt(t *testing.T) {
	w := newAccountWorld(t)
	draft := w.sender.draft("没有账号", w.a)
	person := func(s side, channels ...string) url.Values {
		return url.Values{"UserId": {s.person}, "OrganizationId": {s.organization}, "Channel": channels, "Step": {"1"}}
	}
	w.sender.post(draft+"/people", person(w.a, "ACCOUNT")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Channel")
	w.sender.post(draft+"/people", person(w.b, "ACCOUNT", "NONE")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Channel")
	w.sender.post(draft+"/people", person(w.b, "ACCOUNT")).wantStatus(http.StatusOK)
	w.sender.seals(draft)
	w.bind(w.account, "").wantStatus(http.StatusOK)
	w.sender.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "没有可登录的本人账号")
	w.admin.post("/calls/SendFlow", url.Values{"OperatorId": {w.a.person}, "SubOrganizationId": {w.b.organization}, "FlowId": {"flow"}, "UserId": {w.b.person}, "VerifyChannel": {"ACCOUNT"},
		"SignComponents[0].ComponentType": {"SIGN_SEAL"}, "Confirmed": {"true"}}).wantStatus(http.StatusUnprocessableEntity).wantText("main", "没有可登录的本人账号")

	// Whose account went after the contract was begun is not sent to.
	w.bind(w.account, w.b.person).wantStatus(http.StatusOK)
	d := w.draftOf(draft)
	d.Approvers[0].UserID, d.Approvers[0].OrganizationID = w.a.person, w.a.organization
	started := "0123456789abcdef0123456789abcdef"
	if _, err := w.db.SaveDraft(t.Context(), db.Everything(), d.ID, 0, func(to *db.Draft) error { to.Approvers = d.Approvers; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := w.db.StartFlow(t.Context(), db.Everything(), d.ID, d.Revision+1, started); err != nil {
		t.Fatal(err)
	}
	w.routing.Wake()
	w.until("refused", func() bool { return w.flow("/flows/"+started).Problem == db.CodeNoAccount })
}

package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

func (p *portal) draftOf(path string) db.Draft {
	p.t.Helper()
	d, err := p.db.Draft(context.Background(), db.Everything(), strings.TrimPrefix(path, "/drafts/"))
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// sendRouted sends a contract that a compliance account must approve between its two signers.
func (p *portal) sendRouted(v *visitor, a, b side) (flow string) {
	p.t.Helper()
	draft := v.draft("设备租赁合同", a, a, b)
	v.post(draft+"/approvals", url.Values{"Decider": {string(auth.Compliance)}, "Before": {"2"}}).wantStatus(http.StatusOK)
	v.post(draft+"/copies", url.Values{"CopyName": {"财务部"}}).wantStatus(http.StatusOK)
	v.seals(draft)
	flow = v.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("the first step is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	p.sign(flow, 0)
	p.until("the approval is asked for", func() bool { return p.flow(flow).Approvals[0].Status == db.ApprovalAsked })
	return flow
}

func TestAnApprovalBlocksUntilItIsGiven(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	business, reviewer := p.as(auth.Business, a.organization), p.as(auth.Compliance)
	stranger := p.as(auth.Compliance, b.organization)
	flow := p.sendRouted(business, a, b)
	decision := flow + "/approvals/" + p.flow(flow).Approvals[0].ID + "/decision"

	f := p.flow(flow)
	if f.State != db.FlowSigning || f.Approvers[1].SignID != "" {
		t.Fatalf("the flow did not wait: %d %+v", f.State, f.Approvers)
	}
	business.get(flow).wantStatus(http.StatusOK).wantText(".flow-block", "等待 任意一位合规审计 审批")
	reviewer.get("/approvals").wantStatus(http.StatusOK).wantText("table", "设备租赁合同")
	if stranger.get("/approvals").wantStatus(http.StatusOK).find("table").Length() != 0 {
		t.Error("an account of another organisation is asked")
	}
	stranger.post(decision, url.Values{"Decision": {"approve"}}).wantStatus(http.StatusNotFound)
	business.post(decision, url.Values{"Decision": {"approve"}}).wantStatus(http.StatusNotFound)
	reviewer.post(decision, url.Values{"Decision": {"refuse"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Comment")

	reviewer.post(decision, url.Values{"Decision": {"approve"}, "Comment": {"可以用印"}}).wantStatus(http.StatusOK).wantText("main", "可以用印")
	reviewer.post(decision, url.Values{"Decision": {"refuse"}, "Comment": {"又不行了"}}).wantStatus(http.StatusConflict)
	p.until("the step after it is sent", func() bool { return p.flow(flow).Approvers[1].SignID != "" })
	p.sign(flow, 1)
	p.until("complete", func() bool { return p.flow(flow).State == db.FlowSigned })
	p.until("the copy has its link", func() bool {
		copies, err := p.db.FlowCopies(context.Background(), strings.TrimPrefix(flow, "/flows/"))
		return err == nil && copies[0].URL != ""
	})
	link := business.post(flow+"/copies/"+p.flow(flow).Document.Copies[0].ID+"/link", nil).wantStatus(http.StatusOK)
	if address := link.find(".copy-text input").AttrOr("value", ""); !strings.HasPrefix(address, "http://engine.test/p/") {
		t.Errorf("the link of the copy is %q", address)
	}
	entries, err := p.db.Outbox(context.Background(), strings.TrimPrefix(flow, "/flows/"))
	if err != nil || slices.ContainsFunc(entries, func(e db.OutboxEntry) bool { return strings.HasPrefix(e.Result, "http") }) {
		t.Errorf("the link rests in clear: %+v %v", entries, err)
	}
	for _, action := range []string{"flow.approved", "flow.copy_link"} {
		if events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: action}, 0, 5); err != nil || len(events) != 1 {
			t.Errorf("%s is recorded %d times: %v", action, len(events), err)
		}
	}
}

func TestWhoOnlyReadsIsOfferedNoMove(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	business, reviewer := p.as(auth.Business, a.organization), p.as(auth.Compliance)
	draft := business.draft("设备租赁合同", a, a, b)
	business.post(draft+"/approvals", url.Values{"Decider": {string(auth.Compliance)}, "Before": {"2"}}).wantStatus(http.StatusOK)
	business.seals(draft)
	flow := business.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("the first step is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	moves := "form[action$='/move']"
	if n := business.get(flow).wantStatus(http.StatusOK).find(moves).Length(); n != 2 {
		t.Errorf("%d of the approval and the signer behind it can be moved", n)
	}
	if n := reviewer.get(flow).wantStatus(http.StatusOK).find(moves).Length(); n != 0 {
		t.Errorf("%d moves are offered to whoever may not move", n)
	}
}

func TestARefusedApprovalWithdrawsTheContract(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	business, reviewer := p.as(auth.Business, a.organization), p.as(auth.Compliance)
	flow := p.sendRouted(business, a, b)
	reviewer.post(flow+"/approvals/"+p.flow(flow).Approvals[0].ID+"/decision", url.Values{"Decision": {"refuse"}, "Comment": {"金额超过授权"}}).wantStatus(http.StatusOK)
	p.until("withdrawn", func() bool { return p.flow(flow).State == db.FlowWithdrawn })
	business.get(flow).wantText("#flow-state", "已撤回").wantText("main", "原因：金额超过授权")
	state, err := api.DescribeFlow.Call(context.Background(), p.client, &api.DescribeFlowRequest{Caller: flowCaller(p.flow(flow)), FlowId: p.flow(flow).PlatformID})
	if err != nil || state.FlowStatus != int64(db.FlowWithdrawn) || state.FlowMessage != "金额超过授权" {
		t.Errorf("the platform says %+v, %v", state, err)
	}
	again := business.post(flow+"/restart", nil).wantStatus(http.StatusOK).path
	if d := p.draftOf(strings.TrimSuffix(again, "/people")); len(d.Approvals) != 1 || len(d.Components) != 2 {
		t.Errorf("the draft came back as %+v", d)
	}
}

func TestNobodyApprovesTheirOwnRequest(t *testing.T) {
	p := startPortal(t)
	p.background()
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("自己审批的合同", a, a)
	admin.post(draft+"/approvals", url.Values{"Decider": {p.account("admin").ID}, "Before": {"1"}}).wantStatus(http.StatusOK)
	admin.seals(draft)
	admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "第 1 步的审批人不足")

	// Of a role there may be somebody else, but not oneself.
	p.as(auth.Admin)
	id := p.draftOf(draft).Approvals[0].ID
	admin.post(draft+"/people/"+id+"/remove", nil).wantStatus(http.StatusOK)
	admin.post(draft+"/approvals", url.Values{"Decider": {string(auth.Admin)}, "Before": {"1"}}).wantStatus(http.StatusOK)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("on the platform, not sent to anybody", func() bool { return p.flow(flow).State == db.FlowCreated })
	admin.post(flow+"/approvals/"+p.flow(flow).Approvals[0].ID+"/decision", url.Values{"Decision": {"approve"}}).wantStatus(http.StatusConflict).wantText("main", "不能审批自己发送的合同")
	if f := p.flow(flow); f.Approvers[0].SignID != "" {
		t.Error("it was sent all the same")
	}
}

func TestPeopleAreArrangedOnThePage(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	draft := admin.draft("顺序", a, a, b)
	first, second := p.draftOf(draft).Approvers[0].ID, p.draftOf(draft).Approvers[1].ID
	steps := func() (int, int) { d := p.draftOf(draft); return d.Approvers[0].Step, d.Approvers[1].Step }

	admin.post(draft+"/people/"+second+"/move", url.Values{"Way": {"earlier"}}).wantStatus(http.StatusOK).wantPath(draft + "/people")
	if x, y := steps(); x != 1 || y != 1 {
		t.Errorf("joined: %d %d", x, y)
	}
	admin.post(draft+"/steps/1", url.Values{"Need": {"1"}}).wantStatus(http.StatusOK).wantText(".route", "2 人中任意 1 人").wantText(".route .notice", "拒签会使整份合同结束")
	admin.post(draft+"/people/"+first+"/move", url.Values{"Way": {"before"}, "Step": {"2"}}).wantStatus(http.StatusOK)
	if x, y := steps(); x != 2 || y != 1 || len(p.draftOf(draft).Needs) != 0 {
		t.Errorf("a step of one's own: %d %d %v", x, y, p.draftOf(draft).Needs)
	}
	admin.post(draft+"/people/"+first+"/move", url.Values{"Way": {"sideways"}}).wantStatus(http.StatusBadRequest)
	admin.post(draft+"/people/nobody/move", url.Values{"Way": {"earlier"}}).wantStatus(http.StatusNotFound)
}

func TestTheRulesOfASignerAreKeptAndSent(t *testing.T) {
	p := startPortal(t)
	p.background()
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("验证码", a, a)
	person := draft + "/people/" + p.draftOf(draft).Approvers[0].ID
	form := url.Values{"Channel": {"VERIFYCODE", "FACEID"}, "FullText": {"true"}, "PreRead": {"30"}}
	form.Set("Deadline", p.clock.now().In(beijing()).AddDate(0, 0, 30).Format(deadlineLayout))
	admin.post(person, form).wantStatus(http.StatusUnprocessableEntity).wantProblem("Deadline")
	form.Set("Deadline", p.clock.now().In(beijing()).AddDate(0, 0, 2).Format(deadlineLayout))
	admin.post(person, form).wantStatus(http.StatusOK).wantText(".route", "验证码").wantText(".route", "至少阅读 30 秒")
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	f := p.flow(flow)
	sent, err := api.DescribeFlowApprovers.Call(context.Background(), p.client, &api.DescribeFlowApproversRequest{Caller: flowCaller(f), FlowId: f.PlatformID})
	if err != nil || len(sent.Approvers) != 1 {
		t.Fatalf("the platform has %+v, %v", sent, err)
	}
}

func TestALaterStepIsReplacedAndMovedWithoutACancel(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	v, stranger := p.as(auth.Business, a.organization), p.as(auth.Business, b.organization)
	draft := v.draft("三方协议", a, a, b)
	v.seals(draft)
	flow := v.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	sent, later := p.flow(flow).Approvers[0].ID, p.flow(flow).Approvers[1].ID

	stranger.get(flow + "/people/" + later + "/replace").wantStatus(http.StatusNotFound)
	stranger.post(flow+"/people/"+later+"/move", url.Values{"Way": {"earlier"}}).wantStatus(http.StatusNotFound)
	v.get(flow + "/people/" + sent + "/replace").wantStatus(http.StatusConflict)
	v.post(flow+"/people/"+sent+"/move", url.Values{"Way": {"later"}}).wantStatus(http.StatusConflict)
	v.post(flow+"/people/"+later+"/replace", url.Values{"UserId": {a.person}, "OrganizationId": {a.organization}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("UserId")
	if err := p.db.AssignUser(context.Background(), db.Everything(), b.person, a.organization); err != nil {
		t.Fatal(err)
	}
	v.post(flow+"/people/"+later+"/replace", url.Values{"UserId": {b.person}, "OrganizationId": {a.organization}}).wantStatus(http.StatusOK).wantText("main", "替换了 李娜")
	v.post(flow+"/people/"+later+"/move", url.Values{"Way": {"earlier"}}).wantStatus(http.StatusOK)
	p.until("the moved one is sent", func() bool { return p.flow(flow).Approvers[1].SignID != "" })
	if f := p.flow(flow); f.Approvers[1].OrganizationID != a.organization || f.Approvers[1].Step != 1 {
		t.Errorf("sent as %+v", f.Approvers[1])
	}

	// Whoever has been sent to can only be replaced by a new contract.
	v.post(flow+"/restart", url.Values{"Name": {"别的名字"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name")
	again := v.post(flow+"/restart", url.Values{"Name": {"三方协议"}}).wantStatus(http.StatusOK).path
	if !strings.HasSuffix(again, "/people") || p.flow(flow).State != db.FlowWithdrawn {
		t.Errorf("led to %s, the flow is %d", again, p.flow(flow).State)
	}
}

func TestWhoMissedTheirDeadlineIsSentToAgain(t *testing.T) {
	p := startPortal(t)
	p.background()
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("逾期", a, a)
	admin.post(draft+"/people/"+p.draftOf(draft).Approvers[0].ID, url.Values{"Channel": {"NONE"},
		"Deadline": {p.clock.now().In(beijing()).Add(2 * time.Hour).Format(deadlineLayout)}}).wantStatus(http.StatusOK)
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	first := p.flow(flow).Approvers[0]
	admin.post(flow+"/approvers/"+first.ID+"/again", nil).wantStatus(http.StatusConflict)
	p.clock.advance(3 * time.Hour)
	admin = p.visitor()
	admin.logIn("admin", testPassword).wantStatus(http.StatusOK)
	p.until("expired", func() bool { return p.flow(flow).Approvers[0].Status == db.ApproverExpired })
	admin.get(flow).wantStatus(http.StatusOK).wantText(".flow-block", "逾期未签")
	admin.post(flow+"/approvers/"+first.ID+"/again", nil).wantStatus(http.StatusOK)
	p.until("sent again", func() bool {
		now := p.flow(flow).Approvers[0]
		return now.Status == api.ApproverPending && now.SignID != first.SignID
	})
	p.sign(flow, 0)
	p.until("signed", func() bool { return p.flow(flow).State == db.FlowSigned })
}

func TestDestroyingWantsTheNameTyped(t *testing.T) {
	p := startPortal(t)
	p.background()
	a := p.side(0)
	admin, business := p.as(auth.Admin), p.as(auth.Business)
	draft := admin.draft("销毁的合同", a, a)
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	admin.get(flow + "/destroy").wantStatus(http.StatusConflict)
	p.sign(flow, 0)
	p.until("signed", func() bool { return p.flow(flow).State == db.FlowSigned })
	admin.post(flow+"/archive", nil).wantStatus(http.StatusOK)
	business.get(flow + "/destroy").wantStatus(http.StatusForbidden)
	admin.post(flow+"/destroy", url.Values{"Name": {"销毁"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name")
	admin.post(flow+"/destroy", url.Values{"Name": {"销毁的合同"}}).wantStatus(http.StatusOK).wantText("#flow-state", "已销毁")
	admin.get(flow + "/files/0/download").wantStatus(http.StatusConflict)
	if events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: "contract.destroy"}, 0, 5); err != nil || len(events) != 1 {
		t.Errorf("recorded %d times: %v", len(events), err)
	}
}

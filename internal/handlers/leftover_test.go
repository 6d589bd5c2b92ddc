package handlers

import (
	"net/http"
	"net/url"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// A contract that enough have signed is complete, but whoever still holds a task can end it by declining.
func TestWhoeverIsLeftOverMayStillDecline(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	draft := admin.draft("会议服务合同", a, a)
	admin.post(draft+"/people", url.Values{"UserId": {b.person}, "OrganizationId": {b.organization}, "Channel": {"NONE"}, "Step": {"1"}}).wantStatus(http.StatusOK)
	admin.post(draft+"/steps/1", url.Values{"Need": {"1"}}).wantStatus(http.StatusOK)
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("both are sent to", func() bool { f := p.flow(flow); return f.State == db.FlowSigning && f.Approvers[1].SignID != "" })

	p.sign(flow, 0)
	p.until("one is enough", func() bool { return p.flow(flow).State == db.FlowSigned })
	page := admin.get(flow).wantStatus(http.StatusOK).wantText("#flow-state", "签署完成").wantText(".notice", "李娜")
	if page.find("form[action$='/archive']").Length() != 0 {
		t.Error("the contract can be archived while a task is open")
	}
	admin.post(flow+"/archive", nil).wantStatus(http.StatusConflict)

	f := p.flow(flow)
	if _, err := api.RejectFlow.Call(t.Context(), p.client, &api.RejectFlowRequest{Caller: api.Caller{SubOrganizationId: b.organization, OperatorId: b.person},
		FlowId: f.PlatformID, SignId: f.Approvers[1].SignID, VerifyChannel: "NONE", SourceIp: "127.0.0.1", RejectMessage: "场地已另行安排"}); err != nil {
		t.Fatal(err)
	}
	p.until("the refusal ends the contract", func() bool { return p.flow(flow).State == db.FlowRejected })
	f = p.flow(flow)
	if f.Approvers[0].Status != api.ApproverSigned || f.Approvers[1].Status != api.ApproverRejected || f.Approvers[1].Message != "场地已另行安排" {
		t.Errorf("the people stand at %+v", f.Approvers)
	}
	page = admin.get(flow).wantStatus(http.StatusOK).wantText("#flow-state", "已拒签").wantText(".timeline", "场地已另行安排")
	for _, gone := range []string{"/archive", "/remind", "/link"} {
		if page.find("form[action$='"+gone+"']").Length() != 0 {
			t.Errorf("%s is offered for a contract that has ended", gone)
		}
	}
	if page.find(".flow-block").Length() != 0 || page.find("a[href='"+flow+"/restart']").Length() != 1 {
		t.Error("the page does not say that it is over, or how to go on")
	}
	if line := admin.get("/flows?q="+url.QueryEscape("会议服务")).wantText("table", "会议服务合同"); line.find("td[data-label='等待谁'] time").Length() != 0 {
		t.Error("the list still waits for somebody")
	}
}

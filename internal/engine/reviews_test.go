package engine_test

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
)

func encode(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// offline sends a flow to q by OFFLINE and signs it so.
func (p *platform) offline(q party) (flowID string, sign *api.SignFlowRequest) {
	p.Helper()
	flowID = p.flow(q)
	req := api.SendFlowUrlRequest(*taskRequest(flowID, q, q, 200))
	req.VerifyChannel = []string{"OFFLINE"}
	signID := do(p, api.SendFlowUrl, &req).SignId
	sign = signRequest(flowID, signID, q)
	sign.VerifyChannel, sign.VerifyResult = "OFFLINE", "视频见证 0702"
	sign.SignSeals[1] = api.SignSeal{ComponentId: "hand", SignType: "SIGN_SIGNATURE", SealContent: encode(picture(300, 100))}
	return flowID, sign
}

func (p *platform) reviews() []engine.Review {
	p.Helper()
	list, err := p.engine.ListReviews(p.Context(), 100)
	if err != nil {
		p.Fatal(err)
	}
	return list
}

func TestOfflineSignaturesAreReviewed(t *testing.T) {
	p := start(t)
	q := p.party(0)
	ctx := t.Context()
	flowID, sign := p.offline(q)
	approver := func() api.FlowApproverInfo {
		return do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers[0]
	}
	if got := do(p, api.SignFlow, sign).Status; got != "REVIEW" {
		t.Errorf("Status = %q", got)
	}
	if a := approver(); a.ApproveStatus != 12 || !a.CanOffLine || a.ApproveMessage != "同意" {
		t.Errorf("%+v", a)
	}
	refused(p, denied, api.SignFlow, sign)
	refused(p, denied, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: q.caller(), FlowId: flowID})
	refused(p, api.CodeInvalidParameterBizApproverAlreadyExists, api.SendFlow, taskRequest(flowID, q, q, 400))

	r := p.reviews()[0]
	if r.FlowID != flowID || r.FlowName != "采购合同" || r.Signer != q.person || r.Organization != q.name || r.Proof != "视频见证 0702" || r.Message != "同意" ||
		r.Status != engine.ApproverReview || r.SourceIP != "203.0.113.7" || !r.Decided.IsZero() {
		t.Errorf("%+v", r)
	}
	if err := p.engine.DecideReview(ctx, r.ID, false, "看不清"); err != nil {
		t.Fatal(err)
	}
	if a := approver(); a.ApproveStatus != 13 || a.ApproveMessage != "看不清" {
		t.Errorf("%+v", a)
	}
	if err := p.engine.DecideReview(ctx, r.ID, true, ""); !errors.Is(err, engine.ErrReviewDecided) {
		t.Errorf("decided twice: %v", err)
	}
	do(p, api.SignFlow, sign) // again
	r = p.reviews()[0]
	p.clock.Add(time.Hour)
	if err := p.engine.DecideReview(ctx, r.ID, true, "已核对"); err != nil {
		t.Fatal(err)
	}
	if a := approver(); a.ApproveStatus != 1 || a.ApproveMessage != "同意" || a.ApproveTime != p.clock.Now().Unix() || a.ComponentSeals[0].SealId != q.seal {
		t.Errorf("%+v", a)
	}
	if got := p.status(flowID); got != 7 {
		t.Errorf("status = %d", got)
	}
	p.checkSigned(p.signedFile(flowID), q.name)
	if list := p.reviews(); len(list) != 2 || !list[0].Accepted || list[0].Note != "已核对" || list[1].Accepted || list[1].Note != "看不清" {
		t.Errorf("%+v", list)
	}
	if err := p.engine.DecideReview(ctx, "nothing", true, ""); !errors.Is(err, engine.ErrReviewUnknown) {
		t.Errorf("%v", err)
	}
}

func TestAReviewEndsWithItsFlow(t *testing.T) {
	p := start(t)
	q, other := p.party(0), p.party(1)
	ctx := t.Context()

	flowID, sign := p.offline(q)
	do(p, api.SignFlow, sign)
	do(p, api.CancelFlow, &api.CancelFlowRequest{Caller: q.caller(), FlowId: flowID})
	for _, accept := range []bool{true, false} {
		if err := p.engine.DecideReview(ctx, p.reviews()[0].ID, accept, ""); !api.IsCode(err, denied) {
			t.Errorf("decided after the withdrawal: %v", err)
		}
	}
	if got := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers[0].ApproveStatus; got != 4 {
		t.Errorf("approver = %d", got)
	}

	// Nobody may sign offline who is not allowed to, and a refusal needs no review.
	flowID = p.flow(q)
	signID := p.task(flowID, q, q, 200)
	sign = signRequest(flowID, signID, q)
	sign.VerifyChannel, sign.VerifyResult = "OFFLINE", "x"
	refused(p, api.CodeInvalidParameterInvalidVerifyResult, api.SignFlow, sign)
	refusal := &api.RejectFlowRequest{Caller: q.caller(), FlowId: flowID, VerifyChannel: "OFFLINE", VerifyResult: "x", SourceIp: "127.0.0.1"}
	refused(p, api.CodeInvalidParameterInvalidVerifyResult, api.RejectFlow, refusal)
	allowed := taskRequest(flowID, q, other, 400)
	allowed.CanOffLine = true // beside NONE
	do(p, api.SendFlow, allowed)
	refusal.Caller = other.caller()
	do(p, api.RejectFlow, refusal)
	if got := p.status(flowID); got != 2 {
		t.Errorf("status = %d", got)
	}
}

func TestInvitationBySMS(t *testing.T) {
	p := start(t)
	q := p.party(0)
	flowID := p.flow(q)
	p.task(flowID, q, p.party(1), 200)
	if got := p.messages(); got != "" {
		t.Errorf("a message without a template: %q", got)
	}
	req := taskRequest(flowID, q, q, 400)
	req.SmsTemplate = &api.SmsTemplate{TemplateId: "1160", Sign: "示例科技"}
	do(p, api.SendFlow, req)
	got := p.messages()
	if !strings.Contains(got, "【示例科技】") || !strings.Contains(got, "采购合同") {
		t.Fatalf("%q", got)
	}
	token := regexp.MustCompile(`/s/([\w-]+)`).FindStringSubmatch(got)
	if s, err := p.engine.SigningSession(t.Context(), token[1]); err != nil || s.Approver.UserID != q.user {
		t.Errorf("the link in the message: %v", err)
	}
}

// TestSourceIpIsKept reads the address that a request tells from the evidence.
func TestSourceIpIsKept(t *testing.T) {
	p := start(t)
	q := p.party(0)
	do(p, api.GenerateOrganizationSeal, &api.GenerateOrganizationSealRequest{Caller: q.caller(), SealType: "OFFICIAL", SourceIp: "203.0.113.99"})
	events, err := p.engine.Evidence().Query(t.Context(), audit.Filter{Action: "seal.create"}, 0, 1)
	if err != nil || len(events) != 1 || !strings.Contains(events[0].DetailText, `"sourceIp":"203.0.113.99"`) {
		t.Errorf("%+v, %v", events, err)
	}
}

package engine_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
)

// A signature by link alone says so in its reason, one with a code does not, and no contract can be named so that it seems to.
func TestASignatureByLinkAloneSaysSo(t *testing.T) {
	p := start(t)
	q := p.party(0)
	flowID, s := p.signedBy(q)
	if !engine.IsUnchecked(s.Reason) {
		t.Errorf("signed by link alone for %q", s.Reason)
	}
	if !p.signedUnchecked(flowID) {
		t.Error("the evidence does not say that nobody was checked")
	}

	flowID = do(p, api.CreateFlowByFiles, &api.CreateFlowByFilesRequest{Caller: q.caller(), FileIds: []string{p.upload(q, contract(t))},
		FlowInfo: api.FlowInfo{FlowName: "采购合同 · " + engine.UncheckedMark, Deadline: p.clock.Now().Add(time.Hour).Unix()}}).FlowId
	req := taskRequest(flowID, q, q, 200)
	req.VerifyChannel = []string{"VERIFYCODE"} // to the registered mobile
	signID := do(p, api.SendFlow, req).SignId
	if err := p.engine.SendCode(t.Context(), p.linkOf(flowID, signID, q)); err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`：(\d{6})`).FindStringSubmatch(p.messages())[1]
	sign := signRequest(flowID, signID, q)
	sign.VerifyChannel, sign.VerifyResult = "VERIFYCODE", code
	do(p, api.SignFlow, sign)
	if s := p.signature(flowID); engine.IsUnchecked(s.Reason) {
		t.Errorf("signed with a code for %q", s.Reason)
	}
	if p.signedUnchecked(flowID) {
		t.Error("the evidence says that nobody was checked")
	}
}

// signedUnchecked tells whether the evidence of a flow's signature says that nobody was checked.
func (p *platform) signedUnchecked(flowID string) bool {
	p.Helper()
	events, err := p.engine.Evidence().Query(p.Context(), audit.Filter{Action: "flow.sign", ObjectType: "flow", ObjectID: flowID}, 0, 1)
	if err != nil || len(events) != 1 {
		p.Fatalf("%+v, %v", events, err)
	}
	detail, err := json.Marshal(events[0].Detail)
	if err != nil {
		p.Fatal(err)
	}
	return strings.Contains(string(detail), `"unchecked":true`)
}

// linkOf makes a link for a task and gives its token.
func (p *platform) linkOf(flowID, signID string, to party) string {
	p.Helper()
	url := do(p, api.CreateSignUrl, &api.CreateSignUrlRequest{Caller: to.caller(), UserId: to.user, FlowId: flowID, SignId: signID, SignUrlType: api.BusinessFlow,
		Deadline: p.clock.Now().Add(time.Hour).Unix()}).SignUrl
	return url[strings.LastIndex(url, "/")+1:]
}

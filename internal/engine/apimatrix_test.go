package engine_test

import (
	"testing"

	"sealdesk/internal/api"
)

// TestNoCallSignsWithoutTheSigner is signing action × who calls × channel that was ordered × own or foreign organisation: a program that holds
// the application's key, and names whoever it likes, signs no task whose signer was ordered to show their will, unless it has what only the
// signer got. Codes, tickets and checks of other people and contracts are no help.
func TestNoCallSignsWithoutTheSigner(t *testing.T) {
	p := start(t)
	sender, other := p.party(0), p.party(1)
	colleague := other // who signs for the sender's organisation
	colleague.organization, colleague.seal = sender.organization, sender.seal
	shown := []string{"VERIFYCODE", "FACEID", "WEIXINAPP", "ACCOUNT", "NONE"}
	for _, channel := range shown[:4] {
		for of, signer := range map[string]party{"own": colleague, "foreign": other} {
			flowID := p.flow(sender)
			req := taskRequest(flowID, sender, signer, 200)
			req.VerifyChannel, req.Mobile = []string{channel}, phone
			signID := do(p, api.SendFlow, req).SignId
			try := func(who, action string, call func() error) {
				t.Helper()
				if err := call(); err == nil {
					t.Errorf("%s of %s organisation: %s by %s is taken", channel, of, action, who)
				}
				if got := p.taskStatus(flowID, signID); got != api.ApproverPending {
					t.Fatalf("%s of %s organisation: %s by %s leaves the task in %d", channel, of, action, who, got)
				}
			}
			for who, caller := range map[string]api.Caller{"the sender": sender.caller(), "the sender, for the signer": {OperatorId: sender.user, SubOrganizationId: signer.organization},
				"the signer": signer.caller(), "the signer, for nobody": {OperatorId: signer.user}, "the application": {}} {
				for _, as := range shown {
					sign, reject := signRequest(flowID, signID, signer), &api.RejectFlowRequest{Caller: caller, FlowId: flowID, SignId: signID, VerifyChannel: as, SourceIp: "203.0.113.7", RejectMessage: "不同意"}
					sign.Caller, sign.VerifyChannel = caller, as
					if as != "NONE" {
						sign.VerifyResult, reject.VerifyResult = "000000", "000000"
					}
					try(who+" with "+as, "SignFlow", func() error { _, err := api.SignFlow.Call(t.Context(), p.client, sign); return err })
					try(who+" with "+as, "RejectFlow", func() error { _, err := api.RejectFlow.Call(t.Context(), p.client, reject); return err })
				}
				silent := silentRequest(flowID, signer, api.Component{ComponentId: "seal"})
				silent.Caller = caller
				try(who, "CreateServerFlowSign", func() error { _, err := api.CreateServerFlowSign.Call(t.Context(), p.client, silent); return err })
			}
		}
	}
	// Nothing above says anything if the same call is refused for another reason: without a check it signs.
	flowID := p.flow(sender)
	signID := do(p, api.SendFlow, taskRequest(flowID, sender, other, 200)).SignId
	do(p, api.SignFlow, signRequest(flowID, signID, other))
	if got := p.taskStatus(flowID, signID); got != api.ApproverSigned {
		t.Errorf("the task without a check is %d", got)
	}
}

func (p *platform) taskStatus(flowID, signID string) int64 {
	p.Helper()
	resp := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID, SignId: signID})
	if len(resp.Approvers) != 1 {
		p.Fatalf("%d tasks", len(resp.Approvers))
	}
	return resp.Approvers[0].ApproveStatus
}

package engine_test

import (
	"slices"
	"testing"
	"time"

	"sealdesk/internal/api"
)

// TestOneActsForOnesOwnOnly asks every action that takes a caller and a flow in the name of everybody whose it is not.
func TestOneActsForOnesOwnOnly(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	flowID := p.flow(first)
	signID := p.task(flowID, first, second, 200)
	until := p.clock.Now().Add(time.Hour).Unix()
	nameless := party{user: second.user}                                    // the right person, for nobody
	elsewhere := party{user: second.user, organization: first.organization} // the right person, for another
	colleague := party{user: first.user, organization: second.organization} // the right organisation, another person
	stranger := party{user: second.user, organization: second.organization} // not the initiator
	sign := func(by party, signID string) func() error {
		return func() error {
			req := signRequest(flowID, signID, second)
			req.Caller = by.caller()
			_, err := api.SignFlow.Call(t.Context(), p.client, req)
			return err
		}
	}
	reject := func(by party, signID string) func() error {
		return func() error {
			_, err := api.RejectFlow.Call(t.Context(), p.client, &api.RejectFlowRequest{Caller: by.caller(), FlowId: flowID, SignId: signID, VerifyChannel: "NONE", SourceIp: "127.0.0.1"})
			return err
		}
	}
	link := func(by api.Caller, user string) func() error {
		return func() error {
			_, err := api.CreateSignUrl.Call(t.Context(), p.client, &api.CreateSignUrlRequest{Caller: by, FlowId: flowID, UserId: user, SignId: signID, Deadline: until})
			return err
		}
	}
	for name, c := range map[string]struct {
		code string
		act  func() error
	}{
		"sign without naming the organisation":      {unknown, sign(nameless, signID)},
		"the same without a SignId":                 {unknown, sign(nameless, "")},
		"sign for another organisation":             {unknown, sign(elsewhere, signID)},
		"another person signs for the organisation": {unknown, sign(colleague, signID)},
		"refuse without naming the organisation":    {unknown, reject(nameless, signID)},
		"refuse for another organisation":           {unknown, reject(elsewhere, "")},
		"a link for a third person":                 {unknown, link(first.caller(), first.user)},
		"a link for a stranger":                     {unknown, link(api.Caller{OperatorId: first.user}, second.user)},
		"another organisation adds somebody": {denied, func() error {
			_, err := api.SendFlow.Call(t.Context(), p.client, taskRequest(flowID, stranger, first, 300))
			return err
		}},
		"the operator, but for nobody, adds somebody": {denied, func() error {
			_, err := api.SendFlow.Call(t.Context(), p.client, taskRequest(flowID, party{user: first.user}, first, 300))
			return err
		}},
		"the operator withdraws for another organisation": {denied, func() error {
			_, err := api.CancelFlow.Call(t.Context(), p.client, &api.CancelFlowRequest{Caller: colleague.caller(), FlowId: flowID})
			return err
		}},
		"another organisation signs silently": {api.CodeResourceUnavailable, func() error {
			_, err := api.CreateServerFlowSign.Call(t.Context(), p.client, silentRequest(flowID, stranger, api.Component{ComponentId: "seal"}))
			return err
		}},
	} {
		if err := c.act(); !api.IsCode(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	for name, by := range map[string]api.Caller{"the initiator": first.caller(), "the signer": second.caller(), "the signer without an organisation": {OperatorId: second.user}, "the application": {}} {
		if err := link(by, second.user)(); err != nil {
			t.Errorf("a link for %s: %v", name, err)
		}
	}
	do(p, api.SignFlow, signRequest(flowID, signID, second))
	refused(p, denied, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: stranger.caller(), FlowId: flowID})
	do(p, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: first.caller(), FlowId: flowID})
}

// TestTheApplicationsSealIsForTheApplication: ORG_DEFAULT_SEAL names the seal of the application itself. Nobody else gets it into a task of
// theirs, whoever sends it to them.
func TestTheApplicationsSealIsForTheApplication(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	do(p, api.GenerateOrganizationSeal, &api.GenerateOrganizationSealRequest{SealType: "CONTRACT", SourceIp: "127.0.0.1"})
	own := party{user: first.user}
	for name, c := range map[string]struct{ by, to party }{
		"a sub-organisation's flow":       {first, first},
		"the same, to a person":           {first, own},
		"the application's, to another":   {own, party{user: second.user}},
		"the application's, to a company": {own, first},
	} {
		req := taskRequest(p.flow(c.by), c.by, c.to, 200)
		req.SignComponents[0].ComponentValue = "ORG_DEFAULT_SEAL"
		if _, err := api.SendFlow.Call(t.Context(), p.client, req); !api.IsCode(err, value) {
			t.Errorf("%s: %v", name, err)
		}
	}
	flowID := p.flow(own)
	req := taskRequest(flowID, own, own, 200)
	req.SignComponents[0].ComponentValue = "ORG_DEFAULT_SEAL"
	do(p, api.SendFlow, req)
	do(p, api.SignFlow, &api.SignFlowRequest{Caller: own.caller(), FlowId: flowID, VerifyChannel: "NONE", SourceIp: "127.0.0.1",
		SignSeals: []api.SignSeal{{ComponentId: "seal", SignType: "SIGN_SEAL"}}})
}

// TestAnOrderedCheckCannotBeSkipped: with a check ordered, NONE beside it counts for nothing, on the page, by the API and silently.
func TestAnOrderedCheckCannotBeSkipped(t *testing.T) {
	for _, real := range []string{"VERIFYCODE", "FACEID", "WEIXINAPP", "OFFLINE"} {
		t.Run(real, func(t *testing.T) {
			p := start(t)
			q := p.party(0)
			flowID := p.flow(q)
			req := taskRequest(flowID, q, q, 200)
			req.VerifyChannel, req.Mobile = []string{"NONE", real}, phone
			if real == "OFFLINE" { // SendFlowUrl's alone
				req.VerifyChannel, req.CanOffLine = []string{"NONE", "VERIFYCODE"}, true
			}
			do(p, api.SendFlow, req)
			if got := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers[0].VerifyChannel; slices.Contains(got, "NONE") || len(got) != 1 {
				t.Errorf("the task says %v", got)
			}
			token := p.link(flowID, q)
			s, err := p.engine.SigningSession(t.Context(), token)
			if err != nil || slices.Contains(s.Approver.VerifyChannels, "NONE") {
				t.Errorf("the page offers %v, %v", s.Approver.VerifyChannels, err)
			}
			refused(p, api.CodeInvalidParameterInvalidVerifyResult, api.SignFlow, signRequest(flowID, "", q))
			refused(p, api.CodeInvalidParameterInvalidVerifyResult, api.RejectFlow, &api.RejectFlowRequest{Caller: q.caller(), FlowId: flowID, VerifyChannel: "NONE", SourceIp: "127.0.0.1"})
			refused(p, api.CodeResourceUnavailable, api.CreateServerFlowSign, silentRequest(flowID, q, api.Component{ComponentId: "seal"}))
			if got := p.status(flowID); got != 1 {
				t.Errorf("the flow is in state %d", got)
			}
		})
	}
}

// TestACodeOfAnotherFlowSignsNothing: neither a code for another contract nor one for none in particular.
func TestACodeOfAnotherFlowSignsNothing(t *testing.T) {
	p := start(t)
	q := p.party(0)
	flowID, other := p.flow(q), p.flow(q)
	req := taskRequest(flowID, q, q, 200)
	req.VerifyChannel, req.Mobile = []string{"VERIFYCODE"}, phone
	do(p, api.SendFlow, req)
	act := signRequest(flowID, "", q)
	act.VerifyChannel = "VERIFYCODE"
	for _, bound := range []string{other, ""} {
		act.VerifyResult = p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: phone, FlowId: bound})
		refused(p, api.CodeInvalidParameterInvalidVerifyResult, api.SignFlow, act)
		p.clock.Add(time.Minute)
	}
	act.VerifyResult = p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: phone, FlowId: flowID})
	do(p, api.SignFlow, act)
}

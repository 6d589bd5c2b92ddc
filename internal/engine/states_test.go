package engine_test

import (
	"fmt"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

const (
	denied  = api.CodeOperationDenied
	value   = api.CodeInvalidParameterValue
	unknown = api.CodeResourceNotFound
	gone    = api.CodeResourceUnavailable
)

// stage brings flows into a state by the steps that lead there.
type stage struct {
	*platform
	first, second party
}

// flowIn gives a flow in a state, and the task of the first party where there is one.
func (s stage) flowIn(state engine.FlowStatus) (flowID, signID string) {
	flowID = s.flow(s.first)
	if state == engine.FlowCreated {
		return flowID, ""
	}
	signID = s.task(flowID, s.first, s.first, 200)
	switch state {
	case engine.FlowRejected:
		do(s.platform, api.RejectFlow, &api.RejectFlowRequest{Caller: s.first.caller(), FlowId: flowID, VerifyChannel: "NONE", SourceIp: "127.0.0.1", RejectMessage: "不同意"})
	case engine.FlowCancelled:
		do(s.platform, api.CancelFlow, &api.CancelFlowRequest{Caller: s.first.caller(), FlowId: flowID, CancelMessage: "条款有误"})
	case engine.FlowSigned, engine.FlowArchived, engine.FlowDestroyed:
		do(s.platform, api.SignFlow, signRequest(flowID, signID, s.first))
		if state != engine.FlowSigned {
			do(s.platform, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: s.first.caller(), FlowId: flowID})
		}
		if state == engine.FlowDestroyed {
			do(s.platform, api.DestroyFlowFile, &api.DestroyFlowFileRequest{FlowId: flowID})
		}
	case engine.FlowExpired:
		s.clock.Add(31 * 24 * time.Hour)
	}
	if got := s.status(flowID); got != int64(state) {
		s.Fatalf("the flow is in state %d, not %d", got, state)
	}
	return flowID, signID
}

// TestEveryCellOfTheStateTable calls every step on a flow in every state.
func TestEveryCellOfTheStateTable(t *testing.T) {
	s := stage{platform: start(t)}
	s.first, s.second = s.party(0), s.party(1)
	steps := []struct {
		name string
		call func(flowID, signID string) error
		// code of each state 0 to 7; empty is success.
		codes [8]string
	}{
		{"SendFlow", func(f, _ string) error {
			_, err := api.SendFlow.Call(t.Context(), s.client, taskRequest(f, s.first, s.second, 400))
			return err
		}, [8]string{"", "", denied, denied, denied, denied, denied, ""}},
		{"SendFlowUrl", func(f, _ string) error {
			req := api.SendFlowUrlRequest(*taskRequest(f, s.first, s.second, 400))
			_, err := api.SendFlowUrl.Call(t.Context(), s.client, &req)
			return err
		}, [8]string{"", "", denied, denied, denied, denied, denied, ""}},
		{"SignFlow", func(f, id string) error {
			_, err := api.SignFlow.Call(t.Context(), s.client, signRequest(f, id, s.first))
			return err
		}, [8]string{unknown, "", denied, denied, denied, denied, denied, denied}},
		{"RejectFlow", func(f, id string) error {
			_, err := api.RejectFlow.Call(t.Context(), s.client, &api.RejectFlowRequest{Caller: s.first.caller(), FlowId: f, SignId: id, VerifyChannel: "NONE", SourceIp: "127.0.0.1"})
			return err
		}, [8]string{unknown, "", denied, denied, denied, denied, denied, denied}},
		{"CreateSignUrl", func(f, id string) error {
			_, err := api.CreateSignUrl.Call(t.Context(), s.client, &api.CreateSignUrlRequest{Caller: s.first.caller(), FlowId: f, UserId: s.first.user, SignId: id, Deadline: s.clock.Now().Add(time.Hour).Unix()})
			return err
		}, [8]string{unknown, "", denied, denied, denied, denied, denied, denied}},
		{"CreatePreviewSignUrl", func(f, _ string) error {
			_, err := api.CreatePreviewSignUrl.Call(t.Context(), s.client, &api.CreatePreviewSignUrlRequest{Caller: s.first.caller(), FlowId: f, Deadline: s.clock.Now().Add(time.Hour).Unix()})
			return err
		}, [8]string{denied, "", "", "", "", "", denied, ""}},
		{"CancelFlow", func(f, _ string) error {
			_, err := api.CancelFlow.Call(t.Context(), s.client, &api.CancelFlowRequest{Caller: s.first.caller(), FlowId: f})
			return err
		}, [8]string{"", "", denied, denied, denied, denied, denied, ""}},
		{"ArchiveFlow", func(f, _ string) error {
			_, err := api.ArchiveFlow.Call(t.Context(), s.client, &api.ArchiveFlowRequest{Caller: s.first.caller(), FlowId: f})
			return err
		}, [8]string{denied, denied, denied, denied, denied, denied, denied, ""}},
		{"DescribeFileUrls", func(f, _ string) error {
			_, err := api.DescribeFileUrls.Call(t.Context(), s.client, &api.DescribeFileUrlsRequest{BusinessIds: []string{f}, BusinessType: "FLOW"})
			return err
		}, [8]string{6: api.CodeResourceUnavailable}},
		{"DescribeFlowFiles", func(f, _ string) error {
			_, err := api.DescribeFlowFiles.Call(t.Context(), s.client, &api.DescribeFlowFilesRequest{FlowId: f})
			return err
		}, [8]string{6: value}},
		{"CreateServerFlowSign", func(f, _ string) error {
			_, err := api.CreateServerFlowSign.Call(t.Context(), s.client, silentRequest(f, s.first, box("silent", "SIGN_SEAL", 80, 400)))
			return err
		}, [8]string{"", "", gone, gone, gone, gone, gone, ""}},
		{"DestroyFlowFile", func(f, _ string) error {
			_, err := api.DestroyFlowFile.Call(t.Context(), s.client, &api.DestroyFlowFileRequest{FlowId: f})
			return err
		}, [8]string{value, value, value, value, "", value, value, value}},
	}
	for _, step := range steps {
		for state, code := range step.codes {
			// A flow of its own for each cell: a legal step changes it.
			flowID, signID := s.flowIn(engine.FlowStatus(state))
			if got := api.CodeOf(step.call(flowID, signID)); got != code {
				t.Errorf("%s in state %d: %q, want %q", step.name, state, got, code)
			}
		}
	}
}

// TestEveryStateOfAnApprover signs as an approver in each state, in a flow that still waits for another one.
func TestEveryStateOfAnApprover(t *testing.T) {
	s := stage{platform: start(t)}
	s.first, s.second = s.party(0), s.party(1)
	for status, code := range map[engine.ApproverStatus]string{
		engine.ApproverPending: "", engine.ApproverSigned: denied, engine.ApproverRejected: denied, engine.ApproverExpired: denied,
		engine.ApproverCancelled: denied, engine.ApproverReview: denied, engine.ApproverReviewFailed: "",
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			flowID := s.flow(s.first)
			signID := s.task(flowID, s.first, s.first, 200)
			s.task(flowID, s.first, s.second, 400)
			if err := s.engine.ForceApprover(t.Context(), signID, status); err != nil {
				t.Fatal(err)
			}
			_, err := api.SignFlow.Call(t.Context(), s.client, signRequest(flowID, signID, s.first))
			if got := api.CodeOf(err); got != code {
				t.Errorf("code = %q, want %q", got, code)
			}
		})
	}
}

func TestDeadlines(t *testing.T) {
	s := stage{platform: start(t)}
	s.first, s.second = s.party(0), s.party(1)
	flowID := s.flow(s.first) // 30 days
	signID := s.task(flowID, s.first, s.first, 200)
	approver := func() api.FlowApproverInfo {
		return do(s.platform, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers[0]
	}
	if got, want := approver().Deadline, s.clock.Now().Add(7*24*time.Hour).Unix(); got != want {
		t.Errorf("the approver's deadline is %d, want %d: 7 days", got, want)
	}
	s.clock.Add(7 * 24 * time.Hour)
	if got := approver().ApproveStatus; got != int64(engine.ApproverExpired) {
		t.Errorf("approver after 7 days = %d", got)
	}
	refused(s.platform, denied, api.SignFlow, signRequest(flowID, signID, s.first))
	if got := s.status(flowID); got != int64(engine.FlowSigning) {
		t.Errorf("flow after the approver's deadline = %d", got)
	}
	again := s.task(flowID, s.first, s.first, 300) // not pending any more, so a new task is no double
	do(s.platform, api.SignFlow, signRequest(flowID, again, s.first))
	if got := s.status(flowID); got != int64(engine.FlowSigned) {
		t.Errorf("an expired task that was sent again keeps the flow at %d", got)
	}
	s.clock.Add(31 * 24 * time.Hour)
	late := taskRequest(flowID, s.first, s.second, 400)
	refused(s.platform, denied, api.SendFlow, late)
	if got := s.status(flowID); got != int64(engine.FlowSigned) {
		t.Errorf("a signed flow is in state %d after its deadline", got)
	}

	flowID, _ = s.flowIn(engine.FlowExpired)
	d := do(s.platform, api.DescribeFlow, &api.DescribeFlowRequest{FlowId: flowID})
	if d.UpdatedOn != d.Deadline {
		t.Errorf("an expired flow was completed at %d, want its deadline %d", d.UpdatedOn, d.Deadline)
	}
	refused(s.platform, value, api.CreateFlowByFiles, &api.CreateFlowByFilesRequest{Caller: s.first.caller(), FileIds: []string{"x"},
		FlowInfo: api.FlowInfo{FlowName: "过期", Deadline: s.clock.Now().Unix()}})
}

func TestLastApproverArchives(t *testing.T) {
	s := stage{platform: start(t)}
	s.first, s.second = s.party(0), s.party(1)
	flowID := s.flow(s.first)
	a := s.task(flowID, s.first, s.first, 200)
	last := taskRequest(flowID, s.first, s.second, 400)
	last.IsLastApprover = true
	b := do(s.platform, api.SendFlow, last).SignId
	do(s.platform, api.SignFlow, signRequest(flowID, b, s.second))
	if got := s.status(flowID); got != int64(engine.FlowSigning) {
		t.Errorf("archived while somebody is to sign: %d", got)
	}
	do(s.platform, api.SignFlow, signRequest(flowID, a, s.first))
	if got := s.status(flowID); got != int64(engine.FlowArchived) {
		t.Errorf("status = %d, want archived", got)
	}
}

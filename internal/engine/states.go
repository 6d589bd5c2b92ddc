package engine

import "time"

// FlowStatus is the state of a flow as it stands on the wire (essbasic, DescribeFlow.FlowStatus).
type FlowStatus int

// States of a flow.
const (
	FlowCreated   FlowStatus = 0
	FlowSigning   FlowStatus = 1
	FlowRejected  FlowStatus = 2
	FlowCancelled FlowStatus = 3
	FlowArchived  FlowStatus = 4 // signed and archived
	FlowExpired   FlowStatus = 5
	FlowDestroyed FlowStatus = 6
	FlowSigned    FlowStatus = 7 // signed, not archived
)

// ApproverStatus is the state of one approver (essbasic, FlowApproverInfo.ApproveStatus).
type ApproverStatus int

// States of an approver.
const (
	ApproverPending      ApproverStatus = 0
	ApproverSigned       ApproverStatus = 1
	ApproverRejected     ApproverStatus = 2
	ApproverExpired      ApproverStatus = 3
	ApproverCancelled    ApproverStatus = 4 // the flow was withdrawn
	ApproverReview       ApproverStatus = 12
	ApproverReviewFailed ApproverStatus = 13
)

// flowStep is something that one does with a flow.
type flowStep string

const (
	stepSend    flowStep = "send"
	stepSign    flowStep = "sign"
	stepReject  flowStep = "reject"
	stepLink    flowStep = "sign link"
	stepPreview flowStep = "preview link"
	stepCancel  flowStep = "cancel"
	stepArchive flowStep = "archive"
	stepFiles   flowStep = "files"
	stepSilent  flowStep = "silent signature"
	stepReview  flowStep = "review"
	stepDestroy flowStep = "destroying"
)

// legalIn is the state machine: in which states of the flow a step is legal. Everything else is OperationDenied
// (ResourceUnavailable for files and silent signatures, InvalidParameterValue for destroying). Steps of one approver also
// need that approver in actsIn.
//
//	0 ─send→ 1 ─all signed→ 7 ─send→ 1        1 ─reject→ 2     0,1,7 ─cancel→ 3     0 ─silent signature→ 7
//	1 ─signed by the last approver→ 4         7 ─archive→ 4    0,1 ─deadline→ 5     4 ─destroy→ 6
var legalIn = map[flowStep][]FlowStatus{
	stepSend:    {FlowCreated, FlowSigning, FlowSigned},
	stepSign:    {FlowSigning},
	stepReject:  {FlowSigning},
	stepLink:    {FlowSigning},
	stepPreview: {FlowSigning, FlowRejected, FlowCancelled, FlowArchived, FlowExpired, FlowSigned},
	stepCancel:  {FlowCreated, FlowSigning, FlowSigned},
	stepArchive: {FlowSigned},
	stepFiles:   {FlowCreated, FlowSigning, FlowRejected, FlowCancelled, FlowArchived, FlowExpired, FlowSigned},
	stepSilent:  {FlowCreated, FlowSigning, FlowSigned},
	stepReview:  {FlowSigning},
	stepDestroy: {FlowArchived},
}

// actsIn lists the states of an approver in which a step of theirs is legal: they act before their act, and again after a
// failed review.
//
//	0,13 ─sign→ 1     0,13 ─sign offline→ 12 ─accepted→ 1, ─refused→ 13     0,13 ─reject→ 2     0,12,13 ─deadline→ 3, ─cancel→ 4
var actsIn = map[flowStep][]ApproverStatus{
	stepSign:   {ApproverPending, ApproverReviewFailed},
	stepReject: {ApproverPending, ApproverReviewFailed},
	stepLink:   {ApproverPending, ApproverReviewFailed},
	stepReview: {ApproverReview},
}

// approverDays is how long an approver has when the sender names no deadline (essbasic, SendFlow.Deadline).
const approverDays = 7

// flowStatusAt applies the passing of time: the deadline ends a flow that is not finished. An instant at the deadline
// is past it.
func flowStatusAt(stored FlowStatus, deadline, now time.Time) FlowStatus {
	if (stored == FlowCreated || stored == FlowSigning) && !now.Before(deadline) {
		return FlowExpired
	}
	return stored
}

// approverStatusAt applies the passing of time to an approver: their own deadline, or the flow's, ends their turn.
func approverStatusAt(stored ApproverStatus, deadline time.Time, flow FlowStatus, now time.Time) ApproverStatus {
	waiting := stored == ApproverPending || stored == ApproverReview || stored == ApproverReviewFailed
	if waiting && (flow == FlowExpired || !now.Before(deadline)) {
		return ApproverExpired
	}
	return stored
}

// statusAfterSigning is where a signature takes the flow: all is a fact about the newest task of every approver.
func statusAfterSigning(all, last bool) FlowStatus {
	switch {
	case all && last:
		return FlowArchived
	case all:
		return FlowSigned
	default:
		return FlowSigning
	}
}

package db

import (
	"cmp"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
)

// The states of an approval.
const (
	ApprovalUnasked  = -1
	ApprovalAsked    = 0
	ApprovalApproved = 1
	ApprovalRefused  = 2
)

// FlowApproval is an account, or anybody of a role, who must approve before a flow goes on.
type FlowApproval struct {
	ID, AccountID, Name string
	Role                auth.Role
	Step, Status        int64
	Comment, DecidedBy  string
	Asked, Decided      time.Time
}

// Step is a step of a flow: people who sign in parallel, or accounts that approve.
type Step struct {
	Number    int64
	Need      int // how many must sign or approve
	Approvers []FlowApprover
	Approvals []FlowApproval
}

// Done tells whether enough have signed or approved.
func (s Step) Done() bool { return s.Have() >= s.Need }

// Have is how many have signed or approved.
func (s Step) Have() (n int) {
	for _, a := range s.Approvers {
		if a.Status == ApproverSigned {
			n++
		}
	}
	for _, a := range s.Approvals {
		if a.Status == ApprovalApproved {
			n++
		}
	}
	return n
}

// Steps are the steps of the flow in their order.
func (f Flow) Steps() []Step {
	byNumber := map[int64]*Step{}
	step := func(number int64) *Step {
		if byNumber[number] == nil {
			byNumber[number] = &Step{Number: number}
		}
		return byNumber[number]
	}
	for _, a := range f.Approvers {
		s := step(a.Step)
		s.Approvers = append(s.Approvers, a)
	}
	for _, a := range f.Approvals {
		s := step(a.Step)
		s.Approvals = append(s.Approvals, a)
	}
	steps := make([]Step, 0, len(byNumber))
	for _, s := range byNumber {
		s.Need = len(s.Approvers) + len(s.Approvals)
		if n := f.Document.Needs[int(s.Number)]; n > 0 && n < s.Need {
			s.Need = n
		}
		steps = append(steps, *s)
	}
	slices.SortFunc(steps, func(a, b Step) int { return cmp.Compare(a.Number, b.Number) })
	return steps
}

// Current is the first step that is not done; false when all are.
func (f Flow) Current() (Step, bool) {
	for _, s := range f.Steps() {
		if !s.Done() {
			return s, true
		}
	}
	return Step{}, false
}

// Complete tells whether enough people of every step have signed and approved. Some may still have an open task at the platform, where a
// step needs fewer than all.
func (f Flow) Complete() bool {
	_, left := f.Current()
	return !left && len(f.Approvers) > 0
}

// Block is who or what holds a flow up, since when and why.
type Block struct {
	Reason    string // key of its text, below flows.block.
	Since     time.Time
	Step      Step           // that waits; empty for reasons that are not about people
	Approvers []FlowApprover // who could act now
	Approvals []FlowApproval
}

// Blocking says what holds a flow up; false when nothing does, because it has ended or is archived.
//
// The view flow_waits says the same in SQL, for one purpose: lists order and filter thousands of flows by whom they wait for and since when,
// which triggers therefore keep in the flows' own rows. TestTheListAndThePageBlameTheSame holds the two together. Where nobody can act the
// list leaves empty what the page explains.
func Blocking(f Flow) (Block, bool) {
	b := Block{Since: f.Updated}
	switch {
	case f.Problem != "":
		b.Reason = "problem"
		return b, f.State.Open() || f.State == FlowFailed || f.State == FlowSending
	case f.State == FlowSending:
		b.Reason, b.Since = "sending", f.Created
		return b, true
	case !f.State.Open():
		return Block{}, false
	}
	step, left := f.Current()
	if !left {
		return Block{Reason: "archive", Since: f.Completed}, true
	}
	b.Step = step
	return b.people()
}

// people finds who of the step could act. Reasons: approval, sign, review (of the platform), expired (nobody can act any more), sending.
func (b Block) people() (Block, bool) {
	reasons := map[int64]string{api.ApproverPending: "sign", api.ApproverInReview: "review", api.ApproverReviewRejected: "sign"}
	for _, a := range b.Step.Approvals {
		if a.Status != ApprovalAsked {
			continue
		}
		if len(b.Approvals) == 0 || a.Asked.Before(b.Since) {
			b.Since = a.Asked
		}
		b.Reason, b.Approvals = "approval", append(b.Approvals, a)
	}
	overdue := false
	for _, a := range b.Step.Approvers {
		reason := reasons[a.Status]
		overdue = overdue || a.Status == ApproverExpired
		if reason == "" {
			continue
		}
		if len(b.Approvers) == 0 || a.Sent.Before(b.Since) {
			b.Since = a.Sent
		}
		if b.Reason != "sign" {
			b.Reason = reason
		}
		b.Approvers = append(b.Approvers, a)
	}
	if b.Reason == "" {
		b.Reason = "sending"
		if overdue {
			b.Reason = "expired"
		}
	}
	return b, true
}

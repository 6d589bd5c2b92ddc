package engine_test

import (
	"slices"
	"time"

	"sealdesk/internal/api"
)

// The model says what the platform's rules are, in as few words as possible and without a look at the engine. It is written
// from the documented states (essbasic, DescribeFlow.FlowStatus and FlowApproverInfo.ApproveStatus); each rule gives the code
// of a refusal, or nothing where the call is legal.

const (
	refusedState = api.CodeOperationDenied
	refusedValue = api.CodeInvalidParameterValue
	refusedID    = api.CodeResourceNotFound
	refusedGone  = api.CodeResourceUnavailable
)

// States on the wire.
const (
	created, signing, rejected, withdrawn, archived, expired, destroyed, signedAll int64 = 0, 1, 2, 3, 4, 5, 6, 7

	taskPending, taskSigned, taskRejected, taskExpired, taskWithdrawn int64 = 0, 1, 2, 3, 4
)

type modelOrg struct {
	id, number string
	verified   bool
}

type modelUser struct {
	id, openID string
	verified   bool
}

type modelSeal struct {
	id, owner string // the id of a person or an organisation
	generated bool
}

type modelFile struct {
	id   string
	gone bool
}

type modelTask struct {
	id        string
	user, org string
	state     int64
	deadline  time.Time
	last      bool
	seal      string // set at sending; empty: the person's default one at signing
}

type modelFlow struct {
	id        string
	user, org string // the initiator
	file      *modelFile
	state     int64
	deadline  time.Time
	tasks     []*modelTask
}

type model struct {
	orgs     []*modelOrg
	users    []*modelUser
	seals    []*modelSeal
	defaults map[string]string // owner → seal
	files    []*modelFile
	flows    []*modelFlow
}

// status is the flow's state now: time ends only what is not finished.
func (f *modelFlow) status(now time.Time) int64 {
	if (f.state == created || f.state == signing) && !now.Before(f.deadline) {
		return expired
	}
	return f.state
}

// status is the task's state now.
func (t *modelTask) status(f *modelFlow, now time.Time) int64 {
	if t.state == taskPending && (f.status(now) == expired || !now.Before(t.deadline)) {
		return taskExpired
	}
	return t.state
}

func (f *modelFlow) in(now time.Time, states ...int64) bool {
	return slices.Contains(states, f.status(now))
}

// open is the pending task of a person for an organisation; there is at most one.
func (f *modelFlow) open(user, org string, now time.Time) *modelTask {
	for _, t := range f.tasks {
		if t.user == user && t.org == org && t.status(f, now) == taskPending {
			return t
		}
	}
	return nil
}

// mine is whether a person ever had a task for an organisation.
func (f *modelFlow) mine(user, org string) bool {
	return slices.ContainsFunc(f.tasks, func(t *modelTask) bool { return t.user == user && t.org == org })
}

func (m *model) user(id string) *modelUser {
	i := slices.IndexFunc(m.users, func(u *modelUser) bool { return u.id == id })
	if i < 0 {
		return nil
	}
	return m.users[i]
}

func (m *model) org(id string) *modelOrg {
	i := slices.IndexFunc(m.orgs, func(o *modelOrg) bool { return o.id == id })
	if i < 0 {
		return nil
	}
	return m.orgs[i]
}

// verified tells whether person and organisation, if any, are both verified.
func (m *model) verified(user, org string) bool {
	return m.user(user).verified && (org == "" || m.org(org).verified)
}

func (m *model) canCreate(file *modelFile) string {
	if file.gone {
		return refusedGone
	}
	return ""
}

// canSend: by the initiator's organisation, an open flow before its deadline, a verified addressee without a pending task, and a seal where one is asked for.
func (m *model) canSend(f *modelFlow, by, user, org string, wantSeal bool, deadline, now time.Time) string {
	switch {
	case by != f.org, !f.in(now, created, signing, signedAll), !now.Before(f.deadline), !m.verified(user, org):
		return refusedState
	case !now.Before(deadline):
		return refusedValue
	case f.open(user, org, now) != nil:
		return api.CodeInvalidParameterBizApproverAlreadyExists
	case wantSeal && m.defaults[user] == "":
		return refusedValue
	}
	return ""
}

// canAct is for signing and rejecting: a task of one's own, pending, in a flow that is being signed.
func (m *model) canAct(f *modelFlow, user, org string, now time.Time) string {
	switch {
	case !f.mine(user, org):
		return refusedID
	case f.status(now) != signing, f.open(user, org, now) == nil, !m.verified(user, org):
		return refusedState
	}
	return ""
}

// canSign also needs the ticket of a channel that the sender allowed, and a seal.
func (m *model) canSign(f *modelFlow, user, org string, ticket bool, now time.Time) string {
	if code := m.canAct(f, user, org, now); code != "" {
		return code
	}
	switch {
	case f.open(user, org, now).seal == "" && m.defaults[user] == "":
		return refusedValue
	case !ticket:
		return api.CodeInvalidParameterInvalidVerifyResult
	}
	return ""
}

func (m *model) canLink(f *modelFlow, t *modelTask, now time.Time) string {
	if f.status(now) != signing || t.status(f, now) != taskPending {
		return refusedState
	}
	return ""
}

func (m *model) canPreview(f *modelFlow, now time.Time) string {
	if f.in(now, created, destroyed) {
		return refusedState
	}
	return ""
}

func (m *model) canCancel(f *modelFlow, by api.Caller, now time.Time) string {
	if !f.in(now, created, signing, signedAll) || f.user != by.OperatorId || f.org != by.SubOrganizationId {
		return refusedState
	}
	return ""
}

func (m *model) canArchive(f *modelFlow, by string, now time.Time) string {
	if f.status(now) != signedAll || by != f.org {
		return refusedState
	}
	return ""
}

func (m *model) canDestroy(f *modelFlow, now time.Time) string {
	if f.status(now) != archived {
		return refusedValue
	}
	return ""
}

// canSignSilently: only the initiator, who is verified.
func (m *model) canSignSilently(f *modelFlow, user, org string, now time.Time) string {
	switch {
	case f.user != user || f.org != org, !f.in(now, created, signing, signedAll):
		return refusedGone
	case !m.verified(user, org):
		return api.CodeFailedOperationAccountVerifyFail
	}
	return ""
}

// canDelete: one's own seal, not the default, and not set for a signature to come.
func (m *model) canDelete(s *modelSeal, owner string, now time.Time) string {
	if s.owner != owner {
		return refusedID
	}
	if m.defaults[owner] == s.id {
		return refusedState
	}
	for _, f := range m.flows {
		for _, t := range f.tasks {
			if t.seal == s.id && m.canLink(f, t, now) == "" {
				return refusedState
			}
		}
	}
	return ""
}

func (m *model) canGenerate(user string) string {
	if slices.ContainsFunc(m.seals, func(s *modelSeal) bool { return s.owner == user && s.generated }) {
		return refusedState
	}
	return ""
}

// addSeal: the first seal of an owner is the default.
func (m *model) addSeal(s *modelSeal, isDefault bool) {
	m.seals = append(m.seals, s)
	if isDefault || m.defaults[s.owner] == "" {
		m.defaults[s.owner] = s.id
	}
}

// sign does a task: the flow is signed when the newest task of everybody is, and archived when one of those was marked last.
func (f *modelFlow) sign(t *modelTask) {
	t.state = taskSigned
	newest := map[[2]string]*modelTask{}
	for _, t := range f.tasks {
		newest[[2]string{t.user, t.org}] = t
	}
	f.state = signedAll
	for _, t := range newest {
		if t.last && f.state == signedAll {
			f.state = archived
		}
		if t.state != taskSigned {
			f.state = signing
			return
		}
	}
}

// cancel withdraws what still waits; what has expired stays so.
func (f *modelFlow) cancel(now time.Time) {
	for _, t := range f.tasks {
		switch t.status(f, now) {
		case taskPending:
			t.state = taskWithdrawn
		case taskExpired:
			t.state = taskExpired
		}
	}
	f.state = withdrawn
}

// destroy takes the upload along unless another flow still needs it.
func (m *model) destroy(f *modelFlow) {
	f.state = destroyed
	f.file.gone = !slices.ContainsFunc(m.flows, func(other *modelFlow) bool {
		return other.file == f.file && other.state != destroyed
	})
}

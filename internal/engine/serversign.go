package engine

import (
	"context"
	"fmt"
	"slices"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// silentDone is SignStatus of a silent signature that took place; one that did not is an error.
const silentDone = 1

// channelServer stands for the channel of a silent signature in the evidence.
const channelServer = "SERVER"

// createServerFlowSign signs for the initiator without a page and without a ticket (white list). Components that the
// initiator's own open task has are named by ComponentId; others are placed like those of SendFlow. Either way the
// signature is a task of the initiator's, done at once.
func (e *Engine) createServerFlowSign(ctx context.Context, req *api.CreateServerFlowSignRequest) (*api.CreateServerFlowSignResponse, error) {
	if err := e.needRight(ctx, RightCreateServerFlowSign); err != nil {
		return nil, err
	}
	err := e.onFlow(ctx, req.FlowId, func() error {
		s, err := e.planSilent(ctx, req)
		if err != nil {
			return err
		}
		p := s.signing
		if err := e.openSigner(ctx, p); err != nil {
			return err
		}
		changed, err := e.stamp(ctx, p, e.now())
		if err != nil {
			return err
		}
		return e.db.Write(ctx, func(tx *store.Tx) error {
			if err := e.storeSilentTask(ctx, tx, s); err != nil {
				return err
			}
			return e.storeSigning(ctx, tx, p, changed)
		})
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateServerFlowSignResponse{SignStatus: silentDone}, nil
}

// silent is a silent signature on its way.
type silent struct {
	*signing
	fresh bool         // the task is made with the signature
	named []*component // of the open task, with a value from the request
	added []*component // placed by the request
}

// planSilent reads what the request names and checks every rule.
func (e *Engine) planSilent(ctx context.Context, req *api.CreateServerFlowSignRequest) (*silent, error) {
	s := &silent{signing: &signing{act: &signAct{ApplicationID: callOf(ctx).Application.ID, FlowID: req.FlowId, UserID: req.Caller.OperatorId,
		OrganizationID: req.Caller.SubOrganizationId, Channel: channelServer, SourceIP: req.SourceIp, UserAgent: callOf(ctx).UserAgent}}}
	if err := e.db.Read(ctx, func(tx *store.Tx) error { return e.readSilent(ctx, tx, s, req.Caller) }); err != nil {
		return nil, err
	}
	fresh, err := s.splitComponents(req.SignComponents)
	if err != nil {
		return nil, err
	}
	if len(fresh) > 0 {
		t := &task{flow: s.flow, files: s.files, approver: s.approver}
		if err := e.planComponents(ctx, t, fresh); err != nil {
			return nil, err
		}
		s.added = t.components
		before := len(componentsBy(s.components, s.approver.SignID))
		for i, c := range s.added {
			c.Ordinal = before + i
		}
		s.components = append(s.components, s.added...)
	}
	return s, e.db.Read(ctx, func(tx *store.Tx) error {
		for _, c := range s.named {
			if err := e.resolveValue(ctx, tx, s.flow, s.approver, c); err != nil {
				return err
			}
		}
		return e.choose(ctx, tx, s.signing)
	})
}

// readSilent reads the flow and checks initiator, state and verification.
func (e *Engine) readSilent(ctx context.Context, tx *store.Tx, s *silent, c api.Caller) error {
	by, err := e.resolveOperator(ctx, tx, c)
	if err != nil {
		return err
	}
	if s.flow, err = e.findFlow(ctx, tx, by.ApplicationID, s.act.FlowID); err != nil {
		return orNotFound(err, "FlowId", s.act.FlowID)
	}
	switch {
	case c.OperatorId != s.flow.Creator.OperatorId, c.SubOrganizationId != s.flow.Creator.SubOrganizationId:
		return fail(api.CodeResourceUnavailable, "only the initiator signs silently")
	case !s.flow.allows(stepSilent):
		return fail(api.CodeResourceUnavailable, "the flow is in state %d: no %s", s.flow.Status, stepSilent)
	case by.Operator.Verified.IsZero(), by.Organization != nil && by.Organization.Verified.IsZero():
		return fail(api.CodeFailedOperationAccountVerifyFail, "the initiator is not verified")
	}
	s.user = by.Operator
	if by.Organization != nil {
		s.orgName = by.Organization.Name
		if err := e.needMember(ctx, tx, by.Organization.ID, s.user.ID); err != nil {
			return err
		}
	}
	if s.approvers, err = e.approversOf(ctx, tx, s.flow); err != nil {
		return err
	}
	if err := s.takeTask(e, c); err != nil {
		return err
	}
	if s.files, err = e.flowFiles(ctx, tx, s.flow.ID); err != nil {
		return err
	}
	s.components, err = e.componentsOf(ctx, tx, s.flow.ID, "")
	return err
}

// takeTask takes the initiator's open task, or makes one.
func (s *silent) takeTask(e *Engine, c api.Caller) error {
	i := slices.IndexFunc(s.approvers, func(a *approver) bool {
		return a.UserID == c.OperatorId && a.OrganizationID == c.SubOrganizationId && slices.Contains(actsIn[stepSign], a.Status)
	})
	if i >= 0 {
		s.approver = s.approvers[i]
		if !slices.Equal(s.approver.Channels, []string{channelNone}) {
			return fail(api.CodeResourceUnavailable, "the initiator's task asks for a check of %v", s.approver.Channels)
		}
		return nil
	}
	if slices.ContainsFunc(s.approvers, func(a *approver) bool {
		return a.UserID == c.OperatorId && a.OrganizationID == c.SubOrganizationId && a.Status == ApproverReview
	}) {
		return fail(api.CodeResourceUnavailable, "a signature of the initiator's is being reviewed")
	}
	id := newID(e.wall())
	s.fresh = true
	s.approver = &approver{SignID: id, FlowID: s.flow.ID, UserID: c.OperatorId, OrganizationID: c.SubOrganizationId, Mobile: s.user.Mobile,
		Channels: []string{channelNone}, Deadline: s.flow.Deadline, Ordinal: len(s.approvers), Created: e.now()}
	s.approvers = append(s.approvers, s.approver)
	return nil
}

// splitComponents tells components of the open task, for which the request may choose a seal, from those that it places.
func (s *silent) splitComponents(list []api.Component) (fresh []api.Component, err error) {
	mine := componentsBy(s.components, s.approver.SignID)
	for i, c := range list {
		at := slices.IndexFunc(mine, func(m *component) bool { return c.ComponentId != "" && m.ComponentId == c.ComponentId })
		switch {
		case at < 0 && c.ComponentType == "":
			return nil, notFound(fmt.Sprintf("SignComponents.%d.ComponentId", i), c.ComponentId)
		case at < 0:
			fresh = append(fresh, c)
		case mine[at].FileIndex != c.FileIndex:
			return nil, badValue(fmt.Sprintf("SignComponents.%d.FileIndex", i), "component %q is in file %d", c.ComponentId, mine[at].FileIndex)
		case c.ComponentValue != "" && mine[at].signs():
			m := mine[at]
			m.ComponentValue, m.Parameter, m.SealID, m.PictureRef = c.ComponentValue, fmt.Sprintf("SignComponents.%d", i), "", ""
			s.named = append(s.named, m)
		}
	}
	return fresh, nil
}

// storeSilentTask stores the task where it is made with the signature, and the components that the request placed.
func (e *Engine) storeSilentTask(ctx context.Context, tx *store.Tx, s *silent) error {
	if s.fresh {
		if err := e.insertApprover(ctx, tx, s.approver); err != nil {
			return err
		}
	}
	for _, c := range s.added {
		if err := e.insertComponent(ctx, tx, s.flow.ID, c); err != nil {
			return err
		}
	}
	return nil
}

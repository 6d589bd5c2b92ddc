package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// signAct is a signer's act, from the wire or from the signing page.
type signAct struct {
	ApplicationID  string
	FlowID         string
	SignID         string // may be empty on the wire
	UserID         string
	OrganizationID string
	Channel        string
	Ticket         string
	Message        string
	SourceIP       string // of the signer, as the caller or the page tells it
	UserAgent      string
	Choices        map[string]sentChoice // by component id
	Shown          *string               // what the signer's page showed, see shownBytes; nil on the wire, where the caller shows it
}

// sentChoice is what the signer sent for one component.
type sentChoice struct {
	sealID    string
	picture   []byte // cleaned
	signType  string
	fileIndex int64
}

// signing is an act with everything that it touches, as read before it.
type signing struct {
	act        *signAct
	flow       *flow
	files      []*flowFile
	approvers  []*approver
	approver   *approver
	components []*component
	user       *user
	orgName    string
	identity   identity
	choices    map[string]*choice
	codeID     string   // of the ticket, to be spent with the act
	account    signedIn // that the ticket names
}

// signerName is who the signature says has signed.
func (p *signing) signerName() string { return firstOf(p.orgName, p.user.Name) }

func (e *Engine) signFlow(ctx context.Context, req *api.SignFlowRequest) (*api.SignFlowResponse, error) {
	act := &signAct{
		ApplicationID: callOf(ctx).Application.ID, FlowID: req.FlowId, SignID: req.SignId, UserID: req.Caller.OperatorId,
		OrganizationID: req.Caller.SubOrganizationId, Channel: req.VerifyChannel, Ticket: req.VerifyResult, Message: req.ApproveMessage,
		SourceIP: req.SourceIp, UserAgent: callOf(ctx).UserAgent, Choices: map[string]sentChoice{},
	}
	if act.UserID == "" {
		return nil, missing("Caller.OperatorId")
	}
	for i, s := range req.SignSeals {
		if _, twice := act.Choices[s.ComponentId]; twice {
			return nil, badValue("SignSeals", "component %q occurs twice", s.ComponentId)
		}
		sent := sentChoice{sealID: s.SealId, signType: s.SignType, fileIndex: s.FileIndex}
		if s.SealContent != "" && (s.SignType == typeSignature || s.SignType == typeSignImage) {
			parameter := fmt.Sprintf("SignSeals.%d.SealContent", i)
			data, err := decodeBase64(parameter, s.SealContent)
			if err != nil {
				return nil, err
			}
			picture, err := cleanPicture(parameter, data)
			if err != nil {
				return nil, err
			}
			sent.picture = picture.PNG
		}
		act.Choices[s.ComponentId] = sent
	}
	status, err := e.signOrSubmit(ctx, act)
	if err != nil {
		return nil, err
	}
	return &api.SignFlowResponse{Status: status}, nil
}

// signOrSubmit signs, or submits the act for review where the signer shows their will offline.
func (e *Engine) signOrSubmit(ctx context.Context, act *signAct) (status string, err error) {
	if act.Channel == channelOffline {
		return statusReview, e.submit(ctx, act)
	}
	return statusSuccess, e.sign(ctx, act)
}

// sign does an act: it checks state and ticket, stamps and signs the files, and stores all of it in one transaction. Acts
// on one flow come one after the other, so that each signs the version which the one before left.
func (e *Engine) sign(ctx context.Context, act *signAct) error {
	return e.onFlow(ctx, act.FlowID, func() error {
		p, err := e.planSigning(ctx, act, stepSign)
		if err != nil {
			return err
		}
		if p.codeID, p.account, err = e.checkTicket(ctx, p.flow, p.approver, act.Channel, act.Ticket); err != nil {
			return err
		}
		if err := e.openSigner(ctx, p); err != nil {
			return err
		}
		changed, err := e.stamp(ctx, p, e.now())
		if err != nil {
			return err
		}
		return e.db.Write(ctx, func(tx *store.Tx) error { return e.storeSigning(ctx, tx, p, changed) })
	})
}

// planSigning reads the flow and checks that this person may sign it now, or that a review of theirs may be accepted.
func (e *Engine) planSigning(ctx context.Context, act *signAct, step flowStep) (*signing, error) {
	p := &signing{act: act}
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		if err := e.readTask(ctx, tx, p, step); err != nil {
			return err
		}
		var err error
		if p.components, err = e.componentsOf(ctx, tx, p.flow.ID, ""); err != nil {
			return err
		}
		if p.files, err = e.flowFiles(ctx, tx, p.flow.ID); err != nil {
			return err
		}
		if act.Shown != nil && *act.Shown != shownBytes(p.files) {
			return ErrOtherContent
		}
		if err := checkChoices(p); err != nil {
			return err
		}
		return e.choose(ctx, tx, p)
	})
	return p, err
}

// readTask reads flow, approvers and the approver that acts, and refuses a step that is not legal now.
func (e *Engine) readTask(ctx context.Context, tx *store.Tx, p *signing, step flowStep) (err error) {
	if p.flow, err = e.findFlow(ctx, tx, p.act.ApplicationID, p.act.FlowID); err != nil {
		return orNotFound(err, "FlowId", p.act.FlowID)
	}
	if p.approvers, err = e.approversOf(ctx, tx, p.flow); err != nil {
		return err
	}
	if p.approver, err = findTask(p.approvers, p.act.SignID, p.act.UserID, p.act.OrganizationID); err != nil {
		return err
	}
	if err := p.flow.need(step); err != nil {
		return err
	}
	if !p.approver.may(p.flow, step) {
		return denied("the approver is in state %d: no %s", p.approver.Status, step)
	}
	p.user, err = e.findUser(ctx, tx, p.flow.ApplicationID, p.approver.UserID)
	if err != nil {
		return fmt.Errorf("find the signer: %w", err)
	}
	if p.user.Verified.IsZero() {
		return denied("user %q is not verified", p.user.ID)
	}
	if p.approver.OrganizationID == "" {
		return nil
	}
	o, err := e.findOrganization(ctx, tx, p.flow.ApplicationID, p.approver.OrganizationID)
	if err != nil {
		return fmt.Errorf("find the signer's organisation: %w", err)
	}
	if o.Verified.IsZero() {
		return denied("sub-organisation %q is not verified", o.ID)
	}
	p.orgName = o.Name
	return e.needMember(ctx, tx, o.ID, p.user.ID)
}

// checkChoices holds what was sent against the approver's components.
func checkChoices(p *signing) error {
	mine := map[string]*component{}
	for _, c := range componentsBy(p.components, p.approver.SignID) {
		mine[c.ComponentId] = c
	}
	for id, sent := range p.act.Choices {
		c := mine[id]
		switch {
		case c == nil:
			return badValue("SignSeals", "component %q is not the signer's", id)
		case sent.fileIndex >= 0 && sent.fileIndex != c.FileIndex:
			return badValue("SignSeals", "component %q is in file %d", id, c.FileIndex)
		case sent.signType == typeSignImage:
			if c.ComponentType != typeSeal && c.ComponentType != typeSignature {
				return badValue("SignSeals", "component %q takes no picture", id)
			}
			if sent.picture == nil {
				return missing("SignSeals.SealContent")
			}
		case sent.signType != "" && sent.signType != c.ComponentType:
			return badValue("SignSeals", "component %q is a %s", id, c.ComponentType)
		case sent.picture != nil && c.ComponentType != typeSignature:
			return badValue("SignSeals", "component %q takes no handwriting", id)
		}
	}
	return nil
}

// openSigner gets the certificate of whoever signs; a person without one gets it now.
func (e *Engine) openSigner(ctx context.Context, p *signing) error {
	return e.db.Write(ctx, func(tx *store.Tx) (err error) {
		p.identity, err = e.certificate(ctx, tx, p.approver.owner(), p.signerName())
		return err
	})
}

// storeSigning makes the act lasting: files, approver, flow, ticket and evidence in one transaction.
func (e *Engine) storeSigning(ctx context.Context, tx *store.Tx, p *signing, changed []*flowFile) error {
	if err := errors.Join(e.spendCode(ctx, tx, p), e.mayStill(ctx, tx, p)); err != nil {
		return err
	}
	evidence := []map[string]any{}
	for _, f := range changed {
		if err := e.replaceFile(ctx, tx, p.flow.ID, f); err != nil {
			return err
		}
		evidence = append(evidence, map[string]any{"index": f.Index, "sha256": f.Ref})
	}
	seals := map[string]string{}
	for _, c := range componentsBy(p.components, p.approver.SignID) {
		if err := e.updateComponent(ctx, tx, c); err != nil {
			return err
		}
		seals[c.ComponentId] = c.SealID
	}
	if err := e.setApprover(ctx, tx, p.approver, ApproverSigned, p.act.Message); err != nil {
		return err
	}
	newest := newestTasks(p.approvers)
	signed := func(a *approver) bool { return a.Status == ApproverSigned }
	all := !slices.ContainsFunc(newest, func(a *approver) bool { return !signed(a) })
	last := slices.ContainsFunc(newest, func(a *approver) bool { return a.IsLast && signed(a) })
	status := statusAfterSigning(all, last)
	if err := e.setFlow(ctx, tx, p.flow, status, ""); err != nil {
		return err
	}
	return e.record(ctx, tx, event{Action: actionSign, ObjectType: "flow", ObjectID: p.flow.ID, Detail: map[string]any{
		"signId": p.approver.SignID, "userId": p.approver.UserID, "organizationId": p.approver.OrganizationID, "sourceIp": p.act.SourceIP,
		"device": p.act.UserAgent, "channel": p.act.Channel, "ticket": p.codeID, "account": p.account.evidence(),
		"unchecked": p.act.Channel == channelNone, "files": evidence, "seals": seals, "status": status,
		"certificate": p.identity.cert.SerialNumber.Text(16), "timestamp": e.timestampName(),
	}})
}

func (e *Engine) rejectFlow(ctx context.Context, req *api.RejectFlowRequest) (*api.RejectFlowResponse, error) {
	act := &signAct{
		ApplicationID: callOf(ctx).Application.ID, FlowID: req.FlowId, SignID: req.SignId, UserID: req.Caller.OperatorId,
		OrganizationID: req.Caller.SubOrganizationId, Channel: req.VerifyChannel, Ticket: req.VerifyResult, Message: req.RejectMessage,
		SourceIP: req.SourceIp, UserAgent: callOf(ctx).UserAgent,
	}
	if act.UserID == "" {
		return nil, missing("Caller.OperatorId")
	}
	if err := e.reject(ctx, act); err != nil {
		return nil, err
	}
	return &api.RejectFlowResponse{}, nil
}

// reject refuses a flow for everybody.
func (e *Engine) reject(ctx context.Context, act *signAct) error {
	return e.onFlow(ctx, act.FlowID, func() error {
		p := &signing{act: act}
		err := e.db.Read(ctx, func(tx *store.Tx) error { return e.readTask(ctx, tx, p, stepReject) })
		if err != nil {
			return err
		}
		// A refusal needs no review: who may show their will offline may refuse so.
		if act.Channel != channelOffline || !p.approver.CanOffline || !e.hasChannel(channelOffline) {
			if p.codeID, p.account, err = e.checkTicket(ctx, p.flow, p.approver, act.Channel, act.Ticket); err != nil {
				return err
			}
		}
		return e.db.Write(ctx, func(tx *store.Tx) error {
			err := errors.Join(
				e.spendCode(ctx, tx, p),
				taskAsTold(ctx, tx, p.flow.ID, p.approver.SignID),
				e.setApprover(ctx, tx, p.approver, ApproverRejected, act.Message),
				e.setFlow(ctx, tx, p.flow, FlowRejected, act.Message))
			if err != nil {
				return err
			}
			return e.record(ctx, tx, event{Action: actionReject, ObjectType: "flow", ObjectID: p.flow.ID, Detail: map[string]any{
				"signId": p.approver.SignID, "userId": p.approver.UserID, "sourceIp": act.SourceIP, "device": act.UserAgent,
				"channel": act.Channel, "ticket": p.codeID, "account": p.account.evidence(), "message": act.Message,
			}})
		})
	})
}

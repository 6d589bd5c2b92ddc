package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// Channels of the willingness check (essbasic, SendFlow.VerifyChannel).
const (
	channelNone    = "NONE"
	channelCode    = "VERIFYCODE"
	channelFace    = "FACEID"
	channelWeChat  = "WEIXINAPP"
	channelThird   = "THIRD"
	channelOffline = "OFFLINE"
	channelAccount = "ACCOUNT" // ours: see docs/divergences.md
)

func (e *Engine) sendFlow(ctx context.Context, req *api.SendFlowRequest) (*api.SendFlowResponse, error) {
	t, err := e.send(ctx, req, nil)
	if err != nil {
		return nil, err
	}
	return &api.SendFlowResponse{SignId: t.approver.SignID}, nil
}

// sendFlowURL is sendFlow with a link in the same transaction.
func (e *Engine) sendFlowURL(ctx context.Context, req *api.SendFlowUrlRequest) (*api.SendFlowUrlResponse, error) {
	resp := &api.SendFlowUrlResponse{}
	plain := api.SendFlowRequest(*req)
	t, err := e.send(ctx, &plain, func(tx *store.Tx, t *task) (err error) {
		l := link{Kind: LinkSign, ApplicationID: t.flow.ApplicationID, FlowID: t.flow.ID, SignID: t.approver.SignID, Deadline: t.approver.Deadline}
		resp.SignUrl, err = e.createLink(ctx, tx, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	resp.SignId = t.approver.SignID
	return resp, nil
}

// task is a signing task on its way into a flow.
type task struct {
	flow       *flow
	files      []*flowFile
	approver   *approver
	components []*component
	others     []*approver
}

// send adds one approver to a flow. Also runs in the transaction that stores the task.
func (e *Engine) send(ctx context.Context, req *api.SendFlowRequest, also func(*store.Tx, *task) error) (*task, error) {
	var t *task
	err := e.onFlow(ctx, req.FlowId, func() (err error) {
		if t, err = e.planTask(ctx, req); err != nil {
			return err
		}
		changed, err := e.fillAtSending(ctx, t)
		if err != nil {
			return err
		}
		return e.db.Write(ctx, func(tx *store.Tx) error {
			if err := e.storeTask(ctx, tx, t, changed); err != nil {
				return err
			}
			if err := e.invite(ctx, tx, t); err != nil || also == nil {
				return err
			}
			return also(tx, t)
		})
	})
	return t, err
}

// planTask reads what the request names and checks every rule.
func (e *Engine) planTask(ctx context.Context, req *api.SendFlowRequest) (*task, error) {
	t := &task{}
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		by, err := e.resolveOperator(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		if t.flow, err = e.findFlow(ctx, tx, by.ApplicationID, req.FlowId); err != nil {
			return orNotFound(err, "FlowId", req.FlowId)
		}
		if err := t.flow.need(stepSend); err != nil {
			return err
		}
		if err := t.flow.needInitiator(req.Caller); err != nil {
			return err
		}
		if !e.now().Before(t.flow.Deadline) { // a signed flow outlives its deadline, but a new task would expire it at once
			return denied("the deadline of the flow has passed")
		}
		if t.approver, err = e.planApprover(ctx, tx, by.ApplicationID, req); err != nil {
			return err
		}
		if t.others, err = e.approversOf(ctx, tx, t.flow); err != nil {
			return err
		}
		if err := refuseDouble(t.others, t.approver); err != nil {
			return err
		}
		t.approver.Ordinal = len(t.others)
		t.files, err = e.flowFiles(ctx, tx, t.flow.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, e.planComponents(ctx, t, req.SignComponents)
}

// planComponents places the components of a task and finds the seals that they name.
func (e *Engine) planComponents(ctx context.Context, t *task, list []api.Component) error {
	places, err := e.locate(ctx, list, t.files)
	if err != nil {
		return err
	}
	if t.components, err = e.placeAll(list, places, t.files); err != nil {
		return err
	}
	return e.db.Read(ctx, func(tx *store.Tx) error {
		for i, c := range t.components {
			c.SignID, c.Ordinal = t.approver.SignID, i
			if err := e.resolveValue(ctx, tx, t.flow, t.approver, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// planApprover checks person, organisation, deadline and channels.
func (e *Engine) planApprover(ctx context.Context, tx *store.Tx, applicationID string, req *api.SendFlowRequest) (*approver, error) {
	now := e.now()
	u, err := e.findUser(ctx, tx, applicationID, req.UserId)
	if err != nil {
		return nil, orNotFound(err, "UserId", req.UserId)
	}
	if u.Verified.IsZero() {
		return nil, denied("user %q is not verified", u.ID)
	}
	if req.SubOrganizationId != "" {
		o, err := e.findOrganization(ctx, tx, applicationID, req.SubOrganizationId)
		if err != nil {
			return nil, orNotFound(err, "SubOrganizationId", req.SubOrganizationId)
		}
		if o.Verified.IsZero() {
			return nil, denied("sub-organisation %q is not verified", o.ID)
		}
		if err := e.needMember(ctx, tx, o.ID, u.ID); err != nil {
			return nil, err
		}
	}
	a := &approver{
		FlowID: req.FlowId, UserID: u.ID, Mail: u.Email, OrganizationID: req.SubOrganizationId, Mobile: firstOf(req.Mobile, u.Mobile), Deadline: now.AddDate(0, 0, approverDays),
		IsLast: req.IsLastApprover, IsFullText: req.IsFullText, PreReadTime: req.PreReadTime, CanOffline: req.CanOffLine, JumpURL: req.JumpUrl,
		CallbackURL: req.CallbackUrl, SMSTemplate: req.SmsTemplate, Created: now,
	}
	if req.Deadline != 0 {
		a.Deadline = time.Unix(req.Deadline, 0).UTC()
	}
	switch {
	case !now.Before(a.Deadline):
		return nil, badValue("Deadline", "must lie in the future")
	case a.PreReadTime < 0:
		return nil, badValue("PreReadTime", "must not be negative")
	case !plainURL(a.JumpURL):
		return nil, badValue("JumpUrl", "must be an http or https URL")
	case !plainURL(a.CallbackURL):
		return nil, badValue("CallbackUrl", "must be an http or https URL")
	}
	a.SignID = newID(e.wall())
	return a, e.planChannels(applicationID, a, req.VerifyChannel)
}

// plainURL keeps javascript: and other schemes out of pages that link to what a caller gave.
func plainURL(s string) bool {
	return s == "" || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// planChannels checks the channels. Where the caller names none it is a code: a link alone proves nothing, so that it must be asked for.
func (e *Engine) planChannels(applicationID string, a *approver, channels []string) error {
	mayNone := e.apps.has(applicationID, RightChannelNone)
	if len(channels) == 0 {
		channels = []string{channelCode}
	}
	if a.CanOffline && !e.hasChannel(channelOffline) {
		return e.needSimulation("CanOffLine")
	}
	for _, c := range channels {
		switch {
		case !e.hasChannel(c):
			return e.needSimulation("VerifyChannel " + c)
		case c == channelThird:
			return badValue("VerifyChannel", "THIRD is not supported")
		case c == channelNone && !mayNone:
			return fail(api.CodeOperationDeniedNoApiAuth, "the application lacks the white-listed right %s", RightChannelNone)
		case c == channelCode && a.Mobile == "" && a.Mail == "":
			return missing("Mobile")
		case c == channelOffline:
			a.CanOffline = true
		}
		if !slices.Contains(a.Channels, c) {
			a.Channels = append(a.Channels, c)
		}
	}
	a.Channels = binding(a.Channels)
	return nil
}

// binding drops NONE beside another channel: whoever was ordered to show their will is never offered a way to skip it.
func binding(channels []string) []string {
	if len(channels) < 2 {
		return channels
	}
	return slices.DeleteFunc(slices.Clone(channels), func(c string) bool { return c == channelNone })
}

// refuseDouble keeps a second pending task of the same person and organisation out.
func refuseDouble(others []*approver, a *approver) error {
	for _, o := range others {
		waiting := o.Status == ApproverPending || o.Status == ApproverReview || o.Status == ApproverReviewFailed
		if waiting && o.UserID == a.UserID && o.OrganizationID == a.OrganizationID {
			return fail(api.CodeInvalidParameterBizApproverAlreadyExists, "this user and organisation have a pending task in the flow: %s", o.SignID)
		}
	}
	return nil
}

// fillAtSending writes the values of fill components into the files, as long as nobody has signed them. Afterwards they
// are filled by their approver's own act: nothing may change under a signature. It gives the changed files.
func (e *Engine) fillAtSending(ctx context.Context, t *task) ([]*flowFile, error) {
	if slices.ContainsFunc(t.others, func(a *approver) bool { return a.Status == ApproverSigned }) {
		return nil, nil
	}
	var changed []*flowFile
	for _, f := range t.files {
		var marks []pdf.Mark
		filled := false
		for _, c := range t.components {
			if int(c.FileIndex) != f.Index {
				continue
			}
			m := c.mark()
			if !c.signs() && c.ComponentValue != "" {
				m.Text, c.Filled, filled = c.ComponentValue, true, true
			}
			marks = append(marks, m)
		}
		if !filled {
			continue
		}
		data, err := e.content(ctx, f.Ref)
		if err != nil {
			return nil, err
		}
		if pdf.Signed(data) { // before it came here
			for _, c := range t.components {
				c.Filled = c.Filled && int(c.FileIndex) != f.Index
			}
			continue
		}
		if data, err = pdf.Prepare(data, e.face, marks); err != nil {
			return nil, markError("SignComponents", err)
		}
		if err := e.keepVersion(ctx, f, data); err != nil {
			return nil, err
		}
		changed = append(changed, f)
	}
	return changed, nil
}

// markError names a component that cannot be placed or filled; other errors pass.
func markError(parameter string, err error) error {
	var glyphs *pdf.MissingGlyphError
	var mark *pdf.MarkError
	switch {
	case errors.As(err, &glyphs):
		return badValue(parameter, "the font has no glyph for %s", nameRunes(glyphs.Runes))
	case errors.As(err, &mark) && mark.Reason == pdf.ReasonCovers:
		return badValue(parameter, "a component would hide what others have signed: withdraw the flow and place it elsewhere")
	case errors.As(err, &mark):
		return badValue(parameter, "a component cannot be placed: %s", mark.Reason)
	case errors.Is(err, pdf.ErrDamaged), errors.Is(err, pdf.ErrNotPDF), errors.Is(err, pdf.ErrEncrypted), errors.Is(err, pdf.ErrTooLarge):
		// PDFium could show the file, but nothing can be appended to it.
		return fail(api.CodeInternalErrorPdf, "the file cannot be written to: %v", err)
	default:
		return fmt.Errorf("place the components: %w", err)
	}
}

// storeTask writes the planned task.
func (e *Engine) storeTask(ctx context.Context, tx *store.Tx, t *task, changed []*flowFile) error {
	if err := e.setFlow(ctx, tx, t.flow, FlowSigning, ""); err != nil {
		return err
	}
	if err := e.insertApprover(ctx, tx, t.approver); err != nil {
		return err
	}
	var clamped []string
	for _, c := range t.components {
		if err := e.insertComponent(ctx, tx, t.flow.ID, c); err != nil {
			return err
		}
		if c.Clamped {
			clamped = append(clamped, c.ComponentId)
		}
	}
	for _, f := range changed {
		if err := e.replaceFile(ctx, tx, t.flow.ID, f); err != nil {
			return err
		}
	}
	return e.record(ctx, tx, event{Action: "flow.send", ObjectType: "flow", ObjectID: t.flow.ID, Detail: map[string]any{
		"signId": t.approver.SignID, "userId": t.approver.UserID, "organizationId": t.approver.OrganizationID,
		"channels": t.approver.Channels, "components": len(t.components), "clamped": clamped,
	}})
}

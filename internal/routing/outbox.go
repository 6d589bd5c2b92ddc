package routing

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/files"
)

// maxAttempts is after how many a person is asked; with doubling pauses that is after about half an hour.
const maxAttempts = 12

// callTimeout bounds one call, also after the portal was told to stop: it must not hang for ever, but get its chance to be recorded.
const callTimeout = 60 * time.Second

// workOff does what is due for one flow, entry by entry, until nothing is due or everything left must wait.
func (r *Router) workOff(ctx context.Context, flowID string) error {
	ctx = audit.WithActor(ctx, onOrder(db.OutboxEntry{}))
	for ctx.Err() == nil {
		entries, err := r.opts.DB.Outbox(ctx, flowID)
		if err != nil {
			return err
		}
		flow, err := r.opts.DB.Flow(ctx, db.Everything(), flowID)
		if err != nil {
			return err
		}
		if !flow.State.Open() && flow.State != db.FlowSending && flow.State != db.FlowFailed {
			if err := r.opts.DB.DropOutbox(ctx, flowID); err != nil || flow.State != db.FlowArchived {
				return err
			}
			entries = slices.DeleteFunc(entries, func(e db.OutboxEntry) bool { return e.Kind != db.OutboxCopy })
		}
		entry, ok := pick(entries, r.opts.Clock())
		if !ok {
			return r.holdBlocked(ctx, entries)
		}
		// A call that has begun is finished and recorded even when the portal stops meanwhile.
		work, cancel := context.WithTimeout(audit.WithActor(context.WithoutCancel(ctx), onOrder(entry)), callTimeout)
		err = r.do(work, flow, entries, entry)
		cancel()
		r.opts.Changed(flowID)
		if err != nil && !errors.Is(err, db.ErrConflict) { // somebody has just stopped the flow: look again
			return err
		}
	}
	return nil
}

// onOrder is the program at work on the order of whoever caused an entry, under the name of their request, by which the audit log finds
// the act.
func onOrder(e db.OutboxEntry) audit.Actor {
	return audit.Actor{Name: cmp.Or(e.Actor, audit.ActorPortal), Role: audit.RoleSystem, RequestID: e.RequestID}
}

// pick chooses an entry that is due and whose turn it is: files before the flow, the flow before its approvers. A flow that is to be
// withdrawn is sent to nobody any more.
func pick(entries []db.OutboxEntry, now time.Time) (db.OutboxEntry, bool) {
	ready := map[string]bool{db.OutboxUpload: true, db.OutboxCreate: true, db.OutboxSend: true, db.OutboxCancel: true, db.OutboxCopy: true}
	for _, e := range entries {
		switch {
		case e.State == db.OutboxDone:
		case e.Kind == db.OutboxUpload:
			ready[db.OutboxCreate], ready[db.OutboxSend], ready[db.OutboxCancel] = false, false, false
		case e.Kind == db.OutboxCreate:
			ready[db.OutboxSend], ready[db.OutboxCancel] = false, false
		case e.Kind == db.OutboxCancel:
			ready[db.OutboxSend] = false
		}
	}
	for _, e := range entries {
		open := e.State == db.OutboxWaiting || e.State == db.OutboxTrying || e.State == db.OutboxUnknown
		if open && ready[e.Kind] && !e.Due.After(now) {
			return e, true
		}
	}
	return db.OutboxEntry{}, false
}

// holdBlocked puts off entries that are due but wait for others, so that they do not come up again and again: until the entry
// in front of them is due, or for a long time when that one was refused. A retry makes all of them due.
func (r *Router) holdBlocked(ctx context.Context, entries []db.OutboxEntry) error {
	now := r.opts.Clock()
	until := now.Add(time.Minute)
	for _, e := range entries {
		if e.State != db.OutboxDone && e.State != db.OutboxFailed && e.Due.After(now) && e.Due.Before(until) {
			until = e.Due
		}
	}
	for _, e := range entries {
		if e.State == db.OutboxWaiting && !e.Due.After(now) {
			if err := r.opts.DB.OutboxLater(ctx, e, e.State, e.Error, until); err != nil {
				return err
			}
		}
	}
	return nil
}

// do makes the call of one entry, asking first when an earlier try has an unknown outcome.
func (r *Router) do(ctx context.Context, flow db.Flow, entries []db.OutboxEntry, e db.OutboxEntry) error {
	if e.State != db.OutboxWaiting {
		result, err := r.reconcile(ctx, flow, e)
		switch {
		case err != nil:
			return r.later(ctx, e, db.OutboxUnknown, err)
		case result != "":
			return r.opts.DB.OutboxFinished(ctx, e, result)
		}
	}
	if err := r.opts.DB.OutboxTry(ctx, e); err != nil {
		return err
	}
	e.Attempts++
	result, err := r.call(ctx, flow, entries, e)
	switch {
	case err == nil:
		return r.opts.DB.OutboxFinished(ctx, e, result)
	case surelyNotDone(err):
		return r.later(ctx, e, db.OutboxWaiting, err)
	case outcomeUnknown(err):
		return r.later(ctx, e, db.OutboxUnknown, err)
	case api.IsCode(err, api.CodeInvalidParameterBizApproverAlreadyExists):
		// Somebody, perhaps an earlier try of ours, has sent to them: the platform knows the task.
		return r.later(ctx, e, db.OutboxUnknown, err)
	}
	r.opts.Logger.Warn("routing: the platform refused a call", "flow", flow.ID, "kind", e.Kind, "error", err)
	return r.opts.DB.OutboxRefused(ctx, e, codeOf(err))
}

// later puts an entry off with doubling pauses. What stays unknown after many tries is shown to a person.
func (r *Router) later(ctx context.Context, e db.OutboxEntry, state string, cause error) error {
	if errors.Is(cause, errCannotAsk) {
		return r.opts.DB.OutboxRefused(ctx, e, db.CodeCannotAsk)
	}
	if e.Attempts > maxAttempts {
		return r.opts.DB.OutboxRefused(ctx, e, db.CodeOutcomeUnknown)
	}
	if state == db.OutboxUnknown && e.State == db.OutboxUnknown {
		e.Attempts++ // asking counts too, so that the pauses grow
	}
	pause := r.opts.RetryDelay << min(max(0, e.Attempts-1), 8)
	r.opts.Logger.Warn("routing: a call is put off", "flow", e.FlowID, "kind", e.Kind, "state", state, "pause", pause, "error", cause)
	return r.opts.DB.OutboxLater(ctx, e, state, codeOf(cause), r.opts.Clock().Add(min(pause, 5*time.Minute)))
}

func codeOf(err error) string {
	if code := api.CodeOf(err); code != "" {
		return code
	}
	var invalid *api.ValidationError
	switch {
	case errors.As(err, &invalid), errors.Is(err, errMobileLost):
		return api.CodeInvalidParameter
	case errors.Is(err, errLinkOnly):
		return db.CodeLinkOnly
	case errors.Is(err, errNoAccount):
		return db.CodeNoAccount
	case errors.Is(err, errFileGone):
		return api.CodeResourceNotFound
	case errors.Is(err, errForeign):
		return db.CodeForeignSigner
	}
	return db.CodeOutcomeUnknown
}

// surelyNotDone: the request never left, or was turned away for being one too many.
func surelyNotDone(err error) bool {
	if errors.Is(err, errNotTold) {
		return true
	}
	var silent *api.NoAnswerError
	if errors.As(err, &silent) {
		return silent.NotSent
	}
	return strings.HasPrefix(api.CodeOf(err), "RequestLimitExceeded")
}

// outcomeUnknown: no answer, or one in which the platform itself failed, perhaps after the work.
func outcomeUnknown(err error) bool {
	return api.IsUnknownOutcome(err) || strings.HasPrefix(api.CodeOf(err), "InternalError")
}

var (
	errCannotAsk = errors.New("the platform cannot be asked")
	errFileGone  = errors.New("a file of the flow is gone")
	// errMobileLost: the mobile was encrypted under another key, or for another person.
	errMobileLost = errors.New("the registered mobile of an approver cannot be read")
)

func caller(flow db.Flow) api.Caller {
	return api.Caller{SubOrganizationId: flow.OrganizationID, OperatorId: flow.Document.OperatorID}
}

// fileCustomID and the flow's own id are how the platform is asked about things whose ids we never got.
func fileCustomID(flowID, index string) string { return flowID + "-" + index }

func (r *Router) call(ctx context.Context, flow db.Flow, entries []db.OutboxEntry, e db.OutboxEntry) (string, error) {
	switch e.Kind {
	case db.OutboxUpload:
		return r.upload(ctx, flow, e.Subject)
	case db.OutboxCreate:
		return r.create(ctx, flow, entries)
	case db.OutboxSend:
		return r.send(ctx, flow, e.Approver())
	case db.OutboxCopy:
		resp, err := api.CreatePreviewSignUrl.Call(ctx, r.opts.Client, &api.CreatePreviewSignUrlRequest{Caller: caller(flow), FlowId: flow.PlatformID,
			SignUrlType: api.BusinessFlow, Deadline: r.opts.Clock().Add(db.CopyLife).Unix()})
		if err != nil {
			return "", err
		}
		return resp.PreviewSignUrl, nil
	case db.OutboxCancel:
		_, err := api.CancelFlow.Call(ctx, r.opts.Client, &api.CancelFlowRequest{Caller: caller(flow), FlowId: flow.PlatformID, CancelMessage: flow.RefusalReason()})
		return db.OutboxWithdrawn, err
	}
	return "", fmt.Errorf("unknown kind %q", e.Kind)
}

func (r *Router) upload(ctx context.Context, flow db.Flow, subject string) (string, error) {
	i, err := strconv.Atoi(subject)
	if err != nil || i < 0 || i >= len(flow.Document.Files) {
		return "", errFileGone
	}
	file, err := r.opts.DB.File(ctx, db.Everything(), flow.Document.Files[i])
	if err != nil {
		return "", errors.Join(errFileGone, err)
	}
	data, err := r.opts.Files.Get(ctx, files.Ref(file.Ref))
	if err != nil {
		return "", errors.Join(errFileGone, err)
	}
	resp, err := api.UploadFiles.Call(ctx, r.opts.Client, &api.UploadFilesRequest{
		Caller:       caller(flow),
		BusinessType: "DOCUMENT",
		FileInfos:    []api.UploadFile{{FileBody: base64.StdEncoding.EncodeToString(data), FileName: file.Name}},
		CustomIds:    []string{fileCustomID(flow.ID, subject)},
	})
	if err != nil {
		return "", err
	}
	if len(resp.FileIds) != 1 {
		return "", &api.NoAnswerError{Action: api.UploadFiles.Name, Err: fmt.Errorf("%d file ids", len(resp.FileIds))}
	}
	return resp.FileIds[0], nil
}

func (r *Router) create(ctx context.Context, flow db.Flow, entries []db.OutboxEntry) (string, error) {
	ids := make([]string, len(flow.Document.Files))
	for _, e := range entries {
		if i, err := strconv.Atoi(e.Subject); e.Kind == db.OutboxUpload && err == nil && i < len(ids) {
			ids[i] = e.Result
		}
	}
	resp, err := api.CreateFlowByFiles.Call(ctx, r.opts.Client, &api.CreateFlowByFilesRequest{
		Caller: caller(flow),
		FlowInfo: api.FlowInfo{FlowName: flow.Name, FlowType: flow.Document.Type, FlowDescription: flow.Document.Description,
			Deadline: flow.Document.Deadline.Unix(), CallbackUrl: r.opts.CallbackURL},
		FileIds:  ids,
		CustomId: flow.ID,
	})
	if err != nil {
		return "", err
	}
	return resp.FlowId, nil
}

func (r *Router) send(ctx context.Context, flow db.Flow, approverID string) (string, error) {
	i := slices.IndexFunc(flow.Document.Approvers, func(a db.DraftApprover) bool { return a.ID == approverID })
	if i < 0 {
		return "", fmt.Errorf("no approver %q", approverID)
	}
	a := flow.Document.Approvers[i]
	if err := r.belongs(ctx, a); err != nil { // who was assigned at sending may have left since
		return "", err
	}
	if err := r.Tell(ctx); err != nil {
		return "", errors.Join(errNotTold, err)
	}
	switch rule, err := r.Will(ctx, flow.OrganizationID, a); {
	case err != nil || rule == RuleLinkOnly:
		return "", errors.Join(errLinkOnly, err)
	case rule != "":
		return "", errNoAccount
	}
	mobile, err := r.opts.DB.RegisteredMobile(ctx, a.UserID)
	if err != nil {
		return "", errors.Join(errMobileLost, err)
	}
	deadline := flow.Document.Deadline
	if !a.Deadline.IsZero() {
		deadline = a.Deadline
	}
	resp, err := api.SendFlow.Call(ctx, r.opts.Client, &api.SendFlowRequest{
		Caller: caller(flow), FlowId: flow.PlatformID, UserId: a.UserID, SubOrganizationId: a.OrganizationID,
		SignComponents: components(flow.Document.Components, a.ID),
		VerifyChannel:  a.Channels, Mobile: mobile, Deadline: deadline.Unix(),
		IsFullText: a.FullText, PreReadTime: a.PreRead, CallbackUrl: r.opts.CallbackURL,
	})
	if err != nil {
		return "", err
	}
	return resp.SignId, nil
}

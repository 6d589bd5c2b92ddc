package routing

import (
	"context"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
)

// reconcile asks the platform what became of a call without an answer. An empty result without an error means that it never took
// effect; an error means that it is still unknown.
func (r *Router) reconcile(ctx context.Context, flow db.Flow, e db.OutboxEntry) (result string, err error) {
	switch e.Kind {
	case db.OutboxUpload:
		result, err = r.askFile(ctx, flow, e.Subject)
		if unanswerable(err) {
			return "", nil // a file that nobody refers to hurts nobody: uploading again is safe
		}
	case db.OutboxCreate:
		result, err = r.askFlow(ctx, flow)
		if unanswerable(err) {
			return "", errCannotAsk
		}
	case db.OutboxSend:
		result, err = r.askApprover(ctx, flow, e.Approver())
	case db.OutboxCopy:
		return "", nil // a link that nobody has hurts nobody: another one is as good
	case db.OutboxCancel:
		return r.askWithdrawn(ctx, flow)
	}
	if api.IsCode(err, api.CodeResourceNotFound) {
		return "", nil
	}
	return result, err
}

// unanswerable tells that the platform does not serve the question at all.
func unanswerable(err error) bool {
	code := api.CodeOf(err)
	return code == "InvalidAction" || strings.HasPrefix(code, "UnsupportedOperation") || code == "ActionOffline" ||
		strings.HasPrefix(code, "OperationDenied") || strings.HasPrefix(code, "UnauthorizedOperation")
}

func (r *Router) askFile(ctx context.Context, flow db.Flow, subject string) (string, error) {
	custom := fileCustomID(flow.ID, subject)
	resp, err := api.DescribeFileIdsByCustomIds.Call(ctx, r.opts.Client, &api.DescribeFileIdsByCustomIdsRequest{
		Caller: caller(flow), CustomIds: []string{custom}})
	if err != nil {
		return "", err
	}
	for _, m := range resp.CustomIdList {
		if m.CustomId == custom {
			return m.FileId, nil
		}
	}
	return "", nil
}

func (r *Router) askFlow(ctx context.Context, flow db.Flow) (string, error) {
	resp, err := api.DescribeCustomFlowIds.Call(ctx, r.opts.Client, &api.DescribeCustomFlowIdsRequest{
		Caller: caller(flow), CustomIds: []string{flow.ID}})
	if err != nil {
		return "", err
	}
	for _, m := range resp.CustomIdList {
		if m.CustomId == flow.ID {
			return m.FlowId, nil
		}
	}
	return "", nil
}

// askWithdrawn tells whether a flow has ended, by our withdrawal or in another way.
func (r *Router) askWithdrawn(ctx context.Context, flow db.Flow) (string, error) {
	resp, err := api.DescribeFlow.Call(ctx, r.opts.Client, &api.DescribeFlowRequest{Caller: caller(flow), FlowId: flow.PlatformID})
	switch {
	case err != nil:
		return "", err
	case db.FlowState(resp.FlowStatus) == db.FlowWithdrawn:
		return db.OutboxWithdrawn, nil
	case !db.FlowState(resp.FlowStatus).Open():
		return outboxEnded, nil
	}
	return "", nil
}

// outboxEnded is the result of a withdrawal that came too late.
const outboxEnded = "ended"

// askApprover looks for a task of the approver that is not already another approver's of ours: the same person may sign once for
// themselves and once for an organisation.
func (r *Router) askApprover(ctx context.Context, flow db.Flow, approverID string) (string, error) {
	i := slices.IndexFunc(flow.Approvers, func(a db.FlowApprover) bool { return a.ID == approverID })
	if i < 0 {
		return "", nil
	}
	resp, err := api.DescribeFlowApprovers.Call(ctx, r.opts.Client, &api.DescribeFlowApproversRequest{Caller: caller(flow), FlowId: flow.PlatformID})
	if err != nil {
		return "", err
	}
	for _, got := range resp.Approvers {
		known := slices.ContainsFunc(flow.Approvers, func(a db.FlowApprover) bool { return a.SignID == got.SignId })
		if !known && got.UserId == flow.Approvers[i].UserID && got.SubOrganizationId == flow.Approvers[i].OrganizationID {
			return got.SignId, nil
		}
	}
	return "", nil
}

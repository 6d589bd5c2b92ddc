package engine

import (
	"context"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// catalogType is the SignUrlType of catalogs. No action creates one, so none exists here.
const catalogType = "CATALOG"

// createSignURL makes a link for one approver's task.
func (e *Engine) createSignURL(ctx context.Context, req *api.CreateSignUrlRequest) (*api.CreateSignUrlResponse, error) {
	if req.SignUrlType == catalogType {
		return nil, notFound("CatalogId", req.CatalogId)
	}
	deadline, err := e.linkDeadline(req.Deadline)
	if err != nil {
		return nil, err
	}
	resp := &api.CreateSignUrlResponse{}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		f, err := e.findFlow(ctx, tx, by.ApplicationID, req.FlowId)
		if err != nil {
			return orNotFound(err, "FlowId", req.FlowId)
		}
		all, err := e.approversOf(ctx, tx, f)
		if err != nil {
			return err
		}
		a, err := taskOf(all, req)
		if err != nil {
			return err
		}
		if err := f.need(stepLink); err != nil {
			return err
		}
		if !a.may(f, stepLink) {
			return denied("the approver is in state %d: no %s", a.Status, stepLink)
		}
		resp.SignUrl, err = e.createLink(ctx, tx, link{Kind: LinkSign, ApplicationID: f.ApplicationID, FlowID: f.ID, SignID: a.SignID, Deadline: deadline})
		if err != nil {
			return err
		}
		return e.record(ctx, tx, event{Action: "link.sign", ObjectType: "flow", ObjectID: f.ID, Detail: map[string]any{"signId": a.SignID, "deadline": deadline}})
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// taskOf picks the task a link is for. Without SignId it is the person's only pending one; where there are several, the
// caller's organisation decides.
func taskOf(all []*approver, req *api.CreateSignUrlRequest) (*approver, error) {
	if req.SignId != "" {
		return findTask(all, req.SignId, req.UserId, "")
	}
	var mine, pending []*approver
	for _, a := range all {
		if a.UserID != req.UserId {
			continue
		}
		mine = append(mine, a)
		if a.Status == ApproverPending || a.Status == ApproverReviewFailed {
			pending = append(pending, a)
		}
	}
	switch len(pending) {
	case 0:
		if len(mine) == 0 {
			return nil, notFound("UserId", req.UserId)
		}
		return mine[len(mine)-1], nil
	case 1:
		return pending[0], nil
	}
	for _, a := range pending {
		if a.OrganizationID == req.Caller.SubOrganizationId {
			return a, nil
		}
	}
	return nil, missing("SignId")
}

// createPreviewSignURL makes a read-only link.
func (e *Engine) createPreviewSignURL(ctx context.Context, req *api.CreatePreviewSignUrlRequest) (*api.CreatePreviewSignUrlResponse, error) {
	if req.SignUrlType == catalogType {
		return nil, notFound("CatalogId", req.CatalogId)
	}
	deadline, err := e.linkDeadline(req.Deadline)
	if err != nil {
		return nil, err
	}
	resp := &api.CreatePreviewSignUrlResponse{}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		f, err := e.findFlow(ctx, tx, by.ApplicationID, req.FlowId)
		if err != nil {
			return orNotFound(err, "FlowId", req.FlowId)
		}
		if err := f.need(stepPreview); err != nil {
			return err
		}
		resp.PreviewSignUrl, err = e.createLink(ctx, tx, link{Kind: LinkPreview, ApplicationID: f.ApplicationID, FlowID: f.ID, Deadline: deadline})
		if err != nil {
			return err
		}
		return e.record(ctx, tx, event{Action: "link.preview", ObjectType: "flow", ObjectID: f.ID, Detail: map[string]any{"deadline": deadline}})
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func (e *Engine) linkDeadline(seconds int64) (time.Time, error) {
	deadline := time.Unix(seconds, 0).UTC()
	if !e.now().Before(deadline) {
		return time.Time{}, badValue("Deadline", "must lie in the future")
	}
	return deadline, nil
}

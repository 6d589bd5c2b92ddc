package engine

import (
	"context"
	"path"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// catalogType is the SignUrlType of catalogs.
const catalogType = "CATALOG"

// createSignURL makes a link for one approver's task.
func (e *Engine) createSignURL(ctx context.Context, req *api.CreateSignUrlRequest) (*api.CreateSignUrlResponse, error) {
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
		var l link
		if req.SignUrlType == catalogType {
			l, err = e.catalogLink(ctx, tx, by.ApplicationID, req)
		} else {
			l, err = e.taskLink(ctx, tx, by.ApplicationID, req)
		}
		if err != nil {
			return err
		}
		l.Deadline = deadline
		if resp.SignUrl, err = e.createLink(ctx, tx, l); err != nil {
			return err
		}
		return e.record(ctx, tx, l.event("link.sign", resp.SignUrl))
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// taskLink is the target of a link for signing one flow.
func (e *Engine) taskLink(ctx context.Context, tx *store.Tx, applicationID string, req *api.CreateSignUrlRequest) (link, error) {
	f, err := e.findFlow(ctx, tx, applicationID, req.FlowId)
	if err != nil {
		return link{}, orNotFound(err, "FlowId", req.FlowId)
	}
	all, err := e.approversOf(ctx, tx, f)
	if err != nil {
		return link{}, err
	}
	a, err := taskOf(all, req)
	if err != nil {
		return link{}, err
	}
	if !mayLink(req.Caller, f, a) {
		return link{}, notFound("UserId", req.UserId)
	}
	if onlyAccount(a) {
		return link{}, denied("this approver signs from their own account, by way of the portal")
	}
	if err := f.need(stepLink); err != nil {
		return link{}, err
	}
	if !a.may(f, stepLink) {
		return link{}, denied("the approver is in state %d: no %s", a.Status, stepLink)
	}
	return link{Kind: LinkSign, ApplicationID: f.ApplicationID, FlowID: f.ID, SignID: a.SignID}, nil
}

// mayLink tells whether a caller gets the link of a task: the initiator's organisation, that of the task, or the signer. A caller that
// names nobody is the application itself.
func mayLink(c api.Caller, f *flow, a *approver) bool {
	switch {
	case c.SubOrganizationId != "":
		return c.SubOrganizationId == f.Creator.SubOrganizationId || c.SubOrganizationId == a.OrganizationID
	case c.OperatorId != "":
		return c.OperatorId == a.UserID || c.OperatorId == f.Creator.OperatorId && f.Creator.SubOrganizationId == ""
	}
	return true
}

// event is the evidence of a link that was handed out, under the name by which readings tell of it.
func (l link) event(action, address string) event {
	detail := map[string]any{"deadline": l.Deadline, "link": LinkName(path.Base(address))}
	if l.CatalogID != "" {
		detail["userId"] = l.UserID
		return event{Action: action, ObjectType: "catalog", ObjectID: l.CatalogID, Detail: detail}
	}
	detail["signId"] = l.SignID
	return event{Action: action, ObjectType: "flow", ObjectID: l.FlowID, Detail: detail}
}

// taskOf picks the task a link is for. Without SignId it is the person's only pending one; where there are several, the
// caller's organisation decides.
func taskOf(all []*approver, req *api.CreateSignUrlRequest) (*approver, error) {
	if req.SignId != "" {
		for _, a := range all {
			if a.SignID == req.SignId && a.UserID == req.UserId {
				return a, nil
			}
		}
		return nil, notFound("SignId", req.SignId)
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
		var l link
		if req.SignUrlType == catalogType {
			l, err = e.catalogPreview(ctx, tx, by.ApplicationID, req.CatalogId)
		} else {
			l, err = e.flowPreview(ctx, tx, by.ApplicationID, req.FlowId)
		}
		if err != nil {
			return err
		}
		l.Deadline = deadline
		if resp.PreviewSignUrl, err = e.createLink(ctx, tx, l); err != nil {
			return err
		}
		return e.record(ctx, tx, l.event("link.preview", resp.PreviewSignUrl))
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// flowPreview is the target of a link for reading one flow.
func (e *Engine) flowPreview(ctx context.Context, tx *store.Tx, applicationID, flowID string) (link, error) {
	f, err := e.findFlow(ctx, tx, applicationID, flowID)
	if err != nil {
		return link{}, orNotFound(err, "FlowId", flowID)
	}
	return link{Kind: LinkPreview, ApplicationID: f.ApplicationID, FlowID: f.ID}, f.need(stepPreview)
}

func (e *Engine) linkDeadline(seconds int64) (time.Time, error) {
	deadline := time.Unix(seconds, 0).UTC()
	if !e.now().Before(deadline) {
		return time.Time{}, badValue("Deadline", "must lie in the future")
	}
	return deadline, nil
}

package engine

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

func (e *Engine) describeFlow(ctx context.Context, req *api.DescribeFlowRequest) (*api.DescribeFlowResponse, error) {
	var f *flow
	err := e.db.Read(ctx, func(tx *store.Tx) (err error) {
		f, err = e.findFlow(ctx, tx, callOf(ctx).Application.ID, req.FlowId)
		return orNotFound(err, "FlowId", req.FlowId)
	})
	if err != nil {
		return nil, err
	}
	return &api.DescribeFlowResponse{
		Creator: f.Creator, FlowId: f.ID, FlowName: f.Name, FlowDescription: f.Description, FlowType: f.Kind, FlowStatus: int64(f.Status),
		CreatedOn: unix(f.Created), UpdatedOn: unix(f.Completed), Deadline: unix(f.Deadline), CallbackUrl: f.CallbackURL, FlowMessage: f.Message,
	}, nil
}

// describeFlowApprovers declares no ResourceNotFound: a flow of nobody has no approvers.
func (e *Engine) describeFlowApprovers(ctx context.Context, req *api.DescribeFlowApproversRequest) (*api.DescribeFlowApproversResponse, error) {
	resp := &api.DescribeFlowApproversResponse{FlowId: req.FlowId, Approvers: []api.FlowApproverInfo{}}
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		f, err := e.findFlow(ctx, tx, callOf(ctx).Application.ID, req.FlowId)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		approvers, err := e.approversOf(ctx, tx, f)
		if err != nil {
			return err
		}
		for _, a := range approvers {
			if (req.UserId != "" && a.UserID != req.UserId) || (req.SignId != "" && a.SignID != req.SignId) {
				continue
			}
			info, err := e.approverInfo(ctx, tx, f, a)
			if err != nil {
				return err
			}
			resp.Approvers = append(resp.Approvers, info)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// approverInfo is the masked view of an approver. ComponentSeals lists every component of theirs at once: it is the only
// way in which a caller learns the ids that the engine made.
func (e *Engine) approverInfo(ctx context.Context, tx *store.Tx, f *flow, a *approver) (api.FlowApproverInfo, error) {
	u, err := e.findUser(ctx, tx, f.ApplicationID, a.UserID)
	if err != nil {
		return api.FlowApproverInfo{}, fmt.Errorf("find the approver: %w", err)
	}
	components, err := e.componentsOf(ctx, tx, f.ID, a.SignID)
	if err != nil {
		return api.FlowApproverInfo{}, err
	}
	info := api.FlowApproverInfo{
		UserId: a.UserID, VerifyChannel: a.Channels, ApproveStatus: int64(a.Status), ApproveMessage: a.Message, ApproveTime: unix(a.Acted),
		SubOrganizationId: a.OrganizationID, JumpUrl: a.JumpURL, ComponentSeals: []api.ComponentSeal{}, IsFullText: a.IsFullText,
		PreReadTime: a.PreReadTime, Mobile: maskMobile(a.Mobile), Deadline: unix(a.Deadline), IsLastApprover: a.IsLast, SmsTemplate: a.SMSTemplate,
		IdCardNumber: maskNumber(u.IDCardNumber), Name: u.Name, CanOffLine: a.CanOffline, IdCardType: u.IDCardType, CallbackUrl: a.CallbackURL, SignId: a.SignID,
	}
	for _, c := range components {
		info.ComponentSeals = append(info.ComponentSeals, api.ComponentSeal{ComponentId: c.ComponentId, SealId: c.SealID})
	}
	return info, nil
}

func (e *Engine) describeFlowFiles(ctx context.Context, req *api.DescribeFlowFilesRequest) (*api.DescribeFlowFilesResponse, error) {
	resp := &api.DescribeFlowFilesResponse{FlowId: req.FlowId, FlowFileInfos: []api.FlowFileInfo{}}
	app := callOf(ctx).Application.ID
	var files []*flowFile
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		f, err := e.findFlow(ctx, tx, app, req.FlowId)
		if err != nil {
			return orNotFound(err, "FlowId", req.FlowId)
		}
		if !f.allows(stepFiles) {
			return fail(api.CodeResourceUnavailable, "the files of flow %q are destroyed", f.ID)
		}
		files, err = e.flowFiles(ctx, tx, f.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	targets := make([]downloadTarget, len(files))
	for i, f := range files {
		targets[i] = downloadTarget{Form: formPDF, Refs: []string{f.Ref}, Name: withExtension(f.Name, ".pdf")}
	}
	urls, err := e.downloadLinks(ctx, app, req.FlowId, targets)
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		resp.FlowFileInfos = append(resp.FlowFileInfos, api.FlowFileInfo{
			FileIndex: int64(f.Index), FileType: "PDF", FileMd5: f.MD5, FileName: f.Name, FileSize: f.Size, CreatedOn: unix(f.CreatedOn), Url: urls[i],
		})
	}
	return resp, nil
}

func (e *Engine) describeCustomFlowIds(ctx context.Context, req *api.DescribeCustomFlowIdsRequest) (*api.DescribeCustomFlowIdsResponse, error) {
	list, err := e.customFlows(ctx, "CustomIds", `custom_id`, req.CustomIds)
	if err != nil {
		return nil, err
	}
	return &api.DescribeCustomFlowIdsResponse{CustomIdList: list}, nil
}

func (e *Engine) describeCustomFlowIdsByFlowID(ctx context.Context, req *api.DescribeCustomFlowIdsByFlowIdRequest) (*api.DescribeCustomFlowIdsByFlowIdResponse, error) {
	list, err := e.customFlows(ctx, "FlowIds", `id`, req.FlowIds)
	if err != nil {
		return nil, err
	}
	return &api.DescribeCustomFlowIdsByFlowIdResponse{CustomIdList: list}, nil
}

// customFlows pairs custom ids with flow ids, looked up by one of the two columns. Ids of no flow are left out, and only
// a list without any match is not found.
func (e *Engine) customFlows(ctx context.Context, parameter, column string, ids []string) ([]api.CustomFlowIdMap, error) {
	list := []api.CustomFlowIdMap{}
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			var m api.CustomFlowIdMap
			err := tx.QueryRow(ctx, `SELECT custom_id, id FROM engine_flows WHERE application_id = $1 AND custom_id <> '' AND `+column+` = $2`,
				callOf(ctx).Application.ID, id).Scan(&m.CustomId, &m.FlowId)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return fmt.Errorf("find a flow by its custom id: %w", err)
			}
			list = append(list, m)
		}
		return nil
	})
	if err == nil && len(list) == 0 {
		err = notFound(parameter, ids[0])
	}
	return list, err
}

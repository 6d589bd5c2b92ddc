package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/routing"
)

const (
	// usual is the deadline of a contract that nobody is in a hurry with.
	usual = 14 * 24 * time.Hour
	// soon is the deadline of the contract that is to expire: long enough to be sent, short enough to wait for.
	soon = 3 * time.Second
	// sendLimit is how long the outbox may take for one contract.
	sendLimit = 30 * time.Second
)

func (f *filling) drafts(ctx context.Context) error {
	draft, err := f.draft(ctx, "办公设备租赁合同（草稿）", usual)
	if err != nil {
		return err
	}
	template := routing.TemplateOf(draft, "软件服务采购合同", []string{"甲方", "乙方"}, db.TemplateTerms{ContractName: "{甲方}与{乙方}软件服务采购合同", Days: 30})
	template.ID, template.CreatedBy, template.Created = newID(), draft.CreatedBy, f.Clock()
	template.Components = append(template.Components, db.Component{ID: "number", Type: db.FillText, Approver: template.Approvers[0].ID, Page: 1,
		X: 400, Y: 40, Width: 140, Height: 24, Required: true, Name: "合同编号"})
	if err := f.DB.CreateDraft(ctx, template); err != nil {
		return err
	}
	return f.batch(ctx, template)
}

// batch prepares a bulk sending that waits to be confirmed.
func (f *filling) batch(ctx context.Context, template db.Draft) error {
	var rows []db.BatchRow
	for i := range 3 {
		use := db.Use{Name: fmt.Sprintf("软件服务采购合同（批次 %d）", i+1), Deadline: f.Clock().Add(usual).UTC().Truncate(time.Second),
			OperatorID: f.parties[0].Person, Values: []string{fmt.Sprintf("SD-2026-%04d", i+101)}}
		for _, p := range f.parties {
			use.People = append(use.People, db.UsePerson{UserID: p.Person, UserName: p.PersonName, OrganizationID: p.Organization, OrganizationName: p.OrganizationName})
		}
		rows = append(rows, db.BatchRow{Line: i + 2, Use: use})
	}
	return f.DB.CreateBatch(audit.WithActor(ctx, audit.Actor{Name: "business"}), newID(), template, rows)
}

// flows sends the sample contract several times and leads each one into another state.
func (f *filling) flows(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- f.Router.Run(running) }()
	err := f.sendAll(ctx)
	stop()
	return errors.Join(err, <-done)
}

func (f *filling) sendAll(ctx context.Context) error {
	var expiring db.Flow
	for _, c := range []struct {
		name     string
		deadline time.Duration
		approval bool // of the compliance role, after everybody has signed
		lead     func(context.Context, db.Flow) error
	}{
		{"年度审计服务合同", soon, false, func(_ context.Context, flow db.Flow) error { expiring = flow; return nil }},
		{"数据中心托管合同", usual, false, f.signByAll},
		{"办公室装修合同", usual, false, f.reject},
		{"软件服务采购合同", usual, false, func(ctx context.Context, flow db.Flow) error { return f.sign(ctx, flow, 0) }},
		{"差旅服务框架协议", usual, false, f.cancel},
		{"员工培训服务合同", usual, false, func(context.Context, db.Flow) error { return nil }},
		{"品牌设计服务合同", usual, false, func(ctx context.Context, flow db.Flow) error {
			return errors.Join(f.signByAll(ctx, flow), f.archive(ctx, flow))
		}},
		{"年度保洁服务合同", usual, true, f.signByAll},
	} {
		flow, err := f.send(ctx, c.name, c.deadline, c.approval)
		if err != nil {
			return fmt.Errorf("send %s: %w", c.name, err)
		}
		if err := c.lead(ctx, flow); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := f.Watch.Refresh(ctx, flow.ID); err != nil {
			return err
		}
	}
	return f.waitForExpiry(ctx, expiring)
}

// send sends a draft through the outbox, as the portal does, and waits until the platform has it.
func (f *filling) send(ctx context.Context, name string, deadline time.Duration, approval bool) (db.Flow, error) {
	draft, err := f.draft(ctx, name, deadline)
	if err == nil && approval {
		draft, err = f.DB.SaveDraft(ctx, db.Everything(), draft.ID, draft.Revision, func(d *db.Draft) error {
			d.Approvals = []db.DraftApproval{{ID: newID(), Step: 2, Role: auth.Compliance}}
			return nil
		})
	}
	if err != nil {
		return db.Flow{}, err
	}
	id, err := f.Router.Send(ctx, db.Everything(), draft.ID, draft.Revision)
	if err != nil {
		return db.Flow{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		flow, err := f.DB.Flow(ctx, db.Everything(), id)
		if err != nil {
			return flow, err
		}
		if flow.State == db.FlowFailed {
			return flow, fmt.Errorf("the platform refused a step: %s", flow.Problem)
		}
		if flow.State == db.FlowSigning {
			return flow, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return flow, ctx.Err()
		}
	}
}

func (f *filling) initiator() api.Caller {
	return api.Caller{SubOrganizationId: f.parties[0].Organization, OperatorId: f.parties[0].Person}
}

// sign lets one side sign as its signer would on the signing page.
func (f *filling) sign(ctx context.Context, flow db.Flow, i int) error {
	p, side := f.parties[i], []string{sideA, sideB}[i]
	channel, ticket, err := f.showWill(ctx, i, p, flow.PlatformID, flow.Approvers[i].SignID)
	if err != nil {
		return err
	}
	_, err = api.SignFlow.Call(ctx, f.Client, &api.SignFlowRequest{
		Caller: api.Caller{SubOrganizationId: p.Organization, OperatorId: p.Person}, FlowId: flow.PlatformID, SignId: flow.Approvers[i].SignID,
		VerifyChannel: channel, VerifyResult: ticket, SourceIp: localAddress, SignSeals: signSeals(p, side),
	})
	return err
}

func (f *filling) signByAll(ctx context.Context, flow db.Flow) error {
	return errors.Join(f.sign(ctx, flow, 0), f.sign(ctx, flow, 1))
}

func (f *filling) archive(ctx context.Context, flow db.Flow) error {
	_, err := api.ArchiveFlow.Call(ctx, f.Client, &api.ArchiveFlowRequest{Caller: f.initiator(), FlowId: flow.PlatformID})
	return err
}

func (f *filling) cancel(ctx context.Context, flow db.Flow) error {
	_, err := api.CancelFlow.Call(ctx, f.Client, &api.CancelFlowRequest{
		Caller: f.initiator(), FlowId: flow.PlatformID, CancelMessage: "价格条款需要重新协商",
	})
	return err
}

func (f *filling) reject(ctx context.Context, flow db.Flow) error {
	p := f.parties[1]
	channel, ticket, err := f.showWill(ctx, 1, p, flow.PlatformID, flow.Approvers[1].SignID)
	if err != nil {
		return err
	}
	_, err = api.RejectFlow.Call(ctx, f.Client, &api.RejectFlowRequest{
		Caller: api.Caller{SubOrganizationId: p.Organization, OperatorId: p.Person}, FlowId: flow.PlatformID, SignId: flow.Approvers[1].SignID,
		VerifyChannel: channel, VerifyResult: ticket, SourceIp: localAddress, RejectMessage: "付款比例与会议纪要不一致",
	})
	return err
}

// waitForExpiry waits until the deadline has passed, and lets the portal see it.
func (f *filling) waitForExpiry(ctx context.Context, flow db.Flow) error {
	timer := time.NewTimer(flow.Document.Deadline.Add(time.Second).Sub(f.Clock()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return f.Watch.Refresh(ctx, flow.ID)
	case <-ctx.Done():
		return ctx.Err()
	}
}

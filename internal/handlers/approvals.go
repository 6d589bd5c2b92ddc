package handlers

import (
	"context"
	"errors"
	"net/http"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// listApprovals shows what waits for the account's approval.
func (s *server) listApprovals(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	waiting, next, err := s.db.WaitingApprovals(ctx, account(ctx), limits(r))
	if err != nil {
		return err
	}
	names, err := s.organizationNames(ctx, each(waiting, func(one db.WaitingApproval) string { return one.Flow.OrganizationID })...)
	if err != nil {
		return err
	}
	data := templates.ApprovalsData{Paging: paging(r, next)}
	for _, one := range waiting {
		data.Waiting = append(data.Waiting, templates.ApprovalRow{FlowID: one.Flow.ID, Name: one.Flow.Name, Organization: names[one.Flow.OrganizationID],
			By: one.Flow.CreatedBy, Asked: one.Asked, Deadline: one.Flow.Document.Deadline})
	}
	return s.render(w, r, http.StatusOK, page{Title: "approvals.title", Active: "approvals"}, templates.ApprovalsPage(data))
}

// flowApprovals are the approvals of a flow as its page shows them; what the account may decide has a form.
func (s *server) flowApprovals(ctx context.Context, f db.Flow) (list []templates.FlowApproval) {
	me := account(ctx)
	for _, a := range f.Approvals {
		one := templates.FlowApproval{ID: a.ID, Name: a.Name, Step: int(a.Step), Status: a.Status, Comment: a.Comment, By: a.DecidedBy, At: a.Decided,
			CanMove: can(ctx, auth.FlowsWrite) && f.Movable(a.ID)}
		if a.AccountID == "" {
			one.Name = roleName(ctx, a.Role)
		}
		if one.At.IsZero() {
			one.At = a.Asked
		}
		open := f.State.Open() || f.State == db.FlowSending
		if open && a.Status == db.ApprovalAsked && a.For(me) {
			one.CanDecide = f.CreatedBy != me.Name || s.ownApproval
			one.Own = !one.CanDecide
		}
		list = append(list, one)
	}
	return list
}

// decide takes the account's decision about a flow.
func (s *server) decide(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := r.PathValue("id")
	f, err := s.db.Flow(ctx, scope(ctx), id)
	if err != nil {
		return err
	}
	var values templates.DecisionValues
	broken := parseForm(r, &values)
	if broken == nil {
		broken = api.Validate(&values)
	}
	if wrong, ok := problems(broken); ok {
		return s.render(w, r, http.StatusUnprocessableEntity, page{TitleText: f.Name, Active: "flows", Back: &templates.Link{URL: "/flows/" + id, Text: i18n.T(ctx, "common.back")}},
			templates.DecisionPage(id, r.PathValue("approval"), values, wrong))
	}
	if broken != nil {
		return broken
	}
	approve := values.Decision == "approve"
	err = s.db.Decide(ctx, account(ctx), id, r.PathValue("approval"), db.Decision{Approve: approve, Comment: values.Comment, Own: s.ownApproval})
	switch {
	case errors.Is(err, db.ErrOwnRequest):
		return refuse("approvals.own")
	case errors.Is(err, db.ErrConflict):
		return refuse("approvals.late")
	case err != nil:
		return err
	}
	s.routing.Changed(id)
	s.flash(r, "ok", map[bool]string{true: "approvals.approved", false: "approvals.refused"}[approve], "Name", f.Name)
	return s.redirect(w, r, "/flows/"+id)
}

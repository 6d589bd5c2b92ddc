package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// maxViewName is the longest name of a view, in characters.
const maxViewName = 30

// viewURL is the list as a view shows it.
func viewURL(v db.FlowView) string {
	if v.List == db.ListAudit {
		return "/audit?" + v.Query
	}
	q := "view=" + url.QueryEscape(v.ID)
	if v.Query != "" {
		q = v.Query + "&" + q
	}
	return "/flows?" + q
}

func flowViews(ctx context.Context, views []db.FlowView, standard, shown string) []templates.FlowView {
	list := make([]templates.FlowView, len(views))
	for i, v := range views {
		list[i] = templates.FlowView{ID: v.ID, Name: v.Name, URL: viewURL(v), Own: v.AccountID == account(ctx).ID, Shared: v.Shared, Standard: v.ID == standard,
			Shown: v.ID == shown}
	}
	return list
}

// saveFlowView keeps the filter of the list under a name.
func (s *server) saveFlowView(w http.ResponseWriter, r *http.Request) error {
	return s.saveView(w, r, db.ListFlows, filterQuery)
}

// saveAuditView keeps the conditions of the audit log under a name.
func (s *server) saveAuditView(w http.ResponseWriter, r *http.Request) error {
	return s.saveView(w, r, db.ListAudit, auditQuery)
}

// saveView keeps the filter of a list under a name; kept chooses what of a query belongs to it.
func (s *server) saveView(w http.ResponseWriter, r *http.Request, list string, kept func(url.Values) url.Values) error {
	ctx := r.Context()
	typed, err := url.ParseQuery(r.PostFormValue("Query"))
	if err != nil {
		return &badRequest{err}
	}
	v := db.FlowView{AccountID: account(ctx).ID, Name: strings.TrimSpace(r.PostFormValue("Name")), Query: kept(typed).Encode(), List: list}
	if v.Name == "" || utf8.RuneCountInString(v.Name) > maxViewName {
		s.flash(r, "danger", "flows.view.name.wrong", "Count", maxViewName)
		return s.redirect(w, r, "/"+list+"?"+v.Query)
	}
	if r.PostFormValue("Shared") != "" && can(ctx, auth.AccountsManage) {
		v.Shared, v.OrganizationID = true, r.PostFormValue("Organization")
	}
	id, err := s.db.SaveFlowView(ctx, v)
	if errors.Is(err, db.ErrTooMany) {
		return refuse("flows.view.many")
	}
	if err != nil {
		return err
	}
	if r.PostFormValue("Standard") != "" {
		if err := s.db.OpenWithFlowView(ctx, v.AccountID, id); err != nil {
			return err
		}
	}
	v.ID = id
	s.flash(r, "ok", "flows.view.saved", "Name", v.Name)
	return s.redirect(w, r, viewURL(v))
}

// chooseFlowView makes a view the one that the list opens with, or takes that back.
func (s *server) chooseFlowView(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	views, standard, err := s.db.FlowViews(ctx, account(ctx), db.ListFlows)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(views, func(v db.FlowView) bool { return v.ID == id })
	if i < 0 {
		return db.ErrNotFound
	}
	if id == standard {
		id = ""
	}
	if err := s.db.OpenWithFlowView(ctx, account(ctx).ID, id); err != nil {
		return err
	}
	return s.redirect(w, r, viewURL(views[i]))
}

// deleteFlowView removes one of the account's own views.
func (s *server) deleteFlowView(w http.ResponseWriter, r *http.Request) error {
	return s.deleteView(w, r, "/flows?sort=created")
}

// deleteAuditView removes one of the account's own views of the audit log.
func (s *server) deleteAuditView(w http.ResponseWriter, r *http.Request) error {
	return s.deleteView(w, r, "/audit")
}

func (s *server) deleteView(w http.ResponseWriter, r *http.Request, back string) error {
	if err := s.db.DeleteFlowView(r.Context(), account(r.Context()).ID, r.PathValue("id")); err != nil {
		return err
	}
	s.flash(r, "ok", "flows.view.deleted")
	return s.redirect(w, r, back)
}

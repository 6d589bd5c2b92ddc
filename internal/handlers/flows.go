package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/watch"
	"sealdesk/web/templates"
)

// showFlow shows one flow.
func (s *server) showFlow(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	data, err := s.flowData(ctx, r.PathValue("id"), readTimelineFilter(r.URL.Query()))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, page{TitleText: data.Name, Active: "flows", Back: &templates.Link{URL: "/flows", Text: i18n.T(ctx, "flows.title")}},
		templates.FlowPage(data))
}

func flowRow(f db.Flow, names map[string]string) templates.FlowRow {
	row := templates.FlowRow{ID: f.ID, Name: f.Name, Organization: names[f.OrganizationID], State: strconv.FormatInt(int64(f.State), 10),
		Approvers: len(f.Approvers), Problem: f.Problem != "" && f.State != db.FlowFailed, Created: f.Created, Deadline: f.Document.Deadline}
	var waiting []string
	for _, a := range f.Approvers {
		switch a.Status {
		case api.ApproverSigned:
			row.Signed++
		case api.ApproverPending, api.ApproverInReview:
			if f.State == db.FlowSigning {
				waiting = append(waiting, a.UserName)
			}
		}
	}
	if len(waiting) > 3 {
		waiting = append(waiting[:3], "…")
	}
	row.Waiting = strings.Join(waiting, "、")
	return row
}

// flowData is everything that the page of a flow shows.
func (s *server) flowData(ctx context.Context, id string, filter timelineFilter) (templates.FlowData, error) {
	f, err := s.db.Flow(ctx, scope(ctx), id)
	if err != nil {
		return templates.FlowData{}, err
	}
	names, err := s.organizationNames(ctx, f.OrganizationID)
	if err != nil {
		return templates.FlowData{}, err
	}
	write := can(ctx, auth.FlowsWrite)
	open := f.State.Open() || f.State == db.FlowFailed
	data := templates.FlowData{FlowRow: flowRow(f, names), PlatformID: f.PlatformID, Type: f.Document.Type, Description: f.Document.Description,
		By: f.CreatedBy, Message: f.Message, OnPlatform: f.PlatformID != "", Completed: f.Completed, CanWrite: write,
		CanRead:    can(ctx, auth.ContractsRead) && f.State != db.FlowDestroyed,
		CanCancel:  write && open && f.PlatformID != "",
		CanArchive: write && f.State == db.FlowSigned && allSigned(f),
		CanRetry:   write && f.Problem != "" && open,
		CanReopen:  write && f.State == db.FlowFailed && f.PlatformID == "",
		CanRestart: write && (f.State.Open() && f.PlatformID != "" || ended(f)),
		CanDestroy: f.State == db.FlowArchived && can(ctx, auth.ContractsDestroy),
		Needs:      f.Document.Needs, Approvals: s.flowApprovals(ctx, f), Block: flowBlock(ctx, f), Leftover: leftover(ctx, f),
	}
	if data.Copies, err = s.flowCopies(ctx, f); err != nil {
		return templates.FlowData{}, err
	}
	if f.Problem != "" {
		data.ProblemText = i18n.ErrorText(ctx, f.Problem)
	}
	if operator, err := s.db.User(ctx, db.Everything(), f.Document.OperatorID); err == nil {
		data.Operator = operator.Name
	} else if !errors.Is(err, db.ErrNotFound) {
		return templates.FlowData{}, err
	}
	undelivered, err := s.undelivered(ctx, f)
	if err != nil {
		return templates.FlowData{}, err
	}
	checks, err := s.checksUsed(ctx, f)
	if err != nil {
		return templates.FlowData{}, err
	}
	for _, a := range f.Approvers {
		at := a.Decided
		if at.IsZero() {
			at = a.Sent
		}
		person := templates.FlowPerson{ID: a.ID, Name: a.UserName, Organization: a.OrganizationName, Channels: a.Channels,
			Message: a.Message, Step: int(a.Step), Status: shownStatus(f, a), At: at,
			CanLink: write && a.SignID != "" && !a.OwnAccountOnly() && a.Status == api.ApproverPending && open, CanMove: write && f.Movable(a.ID),
			CanResend: write && a.Status == db.ApproverExpired && f.State.Open() && f.Document.Deadline.After(s.now())}
		if a.Status == api.ApproverPending && a.SignID != "" {
			person.Undelivered = undelivered[a.SignID]
		}
		if used, ok := checks[a.SignID]; ok && a.Status == api.ApproverSigned {
			person.Check, person.Simulated = used.words(ctx), used.simulated
		}
		data.People = append(data.People, person)
	}
	if data.Timeline, err = s.flowTimeline(ctx, id, filter); err != nil {
		return templates.FlowData{}, err
	}
	data.Files, err = s.flowFiles(ctx, f)
	return data, err
}

// ended tells that a flow is over without being complete.
func ended(f db.Flow) bool {
	return f.State == db.FlowWithdrawn || f.State == db.FlowRejected || f.State == db.FlowExpired
}

// shownStatus is the status of an approver as their contract's pages tell it.
func shownStatus(f db.Flow, a db.FlowApprover) int64 {
	if ended(f) && (a.Status == db.ApproverUnsent || a.Status == api.ApproverPending || a.Status == api.ApproverInReview) {
		return templates.NeverSigned
	}
	return a.Status
}

// leftover names who still holds a task of a contract that enough others have signed.
func leftover(ctx context.Context, f db.Flow) string {
	var names []string
	for _, a := range f.Approvers {
		if f.State == db.FlowSigned && a.Status == api.ApproverPending {
			names = append(names, a.UserName)
		}
	}
	return strings.Join(names, i18n.T(ctx, "builder.separator"))
}

func allSigned(f db.Flow) bool {
	return !slices.ContainsFunc(f.Approvers, func(a db.FlowApprover) bool { return a.Status != api.ApproverSigned })
}

// flowFiles are the names of a flow's documents, from the files that it was made of.
func (s *server) flowFiles(ctx context.Context, f db.Flow) (list []templates.FlowFile, err error) {
	for i, id := range f.Document.Files {
		file, err := s.db.File(ctx, db.Everything(), id)
		if err != nil {
			return nil, err
		}
		list = append(list, templates.FlowFile{Index: i, Name: file.Name})
	}
	return list, nil
}

// flowEvents sends the changing part of a flow's page whenever the flow has changed.
func (s *server) flowEvents(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := r.PathValue("id")
	if _, err := s.db.Flow(ctx, scope(ctx), id); err != nil {
		return err
	}
	return s.live(w, r, watch.Topic(id), func() error {
		data, err := s.flowData(ctx, id, readTimelineFilter(r.URL.Query()))
		if err != nil {
			return err
		}
		return sendMessage(w, r, templates.FlowLive(data))
	})
}

// askCancel asks for the reason of a withdrawal on a page of its own.
func (s *server) askCancel(w http.ResponseWriter, r *http.Request) error {
	f, err := s.db.Flow(r.Context(), scope(r.Context()), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, page{Title: "flows.cancel.title", TitleArgs: []any{"Name", f.Name}, Active: "flows"}, templates.CancelPage(f.ID, "", nil))
}

// cancelFlow withdraws a running flow.
func (s *server) cancelFlow(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.Flow(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(r.PostFormValue("CancelMessage"))
	var wrong templates.Problems
	switch {
	case reason == "":
		wrong = templates.Problems{{Field: "CancelMessage", Rule: "required"}}
	case len([]rune(reason)) > 200:
		wrong = templates.Problems{{Field: "CancelMessage", Rule: "max", Param: "200"}}
	}
	if len(wrong) > 0 {
		return s.render(w, r, http.StatusUnprocessableEntity, page{Title: "flows.cancel.title", TitleArgs: []any{"Name", f.Name}, Active: "flows"},
			templates.CancelPage(f.ID, reason, wrong))
	}
	if f.PlatformID == "" {
		return refuse("flows.not_there")
	}
	_, err = api.CancelFlow.Call(ctx, s.client, &api.CancelFlowRequest{Caller: flowCaller(f), FlowId: f.PlatformID, CancelMessage: reason})
	return s.afterFlowCall(w, r, f, err, "flows.cancelled")
}

// archiveFlow archives a flow that all have signed.
func (s *server) archiveFlow(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.Flow(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if f.State != db.FlowSigned || !allSigned(f) {
		return refuse("flows.not_signed")
	}
	_, err = api.ArchiveFlow.Call(ctx, s.client, &api.ArchiveFlowRequest{Caller: flowCaller(f), FlowId: f.PlatformID})
	return s.afterFlowCall(w, r, f, err, "flows.archived")
}

// flowCaller is in whose name the portal acts on a flow.
func flowCaller(f db.Flow) api.Caller {
	return api.Caller{SubOrganizationId: f.OrganizationID, OperatorId: f.Document.OperatorID}
}

// afterFlowCall brings the flow up to date, also when the call failed or got no answer: it may have been done, here or elsewhere.
func (s *server) afterFlowCall(w http.ResponseWriter, r *http.Request, f db.Flow, failed error, message string) error {
	if err := s.watch.Refresh(r.Context(), f.ID); failed != nil || err != nil {
		return errors.Join(failed, err)
	}
	s.flash(r, "ok", message, "Name", f.Name)
	return s.redirect(w, r, "/flows/"+f.ID)
}

// retryFlow tries the refused steps of sending again.
func (s *server) retryFlow(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := s.routing.Retry(r.Context(), scope(r.Context()), id); err != nil {
		return err
	}
	return s.redirect(w, r, "/flows/"+id)
}

// reopenFlow makes a draft again of a flow that the platform refused.
func (s *server) reopenFlow(w http.ResponseWriter, r *http.Request) error {
	draftID, err := s.db.ReopenDraft(r.Context(), scope(r.Context()), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.redirect(w, r, "/drafts/"+draftID)
}

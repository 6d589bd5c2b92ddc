package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// flowBlock is the line that says who or what holds a flow up.
func flowBlock(ctx context.Context, f db.Flow) templates.FlowBlock {
	b, ok := db.Blocking(f)
	if !ok {
		return templates.FlowBlock{}
	}
	var names []string
	for _, a := range b.Approvals {
		if a.AccountID == "" {
			a.Name = roleName(ctx, a.Role)
		}
		names = append(names, a.Name)
	}
	for _, a := range b.Approvers {
		names = append(names, a.UserName)
	}
	return templates.FlowBlock{Reason: b.Reason, Who: strings.Join(names, i18n.T(ctx, "builder.separator")), Have: b.Step.Have(), Need: b.Step.Need, Since: b.Since}
}

// flowCopies are who gets a copy of a flow.
func (s *server) flowCopies(ctx context.Context, f db.Flow) (list []templates.FlowCopy, err error) {
	copies, err := s.db.FlowCopies(ctx, f.ID)
	for _, c := range copies {
		list = append(list, templates.FlowCopy{ID: c.ID, Name: c.Name, Made: c.Made})
	}
	return list, err
}

// moveFlowPerson moves somebody whose turn has not come.
func (s *server) moveFlowPerson(w http.ResponseWriter, r *http.Request) error {
	id, person := r.PathValue("id"), r.PathValue("person")
	f, err := s.db.Flow(r.Context(), scope(r.Context()), id)
	if err != nil {
		return err
	}
	who, err := placeName(f, person)
	if err != nil {
		return err
	}
	if !f.Movable(person) {
		return refuse("flows.reroute.late")
	}
	move, err := readMove(r, person)
	if err != nil {
		return err
	}
	return s.reroute(w, r, f, db.FlowEvent{Kind: "moved", Who: who}, move)
}

// placeName is the name of an approver or an approval of a flow.
func placeName(f db.Flow, id string) (string, error) {
	for _, a := range f.Approvers {
		if a.ID == id {
			return a.UserName, nil
		}
	}
	for _, a := range f.Approvals {
		if a.ID == id {
			return a.Who(), nil
		}
	}
	return "", db.ErrNotFound
}

func (s *server) reroute(w http.ResponseWriter, r *http.Request, f db.Flow, event db.FlowEvent, change func(*db.DraftDocument) error) error {
	ctx := r.Context()
	if err := s.db.Reroute(ctx, scope(ctx), f.ID, event, change); errors.Is(err, db.ErrConflict) {
		return refuse("flows.reroute.late")
	} else if err != nil {
		return err
	}
	s.routing.Changed(f.ID)
	return s.redirect(w, r, "/flows/"+f.ID)
}

// showReplace asks who is to sign instead.
func (s *server) showReplace(w http.ResponseWriter, r *http.Request) error {
	f, err := s.db.Flow(r.Context(), scope(r.Context()), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.replacePage(w, r, http.StatusOK, f, templates.ReplaceData{})
}

func (s *server) replacePage(w http.ResponseWriter, r *http.Request, status int, f db.Flow, data templates.ReplaceData) error {
	ctx := r.Context()
	data.FlowID, data.ID = f.ID, r.PathValue("person")
	var err error
	if data.Name, err = placeName(f, data.ID); err != nil {
		return err
	}
	if !f.Movable(data.ID) {
		return refuse("flows.reroute.late")
	}
	people, err := s.db.UserChoices(ctx, db.Everything(), "", data.Values.UserID)
	if err != nil {
		return err
	}
	data.Users = personOptions(people)
	if data.Organizations, err = s.partyOrganizations(ctx, data.Values.UserID, data.Values.OrganizationID); err != nil {
		return err
	}
	return s.render(w, r, status, page{Title: "flows.replace.title", TitleArgs: []any{"Name", data.Name}, Active: "flows"}, templates.ReplacePage(data))
}

// replaceFlowPerson puts somebody else in the place of an approver whose turn has not come. They prove their will as the one before would.
func (s *server) replaceFlowPerson(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.Flow(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	var data templates.ReplaceData
	broken := parseForm(r, &data.Values)
	if broken == nil {
		broken = api.Validate(&data.Values)
	}
	wrong, ok := problems(broken)
	if broken != nil && !ok {
		return broken
	}
	next := db.DraftApprover{ID: r.PathValue("person"), UserID: data.Values.UserID, OrganizationID: data.Values.OrganizationID}
	more, err := s.namePerson(ctx, db.Draft{DraftDocument: f.Document}, &next)
	if err != nil {
		return err
	}
	for _, a := range f.Document.Approvers {
		if a.ID == next.ID {
			next.Channels = a.Channels
		}
	}
	if rule, err := s.routing.Will(ctx, f.OrganizationID, next); err != nil {
		return err
	} else if rule != "" {
		more = append(more, templates.Problem{Field: "UserId", Rule: rule})
	}
	if data.Problems = append(wrong, more...); len(data.Problems) > 0 {
		return s.replacePage(w, r, http.StatusUnprocessableEntity, f, data)
	}
	before, err := placeName(f, next.ID)
	if err != nil {
		return err
	}
	if !f.Movable(next.ID) {
		return refuse("flows.reroute.late")
	}
	return s.reroute(w, r, f, db.FlowEvent{Kind: "replaced", Who: before, Detail: next.UserName}, func(d *db.DraftDocument) error {
		for i := range d.Approvers {
			a := &d.Approvers[i]
			if a.ID == next.ID {
				a.UserID, a.UserName, a.OrganizationID, a.OrganizationName = next.UserID, next.UserName, next.OrganizationID, next.OrganizationName
			}
		}
		return nil
	})
}

// sendAgain sends once more to somebody whose own deadline has passed.
func (s *server) sendAgain(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := r.PathValue("id")
	if err := s.db.SendAgain(ctx, scope(ctx), id, r.PathValue("approver")); errors.Is(err, db.ErrConflict) {
		return refuse("flows.resend.late")
	} else if err != nil {
		return err
	}
	s.routing.Changed(id)
	return s.redirect(w, r, "/flows/"+id)
}

// showCopyLink shows the link of a copy with its QR code.
func (s *server) showCopyLink(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.Flow(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	copies, err := s.db.FlowCopies(ctx, f.ID)
	if err != nil {
		return err
	}
	for _, c := range copies {
		if c.ID != r.PathValue("copy") || c.URL == "" {
			continue
		}
		if err := s.record(ctx, audit.Event{Action: "flow.copy_link", ObjectType: "flow", ObjectID: f.ID, Detail: map[string]any{"who": c.Name}}); err != nil {
			return err
		}
		return s.linkPage(w, r, f, templates.FlowLink{Title: i18n.T(ctx, "flows.copies.title", "Name", c.Name), URL: c.URL, Until: c.Until,
			Hint: i18n.T(ctx, "flows.preview_link.hint")})
	}
	return db.ErrNotFound
}

// askRestart says what a new start costs.
func (s *server) askRestart(w http.ResponseWriter, r *http.Request) error {
	f, err := s.db.Flow(r.Context(), scope(r.Context()), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.restartPage(w, r, http.StatusOK, f, "", nil)
}

func (s *server) restartPage(w http.ResponseWriter, r *http.Request, status int, f db.Flow, typed string, wrong templates.Problems) error {
	var signed []string
	for _, a := range f.Approvers {
		if a.Status == api.ApproverSigned {
			signed = append(signed, a.UserName)
		}
	}
	return s.render(w, r, status, page{Title: "flows.restart.title", TitleArgs: []any{"Name", f.Name}, Active: "flows"},
		templates.RestartPage(f.ID, f.Name, signed, typed, wrong))
}

// restartFlow withdraws a running flow and makes a draft of the same content, since the platform cannot replace somebody who has been sent
// to. It may be called again when it was cut off in between.
func (s *server) restartFlow(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.Flow(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if f.State.Open() && f.PlatformID != "" {
		typed, wrong, err := typedName(r, f.Name)
		if err != nil {
			return err
		}
		if len(wrong) > 0 {
			return s.restartPage(w, r, http.StatusUnprocessableEntity, f, typed, wrong)
		}
		_, failed := api.CancelFlow.Call(ctx, s.client, &api.CancelFlowRequest{Caller: flowCaller(f), FlowId: f.PlatformID, CancelMessage: i18n.T(ctx, "flows.restart.reason")})
		if err := errors.Join(failed, s.watch.Refresh(ctx, f.ID)); err != nil {
			return err
		}
	}
	draftID, err := s.db.CopyToDraft(ctx, scope(ctx), f.ID)
	if errors.Is(err, db.ErrConflict) {
		return refuse("flows.restart.late")
	}
	if err != nil {
		return err
	}
	s.flash(r, "ok", "flows.restarted", "Name", f.Name)
	return s.redirect(w, r, "/drafts/"+draftID+"/people")
}

// typedName reads the field that must say the name of the contract.
func typedName(r *http.Request, name string) (typed string, wrong templates.Problems, err error) {
	var values templates.TypedValues
	if err := parseForm(r, &values); err != nil {
		return "", nil, err
	}
	if strings.Join(strings.Fields(values.Name), " ") != strings.Join(strings.Fields(name), " ") {
		wrong = templates.Problems{{Field: "Name", Rule: "typed_name"}}
	}
	return values.Name, wrong, nil
}

// askDestroy wants the contract's name typed.
func (s *server) askDestroy(w http.ResponseWriter, r *http.Request) error {
	f, err := s.db.Flow(r.Context(), scope(r.Context()), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.destroyPage(w, r, http.StatusOK, f, "", nil)
}

func (s *server) destroyPage(w http.ResponseWriter, r *http.Request, status int, f db.Flow, typed string, wrong templates.Problems) error {
	if f.State != db.FlowArchived {
		return refuse("flows.destroy.not_archived")
	}
	return s.render(w, r, status, page{Title: "flows.destroy.title", TitleArgs: []any{"Name", f.Name}, Active: "flows"}, templates.DestroyPage(f.ID, f.Name, typed, wrong))
}

// destroyFlow destroys the files of an archived contract for good.
func (s *server) destroyFlow(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.Flow(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	typed, wrong, err := typedName(r, f.Name)
	if err != nil {
		return err
	}
	if len(wrong) > 0 || f.State != db.FlowArchived {
		return s.destroyPage(w, r, http.StatusUnprocessableEntity, f, typed, wrong)
	}
	if err := s.record(ctx, audit.Event{Action: "contract.destroy", ObjectType: "flow", ObjectID: f.ID, Detail: map[string]any{"name": f.Name}}); err != nil {
		return err
	}
	_, err = api.DestroyFlowFile.Call(ctx, s.client, &api.DestroyFlowFileRequest{Caller: flowCaller(f), FlowId: f.PlatformID})
	return s.afterFlowCall(w, r, f, err, "flows.destroyed.flash")
}

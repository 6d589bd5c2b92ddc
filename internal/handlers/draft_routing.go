package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// maxCopies bounds the readers of one flow.
const maxCopies = 20

// approverOf finds an approver of a draft that the path names.
func approverOf(draft db.Draft, id string) (*db.DraftApprover, error) {
	for i := range draft.Approvers {
		if draft.Approvers[i].ID == id {
			return &draft.Approvers[i], nil
		}
	}
	return nil, db.ErrNotFound
}

// editDraftPerson shows the rules of an approver.
func (s *server) editDraftPerson(w http.ResponseWriter, r *http.Request) error {
	draft, err := s.draft(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	a, err := approverOf(draft, r.PathValue("approver"))
	if err != nil {
		return err
	}
	values := templates.PersonValues{Channels: a.Channels, FullText: a.FullText, PreRead: a.PreRead}
	if !a.Deadline.IsZero() {
		values.Deadline = a.Deadline.In(beijing()).Format(deadlineLayout)
	}
	return s.draftPerson(w, r, http.StatusOK, draft, *a, values, nil)
}

func (s *server) draftPerson(w http.ResponseWriter, r *http.Request, status int, draft db.Draft, a db.DraftApprover, values templates.PersonValues,
	wrong templates.Problems) error {
	return s.render(w, r, status, draftPage(r.Context(), draft), templates.DraftPersonPage(templates.DraftPersonForm{DraftID: draft.ID, ID: a.ID,
		Name: a.UserName, Values: values, Channels: s.channelOptions(r.Context(), draftChannels()...), Problems: wrong}))
}

// changeDraftPerson changes the rules of an approver. Who they are and for whom they sign stays.
func (s *server) changeDraftPerson(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.draft(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	a, err := approverOf(draft, r.PathValue("approver"))
	if err != nil {
		return err
	}
	before := *a
	values := templates.PersonValues{UserID: a.UserID, OrganizationID: a.OrganizationID, Step: a.Step}
	wrong, err := s.readPerson(r, draft, &values, a)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return s.draftPerson(w, r, http.StatusUnprocessableEntity, draft, before, values, wrong)
	}
	if _, err := s.db.SaveDraft(ctx, scope(ctx), draft.ID, draft.Revision, func(d *db.Draft) error {
		kept, err := approverOf(*d, a.ID)
		if err == nil {
			*kept = *a
		}
		return err
	}); errors.As(err, new(*db.StaleError)) {
		return refuse("builder.stale")
	} else if err != nil {
		return err
	}
	return s.redirect(w, r, "/drafts/"+draft.ID+"/people")
}

// changeDraft saves a change of a draft's routing and shows its people again.
func (s *server) changeDraft(w http.ResponseWriter, r *http.Request, change func(*db.Draft) error) error {
	id := r.PathValue("id")
	if _, err := s.db.SaveDraft(r.Context(), scope(r.Context()), id, 0, change); err != nil {
		return err
	}
	return s.redirect(w, r, "/drafts/"+id+"/people")
}

// readMove reads where somebody is to go, and gives the change of a routing that it means.
func readMove(r *http.Request, id string) (func(*db.DraftDocument) error, error) {
	var values templates.MoveValues
	if err := parseForm(r, &values); err != nil {
		return nil, err
	}
	if err := api.Validate(&values); err != nil {
		return nil, err
	}
	return func(d *db.DraftDocument) error {
		d.Tidy()
		switch values.Way {
		case "into", "before":
			return d.MoveTo(id, values.Step, values.Way == "before")
		default:
			return d.Move(id, values.Way == "earlier")
		}
	}, nil
}

// moveDraftPerson moves an approver or an approval of a draft.
func (s *server) moveDraftPerson(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.draft(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	move, err := readMove(r, r.PathValue("approver"))
	if err != nil {
		return err
	}
	return s.changeDraft(w, r, func(d *db.Draft) error { return move(&d.DraftDocument) })
}

// setDraftNeed says how many of a step are enough.
func (s *server) setDraftNeed(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.draft(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	var values templates.NeedValues
	if err := parseForm(r, &values); err != nil {
		return err
	}
	if err := api.Validate(&values); err != nil {
		return err
	}
	step, err := strconv.Atoi(r.PathValue("step"))
	if err != nil {
		return db.ErrNotFound
	}
	return s.changeDraft(w, r, func(d *db.Draft) error {
		d.Tidy()
		d.SetNeed(step, values.Need)
		return nil
	})
}

// addDraftApproval adds an approval in a step of its own.
func (s *server) addDraftApproval(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.draft(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	data := emptyPeople(draft)
	broken := parseForm(r, &data.Approval)
	if broken == nil {
		broken = api.Validate(&data.Approval)
	}
	wrong, ok := problems(broken)
	if broken != nil && !ok {
		return broken
	}
	approval := db.DraftApproval{ID: randomID()}
	accounts, err := s.db.AccountChoices(ctx, draft.OrganizationID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(accounts, func(a db.Account) bool { return a.ID == data.Approval.Decider })
	switch {
	case i >= 0:
		approval.AccountID, approval.Name = accounts[i].ID, accounts[i].DisplayName
	case auth.Role(data.Approval.Decider).Valid():
		approval.Role = auth.Role(data.Approval.Decider)
	case data.Approval.Decider != "":
		wrong = append(wrong, templates.Problem{Field: "Decider", Rule: "not_found"})
	}
	if len(draft.Approvals) >= maxApprovers {
		wrong = append(wrong, templates.Problem{Field: "Decider", Rule: "max_items", Param: strconv.Itoa(maxApprovers)})
	}
	if data.MoreProblems = wrong; len(wrong) > 0 {
		return s.draftPeople(w, r, http.StatusUnprocessableEntity, draft, data)
	}
	return s.changeDraft(w, r, func(d *db.Draft) error {
		d.Tidy()
		end := len(draftStepsOf(*d)) + 1
		approval.Step = end
		d.Approvals = append(d.Approvals, approval)
		return d.MoveTo(approval.ID, min(data.Approval.Before, end), true)
	})
}

// addDraftCopy adds somebody who gets a copy, or removes the one whose button was used.
func (s *server) addDraftCopy(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.draft(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := readForm(r); err != nil {
		return err
	}
	if id := r.PostFormValue("Remove"); id != "" {
		return s.changeDraft(w, r, func(d *db.Draft) error {
			d.Copies = slices.DeleteFunc(d.Copies, func(c db.DraftCopy) bool { return c.ID == id })
			return nil
		})
	}
	data := emptyPeople(draft)
	broken := parseForm(r, &data.Copy)
	if broken == nil {
		broken = api.Validate(&data.Copy)
	}
	wrong, ok := problems(broken)
	if broken != nil && !ok {
		return broken
	}
	if len(draft.Copies) >= maxCopies {
		wrong = append(wrong, templates.Problem{Field: "CopyName", Rule: "max_items", Param: strconv.Itoa(maxCopies)})
	}
	if data.MoreProblems = wrong; len(wrong) > 0 {
		return s.draftPeople(w, r, http.StatusUnprocessableEntity, draft, data)
	}
	return s.changeDraft(w, r, func(d *db.Draft) error {
		d.Copies = append(d.Copies, db.DraftCopy{ID: randomID(), Name: data.Copy.Name, AtSending: data.Copy.AtSending})
		return nil
	})
}

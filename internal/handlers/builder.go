package handlers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// deadlineLayout is how a browser sends a local date and time; people type it in Beijing time.
const deadlineLayout = "2006-01-02T15:04"

func beijing() *time.Location { return time.FixedZone("UTC+08:00", 8*60*60) }

// randomID is an id of 128 bits.
func randomID() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // never fails
	return hex.EncodeToString(b[:])
}

// listDrafts shows the drafts.
func (s *server) listDrafts(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, next, err := s.db.Drafts(ctx, scope(ctx), limits(r))
	if err != nil {
		return err
	}
	names, err := s.organizationNames(ctx, each(all, func(d db.Draft) string { return d.OrganizationID })...)
	if err != nil {
		return err
	}
	data := templates.DraftsData{Paging: paging(r, next)}
	for _, d := range all {
		data.Drafts = append(data.Drafts, templates.DraftRow{ID: d.ID, Name: d.Name, Organization: names[d.OrganizationID], By: d.CreatedBy,
			Files: len(d.Files), Approvers: len(d.Approvers), Components: len(d.Components), Updated: d.Updated})
	}
	return s.render(w, r, http.StatusOK, page{Title: "builder.drafts.title", Active: "drafts", Action: templates.NewDraftAction()}, templates.DraftsPage(data))
}

// newDraft shows the empty form of a contract. ?file= takes over a file.
func (s *server) newDraft(w http.ResponseWriter, r *http.Request) error {
	form := templates.DraftForm{}
	in30Days := s.now().In(beijing()).AddDate(0, 0, 30)
	form.Values.Deadline = time.Date(in30Days.Year(), in30Days.Month(), in30Days.Day(), 23, 59, 0, 0, beijing()).Format(deadlineLayout)
	form.Values.RemindBefore = 1
	form.Values.FileID = r.URL.Query().Get("file")
	return s.draftForm(w, r, http.StatusOK, form)
}

// draftForm renders the form of a contract with the choices of the account.
func (s *server) draftForm(w http.ResponseWriter, r *http.Request, status int, form templates.DraftForm) error {
	ctx := r.Context()
	if err := s.draftChoices(ctx, &form); err != nil {
		return err
	}
	p := page{Title: "builder.new", Active: "drafts", Back: &templates.Link{URL: "/drafts", Text: i18n.T(ctx, "builder.drafts.title")}}
	if form.ID != "" {
		p.Title, p.TitleText = "", form.Values.Name
	}
	return s.render(w, r, status, p, templates.DraftFormPage(form))
}

// draftChoices fills in what the account may choose from.
func (s *server) draftChoices(ctx context.Context, form *templates.DraftForm) error {
	organizations, err := s.db.OrganizationChoices(ctx, scope(ctx), form.Values.OrganizationID)
	if err != nil {
		return err
	}
	form.Organizations = organizationOptions(organizations)
	if len(organizations) == 1 && form.Values.OrganizationID == "" {
		form.Values.OrganizationID = organizations[0].ID
	}
	people, err := s.db.UserChoices(ctx, scope(ctx), form.Values.OrganizationID, form.Values.OperatorID)
	if err != nil {
		return err
	}
	form.Operators = personOptions(people)
	if form.Known, err = s.fileOptions(ctx, ""); err != nil {
		return err
	}
	form.Limit = sizeText(maxPDF)
	return nil
}

// readDraftForm parses and checks the form of a contract; new files are inspected, not stored.
func (s *server) readDraftForm(r *http.Request, form *templates.DraftForm) (deadline time.Time, incoming []incomingPDF, err error) {
	ctx := r.Context()
	broken := parseForm(r, &form.Values)
	if broken == nil {
		broken = api.Validate(&form.Values)
	}
	if broken != nil {
		list, ok := problems(broken)
		if !ok {
			return deadline, nil, broken
		}
		form.Problems = list
	}
	if v := form.Values.Deadline; v != "" {
		if deadline, err = time.ParseInLocation(deadlineLayout, v, beijing()); err != nil {
			form.Problems = append(form.Problems, templates.Problem{Field: "Deadline", Rule: "date"})
		} else if !deadline.After(s.now()) {
			form.Problems = append(form.Problems, templates.Problem{Field: "Deadline", Rule: "future"})
		}
	}
	if id := form.Values.OrganizationID; id != "" && !s.mayOwn(ctx, id) {
		form.Problems = append(form.Problems, templates.Problem{Field: "OrganizationId", Rule: "forbidden"})
	}
	problem, err := s.checkOperator(ctx, "OperatorId", form.Values.OperatorID, form.Values.OrganizationID)
	if err != nil {
		return deadline, nil, err
	}
	form.Problems = add(form.Problems, problem)
	if id := form.Values.FileID; id != "" {
		if _, err := s.db.File(ctx, scope(ctx), id); errors.Is(err, db.ErrNotFound) {
			form.Problems = append(form.Problems, templates.Problem{Field: "FileId", Rule: "not_found"})
		} else if err != nil {
			return deadline, nil, err
		}
	}
	incoming, form.Failures, err = s.readPDFs(r)
	return deadline, incoming, err
}

// createDraft stores a new draft and goes on to its people.
func (s *server) createDraft(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form templates.DraftForm
	deadline, incoming, err := s.readDraftForm(r, &form)
	if err != nil {
		return err
	}
	if len(incoming)+len(form.Failures) == 0 && form.Values.FileID == "" {
		form.Problems = append(form.Problems, templates.Problem{Field: "Files", Rule: "file"})
	}
	form.Problems = append(form.Problems, checkFiles(nil, form.Values.FileID, len(incoming))...)
	if len(form.Problems)+len(form.Failures) > 0 {
		return s.draftForm(w, r, http.StatusUnprocessableEntity, form)
	}
	draft := db.Draft{ID: randomID(), CreatedBy: account(ctx).DisplayName, Created: s.now()}
	fill(&draft, form.Values, deadline)
	kept, err := s.keepPDFs(ctx, incoming, draft.OrganizationID)
	if err != nil {
		return err
	}
	addFiles(&draft, form.Values.FileID, kept)
	if err := s.db.CreateDraft(ctx, draft); err != nil {
		return err
	}
	return s.redirect(w, r, "/drafts/"+draft.ID+"/people")
}

func fill(d *db.Draft, v templates.DraftValues, deadline time.Time) {
	d.Name, d.Type, d.Description, d.Deadline = v.Name, v.Type, v.Description, deadline.UTC()
	d.OrganizationID, d.OperatorID = v.OrganizationID, v.OperatorID
	d.Remind = db.RemindRule{Every: v.RemindEvery, Before: v.RemindBefore}
}

// addFiles appends a known file and new ones; what the draft has already is not added again.
func addFiles(d *db.Draft, knownID string, kept []db.File) {
	if knownID != "" && !slices.Contains(d.Files, knownID) {
		d.Files = append(d.Files, knownID)
	}
	for _, f := range kept {
		d.Files = append(d.Files, f.ID)
	}
}

// checkFiles says that a known file and new ones would be too many for a contract that has some.
func checkFiles(have []string, knownID string, incoming int) templates.Problems {
	if knownID != "" && !slices.Contains(have, knownID) {
		incoming++
	}
	if len(have)+incoming <= maxFiles {
		return nil
	}
	return templates.Problems{{Field: "Files", Rule: "max_items", Param: strconv.Itoa(maxFiles)}}
}

// showDraft shows the form of a contract.
func (s *server) showDraft(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.draft(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := templates.DraftForm{ID: draft.ID, Values: templates.DraftValues{Name: draft.Name, Type: draft.Type, Description: draft.Description,
		Deadline: draft.Deadline.In(beijing()).Format(deadlineLayout), OrganizationID: draft.OrganizationID, OperatorID: draft.OperatorID,
		RemindEvery: draft.Remind.Every, RemindBefore: draft.Remind.Before}}
	if form.Files, err = s.draftFiles(ctx, draft); err != nil {
		return err
	}
	return s.draftForm(w, r, http.StatusOK, form)
}

func (s *server) draftFiles(ctx context.Context, draft db.Draft) (list []templates.DraftFile, err error) {
	all, err := s.db.FilesByID(ctx, scope(ctx), draft.Files)
	for i, f := range all {
		list = append(list, templates.DraftFile{ID: f.ID, Index: i, Name: f.Name, Pages: len(f.Pages), Signatures: s.signaturesShown(f)})
	}
	return list, err
}

// saveDraft takes the form of a contract, or removes a file when one of those buttons was used.
func (s *server) saveDraft(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := r.PathValue("id")
	draft, err := s.draft(ctx, id)
	if err != nil {
		return err
	}
	if err := readForm(r); err != nil {
		return err
	}
	if remove, up := r.PostFormValue("remove"), r.PostFormValue("up"); remove+up != "" {
		return s.arrangeDraftFiles(w, r, id, remove, up)
	}
	form := templates.DraftForm{ID: id}
	deadline, incoming, err := s.readDraftForm(r, &form)
	if err != nil {
		return err
	}
	form.Problems = append(form.Problems, checkFiles(draft.Files, form.Values.FileID, len(incoming))...)
	if len(form.Problems)+len(form.Failures) > 0 {
		if form.Files, err = s.draftFiles(ctx, draft); err != nil {
			return err
		}
		return s.draftForm(w, r, http.StatusUnprocessableEntity, form)
	}
	kept, err := s.keepPDFs(ctx, incoming, form.Values.OrganizationID)
	if err != nil {
		return err
	}
	if _, err := s.db.SaveDraft(ctx, scope(ctx), id, 0, func(d *db.Draft) error {
		fill(d, form.Values, deadline)
		addFiles(d, form.Values.FileID, kept)
		return nil
	}); err != nil {
		return err
	}
	if r.PostFormValue("stay") != "" {
		s.flash(r, "ok", "common.saved")
		return s.redirect(w, r, "/drafts/"+id)
	}
	return s.redirect(w, r, "/drafts/"+id+"/people")
}

// arrangeDraftFiles takes a file out of a draft, with the components on it, or moves one before the file in front of it. Both are told by
// their ids: places may have changed since the page was made.
func (s *server) arrangeDraftFiles(w http.ResponseWriter, r *http.Request, id, remove, up string) error {
	ctx := r.Context()
	draft, err := s.db.SaveDraft(ctx, scope(ctx), id, 0, func(d *db.Draft) error {
		at := slices.Index(d.Files, remove+up)
		if at < 0 {
			return db.ErrNotFound
		}
		order := make([]int, len(d.Files))
		for i := range order {
			order[i] = i
		}
		if remove != "" {
			order = slices.Delete(order, at, at+1)
		} else if at > 0 {
			order[at-1], order[at] = at, at-1
		}
		d.ArrangeFiles(order)
		return nil
	})
	if err != nil {
		return err
	}
	return s.redirect(w, r, draftPath(draft, "details"))
}

// deleteDraft removes a draft.
func (s *server) deleteDraft(w http.ResponseWriter, r *http.Request) error {
	draft, err := s.draft(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.db.DeleteDraft(r.Context(), scope(r.Context()), draft.ID); err != nil {
		return err
	}
	s.flash(r, "ok", "builder.deleted")
	return s.redirect(w, r, "/drafts")
}

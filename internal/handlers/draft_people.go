package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// maxApprovers bounds the people of one flow.
const maxApprovers = 50

// showDraftPeople lists the approvers of a draft and the form for one more.
func (s *server) showDraftPeople(w http.ResponseWriter, r *http.Request) error {
	draft, err := s.draft(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.draftPeople(w, r, http.StatusOK, draft, templates.PersonValues{Channels: []string{api.VerifyChannelNone}, Step: 1}, nil)
}

func (s *server) draftPeople(w http.ResponseWriter, r *http.Request, status int, draft db.Draft, values templates.PersonValues, wrong templates.Problems) error {
	ctx := r.Context()
	data := templates.DraftPeople{ID: draft.ID, Values: values, Problems: wrong}
	for _, a := range draft.Approvers {
		data.Approvers = append(data.Approvers, templates.DraftPerson{ID: a.ID, Name: a.UserName, Organization: a.OrganizationName, Channels: a.Channels,
			Step: a.Step, FullText: a.FullText})
	}
	slices.SortStableFunc(data.Approvers, func(a, b templates.DraftPerson) int { return a.Step - b.Step })
	// The other party of a contract is outside of one's own organisations, so that approvers are chosen from everybody; the form tells
	// names only.
	people, err := s.db.UserChoices(ctx, db.Everything(), "")
	if err != nil {
		return err
	}
	data.Users = personOptions(people)
	organizations, err := s.db.OrganizationChoices(ctx, db.Everything())
	if err != nil {
		return err
	}
	for _, o := range organizations {
		data.Organizations = append(data.Organizations, templates.Option{Value: o.ID, Text: o.Name})
	}
	for _, channel := range []string{api.VerifyChannelNone, api.VerifyChannelFace, api.VerifyChannelWeChat} {
		data.Channels = append(data.Channels, templates.Option{Value: channel, Text: i18n.T(ctx, "builder.channel."+channel)})
	}
	return s.render(w, r, status, page{TitleText: draft.Name, Active: "drafts", Back: &templates.Link{URL: "/drafts", Text: i18n.T(ctx, "builder.drafts.title")}},
		templates.DraftPeoplePage(data))
}

// addDraftPerson adds an approver.
func (s *server) addDraftPerson(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.draft(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	var values templates.PersonValues
	broken := parseForm(r, &values)
	if broken == nil {
		broken = api.Validate(&values)
	}
	wrong, ok := problems(broken)
	if broken != nil && !ok {
		return broken
	}
	approver := db.DraftApprover{ID: randomID(), UserID: values.UserID, OrganizationID: values.OrganizationID, Channels: values.Channels,
		Step: values.Step, FullText: values.FullText}
	more, err := s.namePerson(ctx, draft, &approver)
	if err != nil {
		return err
	}
	if wrong = append(wrong, more...); len(wrong) > 0 {
		return s.draftPeople(w, r, http.StatusUnprocessableEntity, draft, values, wrong)
	}
	if _, err := s.db.SaveDraft(ctx, scope(ctx), draft.ID, 0, func(d *db.Draft) error {
		d.Approvers = append(d.Approvers, approver)
		return nil
	}); err != nil {
		return err
	}
	return s.redirect(w, r, "/drafts/"+draft.ID+"/people")
}

// namePerson looks up the names of an approver and says what is wrong with the choice.
func (s *server) namePerson(ctx context.Context, draft db.Draft, a *db.DraftApprover) (wrong templates.Problems, err error) {
	if a.UserID != "" {
		user, err := s.db.User(ctx, db.Everything(), a.UserID)
		if errors.Is(err, db.ErrNotFound) {
			wrong = append(wrong, templates.Problem{Field: "UserId", Rule: "not_found"})
		} else if err != nil {
			return nil, err
		}
		a.UserName = user.Name
	}
	if a.OrganizationID != "" {
		organization, err := s.db.Organization(ctx, db.Everything(), a.OrganizationID)
		if errors.Is(err, db.ErrNotFound) {
			wrong = append(wrong, templates.Problem{Field: "OrganizationId", Rule: "not_found"})
		} else if err != nil {
			return nil, err
		}
		a.OrganizationName = organization.Name
	}
	if slices.ContainsFunc(draft.Approvers, func(b db.DraftApprover) bool { return b.UserID == a.UserID && b.OrganizationID == a.OrganizationID }) {
		wrong = append(wrong, templates.Problem{Field: "UserId", Rule: "unique"})
	}
	if len(draft.Approvers) >= maxApprovers {
		wrong = append(wrong, templates.Problem{Field: "UserId", Rule: "max_items", Param: strconv.Itoa(maxApprovers)})
	}
	return wrong, nil
}

// removeDraftPerson takes an approver out of a draft, or a role out of a template, and their components.
func (s *server) removeDraftPerson(w http.ResponseWriter, r *http.Request) error {
	id, approver := r.PathValue("id"), r.PathValue("approver")
	draft, err := s.db.SaveDraft(r.Context(), scope(r.Context()), id, 0, func(d *db.Draft) error {
		d.Approvers = slices.DeleteFunc(d.Approvers, func(a db.DraftApprover) bool { return a.ID == approver })
		d.Components = slices.DeleteFunc(d.Components, func(c db.Component) bool { return c.Approver == approver })
		return nil
	})
	if err != nil {
		return err
	}
	return s.redirect(w, r, draftPath(draft, "people"))
}

package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// maxApprovers bounds the people of one flow.
const maxApprovers = 50

// showDraftPeople shows who signs and approves in which order, and the forms for more.
func (s *server) showDraftPeople(w http.ResponseWriter, r *http.Request) error {
	draft, err := s.draft(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.draftPeople(w, r, http.StatusOK, draft, emptyPeople(draft))
}

// emptyPeople is the page before anything is typed: one more signer joins the last step.
func emptyPeople(draft db.Draft) templates.DraftPeople {
	steps := draftStepsOf(draft)
	data := templates.DraftPeople{Values: templates.PersonValues{Channels: []string{api.VerifyChannelCode}, Step: 1}, Approval: templates.ApprovalValues{Before: 1}}
	if n := len(steps); n > 0 {
		data.Values.Step, data.Approval.Before = n, n
		if len(steps[n-1].People) == 0 {
			data.Values.Step = n + 1
		}
	}
	return data
}

// draftStepsOf are the steps of a draft as the page shows them.
func draftStepsOf(draft db.Draft) []templates.DraftStep {
	draft.Tidy()
	var steps []templates.DraftStep
	at := func(number int) *templates.DraftStep {
		for len(steps) < number {
			steps = append(steps, templates.DraftStep{Number: len(steps) + 1})
		}
		return &steps[number-1]
	}
	for _, a := range draft.Approvers {
		step := at(a.Step)
		step.People = append(step.People, templates.DraftPerson{ID: a.ID, Name: a.UserName, Organization: a.OrganizationName, Channels: a.Channels,
			FullText: a.FullText, PreRead: a.PreRead, Deadline: a.Deadline})
	}
	for _, a := range draft.Approvals {
		step := at(a.Step)
		step.Approvals = append(step.Approvals, templates.DraftApprover{ID: a.ID, Name: a.Name})
	}
	for i := range steps {
		steps[i].Need = len(steps[i].People) + len(steps[i].Approvals)
		if need := draft.Needs[steps[i].Number]; need > 0 {
			steps[i].Need = need
		}
	}
	return steps
}

func (s *server) draftPeople(w http.ResponseWriter, r *http.Request, status int, draft db.Draft, data templates.DraftPeople) error {
	ctx := r.Context()
	data.ID, data.Steps = draft.ID, draftStepsOf(draft)
	for i := range data.Steps {
		for j, a := range data.Steps[i].Approvals {
			if a.Name == "" {
				at := slices.IndexFunc(draft.Approvals, func(b db.DraftApproval) bool { return b.ID == a.ID })
				data.Steps[i].Approvals[j].Name = roleName(ctx, draft.Approvals[at].Role)
			}
		}
	}
	for _, c := range draft.Copies {
		data.Copies = append(data.Copies, templates.DraftReader(c))
	}
	// The other party of a contract is outside of one's own organisations, so that approvers are chosen from everybody; the form tells
	// names only.
	people, err := s.db.UserChoices(ctx, db.Everything(), "", data.Values.UserID)
	if err != nil {
		return err
	}
	data.Users = personOptions(people)
	if data.Organizations, err = s.partyOrganizations(ctx, data.Values.UserID, data.Values.OrganizationID); err != nil {
		return err
	}
	if data.Deciders, err = s.deciders(ctx, draft.OrganizationID); err != nil {
		return err
	}
	data.Channels = s.channelOptions(ctx, draftChannels()...)
	p := draftPage(ctx, draft)
	if len(data.Steps) > 0 {
		p.Action = templates.ToPagesAction(draft.ID)
	}
	return s.render(w, r, status, p, templates.DraftPeoplePage(data))
}

func draftPage(ctx context.Context, draft db.Draft) page {
	return page{TitleText: draft.Name, Active: "drafts", Back: &templates.Link{URL: "/drafts", Text: i18n.T(ctx, "builder.drafts.title")}, Scripts: []string{"people.js"}}
}

// draftChannels are the ways to show one's will that a draft may ask for.
func draftChannels() []string {
	return []string{api.VerifyChannelCode, api.VerifyChannelAccount, api.VerifyChannelFace, api.VerifyChannelWeChat, api.VerifyChannelNone}
}

// channelOptions are those of the channels that the platform has.
func (s *server) channelOptions(ctx context.Context, channels ...string) (options []templates.Option) {
	for _, channel := range channels {
		if s.routing.HasChannel(channel) {
			options = append(options, templates.Option{Value: channel, Text: i18n.T(ctx, "builder.channel."+channel)})
		}
	}
	return options
}

// deciders are the accounts that could approve a contract of the organisation, and the roles.
func (s *server) deciders(ctx context.Context, organizationID string) (options []templates.Option, err error) {
	accounts, err := s.db.AccountChoices(ctx, organizationID)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		options = append(options, templates.Option{Value: a.ID, Text: a.DisplayName})
	}
	for _, role := range auth.Roles() {
		options = append(options, templates.Option{Value: string(role), Text: roleName(ctx, role)})
	}
	return options, nil
}

// roleName is anybody of a role, in words.
func roleName(ctx context.Context, role auth.Role) string {
	return i18n.T(ctx, "people.anybody", "Role", i18n.T(ctx, "common.role."+string(role)))
}

// addDraftPerson adds an approver.
func (s *server) addDraftPerson(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.draft(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	data := emptyPeople(draft)
	data.Values.Channels = nil
	approver := db.DraftApprover{ID: randomID()}
	if data.Problems, err = s.readPerson(r, draft, &data.Values, &approver); err != nil {
		return err
	}
	more, err := s.namePerson(ctx, draft, &approver)
	if err != nil {
		return err
	}
	if data.Problems = append(data.Problems, more...); len(data.Problems) > 0 {
		return s.draftPeople(w, r, http.StatusUnprocessableEntity, draft, data)
	}
	if _, err := s.db.SaveDraft(ctx, scope(ctx), draft.ID, 0, func(d *db.Draft) error {
		d.Tidy()
		approver.Step = len(draftStepsOf(*d)) + 1
		d.Approvers = append(d.Approvers, approver)
		return d.MoveTo(approver.ID, min(data.Values.Step, approver.Step), false)
	}); err != nil {
		return err
	}
	return s.redirect(w, r, "/drafts/"+draft.ID+"/people")
}

// readPerson reads and checks the rules of an approver, and puts them into it.
func (s *server) readPerson(r *http.Request, draft db.Draft, values *templates.PersonValues, a *db.DraftApprover) (templates.Problems, error) {
	broken := parseForm(r, values)
	if broken == nil {
		broken = api.Validate(values)
	}
	wrong, ok := problems(broken)
	if broken != nil && !ok {
		return nil, broken
	}
	wrong = append(wrong, checkChannels(values.Channels)...)
	a.Channels, a.FullText, a.PreRead, a.Deadline = values.Channels, values.FullText, values.PreRead, time.Time{}
	if values.Deadline != "" {
		deadline, err := time.ParseInLocation(deadlineLayout, values.Deadline, beijing())
		switch {
		case err != nil:
			wrong = append(wrong, templates.Problem{Field: "Deadline", Rule: "date"})
		case !deadline.After(s.now()):
			wrong = append(wrong, templates.Problem{Field: "Deadline", Rule: "future"})
		case deadline.After(draft.Deadline):
			wrong = append(wrong, templates.Problem{Field: "Deadline", Rule: "contract_deadline"})
		}
		a.Deadline = deadline
	}
	if r.PostFormValue("Mobile") != "" { // no form of ours: codes go to what is registered of the person, never to where the sender says
		wrong = append(wrong, templates.Problem{Field: "Channel", Rule: "registered_only"})
	}
	if a.UserID == "" { // somebody new; who is there already stays who they are
		a.UserID, a.OrganizationID = values.UserID, values.OrganizationID
	}
	if rule, err := s.routing.Will(r.Context(), draft.OrganizationID, *a); err != nil || rule != "" {
		return append(wrong, templates.Problem{Field: "Channel", Rule: rule}), err
	}
	return wrong, nil
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
		problem, err := s.foreign(ctx, "OrganizationId", user, a.OrganizationID)
		if err != nil {
			return nil, err
		}
		wrong, a.UserName = add(wrong, problem), user.Name
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
	others := slices.DeleteFunc(slices.Clone(draft.Approvers), func(b db.DraftApprover) bool { return b.ID == a.ID })
	if slices.ContainsFunc(others, func(b db.DraftApprover) bool { return b.UserID == a.UserID && b.OrganizationID == a.OrganizationID }) {
		wrong = append(wrong, templates.Problem{Field: "UserId", Rule: "unique"})
	}
	if len(others) >= maxApprovers {
		wrong = append(wrong, templates.Problem{Field: "UserId", Rule: "max_items", Param: strconv.Itoa(maxApprovers)})
	}
	return wrong, nil
}

// removeDraftPerson takes an approver out of a draft, or a role out of a template, and their components.
func (s *server) removeDraftPerson(w http.ResponseWriter, r *http.Request) error {
	id, approver := r.PathValue("id"), r.PathValue("approver")
	draft, err := s.db.SaveDraft(r.Context(), scope(r.Context()), id, 0, func(d *db.Draft) error {
		d.Remove(approver)
		return nil
	})
	if err != nil {
		return err
	}
	return s.redirect(w, r, draftPath(draft, "people"))
}

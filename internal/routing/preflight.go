package routing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/db"
)

// Problem is something that hinders a draft from being sent. Its text is the key "builder.preflight." + Rule, which may read {{.Name}};
// Step is the page of the draft where it is put right.
type Problem struct {
	Rule string
	Name string // the person, organisation, keyword or file that it is about
	Step string // details, people, pages
	// Component or Approver of the draft, where one of them is to be put right on the pages.
	Component, Approver string
	// File is the file whose own page is where it is put right.
	File string
}

// PreflightError is what Send answers for a draft that cannot be sent yet.
type PreflightError struct{ Problems []Problem }

func (e *PreflightError) Error() string {
	rules := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		rules[i] = p.Rule
	}
	return "the draft cannot be sent: " + strings.Join(rules, ", ")
}

// Check says what hinders a draft from being sent as far as the portal knows by itself; for showing while one works on the draft.
func (r *Router) Check(ctx context.Context, draft db.Draft) ([]Problem, error) {
	problems, err := r.checkPlaces(ctx, draft)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if draft.Template != nil {
		return problems, nil
	}
	told := map[string]bool{}
	tell := func(rule, id, name string) {
		if !told[id] {
			told[id] = true
			problems = append(problems, Problem{Rule: rule, Name: name, Step: "people"})
		}
	}
	for _, a := range draft.Approvers {
		user, err := r.opts.DB.User(ctx, db.Everything(), a.UserID)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return nil, fmt.Errorf("check: %w", err)
		}
		if !user.IsVerified() {
			tell("person_unverified", a.UserID, a.UserName)
		}
		if unreachable(a, user.Mobile, user.Email) {
			tell("no_address", a.UserID, a.UserName)
		}
		if a.OrganizationID == "" {
			continue
		}
		organization, err := r.opts.DB.Organization(ctx, db.Everything(), a.OrganizationID)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return nil, fmt.Errorf("check: %w", err)
		}
		if !organization.IsVerified() {
			tell("organization_unverified", a.OrganizationID, a.OrganizationName)
		}
	}
	return problems, nil
}

// Preflight says what hinders a draft from being sent. Whether people and organisations are verified is asked of the platform, since the
// portal's index may be behind it; likewise whether it still has the default seals that components name. An error means that it could not be asked.
func (r *Router) Preflight(ctx context.Context, draft db.Draft) ([]Problem, error) {
	problems, err := r.checkPlaces(ctx, draft)
	if err != nil {
		return nil, fmt.Errorf("preflight: %w", err)
	}
	unverified, err := r.unverified(ctx, draft)
	if err != nil {
		return nil, fmt.Errorf("preflight: %w", err)
	}
	gone, err := r.goneSeals(ctx, draft)
	if err != nil {
		return nil, fmt.Errorf("preflight: %w", err)
	}
	return slices.Concat(problems, unverified, gone), nil
}

// checkPlaces is complete, and whether the components still fit the files.
func (r *Router) checkPlaces(ctx context.Context, draft db.Draft) ([]Problem, error) {
	approvals, err := r.checkApprovals(ctx, draft)
	if err != nil {
		return nil, err
	}
	foreign, err := r.checkBelonging(ctx, draft)
	if err != nil {
		return nil, err
	}
	unkept, err := r.checkKeepers(ctx, draft)
	if err != nil {
		return nil, err
	}
	problems := slices.Concat(r.complete(draft), checkSeals(draft), checkNeeds(draft), approvals, foreign, unkept)
	if draft.Template == nil {
		will, err := r.checkWill(ctx, draft)
		if err != nil {
			return nil, err
		}
		problems = append(problems, will...)
	}
	files, err := r.opts.DB.FilesByID(ctx, db.Everything(), draft.Files)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return append(problems, Problem{Rule: "file_gone", Step: "details"}), nil
	case err != nil:
		return nil, err
	}
	for _, f := range files {
		switch {
		case f.NeedsConsent():
			problems = append(problems, Problem{Rule: "broken_signatures", Name: f.Name, Step: "details", File: f.ID})
		case f.Unverified():
			problems = append(problems, Problem{Rule: "unverified_signatures", Name: f.Name, Step: "details", File: f.ID})
		}
	}
	_, moved, wrong := Place(draft.Components, files, draft.Approvers)
	for _, w := range wrong {
		moved = append(moved, w.ID)
	}
	if len(moved) > 0 {
		return append(problems, Problem{Rule: "misplaced", Step: "pages", Component: moved[0]}), nil
	}
	return append(problems, r.checkCovers(ctx, draft, files)...), nil
}

// complete checks what needs nobody else.
func (r *Router) complete(draft db.Draft) (problems []Problem) {
	if draft.Template != nil {
		return completeTemplate(draft)
	}
	if draft.Name == "" {
		problems = append(problems, Problem{Rule: "name", Step: "details"})
	}
	if !draft.Deadline.After(r.opts.Clock()) {
		problems = append(problems, Problem{Rule: "deadline", Step: "details"})
	}
	if draft.OperatorID == "" {
		problems = append(problems, Problem{Rule: "operator", Step: "details"})
	}
	if len(draft.Files) == 0 {
		problems = append(problems, Problem{Rule: "no_files", Step: "details"})
	}
	if len(draft.Approvers) == 0 {
		problems = append(problems, Problem{Rule: "no_approvers", Step: "people"})
	}
	signs := map[string]bool{}
	names := map[string]string{}
	for _, a := range draft.Approvers {
		names[a.ID] = a.UserName
	}
	for _, c := range draft.Components {
		signs[c.Approver] = signs[c.Approver] || c.Signs()
		// A date that is left empty becomes the day of the signature.
		if c.Fills() && c.Type != db.FillDate && c.Required && c.Value == "" {
			problems = append(problems, Problem{Rule: "empty_text", Name: names[c.Approver], Step: "pages", Component: c.ID})
		}
	}
	seen := map[[2]string]bool{}
	for _, a := range draft.Approvers {
		problems = append(problems, r.checkRules(draft, a)...)
		if !signs[a.ID] {
			problems = append(problems, Problem{Rule: "no_component", Name: a.UserName, Step: "pages", Approver: a.ID})
		}
		if c, ok := repeated(draft.Components, a.ID); ok {
			problems = append(problems, Problem{Rule: "anchor_twice", Name: strings.Trim(c.Anchor, "^"), Step: "pages", Component: c.ID})
		}
		if key := [2]string{a.UserID, a.OrganizationID}; seen[key] {
			problems = append(problems, Problem{Rule: "twice", Name: a.UserName, Step: "people"})
		} else {
			seen[key] = true
		}
	}
	return problems
}

// repeated finds a component on a keyword that another one of the approver stands on in a different way: the platform, which names
// both by the keyword, would not know them apart.
func repeated(all []db.Component, approverID string) (db.Component, bool) {
	seen := map[string]bool{}
	for _, sent := range components(all, approverID) {
		if !seen[sent.ComponentId] {
			seen[sent.ComponentId] = true
			continue
		}
		for _, c := range slices.Backward(all) {
			if c.Approver == approverID && c.Anchor == sent.ComponentId {
				return c, true
			}
		}
	}
	return db.Component{}, false
}

// HasChannel tells whether the platform has a way to show one's will; only the embedded engine knows accounts.
func (r *Router) HasChannel(channel string) bool {
	return !slices.Contains(r.opts.NoChannels, channel) && (channel != api.VerifyChannelAccount || r.opts.Embedded)
}

// checkRules checks what one approver must do.
func (r *Router) checkRules(draft db.Draft, a db.DraftApprover) (problems []Problem) {
	for _, check := range []struct {
		rule   string
		broken bool
	}{
		{"no_channel", len(a.Channels) == 0},
		{"none_alone", SkipsCheck(a.Channels)},
		{"channel_gone", slices.ContainsFunc(a.Channels, func(c string) bool { return !r.HasChannel(c) })},
		{"late_person", a.Deadline.After(draft.Deadline)},
		{"overdue_person", !a.Deadline.IsZero() && !a.Deadline.After(r.opts.Clock())},
	} {
		if check.broken {
			problems = append(problems, Problem{Rule: check.rule, Name: a.UserName, Step: "people"})
		}
	}
	return problems
}

// SkipsCheck tells whether the channels let a signer skip a check that they order: none at all stands beside a real one.
func SkipsCheck(channels []string) bool {
	return len(channels) > 1 && slices.Contains(channels, api.VerifyChannelNone)
}

// checkApprovals checks that enough accounts can give the approvals of each step: they may log in, reach the organisation, and are not the
// one who sends.
func (r *Router) checkApprovals(ctx context.Context, draft db.Draft) (problems []Problem, err error) {
	if len(draft.Approvals) == 0 {
		return nil, nil
	}
	accounts, err := r.opts.DB.AccountChoices(ctx, draft.OrganizationID)
	if err != nil {
		return nil, err
	}
	if sender := audit.ActorFrom(ctx).Name; !r.opts.OwnApproval {
		accounts = slices.DeleteFunc(accounts, func(a db.Account) bool { return a.Name == sender })
	}
	have, all := map[int]int{}, map[int]int{}
	for _, approval := range draft.Approvals {
		all[approval.Step]++
		if slices.ContainsFunc(accounts, func(a db.Account) bool {
			return a.ID == approval.AccountID || approval.AccountID == "" && a.Role == approval.Role
		}) {
			have[approval.Step]++
		}
	}
	for _, step := range slices.Sorted(maps.Keys(all)) {
		need := all[step]
		if n := draft.Needs[step]; n > 0 {
			need = n
		}
		if have[step] < need {
			problems = append(problems, Problem{Rule: "approval", Name: strconv.Itoa(step), Step: "people"})
		}
	}
	for _, a := range draft.Approvers {
		if all[a.Step] > 0 {
			problems = append(problems, Problem{Rule: "mixed_step", Name: a.UserName, Step: "people"})
		}
	}
	return problems, nil
}

// checkNeeds checks that no step wants more than it has.
func checkNeeds(draft db.Draft) (problems []Problem) {
	size := map[int]int{}
	for _, a := range draft.Approvers {
		size[a.Step]++
	}
	for _, a := range draft.Approvals {
		size[a.Step]++
	}
	for _, step := range slices.Sorted(maps.Keys(draft.Needs)) {
		if draft.Needs[step] > size[step] {
			problems = append(problems, Problem{Rule: "need", Name: strconv.Itoa(step), Step: "people"})
		}
	}
	return problems
}

// unreachable tells whether an approver signs with a code that has nowhere to go.
func unreachable(a db.DraftApprover, mobile, email string) bool {
	return slices.Contains(a.Channels, api.VerifyChannelCode) && mobile == "" && email == ""
}

// unverified asks which people and organisations of the draft the platform has not verified, and which people cannot get the code that they
// sign with.
func (r *Router) unverified(ctx context.Context, draft db.Draft) (problems []Problem, err error) {
	users, organizations := map[string]string{}, map[string]string{}
	mobiles := map[string]string{}
	for _, a := range draft.Approvers {
		users[a.UserID] = a.UserName
		if a.OrganizationID != "" {
			organizations[a.OrganizationID] = a.OrganizationName
		}
	}
	caller := api.Caller{SubOrganizationId: draft.OrganizationID, OperatorId: draft.OperatorID}
	if len(users) > 0 {
		resp, err := api.DescribeUsers.Call(ctx, r.opts.Client, &api.DescribeUsersRequest{Caller: caller, UserIds: keys(users)})
		if err != nil {
			return nil, err
		}
		for _, u := range resp.Users {
			mobiles[u.UserId] = u.Mobile
			if u.VerifyStatus == api.UserVerified {
				delete(users, u.UserId)
			}
		}
	}
	if len(organizations) > 0 {
		resp, err := api.DescribeSubOrganizations.Call(ctx, r.opts.Client, &api.DescribeSubOrganizationsRequest{Caller: caller,
			SubOrganizationIds: keys(organizations)})
		if err != nil {
			return nil, err
		}
		for _, o := range resp.SubOrganizationInfos {
			if o.VerifyStatus != api.OrganizationNotVerified {
				delete(organizations, o.Id)
			}
		}
	}
	for _, a := range draft.Approvers {
		if name, bad := users[a.UserID]; bad {
			problems = append(problems, Problem{Rule: "person_unverified", Name: name, Step: "people"})
			delete(users, a.UserID)
		}
		if user, err := r.opts.DB.User(ctx, db.Everything(), a.UserID); err != nil && !errors.Is(err, db.ErrNotFound) {
			return nil, err
		} else if unreachable(a, mobiles[a.UserID], user.Email) {
			problems = append(problems, Problem{Rule: "no_address", Name: a.UserName, Step: "people"})
		}
		if name, bad := organizations[a.OrganizationID]; bad {
			problems = append(problems, Problem{Rule: "organization_unverified", Name: name, Step: "people"})
			delete(organizations, a.OrganizationID)
		}
	}
	return problems, nil
}

func keys(m map[string]string) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	return all
}

package handlers

import (
	"context"
	"errors"
	"slices"

	"sealdesk/internal/db"
	"sealdesk/internal/routing"
	"sealdesk/web/templates"
)

// foreign says that a person cannot act for an organisation, naming both; nil where they are assigned to it. An organisation that is gone
// is named by nothing: its own field says so.
func (s *server) foreign(ctx context.Context, field string, person db.User, organizationID string) (*templates.Problem, error) {
	if organizationID == "" || person.ID == "" || person.SignsFor(organizationID) {
		return nil, nil
	}
	organization, err := s.db.Organization(ctx, db.Everything(), organizationID)
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &templates.Problem{Field: field, Rule: "foreign", Param: db.PartyLabel(person.Name, organization.Name)}, nil
}

// checkOperator says what is wrong with the person who is to act for one of the account's organisations: nobody of its people, or not
// assigned to that one. An empty id is left to the form.
func (s *server) checkOperator(ctx context.Context, field, id, organizationID string) (*templates.Problem, error) {
	if id == "" {
		return nil, nil
	}
	person, err := s.db.User(ctx, scope(ctx), id)
	if errors.Is(err, db.ErrNotFound) {
		return &templates.Problem{Field: field, Rule: "not_found"}, nil
	}
	if err != nil {
		return nil, err
	}
	return s.foreign(ctx, field, person, organizationID)
}

// add appends a problem where there is one.
func add(list templates.Problems, p *templates.Problem) templates.Problems {
	if p == nil {
		return list
	}
	return append(list, *p)
}

// checkChannels refuses channels of which one lets the signer skip the others.
func checkChannels(channels []string) templates.Problems {
	if routing.SkipsCheck(channels) {
		return templates.Problems{{Field: "Channel", Rule: "none_alone"}}
	}
	return nil
}

// partyOrganizations are the organisations that a form offers for a person: those that they are assigned to, or the newest ones as long
// as nobody is chosen. The chosen one stays, so that what does not fit can be seen.
func (s *server) partyOrganizations(ctx context.Context, userID, chosen string) ([]templates.Option, error) {
	if userID == "" {
		all, err := s.db.OrganizationChoices(ctx, db.Everything(), chosen)
		return organizationOptions(all), err
	}
	options, err := s.organizationsOf(ctx, db.Everything(), userID)
	if err != nil || chosen == "" || slices.ContainsFunc(options, func(o templates.Option) bool { return o.Value == chosen }) {
		return options, err
	}
	organization, err := s.db.Organization(ctx, db.Everything(), chosen)
	if errors.Is(err, db.ErrNotFound) {
		return options, nil
	}
	return append(options, templates.Option{Value: organization.ID, Text: organization.Name}), err
}

// organizationsOf are the organisations that a person of the scope signs for; of nobody none.
func (s *server) organizationsOf(ctx context.Context, within db.Scope, userID string) ([]templates.Option, error) {
	person, err := s.db.User(ctx, within, userID)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return nil, err
	}
	return each(person.Organizations, func(o db.UserOrganization) templates.Option { return templates.Option{Value: o.ID, Text: o.Name} }), nil
}

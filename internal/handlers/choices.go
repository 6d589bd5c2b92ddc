package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// choose answers the search above a long list of a form: the options that fit what was typed, the newest ones for nothing.
func (s *server) choose(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), strings.TrimSpace(r.URL.Query().Get("q"))
	if blank, follows := templates.FollowingChoices[r.PathValue("kind")]; follows {
		return s.chooseFollowing(w, r, blank)
	}
	options, err := s.choices(ctx, r.PathValue("kind"), q, followed(r))
	if err != nil {
		return err
	}
	label := i18n.T(ctx, "common.choices.found", "Text", q)
	switch {
	case q == "":
		label = i18n.T(ctx, "common.choices.newest", "Count", len(options))
	case len(options) == 0:
		label = i18n.T(ctx, "common.choices.none", "Text", q)
	}
	return s.fragment(w, r, http.StatusOK, templates.ChoiceGroup(label, options, ""))
}

// choices are the options of a kind. People and organisations are those of the account's scope; parties are everybody, by name, since the
// other side of a contract is outside of it.
// Of is what the field says that the list follows: a person's organisations only, or an organisation's people.
func (s *server) choices(ctx context.Context, kind, text, of string) ([]templates.Option, error) {
	filter, limit := db.DirectoryFilter{Text: text}, db.Page{Limit: db.MaxChoices}
	people := func(within db.Scope) ([]templates.Option, error) {
		all, _, err := s.db.Users(ctx, within, filter, limit)
		return personOptions(all), err
	}
	organizations := func(within db.Scope) ([]templates.Option, error) {
		all, _, err := s.db.Organizations(ctx, within, filter, limit)
		return organizationOptions(all), err
	}
	var need auth.Permission
	var find func() ([]templates.Option, error)
	switch kind {
	case templates.ChoosePeople:
		filter.Organization = of
		need, find = auth.UsersRead, func() ([]templates.Option, error) { return people(scope(ctx)) }
	case templates.ChooseOrganizations:
		need, find = auth.OrganizationsRead, func() ([]templates.Option, error) { return organizations(scope(ctx)) }
	case templates.ChooseParties:
		need, find = auth.FlowsWrite, func() ([]templates.Option, error) { return people(db.Everything()) }
	case templates.ChoosePartyOrganizations:
		need, find = auth.FlowsWrite, func() ([]templates.Option, error) {
			if of == "" {
				return organizations(db.Everything())
			}
			theirs, err := s.organizationsOf(ctx, db.Everything(), of)
			return slices.DeleteFunc(theirs, func(o templates.Option) bool {
				return !strings.Contains(strings.ToLower(o.Text), strings.ToLower(text))
			}), err
		}
	case templates.ChooseOwners:
		need, find = auth.SealsWrite, func() ([]templates.Option, error) {
			firms, errFirms := organizations(scope(ctx))
			persons, errPersons := people(scope(ctx))
			return templates.OwnerOptions(ctx, firms, persons), errors.Join(errFirms, errPersons)
		}
	case templates.ChooseFiles:
		need, find = auth.FilesRead, func() ([]templates.Option, error) { return s.fileOptions(ctx, text) }
	default:
		return nil, db.ErrNotFound
	}
	if !can(ctx, need) {
		return nil, errForbidden
	}
	return find()
}

// chooseFollowing answers a list that depends on what another field says: the organisations that a person signs for, or the people who
// act for an organisation. As long as the other field is empty there is nothing to narrow.
func (s *server) chooseFollowing(w http.ResponseWriter, r *http.Request, blank string) error {
	ctx := r.Context()
	if !can(ctx, auth.FlowsWrite) {
		return errForbidden
	}
	chosen := followed(r)
	var options []templates.Option
	var err error
	switch r.PathValue("kind") {
	case templates.FollowOperators:
		var people []db.User
		people, err = s.db.UserChoices(ctx, scope(ctx), chosen)
		options = personOptions(people)
	default:
		options, err = s.partyOrganizations(ctx, chosen, "")
	}
	if err != nil {
		return err
	}
	return s.fragment(w, r, http.StatusOK, templates.FollowingOptions(i18n.T(ctx, blank), options))
}

// followed is what the field says that a list follows; the query names it.
func followed(r *http.Request) string { return r.URL.Query().Get(r.URL.Query().Get("follows")) }

func (s *server) fileOptions(ctx context.Context, text string) ([]templates.Option, error) {
	all, _, err := s.db.Files(ctx, scope(ctx), db.FileFilter{Text: text}, db.Page{Limit: db.MaxChoices})
	return each(all, func(f db.File) templates.Option { return templates.Option{Value: f.ID, Text: f.Name} }), err
}

func organizationOptions(all []db.Organization) []templates.Option {
	return each(all, func(o db.Organization) templates.Option { return templates.Option{Value: o.ID, Text: o.Name} })
}

func personOptions(people []db.User) []templates.Option {
	return each(people, func(u db.User) templates.Option { return templates.Option{Value: u.ID, Text: personText(u)} })
}

// personText tells people of one name apart by whom they sign for.
func personText(u db.User) string {
	names := each(u.Organizations, func(o db.UserOrganization) string { return o.Name })
	if len(names) == 0 {
		return u.Name
	}
	return u.Name + " · " + strings.Join(names, "、")
}

func namedOrganizations(list []db.Organization) []templates.Named {
	return each(list, func(o db.Organization) templates.Named { return templates.Named{ID: o.ID, Name: o.Name} })
}

func namedUsers(list []db.User) []templates.Named {
	return each(list, func(u db.User) templates.Named { return templates.Named{ID: u.ID, Name: personText(u)} })
}

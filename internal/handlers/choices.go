package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// choose answers the search above a long list of a form: the options that fit what was typed, the newest ones for nothing.
func (s *server) choose(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), strings.TrimSpace(r.URL.Query().Get("q"))
	options, err := s.choices(ctx, r.PathValue("kind"), q)
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
func (s *server) choices(ctx context.Context, kind, text string) ([]templates.Option, error) {
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
		need, find = auth.UsersRead, func() ([]templates.Option, error) { return people(scope(ctx)) }
	case templates.ChooseOrganizations:
		need, find = auth.OrganizationsRead, func() ([]templates.Option, error) { return organizations(scope(ctx)) }
	case templates.ChooseParties:
		need, find = auth.FlowsWrite, func() ([]templates.Option, error) { return people(db.Everything()) }
	case templates.ChoosePartyOrganizations:
		need, find = auth.FlowsWrite, func() ([]templates.Option, error) { return organizations(db.Everything()) }
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

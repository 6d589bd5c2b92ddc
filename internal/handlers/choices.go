package handlers

import (
	"context"
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
		label = i18n.T(ctx, "common.choices.newest", "Count", db.MaxChoices)
	case len(options) == 0:
		label = i18n.T(ctx, "common.choices.none", "Text", q)
	}
	return s.fragment(w, r, http.StatusOK, templates.ChoiceGroup(label, options, ""))
}

// choices are the options of a kind. People and organisations are those of the account's scope; parties are everybody, by name, since the
// other side of a contract is outside of it.
func (s *server) choices(ctx context.Context, kind, text string) (options []templates.Option, err error) {
	within, needs := scope(ctx), []auth.Permission{auth.UsersRead}
	switch kind {
	case templates.ChoosePeople:
	case templates.ChooseOrganizations:
		needs[0] = auth.OrganizationsRead
	case templates.ChooseParties, templates.ChoosePartyOrganizations:
		within, needs[0] = db.Everything(), auth.FlowsWrite
	case templates.ChooseOwners:
		needs = append(needs, auth.OrganizationsRead)
	default:
		return nil, db.ErrNotFound
	}
	for _, need := range needs {
		if !can(ctx, need) {
			return nil, errForbidden
		}
	}
	filter, limit := db.DirectoryFilter{Text: text}, db.Page{Limit: db.MaxChoices}
	var organizations []db.Organization
	if kind != templates.ChoosePeople && kind != templates.ChooseParties {
		if organizations, _, err = s.db.Organizations(ctx, within, filter, limit); err != nil {
			return nil, err
		}
	}
	if kind == templates.ChooseOrganizations || kind == templates.ChoosePartyOrganizations {
		return organizationOptions(organizations), nil
	}
	people, _, err := s.db.Users(ctx, within, filter, limit)
	if err != nil {
		return nil, err
	}
	if kind == templates.ChooseOwners {
		return templates.OwnerOptions(ctx, namedOrganizations(organizations), namedUsers(people)), nil
	}
	return personOptions(people), nil
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

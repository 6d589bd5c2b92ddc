package routing

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
)

// The default seals that a component may name instead of leaving the choice to its signer.
const (
	organizationDefault = "SUBORG_DEFAULT_SEAL"
	personDefault       = "USER_DEFAULT_SEAL"
)

// CertainSeal tells whether a component takes one certain seal: neither the choice of its signer, nor a kind, nor a default.
func CertainSeal(c db.Component) bool {
	return c.Signs() && !slices.Contains([]string{"", organizationDefault, personDefault}, c.Value) && !strings.HasPrefix(c.Value, sealKind)
}

// checkSeals finds components that name a seal of somebody who does not sign with it: the platform refuses them. Whether a certain seal is one of
// the organisation's that its signer may use, checkKeepers tells.
func checkSeals(draft db.Draft) (problems []Problem) {
	people := map[string]db.DraftApprover{}
	for _, a := range draft.Approvers {
		people[a.ID] = a
	}
	for _, c := range draft.Components {
		a, known := people[c.Approver]
		forOrganization := a.OrganizationID != ""
		if known && (CertainSeal(c) && (c.Type != db.SignSeal || !forOrganization) || c.Value == organizationDefault && !forOrganization || c.Value == personDefault && c.Type == db.SignSeal && forOrganization) && c.Signs() {
			problems = append(problems, Problem{Rule: "seal_of_another", Name: a.UserName, Step: "pages", Component: c.ID})
		}
	}
	return problems
}

// goneSeals finds components whose default seal the platform no longer has. The API lists no seals: an owner of whom the portal knows no
// default seal may have one that was made elsewhere, so that only the platform can tell, when it is sent.
func (r *Router) goneSeals(ctx context.Context, draft db.Draft) (problems []Problem, err error) {
	gone := map[db.SealFilter]bool{}
	for _, a := range draft.Approvers {
		for _, c := range draft.Components {
			owner, name := defaultOwner(a, c)
			if name == "" {
				continue
			}
			if _, asked := gone[owner]; !asked {
				if gone[owner], err = r.sealGone(ctx, owner); err != nil {
					return nil, err
				}
			}
			if gone[owner] {
				problems = append(problems, Problem{Rule: "seal_gone", Name: name, Step: "pages", Component: c.ID})
			}
		}
	}
	return problems, nil
}

// defaultOwner is whose default seal a component of an approver names; no name for none.
func defaultOwner(a db.DraftApprover, c db.Component) (owner db.SealFilter, name string) {
	switch {
	case c.Approver != a.ID || !c.Signs():
	case c.Value == organizationDefault && a.OrganizationID != "":
		return db.SealFilter{OrganizationID: a.OrganizationID}, a.OrganizationName
	case c.Value == personDefault:
		return db.SealFilter{UserID: a.UserID}, a.UserName
	}
	return owner, ""
}

// sealGone asks the platform for the default seal that the portal knows of an owner.
func (r *Router) sealGone(ctx context.Context, owner db.SealFilter) (bool, error) {
	known := owner
	known.Default = new(true)
	seals, _, err := r.opts.DB.Seals(ctx, db.Everything(), known, db.Page{Limit: 1})
	if err != nil || len(seals) == 0 {
		return false, err
	}
	resp, err := api.DescribeSeals.Call(ctx, r.opts.Client, &api.DescribeSealsRequest{Caller: api.Caller{SubOrganizationId: owner.OrganizationID},
		SealIds: []string{seals[0].ID}, UserId: owner.UserID})
	var refused *api.Error
	if errors.As(err, &refused) && refused.Code == api.CodeResourceNotFound {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return len(resp.Seals) == 0, nil
}

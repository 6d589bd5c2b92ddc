package routing

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/db"
)

// errForeign: somebody is to sign for an organisation that they are not, or no longer, assigned to.
var errForeign = errors.New("the person does not sign for this organisation")

// checkBelonging finds who is to act for an organisation without being assigned to it: signers, and the operator of the contract. Each
// problem names both.
func (r *Router) checkBelonging(ctx context.Context, draft db.Draft) (problems []Problem, err error) {
	if draft.Template != nil {
		return nil, nil // its people are roles
	}
	if draft.OperatorID != "" {
		operator, err := r.opts.DB.User(ctx, db.Everything(), draft.OperatorID)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return nil, err
		}
		if !operator.SignsFor(draft.OrganizationID) {
			organization, err := r.opts.DB.Organization(ctx, db.Everything(), draft.OrganizationID)
			if err != nil && !errors.Is(err, db.ErrNotFound) {
				return nil, err
			}
			problems = append(problems, Problem{Rule: "operator_foreign", Name: db.PartyLabel(operator.Name, organization.Name), Step: "details"})
		}
	}
	for _, a := range draft.Approvers {
		switch err := r.belongs(ctx, a); {
		case errors.Is(err, errForeign):
			problems = append(problems, Problem{Rule: "person_foreign", Name: a.Label(), Step: "people"})
		case err != nil:
			return nil, err
		}
	}
	return problems, nil
}

// belongs gives errForeign for an approver who is to sign for an organisation that they are not assigned to.
func (r *Router) belongs(ctx context.Context, a db.DraftApprover) error {
	if a.OrganizationID == "" {
		return nil
	}
	user, err := r.opts.DB.User(ctx, db.Everything(), a.UserID)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("whom an approver signs for: %w", err)
	}
	if !user.SignsFor(a.OrganizationID) {
		return errForeign
	}
	return nil
}

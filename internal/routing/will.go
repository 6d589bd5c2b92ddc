package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
)

// errLinkOnly: a link alone would let whoever sends the contract sign in the place of somebody else's signer.
var errLinkOnly = errors.New("this signer must prove who they are")

// MayLinkOnly tells whether an approver of a contract of the organisation may sign by their link alone (NONE). A link goes through the
// hands of whoever sends it and proves nothing about who opens it, so that it is enough only for those who sign for the sending
// organisation itself and are assigned to it; for others where the administrators' policy says so. Without NONE there is nothing to ask.
func (r *Router) MayLinkOnly(ctx context.Context, organizationID string, a db.DraftApprover) (bool, error) {
	switch {
	case !slices.Contains(a.Channels, api.VerifyChannelNone), r.opts.DB.Policy().LinkOnly:
		return true, nil
	case organizationID == "" || a.OrganizationID != organizationID:
		return false, nil
	}
	user, err := r.opts.DB.User(ctx, db.Everything(), a.UserID)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return false, fmt.Errorf("who signs by link only: %w", err)
	}
	return user.SignsFor(organizationID), nil
}

// checkWill names the approvers who would sign by their link alone and may not.
func (r *Router) checkWill(ctx context.Context, draft db.Draft) (problems []Problem, err error) {
	for _, a := range draft.Approvers {
		may, err := r.MayLinkOnly(ctx, draft.OrganizationID, a)
		if err != nil {
			return nil, err
		}
		if !may {
			problems = append(problems, Problem{Rule: "link_only", Name: a.UserName, Step: "people"})
		}
	}
	return problems, nil
}

// CodesStay tells whether somebody of a draft signs with a code that no gateway takes to them. It hinders nothing: whoever runs the engine
// reads the code on its console.
func (r *Router) CodesStay(draft db.Draft) bool {
	return r.opts.CodesStay && slices.ContainsFunc(draft.Approvers, func(a db.DraftApprover) bool { return slices.Contains(a.Channels, api.VerifyChannelCode) })
}

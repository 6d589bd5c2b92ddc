package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
)

// errNoAccount: nobody could sign for want of an account.
var errNoAccount = errors.New("this signer has no account of their own")

// errLinkOnly: a link alone would let whoever sends the contract sign in the place of somebody else's signer.
var errLinkOnly = errors.New("this signer must prove who they are")

// mayLinkOnly tells whether an approver of a contract of the organisation may sign by their link alone (NONE). A link goes through the
// hands of whoever sends it and proves nothing about who opens it, so that it is enough only for those who sign for the sending
// organisation itself and are assigned to it; for others where the administrators' policy says so. Without NONE there is nothing to ask.
func (r *Router) mayLinkOnly(ctx context.Context, organizationID string, a db.DraftApprover) (bool, error) {
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

// The rules of Will.
const (
	RuleLinkOnly  = "link_only"  // would sign by their link alone, and may not
	RuleNoAccount = "no_account" // would sign by their own account, and has none that may log in
)

// Will names the rule that the way breaks in which an approver of a contract of the organisation is to show their will; empty for none.
func (r *Router) Will(ctx context.Context, organizationID string, a db.DraftApprover) (rule string, err error) {
	may, err := r.mayLinkOnly(ctx, organizationID, a)
	if err != nil || !may {
		return RuleLinkOnly, err
	}
	if a.UserID == "" || !slices.Contains(a.Channels, api.VerifyChannelAccount) {
		return "", nil
	}
	_, err = r.opts.DB.PersonAccount(ctx, a.UserID)
	if errors.Is(err, db.ErrNotFound) {
		return RuleNoAccount, nil
	}
	if err != nil {
		return "", fmt.Errorf("who signs by their account: %w", err)
	}
	return "", nil
}

// checkWill names the approvers who are to show their will in a way that they may not or cannot.
func (r *Router) checkWill(ctx context.Context, draft db.Draft) (problems []Problem, err error) {
	for _, a := range draft.Approvers {
		rule, err := r.Will(ctx, draft.OrganizationID, a)
		if err != nil {
			return nil, err
		}
		if rule != "" {
			problems = append(problems, Problem{Rule: rule, Name: a.UserName, Step: "people"})
		}
	}
	return problems, nil
}

// CodesStay tells whether somebody of a draft signs with a code that no gateway takes to them. It hinders nothing: whoever runs the engine
// reads the code on its console.
func (r *Router) CodesStay(draft db.Draft) bool {
	return r.opts.CodesStay && slices.ContainsFunc(draft.Approvers, func(a db.DraftApprover) bool { return slices.Contains(a.Channels, api.VerifyChannelCode) })
}

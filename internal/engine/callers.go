package engine

import (
	"context"
	"errors"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// caller is the checked Caller of a request.
type caller struct {
	ApplicationID string
	Organization  *organization // nil when the request names none
	Operator      *user         // nil when the request names none
}

// wire is the caller as it is stored and shown (Seal.Creator, DescribeFlow.Creator).
func (c caller) wire() api.Caller {
	w := api.Caller{ApplicationId: c.ApplicationID}
	if c.Organization != nil {
		w.SubOrganizationId = c.Organization.ID
	}
	if c.Operator != nil {
		w.OperatorId = c.Operator.ID
	}
	return w
}

// resolve looks up who a request names: an organisation or operator of another application does not exist.
func (e *Engine) resolve(ctx context.Context, tx *store.Tx, c api.Caller) (caller, error) {
	out := caller{ApplicationID: callOf(ctx).Application.ID}
	if c.SubOrganizationId != "" {
		o, err := e.findOrganization(ctx, tx, out.ApplicationID, c.SubOrganizationId)
		if err != nil {
			return caller{}, orNotFound(err, "Caller.SubOrganizationId", c.SubOrganizationId)
		}
		out.Organization = o
	}
	if c.OperatorId != "" {
		u, err := e.findUser(ctx, tx, out.ApplicationID, c.OperatorId)
		if err != nil {
			return caller{}, orNotFound(err, "Caller.OperatorId", c.OperatorId)
		}
		out.Operator = u
	}
	return out, nil
}

// resolveOperator is resolve for actions that need Caller.OperatorId.
func (e *Engine) resolveOperator(ctx context.Context, tx *store.Tx, c api.Caller) (caller, error) {
	if c.OperatorId == "" {
		return caller{}, missing("Caller.OperatorId")
	}
	return e.resolve(ctx, tx, c)
}

// orNotFound names what does not exist; other errors pass.
func orNotFound(err error, what, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound(what, id)
	}
	return err
}

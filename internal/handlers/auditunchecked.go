package handlers

import (
	"net/http"

	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// listUnchecked shows the contracts that were signed without a check of who signed.
func (s *server) listUnchecked(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, next, err := s.db.UncheckedSignatures(ctx, scope(ctx), limits(r))
	if err != nil {
		return err
	}
	senders, err := s.db.ActorNames(ctx, each(all, func(u db.Unchecked) string { return u.Sender }))
	if err != nil {
		return err
	}
	rows := each(all, func(u db.Unchecked) templates.UncheckedRow {
		sender := u.Sender
		if name := senders[u.Sender]; name != "" {
			sender = name
		}
		return templates.UncheckedRow{FlowID: u.FlowID, Flow: u.FlowName, Signer: u.Signer, Organization: u.Organization, Sender: sender, At: u.Signed}
	})
	return s.render(w, r, http.StatusOK, auditPage(ctx, "audit.view.unchecked"), templates.AuditUnchecked(rows, paging(r, next)))
}

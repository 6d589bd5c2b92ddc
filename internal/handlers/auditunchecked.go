package handlers

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// checkText is which checks a signer was allowed, and which of them are simulated.
func (s *server) checkText(ctx context.Context, channels []string) string {
	var names []string
	for _, channel := range channels {
		switch name := i18n.T(ctx, "builder.channel."+channel); {
		case channel == "NONE":
		case slices.Contains(s.simulatedChannels, channel):
			names = append(names, i18n.T(ctx, "audit.unchecked.simulated", "Name", name))
		default:
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return i18n.T(ctx, "audit.unchecked.nocheck")
	}
	return strings.Join(names, i18n.T(ctx, "builder.separator"))
}

// listUnchecked shows the contracts that were signed without a check of who signed, or could be after a simulated one.
func (s *server) listUnchecked(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, next, err := s.db.UncheckedSignatures(ctx, scope(ctx), s.simulatedChannels, limits(r))
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
		return templates.UncheckedRow{FlowID: u.FlowID, Flow: u.FlowName, Signer: u.Signer, Organization: u.Organization, Sender: sender, At: u.Signed, Check: s.checkText(ctx, u.Channels)}
	})
	return s.render(w, r, http.StatusOK, auditPage(ctx, "audit.view.unchecked"), templates.AuditUnchecked(rows, paging(r, next)))
}

package signpages

import (
	"fmt"
	"net/http"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// showCatalog lists the contracts of a catalog, each of which has a page of its own.
func (s *server) showCatalog(w http.ResponseWriter, r *http.Request, kind engine.LinkKind) error {
	ctx := r.Context()
	session, err := s.engine.CatalogSession(ctx, r.PathValue("token"))
	if err != nil {
		return fmt.Errorf("open the catalog: %w", err)
	}
	if session.Kind != kind {
		return engine.ErrLinkUnknown
	}
	page := templates.SignCatalogPage{Name: session.Name, Deadline: session.Deadline, Text: i18n.T(ctx, "signcatalog.preview")}
	open := 0
	for _, entry := range session.Entries {
		item := templates.SignCatalogItem{Name: entry.FlowName, Organization: entry.Organization, Href: "/" + string(kind) + "/" + entry.Token,
			Badge: flowBadge(ctx, entry.FlowStatus), Action: i18n.T(ctx, "signcatalog.read")}
		if kind == engine.LinkSign {
			item.Badge = approverBadge(ctx, entry.Status, entry.FlowStatus)
		}
		if entry.CanSign {
			item.Action, item.Open = i18n.T(ctx, "signcatalog.sign"), true
			open++
		}
		page.Items = append(page.Items, item)
	}
	if kind == engine.LinkSign {
		page.Text = i18n.T(ctx, "signcatalog.signer", "Name", session.Signer, "Count", open)
	}
	return s.render(w, r, http.StatusOK, session.Name, templates.SignCatalog(page))
}

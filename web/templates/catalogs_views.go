package templates

import (
	"context"
	"fmt"

	"sealdesk/internal/api"
	"sealdesk/internal/i18n"
)

// catalogOrigin says where catalogs come from: no action of the API makes one.
func catalogOrigin(ctx context.Context, embedded bool) string {
	if embedded {
		return t(ctx, "catalogs.origin.embedded")
	}
	return t(ctx, "catalogs.origin.cloud")
}

// approverKind is the kind of badge of an ApproveStatus.
func approverKind(status int64) string {
	switch status {
	case api.ApproverSigned:
		return "ok"
	case api.ApproverPending, api.ApproverInReview:
		return "wait"
	case api.ApproverRejected, api.ApproverReviewRejected:
		return "danger"
	}
	return "neutral"
}

// areaText is what an area is: its kind and its name.
func areaText(ctx context.Context, a CatalogArea) string {
	text := a.Kind
	if key := "catalogs.kind." + a.Kind; i18n.Has(ctx, key) {
		text = t(ctx, key)
	}
	if a.Name != "" {
		text += " · " + a.Name
	}
	return text
}

// areaPlace is where an area is and how large.
func areaPlace(a CatalogArea) string {
	return fmt.Sprintf("%.0f, %.0f · %.0f × %.0f pt", a.X, a.Y, a.Width, a.Height)
}
